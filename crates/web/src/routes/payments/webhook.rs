//! POST /stripe/webhook: words of Stripe's. Who cannot sign them is not heard.

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use domain::causes;

use super::till;
use crate::app::AppState;
use crate::page::Problem;

/// Longest event, bytes: a bill with many lines is a fraction of it.
const MAX_BYTES: usize = 1 << 20;

/// Answers with a status alone: nobody reads a page here.
pub(crate) async fn post(State(state): State<AppState>, headers: HeaderMap, body: Body) -> Result<StatusCode, Problem> {
    let till = till(&state)?;
    let Ok(body) = to_bytes(body, MAX_BYTES).await else { return Ok(StatusCode::PAYLOAD_TOO_LARGE) };
    let signature = headers.get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let notice = match till.payments.stripe.heed(signature, &body) {
        Ok(notice) => notice,
        Err(error) => {
            tracing::warn!(%error, "a webhook was not believed: {error}");
            return Ok(StatusCode::BAD_REQUEST);
        }
    };
    let (event, kind) = (&notice.event.id, &notice.event.kind);
    Ok(match till.take(&notice).await {
        Ok(()) => {
            tracing::info!(%event, kind, "heard of Stripe: {kind}, {event}");
            StatusCode::OK
        }
        // Stripe sends it again, and it is among what is caught up with.
        Err(error) => {
            let cause = causes(&error);
            tracing::error!(%event, kind, cause, "an event of Stripe's waits: {event}: {cause}");
            StatusCode::SERVICE_UNAVAILABLE
        }
    })
}
