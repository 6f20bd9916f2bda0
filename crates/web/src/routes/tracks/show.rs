//! GET /tracks/{id}: how far a track is, then its result, or why there is none.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::{Failure, FailureKind, Job, JobState, Settings, Track, TrackId};

use super::{result, track_id};
use crate::app::AppState;
use crate::choices;
use crate::csrf;
use crate::page::{Here, Problem, Shell, page};
use crate::registry::VisitedPages;
use crate::routes::COOKIE_NEEDED;
use crate::stages::{Now, Step};
use crate::visit::Visit;
use crate::visitor::Visitor;

/// Marks the address that an upload leads to: whoever comes here without a session has a browser that keeps no cookies.
pub(super) const FRESH: &str = "fresh";

#[derive(Template)]
#[template(path = "working.html")]
struct WorkingPage {
    shell: Shell,
    id: TrackId,
    name: String,
    asked: String,
    matched: Option<String>,
    now: Now,
    steps: Vec<Step>,
}

#[derive(Template)]
#[template(path = "refused.html")]
struct RefusedPage {
    shell: Shell,
    csrf: String,
    id: TrackId,
    name: String,
    headline: &'static str,
    reason: String,
    /// The same file may do the next time.
    can_repeat: bool,
    /// It may do without its reference.
    can_unmatch: bool,
}

pub(crate) async fn get(
    State(state): State<AppState>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    visit: Visit,
    visitor: Option<Visitor>,
) -> Result<Response, Problem> {
    let id = track_id(&id)?;
    let is_fresh = query.as_deref() == Some(FRESH);
    let Some(Visitor { owner }) = visitor else {
        return Err(if is_fresh { cookies_blocked() } else { Problem::not_found() });
    };
    let track = state.store.tracks.find(owner, id).await?.ok_or_else(Problem::not_found)?;
    if is_fresh {
        return Ok(Redirect::to(&format!("/tracks/{id}")).into_response());
    }
    let job = state.store.jobs.latest(owner, id).await?.ok_or_else(Problem::not_found)?;
    if job.course.state.is_final() {
        let _ = visit.jar.ask::<VisitedPages>();
    }
    match &job.course.state {
        JobState::Queued | JobState::Running { .. } => Ok(working(&state, &visit, &track, &job)),
        JobState::Done => result::show(&state, &visit, owner, &track, &job.settings).await,
        JobState::Failed(failure) => refused(&state, &visit, &track, &job.settings, failure),
        JobState::Cancelled => Ok(page(
            StatusCode::OK,
            &RefusedPage {
                csrf: csrf::field(&visit.jar, &*state.entropy)?,
                shell: state.shell(&visit, Here::Tracks),
                id,
                name: track.file_name.to_string(),
                headline: "Stopped",
                reason: "The work on this track was stopped before it was done.".to_owned(),
                can_repeat: true,
                can_unmatch: false,
            },
        )),
    }
}

fn cookies_blocked() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "Your browser did not keep the cookie", COOKIE_NEEDED)
}

fn working(state: &AppState, visit: &Visit, track: &Track, job: &Job) -> Response {
    let now = Now::of_job(job);
    page(
        StatusCode::OK,
        &WorkingPage {
            shell: state.shell(visit, Here::Tracks),
            id: track.id,
            name: track.file_name.to_string(),
            asked: choices::asked(&job.settings),
            matched: choices::matched(track, &job.settings),
            steps: now.steps(),
            now,
        },
    )
}

fn refused(
    state: &AppState,
    visit: &Visit,
    track: &Track,
    settings: &Settings,
    failure: &Failure,
) -> Result<Response, Problem> {
    let is_matched = choices::matched(track, settings).is_some();
    let (headline, can_repeat) = match failure.kind {
        FailureKind::Refused if is_matched => ("This mix and this reference cannot be used", false),
        FailureKind::Refused => ("This file cannot be mastered", false),
        FailureKind::Interrupted | FailureKind::Internal => ("The master could not be made", true),
    };
    Ok(page(
        StatusCode::OK,
        &RefusedPage {
            csrf: csrf::field(&visit.jar, &*state.entropy)?,
            shell: state.shell(visit, Here::Tracks),
            id: track.id,
            name: track.file_name.to_string(),
            headline,
            reason: sentence(&failure.message),
            can_repeat,
            can_unmatch: is_matched && !can_repeat,
        },
    ))
}

/// A message as a sentence: errors begin small and end without a stop.
fn sentence(message: &str) -> String {
    let mut characters = message.trim().chars();
    let Some(first) = characters.next() else {
        return String::new();
    };
    let mut sentence: String = first.to_uppercase().chain(characters).collect();
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn a_message_reads_as_a_sentence() {
        assert_eq!(sentence("the track is silent"), "The track is silent.");
        assert_eq!(sentence("Whole already."), "Whole already.");
        assert_eq!(sentence(" "), "");
    }
}
