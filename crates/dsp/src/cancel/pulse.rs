//! The pulse whose spectrum is the masking threshold of the music around it.
//!
//! Not here: where pulses are put, and how many.

use super::POINTS;
use crate::spectrum::{centre_hz, hann};
use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use std::f64::consts::PI;
use std::sync::Arc;

/// Third-octave bands, 25 Hz to 25 kHz.
const BANDS: usize = 31;
/// How masking falls off from a band towards higher and lower ones, dB a band (after Johnston, IEEE JSAC 6-2, 1988).
const UPWARD_DB: f64 = -12.0;
const DOWNWARD_DB: f64 = -27.0;
/// No pulse has anything above this, Hz: few hear it, and peaks there are for meters alone.
const HIGHEST_HZ: f64 = 20_000.0;
const FADE_FROM_HZ: f64 = 17_000.0;
/// What a full-scale sine is taken to sound at, dB SPL.
const FULL_SCALE_SPL_DB: f64 = 92.0;

/// Makes pulses for one sample rate.
pub(super) struct Shaper {
    frame: usize,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    window: Vec<f32>,
    fade: Vec<f32>,
    band_of_bin: Vec<usize>,
    spread: [[f32; BANDS]; BANDS],
    quiet: [f32; BANDS],
    /// For each bin of the pulse: the band below it, the share of the band above, and the fade at the top.
    place: Vec<(usize, f32, f32)>,
}

impl std::fmt::Debug for Shaper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shaper").field("frame", &self.frame).finish_non_exhaustive()
    }
}

/// One pulse at each of the points to a sample, one high at its own place.
pub(super) struct Pulse {
    taps: [Vec<f32>; POINTS],
}

impl std::fmt::Debug for Pulse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pulse").field("taps", &self.taps[0].len()).finish_non_exhaustive()
    }
}

impl Pulse {
    /// Subtracts the pulse, `height` high, at a sample and so many points after it.
    pub(super) fn subtract(&self, samples: &mut [f32], at: usize, point: usize, height: f32) {
        let taps = &self.taps[point];
        let before = taps.len() / 2 - 1;
        let (first, skipped) = (at.saturating_sub(before), before.saturating_sub(at));
        let targets = samples.get_mut(first..).unwrap_or_default();
        for (target, tap) in targets.iter_mut().zip(&taps[skipped.min(taps.len())..]) {
            *target -= height * tap;
        }
    }
}

fn band_at(frequency_hz: f64) -> f64 {
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

impl Shaper {
    /// For frames of `frame` samples, a power of two.
    pub(super) fn new(rate_hz: u32, frame: usize) -> Self {
        let mut planner = RealFftPlanner::<f32>::new();
        let reach = frame / 8;
        let size = 2 * reach;
        let spread = std::array::from_fn(|to| {
            let below = 10f64.powf(-offset_db(centre_hz(to)) / 10.0);
            std::array::from_fn(|from| {
                let bands = to as f64 - from as f64;
                let slope_db = if bands >= 0.0 { UPWARD_DB } else { -DOWNWARD_DB };
                (below * 10f64.powf(slope_db * bands / 10.0)) as f32
            })
        });
        let rate = f64::from(rate_hz);
        let place = (0..size / 2)
            .map(|bin| bin as f64 * rate / size as f64)
            .take_while(|hz| *hz < HIGHEST_HZ)
            .map(|hz| {
                let at = band_at(hz);
                let below = (at as usize).min(BANDS - 2);
                let fade = ((HIGHEST_HZ - hz) / (HIGHEST_HZ - FADE_FROM_HZ)).min(1.0);
                (below, (at - below as f64) as f32, if hz > 0.0 { fade as f32 } else { 0.0 })
            })
            .collect();
        Self {
            frame,
            forward: planner.plan_fft_forward(frame),
            inverse: planner.plan_fft_inverse(size * POINTS),
            window: hann(frame),
            fade: (0..=reach * POINTS)
                .map(|n| (0.5 + 0.5 * (PI * n as f64 / (reach * POINTS) as f64).cos()) as f32)
                .collect(),
            band_of_bin: (0..=frame / 2)
                .map(|bin| band_at(bin as f64 * rate / frame as f64).round() as usize)
                .collect(),
            spread,
            quiet: std::array::from_fn(|band| quiet_threshold(centre_hz(band)) as f32),
            place,
        }
    }

    /// How far a pulse reaches to each side, samples.
    pub(super) fn reach(&self) -> usize {
        self.frame / 8
    }

    /// The pulse for the music around a sample.
    pub(super) fn pulse(&self, samples: &[f32], centre: usize) -> Pulse {
        let mask = self.mask(samples, centre);
        let mut spectrum = self.inverse.make_input_vec();
        for (value, (below, share, fade)) in spectrum.iter_mut().zip(&self.place) {
            *value = Complex::new(fade * (mask[*below] + share * (mask[below + 1] - mask[*below])), 0.0);
        }
        let mut wave = self.inverse.make_output_vec();
        self.inverse
            .process(&mut spectrum, &mut wave)
            .expect("buffers come from the plan itself, and the ends are real");
        let reach = self.reach();
        let scale = 1.0 / wave[0].max(f32::MIN_POSITIVE);
        let half: Vec<f32> = wave.iter().zip(&self.fade).map(|(value, fade)| value * scale * fade).collect();
        // The first tap is `reach - 1` samples before the one that the point follows.
        let taps = |point: usize| {
            let before = half[point..].iter().step_by(POINTS).take(reach);
            let after = half[POINTS - point..].iter().step_by(POINTS).take(reach);
            before.rev().chain(after).copied().collect()
        };
        Pulse { taps: std::array::from_fn(taps) }
    }

    /// What each band hides, as power.
    fn mask(&self, samples: &[f32], centre: usize) -> [f32; BANDS] {
        let mut frame = self.forward.make_input_vec();
        let first = centre as isize - (self.frame / 2) as isize;
        for (n, (value, window)) in frame.iter_mut().zip(&self.window).enumerate() {
            let sample = usize::try_from(first + n as isize).ok().and_then(|at| samples.get(at));
            *value = sample.map_or(0.0, |sample| sample * window);
        }
        let mut spectrum = self.forward.make_output_vec();
        self.forward.process(&mut frame, &mut spectrum).expect("buffers come from the plan itself");
        let mut power = [0.0f32; BANDS];
        for (value, band) in spectrum.iter().zip(&self.band_of_bin) {
            power[*band] += value.norm_sqr();
        }
        let scale = 8.0 / (self.frame * self.frame) as f32;
        std::array::from_fn(|to| {
            let masked: f32 = self.spread[to].iter().zip(&power).map(|(spread, power)| spread * power * scale).sum();
            masked + self.quiet[to]
        })
    }
}
