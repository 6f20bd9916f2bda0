//! What is asked of the pipeline.

use std::path::PathBuf;

use codec::Limits;
use mastering::{Plan, Request};
use serde::{Deserialize, Serialize};

use crate::Encoding;

/// One track to master.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The mix.
    pub input: PathBuf,
    /// What to do with it.
    pub instructions: Instructions,
    /// The files to make of it, each with an encoding of its own. All appear, or none.
    pub deliveries: Vec<Delivery>,
    /// Where to write the file that a player switches between mix and master with: one 16 bit FLAC whose four
    /// channels are the mix's left and right and the master's left and right, at the same loudness (the louder one is
    /// turned down). A mono track is on both sides.
    pub preview: Option<PathBuf>,
    /// What to do about outputs that are there already.
    pub existing: Existing,
    /// How large the mix may be, whatever it claims about itself.
    pub limits: Limits,
}

/// How it is decided what is done.
#[derive(Debug, Clone, PartialEq)]
pub enum Instructions {
    /// Listen to the mix and decide.
    Decide(Request),
    /// Do exactly this, which was decided and kept earlier.
    Render(SavedPlan),
}

/// A plan as it is kept in a file: with the loudness that it was made for, so that the report can say whether the
/// master has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedPlan {
    /// The loudness that was asked for, LUFS.
    pub target_lufs: f64,
    /// Everything that is done.
    pub plan: Plan,
}

/// One file to make of the master.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Where; its folder has to exist.
    pub path: PathBuf,
    /// As what.
    pub encoding: Encoding,
}

/// What happens to an output that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Existing {
    /// It stays, and the job fails.
    #[default]
    Keep,
    /// The new one takes its place, in one step.
    Replace,
}
