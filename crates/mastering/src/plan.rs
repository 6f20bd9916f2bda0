//! A plan: every parameter of every stage, as a person can read it, change it and keep it.
//!
//! Not here: how the numbers are found (`tone`, `solve`) and what they do (`render`).

use crate::Sound;
use crate::dynamics::DynamicsBand;
use dsp::gain_curve::GainTimes;
use dsp::spectrum::{BANDS, NOMINAL_HZ};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// The schema that this program writes and reads.
pub const VERSION: u32 = 2;

/// Everything that `render` does, in this order: dynamics, equaliser, stereo (width, and the sides' own equaliser),
/// saturation, drive, limiter, trim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Version of this schema.
    pub version: u32,
    /// Bands that are held back for a while; absent when none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dynamics: Option<Dynamics>,
    /// Tonal balance; absent when nothing is to be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equaliser: Option<Equaliser>,
    /// Width; absent when nothing is to be changed, and of no effect on mono.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stereo: Option<Stereo>,
    /// Peaks that are rounded off; absent when none is to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saturation: Option<Saturation>,
    /// Loudness and safety.
    pub limiter: Limiter,
    /// Gain after everything else, dB: -24 to 0.
    pub trim_db: f64,
    /// No meter reads above this in the delivered file, dBTP: -24 to 0.
    pub ceiling_dbtp: f64,
}

/// What is held back while it stands out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dynamics {
    /// The bands, from low to high, each at most once.
    pub bands: Vec<HeldBand>,
}

/// A band that is turned down by what exceeds a threshold. Levels are of all channels together, dB re the power of a
/// full-scale sine in one, without what is shorter than half a second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldBand {
    /// Which band.
    pub band: DynamicsBand,
    /// The level above which it is held, dB: -120 to 24.
    pub threshold_db: f64,
    /// What else has to be so; absent when the level alone decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_where: Option<Beside>,
    /// How many decibels more make one decibel more: 1 to 20.
    pub ratio: f64,
    /// It is turned down by at most this, dB: 0 to 12.
    pub most_db: f64,
    /// How long its gain takes to come back by 63 %, ms: 50 to 5000.
    pub release_ms: f64,
}

/// What is beside a band that stands out. Each of the two is a threshold like that of the level, and the least excess
/// counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beside {
    /// The band's level over that of all other bands, dB: -120 to 120.
    pub over_rest_db: f64,
    /// The level of all other bands, dB: -200 to 24.
    pub rest_db: f64,
}

/// A minimum-phase filter through these points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Equaliser {
    /// Gains at the third-octave bands from 25 Hz to 20 kHz, in order, smoothly joined.
    pub bands: Vec<BandGain>,
}

/// One point of the equaliser.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BandGain {
    /// Nominal centre, Hz.
    pub frequency_hz: f64,
    /// Gain, dB: -24 to 24.
    pub gain_db: f64,
}

/// The stereo image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stereo {
    /// Factor on the sides (left minus right): 0 (mono) to 1.5, 1 leaves them.
    pub side_gain: f64,
    /// What the sides get beside that and beside the plan's equaliser; absent when they get nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side_equaliser: Option<Equaliser>,
    /// Level of the right channel against the left beside what the mix has, dB: -6 to 6. Each gets half of it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub balance_db: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde calls")]
fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

/// What exceeds a threshold is bent toward a limit. Both are levels before the drive, full scale 0 dBFS.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saturation {
    /// Where bending begins, dBFS: -120 to 60.
    pub threshold_dbfs: f64,
    /// What it tends to, dBFS: 0.1 to 24 dB above the threshold.
    pub limit_dbfs: f64,
}

/// The lookahead true-peak limiter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limiter {
    /// Gain before the limiter, dB: -60 to 60.
    pub drive_db: f64,
    /// How far a transient may stand out from the gain, to be taken by pulses that the music masks, dB: 0 to 24.
    pub tip_db: f64,
    /// How far the gain looks ahead, ms: 0.5 to 50.
    pub lookahead_ms: f64,
    /// Release after a short reduction, ms: 1 to 5000.
    pub fast_release_ms: f64,
    /// Release after a long reduction, ms: 1 to 5000.
    pub slow_release_ms: f64,
    /// How long a reduction lasts before it is a long one, ms: 1 to 5000.
    pub slow_charge_ms: f64,
}

