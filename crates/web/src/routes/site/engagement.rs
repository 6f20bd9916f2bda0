//! POST /engagement: for how long a page was in view, in milliseconds, as plain text. The page itself is the referrer.
//!
//! The answer is the same whether it was counted or not: a page that is left has no use for another.

use std::time::Duration;

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use cookie_policy::Jar;

use crate::app::AppState;

/// No time in milliseconds has more digits.
const MAX_BYTES: usize = 16;

pub(crate) async fn post(
    State(state): State<AppState>,
    Extension(jar): Extension<Jar>,
    headers: HeaderMap,
    body: Body,
) -> StatusCode {
    let Ok(body) = to_bytes(body, MAX_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE;
    };
    let Some(visible_ms) = std::str::from_utf8(&body).ok().and_then(|text| text.parse().ok()) else {
        return StatusCode::BAD_REQUEST;
    };
    state.analytics.engagement(&jar, &headers, Duration::from_millis(visible_ms));
    StatusCode::NO_CONTENT
}
