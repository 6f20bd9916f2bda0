//! Browsers that are signed in as operator.
//!
//! A session ends by the server's clock, whatever the browser keeps ([`Stay`]).

use crate::db::Db;
use crate::error::Result;
use domain::{SessionToken, Stay, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// Browsers that are signed in as operator.
#[derive(Clone)]
pub struct Operators {
    db: Arc<Db>,
}

impl Operators {
    /// Use is written down only once this much of [`Stay::IDLE`] is gone, so that reading pages does not wear the disk.
    const TOUCHED_AFTER: Duration = Duration::from_mins(10);

    pub(crate) fn new(db: Arc<Db>) -> Self {
        Self { db }
    }

    /// Begins a session. The token exists here and in the browser's cookie, nowhere else.
    pub async fn begin(&self, stay: Stay) -> Result<SessionToken> {
        let token = SessionToken::draw(self.db.entropy.as_ref());
        let now = self.db.now();
        let expires_at = now + Stay::LONGEST;
        let mut tx = self.db.write().await?;
        sqlx::query(
            "INSERT INTO operator_session (id, created_at, idle_after, expires_at, kept) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(token.id().to_string())
        .bind(now.unix_ms())
        .bind(stay.idle_after(now, expires_at).unix_ms())
        .bind(expires_at.unix_ms())
        .bind(stay == Stay::Kept)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(token)
    }

    /// Whether a token opens a session, which thereby counts as used.
    pub async fn resume(&self, token: &SessionToken) -> Result<bool> {
        let id = token.id().to_string();
        let now = self.db.now();
        let row: Option<(i64, i64, bool)> =
            sqlx::query_as("SELECT idle_after, expires_at, kept FROM operator_session WHERE id = $1")
                .bind(&id)
                .fetch_optional(&self.db.reader)
                .await?;
        let Some((idle_after, expires_at, kept)) = row else {
            return Ok(false);
        };
        let (idle_after, expires_at) = (Timestamp::from_unix_ms(idle_after), Timestamp::from_unix_ms(expires_at));
        if now >= idle_after || now >= expires_at {
            return Ok(false);
        }
        let stay = if kept { Stay::Kept } else { Stay::Session };
        let fresh = stay.idle_after(now, expires_at);
        if fresh.since(idle_after) < Self::TOUCHED_AFTER {
            return Ok(true);
        }
        let mut tx = self.db.write().await?;
        // A session that was ended meanwhile stays ended.
        let touched = sqlx::query("UPDATE operator_session SET idle_after = $1 WHERE id = $2")
            .bind(fresh.unix_ms())
            .bind(&id)
            .execute(&mut *tx)
            .await?
            .rows_affected();
        tx.commit().await?;
        Ok(touched == 1)
    }

    /// Ends a session, and whatever holds its token is signed out.
    pub async fn end(&self, token: &SessionToken) -> Result<()> {
        let mut tx = self.db.write().await?;
        sqlx::query("DELETE FROM operator_session WHERE id = $1")
            .bind(token.id().to_string())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends every session: for when the operator's token may have become known.
    pub async fn end_all(&self) -> Result<u64> {
        let mut tx = self.db.write().await?;
        let ended = sqlx::query("DELETE FROM operator_session").execute(&mut *tx).await?.rows_affected();
        tx.commit().await?;
        Ok(ended)
    }
}
