//! Signals that several modules are tested with, and what is found in them.

use std::f32::consts::PI;
use std::f64::consts::TAU;

/// White noise from -1 to 1, the same for the same seed.
pub(crate) fn noise(seed: u64, frames: usize) -> Vec<f32> {
    let mut state = seed;
    (0..frames)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / 8_388_608.0 - 1.0
        })
        .collect()
}

/// Clicks, bursts and noise over slow waves, tones up to Nyquist, and what clips: whatever makes meters part, the same for
/// the same kind (below 7) and seed.
pub(crate) fn hostile(kind: u64, seed: u64, frames: usize) -> Vec<f32> {
    let random = noise(seed, frames + 4);
    let unit = |at: usize| 0.5 + 0.5 * random[at];
    let (period, angle) = (20.0 + 2_000.0 * unit(frames), PI * unit(frames + 1));
    let wave = |n: usize| unit(frames + 2) * (n as f32 / period).sin();
    let inside = |n: usize| (n as f32) % period < period * unit(frames + 3);
    (0..frames)
        .map(|n| match kind {
            0 => random[n],
            1 => random[n].signum(),
            2 => wave(n) + if n as f32 % period < 1.0 { random[n].signum() } else { 0.0 },
            3 if inside(n) => (angle * n as f32).sin(),
            3 => wave(n),
            4 => (8.0 * (angle * n as f32).sin()).clamp(-1.0, 1.0),
            5 => (1.57 / frames as f32 * (n * n) as f32).sin(),
            _ if inside(n) => 1.0 - 2.0 * (n % 2) as f32,
            _ => wave(n) + 0.2 * random[n],
        })
        .collect()
}

/// Amplitude of the sine that has so many whole periods in the samples.
pub(crate) fn amplitude(samples: &[f32], periods: usize) -> f64 {
    let frames = samples.len();
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let angle = TAU * (periods * n % frames) as f64 / frames as f64;
        real += f64::from(*sample) * angle.cos();
        imaginary += f64::from(*sample) * angle.sin();
    }
    2.0 * real.hypot(imaginary) / frames as f64
}
