//! The most that any meter of the panel can read where a quick estimate was taken.
//!
//! Proven, not found by trying: a meter's kernel less the estimate's kernels, mixed so that both agree on every straight
//! line, is a filter of the signal's second differences (summation by parts, twice). So a reading is at most the estimate
//! and, for each second difference within reach, its size times the filter's tap there.
//!
//! Not here: the estimate.

use super::CELL;
use super::kernels::{Kernel, LANES, long, medium, quarter_point, resampler, short};
use crate::extremes::higher;
use std::ops::Add;
use std::sync::LazyLock;

/// Samples that a kernel may reach to each side of the one that its lanes follow: eight cells and the one after.
const SPAN: isize = 8 * CELL as isize + 2;
/// Cells to each side whose second differences a reading may depend on.
pub(super) const FAR: usize = 8;
/// What a sum of 128 products in single precision may be off.
const ROUNDING: f64 = 1e-5;
/// A lane that makes less than this of a level is bounded apart: it reads low, but is bent the more.
const LOW_LEVEL: f32 = 0.99;

/// Two bounds, of which the higher one counts.
pub(super) static BOUNDS: LazyLock<[Bound; 2]> = LazyLock::new(|| {
    let kernels = [short(44_100), short(96_000), resampler(), medium(), long()];
    let lanes: Vec<Bound> = kernels.iter().flat_map(Bound::of_lanes).collect();
    [true, false].map(|low| {
        let lanes = lanes.iter().filter(|bound| (bound.level < LOW_LEVEL) == low);
        lanes.fold(Bound::default(), |worst, bound| worst.combined(bound, higher))
    })
});

/// What any meter can read where this is the estimate and these are the greatest second differences, near and far.
#[expect(clippy::inline_always, reason = "one of a few operations in a loop over all cells")]
#[inline(always)]
pub(super) fn highest_reading([low, high]: &[Bound; 2], estimate: f32, near: f32, far: f32) -> f32 {
    let [low, high] = [low, high].map(|bound| bound.level * estimate + bound.near * near + bound.far * far);
    higher(low, high)
}

/// The most that is read, as shares of what it depends on.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bound {
    /// Of the estimate.
    level: f32,
    /// Of the greatest second difference in the cell or beside it.
    near: f32,
    /// Of the greatest within [`FAR`] cells.
    far: f32,
}

impl Bound {
    fn combined(self, other: &Self, each: fn(f32, f32) -> f32) -> Self {
        Self { level: each(self.level, other.level), near: each(self.near, other.near), far: each(self.far, other.far) }
    }

    /// The bound of each lane that reads at all.
    fn of_lanes(kernel: &Kernel) -> Vec<Self> {
        let lanes = (0..LANES as isize).map(|lane| Response::of(kernel, lane));
        let bounds = lanes.enumerate().filter(|(_, response)| response.sum() != 0.0).map(|(lane, response)| {
            let between = response.less_estimate();
            if kernel.even_grid { between.combined(&summit(kernel, lane as isize), Add::add) } else { between }
        });
        bounds.collect()
    }
}

/// By how much a parabola through a lane and its two neighbours stands above the highest of them: an eighth of their
/// second difference, at most.
fn summit(kernel: &Kernel, lane: isize) -> Bound {
    let [before, middle, after] = [lane - 1, lane, lane + 1].map(|lane| Response::of(kernel, lane));
    before.mixed(1.0, &after, 1.0).mixed(0.125, &middle, -0.25).bound()
}

/// What a filter makes of an impulse: coefficients of the samples around one.
#[derive(Debug, Clone)]
struct Response(Vec<f64>);

impl Response {
    fn new(coefficient: impl FnMut(isize) -> f64) -> Self {
        Self((-SPAN..=SPAN).map(coefficient).collect())
    }

