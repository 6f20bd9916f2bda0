//! POST /operator/sign-out: ends the session, here and on the server.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};

use super::{SIGN_IN, private, secret, signed_in};
use crate::app::AppState;
use crate::csrf::Protected;
use crate::page::Problem;
use crate::registry::AuthToken;
use crate::visit::Visit;

pub(crate) async fn post(State(state): State<AppState>, visit: Visit, _: Protected) -> Result<Response, Problem> {
    secret(&state)?;
    if let Some(token) = signed_in(&state, &visit.jar).await? {
        state.store.operators.end(&token).await?;
    }
    visit.jar.expire::<AuthToken>();
    Ok(private(Redirect::to(SIGN_IN).into_response()))
}
