//! Filters of any shape: designed from a response in decibels, minimum phase, applied by overlap-save.
//!
//! Not here: which response is wanted (that is `mastering`).

use crate::parallel::both;
use multiversion::multiversion;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};
use std::sync::Arc;

/// A filter length that resolves the same frequencies at any rate: 4096 taps at 44.1 kHz, a power of two.
#[must_use]
pub fn length_for(rate_hz: u32) -> usize {
    let wanted = 4096.0 * f64::from(rate_hz) / 46_000.0;
    (wanted.max(256.0) as usize).next_power_of_two()
}

/// The taps of the minimum-phase filter whose magnitude is `response_db(frequency_hz)` (folded cepstrum; Oppenheim &
/// Schafer, "Discrete-time signal processing", ch. 12).
#[must_use]
pub fn minimum_phase(taps: usize, rate_hz: u32, response_db: impl Fn(f64) -> f64) -> Vec<f32> {
    // Eight times the length keeps the cepstrum's own aliasing below -100 dB for responses as smooth as ours.
    let size = 8 * taps;
    let mut planner = RealFftPlanner::<f64>::new();
    let (forward, inverse) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
    let bin_hz = f64::from(rate_hz) / size as f64;
    let neper_per_db = std::f64::consts::LN_10 / 20.0;
    let mut log_spectrum: Vec<Complex<f64>> =
        (0..=size / 2).map(|bin| Complex::new(response_db(bin as f64 * bin_hz) * neper_per_db, 0.0)).collect();
    let mut cepstrum = inverse.make_output_vec();
    transform_back(&*inverse, &mut log_spectrum, &mut cepstrum, &mut inverse.make_scratch_vec());
    for (n, value) in cepstrum.iter_mut().enumerate() {
        *value *= match n {
            0 => 1.0,
            n if n == size / 2 => 1.0,
            n if n < size / 2 => 2.0,
            _ => 0.0,
        } / size as f64;
    }
    let mut spectrum = forward.make_output_vec();
    transform(&*forward, &mut cepstrum, &mut spectrum, &mut forward.make_scratch_vec());
    for value in &mut spectrum {
        *value = value.exp();
    }
    // Real at both ends by symmetry; rounding must not say otherwise.
    spectrum[0].im = 0.0;
    spectrum[size / 2].im = 0.0;
    let mut response = inverse.make_output_vec();
    transform_back(&*inverse, &mut spectrum, &mut response, &mut inverse.make_scratch_vec());
    let fade_from = taps * 3 / 4;
    response[..taps]
        .iter()
        .enumerate()
        .map(|(n, value)| {
            let fade = n.saturating_sub(fade_from) as f64 / (taps - fade_from) as f64;
            (value / size as f64 * 0.5 * (1.0 + (std::f64::consts::PI * fade).cos())) as f32
        })
        .collect()
}

fn transform<T: realfft::FftNum>(
    fft: &dyn RealToComplex<T>,
    input: &mut [T],
    output: &mut [Complex<T>],
    scratch: &mut [Complex<T>],
) {
    fft.process_with_scratch(input, output, scratch).expect("buffers come from the plan itself");
}

fn transform_back<T: realfft::FftNum>(
    fft: &dyn ComplexToReal<T>,
    input: &mut [Complex<T>],
    output: &mut [T],
    scratch: &mut [Complex<T>],
) {
    let done = fft.process_with_scratch(input, output, scratch);
    done.expect("buffers come from the plan itself, and the ends are real");
}

/// Convolves in place; one complex transform carries two channels, one as real and one as imaginary parts.
pub struct Convolver {
    taps: usize,
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
    /// What each channel is to have of itself.
    own: Vec<Complex<f32>>,
    /// What each is to have of the other, turned by a quarter, up to Nyquist; empty where both go by one filter.
    other: Vec<Complex<f32>>,
}

impl std::fmt::Debug for Convolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Convolver").field("taps", &self.taps).finish_non_exhaustive()
    }
}

impl Convolver {
    /// For one filter of at least one tap.
    #[must_use]
    pub fn new(filter: &[f32]) -> Self {
        let size = (4 * filter.len()).next_power_of_two();
        let mut planner = FftPlanner::<f32>::new();
        let (forward, inverse) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
        let mut own: Vec<_> = filter.iter().map(|tap| Complex::new(tap / size as f32, 0.0)).collect();
        own.resize(size, Complex::default());
        forward.process(&mut own);
        Self { taps: filter.len(), forward, inverse, own, other: Vec::new() }
    }

    /// For a filter of the middle of two channels and one of their sides, of as many taps each.
    #[must_use]
    pub fn of_middle_and_sides(middle: &[f32], sides: &[f32]) -> Self {
        let half = |sign: f32| -> Vec<f32> {
            middle.iter().zip(sides).map(|(middle, sides)| 0.5 * (middle + sign * sides)).collect()
        };
        let mut other = Self::new(&half(-1.0)).own;
        other.truncate(other.len() / 2 + 1);
        for value in &mut other {
            *value *= Complex::I;
        }
        Self { other, ..Self::new(&half(1.0)) }
    }

