//! GET /tracks/{id}/preview.flac: mix and master in one file of four channels, for the player.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use domain::OutputKind;

use super::track_id;
use crate::app::AppState;
use crate::blob::{self, Disposition};
use crate::page::Problem;
use crate::visitor::Visitor;

pub(crate) async fn get(
    State(state): State<AppState>,
    Path(id): Path<String>,
    Visitor { owner }: Visitor,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let output =
        state.store.jobs.output(owner, track_id(&id)?, OutputKind::Preview).await?.ok_or_else(Problem::not_found)?;
    blob::serve(&state.store.blobs, &output.blob, "audio/flac", &Disposition::Inline, &headers).await
}
