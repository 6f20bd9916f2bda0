//! What is asked of the pipeline.

use std::path::PathBuf;

use codec::{Limits, Lossy};
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
    /// Files in other codecs beside the deliveries, each at a rate that its codec can have and mastered for it alone where
    /// it does not hold the ceiling otherwise: a codec that raises peaks makes no other file quieter. One that cannot be
    /// made is told of in the report; the others appear.
    pub copies: Vec<Delivery>,
    /// Where to write the file that a player switches between mix and master with: one 16 bit FLAC whose four
    /// channels are the mix's left and right and the master's left and right, at the same loudness (the louder one is
    /// turned down). A mono track is on both sides.
    pub preview: Option<PathBuf>,
    /// Where to write a listening copy: the same as the preview, of what a lossy codec leaves of both sides, at a rate that
    /// it can have. For whoever may hear the master and may not have it yet; made beside a preview alone.
    pub listening_copy: Option<PathBuf>,
    /// Sample rate of the outputs, Hz, 8000 to 384 000; `None`: the plan's, or else that of the mix where the outputs
    /// can have it, or else the nearest of its family that they can have.
    pub rate_hz: Option<u32>,
    /// Silence that the outputs end with, s; `None`: as much as the mix does.
    pub silence_at_end_s: Option<f64>,
    /// What the listeners' copies are encoded with elsewhere, as far as known: there is room for
    /// these, too, as far as that costs no loudness.
    pub heard_through: Vec<Lossy>,
    /// Whether the report is to be drawn: then the master's spectrum, which only pictures need, is measured too.
    pub drawn: bool,
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
    /// Sample rate that the mix is converted to first, Hz; absent where it is not converted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_hz: Option<u32>,
    /// True peak that the outputs hold, dBTP, where that is another than the plan's own: a lossy codec raises peaks, so
    /// that the plan stays below by as much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceiling_dbtp: Option<f64>,
    /// Everything that is done.
    pub plan: Plan,
}

impl SavedPlan {
    /// A plan as it was decided for outputs at the rate of the mix that hold the plan's own ceiling.
    pub fn new(target_lufs: f64, plan: Plan) -> Self {
        Self { target_lufs, rate_hz: None, ceiling_dbtp: None, plan }
    }
}

impl Instructions {
    /// True peak that the outputs hold, dBTP.
    pub(crate) fn ceiling_dbtp(&self) -> f64 {
        match self {
            Self::Decide(request) => request.ceiling_dbtp,
            Self::Render(saved) => saved.ceiling_dbtp.unwrap_or(saved.plan.ceiling_dbtp),
        }
    }
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
