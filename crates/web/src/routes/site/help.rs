//! GET /help and GET /help/{topic}: what to expect.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::AppState;
use crate::page::{Here, Problem, Shell, page};
use crate::registry::VisitedPages;
use crate::visit::Visit;
use crate::words;

/// One page of the help beside the first.
struct Topic {
    id: &'static str,
    title: &'static str,
}

static TOPICS: [Topic; 3] = [
    Topic { id: "loudness", title: "Which loudness?" },
    Topic { id: "listening", title: "How to listen, and the player\u{2019}s keys" },
    Topic { id: "privacy", title: "Who can hear it, and what is kept" },
];

#[derive(Template)]
#[template(path = "help/index.html")]
struct HelpPage {
    shell: Shell,
    topics: &'static [Topic],
    max_size: String,
    max_minutes: u64,
}

#[derive(Template)]
#[template(path = "help/topic.html")]
struct TopicPage {
    shell: Shell,
    topic: &'static Topic,
    kept: String,
}

pub(crate) async fn get(State(state): State<AppState>, visit: Visit) -> Response {
    // Which topics were read is remembered in the browser; whoever wants to be asked, is.
    let _ = visit.jar.ask::<VisitedPages>();
    page(
        StatusCode::OK,
        &HelpPage {
            shell: state.shell(&visit, Here::Help),
            topics: &TOPICS,
            max_size: words::limit(state.limits.upload.max_bytes),
            max_minutes: state.limits.upload.max_duration.as_secs() / 60,
        },
    )
}

pub(crate) async fn topic(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let topic = TOPICS.iter().find(|topic| topic.id == id).ok_or_else(Problem::not_found)?;
    let _ = visit.jar.ask::<VisitedPages>();
    let kept = words::span(state.limits.kept);
    Ok(page(StatusCode::OK, &TopicPage { shell: state.shell(&visit, Here::Help), topic, kept }))
}
