//! How far a job is, and whether it is still wanted.

use serde::{Deserialize, Serialize};

/// The stations on the way of a track, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Reading the mix.
    Decode,
    /// Measuring it.
    Analyse,
    /// Tonal balance.
    Tone,
    /// Finding the drive that gives the loudness.
    Solve,
    /// Limiting.
    Limit,
    /// Writing the files.
    Encode,
    /// Reading the files again and measuring them.
    Check,
}

impl Stage {
    /// All of them, in their order.
    pub const ALL: [Self; 7] =
        [Self::Decode, Self::Analyse, Self::Tone, Self::Solve, Self::Limit, Self::Encode, Self::Check];

    /// Its key in `timings_ms`, in progress events and in databases.
    pub fn key(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Analyse => "analyse",
            Self::Tone => "tone",
            Self::Solve => "solve",
            Self::Limit => "limit",
            Self::Encode => "encode",
            Self::Check => "check",
        }
    }

    /// What happens there, in words for musicians.
    pub fn label(self) -> &'static str {
        match self {
            Self::Decode => "Reading your mix",
            Self::Analyse => "Listening to it",
            Self::Tone => "Balancing the tone",
            Self::Solve => "Finding the loudness",
            Self::Limit => "Limiting",
            Self::Encode => "Writing your master",
            Self::Check => "Measuring what was written",
        }
    }

    /// Roughly what part of the whole this stage takes; they add up to 1.
    fn share(self) -> f32 {
        match self {
            Self::Decode | Self::Tone | Self::Encode => 0.1,
            Self::Analyse | Self::Limit | Self::Check => 0.15,
            Self::Solve => 0.25,
        }
    }
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Progress {
    /// Where it is.
    pub stage: Stage,
    /// How much of the whole is done, 0 to 1; never goes back.
    pub fraction: f32,
}

impl Progress {
    /// A stage that is `within` done, 0 to 1.
    pub(crate) fn at(stage: Stage, within: f32) -> Self {
        let before: f32 = Stage::ALL.into_iter().take_while(|earlier| *earlier < stage).map(Stage::share).sum();
        let fraction = (before + stage.share() * within.clamp(0.0, 1.0)).clamp(0.0, 1.0);
        Self { stage, fraction }
    }
}

/// The observer's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    Continue,
    /// Stop at the next occasion, leave nothing behind, and return [`crate::Error::Cancelled`].
    Cancel,
}

/// Hears how far a job is, and says whether it is still wanted. Called often; should return quickly.
pub type Observer<'a> = &'a mut dyn FnMut(Progress) -> Control;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_runs_from_nothing_to_all_and_never_goes_back() {
        let mut last = 0.0;
        for stage in Stage::ALL {
            for within in [0.0, 0.5, 1.0] {
                let now = Progress::at(stage, within).fraction;
                assert!(now >= last, "{stage:?} {within}: {now} after {last}");
                last = now;
            }
        }
        assert!(Progress::at(Stage::Decode, 0.0).fraction.abs() < 1e-6);
        assert!((last - 1.0).abs() < 1e-6);
    }
}
