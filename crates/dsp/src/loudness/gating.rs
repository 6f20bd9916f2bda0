//! From mean squares to one number: the two-stage gate of integrated loudness, and the loudness range.

use super::grid::Grid;
use super::{Rate, lufs_from_energy};
use std::num::NonZeroUsize;

/// Blocks quieter than this never count, in LUFS (BS.1770-5 annex 1, Tech 3342).
pub const ABSOLUTE_GATE_LUFS: f64 = -70.0;

/// Mean square at which the absolute gate opens: 10^((-70 + 0.691) / 10).
const ABSOLUTE_GATE: f64 = 1.172_465_304_582_298e-7;
/// -10 LU below the mean of what passes the absolute gate, for integrated loudness.
const INTEGRATED_GATE: f64 = 0.1;
/// -20 LU, for the loudness range.
const RANGE_GATE: f64 = 0.01;

/// What the two-stage gate makes of a series of blocks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Gated {
    /// Mean of the weighted mean squares that pass both gates.
    pub(super) energy: f64,
    /// Blocks pass when they lie above this.
    pub(super) threshold: f64,
}

/// The gates of BS.1770-5 annex 1 over the mean squares of 400 ms blocks; `None` when no block passes.
pub(super) fn gate(blocks: impl Iterator<Item = f64> + Clone) -> Option<Gated> {
    let audible = mean(blocks.clone().filter(|z| *z > ABSOLUTE_GATE))?;
    let threshold = (audible * INTEGRATED_GATE).max(ABSOLUTE_GATE);
    let energy = mean(blocks.filter(|z| *z > threshold))?;
    Some(Gated { energy, threshold })
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0u64, 0.0), |(count, sum), z| (count + 1, sum + z));
    (count > 0).then(|| sum / count as f64)
}

/// Integrated loudness in LUFS from the K-weighted energies of consecutive steps of 100 ms.
///
/// Each step is the sum over channels of channel weight times *mean* square. Four steps make one of the standard's
/// 400 ms blocks, overlapping by three. `None` for fewer than four, or when nothing passes the absolute gate.
#[must_use]
pub fn integrated_from_blocks(steps: &[f64]) -> Option<f64> {
    let blocks = steps.windows(4).map(|step| step.iter().sum::<f64>() / 4.0);
    gate(blocks).map(|gated| lufs_from_energy(gated.energy))
}

/// Integrated loudness in LUFS that a signal has after a slow gain, from [`k_energy_per_hop`] of `hop` samples, a linear
/// gain at each hop's start and at the end of the last, and a factor that all of them have.
///
/// A hop counts for the 100 ms step in which it starts, and each step is divided by the samples of its own hops. What
/// is left over after the last whole step does not count, as in the meter. `None`
/// when no block passes the absolute gate, or there is less than 400 ms.
///
/// # Panics
/// When there is not one gain more than there are hops, or a hop is longer than 100 ms.
///
/// [`k_energy_per_hop`]: super::k_energy_per_hop
#[must_use]
pub fn integrated_with_gain(
    rate: Rate,
    hop: NonZeroUsize,
    energies: &[f32],
    gains: &[f32],
    factor: f32,
) -> Option<f64> {
    integrated_from_blocks(&steps_with_gain(rate, hop, energies, gains, factor))
}

/// Loudness range in LU that a signal has after a slow gain; see [`integrated_with_gain`]. 0 for less than 3 s.
///
/// # Panics
/// When there is not one gain more than there are hops, or a hop is longer than 100 ms.
#[must_use]
pub fn range_with_gain(rate: Rate, hop: NonZeroUsize, energies: &[f32], gains: &[f32], factor: f32) -> f64 {
    const SHORT_TERM_STEPS: usize = 30;
    let steps = steps_with_gain(rate, hop, energies, gains, factor);
    range_from_windows(steps.windows(SHORT_TERM_STEPS).map(|steps| steps.iter().sum::<f64>() / SHORT_TERM_STEPS as f64))
}

/// Mean squares of whole steps of 100 ms after a gain.
fn steps_with_gain(rate: Rate, hop: NonZeroUsize, energies: &[f32], gains: &[f32], factor: f32) -> Vec<f64> {
    assert_eq!(energies.len() + 1, gains.len(), "a gain at either end of each hop");
    let grid = Grid::hundred_ms(rate);
    let hop = hop.get() as u64;
    assert!(hop <= grid.start(1), "hops of at most 100 ms");
    let first_hop = |step: usize| grid.start(step).div_ceil(hop) as usize;
    let mut steps = Vec::new();
    for step in 0.. {
        let hops = first_hop(step)..first_hop(step + 1);
        let samples = hops.len() as u64 * hop;
        let (Some(energies), Some(gains)) = (energies.get(hops.clone()), gains.get(hops.start..hops.end + 1)) else {
            break;
        };
        steps.push(sum_of_gained(energies, gains, factor) / samples as f64);
    }
    steps
}

