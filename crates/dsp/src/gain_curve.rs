//! How a limiter's gain moves: from the gain that each hop requires to one that is never above it and never abrupt.
//!
//! A sliding minimum looks ahead and back, a two-speed release lets go, and three cascaded boxes round the corners
//! (after G. Luff, "Designing a straightforward limiter", Signalsmith Audio 2022). The boxes reach less far than the
//! minimum, hence the promise: at either end of a hop the gain is at most what that hop requires.
//!
//! Every step is monotone: lowering a requirement never raises the gain anywhere, so that repairs converge.
//! Not here: where the requirement comes from, and the samples.

use crate::extremes::lower;
use crate::parallel::both;

/// How the gain moves, in hops and per-hop coefficients.
#[derive(Debug, Clone, PartialEq)]
pub struct GainMotion {
    lookahead_hops: usize,
    boxes: [usize; 3],
    fast_decay: f32,
    slow_decay: f32,
    slow_charge: f32,
}

/// Time constants of the gain, ms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GainTimes {
    /// How far the gain looks ahead, and how long it holds.
    pub lookahead_ms: f64,
    /// Release after a short reduction.
    pub fast_release_ms: f64,
    /// Release after a long one.
    pub slow_release_ms: f64,
    /// How long a reduction must last to be taken for a long one.
    pub slow_charge_ms: f64,
}

impl GainMotion {
    /// For hops that follow each other `hop_rate_hz` times a second.
    #[must_use]
    pub fn new(times: GainTimes, hop_rate_hz: f64) -> Self {
        let per_hop = |ms: f64| if ms > 0.0 { (-1000.0 / (ms * hop_rate_hz)).exp() as f32 } else { 0.0 };
        let lookahead_hops = ((times.lookahead_ms * hop_rate_hz / 1000.0).round() as usize).max(1);
        // Widths that sum to 2 L + 1 reach (2 L + 1 - 3) / 2 = L - 1 hops to each side.
        let total = 2 * lookahead_hops + 1;
        let (first, second) = (odd(total * 45 / 100), odd(total * 33 / 100));
        let third = odd_below(total.saturating_sub(first + second)).max(1);
        Self {
            lookahead_hops,
            boxes: [first, second, third],
            fast_decay: per_hop(times.fast_release_ms),
            slow_decay: per_hop(times.slow_release_ms),
            slow_charge: 1.0 - per_hop(times.slow_charge_ms),
        }
    }

    /// How far the gain looks ahead and back.
    pub(crate) fn lookahead_hops(&self) -> usize {
        self.lookahead_hops
    }

    /// The hops after which a requirement of the smallest gain has been let go to the last bit.
    pub(crate) fn settled_hops(&self) -> usize {
        // 2^-25 beside one is nothing in single precision.
        let releasing = [self.fast_decay, self.slow_decay].map(|decay| (f32::EPSILON / 4.0).ln() / decay.ln());
        2 * self.lookahead_hops + releasing[0].max(releasing[1]).ceil() as usize + 1
    }

    /// The gain at each hop's start, and one more at the end of the last, from the gain that each hop requires (0 to 1).
    #[must_use]
    pub fn follow(&self, required: impl ExactSizeIterator<Item = f32>) -> Vec<f32> {
        let (hops, ends) = (required.len(), required.len() + 1);
        let reach = self.boxes.iter().max().map_or(0, |width| width / 2);
        let (mut one, mut other) = (Padded::new(ends, reach), Padded::new(ends, reach));
        let mut anything = false;
        for (value, gain) in one.values_mut().iter_mut().zip(required) {
            *value = gain;
            anything |= gain < 1.0;
        }
        if !anything {
            return vec![1.0; ends];
        }
        if let Some((last, gain)) = other.values_mut().split_last_mut() {
            slide(&one.values_mut()[..hops], self.lookahead_hops, lower, gain);
            *last = gain.last().copied().unwrap_or(1.0);
        }
        self.release(other.values_mut());
        let [first, second, third] = self.boxes;
        other.box_average(first, one.values_mut());
        one.box_average(second, other.values_mut());
        let mut gain = one.values;
        gain.truncate(ends);
        other.box_average(third, &mut gain);
        gain
    }