impl Limiter {
    pub(crate) fn times(&self) -> GainTimes {
        GainTimes {
            lookahead_ms: self.lookahead_ms,
            fast_release_ms: self.fast_release_ms,
            slow_release_ms: self.slow_release_ms,
            slow_charge_ms: self.slow_charge_ms,
        }
    }
}

/// Why a plan cannot be rendered.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Written by another version of the program.
    #[error("the plan has version {found}; this program reads version {VERSION}. Save the plan anew")]
    Version {
        /// Version in the plan.
        found: u32,
    },
    /// A number outside its range, or not a number.
    #[error("the plan's {name} is {found}; it must be {} to {}", range.start(), range.end())]
    OutOfRange {
        /// Which number.
        name: String,
        /// What it is.
        found: f64,
        /// What it may be.
        range: RangeInclusive<f64>,
    },
    /// The dynamics have a band twice, or bands out of order.
    #[error("the plan's dynamics must have each band at most once, from bass to treble")]
    Dynamics,
    /// Not the bands that the equaliser has.
    #[error("the plan's equaliser must have the {BANDS} third-octave bands from 25 Hz to 20 kHz in order; {found}")]
    Bands {
        /// What is wrong with them.
        found: String,
    },
}

impl Plan {
    /// Checks every number against its range; a plan that passes can be rendered.
    pub fn check(&self) -> Result<(), PlanError> {
        if self.version != VERSION {
            return Err(PlanError::Version { found: self.version });
        }
        let limiter = &self.limiter;
        within("ceiling_dbtp", self.ceiling_dbtp, -24.0..=0.0)?;
        within("trim_db", self.trim_db, -24.0..=0.0)?;
        within("limiter.drive_db", limiter.drive_db, -60.0..=60.0)?;
        within("limiter.tip_db", limiter.tip_db, 0.0..=24.0)?;
        within("limiter.lookahead_ms", limiter.lookahead_ms, 0.5..=50.0)?;
        within("limiter.fast_release_ms", limiter.fast_release_ms, 1.0..=5_000.0)?;
        within("limiter.slow_release_ms", limiter.slow_release_ms, 1.0..=5_000.0)?;
        within("limiter.slow_charge_ms", limiter.slow_charge_ms, 1.0..=5_000.0)?;
        self.dynamics.as_ref().map_or(Ok(()), Dynamics::check)?;
        if let Some(stereo) = &self.stereo {
            within("stereo.side_gain", stereo.side_gain, 0.0..=1.5)?;
            within("stereo.balance_db", stereo.balance_db, Sound::BALANCE_DB)?;
            stereo.side_equaliser.as_ref().map_or(Ok(()), Equaliser::check)?;
        }
        if let Some(Saturation { threshold_dbfs, limit_dbfs }) = self.saturation {
            within("saturation.threshold_dbfs", threshold_dbfs, -120.0..=60.0)?;
            within("saturation.limit_dbfs", limit_dbfs, threshold_dbfs + 0.1..=threshold_dbfs + 24.0)?;
        }
        self.equaliser.as_ref().map_or(Ok(()), Equaliser::check)
    }
}

impl Dynamics {
    fn check(&self) -> Result<(), PlanError> {
        if !self.bands.is_sorted_by(|a, b| (a.band as u8) < b.band as u8) {
            return Err(PlanError::Dynamics);
        }
        self.bands.iter().try_for_each(HeldBand::check)
    }
}

impl HeldBand {
    pub(crate) fn check(&self) -> Result<(), PlanError> {
        within("dynamics' threshold_db", self.threshold_db, -120.0..=24.0)?;
        if let Some(beside) = &self.only_where {
            within("dynamics' over_rest_db", beside.over_rest_db, -120.0..=120.0)?;
            within("dynamics' rest_db", beside.rest_db, -200.0..=24.0)?;
        }
        within("dynamics' ratio", self.ratio, 1.0..=20.0)?;
        within("dynamics' most_db", self.most_db, 0.0..=12.0)?;
        within("dynamics' release_ms", self.release_ms, 50.0..=5_000.0)
    }
}

