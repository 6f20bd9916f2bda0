//! What happens once somebody has shown all that is asked for to sign in.

use cookie_policy::{Essential, Granted};
use domain::{Account, AddressHash, Happening, Stay};
use store::{Attempt, Attempts, Begun};

use super::super::activity::note_arrival;
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
    /// A passkey, with or without the password before it.
    Passkey,
    /// What another service says.
    Service,
}

impl Means {
    const fn happening(self) -> Happening {
        match self {
            Self::Password => Happening::SignedIn,
            Self::App => Happening::SignedInWithApp,
            Self::RecoveryCode => Happening::SignedInWithRecoveryCode,
            Self::Passkey => Happening::SignedInWithPasskey,
            Self::Service => Happening::SignedInWithService,
        }
    }
}

/// The attempt of somebody who needs no password for it, if it may count: whoever guesses at that keeps nobody else out.
pub(crate) async fn begin(state: &AppState, account: &Account, client: Client) -> Result<Option<Begun>, Problem> {
    match state.store.attempts.begin(AddressHash::of(&account.email), client.device).await? {
        Attempt::Begun(begun) => Ok(Some(begun)),
        Attempt::Wait(_) => Ok(None),
    }
}

/// Signs this browser in, and tells the holder if there is something unusual about it.
pub(crate) async fn arrive(
    state: &AppState,
    visit: &Visit,
    granted: &Granted<Essential>,
    (account, means): (&Account, Means),
    stay: Stay,
    (client, begun): (Client, Option<&Begun>),
) -> Result<(), Problem> {
    if let Some(begun) = begun {
        state.store.attempts.succeeded(begun).await?;
    }
    enter(state, visit, granted, account.id, stay, client).await?;
    let is_new = begun.is_some_and(|begun| begun.was_here && !begun.device_is_known);
    note_arrival(state, account.id, means.happening(), client, is_new).await;
    if let Some(begun) = begun.filter(|begun| !begun.device_is_known || begun.failed_before >= Attempts::FREE) {
        post_letter(state, &Letter::new_device(account, client.device, begun.failed_before)).await;
    }
    tracing::info!(account = %account.id, ?means, "an account was signed in to: {}", account.id);
    Ok(())
}
