use super::estimate::with_seven_to_each_side;
use super::*;
use crate::gain_curve::slide;
use crate::test_signals::{hostile, noise};
use crate::window::{kaiser, sinc};
use proptest::prelude::*;
use std::f64::consts::PI;

fn sine(rate_hz: u32, frequency_hz: f64, phase_degrees: f64, amplitude: f64, frames: usize) -> Vec<f32> {
    let fade = rate_hz as usize / 100;
    (0..frames)
        .map(|n| {
            let ramp = (n.min(frames - 1 - n) as f64 / fade as f64).min(1.0);
            let angle = 2.0 * PI * frequency_hz * n as f64 / f64::from(rate_hz) + phase_degrees.to_radians();
            (ramp * amplitude * angle.sin()) as f32
        })
        .collect()
}

fn dbtp(rate_hz: u32, samples: &[f32]) -> f64 {
    crate::db_from_amplitude(f64::from(true_peak(rate_hz, samples)))
}

const RATES_HZ: [u32; 5] = [44_100, 48_000, 88_200, 96_000, 192_000];

#[test]
fn ebu_tech_3341_cases_15_to_19_read_within_tolerance_at_every_rate() {
    for rate_hz in RATES_HZ {
        let fs = f64::from(rate_hz);
        let cases = [
            (fs / 4.0, 0.0, 0.5, -6.0),
            (fs / 4.0, 45.0, 0.5, -6.0),
            (fs / 6.0, 60.0, 0.5, -6.0),
            (fs / 8.0, 67.5, 0.5, -6.0),
            (fs / 4.0, 45.0, 1.41, 3.0),
        ];
        for (frequency_hz, phase, amplitude, expected) in cases {
            let found = dbtp(rate_hz, &sine(rate_hz, frequency_hz, phase, amplitude, rate_hz as usize / 2));
            assert!((-0.4..=0.2).contains(&(found - expected)), "{rate_hz} Hz, {frequency_hz} Hz at {phase}: {found}");
        }
    }
}

/// One period of fs/4 at full scale inside a tone of fs/6 at half scale, made at 4 fs, low-passed and decimated.
fn transient(rate_hz: u32, offset: usize) -> Vec<f32> {
    let high_hz = 4.0 * f64::from(rate_hz);
    let frames = 4 * rate_hz as usize / 2;
    let middle = frames / 2 / 48 * 48;
    let source: Vec<f64> = (0..frames)
        .map(|n| {
            let t = n as f64 / high_hz;
            let inside = (middle..middle + 16).contains(&n);
            let (f, a) = if inside { (f64::from(rate_hz) / 4.0, 1.0) } else { (f64::from(rate_hz) / 6.0, 0.5) };
            let start = if inside { middle as f64 / high_hz } else { 0.0 };
            let ramp = (n.min(frames - 1 - n) as f64 / (high_hz / 100.0)).min(1.0);
            ramp * a * (2.0 * PI * f * (t - start)).sin()
        })
        .collect();
    let half = 128;
    let filter: Vec<f64> = (0..=2 * half)
        .map(|n| {
            let x = n as f64 - half as f64;
            let window = 0.5 * (1.0 + (PI * x / (half as f64 + 1.0)).cos());
            let cutoff = 0.25 * 0.92;
            let value = if x == 0.0 { cutoff } else { (PI * cutoff * x).sin() / (PI * x) };
            value * window
        })
        .collect();
    (offset..frames)
        .step_by(4)
        .map(|n| {
            let sum: f64 = filter
                .iter()
                .enumerate()
                .filter_map(|(k, h)| source.get((n + half).checked_sub(k)?).map(|x| h * x))
                .sum();
            sum as f32
        })
        .collect()
}

#[test]
fn ebu_tech_3341_cases_20_to_23_read_within_tolerance_at_every_rate() {
    for rate_hz in RATES_HZ {
        for offset in 0..4 {
            let found = dbtp(rate_hz, &transient(rate_hz, offset));
            assert!((-0.4..=0.2).contains(&found), "{rate_hz} Hz, offset {offset}: {found}");
        }
    }
}

