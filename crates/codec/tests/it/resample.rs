//! The conversion of rates, on tones: what passes is untouched, what may not pass is not there, and nothing is late.

use std::f64::consts::TAU;
use std::ops::ControlFlow;

use codec::{DecodeError, resample, resampled_frames};

/// Each usual rate to each other.
const RATES_HZ: [u32; 6] = [44_100, 48_000, 88_200, 96_000, 176_400, 192_000];

fn convert(samples: &[f32], from_hz: u32, to_hz: u32) -> Vec<f32> {
    resample(samples, from_hz, to_hz, &mut |_| ControlFlow::Continue(())).unwrap()
}

fn tone(hz: f64, rate_hz: u32, frames: usize) -> Vec<f32> {
    (0..frames).map(|n| (TAU * hz * n as f64 / f64::from(rate_hz)).sin() as f32).collect()
}

/// Level of what `heard` has of the tone that begins at its start, and of all the rest, dB; away from the ends.
fn parts_db(heard: &[f32], hz: f64, rate_hz: u32) -> (f64, f64) {
    let margin = heard.len() / 4;
    let middle = margin..heard.len() - margin;
    // Least squares onto sine and cosine.
    let (mut ss, mut sc, mut cc, mut ys, mut yc, mut yy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    let wave = |n: usize| (TAU * hz * n as f64 / f64::from(rate_hz)).sin_cos();
    for n in middle.clone() {
        let ((s, c), y) = (wave(n), f64::from(heard[n]));
        (ss, sc, cc, ys, yc, yy) = (ss + s * s, sc + s * c, cc + c * c, ys + y * s, yc + y * c, yy + y * y);
    }
    let determinant = ss * cc - sc * sc;
    let (a, b) = ((ys * cc - yc * sc) / determinant, (yc * ss - ys * sc) / determinant);
    let rest: f64 = middle
        .clone()
        .map(|n| {
            let (s, c) = wave(n);
            (f64::from(heard[n]) - a * s - b * c).powi(2)
        })
        .sum();
    assert!(b.abs() < 1e-4 * a.abs().max(1e-12) || yy < 1e-9, "{hz} Hz comes late: {a} {b}");
    (20.0 * (a * a + b * b).sqrt().log10(), 10.0 * (2.0 * rest / middle.len() as f64 + 1e-30).log10())
}

#[test]
fn tones_that_may_pass_come_out_as_they_were() {
    let (mut worst_ripple_db, mut worst_rest_db) = (0.0f64, -200.0f64);
    for from_hz in RATES_HZ {
        for to_hz in RATES_HZ.into_iter().filter(|to_hz| *to_hz != from_hz) {
            for hz in [50.0, 997.0, 5_000.0, 10_000.0, 15_000.0, 18_000.0, 20_000.0] {
                let heard = convert(&tone(hz, from_hz, from_hz as usize / 2), from_hz, to_hz);
                let (level_db, rest_db) = parts_db(&heard, hz, to_hz);
                worst_ripple_db = worst_ripple_db.max(level_db.abs());
                worst_rest_db = worst_rest_db.max(rest_db);
                assert!(level_db.abs() < 0.001, "{from_hz} to {to_hz}: {hz} Hz at {level_db} dB");
                assert!(rest_db < -140.0, "{from_hz} to {to_hz}: {hz} Hz leaves {rest_db} dB of images and noise");
            }
        }
    }
    println!("ripple up to 20 kHz {worst_ripple_db:.6} dB; images, aliases and noise {worst_rest_db:.1} dB");
}

#[test]
fn tones_that_may_not_pass_are_gone() {
    let mut worst_db = -200.0f64;
    for from_hz in RATES_HZ {
        for to_hz in RATES_HZ.into_iter().filter(|to_hz| *to_hz < from_hz) {
            let (low, high) = (f64::from(to_hz) / 2.0, f64::from(from_hz) / 2.0);
            for part in [0.0, 0.02, 0.1, 0.35, 0.7, 0.95] {
                let hz = low + part * (high - low);
                let heard = convert(&tone(hz, from_hz, from_hz as usize / 2), from_hz, to_hz);
                let middle = &heard[heard.len() / 4..heard.len() * 3 / 4];
                let peak = middle.iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
                let peak_db = 20.0 * f64::from(peak.max(1e-12)).log10();
                worst_db = worst_db.max(peak_db);
                assert!(peak_db < -140.0, "{from_hz} to {to_hz}: {hz} Hz is heard at {peak_db} dB");
            }
        }
    }
    println!("aliases of full-scale tones: {worst_db:.1} dB");
}

#[test]
fn unusual_rates_work_and_keep_length_and_time() {
    for (from_hz, to_hz) in [(8_000, 48_000), (22_050, 44_100), (384_000, 44_100), (44_100, 48_001), (11_025, 8_000)] {
        // Rates with little in common take a long filter, and what is judged has to be longer still.
        let frames = 8 * from_hz as usize + 17;
        let heard = convert(&tone(440.0, from_hz, frames), from_hz, to_hz);
        assert_eq!(heard.len() as u64, resampled_frames(frames as u64, from_hz, to_hz));
        let (level_db, rest_db) = parts_db(&heard, 440.0, to_hz);
        assert!(level_db.abs() < 0.001 && rest_db < -140.0, "{from_hz} to {to_hz}: {level_db} {rest_db}");
    }
}

#[test]
fn few_samples_become_few_and_none_none() {
    assert_eq!(convert(&[], 44_100, 48_000), []);
    assert_eq!(convert(&[0.5], 44_100, 96_000).len(), 2);
    assert_eq!(convert(&[0.5, 0.25], 44_100, 44_100), [0.5, 0.25]);
    assert_eq!(resampled_frames(u64::MAX, 1, u32::MAX), u64::MAX);
}

#[test]
fn a_conversion_can_be_stopped() {
    let stopped = resample(&vec![0.0; 100_000], 44_100, 48_000, &mut |_| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(DecodeError::Stopped)));
}
