//! POST /cookies/decide: takes a choice on everything.
//!
//! It needs no cookie and no script: that the form is this site's own is told by `Origin` and `Sec-Fetch-Site`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use cookie_policy::{Consent, Decision, Refused, Told};

use super::settle::{not_taken, refused, settle};
use crate::app::AppState;
use crate::csrf::Fields;
use crate::page::Problem;
use crate::visit::Visit;

pub(crate) async fn post(
    State(state): State<AppState>,
    visit: Visit,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let decision = decision(&visit.jar.consent(), &fields)?.map_err(|error| refused(&error))?;
    settle(&state, &visit, &headers, decision, &fields).await
}

fn decision(consent: &Consent, fields: &Fields) -> Result<Result<Decision, Refused>, Problem> {
    Ok(match fields.get("choice").unwrap_or_default() {
        "accept-all" => Ok(consent.accept_all()),
        "block-all" => Ok(consent.block_all()),
        "essential-only" => Ok(consent.essential_only()),
        "prompt" => Ok(consent.prompt()),
        "selective" => consent.selective(fields.all("item"), told(fields)),
        _ => {
            return Err(not_taken(
                "Nothing was chosen",
                "The form came without one of its choices, so nothing was changed. Choose on the settings page.",
            ));
        }
    })
}

/// Whether the page said that the browser's signal says no. The form says so, because it knows what it showed.
pub(super) fn told(fields: &Fields) -> Told {
    if fields.get("told").unwrap_or_default() == "signal" { Told::OfSignal } else { Told::Nothing }
}