#[test]
fn the_panel_never_reads_below_libebur128() {
    for rate_hz in RATES_HZ {
        for seed in 1..4 {
            let samples = noise(seed, 20_000);
            let mut oracle = ebur128::EbuR128::new(1, rate_hz, ebur128::Mode::TRUE_PEAK).expect("oracle");
            oracle.add_frames_f32(&samples).expect("frames");
            let expected = oracle.true_peak(0).expect("peak") as f32;
            let found = true_peak(rate_hz, &samples);
            assert!(found >= expected * 0.9999, "{rate_hz} Hz: {found} below {expected}");
        }
    }
}

#[test]
fn what_rings_before_the_first_sample_and_after_the_last_is_read() {
    let decaying: Vec<f32> = (0..400).map(|n| 0.9f32 * (1.0 - 2.0 * (n % 2) as f32) * 0.99f32.powi(n)).collect();
    let rising: Vec<f32> = decaying.iter().rev().copied().collect();
    for rate_hz in RATES_HZ {
        for samples in [&decaying, &rising] {
            let mut oracle = ebur128::EbuR128::new(1, rate_hz, ebur128::Mode::TRUE_PEAK).expect("oracle");
            oracle.add_frames_f32(samples).expect("frames");
            oracle.add_frames_f32(&[0.0; 64]).expect("frames");
            let expected = oracle.true_peak(0).expect("peak") as f32;
            let found = true_peak(rate_hz, samples);
            assert!(found >= expected * 0.9999, "{rate_hz} Hz: {found} below {expected}");
        }
    }
}

#[test]
fn a_signal_that_starts_in_the_middle_of_itself_is_read_as_ffmpeg_reads_it() {
    // FFmpeg's resampler puts the mirror image before the start.
    let tone: Vec<f32> = (0..4_000).map(|n| (n as f32 * 2.6 + 0.75).cos() * (-(n as f32) / 200.0).exp()).collect();
    let mirrored: Vec<f32> = tone[1..].iter().rev().chain(&tone).copied().collect();
    let inside = Panel::new(44_100).resampler_peak(&mirrored);
    assert!(true_peak(44_100, &tone) >= inside * 0.9999, "{} {inside}", true_peak(44_100, &tone));
    let with_silence: Vec<f32> = std::iter::repeat_n(0.0, 100).chain(tone.iter().copied()).collect();
    assert!(inside > true_peak(44_100, &with_silence) * 1.02, "or this shows nothing");
}

impl Panel {
    /// What the resampler alone reads anywhere.
    fn resampler_peak(&self, samples: &[f32]) -> f32 {
        let mut window = [0.0f32; 2 * MIRRORED + ROWS];
        (0..samples.len().div_ceil(CELL)).fold(0.0, |peak, cell| {
            copy_with_silence(
                samples,
                (cell * CELL) as isize - 1 - self.kernels[RESAMPLER].before as isize,
                &mut window,
            );
            peak.max(kernel_peak(&self.kernels[RESAMPLER], &window, 0.0))
        })
    }
}

#[test]
fn the_panel_looks_wherever_it_could_read_more() {
    for seed in 1..6 {
        let white = noise(seed, 40_000);
        let clipped: Vec<f32> = white.iter().map(|x| (x * 3.0).clamp(-1.0, 1.0)).collect();
        let smooth: Vec<f32> = clipped.windows(4).map(|x| x.iter().sum::<f32>() / 4.0).collect();
        for samples in [white, clipped, smooth] {
            let panel = Panel::new(44_100);
            let cells = samples.len().div_ceil(CELL);
            let thorough = (0..cells).map(|cell| panel.cell_peak(&samples, cell * CELL, 0.0)).fold(0.0f32, f32::max);
            assert_eq!(true_peak(44_100, &samples), thorough);
        }
    }
}

/// What lies between the first and the last point of a cell, by the panel's longest interpolation at 32x.
fn at_32x(samples: &[f32], start: usize) -> f32 {
    let window = kaiser(8.0);
    let points = (0..=(CELL * LANES - 1) * 4).map(|at| {
        let place = start as f64 + at as f64 / 32.0;
        let seen = start - 64..start + CELL + 64;
        let terms = seen.map(|n| (f64::from(samples[n]), n as f64 - place)).filter(|(_, x)| x.abs() < 64.0);
        terms.map(|(sample, x)| sample * sinc(x) * window(x / 64.0)).sum::<f64>().abs()
    });
    points.fold(0.0, f64::max) as f32
}

