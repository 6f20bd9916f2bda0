//! What is kept: sessions, tracks, jobs and their outputs in a database, bytes in a folder.
//!
//! Three promises, and where they are kept:
//! - *Acknowledged means durable.* A blob is on the disk, under its final name, before a row names it; a track and its
//!   first job appear in one transaction ([`Tracks::add`]).
//! - *Nothing partial is visible.* Bytes are written beside and renamed when whole ([`BlobWriter::finish`]); what a
//!   crash leaves is removed by [`Store::open`] and [`Store::sweep`].
//! - *A track is its owner's alone.* Every question about a track takes the [`domain::Owner`] who asks, and answers
//!   `None` alike to one that does not exist and to one that belongs to somebody else.
//!
//! Not here: HTTP, sound, and rules of the business (those are `domain`'s; the queue applies them).

mod blobs;
mod db;
mod error;
mod hub;
mod jobs;
mod queue;
mod row;
mod sessions;
mod sweep;
mod tracks;

pub use blobs::{BlobReader, BlobWriter, Blobs, Scratch};
pub use error::{Error, Result};
pub use hub::JobStatus;
pub use jobs::{JobWatch, Jobs};
pub use queue::{Claim, Lease, Queue};
pub use sessions::Sessions;
pub use sweep::{Retention, Swept};
pub use tracks::{NewTrack, Tracks};

use domain::{Clock, Entropy};
use std::path::Path;
use std::sync::Arc;

/// Everything that is kept, by kind. Cloning it is cheap and gives another handle on the same data folder.
#[derive(Clone)]
pub struct Store {
    /// Visitors.
    pub sessions: Sessions,
    /// Their uploads.
    pub tracks: Tracks,
    /// The work on these, as their owners see it.
    pub jobs: Jobs,
    /// The work, as workers see it.
    pub queue: Queue,
    /// Bytes.
    pub blobs: Blobs,
    db: Arc<db::Db>,
}

impl Store {
    /// Opens a data folder, made if it is not there, and takes it for this process alone.
    ///
    /// Brings its tables up to date, removes what a crash left behind, and puts the jobs that a dead process had begun
    /// back into the queue: since the folder is locked, whoever had begun them lives no more.
    pub async fn open(dir: &Path, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Result<Self> {
        let lock = db::lock(dir)?;
        let blobs = Blobs::open(dir, Arc::clone(&entropy))?;
        let db = Arc::new(db::Db::open(dir, lock, clock, entropy).await?);
        let store = Self {
            sessions: Sessions::new(Arc::clone(&db)),
            tracks: Tracks::new(Arc::clone(&db), blobs.clone()),
            jobs: Jobs::new(Arc::clone(&db)),
            queue: Queue::new(Arc::clone(&db)),
            blobs,
            db,
        };
        store.queue.interrupt_all().await?;
        store.sweep_blobs(std::time::Duration::ZERO).await?;
        Ok(store)
    }

    /// Whether the database answers: for health checks.
    pub async fn check(&self) -> Result<()> {
        sqlx::query("SELECT 1 FROM session LIMIT 1").fetch_optional(&self.db.reader).await?;
        Ok(())
    }

    /// Waits for what is being written and closes the database; the folder may then be opened by another process.
    pub async fn close(self) {
        self.db.close().await;
    }
}
