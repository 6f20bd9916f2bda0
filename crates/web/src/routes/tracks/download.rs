//! GET /tracks/{id}/download/{kind}: the master, as `wav24`, `wav16`, `flac` or an extra that was asked for. Where it is
//! not paid for and has to be, the answer says how (402).

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use domain::{Access, Extra, OutputKind};

use super::track_id;
use crate::app::AppState;
use crate::blob::{self, Disposition};
use crate::extras::media_type;
use crate::page::Problem;
use crate::routes::payments;
use crate::visit::Visit;
use crate::visitor::Visitor;

pub(crate) async fn get(
    State(state): State<AppState>,
    Path((id, kind)): Path<(String, String)>,
    Visitor { owner }: Visitor,
    visit: Visit,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = track_id(&id)?;
    let kind = match kind.as_str() {
        "wav16" => OutputKind::Wav16,
        "wav24" => OutputKind::Wav24,
        "flac" => OutputKind::Flac24,
        other => Extra::of_id(other).ok_or_else(Problem::not_found)?.into(),
    };
    let track = state.store.tracks.find(owner, id).await?.ok_or_else(Problem::not_found)?;
    let output = state.store.jobs.output(owner, id, kind).await?.ok_or_else(Problem::not_found)?;
    if let Some(till) = &state.till {
        let access = till.access(visit.member.as_ref().map(|member| member.account.id), id).await?;
        if access != Access::Open {
            return payments::required(&state, till, &visit, access, (id, track.file_name.to_string()));
        }
    }
    let addition = match kind {
        OutputKind::Wav16 => " (master, 16 bit)",
        _ => " (master)",
    };
    let name = track.file_name.download_name(addition, kind.extension());
    let disposition = Disposition::Attachment(name);
    blob::serve(&state.store.blobs, &output.blob, media_type(kind), &disposition, &headers).await
}
