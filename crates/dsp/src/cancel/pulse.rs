//! The pulse whose spectrum is the masking threshold of the music around it.
//!
//! Not here: where pulses are put, and how many.

use super::POINTS;
use super::mask::{BANDS, Ear, Heard, band_at};
use crate::extremes::{higher, sample_peak};
use crate::true_peak::{CELL, peak_per_sample};
use multiversion::multiversion;
use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner};
use std::f64::consts::PI;
use std::sync::Arc;

/// No pulse has anything above this, Hz: few hear it, and peaks there are for meters alone.
const HIGHEST_HZ: f64 = 20_000.0;
const FADE_FROM_HZ: f64 = 17_000.0;
/// Phases of a pulse that are computed; the fourth is the second backwards, since pulses are even.
const PHASES: usize = POINTS - 1;

/// The quick estimates of so many cells see the same eight taps: they begin five samples before a cell and end six after its
/// last, and the middle of a pulse may lie anywhere in its own cell.
const SEEN_FROM: usize = 4;

/// Makes pulses for one sample rate.
pub(super) struct Shaper {
    ear: Ear,
    inverse: Arc<dyn ComplexToReal<f32>>,
    bins: Vec<Bin>,
    /// For each phase, how the pulse fades out.
    fades: [Vec<f32>; PHASES],
    reach: usize,
}

/// What becomes of the mask in a bin of the pulse.
struct Bin {
    below: usize,
    share_of_above: f32,
    /// The fade at the top, turned by each phase.
    turned: [Complex<f32>; PHASES],
}

/// Memory that pulses are made in, one after the other.
pub(super) struct Workbench {
    heard: Heard,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    weights: Vec<f32>,
    wave: Vec<f32>,
}

impl std::fmt::Debug for Shaper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shaper").field("reach", &self.reach).finish_non_exhaustive()
    }
}

/// One pulse at each of the points to a sample, one high at its own place.
pub(super) struct Pulse {
    taps: [Vec<f32>; POINTS],
    changes: Vec<f32>,
}

impl std::fmt::Debug for Pulse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pulse").field("taps", &self.taps[0].len()).finish_non_exhaustive()
    }
}

impl Pulse {
    /// Of taps by point; the first is `reach - 1` samples before the sample that the point follows.
    fn new(taps: [Vec<f32>; POINTS]) -> Self {
        let cells = taps[0].len() / CELL;
        let highest = |cell: usize| {
            let of_points = taps.iter().map(|taps| sample_peak(&taps[cell * CELL..(cell + 1) * CELL]));
            of_points.fold(0.0, higher)
        };
        let highest: Vec<f32> = (0..cells).map(highest).collect();
        let seen = (0..cells + SEEN_FROM - 1).map(|at| &highest[at.saturating_sub(SEEN_FROM - 1)..(at + 1).min(cells)]);
        let changes = seen.map(|seen| peak_per_sample() * seen.iter().copied().fold(0.0, higher)).collect();
        Self { taps, changes }
    }

    /// Subtracts the pulse, `height` high, at a sample and so many points after it.
    pub(super) fn subtract(&self, samples: &mut [f32], at: usize, point: usize, height: f32) {
        let taps = &self.taps[point];
        let before = taps.len() / 2 - 1;
        let (first, skipped) = (at.saturating_sub(before), before.saturating_sub(at));
        let targets = samples.get_mut(first..).unwrap_or_default();
        subtract(targets, &taps[skipped.min(taps.len())..], height);
    }

    /// By how much a pulse that is one high changes the quick estimate of a cell at most: from so many cells before the
    /// pulse's own on.
    pub(super) fn changes(&self) -> (usize, &[f32]) {
        (self.changes.len() / 2, &self.changes)
    }
}

#[multiversion(targets("x86_64+avx+avx2", "aarch64+neon"))]
fn subtract(targets: &mut [f32], taps: &[f32], height: f32) {
    for (target, tap) in targets.iter_mut().zip(taps) {
        *target -= height * tap;
    }
}

