//! GET /cookies/receipt, GET /cookies/receipt.json, POST /cookies/receipt/check: evidence of a decision.

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use cookie_policy::{BadReceipt, Receipt, Record};

use crate::app::AppState;
use crate::consent::texts::{Words, fill};
use crate::consent::{Back, choice_name};
use crate::csrf::Fields;
use crate::language::Language;
use crate::page::{Here, Problem, Shell, page};
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "cookies/receipt.html")]
struct ReceiptPage {
    shell: Shell,
    language: Language,
    words: &'static Words,
    here: Back,
    has_decision: bool,
    /// What came of a check: whether the receipt is genuine, and what to say.
    verdict: Option<(bool, String)>,
}

pub(crate) async fn get(State(state): State<AppState>, visit: Visit) -> Response {
    show(&state, &visit, None)
}

fn show(state: &AppState, visit: &Visit, verdict: Option<(bool, String)>) -> Response {
    let language = visit.language;
    let status = match verdict {
        Some((false, _)) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::OK,
    };
    let view = ReceiptPage {
        shell: state.shell(visit, Here::Elsewhere),
        language,
        words: language.words(),
        here: Back::of("/cookies/receipt"),
        has_decision: visit.jar.consent().decision().is_some(),
        verdict,
    };
    page(status, &view)
}

pub(crate) async fn download(State(state): State<AppState>, visit: Visit) -> Result<Response, Problem> {
    let consent = visit.jar.consent();
    let record = Record::of(&consent, visit.language.texts_hash());
    let (Some(record), Some(decision)) = (record, consent.decision()) else {
        return Err(Problem {
            way_on: ("/cookies/settings", "Cookie settings"),
            ..Problem::new(
                StatusCode::NOT_FOUND,
                "There is no receipt yet",
                "A receipt shows what you decided about cookies, and you have not decided yet.",
            )
        });
    };
    let name = state.site.public_url.as_deref().unwrap_or("http://localhost");
    let json = Receipt::sign(record, name, decision.date(), &state.site.key).and_then(|receipt| receipt.to_json());
    let json = json.map_err(|error| Problem::internal(&error))?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"receipt.json\""),
    ];
    Ok((headers, json).into_response())
}

pub(crate) async fn check(State(state): State<AppState>, visit: Visit, fields: Fields) -> Response {
    let language = visit.language;
    let words = &language.words().receipt;
    let verdict = match Receipt::verify(fields.get("receipt").unwrap_or_default().trim(), &state.site.key) {
        Ok(Receipt { signed, .. }) => {
            let version = signed.record.policy_version.to_string();
            let choice = choice_name(signed.record.choice, language);
            (true, fill(words.genuine, &[choice, &language.date(signed.date), &version]))
        }
        Err(BadReceipt::Forged) => (false, words.forged.to_owned()),
        Err(BadReceipt::Unreadable(_)) => (false, words.unreadable.to_owned()),
    };
    show(&state, &visit, Some(verdict))
}
