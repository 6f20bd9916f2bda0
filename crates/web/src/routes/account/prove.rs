//! Whether somebody knows the password, asked no more often than it may be.

use std::time::Duration;

use axum::http::StatusCode;
use domain::{Account, AddressHash, Email, Happening, Password};
use providers::identity::local::HashError;
use store::{Attempt, Attempts, Begun};

use super::activity::note;
use super::client::Client;
use super::identity;
use crate::app::AppState;
use crate::page::Problem;

/// What came of it.
pub(super) enum Proof {
    /// It is, of this account.
    Right(Begun, Box<Account>),
    Wrong,
    /// Not asked: too many were wrong before.
    Wait(Duration),
}

/// Compares what was typed with the account's password. Without an account it takes as long, counts as much, and is
/// wrong.
pub(super) async fn prove(
    state: &AppState,
    client: &Client,
    email: &Email,
    account: Option<&Account>,
    typed: &str,
) -> Result<Proof, Problem> {
    let proof = compare(state, client, email, account, typed).await?;
    if let Proof::Right(begun, _) = &proof {
        state.store.attempts.succeeded(begun).await?;
    }
    Ok(proof)
}

/// The same where a right password is not the end of it: until [it is](store::Attempts::succeeded), the attempt counts.
pub(super) async fn compare(
    state: &AppState,
    client: &Client,
    email: &Email,
    account: Option<&Account>,
    typed: &str,
) -> Result<Proof, Problem> {
    let network = client.peer.network();
    if let Err(wait) = state.accounts.sign_in_tries.begin(&network) {
        return Ok(Proof::Wait(wait));
    }
    let begun = match state.store.attempts.begin(AddressHash::of(email), client.device).await? {
        Attempt::Wait(wait) => return Ok(Proof::Wait(wait)),
        Attempt::Begun(begun) => begun,
    };
    if let Some(holder) = identity::holder(state, email, account, typed).await? {
        state.accounts.sign_in_tries.forgive(&network);
        Ok(Proof::Right(begun, Box::new(holder)))
    } else {
        tracing::info!(from = %client.peer.0, "a password was wrong");
        if let Some(account) = account.filter(|_| begun.failed_before + 1 == Attempts::FREE) {
            let (state, id, device) = (state.clone(), account.id, client.device);
            // In the background: how long it takes would tell whether there is an account.
            tokio::spawn(async move { note(&state, id, Happening::ManyWrongPasswords, device).await });
        }
        Ok(Proof::Wrong)
    }
}

/// A new password, if it is a good one; otherwise what is wrong with it.
pub(super) async fn choose(state: &AppState, typed: &str, about: &[&str]) -> Result<Result<String, String>, Problem> {
    let password = match Password::choose(typed) {
        Ok(password) => password,
        Err(error) => return Ok(Err(sentence(&error))),
    };
    if let Err(error) = state.accounts.passwords.check(&password, about).await.map_err(busy)? {
        return Ok(Err(sentence(&error)));
    }
    Ok(Ok(state.accounts.passwords.hash(&password).await.map_err(busy)?))
}

/// An error as a sentence for whoever filled in the form.
pub(super) fn sentence(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

pub(super) fn busy(error: HashError) -> Problem {
    match error {
        HashError::Busy => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Many people are signing in at the moment",
            "Nothing was changed. Wait a few seconds, then go back and try again.",
        ),
        error => Problem::internal(&error),
    }
}