    /// Lets go of each reduction at two speeds. Four stretches of either half in lockstep, each with a run-up that settles
    /// it: what a step waits for is the one before it.
    fn release(&self, gain: &mut [f32]) {
        let run_up = self.settled_hops();
        let stretch = gain.len().div_ceil(2 * STRETCHES);
        if stretch < 2 * run_up {
            let mut releasing = Releasing::default();
            return gain.iter_mut().for_each(|value| *value = releasing.next(self, *value));
        }
        let mut releasing = [Releasing::default(); 2 * STRETCHES];
        for (releasing, start) in releasing.iter_mut().zip((0..).step_by(stretch)).skip(1) {
            for value in &gain[start - run_up..start] {
                releasing.next(self, *value);
            }
        }
        let (first, second) = releasing.split_at_mut(STRETCHES);
        let let_go = |releasing: &mut [Releasing], gain: &mut [f32]| {
            in_lockstep(gain, stretch, |lane, value| *value = releasing[lane].next(self, *value));
        };
        in_halves(gain, STRETCHES * stretch, |gain| let_go(first, gain), |gain| let_go(second, gain));
    }
}

/// Stretches of a half of a curve that are worked on in lockstep, where each value needs the one before it.
const STRETCHES: usize = 4;
/// From this length on, halves of a curve are worth a thread each.
const WORTH_HALVES: usize = 1 << 15;

/// Works on what is before a place and on what is from there on, at once where that is worth it.
fn in_halves(values: &mut [f32], at: usize, first: impl FnOnce(&mut [f32]), second: impl FnOnce(&mut [f32]) + Send) {
    let worth = values.len() >= WORTH_HALVES;
    let (before, after) = values.split_at_mut(at.min(values.len()));
    if worth {
        both(|| first(before), || second(after));
    } else {
        first(before);
        second(after);
    }
}

/// Does the first of each stretch, then the second of each, and so on.
fn in_lockstep(values: &mut [f32], stretch: usize, mut each: impl FnMut(usize, &mut f32)) {
    let mut chunks = values.chunks_mut(stretch);
    let chunks: [_; STRETCHES] = std::array::from_fn(|_| chunks.next().unwrap_or_default());
    let shortest = chunks.iter().map(|chunk| chunk.len()).min().unwrap_or_default();
    let [(a, rest_a), (b, rest_b), (c, rest_c), (d, rest_d)] = chunks.map(|chunk| chunk.split_at_mut(shortest));
    for (((a, b), c), d) in a.iter_mut().zip(b).zip(c).zip(d) {
        each(0, a);
        each(1, b);
        each(2, c);
        each(3, d);
    }
    for (lane, rest) in [rest_a, rest_b, rest_c, rest_d].into_iter().enumerate() {
        for value in rest {
            each(lane, value);
        }
    }
}

/// The reductions that are held.
#[derive(Debug, Clone, Copy, Default)]
struct Releasing {
    fast: f32,
    slow: f32,
}

impl Releasing {
    fn next(&mut self, motion: &GainMotion, gain: f32) -> f32 {
        let Self { fast, slow } = *self;
        let reduction = 1.0 - gain;
        let held = fast * motion.fast_decay;
        self.fast = if reduction > held { reduction } else { held };
        let (charged, decayed) = (slow + (reduction - slow) * motion.slow_charge, slow * motion.slow_decay);
        self.slow = if reduction > slow { charged } else { decayed };
        1.0 - if self.fast > self.slow { self.fast } else { self.slow }
    }
}

