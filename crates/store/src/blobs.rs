//! Bytes in a folder: whole or not at all, under names that nobody can guess.
//!
//! A blob is written as `tmp/<name>`, made durable, renamed to `blobs/<id>`, and the folder made durable. A reader
//! therefore sees all of it or nothing, and once its writer has been told so, it survives a loss of power. Files that
//! somebody else wrote (an encoder) are taken in the same way, without copying.

use crate::db::{make_private_dir, sync_dir};
use crate::error::{Error, Result};
use domain::{BlobId, Entropy, StoredBlob};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{self, Read, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, ReadBuf, Take};

/// The folder of bytes.
#[derive(Clone)]
pub struct Blobs {
    kept: Arc<Path>,
    temporary: Arc<Path>,
    entropy: Arc<dyn Entropy>,
}

impl Blobs {
    /// Opens the folder and removes what unfinished writers left; only for who holds the data folder's lock.
    pub(crate) fn open(dir: &Path, entropy: Arc<dyn Entropy>) -> Result<Self> {
        let (kept, temporary) = (dir.join("blobs"), dir.join("tmp"));
        if let Err(source) = fs::remove_dir_all(&temporary)
            && source.kind() != io::ErrorKind::NotFound
        {
            return Err(Error::file("remove", &temporary)(source));
        }
        make_private_dir(&kept)?;
        make_private_dir(&temporary)?;
        sync_dir(dir)?;
        Ok(Self { kept: kept.into(), temporary: temporary.into(), entropy })
    }

    /// The folder as the process that holds the lock has opened it.
    pub(crate) fn beside(dir: &Path, entropy: Arc<dyn Entropy>) -> Self {
        Self { kept: dir.join("blobs").into(), temporary: dir.join("tmp").into(), entropy }
    }

    /// Begins a new blob of at most `max_bytes`.
    pub async fn create(&self, max_bytes: u64) -> Result<BlobWriter> {
        let id = BlobId::draw(self.entropy.as_ref());
        let temporary = Temporary(self.temporary.join(id.to_string()));
        let file = File::create_new(&temporary.0).await.map_err(Error::file("create", &temporary.0))?;
        Ok(BlobWriter { blobs: self.clone(), id, temporary, file, hash: Sha256::new(), bytes: 0, max_bytes })
    }

    /// Keeps a whole blob that is in memory.
    pub async fn put(&self, bytes: &[u8]) -> Result<StoredBlob> {
        let mut writer = self.create(bytes.len() as u64).await?;
        writer.write(bytes).await?;
        writer.finish().await
    }

    /// Takes in a file that was written in a [`Scratch`] folder: it is moved, not copied.
    pub async fn adopt(&self, path: &Path) -> Result<StoredBlob> {
        let (blobs, path) = (self.clone(), path.to_owned());
        let id = BlobId::draw(self.entropy.as_ref());
        blocking(move || {
            let mut file = fs::File::open(&path).map_err(Error::file("open", &path))?;
            let (bytes, sha256) = digest(&mut file).map_err(Error::file("read", &path))?;
            file.sync_all().map_err(Error::file("make durable", &path))?;
            blobs.publish(&path, id)?;
            Ok(StoredBlob { id, bytes, sha256 })
        })
        .await
    }

