//! The database of a data folder: one file, one writer at a time, many readers.
//!
//! SQLite lets one connection write at a time. A pool of one connection for writing makes writers queue up in order
//! instead of polling for the lock, and `BEGIN IMMEDIATE` takes that lock before the first read of a transaction, so
//! that what was read still holds when it is written.

use crate::error::{Error, Result};
use crate::hub::Hub;
use domain::{Clock, Entropy, Timestamp};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite, Transaction};
use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Readers at a time: more would wait for the disk anyway.
const READERS: u32 = 8;
/// How long to wait for a lock of another process (a backup, the `sqlite3` command) before giving up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");

pub(crate) struct Db {
    pub(crate) reader: SqlitePool,
    writer: SqlitePool,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) hub: Hub,
    /// Held, never read: the system frees it when the process ends, however it ends.
    /// Without one, another process has the folder.
    _lock: Option<File>,
}

impl Db {
    pub(crate) async fn open(
        dir: &Path,
        lock: Option<File>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(dir.join("balanced.sqlite"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // What was deleted on request is not to be found in the file's free pages.
            .pragma("secure_delete", "ON")
            .busy_timeout(BUSY_TIMEOUT);
        let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        MIGRATIONS.run(&writer).await?;
        sync_dir(dir)?;
        let reader = SqlitePoolOptions::new().max_connections(READERS).connect_with(options.read_only(true)).await?;
        Ok(Self { reader, writer, clock, entropy, hub: Hub::default(), _lock: lock })
    }

    /// Begins a transaction that may write. Do not wait for anything but the database while holding it.
    pub(crate) async fn write(&self) -> Result<Transaction<'static, Sqlite>> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) async fn close(&self) {
        self.reader.close().await;
        // Last, since the last connection to close folds the write-ahead log into the database.
        self.writer.close().await;
    }
}

/// Makes the folder if need be and takes its lock.
pub(crate) fn lock(dir: &Path) -> Result<File> {
    make_private_dir(dir)?;
    let path = dir.join("lock");
    let file = File::create(&path).map_err(Error::file("create", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse { dir: dir.to_owned() }),
        Err(TryLockError::Error(source)) => Err(Error::file("lock", &path)(source)),
    }
}

/// Makes a folder that only this user can enter: it holds unreleased music.
pub(crate) fn make_private_dir(dir: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(Error::file("create the folder", dir))
}

/// Makes the names in a folder durable: a file's own `fsync` does not cover its name.
pub(crate) fn sync_dir(dir: &Path) -> Result<()> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(Error::file("make durable", dir))
}