/// A curve whose end values go on for a while beyond its ends.
#[derive(Debug)]
struct Padded {
    values: Vec<f32>,
    margin: usize,
}

impl Padded {
    fn new(length: usize, reach: usize) -> Self {
        let margin = reach + 1;
        Self { values: vec![0.0; length + 2 * margin], margin }
    }

    fn values_mut(&mut self) -> &mut [f32] {
        let end = self.values.len() - self.margin;
        &mut self.values[self.margin..end]
    }

    /// The mean over `width` (odd, of no more reach than there is margin) values round each.
    fn box_average(&mut self, width: usize, means: &mut [f32]) {
        let (margin, reach) = (self.margin, width / 2);
        let end = self.values.len() - margin;
        let (first, last) = (self.values[margin], self.values[end - 1]);
        self.values[..margin].fill(first);
        self.values[end..].fill(last);
        let (leaving, entering) = (&self.values[margin - reach..], &self.values[margin + reach + 1..]);
        let (length, stretch) = (means.len(), means.len().div_ceil(2 * STRETCHES).max(1));
        let scale = 1.0 / width as f64;
        let average = |first: usize, means: &mut [f32]| {
            let mut at: [usize; STRETCHES] = std::array::from_fn(|lane| (first + lane * stretch).min(length));
            let mut sums =
                at.map(|start| leaving[start..start + width].iter().map(|value| f64::from(*value)).sum::<f64>());
            in_lockstep(means, stretch, |lane, mean| {
                let n = at[lane];
                *mean = (sums[lane] * scale) as f32;
                sums[lane] += f64::from(entering[n]) - f64::from(leaving[n]);
                at[lane] = n + 1;
            });
        };
        let half = STRETCHES * stretch;
        in_halves(means, half, |means| average(0, means), |means| average(half, means));
    }
}

fn odd(width: usize) -> usize {
    odd_below(width.max(1))
}

fn odd_below(width: usize) -> usize {
    if width.is_multiple_of(2) { width.saturating_sub(1) } else { width }
}

/// The minimum or maximum over `reach` values to each side, in the place of what is in `result` (van Herk's two passes
/// over blocks).
pub(crate) fn slide(values: &[f32], reach: usize, pick: impl Fn(f32, f32) -> f32 + Sync, result: &mut [f32]) {
    let half = result.len() / 2;
    let from = |first: usize, result: &mut [f32]| slide_from(values, reach, &pick, first, result);
    in_halves(result, half, |result| from(0, result), |result| from(half, result));
}

