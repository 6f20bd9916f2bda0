//! GET /tracks/{id}/preview.flac: mix and master in one file of four channels, for the player. Where the master has to be
//! paid for and is not, it is the listening copy, which a lossy codec was at: whoever saves it has no master.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use domain::{Access, OutputKind};

use super::track_id;
use crate::app::AppState;
use crate::blob::{self, Disposition};
use crate::page::Problem;
use crate::visit::Visit;
use crate::visitor::Visitor;

pub(crate) async fn get(
    State(state): State<AppState>,
    Path(id): Path<String>,
    Visitor { owner }: Visitor,
    visit: Visit,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = track_id(&id)?;
    let is_open = match &state.till {
        Some(till) => till.access(visit.member.as_ref().map(|member| member.account.id), id).await? == Access::Open,
        None => true,
    };
    let kind = if is_open { OutputKind::Preview } else { OutputKind::ListeningCopy };
    let output = state.store.jobs.output(owner, id, kind).await?.ok_or_else(Problem::not_found)?;
    blob::serve(&state.store.blobs, &output.blob, "audio/flac", &Disposition::Inline, &headers).await
}
