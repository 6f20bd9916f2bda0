//! POST /tracks/{id}/again: the same work once more, after it failed through no fault of the file.

use axum::extract::{Path, State};
use axum::response::Redirect;

use super::track_id;
use crate::app::AppState;
use crate::csrf::Protected;
use crate::page::Problem;
use crate::visitor::Visitor;

pub(crate) async fn post(
    State(state): State<AppState>,
    Path(id): Path<String>,
    Visitor { owner }: Visitor,
    _: Protected,
) -> Result<Redirect, Problem> {
    let id = track_id(&id)?;
    let job = state.store.jobs.latest(owner, id).await?.ok_or_else(Problem::not_found)?;
    // A second click finds the work under way: it is left alone.
    if job.course.state.is_final() {
        state.store.jobs.ask_again(owner, id, &job.settings).await?.ok_or_else(Problem::not_found)?;
    }
    Ok(Redirect::to(&format!("/tracks/{id}")))
}
