//! What can go wrong in keeping things.

use crate::tracks::Held;
use domain::{OutOfPlace, Quota};
use std::io;
use std::path::{Path, PathBuf};

/// A result with the store's own error.
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong in keeping things.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Two processes on one data folder would take each other's jobs for dead.
    #[error("the data folder `{}` is in use by another process: stop that one, or give this one a folder of its own", dir.display())]
    InUse {
        /// The folder.
        dir: PathBuf,
    },
    /// More bytes than allowed; nothing of them is kept.
    #[error("expected at most {max_bytes} bytes, found more")]
    TooLarge {
        /// The limit, bytes.
        max_bytes: u64,
    },
    /// More than a day's worth; nothing more is kept until some of it is a day old.
    #[error("more than {max_per_day} {what} within 24 hours: nothing more is kept until some are a day old")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        max_per_day: u64,
    },
    /// More mails wait than anybody can want to be sent.
    #[error("{most} mails wait to be sent, and no more are taken: is the mail server reachable?")]
    TooManyMails {
        /// How many may wait.
        most: u64,
    },
    /// As much is kept for somebody as may be; nothing more is, until something is deleted.
    #[error("expected at most {} tracks with {} bytes, found {} with {} and one more", quota.tracks, quota.bytes, held.tracks, held.bytes)]
    Full {
        /// What is kept for them.
        held: Held,
        /// What may be.
        quota: Quota,
    },
    /// The session is over, so nothing can be given to it.
    #[error("the session has ended: begin a new one")]
    SessionEnded,
    /// A job has moved on: this worker's attempt is no longer the one that counts.
    #[error(transparent)]
    OutOfPlace(#[from] OutOfPlace),
    /// The file system refused.
    #[error("cannot {action} `{}`", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The database refused.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// The tables cannot be brought up to date.
    #[error("the database cannot be brought up to date: was this data folder written by a newer version?")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The database holds a value that this program never writes.
    #[error("the database holds a {what} that cannot be read")]
    Corrupt {
        /// Which value.
        what: &'static str,
        /// Why it cannot be read.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// For `map_err`: says what was tried on which path.
    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { action, path, source }
    }
}
