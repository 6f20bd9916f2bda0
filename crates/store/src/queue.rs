//! The queue: jobs, as workers see them.
//!
//! The `job` table is the queue. There is no second one beside it that could disagree after a crash: a worker claims a
//! job by one atomic `UPDATE .. RETURNING`, and so a job is acknowledged, queued and owned by the very transaction that
//! says so. Queue libraries bring their own table, which then has to be reconciled with ours (what was acknowledged but
//! never pushed, what was retried without end), and none of them brings cancelling and progress.
//!
//! - *Lease.* A claim is good for a while and has to be renewed. A lease that ran out is an interruption.
//! - *Fence.* Each claim has a number, the attempt; an answer with an older number is [`Error::OutOfPlace`] and leaves
//!   no trace. Whether a worker was too slow or a clock jumped, two attempts cannot both leave a result.
//! - *Poison.* Interruptions are counted, and [`domain::Course`] ends a job that does not survive its attempts.
//! - *Restart.* [`Store::open`](crate::Store::open) holds the lock of the data folder, so every job that says it runs
//!   belongs to a process that is dead: it is queued again at once, once a restart.
//!
//! What may follow what is decided by [`domain::Course::after`] alone; this module reads, asks it and writes.

use crate::db::Db;
use crate::error::{Error, Result};
use crate::hub::JobStatus;
use crate::row::{CourseRow, TrackRow, parsed, settings, state_name};
use domain::{
    Attempt, BlobId, Course, Failure, FileName, JobEvent, JobId, JobState, OutOfPlace, Output, Progress, ReferenceFile,
    RunId, Settings, Track, TrackId,
};
use sqlx::SqliteConnection;
use std::sync::Arc;
use std::time::Duration;

/// The queue.
#[derive(Clone)]
pub struct Queue {
    db: Arc<Db>,
}

/// A job that a worker has taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// Which job.
    pub job: JobId,
    /// Which claim of it: every answer carries this number.
    pub attempt: Attempt,
    /// The track to master.
    pub track: TrackId,
    /// The uploaded bytes.
    pub source: BlobId,
    /// The name that the visitor's file had.
    pub file_name: FileName,
    /// What it shall sound like, where that was uploaded with it.
    pub reference: Option<ReferenceFile>,
    /// What was asked for.
    pub settings: Settings,
}

/// Whether a worker still has its job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    /// Go on.
    Held,
    /// Stop: it was cancelled, removed, or given to somebody else.
    Lost,
}

impl Queue {
    pub(crate) fn new(db: Arc<Db>) -> Self {
        Self { db }
    }

    /// Takes the job that waits longest, if any waits. Without [renewal](Self::renew) the claim is void after `lease`.
    pub async fn claim(&self, run: RunId, lease: Duration) -> Result<Option<Claim>> {
        let now = self.db.now();
        let mut tx = self.db.write().await?;
        let claimed: Option<(String, String, i64, i64, String)> = sqlx::query_as(
            "UPDATE job SET state = 'running', attempt = attempt + 1, run = $1, lease_until = $2, started_at = $3,
                            stage = NULL, fraction = NULL
             WHERE state = 'queued'
               AND id = (SELECT id FROM job WHERE state = 'queued' ORDER BY created_at, id LIMIT 1)
             RETURNING id, track_id, attempt, interruptions, settings",
        )
        .bind(run.to_string())
        .bind((now + lease).unix_ms())
        .bind(now.unix_ms())
        .fetch_optional(&mut *tx)
        .await?;
        let Some((job, track, attempt, interruptions, asked)) = claimed else {
            return Ok(None);
        };
        let claimed: TrackRow = sqlx::query_as(
            "SELECT id, file_name, created_at, source_blob AS blob, source_bytes AS bytes, source_sha256 AS sha256,
                    reference_name, reference_blob, reference_bytes, reference_sha256
             FROM track WHERE id = $1",
        )
        .bind(&track)
        .fetch_one(&mut *tx)
        .await?;
        let Track { id: track, source, file_name, reference, .. } = claimed.try_into()?;
        let claim = Claim {
            job: parsed("job id", &job)?,
            attempt: Attempt(crate::row::number("attempt", attempt)?),
            track,
            source: source.id,
            file_name,
            reference,
            settings: settings(&asked)?,
        };
        let course = Course {
            state: JobState::Running { attempt: claim.attempt },
            attempt: claim.attempt,
            interruptions: crate::row::number("count of interruptions", interruptions)?,
        };
        tx.commit().await?;
        self.db.hub.publish(claim.job, JobStatus { course, progress: None });
        Ok(Some(claim))
    }

    /// Returns once a job may be waiting: one was queued since the last call, or will be. A hint: ask [`Self::claim`],
    /// and ask it now and then without a hint, too.
    pub async fn wait(&self) {
        self.db.hub.work.notified().await;
    }

    /// Tells those who watch how far a job is. Costs nothing when nobody does; nothing is written.
    pub fn tell(&self, claim: &Claim, progress: Progress) {
        self.db.hub.amend(claim.job, claim.attempt, progress);
    }