#[test]
fn a_cell_reads_as_high_as_any_of_its_summits() {
    // Where a cell has several, the highest summit may stand beside a lower point.
    let chirp: Vec<f32> = (0..3_000).map(|n| (2.7 * n as f32 + 1e-4 * (n * n) as f32).sin()).collect();
    let panel = Panel::new(44_100);
    for samples in [noise(1, 3_000), noise(2, 3_000), chirp] {
        for cell in (10..360).step_by(3) {
            let (found, expected) = (panel.cell_peak(&samples, cell * CELL, 0.0), at_32x(&samples, cell * CELL));
            assert!(found >= expected * 0.999_2, "cell {cell}: {found} below {expected}");
        }
    }
}

proptest! {
    #[test]
    fn no_meter_reads_above_the_bound_of_a_cell(kind in 0u64..7, seed in 1u64.., rate in 0usize..5) {
        let samples = hostile(kind, seed, 1_000);
        let panel = Panel::new(RATES_HZ[rate]);
        for (cell, bound) in estimate(&samples).bound.into_iter().enumerate() {
            let found = panel.cell_peak(&samples, cell * CELL, 0.0);
            prop_assert!(found <= bound, "cell {}: {} above {}", cell, found, bound);
        }
    }

    #[test]
    fn a_signal_in_blocks_reads_as_the_whole(seed in 1u64.., cuts in prop::collection::vec(0usize..3_000, 0..6)) {
        let samples = noise(seed, 3_000);
        let whole = true_peak(48_000, &samples);
        let mut cuts = cuts;
        cuts.extend([0, samples.len()]);
        cuts.sort_unstable();
        let mut meter = TruePeakMeter::new(48_000, 1);
        for pair in cuts.windows(2) {
            meter.push(&[&samples[pair[0]..pair[1]]]);
        }
        prop_assert_eq!(meter.finish(), whole);
    }

    #[test]
    fn the_highest_around_is_what_a_sliding_window_finds(values in prop::collection::vec(0.0f32..1.0, 0..40)) {
        let mut expected = vec![0.0; values.len()];
        slide(&values, 7, higher, &mut expected);
        prop_assert_eq!(with_seven_to_each_side(&values), expected);
    }

    #[test]
    fn no_length_and_no_value_breaks_the_meter(samples in prop::collection::vec(-4.0f32..4.0, 0..200)) {
        let highest = samples.iter().fold(0.0f32, |a, x| a.max(x.abs()));
        prop_assert!(true_peak(8_000, &samples) >= highest);
    }
}

#[test]
fn a_glance_is_never_below_the_quick_estimate_and_spares_most_of_a_track() {
    for seed in 1..6 {
        let white = noise(seed, 8_192);
        let clipped: Vec<f32> = white.iter().map(|x| (x * 3.0).clamp(-1.0, 1.0)).collect();
        let smooth: Vec<f32> = clipped.windows(4).map(|x| x.iter().sum::<f32>() / 4.0).collect();
        let nyquist: Vec<f32> = (0..8_192).map(|n| 1.0 - 2.0 * (n % 2) as f32).collect();
        for samples in [white, clipped, smooth, nyquist] {
            let bound = estimate(&samples).bound;
            for start in (2..bound.len() - 70).step_by(7) {
                let cells = start..start + 64;
                let highest = bound[cells.clone()].iter().fold(0.0f32, |a, b| a.max(*b));
                assert!(Glance::at(&samples, &cells).bound >= highest * 0.999_999, "{seed}, {start}");
            }
        }
    }
    // A bass note that dies away, with a soft hi-hat over it.
    let music: Vec<f32> = (0..44_100)
        .map(|n| (n as f32 * 0.01).sin() * (n as f32 / -9_000.0).exp())
        .zip(noise(7, 44_100))
        .map(|(a, b)| a * 0.8 + b * 0.02)
        .collect();
    let at_a_glance = |start: usize| Glance::at(&music, &(start..start + 64)).bound;
    let near = (2..5_400).step_by(64).filter(|start| at_a_glance(*start) >= 0.8).count();
    assert!(near < 20, "{near} of 85 strips are looked at");
}
