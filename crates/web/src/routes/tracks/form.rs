//! GET /: the page with one thing to do.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::AppState;
use crate::choices::{Card, Form, cards, elsewhere};
use crate::page::{Here, Shell, page};
use crate::visit::Visit;
use crate::words;

#[derive(Template)]
#[template(path = "upload.html")]
struct UploadPage<'a> {
    shell: Shell,
    max_bytes: u64,
    max_size: String,
    cards: Vec<Card>,
    elsewhere: Vec<Card>,
    form: &'a Form,
    message: Option<&'a str>,
}

pub(crate) async fn get(State(state): State<AppState>, visit: Visit) -> Response {
    show(&state, &visit, StatusCode::OK, &Form::starting(&visit.preferences), None)
}

/// The form as it was filled in, with what is wrong said in place.
pub(super) fn show(
    state: &AppState,
    visit: &Visit,
    status: StatusCode,
    form: &Form,
    message: Option<&str>,
) -> Response {
    let max_bytes = state.limits.upload.max_bytes;
    page(
        status,
        &UploadPage {
            shell: state.shell(visit, Here::Elsewhere),
            max_bytes,
            max_size: words::limit(max_bytes),
            cards: cards(),
            elsewhere: elsewhere(),
            form,
            message,
        },
    )
}
