//! The quick look at 4x, and the most that any meter of the panel can read where it was taken.
//!
//! Not here: what the meters read (that is the module above).

use super::bound::{BOUNDS, Bound, FAR, highest_reading};
use super::kernels::QuarterPoints;
use super::{CELL, MIRRORED, copy_mirrored, copy_with_silence, with_ringing};
use crate::extremes::{higher, magnitude, sample_peak};
use crate::fused::plus;
use multiversion::multiversion;
use multiversion::target::target_cfg_f;
use std::ops::Range;
use std::sync::LazyLock;

/// What a quick look at 4x says of each cell of eight samples, linear.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Estimates {
    /// The highest of the samples, of three points after each, and of the first sample of the next cell.
    pub peak: Vec<f32>,
    /// What the panel can read there at most.
    pub bound: Vec<f32>,
}

/// Made once: short stretches are estimated by the thousand.
static QUARTERS: LazyLock<QuarterPoints> = LazyLock::new(QuarterPoints::new);

/// What is seen of some cells without interpolating: quick, and good enough for most of a track.
pub(super) struct Glance {
    /// The highest sample in them or close by.
    pub(super) sample_peak: f32,
    /// What any meter can read in them at most. An interpolator that keeps straight lines is off them by no more than a
    /// part of the curvature.
    pub(super) bound: f32,
}

impl Glance {
    pub(super) fn at(samples: &[f32], cells: &Range<usize>) -> Self {
        const AROUND: usize = (FAR + 1) * CELL;
        let (start, end) = (cells.start * CELL, cells.end * CELL);
        if start < AROUND || end + AROUND > samples.len() {
            // What lies beyond the ends bends, too.
            let within = &samples[start.min(samples.len())..end.min(samples.len())];
            return Self { sample_peak: sample_peak(within), bound: f32::INFINITY };
        }
        let kernel: &QuarterPoints = &QUARTERS;
        let (highest, bent) = highest_and_bent(&samples[start - AROUND..end + AROUND]);
        let estimate = kernel.of_highest * highest + kernel.of_curvature * bent;
        Self { sample_peak: highest, bound: highest_reading(&BOUNDS, estimate, bent, bent) }
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

/// The quick estimate over a channel.
#[must_use]
pub fn estimate(samples: &[f32]) -> Estimates {
    estimate_within(samples, &(0..samples.len().div_ceil(CELL)))
}

/// The quick estimate of some cells, which needs to see no more than what lies around them.
pub(crate) fn estimate_within(samples: &[f32], cells: &Range<usize>) -> Estimates {
    let all = samples.len().div_ceil(CELL);
    let cells = cells.start.min(all)..cells.end.min(all);
    let around = cells.start.saturating_sub(FAR)..(cells.end + FAR).min(all);
    let (mut peak, curvature) = seen(samples, &around);
    let near = with_neighbours(&curvature);
    let far = with_seven_to_each_side(&near);
    let within = cells.start - around.start..cells.end - around.start;
    peak.truncate(within.end);
    peak.drain(..within.start);
    let bent = near[within.clone()].iter().zip(&far[within]);
    let bounds: &[Bound; 2] = &BOUNDS;
    let bound = peak.iter().zip(bent).map(|(peak, (near, far))| highest_reading(bounds, *peak, *near, *far));
    Estimates { bound: bound.collect(), peak }
}

/// The highest of each value and the two beside it.
fn with_neighbours(values: &[f32]) -> Vec<f32> {
    let mut highest = values.to_vec();
    let after = values.get(1..).unwrap_or_default();
    highest.iter_mut().zip(after).for_each(|(highest, after)| *highest = higher(*highest, *after));
    let before = highest.iter_mut().skip(1).zip(values);
    before.for_each(|(highest, before)| *highest = higher(*highest, *before));
    highest
}

/// The highest of each of some values, from zero on, and of seven to each side: by windows that double, since plain steps
/// are what compilers vectorise.
pub(super) fn with_seven_to_each_side(values: &[f32]) -> Vec<f32> {
    const REACH: usize = FAR - 1;
    let mut of_one = vec![0.0; values.len() + 2 * REACH];
    of_one[REACH..REACH + values.len()].copy_from_slice(values);
    let of_eight = [1, 2, 4].into_iter().fold(of_one, |values, step| {
        let pairs = values.iter().zip(&values[step..]);
        pairs.map(|(value, further)| higher(*value, *further)).collect()
    });
    of_eight.iter().zip(&of_eight[REACH..]).map(|(before, after)| higher(*before, *after)).collect()
}

/// The quick estimate of peaks alone.
pub(crate) fn peaks_within(samples: &[f32], cells: &Range<usize>) -> Vec<f32> {
    seen(samples, cells).0
}

/// By how much the quick estimate of a peak changes at most where no sample that it sees changes by more than one.
pub(crate) fn peak_per_sample() -> f32 {
    QUARTERS.of_one
}

/// The highest points of some cells of a signal, and the greatest curvatures.
fn seen(samples: &[f32], cells: &Range<usize>) -> (Vec<f32>, Vec<f32>) {
    let (mut peak, mut curvature) = (vec![0.0; cells.len()], vec![0.0; cells.len()]);
    // Cells whose whole window lies within the samples; the others see what meters take for granted beyond the ends.
    let first = cells.start.max(MIRRORED / CELL).min(cells.end);
    let inner = first..(samples.len().saturating_sub(AFTER) / CELL).clamp(first, cells.end);
    let place = |cell: usize| cell - cells.start;
    if !inner.is_empty() {
        let within = place(inner.start)..place(inner.end);
        let window = &samples[inner.start * CELL - BEFORE..];
        quarter_peaks(&QUARTERS, window, &mut peak[within.clone()], &mut curvature[within]);
    }
    for cell in (cells.start..inner.start).chain(inner.end..cells.end) {
        let mut look = |window: &[f32; WINDOW]| {
            let (mut high, mut bent) = ([0.0], [0.0]);
            quarter_peaks(&QUARTERS, window, &mut high, &mut bent);
            peak[place(cell)] = higher(high[0], peak[place(cell)]);
            curvature[place(cell)] = higher(bent[0], curvature[place(cell)]);
        };
        let mut window = [0.0f32; WINDOW];
        for start in with_ringing(cell * CELL, samples.len()) {
            copy_with_silence(samples, start - BEFORE as isize, &mut window);
            look(&window);
        }
        if cell * CELL < MIRRORED {
            copy_mirrored(samples, (cell * CELL) as isize - BEFORE as isize, &mut window);
            look(&window);
        }
    }
    (peak, curvature)
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
    let highest_of = |lanes: &[f32; CELL]| {
        let four: [f32; 4] = std::array::from_fn(|lane| higher(lanes[lane], lanes[lane + 4]));
        higher(higher(four[0], four[2]), higher(four[1], four[3]))
    };
    for (cell, lanes) in curvatures.iter_mut().zip(bent.as_chunks::<CELL>().0) {
        *cell = highest_of(lanes);
    }
    let next = window[BEFORE + CELL..].iter().step_by(CELL);
    for ((cell, lanes), next) in peaks.iter_mut().zip(highest.as_chunks::<CELL>().0).zip(next) {
        *cell = higher(highest_of(lanes), next.abs());
    }
}
