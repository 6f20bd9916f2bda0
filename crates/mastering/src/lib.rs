//! Music: what a track is like, what to do about it, doing it, and saying what was done.
//!
//! `analyse` -> `master` (which decides a [`Plan`] and renders it) -> a measurement of what came out.
//! Not here: files, threads, clocks; signal code (that is `dsp`).

mod audio;
mod measurement;
pub mod plan;
pub mod presets;

pub use audio::{Audio, HIGHEST_RATE_HZ, LOWEST_RATE_HZ, Refusal, SHORTEST_MS};
pub use measurement::Measurement;
pub use plan::Plan;

/// What the musician asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// How loud.
    pub loudness: Loudness,
    /// True peak that the master never exceeds, dBTP.
    pub ceiling_dbtp: f64,
}

/// How the loudness was chosen, which decides what may be paid for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Loudness {
    /// Asked for in so many words: it is reached, and the report says what that cost. LUFS.
    Exact(f64),
    /// Chosen by a preset or by default: approached as far as the quality cap lets it. LUFS.
    Chosen(f64),
}

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

/// What the mix is like.
#[derive(Debug, Clone)]
pub struct Analysis {
    /// The numbers.
    pub measurement: Measurement,
}

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

/// Measures a mix.
pub fn analyse(audio: &Audio, progress: Progress<'_>) -> Result<Analysis, Refusal> {
    todo!()
}

/// Decides a plan for the mix and renders it. Takes the samples and works in place as far as it can.
pub fn master(
    audio: Audio,
    analysis: &Analysis,
    request: &Request,
    progress: Progress<'_>,
) -> Master {
    todo!()
}

/// Renders a plan: pure, nothing is decided here.
pub fn render(audio: Audio, plan: &Plan, progress: Progress<'_>) -> Audio {
    todo!()
}

/// Measures audio that is delivered in blocks: what the decoded file gives.
pub struct Meter {}

impl Meter {
    /// For one or two channels.
    pub fn new(rate_hz: u32, channels: usize) -> Self {
        todo!()
    }
    /// The next block: one slice a channel, all of one length.
    pub fn push(&mut self, block: &[&[f32]]) {
        todo!()
    }
    /// The measurement; `None` when nothing was above -70 LUFS or it was shorter than 400 ms.
    pub fn finish(self) -> Option<Measurement> {
        todo!()
    }
}