/// The same from one value on.
fn slide_from(values: &[f32], reach: usize, pick: impl Fn(f32, f32) -> f32, first: usize, result: &mut [f32]) {
    let width = 2 * reach + 1;
    let end = first + result.len();
    let start = reach.clamp(first, end);
    let whole = start..values.len().saturating_sub(reach).clamp(start, end);
    // A whole window touches two blocks of its own width at most: the back of one, and the front of the next.
    let mut back = vec![0.0; width];
    let results = result[whole.start - first..whole.end - first].chunks_mut(width);
    for (out, middle) in results.zip((whole.start..).step_by(width)) {
        let start = middle - reach;
        let (block, next) = values[start..].split_at(width);
        let mut running = block[width - 1];
        for (back, value) in back.iter_mut().zip(block).rev() {
            running = pick(running, *value);
            *back = running;
        }
        let mut out = out.iter_mut().zip(&back);
        let Some((first, all)) = out.next() else { continue };
        *first = *all;
        let Some(mut running) = next.first().copied() else { continue };
        for ((out, back), value) in out.zip(next) {
            running = pick(running, *value);
            *out = pick(*back, running);
        }
    }
    // Near the ends a window is cut short.
    for at in (first..whole.start).chain(whole.end..end) {
        let window = &values[at.saturating_sub(reach)..(at + reach + 1).min(values.len())];
        result[at - first] = window[1..].iter().fold(window[0], |running, value| pick(running, *value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn motion(lookahead_ms: f64) -> GainMotion {
        let times = GainTimes { lookahead_ms, fast_release_ms: 60.0, slow_release_ms: 600.0, slow_charge_ms: 150.0 };
        GainMotion::new(times, 5512.5)
    }

    proptest! {
        #[test]
        fn the_gain_is_never_above_what_a_hop_requires_at_either_end(
            required in prop::collection::vec(0.05f32..=1.0, 1..400),
            lookahead_ms in 0.2f64..12.0,
        ) {
            let gain = motion(lookahead_ms).follow(required.iter().copied());
            prop_assert_eq!(gain.len(), required.len() + 1);
            for (hop, limit) in required.iter().enumerate() {
                prop_assert!(gain[hop] <= limit * 1.000_001 && gain[hop + 1] <= limit * 1.000_001);
                prop_assert!(gain[hop] > 0.0);
            }
        }

        #[test]
        fn lowering_a_requirement_never_raises_the_gain(
            required in prop::collection::vec(0.05f32..=1.0, 2..200),
            which in any::<prop::sample::Index>(),
            share in 0.1f32..1.0,
        ) {
            let before = motion(5.0).follow(required.iter().copied());
            let mut lowered = required.clone();
            lowered[which.index(required.len())] *= share;
            let after = motion(5.0).follow(lowered.iter().copied());
            for (a, b) in after.iter().zip(&before) {
                prop_assert!(*a <= b + 1e-6);
            }
        }

        #[test]
        fn a_sliding_minimum_is_the_minimum_of_each_window(values in prop::collection::vec(-1.0f32..1.0, 1..80), reach in 0usize..20) {
            let mut found = vec![2.0; values.len()];
            slide(&values, reach, lower, &mut found);
            for (at, value) in found.iter().enumerate() {
                let window = &values[at.saturating_sub(reach)..(at + reach + 1).min(values.len())];
                prop_assert_eq!(*value, window.iter().fold(f32::INFINITY, |a, b| a.min(*b)));
            }
        }
    }

    #[test]
    fn a_long_curve_is_let_go_as_in_one_go() {
        let motion = motion(5.0);
        let mut state = 1u32;
        let curve: Vec<f32> = (0..17 * motion.settled_hops())
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if state >> 24 < 3 { (state >> 8 & 0xFF) as f32 / 255.0 } else { 1.0 }
            })
            .collect();
        let mut in_stretches = curve.clone();
        motion.release(&mut in_stretches);
        let mut releasing = Releasing::default();
        for (found, gain) in in_stretches.iter().zip(&curve) {
            let expected = releasing.next(&motion, *gain);
            assert!((found - expected).abs() < 1e-6, "{found} for {expected}");
        }
    }

    #[test]
    fn a_requirement_is_let_go_to_the_last_bit_within_the_time_that_settling_takes() {
        let motion = motion(5.0);
        let mut required = vec![1.0f32; 100 + motion.settled_hops()];
        required[99] = 0.0;
        let gain = motion.follow(required.iter().copied());
        assert_eq!(gain.last(), Some(&1.0));
        assert!(gain[gain.len() - motion.settled_hops() / 2] < 1.0, "not settled long before");
    }

    #[test]
    fn nothing_required_means_unity_to_the_bit() {
        assert!(motion(5.0).follow([1.0; 50].into_iter()).iter().all(|gain| *gain == 1.0));
    }

    #[test]
    fn a_long_reduction_is_let_go_more_slowly_than_a_short_one() {
        let after = |hops: usize| {
            let mut required = vec![1.0f32; 12_000];
            required[2_000..2_000 + hops].fill(0.5);
            motion(5.0).follow(required.iter().copied())[2_000 + hops + 1_100]
        };
        assert!(after(20) > 0.95, "{}", after(20));
        assert!(after(4_000) < 0.75, "{}", after(4_000));
    }
}
