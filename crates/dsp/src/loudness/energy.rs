//! The K-weighted energy of a track every 10 ms, and every number that is read from it.

use super::gating::{gate, range_from_windows};
use super::grid::Grid;
use super::lanes::Segments;
use super::{Layout, Rate, lufs_from_energy};
use crate::parallel::map;

/// Time between two values of a [`Series`], in seconds.
pub const STEP_S: f64 = 0.1;

/// Sub-blocks of 10 ms in a step of 100 ms, in the momentary window (400 ms) and in the short-term window (3 s).
const STEP: usize = 10;
const MOMENTARY: usize = 40;
const SHORT_TERM: usize = 300;

/// What a loudness meter says of a whole track.
#[derive(Debug, Clone, PartialEq)]
pub struct Loudness {
    /// Integrated loudness, LUFS: 400 ms blocks every 100 ms, gated at -70 LUFS and 10 LU below their mean.
    pub integrated_lufs: f64,
    /// Loudness range, LU: from the 10th to the 95th percentile of the short-term loudness, gated at -70 LUFS and 20 LU
    /// below the mean. 0 for less than 3 s.
    pub loudness_range_lu: f64,
    /// Loudest 3 s, LUFS, looked for every 10 ms. Before 3 s have passed the window is filled up with silence, as in a
    /// meter that was just switched on.
    pub max_short_term_lufs: f64,
    /// Loudest 400 ms, LUFS, looked for every 10 ms.
    pub max_momentary_lufs: f64,
    /// The level that a 400 ms block had to exceed to count for the integrated loudness, LUFS.
    pub gate_lufs: f64,
    /// The course of it all.
    pub series: Series,
}

/// Loudness over time, one value for each whole step of 100 ms.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Loudness of the 400 ms that end with the step, LUFS; minus infinity for digital silence.
    pub momentary_lufs: Vec<f32>,
    /// Loudness of the 3 s that end with the step, LUFS; minus infinity for digital silence.
    pub short_term_lufs: Vec<f32>,
    /// Whether the step lies in a block that counted for the integrated loudness: the steps for which this holds are
    /// the audio that the integrated loudness is the loudness of.
    pub counted: Vec<bool>,
}

/// The K-weighted energy of a track: for each channel, the sum of squares in every whole sub-block of 10 ms.
///
/// Where 10 ms is not a whole number of samples (11,025 or 22,050 Hz), sub-block `k` starts at sample
/// `floor(k * rate / 100)`: lengths differ by one sample, nothing drifts, and every mean is over the samples that its
/// window really holds.
#[derive(Debug, Clone, PartialEq)]
pub struct KEnergy {
    rate: Rate,
    layout: Layout,
    channels: Vec<Vec<f64>>,
    /// Whether some sample differs from the first of its channel.
    moves: bool,
}

impl KEnergy {
    /// Filters a whole track. See [`measure`](super::measure) for what samples must be.
    ///
    /// # Panics
    /// When the number of slices is not that of the layout, or their lengths differ.
    #[must_use]
    pub fn of(rate: Rate, layout: Layout, channels: &[&[f32]]) -> Self {
        let grid = Grid::ten_ms(rate);
        let whole = grid.whole(layout.check(channels) as u64);
        let segments = Segments::new(rate, grid);
        let energies = map(channels, |samples| {
            let mut energy = vec![0.0; whole];
            segments.for_each_whole(samples, |at, sum| energy[at] = sum);
            energy
        });
        let moves = channels.iter().any(|samples| samples.first().is_some_and(|first| moves_from(*first, samples)));
        Self { rate, layout, channels: energies, moves }
    }

    pub(super) fn from_parts(rate: Rate, layout: Layout, channels: Vec<Vec<f64>>, moves: bool) -> Self {
        Self { rate, layout, channels, moves }
    }

    /// Sums of squares of one channel, unweighted, one for each sub-block of 10 ms; full scale 1.0.
    pub fn channel(&self, index: usize) -> Option<&[f64]> {
        self.channels.get(index).map(Vec::as_slice)
    }

    /// All the numbers; `None` when there is no loudness. See [`measure`](super::measure).
    #[must_use]
    pub fn loudness(&self) -> Option<Loudness> {
        let mut steps = self.steps();
        if !self.moves || !steps.iter().all(|sum| sum.is_finite()) {
            return None;
        }
        // Mean squares of the windows that end with each sub-block; the first ones are partly silence.
        let short_term = self.windows(&steps, SHORT_TERM);
        let momentary = self.windows(&steps, MOMENTARY);
        steps.clear();

        let full = |windows: &[f64], size: usize| every_step(windows, size).collect::<Vec<f64>>();
        let blocks = full(&momentary, MOMENTARY);
        let gated = gate(blocks.iter().copied())?;
        let loudest = |windows: &[f64]| lufs_from_energy(windows.iter().copied().fold(0.0, f64::max));
        let lufs = |energy: f64| lufs_from_energy(energy) as f32;
        let mut counted = vec![false; momentary.len() / STEP];
        for (first, _) in blocks.iter().enumerate().filter(|(_, block)| **block > gated.threshold) {
            counted[first..first + MOMENTARY / STEP].fill(true);
        }
        Some(Loudness {
            integrated_lufs: lufs_from_energy(gated.energy),
            loudness_range_lu: range_from_windows(every_step(&short_term, SHORT_TERM)),
            max_short_term_lufs: loudest(&short_term),
            max_momentary_lufs: loudest(&momentary),
            gate_lufs: lufs_from_energy(gated.threshold),
            series: Series {
                momentary_lufs: every_step(&momentary, STEP).map(lufs).collect(),
                short_term_lufs: every_step(&short_term, STEP).map(lufs).collect(),
                counted,
            },
        })
    }

    /// Weighted energy of the 100 ms that end with each sub-block.
    fn steps(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.channels.first().map_or(0, Vec::len)];
        for (channel, weight) in self.channels.iter().zip(self.layout.weights()) {
            for (sum, energy) in sums.iter_mut().zip(channel) {
                *sum += weight * energy;
            }
        }
        (0..sums.len()).map(|last| sums[(last + 1).saturating_sub(STEP)..=last].iter().sum()).collect()
    }

    /// Mean square of the `size` sub-blocks that end with each sub-block.
    fn windows(&self, steps: &[f64], size: usize) -> Vec<f64> {
        let grid = Grid::ten_ms(self.rate);
        let window = |last: usize| {
            let sum: f64 = (0..size / STEP).filter_map(|step| steps.get(last.checked_sub(step * STEP)?)).sum();
            let samples = grid.span((last + 1).saturating_sub(size), size);
            sum / samples as f64
        };
        (0..steps.len()).map(window).collect()
    }
}

/// Whether any sample differs from `level`.
#[expect(clippy::float_cmp, reason = "exactly equal is what is meant")]
pub(super) fn moves_from(level: f32, samples: &[f32]) -> bool {
    samples.iter().any(|sample| *sample != level)
}

/// The windows that end 100 ms apart, from the first that is `size` sub-blocks long.
fn every_step(windows: &[f64], size: usize) -> impl Iterator<Item = f64> {
    windows.iter().copied().skip(size - 1).step_by(STEP)
}
