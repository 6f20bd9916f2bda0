//! Removes what is over: sessions that ended, guests' tracks that are old, and bytes that nothing names.

use crate::Store;
use crate::error::Result;
use std::collections::HashSet;
use std::time::{Duration, SystemTime};

/// A blob is written first and named in the database afterwards: for so long it may be without a name.
const ORPHAN_GRACE: Duration = Duration::from_hours(1);

/// How long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Tracks of visitors without an account, since their upload.
    pub guest_tracks: Duration,
}

/// What a sweep removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Sessions that had ended.
    pub sessions: u64,
    /// Tracks older than they are kept; those of ended sessions go with these, uncounted.
    pub tracks: u64,
    /// Blobs that nothing named.
    pub blobs: u64,
}

impl Store {
    /// Removes what is over. To be called now and then.
    pub async fn sweep(&self, retention: Retention) -> Result<Swept> {
        let now = self.db.now();
        let mut tx = self.db.write().await?;
        let sessions = sqlx::query("DELETE FROM session WHERE expires_at <= $1")
            .bind(now.unix_ms())
            .execute(&mut *tx)
            .await?
            .rows_affected();
        let tracks = sqlx::query("DELETE FROM track WHERE created_at <= $1")
            .bind((now - retention.guest_tracks).unix_ms())
            .execute(&mut *tx)
            .await?
            .rows_affected();
        tx.commit().await?;
        let blobs = self.sweep_blobs(ORPHAN_GRACE).await?;
        Ok(Swept { sessions, tracks, blobs })
    }

    /// Removes blobs that nothing names and that were written more than `grace` ago.
    pub(crate) async fn sweep_blobs(&self, grace: Duration) -> Result<u64> {
        // Listed before the names are read: what is written in between is not in the list.
        let blobs = self.blobs.list().await?;
        let named: HashSet<String> =
            sqlx::query_scalar("SELECT source_blob FROM track UNION ALL SELECT blob FROM output")
                .fetch_all(&self.db.reader)
                .await?
                .into_iter()
                .collect();
        let oldest_spared =
            SystemTime::UNIX_EPOCH + Duration::from_millis((self.db.now() - grace).unix_ms().try_into().unwrap_or(0));
        let mut removed = 0;
        for (id, modified) in blobs {
            if (grace.is_zero() || modified <= oldest_spared) && !named.contains(&id.to_string()) {
                self.blobs.delete(id).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}
