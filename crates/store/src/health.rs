//! How the service fares: times and failures, counted without knowing any visitor.
//!
//! Nothing of this is stored on anybody's device and nothing of it can be led back to a request: times are counts by
//! day, route and bucket; failures are counts by route, status and scrubbed message. Whoever counts does so in memory
//! and hands over sums now and then.

use crate::db::Db;
use crate::error::Result;
use crate::row::number;
use domain::{Bucket, Histogram, Label, Route, Scrubbed, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Most groups of failures; the one that was seen longest ago makes room.
const MAX_ERRORS: i64 = 500;
/// Most names with times on one day; further ones are left out.
const MAX_NAMES: i64 = 500;

/// How the service fares.
#[derive(Clone)]
pub struct Health {
    db: Arc<Db>,
}

/// Sums to be added to what is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HealthReport {
    /// How long requests took, by route.
    pub requests: BTreeMap<Route, Histogram>,
    /// How long the stages of jobs took.
    pub stages: BTreeMap<Label, Histogram>,
    /// Requests that failed on this side.
    pub errors: BTreeMap<ServerError, u64>,
}

impl HealthReport {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty() && self.stages.is_empty() && self.errors.is_empty()
    }
}

/// A request that failed on this side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerError {
    /// What was asked for.
    pub route: Route,
    /// The status that was answered.
    pub status: u16,
    /// What went wrong.
    pub message: Scrubbed,
}

/// The same failure, again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerErrorGroup {
    /// What was asked for.
    pub route: Route,
    /// The status that was answered.
    pub status: u16,
    /// What went wrong, scrubbed.
    pub message: String,
    /// How often.
    pub count: u64,
    /// Since when.
    pub first: Timestamp,
    /// Until when.
    pub last: Timestamp,
}

impl Health {
    pub(crate) fn new(db: Arc<Db>) -> Self {
        Self { db }
    }

    /// Adds sums to what is kept of the present day: all or, after an error, nothing.
    pub async fn add(&self, report: &HealthReport) -> Result<()> {
        let now = self.db.now();
        let mut tx = self.db.write().await?;
        let requests = report.requests.iter().map(|(route, times)| ("request", route.as_str(), times));
        let stages = report.stages.iter().map(|(stage, times)| ("job", stage.as_str(), times));
        for (what, name, times) in requests.chain(stages) {
            for (bucket, count) in times.buckets() {
                sqlx::query(
                    "INSERT INTO timing (day, what, name, bucket, count)
                     SELECT $1, $2, $3, $4, $5
                     WHERE (SELECT COUNT(DISTINCT name) FROM timing WHERE day = $1 AND what = $2 AND name <> $3) < $6
                     ON CONFLICT DO UPDATE SET count = count + excluded.count",
                )
                .bind(day(now))
                .bind(what)
                .bind(name)
                .bind(i64::from(bucket.0))
                .bind(count.cast_signed())
                .bind(MAX_NAMES)
                .execute(&mut *tx)
                .await?;
            }
        }
        for (error, count) in &report.errors {
            sqlx::query(
                "INSERT INTO server_error (route, status, message, count, first_at, last_at)
                 VALUES ($1, $2, $3, $4, $5, $5)
                 ON CONFLICT DO UPDATE SET count = count + excluded.count, last_at = excluded.last_at",
            )
            .bind(error.route.as_str())
            .bind(i64::from(error.status))
            .bind(error.message.as_str())
            .bind(count.cast_signed())
            .bind(now.unix_ms())
            .execute(&mut *tx)
            .await?;
        }
        if !report.errors.is_empty() {
            sqlx::query(
                "DELETE FROM server_error WHERE (route, status, message) IN
                     (SELECT route, status, message FROM server_error ORDER BY last_at DESC LIMIT -1 OFFSET $1)",
            )
            .bind(MAX_ERRORS)
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// How long requests took within the last `span`, in whole days, by route.
    pub async fn requests(&self, span: Duration) -> Result<BTreeMap<Route, Histogram>> {
        let times = self.times("request", span).await?;
        Ok(times.into_iter().map(|(name, times)| (Route::of(&name), times)).collect())
    }

    /// How long the stages of jobs took within the last `span`, in whole days.
    pub async fn stages(&self, span: Duration) -> Result<BTreeMap<Label, Histogram>> {
        let times = self.times("job", span).await?;
        times.into_iter().map(|(name, times)| Ok((crate::row::parsed("stage", &name)?, times))).collect()
    }

    async fn times(&self, what: &str, span: Duration) -> Result<BTreeMap<String, Histogram>> {
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(
            "SELECT name, bucket, SUM(count) FROM timing WHERE what = $1 AND day >= $2 GROUP BY name, bucket",
        )
        .bind(what)
        .bind(day(self.db.now() - span) + 1)
        .fetch_all(&self.db.reader)
        .await?;
        let mut times = BTreeMap::<String, Histogram>::new();
        for (name, bucket, count) in rows {
            times.entry(name).or_default().add(Bucket(number("bucket", bucket)?), number("count", count)?);
        }
        Ok(times)
    }

    /// What failed within the last `span`, the most frequent first.
    pub async fn errors(&self, span: Duration) -> Result<Vec<ServerErrorGroup>> {
        let rows: Vec<(String, i64, String, i64, i64, i64)> = sqlx::query_as(
            "SELECT route, status, message, count, first_at, last_at FROM server_error
             WHERE last_at > $1 ORDER BY count DESC, last_at DESC LIMIT 100",
        )
        .bind((self.db.now() - span).unix_ms())
        .fetch_all(&self.db.reader)
        .await?;
        rows.into_iter()
            .map(|(route, status, message, count, first, last)| {
                Ok(ServerErrorGroup {
                    route: Route::of(&route),
                    status: number("status", status)?,
                    message,
                    count: number("count", count)?,
                    first: Timestamp::from_unix_ms(first),
                    last: Timestamp::from_unix_ms(last),
                })
            })
            .collect()
    }
}

/// Days since 1970-01-01, UTC.
pub(crate) fn day(at: Timestamp) -> i64 {
    at.unix_ms().div_euclid(DAY_MS)
}
