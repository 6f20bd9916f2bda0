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
    /// The mix is another one than when it was measured.
    #[error("`{}` changed while it was being mastered; start again once it stays as it is", path.display())]
    Changed {
        /// The mix.
        path: PathBuf,
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
    #[error("`{}` exists already and is left as it is; choose another name", path.display())]
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
    /// A folder or a device in the place of an output.
    #[error("`{}` is not a file, so nothing is written in its place; choose another name", path.display())]
    NotAFile {
        /// What is there.
        path: PathBuf,
    },
    /// The saved plan has a number that no plan may have.
    #[error("the plan cannot be followed")]
    Plan(#[from] mastering::plan::PlanError),
    /// A job without deliveries.
    #[error("there is nothing to write: a job needs at least one output")]
    NoOutput,
    /// A rate that nothing is mastered at.
    #[error(
        "expected a sample rate of {} to {} Hz, found {rate_hz}",
        mastering::LOWEST_RATE_HZ,
        mastering::HIGHEST_RATE_HZ
    )]
    Rate {
        /// What was asked for, Hz.
        rate_hz: u32,
    },
    /// A rate that the codec of an output cannot have.
    #[error("{codec} cannot be written at {rate_hz} Hz; take {possible_hz} Hz, or leave the rate open")]
    RateOfCodec {
        /// The codec.
        codec: &'static str,
        /// What it can have, Hz.
        possible_hz: u32,
        /// What was asked for, Hz.
        rate_hz: u32,
    },
    /// The encoder said no.
    #[error("`{}` cannot be encoded", path.display())]
    Encode {
        /// The file.
        path: PathBuf,
        /// Why.
        source: codec::EncodeError,
    },
    /// What was written could not be read again, so nobody should be given it.
    #[error("`{}` was written but does not read back, so it was discarded; is the disk sound?", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: codec::DecodeError,
    },
    /// The master has no loudness, though the mix had: a plan that turns it down to nothing.
    #[error("the master in `{}` would be silent, so it was discarded; look at the gains in the plan", path.display())]
    Silenced {
        /// The file.
        path: PathBuf,
    },
    /// Turning the master down did not bring the file below the ceiling.
    #[error("`{}` stays above the ceiling of {ceiling_dbtp} dBTP whatever is done, so it was discarded; this is a fault of the program", path.display())]
    AboveCeiling {
        /// The file.
        path: PathBuf,
        /// The ceiling, dBTP.
        ceiling_dbtp: f64,
    },
}
