//! Jobs, as the owner of their track sees them. How workers see them is the [queue](crate::queue)'s.

use crate::db::Db;
use crate::error::Result;
use crate::hub::JobStatus;
use crate::queue;
use crate::row::{BlobRow, JobRow, parsed};
use domain::{Course, Job, JobEvent, JobId, Output, OutputKind, Owner, Settings, TrackId};
use sqlx::SqliteConnection;
use std::sync::Arc;
use tokio::sync::watch;

/// The work on visitors' tracks.
#[derive(Clone)]
pub struct Jobs {
    db: Arc<Db>,
}

impl Jobs {
    pub(crate) fn new(db: Arc<Db>) -> Self {
        Self { db }
    }

    /// The latest job of a track.
    pub async fn latest(&self, owner: Owner, track: TrackId) -> Result<Option<Job>> {
        let row: Option<JobRow> = sqlx::query_as(
            "SELECT job.* FROM job JOIN track ON track.id = job.track_id
             WHERE track.id = $1 AND track.session_id = $2
             ORDER BY job.created_at DESC LIMIT 1",
        )
        .bind(track.to_string())
        .bind(owner.session().to_string())
        .fetch_optional(&self.db.reader)
        .await?;
        row.map(Job::try_from).transpose()
    }

    /// Asks for another master of a track, say with other settings. Earlier jobs that are not over are cancelled.
    /// `None` if the owner has no such track.
    pub async fn ask_again(&self, owner: Owner, track: TrackId, settings: &Settings) -> Result<Option<JobId>> {
        let mut tx = self.db.write().await?;
        let earlier: Vec<String> = sqlx::query_scalar(
            "SELECT job.id FROM job JOIN track ON track.id = job.track_id
             WHERE track.id = $1 AND track.session_id = $2",
        )
        .bind(track.to_string())
        .bind(owner.session().to_string())
        .fetch_all(&mut *tx)
        .await?;
        // A track never is without a job: its first one came with it.
        if earlier.is_empty() {
            return Ok(None);
        }
        let mut cancelled = Vec::new();
        for id in &earlier {
            let id = parsed("job id", id)?;
            match queue::apply(&self.db, &mut tx, id, JobEvent::Cancel).await {
                Ok(course) => cancelled.push((id, course)),
                Err(crate::Error::OutOfPlace(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let job = insert(&self.db, &mut tx, track, settings).await?;
        tx.commit().await?;
        for (id, course) in cancelled {
            self.db.hub.publish(id, JobStatus { course, progress: None });
        }
        self.db.hub.work.notify_one();
        Ok(Some(job))
    }

    /// Cancels the latest job of a track, whether it waits or runs. `false` if there is none or it was over already.
    pub async fn cancel(&self, owner: Owner, track: TrackId) -> Result<bool> {
        let Some(job) = self.latest(owner, track).await? else {
            return Ok(false);
        };
        let mut tx = self.db.write().await?;
        match queue::apply(&self.db, &mut tx, job.id, JobEvent::Cancel).await {
            Ok(course) => {
                tx.commit().await?;
                self.db.hub.publish(job.id, JobStatus { course, progress: None });
                Ok(true)
            }
            Err(crate::Error::OutOfPlace(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What the latest job of a track left; empty until it is done.
    pub async fn outputs(&self, owner: Owner, track: TrackId) -> Result<Vec<Output>> {
        let Some(job) = self.latest(owner, track).await? else {
            return Ok(Vec::new());
        };
        let rows: Vec<OutputRow> =
            sqlx::query_as("SELECT kind, blob, bytes, sha256 FROM output WHERE job_id = $1 ORDER BY kind")
                .bind(job.id.to_string())
                .fetch_all(&self.db.reader)
                .await?;
        rows.into_iter().map(Output::try_from).collect()
    }

    /// One thing that the latest job of a track left.
    pub async fn output(&self, owner: Owner, track: TrackId, kind: OutputKind) -> Result<Option<Output>> {
        Ok(self.outputs(owner, track).await?.into_iter().find(|output| output.kind == kind))
    }

    /// Follows the latest job of a track to its end.
    pub async fn watch(&self, owner: Owner, track: TrackId) -> Result<Option<JobWatch>> {
        let Some(job) = self.latest(owner, track).await? else {
            return Ok(None);
        };
        // Subscribe first and look second: what happens between is seen twice, not missed.
        let changes = self.db.hub.subscribe(job.id);
        let Some(job) = self.latest(owner, track).await? else {
            return Ok(None);
        };
        let first = JobStatus { course: job.course, progress: job.progress };
        self.db.hub.begin_with(job.id, &first);
        Ok(Some(JobWatch { first: Some(first), changes, over: false }))
    }
}

/// The news of one job.
#[derive(Debug)]
pub struct JobWatch {
    first: Option<JobStatus>,
    changes: watch::Receiver<Option<JobStatus>>,
    over: bool,
}

impl JobWatch {
    /// Where the job stands: at once the first time, then whenever that has changed. News that came while nobody
    /// asked are skipped, but for the last. `None` after the final state was told, or if the job is no more.
    ///
    /// May be dropped while it waits; nothing is lost.
    pub async fn next(&mut self) -> Option<JobStatus> {
        if self.over {
            return None;
        }
        let status = match self.first.take() {
            Some(status) => status,
            None => loop {
                self.changes.changed().await.ok()?;
                if let Some(status) = self.changes.borrow_and_update().clone() {
                    break status;
                }
            },
        };
        self.over = status.course.state.is_final();
        Some(status)
    }
}

#[derive(sqlx::FromRow)]
struct OutputRow {
    kind: String,
    #[sqlx(flatten)]
    blob: BlobRow,
}

impl TryFrom<OutputRow> for Output {
    type Error = crate::Error;

    fn try_from(row: OutputRow) -> Result<Self> {
        Ok(Self { kind: parsed("output", &row.kind)?, blob: row.blob.try_into()? })
    }
}

/// Puts a job into the queue, within a transaction.
pub(crate) async fn insert(db: &Db, tx: &mut SqliteConnection, track: TrackId, settings: &Settings) -> Result<JobId> {
    let id = JobId::draw(db.entropy.as_ref());
    let Course { attempt, interruptions, .. } = Course::new();
    let settings = serde_json::to_string(settings)
        .map_err(|source| crate::Error::Corrupt { what: "job's settings", source: Box::new(source) })?;
    // The latest job of a track is the one that counts, so no two may have the same time, whatever the clock says.
    let latest: Option<i64> = sqlx::query_scalar("SELECT MAX(created_at) FROM job WHERE track_id = $1")
        .bind(track.to_string())
        .fetch_one(&mut *tx)
        .await?;
    let created_at = latest.map_or(i64::MIN, |latest| latest + 1).max(db.now().unix_ms());
    sqlx::query(
        "INSERT INTO job (id, track_id, settings, state, attempt, interruptions, created_at)
         VALUES ($1, $2, $3, 'queued', $4, $5, $6)",
    )
    .bind(id.to_string())
    .bind(track.to_string())
    .bind(settings)
    .bind(i64::from(attempt.0))
    .bind(i64::from(interruptions))
    .bind(created_at)
    .execute(&mut *tx)
    .await?;
    Ok(id)
}
