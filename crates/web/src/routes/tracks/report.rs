//! GET /tracks/{id}/report.json: everything that was measured and done.

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
        state.store.jobs.output(owner, track_id(&id)?, OutputKind::Report).await?.ok_or_else(Problem::not_found)?;
    blob::serve(&state.store.blobs, &output.blob, "application/json", &Disposition::Inline, &headers).await
}
