//! The interpolation kernels of the true-peak panel.
//!
//! Meters disagree by tenths of a decibel, since each interpolates with another low-pass filter. A kernel here is one
//! such filter, sampled at eight fractions of a sample, so that eight points come out of one pass over its taps.
//! Not here: where they are evaluated and what is done with the readings.

use crate::window::{kaiser, sinc};
use std::f64::consts::PI;

/// Points between two samples that a kernel gives at once.
pub(super) const LANES: usize = 8;

/// One interpolator: for each tap, its coefficient in each of the eight lanes.
#[derive(Debug, Clone)]
pub(super) struct Kernel {
    /// Tap-major coefficients.
    pub(super) taps: Vec<[f32; LANES]>,
    /// How many taps lie before the sample that the lanes follow.
    pub(super) before: usize,
    /// Whether the lanes are an even grid of eighths, so that a parabola through three of them finds the summit.
    pub(super) even_grid: bool,
}

impl Kernel {
    /// What a lane makes at most of samples that are no larger than their distance, in samples, from where it reads.
    pub(super) fn of_distance(&self, lane: usize) -> f32 {
        let sizes = self.taps.iter().map(|lanes| lanes[lane].abs());
        sizes.enumerate().map(|(tap, size)| size * (tap.abs_diff(self.before) + 1) as f32).sum()
    }
}

/// ITU-R BS.1770-5, annex 2, table 1: four phases of twelve taps. Phases 2 and 3 are 1 and 0 reversed.
const BS_1770: [[f64; 12]; 2] = [
    [
        0.001_708_984_375,
        0.010_986_328_125,
        -0.019_653_320_312_5,
        0.033_203_125,
        -0.059_448_242_187_5,
        0.137_329_101_562_5,
        0.972_167_968_75,
        -0.102_294_921_875,
        0.047_607_421_875,
        -0.026_611_328_125,
        0.014_892_578_125,
        -0.008_300_781_25,
    ],
    [
        -0.029_174_804_687_5,
        0.029_296_875,
        -0.051_757_812_5,
        0.089_111_328_125,
        -0.166_503_906_25,
        0.465_087_890_625,
        0.779_785_156_25,
        -0.200_317_382_812_5,
        0.101_562_5,
        -0.058_227_539_062_5,
        0.033_081_054_687_5,
        -0.018_920_898_437_5,
    ],
];

/// A windowed sinc sampled at the eighths: `half` taps on either side, `window(u)` over u in -1..=1.
fn windowed_sinc(half: usize, normalise: bool, window: impl Fn(f64) -> f64) -> Kernel {
    let before = half - 1;
    let lane = |lane: usize| -> Vec<f64> {
        let fraction = lane as f64 / LANES as f64;
        let distances = (0..2 * half).map(|tap| tap as f64 - before as f64 - fraction);
        let exact: Vec<f64> = distances.map(|x| sinc(x) * window(x / half as f64)).collect();
        let scale = if normalise { 1.0 / exact.iter().sum::<f64>() } else { 1.0 };
        exact.iter().map(|value| value * scale).collect()
    };
    let lanes: [Vec<f64>; LANES] = std::array::from_fn(lane);
    let taps = (0..2 * half).map(|tap| std::array::from_fn(|lane| lanes[lane][tap] as f32)).collect();
    Kernel { taps, before, even_grid: true }
}

/// As good as exact up to 0.97 of Nyquist: 128 taps.
pub(super) fn long() -> Kernel {
    windowed_sinc(64, false, kaiser(8.0))
}

/// What a careful 16x oversampling in numerical tools does: 64 taps, Kaiser beta 10.
pub(super) fn medium() -> Kernel {
    windowed_sinc(32, false, kaiser(10.0))
}

/// What `FFmpeg`'s resampler does on the way to 192 kHz: 32 taps, Kaiser beta 9, unity gain at DC.
pub(super) fn resampler() -> Kernel {
    windowed_sinc(16, true, kaiser(9.0))
}

/// The two short meters, four lanes each: the table of BS.1770 annex 2, and libebur128's 49-tap Hann-windowed sinc
/// (4x below 96 kHz, 2x below 192 kHz; its reading at higher rates is the sample peak).
pub(super) fn short(rate_hz: u32) -> Kernel {
    let factor: usize = if rate_hz < 96_000 { 4 } else { 2 };
    let ebur_half = 24 / factor;
    let before = ebur_half.max(6);
    let mut taps = vec![[0.0f32; LANES]; before + ebur_half.max(6) + 1];
    for phase in 0..4 {
        for tap in 0..12 {
            // The table runs forward in time against a delay line that runs backward.
            let value = if phase < 2 { BS_1770[phase][11 - tap] } else { BS_1770[3 - phase][tap] };
            taps[before - 5 + tap][phase] = value as f32;
        }
    }
    for phase in 0..factor {
        for (tap, lanes) in taps.iter_mut().enumerate() {
            let distance = tap as f64 - before as f64 - phase as f64 / factor as f64;
            let u = distance * factor as f64 / 24.0;
            if u.abs() < 1.0 {
                lanes[4 + phase] = (sinc(distance) * 0.5 * (1.0 + (PI * u).cos())) as f32;
            }
        }
    }
    Kernel { taps, before, even_grid: false }
}

