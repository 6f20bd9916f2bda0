//! What visitors read and decide about cookies: the policy, the settings, the answers, the receipt.
//!
//! One file for each thing that a visitor, or a program, does here. Not here: what follows from an answer, which is
//! `cookie-policy`'s business, and the words, which are [`crate::consent`]'s.

pub(crate) mod answer;
pub(crate) mod changes;
pub(crate) mod decide;
pub(crate) mod kept;
pub(crate) mod policy;
pub(crate) mod receipt;
pub(crate) mod settings;
mod settle;
pub(crate) mod well_known;

pub(crate) use settle::{refused, take};

use axum::routing::{MethodRouter, get, post};

use crate::app::AppState;

/// All addresses of this part of the site.
pub(crate) fn routes() -> [(&'static str, MethodRouter<AppState>); 13] {
    [
        ("/cookies", get(policy::get)),
        ("/cookies/settings", get(settings::get)),
        ("/cookies/decide", post(decide::post)),
        ("/cookies/answer", post(answer::post)),
        ("/cookies/kept", get(kept::get)),
        ("/cookies/receipt", get(receipt::get)),
        ("/cookies/receipt.json", get(receipt::download)),
        ("/cookies/receipt/check", post(receipt::check)),
        ("/cookies/changes.atom", get(changes::get)),
        ("/cookies/versions/{version}", get(well_known::version)),
        ("/.well-known/cookie-policy.json", get(well_known::policy)),
        ("/.well-known/cookie-policy.schema.json", get(well_known::schema)),
        ("/.well-known/gpc.json", get(well_known::gpc)),
    ]
}
