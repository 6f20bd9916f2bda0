//! True peak: how high the signal rises between its samples.
//!
//! No two meters interpolate alike, so a peak is what the strictest of a *panel* reads: the sample itself, the table of
//! ITU-R BS.1770-5 annex 2, libebur128's kernel, the resampler of `FFmpeg`, a 64-tap and a 128-tap windowed sinc, the
//! long ones on a grid of eighths with a parabola through each summit (0.007 dB below 64x at worst, on white noise). A
//! quick estimate at 4x proves where the panel need not look.
//!
//! Not here: keeping the peaks down (that is `limiter`).

mod bound;
mod estimate;
mod kernels;

use crate::extremes::{higher, sample_peak};
use crate::fused::plus;
use crate::parallel::each;
use estimate::Glance;
pub use estimate::{Estimates, estimate};
pub(crate) use estimate::{estimate_within, peak_per_sample, peaks_within};
use kernels::{Kernel, LANES};
use multiversion::multiversion;
use multiversion::target::target_cfg_f;
use std::ops::Range;

/// Samples that the panel looks at in one step.
pub const CELL: usize = 8;

/// From this share of a level on, a bound on what is below it is not trusted: sums and products in single precision are
/// rounded.
pub(crate) const CERTAIN: f32 = 0.9999;

/// A cell's points, eight to a sample: from the sample before the cell to the one after it.
pub(crate) type CellPoints = [[f32; LANES]; ROWS];

/// Points of a cell reach one sample to each side, so that a summit on the border has its neighbours.
const ROWS: usize = CELL + 2;

/// By how much the summit of a parabola moves at most where none of its three points moves by more than one.
const SUMMIT_FOR_POINTS: f32 = 1.25;

/// Which of the panel's kernels is `FFmpeg`'s resampler.
const RESAMPLER: usize = 1;

/// Meters for one sample rate.
#[derive(Debug, Clone)]
pub struct Panel {
    kernels: [Kernel; 4],
    reach: usize,
}

/// Cells that are glanced at at once.
const STRIP_CELLS: usize = 64;

impl Panel {
    /// The panel for a sample rate in Hz: meters oversample less at higher rates.
    #[must_use]
    pub fn new(rate_hz: u32) -> Self {
        let kernels = [kernels::short(rate_hz), kernels::resampler(), kernels::medium(), kernels::long()];
        let reach =
            kernels.iter().map(|kernel| kernel.before.max(kernel.taps.len() - kernel.before)).max().unwrap_or(0) + 1;
        Self { kernels, reach }
    }

    /// By how much a reading changes at most where no sample changes by more than its distance, in samples, from where it is
    /// taken.
    pub(crate) fn change_by_distance(&self) -> f32 {
        let lanes = self.kernels.iter().flat_map(|kernel| (0..LANES).map(|lane| kernel.of_distance(lane)));
        lanes.fold(0.0, f32::max) * SUMMIT_FOR_POINTS
    }

    /// The highest reading of any meter over the eight samples from `start`; silence lies beyond the ends, and what
    /// rings into it belongs to the first and to the last cell. `at_least` is what matters, which spares work: a reading
    /// below it may be a hair too low.
    #[must_use]
    pub fn cell_peak(&self, samples: &[f32], start: usize, at_least: f32) -> f32 {
        let end = (start + CELL).min(samples.len());
        let sample_peak = samples[start.min(end)..end].iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
        let peak = with_ringing(start, samples.len())
            .fold(sample_peak, |peak, start| peak.max(self.between(samples, start, peak.max(at_least))));
        if start < MIRRORED { peak.max(self.between_mirrored(samples, start, at_least)) } else { peak }
    }

    /// What the resampler of `FFmpeg` reads near the start: it takes the signal for its own mirror image before it.
    fn between_mirrored(&self, samples: &[f32], start: usize, at_least: f32) -> f32 {
        let mut window = [0.0f32; 2 * MIRRORED + ROWS];
        let resampler = &self.kernels[RESAMPLER];
        copy_mirrored(samples, start as isize - 1 - resampler.before as isize, &mut window);
        kernel_peak(resampler, &window, at_least)
    }

