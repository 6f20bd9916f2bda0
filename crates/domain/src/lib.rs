//! The business: who owns which track, what is asked for it, and how the work on it goes.
//!
//! Everything here is a value: parsed once at the edge, then known to be right. Time and randomness come in through
//! [`Clock`] and [`Entropy`]. Not here: SQL (that is `store`), HTTP (that is `web`), sound (that is `pipeline`).

mod file_name;
mod hex;
mod id;
mod job;
mod output;
mod session;
mod settings;
mod track;
mod world;

pub use file_name::FileName;
pub use hex::NotHex;
pub use id::{BlobId, JobId, RunId, TrackId};
pub use job::{
    Attempt, Course, Failure, FailureKind, Job, JobEvent, JobState, OutOfPlace, Progress, Stage, UnknownName,
};
pub use output::{Output, OutputKind};
pub use session::{Owner, Session, SessionId, SessionToken};
pub use settings::{CeilingDbtp, InvalidSetting, Loudness, PresetId, Settings, TargetLufs};
pub use track::{StoredBlob, Track, UploadLimits};
pub use world::{Clock, Entropy, OsEntropy, SystemClock, Timestamp};
