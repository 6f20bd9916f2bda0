//! Music: what a track is like, what to do about it, doing it, and saying what was done.
//!
//! [`analyse`] measures a mix; [`master`] decides a [`Plan`] for it and renders that; [`render`] renders a plan that is
//! already there, to the same bits; [`Meter`] measures what was delivered; [`observations`] are notes on the mix.
//! Not here: files, threads, clocks; signal code (that is `dsp`).

mod album;
mod analysis;
mod audio;
mod band_range;
mod drive;
mod dynamics;
mod excerpts;
mod explain;
mod hops;
mod matching;
mod measurement;
pub mod observations;
pub mod plan;
pub mod presets;
mod range;
mod reference;
mod render;
mod saturation;
mod shape;
mod solve;
mod sound;
mod tone;
mod usual;
mod width;

pub use album::{BesideOthers, Nearer, beside_others};
pub use analysis::{Analysis, analyse};
pub use audio::{Audio, HIGHEST_RATE_HZ, LOWEST_RATE_HZ, Refusal, SHORTEST_MS};
pub use dynamics::{DynamicsBand, HeldCourse, held_courses};
pub use matching::Toward;
pub use measurement::{Measured, Measurement, Meter};
pub use plan::Plan;
pub use reference::{Listener, Reference};
pub use render::render;
pub use solve::{master, master_from};
pub use sound::{Sound, Style, UnknownStyle};
pub use usual::{UsualBand, usual_range};

/// What the musician asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// How loud.
    pub loudness: Loudness,
    /// True peak that the master never exceeds, dBTP.
    pub ceiling_dbtp: f64,
    /// What it shall sound like.
    pub sound: Sound,
    /// A track that it shall sound like, in place of what finished music usually sounds like.
    pub toward: Option<Toward>,
}

/// How the loudness was chosen, which decides what may be paid for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Loudness {
    /// Asked for in so many words: it is reached, and the report says what that cost. LUFS.
    Exact(f64),
    /// Chosen by a preset or by default: approached as far as the quality cap lets it. LUFS.
    Chosen(f64),
    /// That of a reference, approached as far as the quality cap and the mix's own loudness range let it. LUFS.
    Like(f64),
}

impl Loudness {
    /// The loudness itself, LUFS.
    pub fn lufs(self) -> f64 {
        match self {
            Self::Exact(lufs) | Self::Chosen(lufs) | Self::Like(lufs) => lufs,
        }
    }

    /// Another loudness, chosen in the same way.
    #[must_use]
    pub fn with_lufs(self, lufs: f64) -> Self {
        match self {
            Self::Exact(_) => Self::Exact(lufs),
            Self::Chosen(_) => Self::Chosen(lufs),
            Self::Like(_) => Self::Like(lufs),
        }
    }
}

/// How far a master may be from its target and still count as on it, LU.
pub const TOLERANCE_LU: f64 = 0.1;

/// Where a long call is; each stage runs from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Measuring the mix.
    Analyse,
    /// Tonal balance.
    Tone,
    /// Finding the drive that gives the loudness.
    Solve,
    /// Limiting.
    Limit,
}

/// Hears how far a long call is.
pub type Progress<'a> = &'a mut dyn FnMut(Stage, f32);

/// A finished master.
#[derive(Debug)]
pub struct Master {
    /// The samples, not yet dithered.
    pub audio: Audio,
    /// All that was done, complete: `render` with it gives the same bits.
    pub plan: Plan,
    /// The loudness that was asked for, LUFS.
    pub target_lufs: f64,
    /// Why the target was missed, in words for musicians; `None` when it was reached.
    pub not_reached: Option<String>,
    /// What was done, and what it cost, in words for musicians: one sentence each.
    pub explanation: Vec<String>,
}
