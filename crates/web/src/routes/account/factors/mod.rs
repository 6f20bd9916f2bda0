//! Second factors: what is asked for after the password, from setting it up to losing it; one file for each thing that
//! somebody does.
//!
//! What holds for all of them: whoever knows the password alone is halfway in, which is no session and opens nothing; a
//! code is taken once; whoever changes how they sign in has proved minutes ago who they are, gets a new session by it,
//! and a mail tells them. Not here: what is kept (`store::Factors`), how codes are worked out and signatures checked
//! (`providers::identity`).

mod app;
mod arrive;
mod check;
mod codes;
mod fresh;
mod letters;
mod panel;
mod passkeys;
mod second;

use axum::routing::{MethodRouter, get, post};

pub(super) use arrive::{Means, arrive, begin};
pub(super) use fresh::stale_with_factor;
pub(super) use panel::Panel;
pub(super) use passkeys::PasskeyForm;
pub(super) use second::let_halfway;

use crate::app::AppState;

/// All addresses of this part of the site.
pub(crate) fn routes() -> [(&'static str, MethodRouter<AppState>); 11] {
    [
        (second::ADDRESS, get(second::get).post(second::post)),
        (fresh::ADDRESS, get(fresh::get).post(fresh::post)),
        (app::ADDRESS, get(app::get).post(app::post)),
        ("/account/app/begin", post(app::begin)),
        ("/account/app/off", post(app::off)),
        ("/account/recovery-codes", post(codes::post)),
        ("/account/passkeys", post(passkeys::add)),
        ("/account/passkeys/challenge", post(passkeys::challenge)),
        ("/account/passkeys/{id}/rename", post(passkeys::rename)),
        ("/account/passkeys/{id}/remove", post(passkeys::remove)),
        ("/account/sign-in/passkey", post(passkeys::sign_in)),
    ]
}
