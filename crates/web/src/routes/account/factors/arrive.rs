//! What happens once somebody has shown all that is asked for to sign in.

use cookie_policy::{Essential, Granted};
use domain::{Account, Stay};
use store::{Attempts, Begun};

use super::super::client::Client;
use super::super::enter::enter;
use super::super::letters::{Letter, post as post_letter};
use crate::app::AppState;
use crate::page::Problem;
use crate::visit::Visit;

/// What somebody showed to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Means {
    /// The password alone.
    Password,
    /// The password and a code of the app.
    App,
    /// The password and a recovery code.
    RecoveryCode,
}

/// Signs this browser in, and tells the holder if there is something unusual about it.
pub(crate) async fn arrive(
    state: &AppState,
    visit: &Visit,
    granted: &Granted<Essential>,
    (account, means): (&Account, Means),
    stay: Stay,
    (client, begun): (Client, &Begun),
) -> Result<(), Problem> {
    state.store.attempts.succeeded(begun).await?;
    enter(state, visit, granted, account.id, stay, client).await?;
    if !begun.device_is_known || begun.failed_before >= Attempts::FREE {
        post_letter(state, &Letter::new_device(account, client.device, begun.failed_before)).await;
    }
    tracing::info!(account = %account.id, ?means, "an account was signed in to: {}", account.id);
    Ok(())
}
