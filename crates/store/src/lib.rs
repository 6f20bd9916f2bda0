//! What is kept: sessions, tracks, jobs and their outputs in a database, bytes in a folder; decisions about cookies, what
//! consenting visitors use, and how the service fares.
//!
//! Four promises, and where they are kept:
//! - *Acknowledged means durable.* A blob is on the disk, under its final name, before a row names it; a track and its
//!   first job appear in one transaction ([`Tracks::add`]).
//! - *Nothing partial is visible.* Bytes are written beside and renamed when whole ([`BlobWriter::finish`]); what a
//!   crash leaves is removed by [`Store::open`] and [`Store::sweep`].
//! - *A track is its owner's alone.* Every question about a track takes the [`domain::Owner`] who asks, and answers
//!   `None` alike to one that does not exist and to one that belongs to somebody else.
//! - *What is counted is nobody's.* No table of [`Consents`], [`Usage`] and [`Health`] refers to a session, a track or an
//!   address, and each has its end ([`Retention`]).
//!
//! Not here: HTTP, sound, and rules of the business (those are `domain`'s; the queue applies them).

mod blobs;
mod consents;
mod db;
mod error;
mod health;
mod hub;
mod jobs;
mod operators;
mod queue;
mod row;
mod sessions;
mod sweep;
mod tracks;
mod usage;

pub use blobs::{BlobReader, BlobWriter, Blobs, Scratch};
pub use consents::{ChoiceCount, ConsentDecision, Consents};
pub use error::{Error, Result};
pub use health::{Health, HealthReport, ServerError, ServerErrorGroup};
pub use hub::JobStatus;
pub use jobs::{JobWatch, Jobs};
pub use operators::{Operators, Stay};
pub use queue::{Claim, Lease, Queue};
pub use sessions::Sessions;
pub use sweep::{Retention, Swept};
pub use tracks::{NewTrack, Tracks};
pub use usage::{ArmResult, ErrorGroup, FeatureUse, PageTimes, Usage};

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
    /// Decisions about cookies.
    pub consents: Consents,
    /// What consenting visitors did.
    pub usage: Usage,
    /// How the service fares.
    pub health: Health,
    /// Who operates it.
    pub operators: Operators,
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
            consents: Consents::new(Arc::clone(&db)),
            usage: Usage::new(Arc::clone(&db)),
            health: Health::new(Arc::clone(&db)),
            operators: Operators::new(Arc::clone(&db)),
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
