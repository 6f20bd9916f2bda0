//! POST /account/sign-out: ends the session here, or in all browsers.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::client::{Sent, SignedIn};
use super::{SIGN_IN, identity, private};
use crate::app::AppState;
use crate::page::Problem;
use crate::registry::AuthToken;
use crate::visit::Visit;
use crate::visitor;

pub(crate) async fn post(
    State(state): State<AppState>,
    visit: Visit,
    SignedIn(member): SignedIn,
    Sent { fields, .. }: Sent,
) -> Result<Response, Problem> {
    let everywhere = fields.get("everywhere").is_some();
    if everywhere {
        identity::leaving_everywhere(&state, member.sign_in).await?;
    }
    visitor::end(&state, &visit.jar).await?;
    if everywhere {
        state.store.sign_ins.end_all(member.account.id).await?;
    }
    visit.jar.expire::<AuthToken>();
    Ok(private(Redirect::to(SIGN_IN).into_response()))
}
