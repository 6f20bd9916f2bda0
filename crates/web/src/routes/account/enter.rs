//! What signing in does, however somebody proved who they are: a new session, for this browser and its tracks.

use cookie_policy::{Essential, Granted};
use domain::{AccountId, SessionKind, SignInToken, Stay};

use super::client::Client;
use super::identity;
use crate::app::AppState;
use crate::page::Problem;
use crate::visit::Visit;
use crate::visitor;

/// Signs this browser in, and brings along what it mastered as a guest.
pub(super) async fn enter(
    state: &AppState,
    visit: &Visit,
    granted: &Granted<Essential>,
    account: AccountId,
    stay: Stay,
    client: Client,
) -> Result<(), Problem> {
    let secret = state.store.sign_ins.begin(account, stay, client.device).await?;
    let signed_in = state.store.sign_ins.resume(&secret).await?;
    visitor::hand_over(state, &visit.jar, granted, SignInToken { kind: SessionKind::Account, secret }, stay).await?;
    if let Some(member) = signed_in {
        identity::entered(state, &member.account, member.sign_in).await?;
        visitor::bring_along(state, &visit.jar, member.owner).await?;
    }
    Ok(())
}
