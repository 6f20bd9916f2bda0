//! How a job is done, as the pool sees it.

use domain::{FileName, OutputKind, Settings, Stage};
use pipeline::{Error, Observer};
use std::path::PathBuf;
use std::time::Duration;

/// Does jobs. Called on a thread of its own, many at a time.
pub trait Engine: Send + Sync + 'static {
    /// Masters one track and leaves its files in `order.folder`.
    ///
    /// Asks `observer` often, and stops when it says so. A panic fails this job and harms no other.
    fn master(&self, order: &Order, observer: Observer<'_>) -> Result<Made, Error>;
}

/// What an engine is asked to do.
#[derive(Debug, Clone)]
pub struct Order {
    /// The uploaded file. Read only.
    pub source: PathBuf,
    /// The name that the visitor's file had: for reports, not a path.
    pub file_name: FileName,
    /// What it shall sound like, read only, and the name that this file had.
    pub reference: Option<(PathBuf, FileName)>,
    /// What was asked for.
    pub settings: Settings,
    /// Where to write: an empty folder, which is removed afterwards with all that is not in [`Made`].
    pub folder: PathBuf,
}

/// What an engine made: files, each under its own path, and how long it took.
#[derive(Debug, Clone)]
pub struct Made {
    /// What each file is, and where.
    pub files: Vec<(OutputKind, PathBuf)>,
    /// How long the stages took that it went through.
    pub stages: Vec<(Stage, Duration)>,
}