    /// Replaces two equally long channels with their convolution, cut to the same length, in two halves at once; hears of
    /// each block how far it is (0 to 1).
    pub fn process(&self, left: &mut [f32], right: &mut [f32], progress: impl FnMut(f32)) {
        let overlap = self.taps - 1;
        // Whole blocks, so that these are the same wherever they are parted.
        let half = (left.len() / 2).max(1).next_multiple_of(self.own.len() - overlap).min(left.len());
        let (left, later_left) = left.split_at_mut(half);
        let (right, later_right) = right.split_at_mut(half);
        let silence = vec![Complex::default(); overlap];
        if later_left.is_empty() {
            return self.process_from(silence, left, right, progress);
        }
        let before = pairs(&left[half - overlap..], &right[half - overlap..]).collect();
        both(
            || self.process_from(silence, left, right, progress),
            || self.process_from(before, later_left, later_right, |_| {}),
        );
    }

    /// The same for a channel that has no other: its halves are worked on as two.
    pub fn process_alone(&self, samples: &mut [f32], progress: impl FnMut(f32)) {
        let overlap = self.taps - 1;
        let half = samples.len().div_ceil(2).max(overlap).min(samples.len());
        let mut later = samples[half..].to_vec();
        later.resize(half, 0.0);
        let mut before = vec![Complex::default(); overlap];
        if half < samples.len() {
            before.iter_mut().zip(&samples[half - overlap..]).for_each(|(pair, sample)| pair.im = *sample);
        }
        let (first, second) = samples.split_at_mut(half);
        self.process_from(before, first, &mut later, progress);
        second.copy_from_slice(&later[..second.len()]);
    }

    /// What comes of two channels, from what was before their samples: pairs, a tap less than there are.
    fn process_from(
        &self,
        mut history: Vec<Complex<f32>>,
        left: &mut [f32],
        right: &mut [f32],
        mut progress: impl FnMut(f32),
    ) {
        let overlap = history.len();
        let advance = self.own.len() - overlap;
        let mut block = vec![Complex::default(); self.own.len()];
        let scratch_len = self.forward.get_inplace_scratch_len().max(self.inverse.get_inplace_scratch_len());
        let mut scratch = vec![Complex::default(); scratch_len];
        let (mut done, all) = (0, left.len() as f32);
        for (left, right) in left.chunks_mut(advance).zip(right.chunks_mut(advance)) {
            let count = left.len();
            block[..overlap].copy_from_slice(&history);
            block[overlap..].iter_mut().zip(pairs(left, right)).for_each(|(value, pair)| *value = pair);
            block[overlap + count..].fill(Complex::default());
            history.copy_from_slice(&block[count..count + overlap]);
            self.forward.process_with_scratch(&mut block, &mut scratch);
            if self.other.is_empty() {
                multiply(&mut block, &self.own);
            } else {
                mix(&mut block, &self.own, &self.other);
            }
            self.inverse.process_with_scratch(&mut block, &mut scratch);
            for ((left, right), value) in left.iter_mut().zip(right).zip(&block[overlap..]) {
                (*left, *right) = (value.re, value.im);
            }
            done += count;
            progress(done as f32 / all);
        }
    }
}

fn pairs(left: &[f32], right: &[f32]) -> impl Iterator<Item = Complex<f32>> {
    left.iter().zip(right).map(|(left, right)| Complex::new(*left, *right))
}

#[multiversion(targets("x86_64+avx+avx2", "aarch64+neon"))]
fn multiply(spectrum: &mut [Complex<f32>], factors: &[Complex<f32>]) {
    for (value, factor) in spectrum.iter_mut().zip(factors) {
        *value *= factor;
    }
}

