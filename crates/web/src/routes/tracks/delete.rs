//! POST /tracks/{id}/delete: a track with all that was made of it.

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
    if state.store.tracks.delete(owner, track_id(&id)?).await? {
        Ok(Redirect::to("/tracks"))
    } else {
        Err(Problem::not_found())
    }
}
