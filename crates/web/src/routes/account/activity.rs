//! What happened to an account, as its holder reads it on the account's page.

use domain::{AccountId, Device, Happening};

use super::client::Client;
use crate::app::AppState;
use crate::page::Problem;
use crate::words;

/// Lines that the page shows.
const SHOWN: u32 = 20;

/// One line on the page.
pub(crate) struct Line {
    pub(crate) words: &'static str,
    pub(crate) device: String,
    pub(crate) at: String,
    pub(crate) is_unusual: bool,
}

/// Writes down what happened. Where that fails, the log says so; what it tells of has been done all the same.
pub(super) async fn note(state: &AppState, account: AccountId, what: Happening, device: Device) {
    if let Err(error) = state.store.activities.record(account, what, device).await {
        tracing::error!(%error, %what, "what happened to an account was not written down: {error}");
    }
}

/// Writes down that somebody signed in, and what is unusual about it.
pub(super) async fn note_arrival(state: &AppState, account: AccountId, how: Happening, client: Client, is_new: bool) {
    let mark = state.site.seal.mark(account, client.peer.network());
    note(state, account, how, client.device).await;
    if is_new {
        note(state, account, Happening::NewDevice, client.device).await;
    }
    match state.store.activities.is_new_network(account, mark).await {
        Ok(true) => note(state, account, Happening::NewNetwork, client.device).await,
        Ok(false) => {}
        Err(error) => tracing::error!(%error, "a network was not written down: {error}"),
    }
}

/// The latest lines.
pub(super) async fn latest(state: &AppState, account: AccountId) -> Result<Vec<Line>, Problem> {
    let lines = state.store.activities.latest(account, SHOWN).await?.into_iter().map(|happened| Line {
        words: words(happened.what),
        device: happened.device.to_string(),
        at: words::moment(happened.at),
        is_unusual: happened.what.is_unusual(),
    });
    Ok(lines.collect())
}

/// In plain words.
const fn words(what: Happening) -> &'static str {
    match what {
        Happening::SignedIn => "Signed in with the password",
        Happening::SignedInWithApp => "Signed in with the password and a code of the app",
        Happening::SignedInWithPasskey => "Signed in with a passkey",
        Happening::SignedInWithService => "Signed in by way of another service",
        Happening::SignedInWithRecoveryCode => "Signed in with a recovery code, which is used up",
        Happening::NewDevice => "That was a kind of browser that had not been used lately",
        Happening::NewNetwork => "That was from a network that had not been used lately",
        Happening::ManyWrongPasswords => "Several wrong passwords, one after the other",
        Happening::ManyWrongCodes => "The right password, then several wrong codes: somebody may know your password",
        Happening::PasskeyRefused => "A passkey was refused, since there seems to be a copy of it",
        Happening::AppSet => "An authenticator app was set up",
        Happening::AppOff => "The authenticator app was turned off",
        Happening::PasskeyAdded => "A passkey was added",
        Happening::PasskeyRemoved => "A passkey was removed",
        Happening::CodesMade => "New recovery codes were made",
        Happening::PasswordChanged => "The password was changed",
        Happening::AddressChanged => "The address was changed",
    }
}
