//! Accounts: from sign-up to deletion, one file for each thing that somebody does.
//!
//! What holds for all of them: nobody learns whether an address has an account, neither from an answer nor from its time;
//! a link in a mail does nothing until a button is pressed, since programs open links, too; what changes how somebody
//! signs in asks for the password again. Not here: what is kept (`store`), how passwords are hashed (`providers`).

mod ask;
mod client;
mod confirm;
mod delete;
mod email;
mod end;
mod enter;
mod export;
mod forgot;
mod form;
pub(crate) mod letters;
mod name;
mod password;
mod prove;
mod reset;
mod show;
mod sign_in;
mod sign_out;
mod sign_up;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use domain::LinkToken;

use crate::app::AppState;
use crate::csrf::Fields;
use crate::page::Problem;

/// The account's page.
const HOME: &str = "/account";
/// Where somebody who is not signed in is sent.
const SIGN_IN: &str = "/account/sign-in";
/// The field of a link's secret.
const TOKEN: &str = "token";

/// All addresses of this part of the site.
pub(crate) fn routes() -> [(&'static str, MethodRouter<AppState>); 14] {
    [
        (HOME, get(show::get)),
        ("/account/sign-up", get(sign_up::get).post(sign_up::post)),
        ("/account/confirm", get(confirm::get).post(confirm::post)),
        (SIGN_IN, get(sign_in::get).post(sign_in::post)),
        ("/account/sign-out", post(sign_out::post)),
        ("/account/forgot", get(forgot::get).post(forgot::post)),
        ("/account/reset", get(reset::get).post(reset::post)),
        ("/account/name", post(name::post)),
        ("/account/password", post(password::post)),
        ("/account/email", post(email::post)),
        ("/account/email/confirm", get(email::look).post(email::confirm)),
        ("/account/sessions/{id}/end", post(end::post)),
        ("/account/export.zip", get(export::get)),
        ("/account/delete", get(delete::get).post(delete::post)),
    ]
}

/// Nothing of this is for a search engine, nor to be found in a browser's cache.
fn private(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The secret of the link that led here.
fn link(fields: &Fields) -> Result<LinkToken, Problem> {
    fields.get(TOKEN).and_then(|token| token.parse().ok()).ok_or_else(over)
}

/// A link that is no good, whatever the reason.
fn over() -> Problem {
    Problem {
        way_on: (SIGN_IN, "Sign in"),
        ..Problem::new(
            StatusCode::GONE,
            "This link does nothing any more",
            "Links in our mails work once, and not for long. If you still need it, ask for a new one: it takes a minute.",
        )
    }
}
