//! Files that appear whole or not at all: written beside their place, flushed to the disk, then named in one step.
//!
//! A process that is killed half way leaves at most a `.part` file, which nobody takes for the result.

use std::fs::{self, File};
use std::io::{self, Write};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use tempfile::{NamedTempFile, TempPath};

use crate::{Error, Existing, Failure, write_back};

/// The disk goes on with a file that is being written when so much of it is new.
const WORTH_A_WORD_BYTES: u64 = 8 << 20;

/// A file that has no name yet.
#[derive(Debug)]
pub(crate) struct Pending {
    target: PathBuf,
    unnamed: TempPath,
}

impl Pending {
    /// An empty file in the folder of `target`; gone again if it is dropped before [`Pending::appear`].
    pub(crate) fn beside(target: &Path) -> Result<(Self, File), Failure> {
        let failed = |source| Failure::Write { path: target.to_owned(), source };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".balanced-").suffix(".part");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            // What a plain `create` would give: the umask takes its part away.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let (file, unnamed) = builder.tempfile_in(folder_of(target)).map(NamedTempFile::into_parts).map_err(failed)?;
        Ok((Self { target: target.to_owned(), unnamed }, file))
    }

    /// A finished file that is on the same disk as `target` under a name that nobody takes for the result.
    pub(crate) fn adopt(path: PathBuf, target: &Path) -> Result<Self, Failure> {
        let failed = |source| Failure::Write { path: target.to_owned(), source };
        Ok(Self { target: target.to_owned(), unnamed: TempPath::try_from_path(path).map_err(failed)? })
    }

    /// Where it is until it appears.
    pub(crate) fn path(&self) -> &Path {
        &self.unnamed
    }

    /// Where it will be.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Flushes it to the disk beside the work that writes it, and beside what that does with it afterwards.
    pub(crate) fn flush_beside<T>(&self, work: impl FnOnce(Growing<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let failed = |source| Failure::Write { path: self.target.clone(), source };
        let file = &File::open(&self.unnamed).map_err(failed)?;
        let (sender, stages) = sync_channel(1);
        let growing = Growing { file, sender, told_bytes: 0 };
        let (flushed, done) = thread::scope(|scope| {
            let flushing = scope.spawn(move || flush_as_told(file, &stages));
            let done = work(growing);
            (flushing.join().unwrap_or_else(|panic| resume_unwind(panic)), done)
        });
        let done = done?;
        flushed.map_err(failed)?;
        Ok(done)
    }

    /// Flushes it to the disk.
    fn flush(&self) -> Result<(), Failure> {
        // Whoever wrote may have closed its own handle; a flush through any handle covers the whole file.
        let flushed = File::open(&self.unnamed).and_then(|file| file.sync_all());
        flushed.map_err(|source| Failure::Write { path: self.target.clone(), source })
    }

    /// Flushes what is not yet on the disk and gives it its name, which is on the disk too when this returns.
    pub(crate) fn appear(self, existing: Existing) -> Result<(), Failure> {
        self.flush()?;
        let Self { target, unnamed } = self;
        let failed = |source| Failure::Write { path: target.clone(), source };
        match existing {
            Existing::Replace => unnamed.persist(&target).map_err(|e| failed(e.error))?,
            Existing::Keep => unnamed.persist_noclobber(&target).map_err(|e| match e.error.kind() {
                io::ErrorKind::AlreadyExists => Failure::Exists { path: target.clone() },
                _ => failed(e.error),
            })?,
        }
        sync_folder(folder_of(&target)).map_err(failed)
    }
}

/// How far a file is that is flushed while it is written.
enum Written {
    Further,
    Whole,
}

/// By which the flushing hears of a file. Dropped before the file is whole, it leaves the rest unflushed.
pub(crate) struct Growing<'a> {
    file: &'a File,
    sender: SyncSender<Written>,
    told_bytes: u64,
}