    /// A lane of a kernel; those below 0 and from [`LANES`] on are the lanes of the samples beside.
    fn of(kernel: &Kernel, lane: isize) -> Self {
        let (sample, lane) = (lane.div_euclid(LANES as isize), lane.rem_euclid(LANES as isize) as usize);
        Self::new(|at| {
            let tap = usize::try_from(at - sample + kernel.before as isize).ok();
            tap.and_then(|tap| kernel.taps.get(tap)).map_or(0.0, |lanes| f64::from(lanes[lane]))
        })
    }

    /// A point of the quick estimate, in quarters of a sample.
    fn of_estimate(quarter: usize) -> Self {
        match quarter {
            0 | 4 => Self::new(|at| f64::from(at == quarter as isize / 4)),
            quarter => Self::new(|at| quarter_point(at as f64 - quarter as f64 / 4.0)),
        }
    }

    fn mixed(&self, share: f64, other: &Self, other_share: f64) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a * share + b * other_share).collect())
    }

    fn sum(&self) -> f64 {
        self.0.iter().sum()
    }

    /// What it makes of a straight line of slope 1 through 0.
    fn slope(&self) -> f64 {
        self.0.iter().zip(-SPAN..).map(|(value, at)| value * at as f64).sum()
    }

    /// Where it reads, in samples.
    fn centre(&self) -> f64 {
        self.slope() / self.sum()
    }

    /// The bound of what it makes of a signal that is estimated by quarters of a sample.
    fn less_estimate(&self) -> Bound {
        let quarters: [Self; 5] = std::array::from_fn(Self::of_estimate);
        let after = (1..4).find(|quarter| quarters[*quarter].centre() >= self.centre()).unwrap_or(4);
        let (before, after) = (&quarters[after - 1], &quarters[after]);
        let weight = ((self.centre() - before.centre()) / (after.centre() - before.centre())).clamp(0.0, 1.0);
        let estimate = before.mixed(1.0 - weight, after, weight);
        let level = self.sum() / estimate.sum();
        let rest = self.mixed(1.0, &estimate, -level).bound();
        Bound { level: (level * (1.0 + ROUNDING)) as f32 + rest.level, ..rest }
    }

    /// The bound of what it makes of a signal whose samples are no higher than the estimate.
    fn bound(&self) -> Bound {
        let (constant, slope) = (self.sum(), self.slope());
        let mut rest = self.0.clone();
        let zero = SPAN as usize;
        rest[zero] -= constant - slope;
        rest[zero + 1] -= slope;
        let (mut once, mut twice) = (0.0, 0.0);
        let (mut near, mut far) = (0.0, 0.0);
        for (value, at) in rest.iter().zip(-SPAN..) {
            once += value;
            twice += once;
            // It belongs to the second difference whose middle is one sample on.
            let part = if (at + 1).unsigned_abs() <= CELL { &mut near } else { &mut far };
            *part += f64::abs(twice);
        }
        Bound { level: (constant.abs() + 2.0 * slope.abs()) as f32, near: near as f32, far: far as f32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_the_estimate_and_little_more_of_what_bends() {
        let [low, high] = &*BOUNDS;
        assert!(low.level < 0.98 && low.near < 0.5 && low.far < 1e-6, "{low:?}");
        assert!(high.level < 1.002 && high.near < 0.25 && high.far < 0.2, "{high:?}");
    }

    #[test]
    fn a_filter_is_bounded_by_what_it_makes_of_straight_lines_and_of_what_bends() {
        let second_difference = |middle: isize| {
            Response::new(move |at| match (at - middle).abs() {
                0 => -1.0,
                1 => 0.5,
                _ => 0.0,
            })
        };
        for (middle, near, far) in [(-60, 0.0, 0.5), (0, 0.5, 0.0), (8, 0.5, 0.0), (9, 0.0, 0.5)] {
            let bound = second_difference(middle).bound();
            assert_eq!((bound.level, bound.near, bound.far), (0.0, near, far), "{middle}");
        }
        let sum_of_two = Response::new(|at| f64::from(at == 0) + f64::from(at == 1));
        assert_eq!(sum_of_two.bound().level, 4.0, "2 for the level, 2 for the slope");
    }
}