    /// The highest reading between samples, over the eight from `start`.
    fn between(&self, samples: &[f32], start: isize, at_least: f32) -> f32 {
        let (from, length) = (start - self.reach as isize, 2 * self.reach + ROWS);
        if let Some(window) = usize::try_from(from).ok().and_then(|from| samples.get(from..from + length)) {
            return self.between_in(window, at_least);
        }
        let mut window = [0.0f32; 256];
        copy_with_silence(samples, from, &mut window[..length]);
        self.between_in(&window, at_least)
    }

    /// The same for a window of all that any kernel sees.
    fn between_in(&self, window: &[f32], at_least: f32) -> f32 {
        self.kernels.iter().fold(0.0f32, |peak, kernel| {
            // Row 0 is the sample before the cell.
            peak.max(kernel_peak(kernel, &window[self.reach - 1 - kernel.before..], peak.max(at_least)))
        })
    }

    /// The highest reading over some cells of a channel, linear; `at_least` is a peak already known, which spares work.
    #[must_use]
    pub fn peak(&self, samples: &[f32], cells: Range<usize>, at_least: f32) -> f32 {
        let starts = cells.clone().step_by(STRIP_CELLS);
        let strips = starts.map(|start| start..(start + STRIP_CELLS).min(cells.end));
        let glances: Vec<_> = strips.map(|strip| (Glance::at(samples, &strip), strip)).collect();
        let known = glances.iter().fold(at_least, |known, (glance, _)| known.max(glance.sample_peak));
        let mut strips: Vec<_> = glances.into_iter().filter(|(glance, _)| glance.bound >= known).collect();
        strips.sort_unstable_by(|(a, _), (b, _)| b.bound.total_cmp(&a.bound));
        strips.into_iter().fold(
            known,
            |peak, (glance, strip)| {
                if glance.bound < peak { peak } else { self.strip_peak(samples, strip, peak) }
            },
        )
    }

    fn strip_peak(&self, samples: &[f32], cells: Range<usize>, at_least: f32) -> f32 {
        let bounds = estimate_within(samples, &cells).bound;
        let mut order: Vec<_> = bounds.into_iter().zip(cells).filter(|(bound, _)| *bound >= at_least).collect();
        order.sort_unstable_by(|(a, _), (b, _)| b.total_cmp(a));
        order.into_iter().fold(at_least, |peak, (bound, cell)| {
            if bound < peak { peak } else { peak.max(self.cell_peak(samples, cell * CELL, peak)) }
        })
    }
}

/// Interpolates eight points to a sample, for what else needs the signal between its samples.
#[derive(Debug, Clone)]
pub(crate) struct Interpolator {
    kernel: Kernel,
    /// The taps of every second lane, in the order of time.
    quarters: [[f32; 64]; 4],
}

impl Interpolator {
    /// 64 taps: images below -90 dB up to 0.8 of Nyquist.
    pub(crate) fn new() -> Self {
        let kernel = kernels::medium();
        let quarters = std::array::from_fn(|quarter| std::array::from_fn(|tap| kernel.taps[tap][quarter * LANES / 4]));
        Self { kernel, quarters }
    }

    /// The points of the cell that starts at `start`.
    pub(crate) fn cell(&self, samples: &[f32], start: usize) -> CellPoints {
        let mut window = [0.0f32; 64 + ROWS];
        copy_with_silence(samples, start as isize - 1 - self.kernel.before as isize, &mut window);
        kernel_points(&self.kernel.taps, &window)
    }

    /// The signal `quarter` quarters of a sample after sample `at`.
    pub(crate) fn point(&self, samples: &[f32], at: usize, quarter: usize) -> f32 {
        let mut window = [0.0f32; 64];
        copy_with_silence(samples, at as isize - self.kernel.before as isize, &mut window);
        let mut sums = [0.0f32; LANES];
        for (taps, inputs) in self.quarters[quarter].as_chunks::<LANES>().0.iter().zip(window.as_chunks::<LANES>().0) {
            for lane in 0..LANES {
                sums[lane] += taps[lane] * inputs[lane];
            }
        }
        sums.iter().sum()
    }
}

