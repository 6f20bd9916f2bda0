//! What every answer leads to: the jar takes the decision, what was counted without it goes, the ledger keeps a line,
//! the visitor goes back.

use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use cookie_policy::{Choice, Consent, Decision, Record, Refused};
use domain::Label;
use serde::Serialize;
use store::ConsentDecision;

use crate::app::AppState;
use crate::consent::Back;
use crate::csrf::Fields;
use crate::page::{Problem, agreed_storage};
use crate::visit::Visit;

/// What a script hears: what may be stored from now on, and where it learns whether the browser kept the answer.
#[derive(Serialize)]
struct Settled {
    /// As `data-stores` of a page has it.
    stores: String,
    /// Leads on where the answer was kept; otherwise it is the page that says so.
    next: String,
}

/// Takes a decision and answers with the way back, or with what a script needs to know.
pub(super) async fn settle(
    state: &AppState,
    visit: &Visit,
    headers: &HeaderMap,
    decision: Decision,
    fields: &Fields,
) -> Result<Response, Problem> {
    let after = take(state, visit, decision).await;
    let back = Back::of(fields.get("back").unwrap_or_default());
    let (language, back) = (visit.language.code(), back.encoded());
    let next = format!("/cookies/kept?lang={language}&back={back}");
    if headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"application/json")) {
        return Ok(Json(Settled { stores: agreed_storage(&after), next }).into_response());
    }
    Ok(Redirect::to(&next).into_response())
}

/// Takes a decision, wherever it was made, and keeps a line of it.
pub(crate) async fn take(state: &AppState, visit: &Visit, decision: Decision) -> Consent {
    state.usage.around(&visit.jar, |jar| jar.decide(decision)).await;
    let after = visit.jar.consent();
    record(state, visit, &after).await;
    after
}

/// Keeps a line of the decision. A ledger that takes none stops nobody from deciding: the answer counts all the same.
async fn record(state: &AppState, visit: &Visit, consent: &Consent) {
    let texts_hash = visit.language.texts_hash();
    let Some(record) = Record::of(consent, texts_hash) else {
        return;
    };
    let line = ConsentDecision {
        policy_version: record.policy_version,
        choice: label(record.choice),
        dnt: record.signal.dnt,
        gpc: record.signal.gpc,
        texts_hash: record.texts_hash.as_str().to_owned(),
        record: serde_json::to_string(&record).unwrap_or_default(),
        account: visit.member.as_ref().map(|member| member.account.id),
    };
    if let Err(error) = state.store.consents.record(&line).await {
        tracing::error!(%error, "a decision is not in the ledger: {error}");
    }
}

fn label(choice: Choice) -> Label {
    let text = match choice {
        Choice::AcceptAll => "accept-all",
        Choice::BlockAll => "block-all",
        Choice::Selective => "selective",
        Choice::Prompt => "prompt",
    };
    text.parse().expect("lower-case letters and hyphens")
}

/// An answer that cannot be taken, in words.
pub(crate) fn refused(refused: &Refused) -> Problem {
    tracing::info!(%refused, "an answer was not taken: {refused}");
    not_taken(
        "That answer could not be taken",
        match refused {
            Refused::Undeclared(_) => "This site knows no such item. Nothing was changed; choose from the list.",
            Refused::Essential(_) => {
                "Essential cookies are not asked for one by one: they are blocked with everything else, or not at all."
            }
            Refused::SignalNotTold(_) => {
                "Your browser asks not to be tracked, and the page that you answered on did not say so. Nothing was \
                 changed; the settings say it, and take your answer."
            }
        },
    )
}

/// A form that decides nothing; the settings take every answer.
pub(super) fn not_taken(title: &'static str, text: &'static str) -> Problem {
    Problem { way_on: ("/cookies/settings", "Cookie settings"), ..Problem::new(StatusCode::BAD_REQUEST, title, text) }
}