    /// Opens a blob for reading, all of it or a range of its bytes; what a range has beyond the end is left out.
    /// `None` if there is no such blob. A blob that is deleted meanwhile can be read to its end.
    pub async fn read(&self, id: BlobId, range: Option<Range<u64>>) -> Result<Option<BlobReader>> {
        let path = self.path(id);
        let mut file = match File::open(&path).await {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::file("open", &path)(error)),
        };
        let bytes = file.metadata().await.map_err(Error::file("look at", &path))?.len();
        let Range { start, end } = range.unwrap_or(0..bytes);
        let (start, end) = (start.min(bytes), end.min(bytes));
        if start > 0 {
            file.seek(SeekFrom::Start(start)).await.map_err(Error::file("read", &path))?;
        }
        Ok(Some(BlobReader { bytes: end.saturating_sub(start), file: file.take(end.saturating_sub(start)) }))
    }

    /// Where a blob's file is, for programs that read files. It is there as long as the blob is.
    pub fn path(&self, id: BlobId) -> PathBuf {
        self.kept.join(id.to_string())
    }

    /// Removes a blob; one that is not there is no error.
    pub async fn delete(&self, id: BlobId) -> Result<()> {
        let path = self.path(id);
        match tokio::fs::remove_file(&path).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::file("remove", &path)(error)),
            _ => Ok(()),
        }
    }

    /// A new, empty folder on the same file system, for files to be [adopted](Self::adopt).
    pub fn scratch(&self) -> Result<Scratch> {
        let path = self.temporary.join(BlobId::draw(self.entropy.as_ref()).to_string());
        make_private_dir(&path)?;
        Ok(Scratch(path))
    }

    /// All blobs, with the time of their last change. Files with other names are none of ours and left alone.
    pub(crate) async fn list(&self) -> Result<Vec<(BlobId, SystemTime)>> {
        let kept = Arc::clone(&self.kept);
        blocking(move || {
            let mut blobs = Vec::new();
            for entry in fs::read_dir(&kept).map_err(Error::file("list", &kept))? {
                let entry = entry.map_err(Error::file("list", &kept))?;
                let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
                    continue;
                };
                // One that was deleted since it was listed is not there to be listed.
                if let Ok(modified) = entry.metadata().and_then(|metadata| metadata.modified()) {
                    blobs.push((id, modified));
                }
            }
            Ok(blobs)
        })
        .await
    }

    /// Gives a durable file its final name.
    fn publish(&self, path: &Path, id: BlobId) -> Result<()> {
        let kept = self.path(id);
        fs::rename(path, &kept).map_err(Error::file("move into place", &kept))?;
        sync_dir(&self.kept)
    }
}

/// A blob that is being written. Dropping it instead of [finishing](Self::finish) leaves nothing.
pub struct BlobWriter {
    blobs: Blobs,
    id: BlobId,
    temporary: Temporary,
    file: File,
    hash: Sha256,
    bytes: u64,
    max_bytes: u64,
}

impl BlobWriter {
    /// Appends bytes; [`Error::TooLarge`] if that makes it longer than allowed, and then nothing more can be appended.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        if self.bytes > self.max_bytes {
            return Err(Error::TooLarge { max_bytes: self.max_bytes });
        }
        self.hash.update(bytes);
        self.file.write_all(bytes).await.map_err(Error::file("write", &self.temporary.0))
    }

    /// How many bytes it has.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Makes the blob durable and visible. Before this returns it is neither.
    pub async fn finish(mut self) -> Result<StoredBlob> {
        if self.bytes > self.max_bytes {
            return Err(Error::TooLarge { max_bytes: self.max_bytes });
        }
        self.file.flush().await.map_err(Error::file("write", &self.temporary.0))?;
        self.file.sync_all().await.map_err(Error::file("make durable", &self.temporary.0))?;
        let stored = StoredBlob { id: self.id, bytes: self.bytes, sha256: self.hash.finalize().into() };
        let (blobs, temporary) = (self.blobs, self.temporary);
        blocking(move || blobs.publish(&temporary.0, stored.id).map(|()| stored)).await
    }
}

/// Bytes of a blob.
#[derive(Debug)]
pub struct BlobReader {
    bytes: u64,
    file: Take<File>,
}

impl BlobReader {
    /// How many bytes it gives in all.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl AsyncRead for BlobReader {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.file).poll_read(cx, buffer)
    }
}

/// A folder for work in progress, removed with all that is in it when dropped.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // If it fails, the next start of the program tries again.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A file that is removed when dropped, unless it has been renamed.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // If it fails, it has been renamed, or the next start of the program tries again.
        let _ = fs::remove_file(&self.0);
    }
}

fn digest(reader: &mut impl Read) -> io::Result<(u64, [u8; 32])> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut bytes = 0;
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok((bytes, hash.finalize().into())),
            Ok(count) => {
                hash.update(&buffer[..count]);
                bytes += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Runs file work beside the asynchronous threads.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(Error::file("finish work in", Path::new("the data folder"))(error.into())),
        },
    }
}
