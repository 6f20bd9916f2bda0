//! The range in which finished music usually lies, for pictures: the decisions' own target and tolerance.

use crate::tone::{TARGET_DB, TOLERANCE_DB};
use dsp::spectrum::NOMINAL_HZ;

/// What is usual in one third of an octave, dB re 1 kHz.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UsualBand {
    /// Nominal centre, Hz.
    pub frequency_hz: f64,
    /// From here, dB ...
    pub low_db: f64,
    /// ... to here, dB.
    pub high_db: f64,
}

/// The bands from 25 Hz to 20 kHz.
pub fn usual_range() -> Vec<UsualBand> {
    let bands = NOMINAL_HZ.iter().zip(TARGET_DB.iter().zip(TOLERANCE_DB));
    bands
        .map(|(frequency_hz, (target_db, tolerance_db))| UsualBand {
            frequency_hz: *frequency_hz,
            low_db: target_db - tolerance_db,
            high_db: target_db + tolerance_db,
        })
        .collect()
}
