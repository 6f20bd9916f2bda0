//! GET /operator: how the service fares and what its visitors use.

use std::time::Duration;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::figures::{Figures, Source};
use super::sign_in::no_cookies;
use super::{HOME, SIGN_IN, private, secret, shell, signed_in};
use crate::app::AppState;
use crate::csrf;
use crate::page::{Problem, Shell, page};
use crate::visit::Visit;

/// Marks the address that signing in leads to: whoever comes here without a session has a browser that keeps no cookies.
pub(super) const FRESH: &str = "fresh";
/// What the figures are of. Not longer than anything of it is kept.
const SPAN_DAYS: u64 = 30;

#[derive(Template)]
#[template(path = "operator/page.html")]
struct OperatorPage {
    shell: Shell,
    csrf: String,
    days: u64,
    figures: Figures,
}

pub(crate) async fn get(
    State(state): State<AppState>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    secret(&state)?;
    let is_fresh = query.as_deref() == Some(FRESH);
    if signed_in(&state, &visit.jar).await?.is_none() {
        return if is_fresh { Err(no_cookies()) } else { Ok(private(Redirect::to(SIGN_IN).into_response())) };
    }
    if is_fresh {
        return Ok(private(Redirect::to(HOME).into_response()));
    }
    // What was counted in the last seconds is to be seen, too.
    state.usage.write().await;
    let figures = Figures::gather(&state.store, Duration::from_hours(24 * SPAN_DAYS)).await?;
    let csrf = csrf::field(&visit.jar, state.entropy.as_ref())?;
    Ok(private(page(StatusCode::OK, &OperatorPage { shell: shell(&state, &visit), csrf, days: SPAN_DAYS, figures })))
}
