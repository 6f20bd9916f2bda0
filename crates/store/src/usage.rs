//! What visitors did who agreed to be counted.
//!
//! Every row stands under the hash of the number in their `usage-stats` cookie and under nothing else, so that one
//! statement removes all that is kept of somebody who changes their mind ([`Usage::forget`]). What comes in is limited
//! by visitor and in all.

use crate::db::Db;
use crate::error::Result;
use crate::row::{number, parsed};
use domain::{Fingerprint, Label, Metric, Route, Timestamp, UsageEvent, UsageId, VisitorKey};
use sqlx::SqliteConnection;
use std::sync::Arc;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);
/// Lines that a list for the operator has at most.
const LONGEST_LIST: i64 = 100;

/// What consenting visitors did.
#[derive(Clone)]
pub struct Usage {
    db: Arc<Db>,
}

/// How much a feature is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureUse {
    /// Which feature.
    pub feature: Label,
    /// How often.
    pub uses: u64,
    /// By how many.
    pub visitors: u64,
}

/// How long something takes in browsers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageTimes {
    /// Which page.
    pub route: Route,
    /// What was measured.
    pub metric: Metric,
    /// How often.
    pub count: u64,
    /// Half of them took no longer, milliseconds.
    pub median_ms: u32,
    /// 95 % of them took no longer, milliseconds.
    pub p95_ms: u32,
}

/// The same fault, again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorGroup {
    /// Its name.
    pub fingerprint: Fingerprint,
    /// On which page.
    pub route: Route,
    /// What it says, scrubbed.
    pub message: String,
    /// How often.
    pub count: u64,
    /// To how many.
    pub visitors: u64,
    /// Since when.
    pub first: Timestamp,
    /// Until when.
    pub last: Timestamp,
}

/// How an arm of an experiment fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArmResult {
    /// Which arm.
    pub arm: Label,
    /// How many saw it.
    pub visitors: u64,
    /// How many of these then did what is hoped for.
    pub conversions: u64,
}

impl Usage {
    /// Most events of one visitor within 24 hours; more are left out.
    pub const MAX_PER_VISITOR: u64 = 500;
    /// Most events of all visitors within 24 hours; more are left out.
    pub const MAX_IN_ALL: u64 = 100_000;

    pub(crate) fn new(db: Arc<Db>) -> Self {
        Self { db }
    }

    /// Draws the number for a visitor who has agreed. Nothing is kept of it.
    pub fn draw(&self) -> UsageId {
        UsageId::draw(self.db.entropy.as_ref())
    }

    /// Records events, all at the present time. Returns how many were kept: not those beyond the limits, nor an exposure
    /// or a goal that the visitor had before.
    pub async fn record(&self, events: &[(VisitorKey, UsageEvent)]) -> Result<u64> {
        if events.is_empty() {
            return Ok(0);
        }
        let now = self.db.now();
        let mut tx = self.db.write().await?;
        let mut room = Self::MAX_IN_ALL.saturating_sub(in_a_day(&mut tx, now).await?);
        let mut kept = 0;
        for (visitor, event) in events {
            if room == 0 {
                break;
            }
            let inserted = insert(&mut tx, now, *visitor, event).await?;
            kept += inserted;
            room = room.saturating_sub(inserted);
        }
        tx.commit().await?;
        Ok(kept)
    }

    /// Removes everything that is kept of a visitor. Returns how many rows there were.
    pub async fn forget(&self, visitor: VisitorKey) -> Result<u64> {
        let mut tx = self.db.write().await?;
        let removed = sqlx::query("DELETE FROM usage_event WHERE visitor = $1")
            .bind(visitor.to_string())
            .execute(&mut *tx)
            .await?
            .rows_affected();
        tx.commit().await?;
        Ok(removed)
    }

    /// How many visitors there are events of within the last `span`.
    pub async fn visitors(&self, span: Duration) -> Result<u64> {
        let count: i64 = sqlx::query_scalar("SELECT COUNT(DISTINCT visitor) FROM usage_event WHERE at > $1")
            .bind(self.since(span))
            .fetch_one(&self.db.reader)
            .await?;
        number("count", count)
    }

    /// What is used most within the last `span`.
    pub async fn features(&self, span: Duration) -> Result<Vec<FeatureUse>> {
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(
            "SELECT name, COUNT(*), COUNT(DISTINCT visitor) FROM usage_event WHERE kind = 'feature' AND at > $1
             GROUP BY name ORDER BY COUNT(*) DESC, name LIMIT $2",
        )
        .bind(self.since(span))
        .bind(LONGEST_LIST)
        .fetch_all(&self.db.reader)
        .await?;
        rows.into_iter()
            .map(|(name, uses, visitors)| {
                Ok(FeatureUse {
                    feature: parsed("feature", &name)?,
                    uses: number("count", uses)?,
                    visitors: number("count", visitors)?,
                })
            })
            .collect()
    }