/// The start of a cell, and of the silent one beside it where it is the first or the last.
fn with_ringing(start: usize, length: usize) -> impl Iterator<Item = isize> {
    let cell = CELL as isize;
    let start_at = start as isize;
    let before = (start == 0).then_some(-cell);
    let after = (start + CELL >= length).then_some(start_at + cell);
    [Some(start_at), before, after].into_iter().flatten()
}

/// So many samples from the start on, what lies before it is within reach of the resampler.
const MIRRORED: usize = 16;

/// Copies a signal that is its own mirror image before its start, and silent after its end.
fn copy_mirrored(samples: &[f32], from: isize, out: &mut [f32]) {
    for (at, value) in (from..).zip(out) {
        *value = samples.get(at.unsigned_abs()).copied().unwrap_or_default();
    }
}

/// Copies a signal with silence around it.
pub(crate) fn copy_with_silence(samples: &[f32], from: isize, out: &mut [f32]) {
    let begin = from.clamp(0, samples.len() as isize) as usize;
    let end = (from + out.len() as isize).clamp(0, samples.len() as isize) as usize;
    out.fill(0.0);
    if begin < end {
        let at = (begin as isize - from) as usize;
        out[at..at + end - begin].copy_from_slice(&samples[begin..end]);
    }
}

#[multiversion(targets("x86_64+avx+avx2+fma", "aarch64+neon"))]
fn kernel_points(taps: &[[f32; LANES]], window: &[f32]) -> CellPoints {
    points::<ROWS>(taps, window, target_cfg_f!(target_feature = "fma"))
}

#[expect(clippy::inline_always, reason = "it must be compiled with the instructions that its caller was chosen for")]
#[inline(always)]
fn points<const COUNT: usize>(taps: &[[f32; LANES]], window: &[f32], fused: bool) -> [[f32; LANES]; COUNT] {
    let mut points = [[0.0f32; LANES]; COUNT];
    for (tap, coefficients) in taps.iter().enumerate() {
        let Some(inputs) = window.get(tap..tap + COUNT) else { break };
        for (row, input) in points.iter_mut().zip(inputs) {
            for (point, coefficient) in row.iter_mut().zip(coefficients) {
                *point = plus(fused, *point, *coefficient, *input);
            }
        }
    }
    points
}

/// From this share of the highest point on, a point may have a higher summit beside it: half an eighth away, a wave at
/// Nyquist has lost 2 %.
const SUMMITS_FROM: f32 = 0.97;

/// The points of a kernel for the eight samples of a cell.
///
/// A function of its own, since compilers keep its sums in registers only where nothing else is done with them.
#[multiversion(targets("x86_64+avx+avx2+fma", "aarch64+neon"))]
fn inner_points(taps: &[[f32; LANES]], window: &[f32]) -> [[f32; LANES]; CELL] {
    let fused = target_cfg_f!(target_feature = "fma");
    if fused || target_cfg_f!(target_feature = "neon") {
        return points(taps, window, fused);
    }
    // Sixteen narrow registers hold the sums of half a cell.
    let halves = [0, CELL / 2].map(|from| points::<{ CELL / 2 }>(taps, &window[from..], false));
    std::array::from_fn(|row| halves[row / (CELL / 2)][row % (CELL / 2)])
}

/// The points of a kernel for one sample.
#[multiversion(targets("x86_64+avx+avx2+fma", "aarch64+neon"))]
fn points_of_one(taps: &[[f32; LANES]], window: &[f32]) -> [f32; LANES] {
    points::<1>(taps, window, target_cfg_f!(target_feature = "fma"))[0]
}

