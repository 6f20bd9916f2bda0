//! The numbers of a track, as every report shows them.

use serde::{Deserialize, Serialize};

/// What a meter says of a whole track (ITU-R BS.1770-5, EBU Tech 3341 and 3342).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// Integrated loudness, LUFS.
    pub integrated_lufs: f64,
    /// Loudness range, LU.
    pub loudness_range_lu: f64,
    /// Loudest 3 s, LUFS.
    pub max_short_term_lufs: f64,
    /// Loudest 400 ms, LUFS.
    pub max_momentary_lufs: f64,
    /// True peak: the highest that any meter of the panel reads, dBTP.
    pub true_peak_dbtp: f64,
    /// Highest sample, dBFS.
    pub sample_peak_dbfs: f64,
    /// Sample peak above RMS, dB.
    pub crest_db: f64,
    /// Correlation of left and right, -1 to 1; 1 for mono.
    pub correlation: f64,
}
