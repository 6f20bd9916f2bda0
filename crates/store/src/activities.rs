//! What happened to accounts, for their holders: how they were entered, what was tried, what was changed. Without
//! addresses: of a network stands here a mark that nobody can read back without the key that made it.

use crate::db::Db;
use crate::error::Result;
use crate::row::parsed;
use domain::{AccountId, Device, Happening, NetworkMark, Timestamp};
use std::sync::Arc;

/// What happened to accounts.
#[derive(Clone)]
pub struct Activities {
    db: Arc<Db>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Happening,
    /// With what kind of browser.
    pub device: Device,
}

impl Activities {
    /// Lines that are kept of one account; the oldest makes room.
    const MOST: i64 = 200;
    /// Networks that are known of one account.
    const MOST_NETWORKS: i64 = 50;

    pub(crate) fn new(db: Arc<Db>) -> Self {
        Self { db }
    }

    /// Writes down what happened. Nothing, where the account is gone by now.
    pub async fn record(&self, account: AccountId, what: Happening, device: Device) -> Result<()> {
        let account = account.to_string();
        let mut tx = self.db.write().await?;
        sqlx::query(
            "INSERT INTO activity (account_id, at, what, device)
             SELECT $1, $2, $3, $4 WHERE EXISTS (SELECT 1 FROM account WHERE id = $1)",
        )
        .bind(&account)
        .bind(self.db.now().unix_ms())
        .bind(what.as_str())
        .bind(device.to_string())
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "DELETE FROM activity WHERE account_id = $1 AND id <=
             (SELECT id FROM activity WHERE account_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)",
        )
        .bind(&account)
        .bind(Self::MOST)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Somebody signed in from a network. `true` if others are known of the account and this one is not.
    pub async fn is_new_network(&self, account: AccountId, network: NetworkMark) -> Result<bool> {
        let account = account.to_string();
        let mut tx = self.db.write().await?;
        let (known, this): (i64, i64) = sqlx::query_as(
            "SELECT COUNT(*), COUNT(*) FILTER (WHERE mark = $2) FROM known_network WHERE account_id = $1",
        )
        .bind(&account)
        .bind(network.to_string())
        .fetch_one(&mut *tx)
        .await?;
        sqlx::query(
            "INSERT INTO known_network (account_id, mark, seen_at)
             SELECT $1, $2, $3 WHERE EXISTS (SELECT 1 FROM account WHERE id = $1)
             ON CONFLICT (account_id, mark) DO UPDATE SET seen_at = excluded.seen_at",
        )
        .bind(&account)
        .bind(network.to_string())
        .bind(self.db.now().unix_ms())
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "DELETE FROM known_network WHERE account_id = $1 AND mark NOT IN
             (SELECT mark FROM known_network WHERE account_id = $1 ORDER BY seen_at DESC LIMIT $2)",
        )
        .bind(&account)
        .bind(Self::MOST_NETWORKS)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(known > 0 && this == 0)
    }

    /// The latest lines of an account, the newest first.
    pub async fn latest(&self, account: AccountId, most: u32) -> Result<Vec<Activity>> {
        let rows: Vec<(i64, String, String)> =
            sqlx::query_as("SELECT at, what, device FROM activity WHERE account_id = $1 ORDER BY id DESC LIMIT $2")
                .bind(account.to_string())
                .bind(most)
                .fetch_all(&self.db.reader)
                .await?;
        rows.into_iter()
            .map(|(at, what, device)| {
                Ok(Activity {
                    at: Timestamp::from_unix_ms(at),
                    what: parsed("happening", &what)?,
                    device: parsed("device", &device)?,
                })
            })
            .collect()
    }
}
