//! The part of a report that the pages show, read from its JSON, whose keys are a contract.

use mastering::Measurement;
use serde::Deserialize;

use crate::extras;

/// What a finished job says.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Report {
    pub(crate) format: String,
    pub(crate) duration_s: f64,
    pub(crate) rate_hz: u32,
    pub(crate) channels: usize,
    pub(crate) before: Measurement,
    pub(crate) after: Measurement,
    pub(crate) target_lufs: f64,
    pub(crate) ceiling_dbtp: f64,
    #[serde(default)]
    pub(crate) reason: Option<String>,
    pub(crate) explanation: Vec<String>,
    pub(crate) waveforms: Waveforms,
    #[serde(default)]
    outputs: Vec<Output>,
    #[serde(default)]
    not_made: Vec<NotMade>,
}

/// What is said of a file that was made.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Output {
    encoding: String,
    #[serde(default)]
    note: Option<String>,
}

/// A file that was asked for and could not be made.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct NotMade {
    encoding: String,
    reason: String,
}

impl Report {
    /// What is to be said of single files, one sentence each.
    pub(crate) fn notes(&self) -> Vec<String> {
        let name = |encoding: &str| {
            extras::of_encoding(encoding).map_or(encoding.to_owned(), |extra| extras::words(extra).0.to_owned())
        };
        let made =
            self.outputs.iter().filter_map(|file| Some(format!("{}: {}", name(&file.encoding), file.note.as_ref()?)));
        let missing = self.not_made.iter();
        let missing = missing.map(|file| format!("{} could not be made: {}.", name(&file.encoding), file.reason));
        missing.chain(made).collect()
    }
}

/// What mix and master look like.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Waveforms {
    pub(crate) before: Overview,
    pub(crate) after: Overview,
}

/// Lowest and highest sample by column; 1.0 is full scale.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub(crate) struct Overview {
    pub(crate) min: Vec<f32>,
    pub(crate) max: Vec<f32>,
}
