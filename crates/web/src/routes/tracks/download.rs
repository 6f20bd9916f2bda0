//! GET /tracks/{id}/download/{wav16|wav24|flac}: the master.

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
    Path((id, kind)): Path<(String, String)>,
    Visitor { owner }: Visitor,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = track_id(&id)?;
    let (kind, media_type) = match kind.as_str() {
        "wav16" => (OutputKind::Wav16, "audio/wav"),
        "wav24" => (OutputKind::Wav24, "audio/wav"),
        "flac" => (OutputKind::Flac24, "audio/flac"),
        _ => return Err(Problem::not_found()),
    };
    let track = state.store.tracks.find(owner, id).await?.ok_or_else(Problem::not_found)?;
    let output = state.store.jobs.output(owner, id, kind).await?.ok_or_else(Problem::not_found)?;
    let addition = match kind {
        OutputKind::Wav16 => " (master, 16 bit)",
        _ => " (master)",
    };
    let name = track.file_name.download_name(addition, kind.extension());
    let disposition = Disposition::Attachment(name);
    blob::serve(&state.store.blobs, &output.blob, media_type, &disposition, &headers).await
}