    /// How long pages take in browsers within the last `span` (nearest rank), the slowest first.
    pub async fn page_times(&self, span: Duration) -> Result<Vec<PageTimes>> {
        let rows: Vec<(String, String, i64, i64, i64)> = sqlx::query_as(
            "WITH ranked AS (
                 SELECT route, name, ms, COUNT(*) OVER of_page AS count,
                        ROW_NUMBER() OVER (of_page ORDER BY ms) AS place
                 FROM usage_event WHERE kind = 'timing' AND at > $1
                 WINDOW of_page AS (PARTITION BY route, name)
             )
             SELECT route, name, count, MIN(CASE WHEN place * 2 >= count THEN ms END),
                    MIN(CASE WHEN place * 20 >= count * 19 THEN ms END) AS p95
             FROM ranked GROUP BY route, name ORDER BY p95 DESC, route, name LIMIT $2",
        )
        .bind(self.since(span))
        .bind(LONGEST_LIST)
        .fetch_all(&self.db.reader)
        .await?;
        rows.into_iter()
            .map(|(route, metric, count, median, p95)| {
                Ok(PageTimes {
                    route: Route::of(&route),
                    metric: parsed("metric", &metric)?,
                    count: number("count", count)?,
                    median_ms: number("time", median)?,
                    p95_ms: number("time", p95)?,
                })
            })
            .collect()
    }

    /// The faults in browsers within the last `span`, the most frequent first.
    pub async fn errors(&self, span: Duration) -> Result<Vec<ErrorGroup>> {
        let rows: Vec<(String, String, String, i64, i64, i64, i64)> = sqlx::query_as(
            "SELECT name, MIN(route), MIN(detail), COUNT(*), COUNT(DISTINCT visitor), MIN(at), MAX(at)
             FROM usage_event WHERE kind = 'error' AND at > $1
             GROUP BY name ORDER BY COUNT(*) DESC, MAX(at) DESC LIMIT $2",
        )
        .bind(self.since(span))
        .bind(LONGEST_LIST)
        .fetch_all(&self.db.reader)
        .await?;
        rows.into_iter()
            .map(|(name, route, message, count, visitors, first, last)| {
                Ok(ErrorGroup {
                    fingerprint: parsed("fingerprint", &name)?,
                    route: Route::of(&route),
                    message,
                    count: number("count", count)?,
                    visitors: number("count", visitors)?,
                    first: Timestamp::from_unix_ms(first),
                    last: Timestamp::from_unix_ms(last),
                })
            })
            .collect()
    }

    /// How the arms of an experiment fare, of everybody whose events are still kept. What somebody did before they saw
    /// the page in question does not count for it.
    pub async fn experiment(&self, experiment: &Label) -> Result<Vec<ArmResult>> {
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(
            "SELECT seen.detail, COUNT(*), COUNT(done.id)
             FROM usage_event AS seen LEFT JOIN usage_event AS done
               ON done.visitor = seen.visitor AND done.kind = 'goal' AND done.name = seen.name AND done.id > seen.id
             WHERE seen.kind = 'exposure' AND seen.name = $1
             GROUP BY seen.detail ORDER BY seen.detail",
        )
        .bind(experiment.as_str())
        .fetch_all(&self.db.reader)
        .await?;
        rows.into_iter()
            .map(|(arm, visitors, conversions)| {
                Ok(ArmResult {
                    arm: parsed("arm", &arm)?,
                    visitors: number("count", visitors)?,
                    conversions: number("count", conversions)?,
                })
            })
            .collect()
    }

    fn since(&self, span: Duration) -> i64 {
        (self.db.now() - span).unix_ms()
    }
}

/// How many events were recorded within 24 hours. Ids grow with time, so that two look-ups tell.
async fn in_a_day(tx: &mut SqliteConnection, now: Timestamp) -> Result<u64> {
    let count: i64 = sqlx::query_scalar(
        "SELECT COALESCE(1 + (SELECT MAX(id) FROM usage_event)
                           - (SELECT id FROM usage_event WHERE at > $1 ORDER BY at, id LIMIT 1), 0)",
    )
    .bind((now - DAY).unix_ms())
    .fetch_one(tx)
    .await?;
    number("count", count.max(0))
}

async fn insert(tx: &mut SqliteConnection, now: Timestamp, visitor: VisitorKey, event: &UsageEvent) -> Result<u64> {
    let (mut route, mut detail, mut ms) = (None, None, None);
    let (kind, name) = match event {
        UsageEvent::Feature(name) => ("feature", name.to_string()),
        UsageEvent::PageTiming { route: page, metric, ms: time } => {
            (route, ms) = (Some(page.as_str()), Some(i64::from(*time)));
            ("timing", metric.as_str().to_owned())
        }
        UsageEvent::ClientError { route: page, message } => {
            (route, detail) = (Some(page.as_str()), Some(message.as_str()));
            ("error", Fingerprint::of(page, message).to_string())
        }
        UsageEvent::Exposure { experiment, arm } => {
            detail = Some(arm.as_str());
            ("exposure", experiment.to_string())
        }
        UsageEvent::Goal { experiment } => ("goal", experiment.to_string()),
    };
    let inserted = sqlx::query(
        "INSERT INTO usage_event (visitor, at, kind, name, route, detail, ms)
         SELECT $1, $2, $3, $4, $5, $6, $7
         WHERE (SELECT COUNT(*) FROM usage_event WHERE visitor = $1 AND at > $8) < $9
         ON CONFLICT DO NOTHING",
    )
    .bind(visitor.to_string())
    .bind(now.unix_ms())
    .bind(kind)
    .bind(name)
    .bind(route)
    .bind(detail)
    .bind(ms)
    .bind((now - DAY).unix_ms())
    .bind(Usage::MAX_PER_VISITOR.cast_signed())
    .execute(tx)
    .await?;
    Ok(inserted.rows_affected())
}
