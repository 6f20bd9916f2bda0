//! A clipper that takes the tips of short transients without folding them back into the audible range.
//!
//! The tip is what the clipper takes away. It is computed at 8x with first-order antiderivative anti-aliasing
//! (Parker, Zavalishin & Le Bivic, DAFx 2016), low-passed, and subtracted from the untouched signal: what does not reach
//! the threshold keeps its bits. Not here: which transients may be clipped (that is `limiter`).

use crate::true_peak::{CELL, Interpolator};
use std::collections::VecDeque;
use std::f64::consts::PI;

const POINTS: usize = 8;
/// Samples that one removed point of the tip spreads over.
const SPREAD: usize = 32;

/// Clips the cells of eight samples that are named, in ascending order, to `threshold` (linear).
pub fn clip_cells(samples: &mut [f32], threshold: f32, cells: impl Iterator<Item = usize>) {
    let interpolator = Interpolator::new();
    let spread = spreading_kernel();
    let mut waiting: VecDeque<(usize, f32)> = VecDeque::new();
    for cell in cells {
        let start = cell * CELL;
        // Subtracted only now: a cell must not see what its neighbour lost.
        while let Some((at, tip)) = waiting.pop_front_if(|(at, _)| *at / POINTS + OUT_OF_SIGHT < start) {
            take(samples, at, tip, &spread);
        }
        let points = interpolator.cell(samples, start);
        let flat = points.as_flattened();
        for at in POINTS..POINTS * (CELL + 1) {
            let tip = tip_between(flat[at], flat[at + 1], threshold);
            if tip != 0.0 {
                waiting.push_back((start * POINTS + at - POINTS, tip));
            }
        }
    }
    for (at, tip) in waiting {
        take(samples, at, tip, &spread);
    }
}

/// How far behind a cell a tip must lie for its spread to be beyond what the cell's interpolation sees, samples.
const OUT_OF_SIGHT: usize = 64;

fn take(samples: &mut [f32], at: usize, tip: f32, spread: &[[f32; SPREAD]; POINTS]) {
    let (sample, lane) = (at / POINTS, at % POINTS);
    let first = sample as isize - (SPREAD as isize / 2 - 1);
    for (tap, coefficient) in spread[lane].iter().enumerate() {
        let index = first + tap as isize;
        if let Some(target) = usize::try_from(index).ok().and_then(|index| samples.get_mut(index)) {
            *target -= tip * coefficient;
        }
    }
}

/// What a clipper takes from the line between two points, averaged over it.
fn tip_between(from: f32, to: f32, threshold: f32) -> f32 {
    if from.abs() <= threshold && to.abs() <= threshold {
        return 0.0;
    }
    let distance = to - from;
    if distance.abs() < 1e-4 * threshold {
        let middle = 0.5 * (from + to);
        return middle - middle.clamp(-threshold, threshold);
    }
    (tip_integral(to, threshold) - tip_integral(from, threshold)) / distance
}

/// Antiderivative of x - clamp(x).
fn tip_integral(x: f32, threshold: f32) -> f32 {
    let over = (x.abs() - threshold).max(0.0);
    0.5 * over * over
}

/// For each lane, a low-pass at Nyquist centred half a point after it, over the samples around.
fn spreading_kernel() -> [[f32; SPREAD]; POINTS] {
    std::array::from_fn(|lane| {
        let centre = (SPREAD / 2 - 1) as f64 + (lane as f64 + 0.5) / POINTS as f64;
        std::array::from_fn(|tap| {
            let x = tap as f64 - centre;
            let cutoff = 0.95;
            let sinc = if x.abs() < 1e-9 { cutoff } else { (PI * cutoff * x).sin() / (PI * x) };
            let window = 0.5 * (1.0 + (PI * x / (SPREAD as f64 / 2.0 + 0.5)).cos());
            (sinc * window / POINTS as f64) as f32
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use realfft::RealFftPlanner;

    fn driven_tone(cycles: usize, frames: usize) -> Vec<f32> {
        (0..frames).map(|n| (2.0 * (2.0 * PI * cycles as f64 * n as f64 / frames as f64).sin()) as f32).collect()
    }

    fn clip_all(samples: &mut [f32]) {
        let cells = samples.len() / CELL;
        clip_cells(samples, 1.0, 0..cells);
    }

    #[test]
    fn what_does_not_reach_the_threshold_keeps_its_bits() {
        let mut samples: Vec<f32> = driven_tone(50, 4_096).iter().map(|x| x * 0.49).collect();
        let before = samples.clone();
        clip_all(&mut samples);
        assert_eq!(samples, before);
    }

    #[test]
    fn aliases_of_a_tone_driven_by_6_db_stay_below_70_db() {
        let frames = 32_768;
        for cycles in [743, 1_487, 3_717, 5_201] {
            let mut samples = driven_tone(cycles, frames);
            clip_all(&mut samples);
            // The ends see silence: a window keeps them out of the spectrum.
            for (n, sample) in samples.iter_mut().enumerate() {
                let u = 2.0 * PI * n as f64 / frames as f64;
                let blackman_harris =
                    0.358_75 - 0.488_29 * u.cos() + 0.141_28 * (2.0 * u).cos() - 0.011_68 * (3.0 * u).cos();
                *sample *= blackman_harris as f32;
            }
            let fft = RealFftPlanner::<f32>::new().plan_fft_forward(frames);
            let mut spectrum = fft.make_output_vec();
            fft.process(&mut samples, &mut spectrum).expect("lengths fit");
            let level = |bin: usize| 20.0 * f64::from(spectrum[bin].norm().max(1e-9)).log10();
            let tone = level(cycles);
            let worst = (16..frames / 2 * 9 / 10)
                .filter(|bin| {
                    let order = (*bin as f64 / cycles as f64).round() as usize;
                    bin.abs_diff(order * cycles) > 8
                })
                .map(level)
                .fold(f64::NEG_INFINITY, f64::max);
            assert!(worst - tone < -70.0, "{cycles}: {}", worst - tone);
        }
    }

    #[test]
    fn a_short_transient_is_brought_down_to_the_threshold() {
        let mut samples = vec![0.0f32; 512];
        for (n, sample) in samples.iter_mut().enumerate() {
            let x = (n as f64 - 256.0) / 6.0;
            *sample = (1.25 * (-x * x).exp()) as f32;
        }
        clip_all(&mut samples);
        let peak = samples.iter().fold(0.0f32, |a, x| a.max(x.abs()));
        assert!((0.97..1.03).contains(&peak), "{peak}");
    }
}
