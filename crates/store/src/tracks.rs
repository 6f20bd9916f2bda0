//! Tracks: uploads that were acknowledged.

use crate::blobs::Blobs;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::jobs;
use crate::row::{TrackRow, number, parsed};
use domain::{FileName, JobId, Owner, Quota, ReferenceFile, Settings, StoredBlob, Track, TrackId};
use sqlx::SqliteConnection;
use std::sync::Arc;

/// The tracks of visitors.
#[derive(Clone)]
pub struct Tracks {
    db: Arc<Db>,
    blobs: Blobs,
}

/// An upload whose bytes are durable, to be acknowledged.
#[derive(Debug, Clone)]
pub struct NewTrack {
    /// The name of the visitor's file.
    pub file_name: FileName,
    /// Its bytes: what [`BlobWriter::finish`](crate::BlobWriter::finish) gave.
    pub source: StoredBlob,
    /// What it shall sound like, as durable as it is.
    pub reference: Option<ReferenceFile>,
    /// What to do with it.
    pub settings: Settings,
}

/// What is kept for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Held {
    /// Their tracks.
    pub tracks: u64,
    /// The files of these, mixes, references and masters, bytes.
    pub bytes: u64,
}

impl Tracks {
    pub(crate) fn new(db: Arc<Db>, blobs: Blobs) -> Self {
        Self { db, blobs }
    }

    /// Keeps an upload and puts its first job into the queue, both or neither. Once this returns, the upload may be
    /// acknowledged. If it returns an error, the bytes are removed by the next sweep.
    pub async fn add(&self, owner: Owner, track: &NewTrack) -> Result<(TrackId, JobId)> {
        self.add_within(owner, track, Quota { tracks: u64::MAX, bytes: u64::MAX }).await
    }

    /// The same, unless more is kept for the owner then than may be: [`Error::Full`].
    pub async fn add_within(&self, owner: Owner, track: &NewTrack, quota: Quota) -> Result<(TrackId, JobId)> {
        let id = TrackId::draw(self.db.entropy.as_ref());
        let now = self.db.now();
        let mut tx = self.db.write().await?;
        let session: Option<i64> = sqlx::query_scalar("SELECT 1 FROM session WHERE id = $1 AND expires_at > $2")
            .bind(owner.session().to_string())
            .bind(now.unix_ms())
            .fetch_optional(&mut *tx)
            .await?;
        if session.is_none() {
            return Err(Error::SessionEnded);
        }
        let reference = track.reference.as_ref();
        let held = held(&mut tx, &owner.session().to_string()).await?;
        let bytes = track.source.bytes + reference.map_or(0, |reference| reference.source.bytes);
        if held.tracks >= quota.tracks || held.bytes.saturating_add(bytes) > quota.bytes {
            return Err(Error::Full { held, quota });
        }
        sqlx::query(
            "INSERT INTO track (id, session_id, file_name, source_blob, source_bytes, source_sha256, created_at,
                                reference_name, reference_blob, reference_bytes, reference_sha256)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(id.to_string())
        .bind(owner.session().to_string())
        .bind(track.file_name.as_str())
        .bind(track.source.id.to_string())
        .bind(track.source.bytes.cast_signed())
        .bind(track.source.sha256.as_slice())
        .bind(now.unix_ms())
        .bind(reference.map(|reference| reference.file_name.as_str()))
        .bind(reference.map(|reference| reference.source.id.to_string()))
        .bind(reference.map(|reference| reference.source.bytes.cast_signed()))
        .bind(reference.map(|reference| reference.source.sha256.as_slice()))
        .execute(&mut *tx)
        .await?;
        let job = jobs::insert(&self.db, &mut tx, id, &track.settings).await?;
        tx.commit().await?;
        self.db.hub.work.notify_one();
        Ok((id, job))
    }

    /// How much is kept for that owner.
    pub async fn held(&self, owner: Owner) -> Result<Held> {
        let mut connection = self.db.reader.acquire().await?;
        held(&mut connection, &owner.session().to_string()).await
    }

    /// One track of that owner.
    pub async fn find(&self, owner: Owner, track: TrackId) -> Result<Option<Track>> {
        let row: Option<TrackRow> = sqlx::query_as(
            "SELECT id, file_name, created_at, source_blob AS blob, source_bytes AS bytes, source_sha256 AS sha256,
                    reference_name, reference_blob, reference_bytes, reference_sha256
             FROM track WHERE id = $1 AND session_id = $2",
        )
        .bind(track.to_string())
        .bind(owner.session().to_string())
        .fetch_optional(&self.db.reader)
        .await?;
        row.map(Track::try_from).transpose()
    }

    /// All tracks of that owner, the latest first.
    pub async fn list(&self, owner: Owner) -> Result<Vec<Track>> {
        let rows: Vec<TrackRow> = sqlx::query_as(
            "SELECT id, file_name, created_at, source_blob AS blob, source_bytes AS bytes, source_sha256 AS sha256,
                    reference_name, reference_blob, reference_bytes, reference_sha256
             FROM track WHERE session_id = $1 ORDER BY created_at DESC, id",
        )
        .bind(owner.session().to_string())
        .fetch_all(&self.db.reader)
        .await?;
        rows.into_iter().map(Track::try_from).collect()
    }

    /// Removes a track with its jobs, outputs and bytes; a job that runs is stopped. `false` if the owner has no such
    /// track.
    pub async fn delete(&self, owner: Owner, track: TrackId) -> Result<bool> {
        let id = track.to_string();
        let mut tx = self.db.write().await?;
        let blobs: Vec<String> =
            sqlx::query_scalar("SELECT blob FROM track_blob WHERE track_id = $1").bind(&id).fetch_all(&mut *tx).await?;
        let jobs: Vec<String> =
            sqlx::query_scalar("SELECT id FROM job WHERE track_id = $1").bind(&id).fetch_all(&mut *tx).await?;
        let deleted = sqlx::query("DELETE FROM track WHERE id = $1 AND session_id = $2")
            .bind(&id)
            .bind(owner.session().to_string())
            .execute(&mut *tx)
            .await?
            .rows_affected();
        if deleted == 0 {
            return Ok(false);
        }
        tx.commit().await?;
        forget(&self.db, &self.blobs, &jobs, &blobs).await?;
        Ok(true)
    }
}

/// What is kept for a session: a guest's, or an account's shelf.
pub(crate) async fn held(connection: &mut SqliteConnection, session: &str) -> Result<Held> {
    let (tracks, uploaded): (i64, i64) = sqlx::query_as(
        "SELECT COUNT(*), COALESCE(SUM(source_bytes + COALESCE(reference_bytes, 0)), 0) FROM track WHERE session_id = $1",
    )
    .bind(session)
    .fetch_one(&mut *connection)
    .await?;
    let made: i64 = sqlx::query_scalar(
        "SELECT COALESCE(SUM(output.bytes), 0) FROM output JOIN job ON job.id = output.job_id
         JOIN track ON track.id = job.track_id WHERE track.session_id = $1",
    )
    .bind(session)
    .fetch_one(&mut *connection)
    .await?;
    Ok(Held { tracks: number("count", tracks)?, bytes: number("length", uploaded.saturating_add(made))? })
}

/// Lets go of what rows that are gone named: those who watch their jobs, and their bytes.
pub(crate) async fn forget(db: &Db, blobs: &Blobs, jobs: &[String], named: &[String]) -> Result<()> {
    for job in jobs {
        db.hub.forget(parsed("job id", job)?);
    }
    for blob in named {
        blobs.delete(parsed("blob id", blob)?).await?;
    }
    Ok(())
}
