//! How far a limiter may be driven until the loudness range of a mix would be drawn together.
//!
//! What the gain of a limiter takes of the range is predicted from hops; what is cancelled takes of it, too, and more of
//! loud passages than of quiet ones. Excerpts tell how much of that to expect, and renderings how much it was.
//! Not here: which loudness is wanted (that is `solve`).

use crate::drive::highest;
use crate::hops::Hops;
use crate::plan::Limiter;

/// The loudness of a reference may cost at most this much of the mix's own loudness range, LU ...
const MOST_LU: f64 = 1.45;
/// ... and, where the tone takes that much already, no more than this of what is left, LU.
const MOST_MORE_LU: f64 = 0.25;
/// A rendering may miss the range by this, or keep so much more, LU.
const BELOW_LU: f64 = 0.03;
const ABOVE_LU: f64 = 0.06;
/// What is aimed at above it, LU.
const AIM_ABOVE_LU: f64 = 0.01;

/// A loudness range that is not to be lost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeastRange {
    lu: f64,
}

/// What cancelling takes of the range at one drive.
#[derive(Debug, Clone, Copy)]
struct Taken {
    drive_db: f64,
    lu: f64,
}

/// What is known of that, from the least drive to the highest.
#[derive(Debug)]
pub(crate) struct Losses(Vec<Taken>);

impl LeastRange {
    /// Most of the range of a mix, but no more than its tone has left.
    pub(crate) fn new(mix_lu: f64, shaped_lu: f64) -> Self {
        Self { lu: (mix_lu - MOST_LU).min(shaped_lu - MOST_MORE_LU) }
    }

    /// Whether so much is enough, LU.
    pub(crate) fn is_kept_by(self, range_lu: f64) -> bool {
        range_lu >= self.lu - BELOW_LU
    }

    /// Whether it is expected to be kept where so much is predicted, LU.
    pub(crate) fn is_promised_by(self, predicted_lu: f64) -> bool {
        predicted_lu >= self.lu
    }

    /// Whether more drive than one that leaves this would leave enough, too, LU.
    pub(crate) fn leaves_room(self, range_lu: f64) -> bool {
        range_lu > self.lu + ABOVE_LU
    }

    /// The highest drive that leaves enough, below the highest that is known of, dB.
    pub(crate) fn most_drive(self, hops: &Hops, limiter: impl Fn(f64) -> Limiter, losses: &Losses) -> f64 {
        let (from_db, to_db) = losses.known();
        highest(from_db, to_db, |drive_db| {
            predicted_lu(hops, &limiter(drive_db)) - losses.at(drive_db) >= self.lu + AIM_ABOVE_LU
        })
    }
}

/// What the gain of a limiter alone leaves, LU.
pub(crate) fn predicted_lu(hops: &Hops, limiter: &Limiter) -> f64 {
    hops.range_lu_with(limiter, &hops.gain(limiter))
}

impl Losses {
    /// Nothing is cancelled up to a drive, dB.
    pub(crate) fn none_up_to(drive_db: f64) -> Self {
        Self(vec![Taken { drive_db, lu: 0.0 }])
    }

    /// And so much is with another, dB, LU.
    pub(crate) fn learn(&mut self, drive_db: f64, lu: f64) {
        let place = self.0.partition_point(|taken| taken.drive_db < drive_db);
        self.0.insert(place, Taken { drive_db, lu });
    }

    fn known(&self) -> (f64, f64) {
        (self.0[0].drive_db, self.0[self.0.len() - 1].drive_db)
    }

    /// Between what is known, along straight lines, LU.
    fn at(&self, drive_db: f64) -> f64 {
        let next = self.0.partition_point(|taken| taken.drive_db < drive_db);
        let Some([from, to]) = next.checked_sub(1).and_then(|last| self.0.get(last..=next)) else {
            return self.0[next.min(self.0.len() - 1)].lu;
        };
        from.lu + (to.lu - from.lu) * (drive_db - from.drive_db) / (to.drive_db - from.drive_db)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_between_two_drives_is_read_off_a_straight_line() {
        let mut losses = Losses::none_up_to(2.0);
        losses.learn(10.0, 0.4);
        losses.learn(6.0, 0.1);
        let at = [0.0, 2.0, 4.0, 6.0, 9.0, 10.0, 12.0].map(|drive_db| losses.at(drive_db));
        for (found, expected) in at.into_iter().zip([0.0, 0.0, 0.05, 0.1, 0.325, 0.4, 0.4]) {
            assert!((found - expected).abs() < 1e-12, "{at:?}");
        }
    }

    #[test]
    fn a_range_may_shrink_by_a_little_and_by_less_where_tone_has_taken_the_most_of_it() {
        let plain = LeastRange::new(8.0, 8.0);
        assert!(plain.is_kept_by(6.55) && !plain.is_kept_by(6.5));
        let drawn_together = LeastRange::new(8.0, 6.0);
        assert!(drawn_together.is_kept_by(5.75) && !drawn_together.is_kept_by(5.7));
    }
}
