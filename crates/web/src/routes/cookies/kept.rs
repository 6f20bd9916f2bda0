//! GET /cookies/kept: the step after an answer. Leads on where the browser kept it, and says so where it did not.
//!
//! Without this step a browser that keeps no cookies would show the same question again without a word.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use crate::app::AppState;
use crate::consent::texts::Words;
use crate::consent::{Back, Bar};
use crate::csrf::Fields;
use crate::language::Language;
use crate::page::{Here, Shell, page};
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "cookies/unkept.html")]
struct UnkeptPage {
    shell: Shell,
    language: Language,
    words: &'static Words,
    back: Back,
}

pub(crate) async fn get(State(state): State<AppState>, RawQuery(query): RawQuery, visit: Visit) -> Response {
    let back = Back::of(Fields::of_query(query.as_deref()).get("back").unwrap_or_default());
    if visit.jar.consent().decision().is_some() {
        return Redirect::to(back.as_str()).into_response();
    }
    let mut shell = state.shell(&visit, Here::Elsewhere);
    shell.bar = Bar::Nothing;
    let language = visit.language;
    page(StatusCode::OK, &UnkeptPage { shell, language, words: language.words(), back })
}
