//! Signals that several modules are tested with, and what is found in them.

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
