//! What an account asks for after its password: an authenticator app, recovery codes, and how often they were got wrong.
//! Passkeys are in [`crate::Passkeys`].
//!
//! Not here: keys in the clear. What seals them is not in the database, so that whoever reads it alone makes no code.

use crate::db::Db;
use crate::error::Result;
use crate::row::number;
use domain::{AccountId, RecoveryId, Timestamp, TotpStep};
use sqlx::SqliteConnection;
use std::sync::Arc;
use std::time::Duration;

/// The second factors of accounts.
#[derive(Clone)]
pub struct Factors {
    db: Arc<Db>,
}

/// Which factors an account has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FactorsSet {
    /// Since when an app is set up.
    pub app_since: Option<Timestamp>,
    /// Passkeys that are there.
    pub passkeys: u32,
    /// Recovery codes that were not used yet.
    pub codes_left: u32,
}

impl FactorsSet {
    /// Whether the password is not enough. Codes on paper alone are no factor: they stand in for one.
    pub fn any(self) -> bool {
        self.app_since.is_some() || self.passkeys > 0
    }
}

/// What somebody who wants to try a code is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeTry {
    /// Not yet.
    Wait(Duration),
    /// Try. It counts as wrong until it is [known to be right](Factors::right).
    Begun {
        /// How many were wrong in a row just before.
        wrong_before: u32,
    },
}

impl Factors {
    /// So many may be wrong before anybody has to wait.
    pub const FREE: u32 = 5;
    /// Nobody waits for longer. Longer than for a password, since only who knows that gets here: at one try an hour a
    /// code of six digits lasts.
    pub const LONGEST: Duration = Duration::from_hours(1);
    /// After so long without a try nobody waits.
    const FORGOTTEN_AFTER: Duration = Duration::from_hours(24);
    /// How long a key is shown before it has to be drawn anew.
    pub const SETUP_WITHIN: Duration = Duration::from_mins(15);

    pub(crate) fn new(db: Arc<Db>) -> Self {
        Self { db }
    }

    /// Which factors an account has.
    pub async fn of(&self, account: AccountId) -> Result<FactorsSet> {
        let (app_since, passkeys, codes_left): (Option<i64>, i64, i64) = sqlx::query_as(
            "SELECT (SELECT since FROM totp WHERE account_id = $1),
                    (SELECT COUNT(*) FROM passkey WHERE account_id = $1),
                    (SELECT COUNT(*) FROM recovery_code WHERE account_id = $1)",
        )
        .bind(account.to_string())
        .fetch_one(&self.db.reader)
        .await?;
        Ok(FactorsSet {
            app_since: app_since.map(Timestamp::from_unix_ms),
            passkeys: number("count of passkeys", passkeys)?,
            codes_left: number("count of recovery codes", codes_left)?,
        })
    }

    /// Keeps a key that is about to be shown; an earlier one that was not confirmed is forgotten.
    pub async fn begin_app(&self, account: AccountId, sealed: &[u8]) -> Result<()> {
        let mut tx = self.db.write().await?;
        sqlx::query(
            "INSERT INTO totp_setup (account_id, sealed, expires_at) VALUES ($1, $2, $3)
             ON CONFLICT (account_id) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at",
        )
        .bind(account.to_string())
        .bind(sealed)
        .bind((self.db.now() + Self::SETUP_WITHIN).unix_ms())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The sealed key that waits to be confirmed.
    pub async fn app_to_confirm(&self, account: AccountId) -> Result<Option<Vec<u8>>> {
        let sealed = sqlx::query_scalar("SELECT sealed FROM totp_setup WHERE account_id = $1 AND expires_at > $2")
            .bind(account.to_string())
            .bind(self.db.now().unix_ms())
            .fetch_optional(&self.db.reader)
            .await?;
        Ok(sealed)
    }

    /// From now on this key counts, and `step`, whose code confirmed it, no more. `false` if another one waits by now.
    pub async fn confirm_app(&self, account: AccountId, sealed: &[u8], step: TotpStep) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let waits = sqlx::query("DELETE FROM totp_setup WHERE account_id = $1 AND sealed = $2")
            .bind(account.to_string())
            .bind(sealed)
            .execute(&mut *tx)
            .await?
            .rows_affected();
        if waits == 0 {
            return Ok(false);
        }
        sqlx::query(
            "INSERT INTO totp (account_id, sealed, since, last_step) VALUES ($1, $2, $3, $4)
             ON CONFLICT (account_id) DO UPDATE
             SET sealed = excluded.sealed, since = excluded.since, last_step = excluded.last_step",
        )
        .bind(account.to_string())
        .bind(sealed)
        .bind(self.db.now().unix_ms())
        .bind(i64::try_from(step.0).unwrap_or(i64::MAX))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The sealed key that counts.
    pub async fn app(&self, account: AccountId) -> Result<Option<Vec<u8>>> {
        let sealed = sqlx::query_scalar("SELECT sealed FROM totp WHERE account_id = $1")
            .bind(account.to_string())
            .fetch_optional(&self.db.reader)
            .await?;
        Ok(sealed)
    }

    /// Uses a code of the app up. `false` if it, or a later one, was used before.
    pub async fn use_step(&self, account: AccountId, step: TotpStep) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let used = sqlx::query("UPDATE totp SET last_step = $1 WHERE account_id = $2 AND last_step < $1")
            .bind(i64::try_from(step.0).unwrap_or(i64::MAX))
            .bind(account.to_string())
            .execute(&mut *tx)
            .await?
            .rows_affected();
        tx.commit().await?;
        Ok(used == 1)
    }

