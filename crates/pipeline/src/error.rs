//! The three ways in which a job ends without a master.

use std::path::PathBuf;

/// Why there is no master. No file was left behind.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input is not something that can be mastered; the same input will be refused again. One line for the
    /// musician: what was expected, what was found, what to do.
    #[error("{0}")]
    Refused(String),
    /// Something went wrong that is not the input's fault; trying again may help.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The observer asked to stop.
    #[error("cancelled")]
    Cancelled,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// A file could not be read.
    #[error("`{}` cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error("`{}` cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The output is there already.
    #[error("`{}` exists already and is left as it is; choose another name or overwrite it with --force", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The output would take the place of the mix.
    #[error("`{}` is the mix itself; a master never replaces its mix, so choose another name", path.display())]
    OutputIsInput {
        /// The file.
        path: PathBuf,
    },
    /// The same output twice.
    #[error("`{}` is asked for twice; every output needs a name of its own", path.display())]
    SameOutputTwice {
        /// The file.
        path: PathBuf,
    },
}
