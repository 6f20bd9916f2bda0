//! Links in mails: good once, for one purpose, and not for long.

use crate::db::Db;
use crate::error::Result;
use crate::row::parsed;
use domain::{AccountId, Email, LinkToken, Purpose};
use sqlx::SqliteConnection;
use std::sync::Arc;

/// The links that are on their way.
#[derive(Clone)]
pub struct Links {
    db: Arc<Db>,
}

/// What a link is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where the mail went.
    pub email: Email,
    /// Whose account it acts on; none where it makes one.
    pub account: Option<AccountId>,
}

/// Links of one purpose to one address that are good at the same time; the oldest make room.
const MOST: i64 = 5;

impl Links {
    pub(crate) fn new(db: Arc<Db>) -> Self {
        Self { db }
    }

    /// Makes a link to be sent to `email`: for `account`, or for the account that is to be made.
    pub async fn issue(&self, purpose: Purpose, email: &Email, account: Option<AccountId>) -> Result<LinkToken> {
        let token = LinkToken::draw(self.db.entropy.as_ref());
        let now = self.db.now();
        let mut tx = self.db.write().await?;
        sqlx::query(
            "INSERT INTO link (id, purpose, email, account_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(token.id().to_string())
        .bind(purpose.as_str())
        .bind(email.as_str())
        .bind(account.map(|account| account.to_string()))
        .bind(now.unix_ms())
        .bind((now + purpose.lifetime()).unix_ms())
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "DELETE FROM link WHERE email = $1 AND purpose = $2 AND id NOT IN
             (SELECT id FROM link WHERE email = $1 AND purpose = $2 ORDER BY created_at DESC, rowid DESC LIMIT $3)",
        )
        .bind(email.as_str())
        .bind(purpose.as_str())
        .bind(MOST)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(token)
    }

    /// What a link is about, without using it up; `None` if it is no good.
    pub async fn look(&self, purpose: Purpose, token: &LinkToken) -> Result<Option<Link>> {
        let row: Option<(String, Option<String>)> =
            sqlx::query_as("SELECT email, account_id FROM link WHERE id = $1 AND purpose = $2 AND expires_at > $3")
                .bind(token.id().to_string())
                .bind(purpose.as_str())
                .bind(self.db.now().unix_ms())
                .fetch_optional(&self.db.reader)
                .await?;
        row.map(link).transpose()
    }
}

/// Uses a link up, within a transaction; `None` if it is no good.
pub(crate) async fn redeem(
    db: &Db,
    tx: &mut SqliteConnection,
    purpose: Purpose,
    token: &LinkToken,
) -> Result<Option<Link>> {
    let row: Option<(String, Option<String>)> = sqlx::query_as(
        "DELETE FROM link WHERE id = $1 AND purpose = $2 AND expires_at > $3 RETURNING email, account_id",
    )
    .bind(token.id().to_string())
    .bind(purpose.as_str())
    .bind(db.now().unix_ms())
    .fetch_optional(&mut *tx)
    .await?;
    row.map(link).transpose()
}

fn link((email, account): (String, Option<String>)) -> Result<Link> {
    Ok(Link {
        email: parsed("address", &email)?,
        account: account.map(|account| parsed("account id", &account)).transpose()?,
    })
}