impl Shaper {
    /// For frames of `frame` samples, a power of two.
    pub(super) fn new(rate_hz: u32, frame: usize) -> Self {
        let reach = frame / 8;
        let size = 2 * reach;
        let hz_per_bin = f64::from(rate_hz) / size as f64;
        let bins = (0..size / 2).map(|bin| (bin, bin as f64 * hz_per_bin)).take_while(|(_, hz)| *hz < HIGHEST_HZ);
        let bins = bins.map(|(bin, hz)| {
            let at = band_at(hz);
            let below = (at as usize).min(BANDS - 2);
            let fade = if bin > 0 { ((HIGHEST_HZ - hz) / (HIGHEST_HZ - FADE_FROM_HZ)).min(1.0) } else { 0.0 };
            let turned = std::array::from_fn(|phase| {
                let angle = 2.0 * PI * bin as f64 * phase as f64 / (size * POINTS) as f64;
                Complex::new((fade * angle.cos()) as f32, (fade * angle.sin()) as f32)
            });
            Bin { below, share_of_above: (at - below as f64) as f32, turned }
        });
        let fade = |phase: usize, tap: usize| {
            let distance = (tap as f64 - reach as f64 + phase as f64 / POINTS as f64).abs() / reach as f64;
            (0.5 + 0.5 * (PI * distance).cos()) as f32
        };
        Self {
            ear: Ear::new(rate_hz, frame),
            inverse: RealFftPlanner::<f32>::new().plan_fft_inverse(size),
            bins: bins.collect(),
            fades: std::array::from_fn(|phase| (0..size).map(|tap| fade(phase, tap)).collect()),
            reach,
        }
    }

    /// How far a pulse reaches to each side, samples.
    pub(super) fn reach(&self) -> usize {
        self.reach
    }

    /// Memory to make pulses in.
    pub(super) fn workbench(&self) -> Workbench {
        Workbench {
            heard: self.ear.memory(),
            spectrum: self.inverse.make_input_vec(),
            scratch: self.inverse.make_scratch_vec(),
            weights: vec![0.0; self.bins.len()],
            wave: self.inverse.make_output_vec(),
        }
    }

    /// The pulse for the music around a sample.
    pub(super) fn pulse(&self, samples: &[f32], centre: usize, bench: &mut Workbench) -> Pulse {
        let Workbench { heard, spectrum, scratch, weights, wave } = bench;
        let mask = self.ear.mask(samples, centre, heard);
        for (weight, bin) in weights.iter_mut().zip(&self.bins) {
            let [below, above] = [mask[bin.below], mask[bin.below + 1]];
            *weight = below + bin.share_of_above * (above - below);
        }
        let mut scale = 1.0;
        let [mut none, third, second] = std::array::from_fn(|phase| {
            spectrum.fill(Complex::default());
            for ((value, weight), bin) in spectrum.iter_mut().zip(&*weights).zip(&self.bins) {
                *value = bin.turned[phase] * weight;
            }
            let done = self.inverse.process_with_scratch(spectrum, wave, scratch);
            done.expect("buffers come from the plan itself, and the ends are real");
            if phase == 0 {
                scale = 1.0 / wave[0].max(f32::MIN_POSITIVE);
            }
            // In the order of time, from as far before the middle as a pulse reaches: where it has faded out.
            let (after, before) = wave.split_at(self.reach);
            let (fade_in, fade_out) = self.fades[phase].split_at(self.reach);
            let mut taps = Vec::with_capacity(2 * self.reach);
            for (wave, fade) in [(before, fade_in), (after, fade_out)] {
                taps.extend(wave.iter().zip(fade).map(|(value, fade)| value * scale * fade));
            }
            taps
        });
        // A pulse at a point has its middle between two taps: a quarter before one is three quarters after the other.
        none.rotate_left(1);
        let first = third.iter().rev().copied().collect();
        Pulse::new([none, first, second, third])
    }
}