impl Growing<'_> {
    /// There may be more of the file.
    pub(crate) fn further(&mut self) {
        let bytes = self.file.metadata().map_or(0, |metadata| metadata.len());
        if bytes >= self.told_bytes + WORTH_A_WORD_BYTES {
            self.told_bytes = bytes;
            // A disk that is behind hears of it with the next piece.
            let _ = self.sender.try_send(Written::Further);
        }
    }

    /// Nothing more comes.
    pub(crate) fn whole(self) {
        // Nobody listens after an error, which is what counts then.
        let _ = self.sender.send(Written::Whole);
    }
}

fn flush_as_told(file: &File, stages: &Receiver<Written>) -> io::Result<()> {
    for written in stages {
        match written {
            Written::Further => write_back::begin(file),
            Written::Whole => file.sync_all()?,
        }
    }
    Ok(())
}

/// Writes a small file (a report, a plan) whole or not at all.
pub fn write_whole(path: &Path, contents: &[u8], existing: Existing) -> Result<(), Failure> {
    let (pending, mut file) = Pending::beside(path)?;
    file.write_all(contents).map_err(|source| Failure::Write { path: path.to_owned(), source })?;
    drop(file);
    pending.appear(existing)
}

pub(crate) fn folder_of(target: &Path) -> &Path {
    match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some network file systems cannot sync a folder; the file itself is on the disk.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .expect("folder")
            .map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_that_was_dropped_half_way_leaves_nothing() {
        let folder = tempfile::tempdir().expect("folder");
        let (pending, mut file) = Pending::beside(&folder.path().join("master.wav")).expect("pending");
        file.write_all(b"half").expect("written");
        assert_eq!(names(folder.path()).len(), 1);
        drop(pending);
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn a_file_that_is_flushed_beside_the_work_is_as_it_was_written() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("master.wav");
        let (pending, mut file) = Pending::beside(&path).expect("pending");
        let piece = |number: u8| vec![number; WORTH_A_WORD_BYTES as usize / 2 + 1];
        let read_beside = pending.flush_beside(|mut growing| {
            for number in 0..6 {
                file.write_all(&piece(number)).expect("written");
                growing.further();
            }
            growing.whole();
            Ok(fs::read(pending.path()).expect("read while it is flushed"))
        });
        pending.appear(Existing::Keep).expect("named");
        let written: Vec<u8> = (0..6).flat_map(piece).collect();
        assert!(read_beside.expect("flushed") == written && fs::read(&path).expect("read") == written);
        assert_eq!(names(folder.path()), ["master.wav"]);
    }

    #[test]
    fn work_that_fails_half_way_ends_its_flushing_and_says_why() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("master.wav");
        let (pending, mut file) = Pending::beside(&path).expect("pending");
        let failed = pending.flush_beside(|mut growing| {
            file.write_all(&vec![1; WORTH_A_WORD_BYTES as usize]).expect("written");
            growing.further();
            Err::<(), _>(Failure::NoOutput.into())
        });
        assert!(matches!(failed, Err(Error::Failed(Failure::NoOutput))), "{failed:?}");
        drop(pending);
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn what_is_there_already_stays_unless_it_may_be_replaced() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("plan.json");
        write_whole(&path, b"first", Existing::Keep).expect("written");
        let kept = write_whole(&path, b"second", Existing::Keep);
        assert!(matches!(kept, Err(Failure::Exists { .. })), "{kept:?}");
        assert_eq!(fs::read(&path).expect("there"), b"first");
        write_whole(&path, b"third", Existing::Replace).expect("written");
        assert_eq!(fs::read(&path).expect("there"), b"third");
        assert_eq!(names(folder.path()), ["plan.json"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_finished_file_can_be_read_by_whom_the_umask_allows() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("folder");
        let (ours, plain) = (folder.path().join("ours"), folder.path().join("plain"));
        write_whole(&ours, b"x", Existing::Keep).expect("written");
        fs::write(&plain, b"x").expect("written");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
    }

    #[test]
    fn a_folder_that_is_missing_is_named_in_the_error() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("missing/master.wav");
        let error = write_whole(&path, b"x", Existing::Keep).expect_err("no folder");
        assert!(error.to_string().contains("missing/master.wav"), "{error}");
    }
}
