//! GET /help: what to expect.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::AppState;
use crate::page::{Here, Shell, page};
use crate::visit::Visit;
use crate::words;

#[derive(Template)]
#[template(path = "help.html")]
struct HelpPage {
    shell: Shell,
    max_size: String,
    max_minutes: u64,
    kept: String,
}

pub(crate) async fn get(State(state): State<AppState>, visit: Visit) -> Response {
    page(
        StatusCode::OK,
        &HelpPage {
            shell: state.shell(&visit, Here::Help),
            max_size: words::limit(state.limits.upload.max_bytes),
            max_minutes: state.limits.upload.max_duration.as_secs() / 60,
            kept: words::span(state.limits.kept),
        },
    )
}
