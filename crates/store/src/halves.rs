//! Browsers that are halfway signed in: the password was right, the second factor is yet to be shown. Such a one opens
//! nothing, lasts for minutes, and bears few tries.

use crate::accounts::AccountRow;
use crate::attempts::Begun;
use crate::db::Db;
use crate::error::Result;
use crate::row::number;
use domain::{Account, AccountId, SessionToken, Stay};
use std::sync::Arc;
use std::time::Duration;

/// Browsers that are halfway signed in.
#[derive(Clone)]
pub struct Halves {
    db: Arc<Db>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Half {
    /// Whose password was right.
    pub account: Account,
    /// How long they want to stay signed in.
    pub stay: Stay,
    /// The attempt that succeeds with the second factor.
    pub begun: Begun,
}

#[derive(sqlx::FromRow)]
struct HalfRow {
    kept: bool,
    attempt_id: i64,
    failed_before: i64,
    device_is_known: bool,
    was_here: bool,
    #[sqlx(flatten)]
    account: AccountRow,
}

impl TryFrom<HalfRow> for Half {
    type Error = crate::Error;

    fn try_from(row: HalfRow) -> Result<Self> {
        Ok(Self {
            account: row.account.try_into()?,
            stay: if row.kept { Stay::Kept } else { Stay::Session },
            begun: Begun {
                id: row.attempt_id,
                failed_before: number("count of failures", row.failed_before)?,
                device_is_known: row.device_is_known,
                was_here: row.was_here,
            },
        })
    }
}

impl Halves {
    /// How long somebody may take to find their phone.
    pub const WITHIN: Duration = Duration::from_mins(10);
    /// So many codes may be tried before the password is asked for again.
    pub const TRIES: u32 = 5;
    /// Of one account at a time; the oldest makes room.
    const MOST: i64 = 10;

    pub(crate) fn new(db: Arc<Db>) -> Self {
        Self { db }
    }

    /// Lets a browser halfway in. The token exists here and in the browser's cookie, nowhere else.
    pub async fn begin(&self, account: AccountId, stay: Stay, begun: &Begun) -> Result<SessionToken> {
        let token = SessionToken::draw(self.db.entropy.as_ref());
        let now = self.db.now();
        let mut tx = self.db.write().await?;
        sqlx::query(
            "INSERT INTO half_sign_in
             (id, account_id, kept, attempt_id, failed_before, device_is_known, was_here, tries_left, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(token.id().to_string())
        .bind(account.to_string())
        .bind(stay == Stay::Kept)
        .bind(begun.id)
        .bind(begun.failed_before)
        .bind(begun.device_is_known)
        .bind(begun.was_here)
        .bind(Self::TRIES)
        .bind(now.unix_ms())
        .bind((now + Self::WITHIN).unix_ms())
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "DELETE FROM half_sign_in WHERE account_id = $1 AND id NOT IN
             (SELECT id FROM half_sign_in WHERE account_id = $1 ORDER BY created_at DESC, rowid DESC LIMIT $2)",
        )
        .bind(account.to_string())
        .bind(Self::MOST)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(token)
    }

    /// Who is halfway in; `None` if nobody, it took too long, or the account is closed.
    pub async fn find(&self, token: &SessionToken) -> Result<Option<Half>> {
        let row: Option<HalfRow> = sqlx::query_as(
            "SELECT kept, attempt_id, failed_before, device_is_known, was_here,
                    account.id, account.email, account.name, account.created_at, account.disabled_at
             FROM half_sign_in JOIN account ON account.id = half_sign_in.account_id
             WHERE half_sign_in.id = $1 AND half_sign_in.expires_at > $2 AND account.disabled_at IS NULL",
        )
        .bind(token.id().to_string())
        .bind(self.db.now().unix_ms())
        .fetch_optional(&self.db.reader)
        .await?;
        row.map(Half::try_from).transpose()
    }

    /// A code was wrong. `false`, and nobody is halfway in any more, if that was the last try.
    pub async fn wrong(&self, token: &SessionToken) -> Result<bool> {
        let id = token.id().to_string();
        let mut tx = self.db.write().await?;
        let left: Option<i64> = sqlx::query_scalar(
            "UPDATE half_sign_in SET tries_left = tries_left - 1 WHERE id = $1 RETURNING tries_left",
        )
        .bind(&id)
        .fetch_optional(&mut *tx)
        .await?;
        sqlx::query("DELETE FROM half_sign_in WHERE id = $1 AND tries_left <= 0").bind(&id).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(left.is_some_and(|left| left > 0))
    }

    /// Ends it. `false` if it had ended, so that of two who come at once one alone goes on.
    pub async fn end(&self, token: &SessionToken) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let ended = sqlx::query("DELETE FROM half_sign_in WHERE id = $1")
            .bind(token.id().to_string())
            .execute(&mut *tx)
            .await?
            .rows_affected();
        tx.commit().await?;
        Ok(ended == 1)
    }
}
