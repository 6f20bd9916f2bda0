//! Passkeys, and the challenges that they are to answer: each is good once, for minutes, and for the browser that asked.
//!
//! Not here: what a signature says (a provider's). Public keys are kept as that writes them, and read by nobody else.

use crate::db::Db;
use crate::error::Result;
use crate::factors::drop_idle_codes;
use crate::row::parsed;
use domain::{AccountId, BrowserMark, ChallengeId, PasskeyId, PasskeyName, PasskeyPurpose, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// The passkeys of accounts.
#[derive(Clone)]
pub struct Passkeys {
    db: Arc<Db>,
}

/// One passkey in the list that its holder sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    /// Its name in addresses; opens nothing.
    pub id: PasskeyId,
    /// What its holder calls it.
    pub name: PasskeyName,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
}

/// A passkey as whoever checks an answer needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPasskey {
    /// Its name in addresses.
    pub id: PasskeyId,
    /// Whose it is.
    pub account: AccountId,
    /// The public key, as its provider wrote it.
    pub key: String,
}

/// A passkey that is about to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPasskey<'a> {
    /// What the device calls it.
    pub credential: &'a str,
    /// The public key, as its provider wrote it.
    pub key: &'a str,
    /// How often it was used.
    pub counter: u32,
    /// What its holder calls it.
    pub name: &'a PasskeyName,
}

impl Passkeys {
    /// How long somebody may take to find the key, or the finger.
    pub const ANSWER_WITHIN: Duration = Duration::from_mins(5);
    /// Passkeys of one account.
    pub const MOST: i64 = 20;
    /// Challenges that wait, of one account and of all who are not signed in; the oldest make room.
    const MOST_CHALLENGES: i64 = 10;
    const MOST_OF_STRANGERS: i64 = 10_000;

    pub(crate) fn new(db: Arc<Db>) -> Self {
        Self { db }
    }