impl Equaliser {
    pub(crate) fn from_gains(gains_db: &[f64; BANDS]) -> Self {
        let bands = NOMINAL_HZ.iter().zip(gains_db);
        Self { bands: bands.map(|(&frequency_hz, &gain_db)| BandGain { frequency_hz, gain_db }).collect() }
    }

    fn check(&self) -> Result<(), PlanError> {
        if self.bands.len() != BANDS {
            return Err(PlanError::Bands { found: format!("it has {}", self.bands.len()) });
        }
        for (band, nominal_hz) in self.bands.iter().zip(NOMINAL_HZ) {
            if band.frequency_hz != nominal_hz {
                return Err(PlanError::Bands {
                    found: format!("{} Hz stands where {nominal_hz} Hz belongs", band.frequency_hz),
                });
            }
            within(&format!("gain_db at {nominal_hz} Hz"), band.gain_db, -24.0..=24.0)?;
        }
        Ok(())
    }
}

fn within(name: &str, found: f64, range: RangeInclusive<f64>) -> Result<(), PlanError> {
    if range.contains(&found) { Ok(()) } else { Err(PlanError::OutOfRange { name: name.to_owned(), found, range }) }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn plain(drive_db: f64) -> Plan {
        Plan {
            version: VERSION,
            dynamics: None,
            equaliser: None,
            stereo: None,
            saturation: None,
            limiter: Limiter {
                drive_db,
                tip_db: 0.0,
                lookahead_ms: 9.0,
                fast_release_ms: 60.0,
                slow_release_ms: 600.0,
                slow_charge_ms: 150.0,
            },
            trim_db: 0.0,
            ceiling_dbtp: -1.0,
        }
    }

    #[test]
    fn a_plan_survives_being_kept() {
        let mut plan = plain(3.25);
        plan.equaliser = Some(Equaliser::from_gains(&[0.1 + 0.2; BANDS]));
        plan.saturation = Some(Saturation { threshold_dbfs: -9.5, limit_dbfs: -3.5 });
        let side_equaliser = Some(Equaliser::from_gains(&[-0.5; BANDS]));
        plan.stereo = Some(Stereo { side_gain: 1.1, side_equaliser, balance_db: -1.5 });
        let text = serde_json::to_string_pretty(&plan).expect("serialises");
        assert_eq!(serde_json::from_str::<Plan>(&text).expect("parses"), plan);
        assert_eq!(plan.check(), Ok(()));
    }

    #[test]
    fn a_plan_with_a_number_out_of_range_says_which_and_what_is_allowed() {
        for (wrong, name) in [(f64::NAN, "limiter.drive_db"), (61.0, "limiter.drive_db")] {
            let error = plain(wrong).check().expect_err("refused");
            assert!(error.to_string().contains(name) && error.to_string().contains("-60 to 60"), "{error}");
        }
        let mut upside_down = plain(0.0);
        upside_down.saturation = Some(Saturation { threshold_dbfs: -6.0, limit_dbfs: -12.0 });
        let error = upside_down.check().expect_err("refused");
        assert!(error.to_string().contains("saturation.limit_dbfs"), "{error}");
        let unknown = r#"{"version":2,"limiter":{"drive_db":0,"loud":true},"trim_db":0,"ceiling_dbtp":-1}"#;
        assert!(serde_json::from_str::<Plan>(unknown).expect_err("refused").to_string().contains("loud"));
    }

    #[test]
    fn an_equaliser_has_exactly_the_bands_that_it_has() {
        let mut plan = plain(0.0);
        let mut equaliser = Equaliser::from_gains(&[0.0; BANDS]);
        equaliser.bands.pop();
        plan.equaliser = Some(equaliser);
        assert!(matches!(plan.check(), Err(PlanError::Bands { .. })));
    }
}
