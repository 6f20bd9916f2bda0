//! Sessions: begun when a feature first needs one, ended by the server's clock.

use crate::db::Db;
use crate::error::Result;
use domain::{Owner, Session, SessionId, SessionToken, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// The sessions of visitors.
#[derive(Clone)]
pub struct Sessions {
    db: Arc<Db>,
}

impl Sessions {
    pub(crate) fn new(db: Arc<Db>) -> Self {
        Self { db }
    }

    /// Begins a session that ends after `lifetime` unless it is [resumed](Self::resume). The token exists here and in
    /// the visitor's cookie, nowhere else.
    pub async fn begin(&self, lifetime: Duration) -> Result<(SessionToken, Session)> {
        let token = SessionToken::draw(self.db.entropy.as_ref());
        let created_at = self.db.now();
        let session = Session { id: token.id(), created_at, expires_at: created_at + lifetime };
        let mut tx = self.db.write().await?;
        sqlx::query("INSERT INTO session (id, created_at, expires_at) VALUES ($1, $2, $3)")
            .bind(session.id.to_string())
            .bind(session.created_at.unix_ms())
            .bind(session.expires_at.unix_ms())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok((token, session))
    }

    /// The session that a token opens; `None` if there is none or it has ended.
    pub async fn find(&self, token: &SessionToken) -> Result<Option<Session>> {
        let id = token.id();
        let row: Option<(i64, i64)> = sqlx::query_as(
            "SELECT created_at, expires_at FROM session WHERE id = $1 AND expires_at > $2 AND account_id IS NULL",
        )
        .bind(id.to_string())
        .bind(self.db.now().unix_ms())
        .fetch_optional(&self.db.reader)
        .await?;
        Ok(row.map(|(created_at, expires_at)| Session {
            id,
            created_at: Timestamp::from_unix_ms(created_at),
            expires_at: Timestamp::from_unix_ms(expires_at),
        }))
    }

    /// Like [`Self::find`], and keeps a session that is in use alive for another `lifetime`. Writes only once half of
    /// it is gone, so that reading pages does not wear the disk.
    pub async fn resume(&self, token: &SessionToken, lifetime: Duration) -> Result<Option<Session>> {
        let Some(session) = self.find(token).await? else {
            return Ok(None);
        };
        let now = self.db.now();
        if session.expires_at.since(now) > lifetime / 2 {
            return Ok(Some(session));
        }
        let expires_at = now + lifetime;
        let mut tx = self.db.write().await?;
        // A session that was ended meanwhile stays ended.
        let extended = sqlx::query("UPDATE session SET expires_at = $1 WHERE id = $2 AND expires_at > $3")
            .bind(expires_at.unix_ms())
            .bind(session.id.to_string())
            .bind(now.unix_ms())
            .execute(&mut *tx)
            .await?
            .rows_affected();
        tx.commit().await?;
        Ok((extended == 1).then_some(Session { expires_at, ..session }))
    }

    /// Takes a guest's tracks along to the account that they signed in to, and ends the guest's session. Gives how many
    /// there were; none if there is no such guest.
    pub async fn bring_along(&self, guest: &SessionToken, to: Owner) -> Result<u64> {
        let Some(session) = self.find(guest).await? else { return Ok(0) };
        let mut tx = self.db.write().await?;
        let moved = sqlx::query("UPDATE track SET session_id = $1 WHERE session_id = $2")
            .bind(to.session().to_string())
            .bind(session.id.to_string())
            .execute(&mut *tx)
            .await?
            .rows_affected();
        sqlx::query("DELETE FROM session WHERE id = $1").bind(session.id.to_string()).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(moved)
    }

    /// Ends a session; its tracks go with it. Their bytes go with the next [sweep](crate::Store::sweep).
    pub async fn end(&self, session: SessionId) -> Result<()> {
        let mut tx = self.db.write().await?;
        sqlx::query("DELETE FROM session WHERE id = $1 AND account_id IS NULL")
            .bind(session.to_string())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }
}