/// Sum of `gain^2 * energy`, in lanes that the compiler can keep in vector registers; the gain of a hop is the mean of
/// those at its ends, times a factor.
fn sum_of_gained(energies: &[f32], gains: &[f32], factor: f32) -> f64 {
    const LANES: usize = 8;
    let gained = |energy: f32, from: f32, to: f32| {
        let gain = f64::from(0.5 * factor * (from + to));
        f64::from(energy) * gain * gain
    };
    let mut sums = [0.0f64; LANES];
    let (energy_chunks, energy_rest) = energies.as_chunks::<LANES>();
    let (from_chunks, from_rest) = gains[..energies.len()].as_chunks::<LANES>();
    let (to_chunks, to_rest) = gains[1..].as_chunks::<LANES>();
    for ((energy, from), to) in energy_chunks.iter().zip(from_chunks).zip(to_chunks) {
        for lane in 0..LANES {
            sums[lane] += gained(energy[lane], from[lane], to[lane]);
        }
    }
    let rest = energy_rest.iter().zip(from_rest).zip(to_rest).map(|((energy, from), to)| gained(*energy, *from, *to));
    sums.iter().sum::<f64>() + rest.sum::<f64>()
}

/// Loudness range in LU (EBU Tech 3342) from the K-weighted mean squares of 3 s windows, summed over the channels, one
/// every 100 ms or so; 0 when there are none.
#[must_use]
pub fn range_from_windows(windows: impl Iterator<Item = f64>) -> f64 {
    let mut windows: Vec<f64> = windows.filter(|z| *z >= ABSOLUTE_GATE).collect();
    let Some(mean) = mean(windows.iter().copied()) else {
        return 0.0;
    };
    windows.retain(|z| *z >= mean * RANGE_GATE);
    windows.sort_unstable_by(f64::total_cmp);
    // Nearest rank, as in the reference implementation of Tech 3342.
    let percentile = |share: f64| windows[((windows.len() - 1) as f64 * share).round() as usize];
    10.0 * (percentile(0.95) / percentile(0.10)).log10()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loudness::energy_from_lufs;

    #[test]
    fn the_absolute_gate_opens_at_minus_70_lufs() {
        assert!((ABSOLUTE_GATE / energy_from_lufs(ABSOLUTE_GATE_LUFS) - 1.0).abs() < 1e-12);
        assert_eq!(integrated_from_blocks(&[energy_from_lufs(-70.1); 40]), None);
        let found = integrated_from_blocks(&[energy_from_lufs(-69.9); 40]).expect("audible");
        assert!((found + 69.9).abs() < 1e-9);
    }

    #[test]
    fn steps_more_than_10_lu_below_the_mean_do_not_count() {
        let mut steps = vec![energy_from_lufs(-20.0); 400];
        let loud = integrated_from_blocks(&steps).expect("audible");
        steps.extend([energy_from_lufs(-40.0); 400]);
        let with_quiet = integrated_from_blocks(&steps).expect("audible");
        // Only the three blocks that straddle the change pull it down.
        assert!((loud - with_quiet).abs() < 0.05, "{loud} {with_quiet}");
    }

    #[test]
    fn three_steps_have_no_integrated_loudness() {
        assert_eq!(integrated_from_blocks(&[1.0; 3]), None);
        assert_eq!(integrated_from_blocks(&[]), None);
    }

    #[test]
    fn a_constant_gain_moves_integrated_loudness_by_its_decibels() {
        let rate = Rate::new(44_100).expect("supported");
        let hop = NonZeroUsize::new(8).expect("not zero");
        let energies: Vec<f32> = (0..60_000).map(|n| 0.01 + 0.005 * (n as f32 * 0.001).sin()).collect();
        let plain = integrated_with_gain(rate, hop, &energies, &vec![1.0; energies.len() + 1], 1.0).expect("audible");
        let half = integrated_with_gain(rate, hop, &energies, &vec![0.25; energies.len() + 1], 2.0).expect("audible");
        assert!((plain - half - 6.020_599_913).abs() < 1e-6);
    }

    #[test]
    fn a_gain_that_draws_passages_together_takes_as_much_of_the_range() {
        let rate = Rate::new(48_000).expect("supported");
        let hop = NonZeroUsize::new(8).expect("not zero");
        let hops_per_s = 6_000;
        let loud = |n: usize| (n / (10 * hops_per_s)).is_multiple_of(2);
        let energies: Vec<f32> = (0..60 * hops_per_s).map(|n| if loud(n) { 0.1 } else { 0.01 }).collect();
        let gained = |gain: f32| {
            let gains: Vec<f32> = (0..=energies.len()).map(|n| if loud(n) { gain } else { 1.0 }).collect();
            range_with_gain(rate, hop, &energies, &gains, 1.0)
        };
        assert!((gained(1.0) - 10.0).abs() < 0.01, "{}", gained(1.0));
        assert!((gained(0.5) - 3.98).abs() < 0.01, "{}", gained(0.5));
        assert!(range_with_gain(rate, hop, &energies[..hops_per_s], &vec![1.0; hops_per_s + 1], 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_range_of_a_steady_level_is_zero() {
        assert!(range_from_windows(std::iter::repeat_n(0.01, 100)).abs() < 1e-12);
        assert!(range_from_windows(std::iter::empty()).abs() < 1e-12);
    }
}
