//! GET /tracks: this visitor's tracks.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{JobState, Owner, Track, TrackId};

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
    /// How long tracks are kept where they are not an account's.
    kept: Option<String>,
}

/// One track in a list.
pub(super) struct Line {
    pub(super) id: TrackId,
    pub(super) name: String,
    pub(super) state: String,
    pub(super) bad: bool,
    pub(super) ready: bool,
}

impl Line {
    /// `None` for a track that was deleted meanwhile.
    pub(super) async fn of(state: &AppState, owner: Owner, track: &Track) -> Result<Option<Self>, Problem> {
        let Some(job) = state.store.jobs.latest(owner, track.id).await? else {
            return Ok(None);
        };
        let (said, bad, ready) = match &job.course.state {
            JobState::Queued => ("waiting".to_owned(), false, false),
            JobState::Running { .. } => (format!("{} %", Now::of_job(&job).percent()), false, false),
            JobState::Done => ("ready".to_owned(), false, true),
            JobState::Failed(_) => ("could not be mastered".to_owned(), true, false),
            JobState::Cancelled => ("stopped".to_owned(), false, false),
        };
        Ok(Some(Self { id: track.id, name: track.file_name.to_string(), state: said, bad, ready }))
    }
}

pub(crate) async fn get(
    State(state): State<AppState>,
    visit: Visit,
    visitor: Option<Visitor>,
) -> Result<Response, Problem> {
    let mut tracks = Vec::new();
    if let Some(Visitor { owner }) = visitor {
        for track in state.store.tracks.list(owner).await? {
            tracks.extend(Line::of(&state, owner, &track).await?);
        }
    }
    let kept = visit.member.is_none().then(|| words::span(state.limits.kept));
    Ok(page(StatusCode::OK, &TracksPage { shell: state.shell(&visit, Here::Tracks), tracks, kept }))
}