/// The three inner phases of libebur128's 4x kernel, twelve taps each; the fourth phase is the sample itself.
///
/// The third is the first backwards, so that their even and odd parts need half as many taps; the second is even itself.
pub(super) struct QuarterPoints {
    /// The first six taps of half the sum of the first and the third phase.
    pub(super) even: [f32; 6],
    /// The first six taps of half their difference.
    pub(super) odd: [f32; 6],
    /// The first six taps of the second phase.
    pub(super) half: [f32; 6],
    /// No phase gives more than this share of the highest sample it sees ...
    pub(super) of_highest: f32,
    /// ... and this share of the greatest curvature, the second difference of samples, together.
    pub(super) of_curvature: f32,
    /// No phase gives more than this share of the highest sample it sees, whatever the curvature.
    pub(super) of_one: f32,
}

impl QuarterPoints {
    pub(super) fn new() -> Self {
        let tap = |tap: usize, quarters: f64| quarter_point(tap as f64 - 5.0 - quarters / 4.0);
        let parts = [1.0, 2.0, 3.0]
            .map(|quarters| straight_and_bent(std::array::from_fn(|at| tap(at, quarters)), quarters / 4.0));
        let most = |part: fn(&(f64, f64)) -> f64| parts.iter().map(part).fold(0.0, f64::max) as f32;
        let taps = |quarters: f64| (0..12).map(move |at| tap(at, quarters).abs());
        Self {
            of_one: [1.0, 2.0, 3.0].map(|quarters| taps(quarters).sum::<f64>()).into_iter().fold(1.0, f64::max) as f32,
            of_highest: most(|(straight, _)| *straight),
            of_curvature: most(|(_, bent)| *bent),
            even: std::array::from_fn(|at| (0.5 * (tap(at, 1.0) + tap(at, 3.0))) as f32),
            odd: std::array::from_fn(|at| (0.5 * (tap(at, 1.0) - tap(at, 3.0))) as f32),
            half: std::array::from_fn(|at| tap(at, 2.0) as f32),
        }
    }
}

/// The coefficient of a sample that is so many samples away from a point of the quick estimate.
pub(super) fn quarter_point(distance: f64) -> f64 {
    if distance.abs() < 6.0 { sinc(distance) * 0.5 * (1.0 + (PI * distance / 6.0).cos()) } else { 0.0 }
}

/// What taps can make of samples, as shares of the highest sample and of the greatest second difference: summed by parts
/// twice, what they do beyond drawing a straight line between the middle two is a sum over second differences.
fn straight_and_bent(taps: [f64; 12], fraction: f64) -> (f64, f64) {
    let mut beyond = taps;
    beyond[5] -= 1.0 - fraction;
    beyond[6] -= fraction;
    let summed = |values: [f64; 12]| {
        let mut sum = 0.0;
        values.map(|value| {
            sum += value;
            sum
        })
    };
    let once = summed(beyond);
    let twice = summed(once);
    let bent = twice[..10].iter().map(|share| share.abs()).sum();
    (1.0 + once[11].abs() + 2.0 * twice[10].abs(), bent)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel makes of a sine that is sampled at phase 0, at each lane after sample 0.
    fn interpolated(kernel: &Kernel, cycles_per_sample: f64, lane: usize) -> f64 {
        kernel
            .taps
            .iter()
            .enumerate()
            .map(|(tap, lanes)| {
                let at = tap as f64 - kernel.before as f64;
                f64::from(lanes[lane]) * (2.0 * PI * cycles_per_sample * at).sin()
            })
            .sum()
    }

    #[test]
    fn every_even_kernel_gives_the_sine_between_the_samples() {
        for (kernel, limit) in [(long(), 0.46), (medium(), 0.4), (resampler(), 0.3)] {
            for lane in 0..LANES {
                let expected = (2.0 * PI * limit * lane as f64 / 8.0).sin();
                assert!((interpolated(&kernel, limit, lane) - expected).abs() < 1e-3);
            }
        }
    }

    #[test]
    fn the_short_meters_follow_a_slow_sine() {
        for rate_hz in [44_100, 96_000] {
            let kernel = short(rate_hz);
            let half_way = if rate_hz < 96_000 { 0.25 } else { 0.5 };
            let quarters = [(0, 0.125), (1, 0.375), (2, 0.625), (3, 0.875), (4, 0.0), (5, half_way)];
            for (lane, at) in quarters {
                let expected = (2.0 * PI * 0.05 * at).sin();
                let found = interpolated(&kernel, 0.05, lane);
                assert!((found - expected).abs() < 0.02, "{rate_hz} lane {lane}: {found} for {expected}");
            }
        }
    }
}
