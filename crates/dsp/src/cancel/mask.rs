//! What the music around a sample hides, band by band.
//!
//! Not here: what is made of it (that is `pulse`).

use crate::spectrum::{centre_hz, hann};
use crate::true_peak::copy_with_silence;
use multiversion::multiversion;
use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};
use std::ops::Range;
use std::sync::Arc;

/// Third-octave bands, 25 Hz to 25 kHz.
pub(super) const BANDS: usize = 31;
/// How masking falls off from a band towards higher and lower ones, dB a band (after Johnston, IEEE JSAC 6-2, 1988).
const UPWARD_DB: f64 = -12.0;
const DOWNWARD_DB: f64 = -27.0;
/// What a full-scale sine is taken to sound at, dB SPL.
const FULL_SCALE_SPL_DB: f64 = 92.0;

/// Listens to one sample rate.
pub(super) struct Ear {
    forward: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    bins_of_band: [Range<usize>; BANDS],
    /// By the band that hides: what share of its power is hidden in each band.
    spread: [[f32; BANDS]; BANDS],
    quiet: [f32; BANDS],
}

/// Memory that an ear needs to listen, for one stretch after the other.
pub(super) struct Heard {
    frame: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
}

/// The band that a frequency lies in, as a place between centres.
pub(super) fn band_at(frequency_hz: f64) -> f64 {
    (16.0 + 3.0 * (frequency_hz.max(20.0) / 1_000.0).log2()).clamp(0.0, (BANDS - 1) as f64)
}

/// The absolute threshold of hearing (Terhardt 1979), as power re a full-scale sine.
fn quiet_threshold(frequency_hz: f64) -> f64 {
    let k = frequency_hz / 1_000.0;
    let spl_db = 3.64 * k.powf(-0.8) - 6.5 * (-0.6 * (k - 3.3).powi(2)).exp() + 1e-3 * k.powi(4);
    10f64.powf((spl_db - FULL_SCALE_SPL_DB).min(-40.0) / 10.0)
}

/// How far below a band's power its mask lies: 3 dB up to 2 kHz, 6 dB at 16 kHz.
fn offset_db(frequency_hz: f64) -> f64 {
    3.0 + (frequency_hz / 2_000.0).log2().clamp(0.0, 3.0)
}

impl Ear {
    /// For frames of `frame` samples, a power of two.
    pub(super) fn new(rate_hz: u32, frame: usize) -> Self {
        let scale = 8.0 / (frame * frame) as f64;
        let spread = std::array::from_fn(|from| {
            std::array::from_fn(|to| {
                let bands = to as f64 - from as f64;
                let slope_db = if bands >= 0.0 { UPWARD_DB } else { -DOWNWARD_DB };
                (scale * 10f64.powf((slope_db * bands - offset_db(centre_hz(to))) / 10.0)) as f32
            })
        });
        let hz_per_bin = f64::from(rate_hz) / frame as f64;
        let bands: Vec<_> = (0..=frame / 2).map(|bin| band_at(bin as f64 * hz_per_bin).round() as usize).collect();
        Self {
            forward: RealFftPlanner::<f32>::new().plan_fft_forward(frame),
            window: hann(frame),
            bins_of_band: std::array::from_fn(|band| {
                bands.partition_point(|of_bin| *of_bin < band)..bands.partition_point(|of_bin| *of_bin <= band)
            }),
            spread,
            quiet: std::array::from_fn(|band| quiet_threshold(centre_hz(band)) as f32),
        }
    }

    /// Memory to listen with.
    pub(super) fn memory(&self) -> Heard {
        Heard {
            frame: self.forward.make_input_vec(),
            spectrum: self.forward.make_output_vec(),
            scratch: self.forward.make_scratch_vec(),
        }
    }

    /// What each band hides around a sample, as power.
    pub(super) fn mask(&self, samples: &[f32], centre: usize, heard: &mut Heard) -> [f32; BANDS] {
        let Heard { frame, spectrum, scratch } = heard;
        copy_with_silence(samples, centre as isize - (frame.len() / 2) as isize, frame);
        frame.iter_mut().zip(&self.window).for_each(|(value, window)| *value *= window);
        let done = self.forward.process_with_scratch(frame, spectrum, scratch);
        done.expect("buffers come from the plan itself");
        hidden(&powers(spectrum, &self.bins_of_band), &self.spread, &self.quiet)
    }
}

/// The power in each band, in lanes: one after the other, each addition would wait for the one before.
#[multiversion(targets("x86_64+avx+avx2", "aarch64+neon"))]
fn powers(spectrum: &[Complex<f32>], bins_of_band: &[Range<usize>; BANDS]) -> [f32; BANDS] {
    const LANES: usize = 8;
    let mut powers = [0.0; BANDS];
    for (power, bins) in powers.iter_mut().zip(bins_of_band) {
        let mut sums = [0.0f32; LANES];
        let (chunks, rest) = spectrum[bins.clone()].as_chunks::<LANES>();
        for chunk in chunks {
            for (sum, bin) in sums.iter_mut().zip(chunk) {
                *sum += bin.norm_sqr();
            }
        }
        *power = rest.iter().map(Complex::norm_sqr).chain(sums).sum();
    }
    powers
}

/// What the powers of all bands hide in each, and what nobody hears there anyway.
#[multiversion(targets("x86_64+avx+avx2", "aarch64+neon"))]
fn hidden(powers: &[f32; BANDS], spread: &[[f32; BANDS]; BANDS], quiet: &[f32; BANDS]) -> [f32; BANDS] {
    let mut hidden = *quiet;
    for (power, shares) in powers.iter().zip(spread) {
        for (hidden, share) in hidden.iter_mut().zip(shares) {
            *hidden += share * power;
        }
    }
    hidden
}
