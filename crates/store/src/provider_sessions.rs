//! Sessions at an identity provider: one beside each browser that is signed in, with its tokens sealed.
//!
//! A session lives as long as its browser is signed in. However that ends (signed out here or elsewhere, account closed
//! or deleted, too long without use), its row stays without a browser, and whoever [claims](ProviderSessions::claim) it
//! ends it at the provider. Not here: what the tokens are, and the provider.

use crate::db::Db;
use crate::error::Result;
use crate::row::parsed;
use domain::{AccountId, ProviderSessionId, SignInId, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// Sessions at an identity provider.
#[derive(Clone)]
pub struct ProviderSessions {
    db: Arc<Db>,
}

/// A session that something is to be done about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Its name: its tokens are sealed for that.
    pub id: ProviderSessionId,
    /// Its tokens, sealed.
    pub tokens: String,
    /// What.
    pub what: Task,
}

/// What is to be done about a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Its tokens are to be exchanged for new ones.
    Refresh,
    /// It is over here, and is to be ended there.
    End,
    /// All sessions of its user are.
    EndAll,
}

#[derive(sqlx::FromRow)]
struct DueRow {
    id: String,
    tokens: String,
    sign_in: Option<String>,
    everywhere: bool,
}

impl ProviderSessions {
    /// So long a session waits for a browser: somebody proved who they are, and signing in is not done yet.
    pub const PENDING: Duration = Duration::from_mins(15);
    /// What did not work is tried again after so long.
    pub const AGAIN: Duration = Duration::from_secs(15);
    /// A session that could not be ended for so long is over by itself.
    pub(crate) const GIVEN_UP_AFTER: Duration = Duration::from_hours(14 * 24);

    pub(crate) fn new(db: Arc<Db>) -> Self {
        Self { db }
    }

    /// A name for a session, for which its tokens can be sealed.
    pub fn draw(&self) -> ProviderSessionId {
        ProviderSessionId::draw(self.db.entropy.as_ref())
    }

