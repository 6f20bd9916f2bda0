//! Whether a code is right, asked no more often than it may be.

use std::time::Duration;

use domain::{Account, Happening, PasskeyPurpose, RecoveryCode, TotpStep};
use providers::identity::totp;
use store::{CodeTry, Factors};

use super::super::activity::note;
use super::super::client::Client;
use super::super::letters::post as post_letter;
use super::arrive::Means;
use super::letters;
use super::passkeys::{Answered, answered, is_answered};
use crate::app::AppState;
use crate::csrf::Fields;
use crate::page::Problem;
use crate::visit::Visit;

/// The field of an app's code.
pub(super) const CODE: &str = "code";
/// The field of a recovery code.
pub(super) const RECOVERY: &str = "recovery";

/// What came of it.
pub(super) enum Checked {
    Right(Means),
    Wrong,
    /// A passkey was not taken.
    Refused,
    /// Not asked: too many were wrong before.
    Wait(Duration),
    /// Nothing was typed.
    Nothing,
}

/// Compares what was typed with what the account has, and uses it up.
pub(super) async fn check(
    state: &AppState,
    (visit, client): (&Visit, &Client),
    (purpose, account): (PasskeyPurpose, &Account),
    fields: &Fields,
) -> Result<Checked, Problem> {
    if is_answered(fields) {
        // There is nothing to guess in a signature, so nobody has to wait.
        return Ok(match answered(state, (visit, client), (purpose, Some(account.id)), fields).await? {
            Answered::By(_) => Checked::Right(Means::Passkey),
            Answered::Not => Checked::Refused,
        });
    }
    let typed = |name| fields.get(name).map(str::trim).filter(|typed| !typed.is_empty());
    let (code, recovery) = (typed(CODE), typed(RECOVERY));
    if code.is_none() && recovery.is_none() {
        return Ok(Checked::Nothing);
    }
    let wrong_before = match state.store.factors.begin_try(account.id).await? {
        CodeTry::Wait(wait) => return Ok(Checked::Wait(wait)),
        CodeTry::Begun { wrong_before } => wrong_before,
    };
    let means = match (code, recovery) {
        // Somebody who opened the second field means that one.
        (_, Some(recovery)) if by_recovery_code(state, account, recovery).await? => Some(Means::RecoveryCode),
        (Some(code), _) if by_app(state, account, code).await? => Some(Means::App),
        _ => None,
    };
    let Some(means) = means else {
        tracing::info!(account = %account.id, "a code was wrong: {}", account.id);
        if wrong_before + 1 == Factors::FREE {
            note(state, account.id, Happening::ManyWrongCodes, client.device).await;
            post_letter(state, &letters::many_wrong_codes(account)).await;
        }
        return Ok(Checked::Wrong);
    };
    state.store.factors.right(account.id).await?;
    if means == Means::RecoveryCode {
        let left = state.store.factors.of(account.id).await?.codes_left;
        post_letter(state, &letters::recovery_code_used(account, left)).await;
    }
    Ok(Checked::Right(means))
}

async fn by_recovery_code(state: &AppState, account: &Account, typed: &str) -> Result<bool, Problem> {
    match typed.parse::<RecoveryCode>() {
        Ok(code) => Ok(state.store.factors.use_code(account.id, code.id(account.id)).await?),
        Err(_) => Ok(false),
    }
}

async fn by_app(state: &AppState, account: &Account, typed: &str) -> Result<bool, Problem> {
    let Some(sealed) = state.store.factors.app(account.id).await? else { return Ok(false) };
    let key = state.site.seal.open(account.id, &sealed).map_err(|error| Problem::internal(&error))?;
    match totp::step_of(&key, typed, TotpStep::at(state.store.now())) {
        Some(step) => Ok(state.store.factors.use_step(account.id, step).await?),
        None => Ok(false),
    }
}

/// What is said of a code that was not taken.
pub(super) const WRONG: &str = "That code is not right, or it was used before. Apps show a new one every 30 seconds, and \
                                they need the right time on the phone.";
/// What is said where nothing was typed.
pub(super) const NOTHING: &str = "Type the code that your app shows now, or one of your recovery codes.";

/// What is said to somebody who tried too often.
pub(super) fn too_many(wait: Duration) -> (u64, String) {
    let seconds = wait.as_secs() + 1;
    let span = if seconds < 120 { format!("{seconds} seconds") } else { format!("{} minutes", seconds.div_ceil(60)) };
    (seconds, format!("Too many codes were wrong, one after the other. Wait {span}, then try again."))
}
