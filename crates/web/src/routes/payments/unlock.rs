//! POST /tracks/{id}/unlock: pays for a track with a credit, once however often it is pressed.

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::{Access, TrackId};

use super::{Order, private, required, till};
use crate::app::AppState;
use crate::page::Problem;
use crate::visit::Visit;

pub(crate) async fn post(
    State(state): State<AppState>,
    Path(id): Path<String>,
    visit: Visit,
    Order { member, .. }: Order,
) -> Result<Response, Problem> {
    let till = till(&state)?;
    let id: TrackId = id.parse().map_err(|_| Problem::not_found())?;
    let track = state.store.tracks.find(member.owner, id).await?.ok_or_else(Problem::not_found)?;
    let access =
        state.store.credits.spend(member.account.id, member.owner, id).await?.ok_or_else(Problem::not_found)?;
    if access == Access::Open {
        return Ok(private(Redirect::to(&format!("/tracks/{id}")).into_response()));
    }
    required(&state, till, &visit, access, (id, track.file_name.to_string()))
}