    /// Keeps what a challenge's answer is to be held against.
    pub async fn ask(
        &self,
        purpose: PasskeyPurpose,
        account: Option<AccountId>,
        browser: BrowserMark,
        state: &str,
    ) -> Result<ChallengeId> {
        let id = ChallengeId::draw(self.db.entropy.as_ref());
        let account = account.map(|account| account.to_string());
        let most = if account.is_some() { Self::MOST_CHALLENGES } else { Self::MOST_OF_STRANGERS };
        let mut tx = self.db.write().await?;
        sqlx::query(
            "INSERT INTO passkey_challenge (id, purpose, bound_to, account_id, state, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(id.to_string())
        .bind(purpose.as_str())
        .bind(browser.to_string())
        .bind(&account)
        .bind(state)
        .bind((self.db.now() + Self::ANSWER_WITHIN).unix_ms())
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "DELETE FROM passkey_challenge WHERE id IN
             (SELECT id FROM passkey_challenge WHERE account_id IS $1 ORDER BY expires_at DESC, rowid DESC LIMIT -1 OFFSET $2)",
        )
        .bind(&account)
        .bind(most)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Takes a challenge, which is used up by it, whatever comes of the answer. `None` if there is none for this purpose,
    /// account and browser, or it took too long.
    pub async fn take(
        &self,
        id: ChallengeId,
        purpose: PasskeyPurpose,
        account: Option<AccountId>,
        browser: BrowserMark,
    ) -> Result<Option<String>> {
        let mut tx = self.db.write().await?;
        let state = sqlx::query_scalar(
            "DELETE FROM passkey_challenge
             WHERE id = $1 AND purpose = $2 AND account_id IS $3 AND bound_to = $4 AND expires_at > $5 RETURNING state",
        )
        .bind(id.to_string())
        .bind(purpose.as_str())
        .bind(account.map(|account| account.to_string()))
        .bind(browser.to_string())
        .bind(self.db.now().unix_ms())
        .fetch_optional(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(state)
    }

    /// Adds a passkey. `None` if it is somebody's already, or the account has as many as it may.
    pub async fn add(&self, account: AccountId, new: &NewPasskey<'_>) -> Result<Option<PasskeyId>> {
        let id = PasskeyId::draw(self.db.entropy.as_ref());
        let mut tx = self.db.write().await?;
        let added = sqlx::query(
            "INSERT INTO passkey (id, account_id, credential, key, counter, name, created_at)
             SELECT $1, $2, $3, $4, $5, $6, $7 WHERE (SELECT COUNT(*) FROM passkey WHERE account_id = $2) < $8
             ON CONFLICT (credential) DO NOTHING",
        )
        .bind(id.to_string())
        .bind(account.to_string())
        .bind(new.credential)
        .bind(new.key)
        .bind(new.counter)
        .bind(new.name.as_str())
        .bind(self.db.now().unix_ms())
        .bind(Self::MOST)
        .execute(&mut *tx)
        .await?
        .rows_affected();
        tx.commit().await?;
        Ok((added == 1).then_some(id))
    }

    /// The passkeys of an account, the oldest first.
    pub async fn list(&self, account: AccountId) -> Result<Vec<Passkey>> {
        let rows: Vec<(String, String, i64, Option<i64>)> = sqlx::query_as(
            "SELECT id, name, created_at, used_at FROM passkey WHERE account_id = $1 ORDER BY created_at, rowid",
        )
        .bind(account.to_string())
        .fetch_all(&self.db.reader)
        .await?;
        rows.into_iter()
            .map(|(id, name, created_at, used_at)| {
                Ok(Passkey {
                    id: parsed("passkey id", &id)?,
                    name: parsed("passkey's name", &name)?,
                    created_at: Timestamp::from_unix_ms(created_at),
                    used_at: used_at.map(Timestamp::from_unix_ms),
                })
            })
            .collect()
    }

    /// The public keys of an account, as their provider wrote them.
    pub async fn keys(&self, account: AccountId) -> Result<Vec<String>> {
        let keys = sqlx::query_scalar("SELECT key FROM passkey WHERE account_id = $1 ORDER BY created_at, rowid")
            .bind(account.to_string())
            .fetch_all(&self.db.reader)
            .await?;
        Ok(keys)
    }

    /// The passkey that a device calls so.
    pub async fn find(&self, credential: &str) -> Result<Option<KnownPasskey>> {
        let row: Option<(String, String, String)> =
            sqlx::query_as("SELECT id, account_id, key FROM passkey WHERE credential = $1")
                .bind(credential)
                .fetch_optional(&self.db.reader)
                .await?;
        row.map(|(id, account, key)| {
            Ok(KnownPasskey { id: parsed("passkey id", &id)?, account: parsed("account id", &account)?, key })
        })
        .transpose()
    }

    /// A passkey was used. `false` if its counter says that another copy of it was used since: it has to count up, unless
    /// it does not count at all.
    pub async fn used(&self, id: PasskeyId, key: &str, counter: u32) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let used = sqlx::query(
            "UPDATE passkey SET key = $1, counter = $2, used_at = $3
             WHERE id = $4 AND (counter < $2 OR (counter = 0 AND $2 = 0))",
        )
        .bind(key)
        .bind(counter)
        .bind(self.db.now().unix_ms())
        .bind(id.to_string())
        .execute(&mut *tx)
        .await?
        .rows_affected();
        tx.commit().await?;
        Ok(used == 1)
    }

    /// Calls a passkey otherwise. `false` if the account has none of that id.
    pub async fn rename(&self, account: AccountId, id: PasskeyId, name: &PasskeyName) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let renamed = sqlx::query("UPDATE passkey SET name = $1 WHERE id = $2 AND account_id = $3")
            .bind(name.as_str())
            .bind(id.to_string())
            .bind(account.to_string())
            .execute(&mut *tx)
            .await?
            .rows_affected();
        tx.commit().await?;
        Ok(renamed == 1)
    }

    /// Removes a passkey and gives its name; with the last factor go the recovery codes. `None` if the account has none of
    /// that id.
    pub async fn remove(&self, account: AccountId, id: PasskeyId) -> Result<Option<PasskeyName>> {
        let mut tx = self.db.write().await?;
        let name: Option<String> =
            sqlx::query_scalar("DELETE FROM passkey WHERE id = $1 AND account_id = $2 RETURNING name")
                .bind(id.to_string())
                .bind(account.to_string())
                .fetch_optional(&mut *tx)
                .await?;
        drop_idle_codes(&mut tx, account).await?;
        tx.commit().await?;
        name.map(|name| parsed("passkey's name", &name)).transpose()
    }
}
