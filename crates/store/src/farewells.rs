//! Customers whom the payment provider is to forget, since their accounts are deleted: kept until that is done.
//!
//! Not here: how the provider is told.

use crate::db::Db;
use crate::error::Result;
use crate::row::{number, parsed};
use domain::RemoteId;
use std::sync::Arc;
use std::time::Duration;

/// Customers to be forgotten by the payment provider.
#[derive(Clone)]
pub struct Farewells {
    db: Arc<Db>,
}

/// One of them, taken to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Farewell {
    id: i64,
    /// The provider's name for them.
    pub customer: RemoteId,
    tries: u32,
}

impl Farewells {
    /// The first pause after a failure; each next one is twice as long.
    const FIRST_PAUSE: Duration = Duration::from_secs(30);
    /// No pause is longer. It is never given up: a subscription would go on.
    const LONGEST_PAUSE: Duration = Duration::from_hours(6);
    /// How long telling may take before it counts as failed.
    const LEASE: Duration = Duration::from_mins(5);

    pub(crate) fn new(db: Arc<Db>) -> Self {
        Self { db }
    }

    /// Takes the one that is due for longest.
    pub async fn claim(&self) -> Result<Option<Farewell>> {
        let now = self.db.now();
        let mut tx = self.db.write().await?;
        let row: Option<(i64, String, i64)> = sqlx::query_as(
            "UPDATE farewell SET tries = tries + 1, due_at = $2 WHERE id =
             (SELECT id FROM farewell WHERE due_at <= $1 ORDER BY due_at, id LIMIT 1) RETURNING id, customer, tries",
        )
        .bind(now.unix_ms())
        .bind((now + Self::LEASE).unix_ms())
        .fetch_optional(&mut *tx)
        .await?;
        tx.commit().await?;
        row.map(|(id, customer, tries)| {
            Ok(Farewell { id, customer: parsed("customer", &customer)?, tries: number("count of tries", tries)? })
        })
        .transpose()
    }

    /// It is done, and nothing of them stays here.
    pub async fn done(&self, farewell: &Farewell) -> Result<()> {
        let mut tx = self.db.write().await?;
        sqlx::query("DELETE FROM farewell WHERE id = $1").bind(farewell.id).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// It could not be done. Gives the pause until it is tried again.
    pub async fn failed(&self, farewell: &Farewell) -> Result<Duration> {
        let doubled = Self::FIRST_PAUSE.saturating_mul(1 << farewell.tries.saturating_sub(1).min(16));
        let pause = doubled.min(Self::LONGEST_PAUSE);
        let mut tx = self.db.write().await?;
        sqlx::query("UPDATE farewell SET due_at = $1 WHERE id = $2")
            .bind((self.db.now() + pause).unix_ms())
            .bind(farewell.id)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(pause)
    }
}