/// The highest that a kernel reads over a cell; `window` begins with what it sees for the sample before.
fn kernel_peak(kernel: &Kernel, window: &[f32], at_least: f32) -> f32 {
    let points = inner_points(&kernel.taps, &window[1..]);
    let peak = sample_peak(points.as_flattened());
    let from = higher(peak, at_least) * SUMMITS_FROM;
    if !kernel.even_grid || peak < from {
        return peak;
    }
    // The points with a neighbour at each end; an infinite one has no summit beside it.
    let mut around = [f32::INFINITY; CELL * LANES + 2];
    around[1..=CELL * LANES].copy_from_slice(points.as_flattened());
    let [_, first, second, .., last_but_one, last, _] = around.map(f32::abs);
    if first >= higher(from, second) {
        around[0] = points_of_one(&kernel.taps, window)[LANES - 1];
    }
    if last >= higher(from, last_but_one) {
        around[CELL * LANES + 1] = points_of_one(&kernel.taps, &window[CELL + 1..])[0];
    }
    highest_summit(&around)
}

/// The highest of some points, and of the parabolas through three of them.
#[multiversion(targets("x86_64+avx+avx2", "aarch64+neon"))]
fn highest_summit(points: &[f32; CELL * LANES + 2]) -> f32 {
    let mut highest = [0.0f32; LANES];
    for points in points.windows(LANES + 2).step_by(LANES) {
        for (((high, left), middle), right) in highest.iter_mut().zip(points).zip(&points[1..]).zip(&points[2..]) {
            *high = higher(*high, summit(left.abs(), middle.abs(), right.abs()));
        }
    }
    highest.into_iter().fold(0.0, higher)
}

/// The top of the parabola through three points where the middle one is the highest, and else that one.
#[expect(clippy::inline_always, reason = "it must be compiled with the instructions that its caller was chosen for")]
#[inline(always)]
fn summit(left: f32, middle: f32, right: f32) -> f32 {
    let (curvature, rise) = (2.0 * middle - left - right, left - right);
    let top = middle + rise * rise / (8.0 * curvature);
    if middle >= left && middle >= right && curvature > f32::EPSILON * middle { top } else { middle }
}

/// True peak of a whole channel, linear, by the panel.
#[must_use]
pub fn true_peak(rate_hz: u32, samples: &[f32]) -> f32 {
    Panel::new(rate_hz).peak(samples, 0..samples.len().div_ceil(CELL), 0.0)
}

/// True peak of a signal that comes in blocks of any size.
#[derive(Debug, Clone)]
pub struct TruePeakMeter {
    panel: Panel,
    pending: Vec<Pending>,
}

/// The peak of a channel, and what of it is not settled: its last samples wait for what follows them.
#[derive(Debug, Clone, Default)]
struct Pending {
    samples: Vec<f32>,
    first_cell: usize,
    peak: f32,
}

impl Pending {
    fn push(&mut self, panel: &Panel, samples: &[f32], known: f32) {
        let context = panel.reach.next_multiple_of(CELL);
        self.samples.extend_from_slice(samples);
        let settled = self.samples.len().saturating_sub(context) / CELL;
        if settled <= self.first_cell {
            return;
        }
        self.peak = panel.peak(&self.samples, self.first_cell..settled, known);
        let spent = settled.saturating_sub(context / CELL);
        self.samples.drain(..spent * CELL);
        self.first_cell = settled - spent;
    }
}

impl TruePeakMeter {
    /// For so many channels at a sample rate in Hz.
    #[must_use]
    pub fn new(rate_hz: u32, channels: usize) -> Self {
        Self { panel: Panel::new(rate_hz), pending: vec![Pending::default(); channels] }
    }

    /// The next block: one slice a channel.
    pub fn push(&mut self, block: &[&[f32]]) {
        let (panel, known) = (&self.panel, self.known());
        let mut work: Vec<_> = self.pending.iter_mut().zip(block).collect();
        each(&mut work, |(pending, channel)| pending.push(panel, channel, known));
    }

    /// The highest peak of what is settled, linear.
    fn known(&self) -> f32 {
        self.pending.iter().fold(0.0, |peak, pending| peak.max(pending.peak))
    }

    /// The highest peak, linear; silence follows the last block.
    #[must_use]
    pub fn finish(self) -> f32 {
        self.pending.iter().fold(self.known(), |peak, pending| {
            let cells = pending.samples.len().div_ceil(CELL);
            self.panel.peak(&pending.samples, pending.first_cell.min(cells)..cells, peak)
        })
    }
}

#[cfg(test)]
mod tests;
