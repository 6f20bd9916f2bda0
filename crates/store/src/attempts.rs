//! Who tried to sign in, and how long the next one has to wait.
//!
//! Kept under the hash of the address that was typed, whether or not it has an account: what is slowed down and what is
//! kept tells nobody which addresses have one.

use crate::db::Db;
use crate::error::Result;
use crate::row::parsed;
use domain::{AddressHash, Device, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// Attempts to sign in.
#[derive(Clone)]
pub struct Attempts {
    db: Arc<Db>,
}

/// What somebody who wants to try is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// Not yet.
    Wait(Duration),
    /// Try. It counts as failed until it is [known to have succeeded](Attempts::succeeded), so that many at one moment
    /// are not each the first.
    Begun(Begun),
}

/// An attempt that is under way, and what was known before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    pub(crate) id: i64,
    /// How many failed in a row just before.
    pub failed_before: u32,
    /// Somebody signed in with this address and this kind of browser lately.
    pub device_is_known: bool,
    /// Somebody signed in with this address lately.
    pub was_here: bool,
}

/// An attempt that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// When.
    pub at: Timestamp,
    /// With what.
    pub device: Device,
    /// Whether the password was right.
    pub succeeded: bool,
}

impl Attempts {
    /// So many may fail before anybody has to wait: a slip of the hand is no attack.
    pub const FREE: u32 = 5;
    /// Nobody waits for longer: whoever guesses must not lock the holder out.
    pub const LONGEST: Duration = Duration::from_mins(1);
    /// After so long without an attempt nobody waits.
    const FORGOTTEN_AFTER: Duration = Duration::from_hours(1);
    /// Attempts that are kept of one address, and of all: a flood is not to fill the disk.
    const MOST_OF_ONE: i64 = 50;
    const MOST_OF_ALL: i64 = 100_000;

    pub(crate) fn new(db: Arc<Db>) -> Self {
        Self { db }
    }

    /// Begins an attempt, or says how long to wait before it.
    pub async fn begin(&self, address: AddressHash, device: Device) -> Result<Attempt> {
        let (address, device) = (address.to_string(), device.to_string());
        let now = self.db.now();
        let mut tx = self.db.write().await?;
        let rows: Vec<(i64, bool, String)> =
            sqlx::query_as("SELECT at, succeeded, device FROM sign_in_attempt WHERE address = $1 ORDER BY id DESC")
                .bind(&address)
                .fetch_all(&mut *tx)
                .await?;
        let recent = (now - Self::FORGOTTEN_AFTER).unix_ms();
        let failed = rows.iter().take_while(|(at, succeeded, _)| !succeeded && *at > recent).count();
        let failed_before = u32::try_from(failed).unwrap_or(u32::MAX);
        if let Some((last, ..)) = rows.first().filter(|_| failed_before >= Self::FREE) {
            let wait = wait(failed_before).saturating_sub(now.since(Timestamp::from_unix_ms(*last)));
            if !wait.is_zero() {
                return Ok(Attempt::Wait(wait));
            }
        }
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO sign_in_attempt (address, device, at, succeeded) VALUES ($1, $2, $3, 0) RETURNING id",
        )
        .bind(&address)
        .bind(&device)
        .bind(now.unix_ms())
        .fetch_one(&mut *tx)
        .await?;
        // The successes that tell a known device are not to be pushed out by failures.
        sqlx::query(
            "DELETE FROM sign_in_attempt WHERE address = $1 AND succeeded = 0 AND id NOT IN
             (SELECT id FROM sign_in_attempt WHERE address = $1 AND succeeded = 0 ORDER BY id DESC LIMIT $2)",
        )
        .bind(&address)
        .bind(Self::MOST_OF_ONE)
        .execute(&mut *tx)
        .await?;
        sqlx::query("DELETE FROM sign_in_attempt WHERE id <= $1")
            .bind(id - Self::MOST_OF_ALL)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        let mut successes = rows.iter().filter(|(_, succeeded, _)| *succeeded);
        Ok(Attempt::Begun(Begun {
            id,
            failed_before,
            was_here: successes.clone().next().is_some(),
            device_is_known: successes.any(|(_, _, known)| *known == device),
        }))
    }

    /// The password was right.
    pub async fn succeeded(&self, attempt: &Begun) -> Result<()> {
        let mut tx = self.db.write().await?;
        sqlx::query("UPDATE sign_in_attempt SET succeeded = 1 WHERE id = $1")
            .bind(attempt.id)
            .execute(&mut *tx)
            .await?;
        // Of each kind of browser the latest success is enough.
        sqlx::query(
            "DELETE FROM sign_in_attempt WHERE succeeded = 1 AND address = (SELECT address FROM sign_in_attempt WHERE id = $1)
             AND id NOT IN (SELECT MAX(id) FROM sign_in_attempt WHERE succeeded = 1 GROUP BY address, device)",
        )
        .bind(attempt.id)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The latest attempts with an address, for its account's holder.
    pub async fn latest(&self, address: AddressHash, most: u32) -> Result<Vec<Tried>> {
        let rows: Vec<(i64, String, bool)> = sqlx::query_as(
            "SELECT at, device, succeeded FROM sign_in_attempt WHERE address = $1 ORDER BY id DESC LIMIT $2",
        )
        .bind(address.to_string())
        .bind(most)
        .fetch_all(&self.db.reader)
        .await?;
        rows.into_iter()
            .map(|(at, device, succeeded)| {
                Ok(Tried { at: Timestamp::from_unix_ms(at), device: parsed("device", &device)?, succeeded })
            })
            .collect()
    }
}

/// How long to wait after so many failures: a second, and twice as long each time.
fn wait(failed: u32) -> Duration {
    let seconds = 1_u64 << failed.saturating_sub(Attempts::FREE).min(10);
    Duration::from_secs(seconds).min(Attempts::LONGEST)
}
