//! What administrators did, for whoever asks later. Without names and addresses.

use crate::db::Db;
use crate::error::Result;
use crate::row::parsed;
use domain::{AccountId, Label, Timestamp};
use std::sync::Arc;

/// The log of what administrators did.
#[derive(Clone)]
pub struct Audits {
    db: Arc<Db>,
}

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLine {
    /// When.
    pub at: Timestamp,
    /// By whom, such as `command-line`.
    pub actor: Label,
    /// What, such as `disable-account`.
    pub action: Label,
    /// With which account, while there is one.
    pub account: Option<AccountId>,
}

impl Audits {
    pub(crate) fn new(db: Arc<Db>) -> Self {
        Self { db }
    }

    /// Writes down what was done.
    pub async fn record(&self, actor: &Label, action: &Label, account: Option<AccountId>) -> Result<()> {
        let mut tx = self.db.write().await?;
        // An account that has just been deleted is named no more.
        sqlx::query(
            "INSERT INTO audit (at, actor, action, account_id) VALUES ($1, $2, $3, (SELECT id FROM account WHERE id = $4))",
        )
        .bind(self.db.now().unix_ms())
        .bind(actor.as_str())
        .bind(action.as_str())
        .bind(account.map(|account| account.to_string()))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The latest lines, the newest first.
    pub async fn latest(&self, most: u32) -> Result<Vec<AuditLine>> {
        let rows: Vec<(i64, String, String, Option<String>)> =
            sqlx::query_as("SELECT at, actor, action, account_id FROM audit ORDER BY id DESC LIMIT $1")
                .bind(most)
                .fetch_all(&self.db.reader)
                .await?;
        rows.into_iter()
            .map(|(at, actor, action, account)| {
                Ok(AuditLine {
                    at: Timestamp::from_unix_ms(at),
                    actor: parsed("actor", &actor)?,
                    action: parsed("action", &action)?,
                    account: account.map(|account| parsed("account id", &account)).transpose()?,
                })
            })
            .collect()
    }
}
