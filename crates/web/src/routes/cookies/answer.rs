//! POST /cookies/answer: takes the answer to the question for one item.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use cookie_policy::Answer;

use super::decide::told;
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
    let answer = match fields.get("answer").unwrap_or_default() {
        "allow" => Answer::Allow,
        "not-now" => Answer::NotNow,
        "never" => Answer::Never,
        _ => {
            return Err(not_taken(
                "Nothing was answered",
                "The form came without one of its answers, so nothing was changed. Answer on the settings page.",
            ));
        }
    };
    let decision = visit.jar.consent().answer(fields.get("item").unwrap_or_default(), answer, told(&fields));
    let decision = decision.map_err(|error| refused(&error))?;
    settle(&state, &visit, &headers, decision, &fields).await
}