    /// Keeps a session of an account's holder, which waits for its browser. Its tokens are to be exchanged at `due_at`.
    pub async fn add(&self, id: ProviderSessionId, account: AccountId, tokens: &str, due_at: Timestamp) -> Result<()> {
        let now = self.db.now();
        let mut tx = self.db.write().await?;
        sqlx::query(
            "INSERT INTO provider_session (id, account_id, tokens, everywhere, created_at, pending_until, due_at, tried_at)
             VALUES ($1, $2, $3, 0, $4, $5, $6, 0)",
        )
        .bind(id.to_string())
        .bind(account.to_string())
        .bind(tokens)
        .bind(now.unix_ms())
        .bind((now + Self::PENDING).unix_ms())
        .bind(due_at.unix_ms())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Gives a browser the latest session that waits for one. The one that it had is over. `false` if none waits.
    pub async fn attach(&self, account: AccountId, sign_in: SignInId) -> Result<bool> {
        let (account, now) = (account.to_string(), self.db.now().unix_ms());
        let mut tx = self.db.write().await?;
        let waiting: Option<String> = sqlx::query_scalar(
            "SELECT id FROM provider_session WHERE account_id = $1 AND sign_in IS NULL AND pending_until > $2
             ORDER BY created_at DESC, rowid DESC LIMIT 1",
        )
        .bind(&account)
        .bind(now)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(waiting) = waiting else { return Ok(false) };
        sqlx::query("UPDATE provider_session SET sign_in = NULL WHERE sign_in = $1")
            .bind(sign_in.to_string())
            .execute(&mut *tx)
            .await?;
        sqlx::query("UPDATE provider_session SET sign_in = $1, pending_until = 0 WHERE id = $2")
            .bind(sign_in.to_string())
            .bind(waiting)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The latest session of an account that waits for a browser: that of whoever has just proved who they are.
    pub async fn waiting(&self, account: AccountId) -> Result<Option<(ProviderSessionId, String)>> {
        let row: Option<(String, String)> = sqlx::query_as(
            "SELECT id, tokens FROM provider_session WHERE account_id = $1 AND sign_in IS NULL AND pending_until > $2
             ORDER BY created_at DESC, rowid DESC LIMIT 1",
        )
        .bind(account.to_string())
        .bind(self.db.now().unix_ms())
        .fetch_optional(&self.db.reader)
        .await?;
        row.map(|(id, tokens)| Ok((parsed("provider session", &id)?, tokens))).transpose()
    }

    /// What waits is not waited for any more.
    pub async fn give_up_waiting(&self, id: ProviderSessionId) -> Result<()> {
        let mut tx = self.db.write().await?;
        sqlx::query("UPDATE provider_session SET pending_until = 0 WHERE id = $1 AND sign_in IS NULL")
            .bind(id.to_string())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// When this browser's session ends, all of its user's are to end.
    pub async fn end_everywhere(&self, sign_in: SignInId) -> Result<()> {
        let mut tx = self.db.write().await?;
        sqlx::query("UPDATE provider_session SET everywhere = 1 WHERE sign_in = $1")
            .bind(sign_in.to_string())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes a session that is due, or that is over. It is not taken again before [`Self::AGAIN`].
    pub async fn claim(&self) -> Result<Option<Due>> {
        const NEXT: &str = "SELECT id FROM provider_session WHERE tried_at <= $2 AND
             CASE WHEN sign_in IS NULL THEN pending_until <= $1 OR account_id IS NULL ELSE due_at <= $1 END ORDER BY tried_at, due_at LIMIT 1";
        let (now, before) = (self.db.now().unix_ms(), (self.db.now() - Self::AGAIN).unix_ms());
        // Most of the time there is nothing to do, and nobody has to wait for the writer.
        let next: Option<String> =
            sqlx::query_scalar(NEXT).bind(now).bind(before).fetch_optional(&self.db.reader).await?;
        if next.is_none() {
            return Ok(None);
        }
        let mut tx = self.db.write().await?;
        let next: Option<String> = sqlx::query_scalar(NEXT).bind(now).bind(before).fetch_optional(&mut *tx).await?;
        let row: Option<DueRow> = sqlx::query_as(
            "UPDATE provider_session SET tried_at = $1 WHERE id = $2 RETURNING id, tokens, sign_in, everywhere",
        )
        .bind(now)
        .bind(next)
        .fetch_optional(&mut *tx)
        .await?;
        tx.commit().await?;
        row.map(|row| {
            let what = match (row.sign_in, row.everywhere) {
                (Some(_), _) => Task::Refresh,
                (None, false) => Task::End,
                (None, true) => Task::EndAll,
            };
            Ok(Due { id: parsed("provider session", &row.id)?, tokens: row.tokens, what })
        })
        .transpose()
    }

    /// Its tokens were exchanged; the new ones are due at `due_at`. Kept whether or not the browser is still signed in.
    pub async fn refreshed(&self, id: ProviderSessionId, tokens: &str, due_at: Timestamp) -> Result<()> {
        let mut tx = self.db.write().await?;
        sqlx::query("UPDATE provider_session SET tokens = $1, due_at = $2, tried_at = 0 WHERE id = $3")
            .bind(tokens)
            .bind(due_at.unix_ms())
            .bind(id.to_string())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The provider says that it is over: so is its browser's session. `true` if there was one.
    pub async fn end(&self, id: ProviderSessionId) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let ended =
            sqlx::query("DELETE FROM sign_in WHERE public_id = (SELECT sign_in FROM provider_session WHERE id = $1)")
                .bind(id.to_string())
                .execute(&mut *tx)
                .await?
                .rows_affected();
        sqlx::query("DELETE FROM provider_session WHERE id = $1").bind(id.to_string()).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(ended == 1)
    }
}
