//! POST /account/sessions/{id}/end: signs one browser out.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::SignInId;

use super::client::{Sent, SignedIn};
use super::show::{Done, done};
use crate::app::AppState;
use crate::page::Problem;

pub(crate) async fn post(
    State(state): State<AppState>,
    Path(id): Path<String>,
    SignedIn(member): SignedIn,
    _: Sent,
) -> Result<Response, Problem> {
    let id: SignInId = id.parse().map_err(|_| Problem::not_found())?;
    if state.store.sign_ins.end_one(member.account.id, id).await? {
        Ok(done(Done::Session))
    } else {
        Err(Problem::not_found())
    }
}