    /// Makes a claim good for another `lease` and writes down how far the job is.
    pub async fn renew(&self, claim: &Claim, lease: Duration, progress: Option<Progress>) -> Result<Lease> {
        let mut tx = self.db.write().await?;
        let renewed = sqlx::query(
            "UPDATE job SET lease_until = $1, stage = $2, fraction = $3
             WHERE id = $4 AND attempt = $5 AND state = 'running'",
        )
        .bind((self.db.now() + lease).unix_ms())
        .bind(progress.map(|progress| progress.stage.as_str()))
        .bind(progress.map(|progress| f64::from(progress.fraction)))
        .bind(claim.job.to_string())
        .bind(i64::from(claim.attempt.0))
        .execute(&mut *tx)
        .await?
        .rows_affected();
        tx.commit().await?;
        Ok(if renewed == 1 { Lease::Held } else { Lease::Lost })
    }

    /// The job is done, and this is what it leaves: all of it or, if the attempt is [out of place](Error::OutOfPlace),
    /// nothing. Once this returns, the outputs can be downloaded.
    pub async fn finish(&self, claim: &Claim, outputs: &[Output]) -> Result<()> {
        let mut tx = self.db.write().await?;
        let course = apply(&self.db, &mut tx, claim.job, JobEvent::Finish(claim.attempt)).await?;
        for Output { kind, blob } in outputs {
            sqlx::query("INSERT INTO output (job_id, kind, blob, bytes, sha256) VALUES ($1, $2, $3, $4, $5)")
                .bind(claim.job.to_string())
                .bind(kind.as_str())
                .bind(blob.id.to_string())
                .bind(blob.bytes.cast_signed())
                .bind(blob.sha256.as_slice())
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        self.db.hub.publish(claim.job, JobStatus { course, progress: None });
        Ok(())
    }

    /// The job cannot be done.
    pub async fn fail(&self, claim: &Claim, failure: Failure) -> Result<()> {
        self.happen(claim.job, JobEvent::Fail(claim.attempt, failure)).await
    }

    /// The job goes back into the queue, to its old place; that it was begun is not held against it.
    pub async fn hand_back(&self, claim: &Claim) -> Result<()> {
        self.happen(claim.job, JobEvent::HandBack(claim.attempt)).await
    }

    /// The attempt ended without an answer, as by a panic; counts towards the end of a poisonous job.
    pub async fn interrupt(&self, claim: &Claim) -> Result<()> {
        self.happen(claim.job, JobEvent::Interrupt(claim.attempt)).await
    }

    /// Takes back all jobs whose lease has run out. Returns how many.
    pub async fn interrupt_expired(&self) -> Result<usize> {
        self.interrupt_where_lease_until_before(self.db.now().unix_ms()).await
    }

    /// Takes back all jobs that run: right when it is known that no worker lives. Returns how many.
    pub(crate) async fn interrupt_all(&self) -> Result<usize> {
        self.interrupt_where_lease_until_before(i64::MAX).await
    }

    async fn interrupt_where_lease_until_before(&self, unix_ms: i64) -> Result<usize> {
        let lost: Vec<(String, i64)> =
            sqlx::query_as("SELECT id, attempt FROM job WHERE state = 'running' AND lease_until < $1")
                .bind(unix_ms)
                .fetch_all(&self.db.reader)
                .await?;
        let mut taken_back = 0;
        for (job, attempt) in lost {
            let attempt = Attempt(crate::row::number("attempt", attempt)?);
            match self.happen(parsed("job id", &job)?, JobEvent::Interrupt(attempt)).await {
                Ok(()) => taken_back += 1,
                // It answered after all.
                Err(Error::OutOfPlace(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(taken_back)
    }

    async fn happen(&self, job: JobId, event: JobEvent) -> Result<()> {
        let mut tx = self.db.write().await?;
        let course = apply(&self.db, &mut tx, job, event).await?;
        tx.commit().await?;
        if course.state == JobState::Queued {
            self.db.hub.work.notify_one();
        }
        self.db.hub.publish(job, JobStatus { course, progress: None });
        Ok(())
    }
}

/// Lets an event happen to a job, within a transaction. A job that is no more is out of place, too.
pub(crate) async fn apply(db: &Db, tx: &mut SqliteConnection, job: JobId, event: JobEvent) -> Result<Course> {
    let row: Option<CourseRow> =
        sqlx::query_as("SELECT state, attempt, interruptions, failure_kind, failure_message FROM job WHERE id = $1")
            .bind(job.to_string())
            .fetch_optional(&mut *tx)
            .await?;
    let before = Course::try_from(row.ok_or(OutOfPlace)?)?;
    let after = before.after(event)?;
    let failure = match &after.state {
        JobState::Failed(failure) => Some(failure),
        _ => None,
    };
    // Says again what was read, so that it holds on a database whose transactions do not exclude each other.
    let changed = sqlx::query(
        "UPDATE job SET state = $1, attempt = $2, interruptions = $3, failure_kind = $4, failure_message = $5,
                        ended_at = $6, run = NULL, lease_until = NULL, stage = NULL, fraction = NULL
         WHERE id = $7 AND state = $8 AND attempt = $9",
    )
    .bind(state_name(&after.state))
    .bind(i64::from(after.attempt.0))
    .bind(i64::from(after.interruptions))
    .bind(failure.map(|failure| failure.kind.as_str()))
    .bind(failure.map(|failure| failure.message.as_str()))
    .bind(after.state.is_final().then(|| db.now().unix_ms()))
    .bind(job.to_string())
    .bind(state_name(&before.state))
    .bind(i64::from(before.attempt.0))
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if changed == 1 { Ok(after) } else { Err(OutOfPlace.into()) }
}
