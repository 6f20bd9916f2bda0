//! GET /tracks/{id}/events: how far a job is, as it happens (server-sent events).

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use domain::JobState;
use futures_util::stream;

use super::track_id;
use crate::app::AppState;
use crate::page::Problem;
use crate::stages::Now;
use crate::usage::{Counted, Feature};
use crate::visitor::Visitor;

/// Eyes need no more.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

enum Next {
    News,
    Nothing,
}

pub(crate) async fn get(
    State(state): State<AppState>,
    Path(id): Path<String>,
    Visitor { owner }: Visitor,
    counted: Counted,
) -> Result<impl IntoResponse, Problem> {
    let watch = state.store.jobs.watch(owner, track_id(&id)?).await?.ok_or_else(Problem::not_found)?;
    // Once the job is done it is too late to give somebody a number.
    let start = (watch, state.closing.clone(), counted.known(), Next::News);
    let events = stream::unfold(start, async |(mut watch, mut closing, counted, next)| {
        if matches!(next, Next::Nothing) {
            return None;
        }
        // The connection ends with the service, and the browser comes back to the one that follows.
        let status = tokio::select! {
            status = watch.next() => status,
            _ = closing.wait_for(|closing| *closing) => return None,
        };
        if status.as_ref().is_some_and(|status| status.course.state == JobState::Done) {
            counted.used(Feature::MasterDone);
        }
        let Some(status) = status.filter(|status| !status.course.state.is_final()) else {
            let end = Event::default().event("end").data("{}");
            return Some((Ok::<_, Infallible>(end), (watch, closing, counted, Next::Nothing)));
        };
        tokio::time::sleep(SHORTEST_INTERVAL).await;
        let event = Event::default().event("progress").json_data(Now::of_status(&status)).unwrap_or_default();
        Some((Ok(event), (watch, closing, counted, Next::News)))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}
