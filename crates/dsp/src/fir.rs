//! Filters of any shape: designed from a response in decibels, minimum phase, applied by overlap-save.
//!
//! Not here: which response is wanted (that is `mastering`).

use crate::parallel::both;
use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
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

/// Convolves channels with one filter, in place.
pub struct Convolver {
    taps: usize,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    filter: Vec<Complex<f32>>,
}

impl std::fmt::Debug for Convolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Convolver").field("taps", &self.taps).finish_non_exhaustive()
    }
}

impl Convolver {
    /// For a filter of at least one tap.
    #[must_use]
    pub fn new(filter: &[f32]) -> Self {
        let size = (4 * filter.len()).next_power_of_two();
        let mut planner = RealFftPlanner::<f32>::new();
        let (forward, inverse) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
        let mut padded = forward.make_input_vec();
        for (to, from) in padded.iter_mut().zip(filter) {
            *to = from / size as f32;
        }
        let mut spectrum = forward.make_output_vec();
        transform(&*forward, &mut padded, &mut spectrum, &mut forward.make_scratch_vec());
        Self { taps: filter.len(), forward, inverse, filter: spectrum }
    }

    /// Replaces the samples with their convolution, cut to the same length, in two halves at once; hears of each block how
    /// far it is (0 to 1).
    pub fn process(&self, samples: &mut [f32], progress: impl FnMut(f32)) {
        let overlap = self.taps - 1;
        // Whole blocks, so that these are the same wherever it is parted.
        let half = (samples.len() / 2).max(1).next_multiple_of(self.forward.len() - overlap).min(samples.len());
        let (first, second) = samples.split_at_mut(half);
        let silence = vec![0.0f32; overlap];
        if second.is_empty() {
            return self.process_from(silence, first, progress);
        }
        let before = first[half - overlap..].to_vec();
        both(|| self.process_from(silence, first, progress), || self.process_from(before, second, |_| {}));
    }

    /// The same with what was before the samples, a tap less than there are.
    fn process_from(&self, mut history: Vec<f32>, samples: &mut [f32], mut progress: impl FnMut(f32)) {
        let size = self.forward.len();
        let overlap = history.len();
        let advance = size - overlap;
        let mut block = self.forward.make_input_vec();
        let mut spectrum = self.forward.make_output_vec();
        let mut output = self.inverse.make_output_vec();
        let mut scratch = vec![Complex::default(); self.forward.get_scratch_len().max(self.inverse.get_scratch_len())];
        let mut done = 0;
        while done < samples.len() {
            let count = advance.min(samples.len() - done);
            block[..overlap].copy_from_slice(&history);
            block[overlap..overlap + count].copy_from_slice(&samples[done..done + count]);
            block[overlap + count..].fill(0.0);
            history.copy_from_slice(&block[count..count + overlap]);
            transform(&*self.forward, &mut block, &mut spectrum, &mut scratch);
            for (value, factor) in spectrum.iter_mut().zip(&self.filter) {
                *value *= factor;
            }
            spectrum[0].im = 0.0;
            spectrum[size / 2].im = 0.0;
            transform_back(&*self.inverse, &mut spectrum, &mut output, &mut scratch);
            samples[done..done + count].copy_from_slice(&output[overlap..overlap + count]);
            done += count;
            progress(done as f32 / samples.len() as f32);
        }
    }
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

    #[test]
    fn fast_convolution_equals_the_sum() {
        let filter: Vec<f32> = (0..100).map(|n| ((n * n) as f32 * 0.3).sin() / (1.0 + n as f32)).collect();
        for length in [1, 99, 100, 313, 827, 828, 5_000] {
            let samples: Vec<f32> = (0..length).map(|n| (n as f32 * 0.7).sin()).collect();
            let mut fast = samples.clone();
            Convolver::new(&filter).process(&mut fast, |_| {});
            for (n, found) in fast.iter().enumerate() {
                let sum: f32 = filter.iter().take(n + 1).enumerate().map(|(k, h)| h * samples[n - k]).sum();
                assert!((found - sum).abs() < 2e-6, "{length}, {n}: {found} for {sum}");
            }
        }
    }
}
