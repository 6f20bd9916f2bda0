//! True peak: how high the signal rises between its samples.
//!
//! No two meters interpolate alike, so a peak is what the strictest of a *panel* reads: the sample itself, the table of
//! ITU-R BS.1770-5 annex 2, libebur128's kernel, the resampler of `FFmpeg`, a 64-tap and a 128-tap windowed sinc, the
//! long ones on a grid of eighths with a parabola through the summit (0.002 dB below 32x at worst). A quick estimate at
//! 4x picks the places where the panel has to look.
//!
//! Not here: keeping the peaks down (that is `limiter`).

mod kernels;

use crate::extremes::{higher, magnitude, sample_peak};
use crate::fused::plus;
use crate::parallel::each;
use kernels::{Kernel, LANES, QuarterPoints};
use multiversion::multiversion;
use multiversion::target::target_cfg_f;
use std::ops::Range;
use std::sync::LazyLock;

/// Samples that the panel looks at in one step.
pub const CELL: usize = 8;

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
    /// rings into it belongs to the first and to the last cell.
    #[must_use]
    pub fn cell_peak(&self, samples: &[f32], start: usize) -> f32 {
        let end = (start + CELL).min(samples.len());
        let sample_peak = samples[start.min(end)..end].iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
        let peak =
            with_ringing(start, samples.len()).fold(sample_peak, |peak, start| peak.max(self.between(samples, start)));
        if start < MIRRORED { peak.max(self.between_mirrored(samples, start)) } else { peak }
    }

    /// What the resampler of `FFmpeg` reads near the start: it takes the signal for its own mirror image before it.
    fn between_mirrored(&self, samples: &[f32], start: usize) -> f32 {
        let mut window = [0.0f32; 2 * MIRRORED + ROWS];
        let resampler = &self.kernels[RESAMPLER];
        copy_mirrored(samples, start as isize - 1 - resampler.before as isize, &mut window);
        kernel_peak(resampler, &window)
    }

    /// The highest reading between samples, over the eight from `start`.
    fn between(&self, samples: &[f32], start: isize) -> f32 {
        let mut window = [0.0f32; 256];
        let wanted = &mut window[..2 * self.reach + ROWS];
        copy_with_silence(samples, start - self.reach as isize, wanted);
        self.kernels.iter().fold(0.0f32, |peak, kernel| {
            // Row 0 is the sample before the cell.
            peak.max(kernel_peak(kernel, &wanted[self.reach - 1 - kernel.before..]))
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
        let bounds = bounds_within(samples, &cells);
        let mut order: Vec<_> = bounds.into_iter().zip(cells).filter(|(bound, _)| *bound >= at_least).collect();
        order.sort_unstable_by(|(a, _), (b, _)| b.total_cmp(a));
        order.into_iter().fold(at_least, |peak, (bound, cell)| {
            if bound < peak { peak } else { peak.max(self.cell_peak(samples, cell * CELL)) }
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

fn copy_with_silence(samples: &[f32], from: isize, out: &mut [f32]) {
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

#[multiversion(targets("x86_64+avx+avx2+fma", "aarch64+neon"))]
fn kernel_peak(kernel: &Kernel, window: &[f32]) -> f32 {
    let fused = target_cfg_f!(target_feature = "fma");
    let rows = points::<CELL>(&kernel.taps, &window[1..], fused);
    let mut highest = [0.0f32; LANES];
    for row in &rows {
        for (high, point) in highest.iter_mut().zip(row) {
            *high = higher(*high, point.abs());
        }
    }
    let peak = highest.into_iter().fold(0.0, higher);
    if !kernel.even_grid {
        return peak;
    }
    let lane = highest.iter().position(|high| *high == peak).unwrap_or(0);
    let row = rows.iter().position(|row| row[lane].abs() == peak).unwrap_or(0);
    let (inner, at) = (rows.as_flattened(), row * LANES + lane);
    // Only a summit on the border has a neighbour beyond it.
    let before = if at > 0 { inner[at - 1] } else { points::<1>(&kernel.taps, window, fused)[0][LANES - 1] };
    let after = inner.get(at + 1).copied();
    let after = after.unwrap_or_else(|| points::<1>(&kernel.taps, &window[CELL + 1..], fused)[0][0]);
    summit(before.abs(), peak, after.abs())
}

/// The top of the parabola through three points, of which the middle one is the highest.
fn summit(left: f32, middle: f32, right: f32) -> f32 {
    let curvature = 2.0 * middle - left - right;
    if curvature <= f32::EPSILON * middle || left > middle || right > middle {
        return middle;
    }
    middle + (left - right) * (left - right) / (8.0 * curvature)
}

/// What a quick look at 4x says of each cell of eight samples, linear.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Estimates {
    /// The highest of the samples and of three points after each.
    pub peak: Vec<f32>,
    /// What the panel can read there at most. The distance grows with curvature, since meters part near Nyquist only;
    /// its share was found on white, clipped and binary noise and on tones up to 21.9 kHz.
    pub bound: Vec<f32>,
}

const CURVATURE_SHARE: f32 = 0.25;
const ABOVE_ESTIMATE: f32 = 1.004;

/// Made once: short stretches are estimated by the thousand.
static QUARTERS: LazyLock<QuarterPoints> = LazyLock::new(QuarterPoints::new);

/// What is seen of some cells without interpolating: quick, and good enough for most of a track.
struct Glance {
    /// The highest sample in them or close by.
    sample_peak: f32,
    /// What any meter can read in them at most. An interpolator that keeps straight lines is off them by no more than a
    /// part of the curvature.
    bound: f32,
}

impl Glance {
    fn at(samples: &[f32], cells: &Range<usize>) -> Self {
        const AROUND: usize = 2 * CELL;
        let (start, end) = (cells.start * CELL, cells.end * CELL);
        if start < AROUND || end + AROUND > samples.len() {
            // What lies beyond the ends bends, too.
            let within = &samples[start.min(samples.len())..end.min(samples.len())];
            return Self { sample_peak: sample_peak(within), bound: f32::INFINITY };
        }
        let kernel: &QuarterPoints = &QUARTERS;
        let (highest, bent) = highest_and_bent(&samples[start - AROUND..end + AROUND]);
        let estimate = kernel.of_highest * highest + kernel.of_curvature * bent;
        Self { sample_peak: highest, bound: ABOVE_ESTIMATE * estimate + CURVATURE_SHARE * bent }
    }
}

/// The highest of some samples and the greatest of their second differences; the first and the last are seen by their
/// neighbours alone.
#[multiversion(targets("x86_64+avx+avx2", "aarch64+neon"))]
fn highest_and_bent(samples: &[f32]) -> (f32, f32) {
    let (mut highest, mut bent) = (0, 0);
    for ((before, middle), after) in samples.iter().zip(&samples[1..]).zip(&samples[2..]) {
        highest = highest.max(magnitude(*middle));
        bent = bent.max(magnitude(before - 2.0 * middle + after));
    }
    (f32::from_bits(highest), f32::from_bits(bent))
}

/// The bounds of some cells by the quick estimate.
pub(crate) fn bounds_within(samples: &[f32], cells: &Range<usize>) -> Vec<f32> {
    estimate_within(samples, cells).bound
}

/// The quick estimate of some cells, which needs to see no more than what lies around them.
pub(crate) fn estimate_within(samples: &[f32], cells: &Range<usize>) -> Estimates {
    let around = cells.start.saturating_sub(1)..cells.end + 1;
    if around.start * CELL >= MIRRORED && around.end * CELL + AFTER <= samples.len() {
        let (mut peak, mut curvature) = (vec![0.0; around.len()], vec![0.0; around.len()]);
        quarter_peaks(&QUARTERS, &samples[around.start * CELL - BEFORE..], &mut peak, &mut curvature);
        let peak = peak[1..around.len() - 1].to_vec();
        // Plain steps through all three, which compilers vectorise.
        let near = curvature.iter().zip(&curvature[1..]).zip(&curvature[2..]);
        let bound = peak.iter().zip(near).map(|(peak, ((a, b), c))| bound(*peak, higher(higher(*a, *b), *c)));
        return Estimates { bound: bound.collect(), peak };
    }
    let all = samples.len().div_ceil(CELL);
    let around = cells.start.saturating_sub(2)..(cells.end + 2).min(all);
    let seen = &samples[around.start * CELL..(around.end * CELL).min(samples.len())];
    let mut estimates = estimate(seen);
    for values in [&mut estimates.peak, &mut estimates.bound] {
        values.truncate(cells.end.min(all) - around.start);
        values.drain(..cells.start - around.start);
    }
    estimates
}

/// What can be read at most in a cell with this estimate, and this curvature in or beside it.
fn bound(peak: f32, curvature: f32) -> f32 {
    peak * ABOVE_ESTIMATE + CURVATURE_SHARE * curvature
}

/// The quick estimate over a channel.
#[must_use]
pub fn estimate(samples: &[f32]) -> Estimates {
    let kernel: &QuarterPoints = &QUARTERS;
    let cells = samples.len().div_ceil(CELL);
    let (mut peak, mut curvature) = (vec![0.0; cells], vec![0.0; cells]);
    // Cells whose whole window lies within the samples; the others see silence beyond the ends.
    let first = MIRRORED / CELL;
    let inner = first..(samples.len().saturating_sub(CELL + AFTER) / CELL).max(first);
    if !inner.is_empty() {
        quarter_peaks(
            kernel,
            &samples[first * CELL - BEFORE..],
            &mut peak[inner.clone()],
            &mut curvature[inner.clone()],
        );
    }
    for cell in (0..cells).filter(|cell| !inner.contains(cell)) {
        let mut look = |window: &[f32; WINDOW]| {
            let (mut high, mut bent) = ([0.0], [0.0]);
            quarter_peaks(kernel, window, &mut high, &mut bent);
            peak[cell] = peak[cell].max(high[0]);
            curvature[cell] = curvature[cell].max(bent[0]);
        };
        let mut window = [0.0f32; WINDOW];
        for start in with_ringing(cell * CELL, samples.len()) {
            copy_with_silence(samples, start - BEFORE as isize, &mut window);
            look(&window);
        }
        if cell < first {
            copy_mirrored(samples, (cell * CELL) as isize - BEFORE as isize, &mut window);
            look(&window);
        }
    }
    let near = |cell: usize| curvature[cell.saturating_sub(1)..(cell + 2).min(cells)].iter().copied();
    let bound = peak.iter().enumerate().map(|(cell, peak)| bound(*peak, near(cell).fold(0.0, higher))).collect();
    Estimates { peak, bound }
}

/// Taps of the quarter-point kernel that lie before its sample, and after it.
const BEFORE: usize = 5;
const AFTER: usize = 6;
const WINDOW: usize = BEFORE + CELL + AFTER;

#[multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx+avx2+fma", "aarch64+neon"))]
fn quarter_peaks(kernel: &QuarterPoints, samples: &[f32], peaks: &mut [f32], curvatures: &mut [f32]) {
    let fused = target_cfg_f!(target_feature = "fma");
    // Long loops are what compilers vectorise best.
    let long = strips_peaks::<{ 64 * CELL }, { 63 * CELL + WINDOW }>(kernel, samples, fused, 0, peaks, curvatures);
    let short = strips_peaks::<{ 8 * CELL }, { 7 * CELL + WINDOW }>(kernel, samples, fused, long, peaks, curvatures);
    strips_peaks::<CELL, WINDOW>(kernel, samples, fused, short, peaks, curvatures);
}

/// As many strips of one length as there are from a cell on; the first cell that is left.
#[expect(clippy::inline_always, reason = "it must be compiled with the instructions that its caller was chosen for")]
#[inline(always)]
fn strips_peaks<const LENGTH: usize, const SEEN: usize>(
    kernel: &QuarterPoints,
    samples: &[f32],
    fused: bool,
    mut cell: usize,
    peaks: &mut [f32],
    curvatures: &mut [f32],
) -> usize {
    let cells = LENGTH / CELL;
    while let (Some(window), Some(peaks), Some(curvatures)) = (
        samples.get(cell * CELL..).and_then(|rest| rest.first_chunk()),
        peaks.get_mut(cell..cell + cells),
        curvatures.get_mut(cell..cell + cells),
    ) {
        strip_peaks::<LENGTH, SEEN>(kernel, window, fused, peaks, curvatures);
        cell += cells;
    }
    cell
}

#[expect(clippy::inline_always, reason = "it must be compiled with the instructions that its caller was chosen for")]
#[inline(always)]
fn strip_peaks<const LENGTH: usize, const SEEN: usize>(
    kernel: &QuarterPoints,
    window: &[f32; SEEN],
    fused: bool,
    peaks: &mut [f32],
    curvatures: &mut [f32],
) {
    let mut highest = [0.0f32; LENGTH];
    let mut bent = [0.0f32; LENGTH];
    for at in 0..LENGTH {
        let middle = window[BEFORE + at];
        bent[at] = (window[BEFORE + at - 1] - 2.0 * middle + window[BEFORE + at + 1]).abs();
        let (mut even, mut odd, mut half) = (0.0f32, 0.0f32, 0.0f32);
        for tap in 0..6 {
            let (near, far) = (window[at + tap], window[at + 11 - tap]);
            even = plus(fused, even, kernel.even[tap], near + far);
            odd = plus(fused, odd, kernel.odd[tap], near - far);
            half = plus(fused, half, kernel.half[tap], near + far);
        }
        // The first and the third quarter are even + odd and even - odd.
        highest[at] = higher(higher(middle.abs(), even.abs() + odd.abs()), half.abs());
    }
    for (values, cells) in [(&highest, peaks), (&bent, curvatures)] {
        for (cell, lanes) in cells.iter_mut().zip(values.as_chunks::<CELL>().0) {
            let four: [f32; 4] = std::array::from_fn(|lane| higher(lanes[lane], lanes[lane + 4]));
            *cell = higher(higher(four[0], four[2]), higher(four[1], four[3]));
        }
    }
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
