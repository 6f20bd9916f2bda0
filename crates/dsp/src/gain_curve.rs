//! How a limiter's gain moves: from the gain that each hop requires to one that is never above it and never abrupt.
//!
//! A sliding minimum looks ahead and back, a two-speed release lets go, and three cascaded boxes round the corners
//! (after G. Luff, "Designing a straightforward limiter", Signalsmith Audio 2022). The boxes reach less far than the
//! minimum, hence the promise: at either end of a hop the gain is at most what that hop requires.
//!
//! Every step is monotone: lowering a requirement never raises the gain anywhere, so that repairs converge.
//! Not here: where the requirement comes from, and the samples.

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
    pub fn follow(&self, required: &[f32]) -> Vec<f32> {
        if required.iter().all(|gain| *gain >= 1.0) {
            return vec![1.0; required.len() + 1];
        }
        let mut gain = sliding_minimum(required, self.lookahead_hops);
        gain.push(*gain.last().unwrap_or(&1.0));
        self.release(&mut gain);
        let mut smooth = Vec::with_capacity(gain.len());
        for width in self.boxes {
            box_average(&gain, width, &mut smooth);
            std::mem::swap(&mut gain, &mut smooth);
        }
        gain
    }

    fn release(&self, gain: &mut [f32]) {
        let (mut fast, mut slow) = (0.0f32, 0.0f32);
        for value in gain {
            let reduction = 1.0 - *value;
            let held = fast * self.fast_decay;
            fast = if reduction > held { reduction } else { held };
            slow = if reduction > slow { slow + (reduction - slow) * self.slow_charge } else { slow * self.slow_decay };
            *value = 1.0 - if fast > slow { fast } else { slow };
        }
    }
}

fn odd(width: usize) -> usize {
    odd_below(width.max(1))
}

fn odd_below(width: usize) -> usize {
    if width.is_multiple_of(2) { width.saturating_sub(1) } else { width }
}

/// The minimum over `reach` values to each side (van Herk's two passes over blocks).
#[must_use]
pub fn sliding_minimum(values: &[f32], reach: usize) -> Vec<f32> {
    sliding(values, reach, |a, b| if b < a { b } else { a })
}

/// The maximum over `reach` values to each side.
#[must_use]
pub fn sliding_maximum(values: &[f32], reach: usize) -> Vec<f32> {
    sliding(values, reach, |a, b| if b > a { b } else { a })
}

fn sliding(values: &[f32], reach: usize, pick: impl Fn(f32, f32) -> f32) -> Vec<f32> {
    let width = 2 * reach + 1;
    // Within blocks of one window's width: the running result from the front, and from the back.
    let mut from_front = values.to_vec();
    let mut from_back = values.to_vec();
    for block in from_front.chunks_mut(width) {
        let mut running = block[0];
        for value in block {
            running = pick(running, *value);
            *value = running;
        }
    }
    for block in from_back.chunks_mut(width) {
        let mut running = block[block.len() - 1];
        for value in block.iter_mut().rev() {
            running = pick(running, *value);
            *value = running;
        }
    }
    // A whole window touches two blocks at most: the back of one and the front of the next.
    let mut result = vec![0.0; values.len()];
    let whole = reach..values.len().saturating_sub(reach).max(reach);
    for ((out, back), front) in
        result.get_mut(whole.clone()).into_iter().flatten().zip(&from_back).zip(from_front.iter().skip(2 * reach))
    {
        *out = pick(*back, *front);
    }
    // Near the ends a window is cut short.
    for at in (0..reach.min(values.len())).chain(whole.end.min(values.len())..values.len()) {
        let window = &values[at.saturating_sub(reach)..(at + reach + 1).min(values.len())];
        result[at] = window[1..].iter().fold(window[0], |running, value| pick(running, *value));
    }
    result
}

/// The mean over `width` (odd) values round each; beyond the ends the end values go on.
fn box_average(values: &[f32], width: usize, means: &mut Vec<f32>) {
    means.clear();
    let (Some(first), Some(last)) = (values.first(), values.last()) else { return };
    let (first, last) = (f64::from(*first), f64::from(*last));
    let reach = width / 2;
    let entering = values.iter().skip(reach + 1).map(|value| f64::from(*value)).chain(std::iter::repeat(last));
    let leaving = std::iter::repeat_n(first, reach).chain(values.iter().map(|value| f64::from(*value)));
    let ahead = |index: usize| values.get(index).map_or(last, |value| f64::from(*value));
    let mut sum = first * reach as f64 + (0..=reach).map(ahead).sum::<f64>();
    let scale = 1.0 / width as f64;
    means.extend(values.iter().zip(entering.zip(leaving)).map(|(_, (entering, leaving))| {
        let mean = sum * scale;
        sum += entering - leaving;
        mean as f32
    }));
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
            let gain = motion(lookahead_ms).follow(&required);
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
            let before = motion(5.0).follow(&required);
            let mut lowered = required.clone();
            lowered[which.index(required.len())] *= share;
            let after = motion(5.0).follow(&lowered);
            for (a, b) in after.iter().zip(&before) {
                prop_assert!(*a <= b + 1e-6);
            }
        }

        #[test]
        fn a_sliding_minimum_is_the_minimum_of_each_window(values in prop::collection::vec(-1.0f32..1.0, 1..80), reach in 0usize..20) {
            let found = sliding_minimum(&values, reach);
            for (at, value) in found.iter().enumerate() {
                let window = &values[at.saturating_sub(reach)..(at + reach + 1).min(values.len())];
                prop_assert_eq!(*value, window.iter().fold(f32::INFINITY, |a, b| a.min(*b)));
            }
        }
    }

    #[test]
    fn a_requirement_is_let_go_to_the_last_bit_within_the_time_that_settling_takes() {
        let motion = motion(5.0);
        let mut required = vec![1.0f32; 100 + motion.settled_hops()];
        required[99] = 0.0;
        let gain = motion.follow(&required);
        assert_eq!(gain.last(), Some(&1.0));
        assert!(gain[gain.len() - motion.settled_hops() / 2] < 1.0, "not settled long before");
    }

    #[test]
    fn nothing_required_means_unity_to_the_bit() {
        assert!(motion(5.0).follow(&[1.0; 50]).iter().all(|gain| *gain == 1.0));
    }

    #[test]
    fn a_long_reduction_is_let_go_more_slowly_than_a_short_one() {
        let after = |hops: usize| {
            let mut required = vec![1.0f32; 12_000];
            required[2_000..2_000 + hops].fill(0.5);
            motion(5.0).follow(&required)[2_000 + hops + 1_100]
        };
        assert!(after(20) > 0.95, "{}", after(20));
        assert!(after(4_000) < 0.75, "{}", after(4_000));
    }
}
