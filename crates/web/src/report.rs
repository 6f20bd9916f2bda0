//! The part of a report that the pages show, read from its JSON, whose keys are a contract.

use mastering::Measurement;
use serde::Deserialize;

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
