//! GET /tracks: this visitor's tracks.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{JobState, TrackId};

use crate::app::AppState;
use crate::page::{Here, Problem, Shell, page};
use crate::stages::Now;
use crate::visit::Visit;
use crate::visitor::Visitor;
use crate::words;

#[derive(Template)]
#[template(path = "tracks.html")]
struct TracksPage {
    shell: Shell,
    tracks: Vec<Line>,
    kept: String,
}

struct Line {
    id: TrackId,
    name: String,
    state: String,
    bad: bool,
}

pub(crate) async fn get(
    State(state): State<AppState>,
    visit: Visit,
    visitor: Option<Visitor>,
) -> Result<Response, Problem> {
    let mut tracks = Vec::new();
    if let Some(Visitor { owner }) = visitor {
        for track in state.store.tracks.list(owner).await? {
            let Some(job) = state.store.jobs.latest(owner, track.id).await? else {
                continue;
            };
            let (said, bad) = match &job.course.state {
                JobState::Queued => ("waiting".to_owned(), false),
                JobState::Running { .. } => (format!("{} %", Now::of_job(&job).percent()), false),
                JobState::Done => ("ready".to_owned(), false),
                JobState::Failed(_) => ("could not be mastered".to_owned(), true),
                JobState::Cancelled => ("stopped".to_owned(), false),
            };
            tracks.push(Line { id: track.id, name: track.file_name.to_string(), state: said, bad });
        }
    }
    Ok(page(
        StatusCode::OK,
        &TracksPage { shell: state.shell(&visit, Here::Tracks), tracks, kept: words::span(state.limits.kept) },
    ))
}