    /// Forgets the app; with the last factor go the recovery codes. `false` if there was none.
    pub async fn app_off(&self, account: AccountId) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let off = sqlx::query("DELETE FROM totp WHERE account_id = $1")
            .bind(account.to_string())
            .execute(&mut *tx)
            .await?
            .rows_affected();
        drop_idle_codes(&mut tx, account).await?;
        tx.commit().await?;
        Ok(off == 1)
    }

    /// Takes these recovery codes in place of all that were before.
    pub async fn set_codes(&self, account: AccountId, codes: &[RecoveryId]) -> Result<()> {
        let mut tx = self.db.write().await?;
        sqlx::query("DELETE FROM recovery_code WHERE account_id = $1")
            .bind(account.to_string())
            .execute(&mut *tx)
            .await?;
        for code in codes {
            sqlx::query("INSERT INTO recovery_code (id, account_id, made_at) VALUES ($1, $2, $3)")
                .bind(code.to_string())
                .bind(account.to_string())
                .bind(self.db.now().unix_ms())
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Uses a recovery code up. `false` if it is none, or was used before.
    pub async fn use_code(&self, account: AccountId, code: RecoveryId) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let used = sqlx::query("DELETE FROM recovery_code WHERE id = $1 AND account_id = $2")
            .bind(code.to_string())
            .bind(account.to_string())
            .execute(&mut *tx)
            .await?
            .rows_affected();
        tx.commit().await?;
        Ok(used == 1)
    }

    /// Begins a try of a code, or says how long to wait before it. One step, so that many at one moment are not each the
    /// first.
    pub async fn begin_try(&self, account: AccountId) -> Result<CodeTry> {
        let account = account.to_string();
        let now = self.db.now();
        let mut tx = self.db.write().await?;
        let row: Option<(i64, i64)> = sqlx::query_as("SELECT times, last_at FROM wrong_code WHERE account_id = $1")
            .bind(&account)
            .fetch_optional(&mut *tx)
            .await?;
        let quiet = |last: i64| now.since(Timestamp::from_unix_ms(last));
        let (wrong_before, since) = row
            .map(|(times, last)| (u32::try_from(times).unwrap_or(u32::MAX), quiet(last)))
            .filter(|(_, since)| *since < Self::FORGOTTEN_AFTER)
            .unwrap_or_default();
        let wait = wait(wrong_before).saturating_sub(since);
        if !wait.is_zero() {
            return Ok(CodeTry::Wait(wait));
        }
        sqlx::query(
            "INSERT INTO wrong_code (account_id, times, last_at) VALUES ($1, $2, $3)
             ON CONFLICT (account_id) DO UPDATE SET times = excluded.times, last_at = excluded.last_at",
        )
        .bind(&account)
        .bind(i64::from(wrong_before) + 1)
        .bind(now.unix_ms())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(CodeTry::Begun { wrong_before })
    }

    /// The code was right.
    pub async fn right(&self, account: AccountId) -> Result<()> {
        let mut tx = self.db.write().await?;
        sqlx::query("DELETE FROM wrong_code WHERE account_id = $1").bind(account.to_string()).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Forgets every factor of an account, and who was asked for one. `false` if there was none.
pub(crate) async fn remove_all(tx: &mut SqliteConnection, account: AccountId) -> Result<bool> {
    let mut removed = 0;
    for over in ["DELETE FROM totp WHERE account_id = $1", "DELETE FROM passkey WHERE account_id = $1"] {
        removed += sqlx::query(over).bind(account.to_string()).execute(&mut *tx).await?.rows_affected();
    }
    for over in [
        "DELETE FROM totp_setup WHERE account_id = $1",
        "DELETE FROM wrong_code WHERE account_id = $1",
        "DELETE FROM half_sign_in WHERE account_id = $1",
    ] {
        sqlx::query(over).bind(account.to_string()).execute(&mut *tx).await?;
    }
    drop_idle_codes(tx, account).await?;
    Ok(removed > 0)
}

/// Recovery codes stand in for a factor; without one they would be left lying about.
pub(crate) async fn drop_idle_codes(tx: &mut SqliteConnection, account: AccountId) -> Result<()> {
    sqlx::query(
        "DELETE FROM recovery_code WHERE account_id = $1 AND NOT EXISTS (SELECT 1 FROM totp WHERE account_id = $1)
         AND NOT EXISTS (SELECT 1 FROM passkey WHERE account_id = $1)",
    )
    .bind(account.to_string())
    .execute(tx)
    .await?;
    Ok(())
}

/// How long to wait after so many wrong codes: a second after the free ones, and twice as long each time.
fn wait(wrong: u32) -> Duration {
    if wrong < Factors::FREE {
        return Duration::ZERO;
    }
    Duration::from_secs(1_u64 << (wrong - Factors::FREE).min(12)).min(Factors::LONGEST)
}
