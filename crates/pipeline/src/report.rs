//! What a job says when it is done. The JSON keys are a contract: scripts read them.

use serde::{Deserialize, Serialize};

use mastering::observations::{Observation, Spectrum};
use mastering::{Measurement, Plan};

use crate::{Course, Encoding, Holding, Overview, SavedPlan, Timings};

/// The version of the report's schema. Keys may be added under the same number, never renamed or removed.
pub const SCHEMA: u32 = 1;

/// The schema itself, for whoever reads reports (JSON Schema, draft 2020-12).
pub const REPORT_JSON_SCHEMA: &str = include_str!("../schema/report.schema.json");

/// A name, a unit, and where the number is.
pub type Figure = (&'static str, &'static str, fn(&Measurement) -> f64);

/// The numbers that a musician looks at, each with its unit, in the order in which they are shown.
pub const FIGURES: &[Figure] = &[
    ("Loudness", "LUFS", |m| m.integrated_lufs),
    ("True peak", "dBTP", |m| m.true_peak_dbtp),
    ("Loudest moment", "LUFS", |m| m.max_momentary_lufs),
    ("Loudest 3 seconds", "LUFS", |m| m.max_short_term_lufs),
    ("Loudness range", "LU", |m| m.loudness_range_lu),
    ("Peak above average", "dB", |m| m.crest_db),
    ("Left-right correlation", "", |m| m.correlation),
];

/// What came in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// The file, as it was named.
    pub input: String,
    /// What it is, for people: `WAV, 24 bit`.
    pub format: String,
    /// Length, s.
    pub duration_s: f64,
    /// Sample rate, Hz.
    pub rate_hz: u32,
    /// 1 or 2.
    pub channels: usize,
}

/// A finished master, with the numbers of what was delivered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The program's version.
    pub version: String,
    /// What came in.
    #[serde(flatten)]
    pub source: Input,
    /// The first delivered file.
    pub output: String,
    /// Every delivered file.
    pub outputs: Vec<Delivered>,
    /// Files that were asked for beside and could not be made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_made: Vec<NotMade>,
    /// What lossy codecs make of the master elsewhere; empty when none was listened to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heard_through: Vec<Decoded>,
    /// The mix, at the rate of the outputs.
    pub before: Measurement,
    /// The first delivered file, decoded again and measured.
    pub after: Measurement,
    /// The loudness that was asked for, LUFS.
    pub target_lufs: f64,
    /// The true peak that no delivered file exceeds, dBTP.
    pub ceiling_dbtp: f64,
    /// Whether the master has the loudness that was asked for, to 0.1 LU.
    pub target_reached: bool,
    /// Why not, in words for musicians.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was done, one sentence each, in words for musicians.
    pub explanation: Vec<String>,
    /// Notes on the mix, the weightiest first.
    #[serde(default)]
    pub observations: Vec<Observation>,
    /// Everything that was done, complete.
    pub plan: Plan,
    /// What mix and master look like.
    pub waveforms: Waveforms,
    /// How loud mix and master are over time.
    pub loudness_over_time: Courses,
    /// How bands that stood out were held; empty where none was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_bands: Vec<Holding>,
    /// What mix and master are made of.
    #[serde(default)]
    pub spectra: Spectra,
    /// Wall-clock time by stage, ms.
    pub timings_ms: Timings,
    /// Seconds of music a second of work.
    pub realtime_factor: f64,
}

impl Report {
    /// What was decided, to be kept and followed again: to the same bits, on the same kind of processor.
    pub fn saved_plan(&self) -> SavedPlan {
        let rate_hz = self.outputs.first().map(|output| output.rate_hz).filter(|hz| *hz != self.source.rate_hz);
        let ceiling_dbtp = Some(self.ceiling_dbtp).filter(|dbtp| *dbtp != self.plan.ceiling_dbtp);
        SavedPlan { target_lufs: self.target_lufs, rate_hz, ceiling_dbtp, plan: self.plan.clone() }
    }
}

/// One delivered file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivered {
    /// The file, as it was named.
    pub path: String,
    /// As what.
    pub encoding: Encoding,
    /// Its sample rate, Hz; 0 in reports from before rates were converted.
    #[serde(default)]
    pub rate_hz: u32,
    /// Its size.
    pub bytes: u64,
    /// The file, decoded again and measured.
    pub after: Measurement,
    /// What was done for this file alone, in words for musicians.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Everything that was done for it, where that is not the report's plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
}

/// A file that was asked for beside and could not be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NotMade {
    /// As what.
    pub encoding: Encoding,
    /// Why, in words for musicians.
    pub reason: String,
}

/// What listeners get elsewhere: the master through a codec that nothing was delivered in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decoded {
    /// The codec and its bitrate.
    pub encoding: Encoding,
    /// True peak of what it decodes to, dBTP.
    pub true_peak_dbtp: f64,
}

/// Mix and master, drawn over the same columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waveforms {
    /// The mix.
    pub before: Overview,
    /// The master.
    pub after: Overview,
}

/// Mix and master over the same steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Courses {
    /// The mix.
    pub before: Course,
    /// The master.
    pub after: Course,
}

/// Mix and master in third-octave bands.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Spectra {
    /// The mix.
    pub before: Spectrum,
    /// The master.
    pub after: Spectrum,
}

/// A track that was only listened to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnalysisReport {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The program's version.
    pub version: String,
    /// What came in.
    #[serde(flatten)]
    pub source: Input,
    /// Its numbers.
    pub before: Measurement,
    /// Notes on it, the weightiest first.
    #[serde(default)]
    pub observations: Vec<Observation>,
    /// What it looks like.
    pub waveform: Overview,
    /// How loud it is over time.
    pub loudness_over_time: Course,
    /// What it is made of, in third-octave bands.
    #[serde(default)]
    pub spectrum: Spectrum,
    /// Wall-clock time by stage, ms.
    pub timings_ms: Timings,
    /// Seconds of music a second of work.
    pub realtime_factor: f64,
}