/// Gives each of two channels something of itself and of the other. A bin's mirror image beyond Nyquist, conjugated, is that
/// of left - i right, and a quarter turn makes it right + i left.
#[multiversion(targets("x86_64+avx+avx2", "aarch64+neon"))]
fn mix(spectrum: &mut [Complex<f32>], own: &[Complex<f32>], other: &[Complex<f32>]) {
    const LANES: usize = 4;
    let nyquist = other.len() - 1;
    let mixed = |value: &mut Complex<f32>, mirror: &mut Complex<f32>, own: Complex<f32>, other: Complex<f32>| {
        let (z, mirrored) = (*value, mirror.conj());
        *value = own * z + other * mirrored;
        *mirror = (own * mirrored - other * z).conj();
    };
    for end in [0, nyquist] {
        spectrum[end] = own[end] * spectrum[end] + other[end] * spectrum[end].conj();
    }
    let (below, above) = spectrum.split_at_mut(nyquist + 1);
    let (values, last_values) = below[1..nyquist].as_chunks_mut::<LANES>();
    let (last_mirrors, mirrors) = above.as_rchunks_mut::<LANES>();
    let (owns, last_owns) = own[1..nyquist].as_chunks::<LANES>();
    let (others, last_others) = other[1..nyquist].as_chunks::<LANES>();
    for (((values, mirrors), own), other) in values.iter_mut().zip(mirrors.iter_mut().rev()).zip(owns).zip(others) {
        for lane in 0..LANES {
            mixed(&mut values[lane], &mut mirrors[LANES - 1 - lane], own[lane], other[lane]);
        }
    }
    let last = last_values.iter_mut().zip(last_mirrors.iter_mut().rev()).zip(last_owns).zip(last_others);
    last.for_each(|(((value, mirror), own), other)| mixed(value, mirror, *own, *other));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response_db_of(filter: &[f32], rate_hz: u32, frequency_hz: f64) -> f64 {
        let step = 2.0 * std::f64::consts::PI * frequency_hz / f64::from(rate_hz);
        let sum = filter
            .iter()
            .enumerate()
            .fold(Complex::new(0.0, 0.0), |sum, (n, h)| sum + Complex::from_polar(f64::from(*h), -step * n as f64));
        20.0 * sum.norm().log10()
    }

    #[test]
    fn the_designed_filter_has_the_response_that_was_asked_for() {
        let wanted = |hz: f64| {
            4.0 * (-(hz.max(1.0) / 200.0).log2().powi(2)).exp() - 3.0 * (-(hz.max(1.0) / 6_000.0).log2().powi(2)).exp()
        };
        for rate_hz in [8_000, 44_100, 96_000] {
            let filter = minimum_phase(length_for(rate_hz), rate_hz, wanted);
            for frequency_hz in [30.0, 100.0, 200.0, 400.0, 1_000.0, 3_000.0, 3_900.0] {
                let found = response_db_of(&filter, rate_hz, frequency_hz);
                assert!((found - wanted(frequency_hz)).abs() < 0.05, "{rate_hz}, {frequency_hz}: {found}");
            }
        }
    }

    #[test]
    fn a_flat_response_is_a_single_tap() {
        let filter = minimum_phase(256, 44_100, |_| 0.0);
        assert!((filter[0] - 1.0).abs() < 1e-6 && filter[1..].iter().all(|h| h.abs() < 1e-6));
    }

    fn filter(seed: f32) -> Vec<f32> {
        (0..100).map(|n| ((n * n) as f32 * seed).sin() / (1.0 + n as f32)).collect()
    }

    fn tone(length: usize, step: f32) -> Vec<f32> {
        (0..length).map(|n| (n as f32 * step).sin()).collect()
    }

    fn convolved(filter: &[f32], samples: &[f32]) -> Vec<f32> {
        let at = |n: usize| filter.iter().take(n + 1).enumerate().map(|(k, h)| h * samples[n - k]).sum();
        (0..samples.len()).map(at).collect()
    }

    #[track_caller]
    fn assert_same(found: &[f32], expected: &[f32]) {
        for (n, (sample, wanted)) in found.iter().zip(expected).enumerate() {
            assert!((sample - wanted).abs() < 2e-6, "{n} of {}: {sample} for {wanted}", expected.len());
        }
    }

    const LENGTHS: [usize; 9] = [0, 1, 99, 100, 198, 313, 827, 828, 5_000];

    #[test]
    fn fast_convolution_equals_the_sum() {
        for length in LENGTHS {
            let (left, right) = (tone(length, 0.7), tone(length, 0.11));
            let (mut fast_left, mut fast_right) = (left.clone(), right.clone());
            Convolver::new(&filter(0.3)).process(&mut fast_left, &mut fast_right, |_| {});
            assert_same(&fast_left, &convolved(&filter(0.3), &left));
            assert_same(&fast_right, &convolved(&filter(0.3), &right));
        }
    }

    #[test]
    fn so_it_does_for_a_channel_alone() {
        for length in LENGTHS {
            let samples = tone(length, 0.7);
            let mut fast = samples.clone();
            Convolver::new(&filter(0.3)).process_alone(&mut fast, |_| {});
            assert_same(&fast, &convolved(&filter(0.3), &samples));
        }
    }

    #[test]
    fn middle_and_sides_go_by_filters_of_their_own() {
        for length in LENGTHS {
            let (left, right) = (tone(length, 0.7), tone(length, 0.11));
            let of = |sign: f32| left.iter().zip(&right).map(|(l, r)| 0.5 * (l + sign * r)).collect::<Vec<_>>();
            let (middle, sides) = (convolved(&filter(0.3), &of(1.0)), convolved(&filter(0.5), &of(-1.0)));
            let expected = |sign: f32| middle.iter().zip(&sides).map(|(m, s)| m + sign * s).collect::<Vec<_>>();
            let (mut fast_left, mut fast_right) = (left.clone(), right.clone());
            Convolver::of_middle_and_sides(&filter(0.3), &filter(0.5)).process(&mut fast_left, &mut fast_right, |_| {});
            assert_same(&fast_left, &expected(1.0));
            assert_same(&fast_right, &expected(-1.0));
        }
    }
}
