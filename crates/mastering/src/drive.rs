//! How a limiter may be set, and the drive with which it has a predicted loudness.
//!
//! Not here: which setting is worth its cost, and what a rendering makes of the prediction (that is `solve`).

use crate::analysis::ABSOLUTE_GATE_DB;
use crate::hops::Hops;
use crate::plan::Limiter;

/// How the limiter may be set, from gentle to whatever it takes. The first is what a chosen loudness is held to.
pub(crate) const EFFORTS: [Effort; 4] = [
    Effort { tip_db: GENTLE_TIP_DB, fast_release_ms: 20.0, slow_release_ms: 80.0 },
    Effort { tip_db: 7.0, fast_release_ms: 20.0, slow_release_ms: 60.0 },
    Effort { tip_db: 9.0, fast_release_ms: 15.0, slow_release_ms: 40.0 },
    Effort { tip_db: 9.0, fast_release_ms: 10.0, slow_release_ms: 20.0 },
];
/// What a loudness that was asked for falls back on where tips are too broad to be cancelled: a gain keeps its word.
pub(crate) const GAIN_ALONE: Effort = Effort { tip_db: 0.0, fast_release_ms: 10.0, slow_release_ms: 20.0 };

/// How far transients may stand out from the gain before their loss is heard, dB.
pub(crate) const GENTLE_TIP_DB: f64 = 5.0;
/// The highest drive beyond a plain gain that is tried, dB.
pub(crate) const MOST_EXTRA_DB: f64 = 24.0;
/// A predicted loudness this close to what was wanted will do: the rendering is measured anyway, LU.
const PREDICTION_LU: f64 = 0.005;
/// Where more drive gives less than this share of it, excerpts are no guide any more.
pub(crate) const LEAST_GAINED: f64 = 0.2;
/// So much of a drive mostly becomes loudness.
const USUALLY_GAINED: f64 = 0.7;
/// And a step goes so far beyond what is missing that the drive is soon between two.
const BEYOND: f64 = 1.1;
const MOST_PREDICTIONS: usize = 32;

/// So often is halved what is searched: drives are told apart to a hundredth of a decibel, strengths to 0.03 %.
const HALVINGS: usize = 12;

/// The highest of some drives, or strengths, that will do, where the lowest does and what is above one that does not, does
/// not.
pub(crate) fn highest(from: f64, to: f64, will_do: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (from, to);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        *(if will_do(middle) { &mut low } else { &mut high }) = middle;
    }
    low
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    tip_db: f64,
    fast_release_ms: f64,
    slow_release_ms: f64,
}

impl Effort {
    pub(crate) fn limiter(self, drive_db: f64) -> Limiter {
        Limiter {
            drive_db,
            tip_db: self.tip_db,
            lookahead_ms: 7.0,
            fast_release_ms: self.fast_release_ms,
            slow_release_ms: self.slow_release_ms,
            slow_charge_ms: 100.0,
        }
    }
}

impl Hops {
    /// The drive for a predicted loudness, dB, if any drive gives it; searched from a plain gain on where no drive is
    /// known to be near (the secant method, and regula falsi with Illinois weights once it is between two).
    pub(crate) fn drive_for(&self, effort: Effort, target_lufs: f64, near_db: Option<f64>) -> Option<f64> {
        let least_db = target_lufs - self.unlimited_lufs();
        let most_db = least_db + MOST_EXTRA_DB;
        let mut drive_db = near_db.map_or(least_db, |near_db| near_db.clamp(least_db, most_db));
        let (mut low, mut high) = (None::<(f64, f64)>, None::<(f64, f64)>);
        let mut gained = USUALLY_GAINED;
        let mut last: Option<(f64, f64)> = None;
        for _ in 0..MOST_PREDICTIONS {
            let above = self.lufs(&effort.limiter(drive_db)).max(ABSOLUTE_GATE_DB) - target_lufs;
            if above.abs() < PREDICTION_LU || (above > 0.0 && drive_db <= least_db) {
                break;
            }
            if above < 0.0 && drive_db >= most_db {
                return None;
            }
            if let Some((last_db, last_above)) = last {
                gained = ((above - last_above) / (drive_db - last_db)).clamp(LEAST_GAINED, 1.0);
            }
            let same_side_again = last.is_some_and(|(_, last_above)| (last_above < 0.0) == (above < 0.0));
            let (end, other) = if above < 0.0 { (&mut low, &mut high) } else { (&mut high, &mut low) };
            *end = Some((drive_db, above));
            if let Some((_, weight)) = other.as_mut().filter(|_| same_side_again) {
                *weight *= 0.5;
            }
            last = Some((drive_db, above));
            drive_db = if let Some(((low_db, below), (high_db, above))) = low.zip(high) {
                (low_db * above - high_db * below) / (above - below)
            } else {
                let step_db = (BEYOND * above.abs() / gained).clamp(0.02, 6.0);
                (drive_db - step_db.copysign(above)).clamp(least_db, most_db)
            };
        }
        Some(drive_db)
    }
}
