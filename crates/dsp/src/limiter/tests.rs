use super::*;
use crate::test_signals::{amplitude, hostile, noise};
use crate::true_peak::true_peak;
use std::f64::consts::PI;

const RATE_HZ: u32 = 44_100;
const TIMES: GainTimes =
    GainTimes { lookahead_ms: 7.0, fast_release_ms: 20.0, slow_release_ms: 80.0, slow_charge_ms: 100.0 };

fn tone(frequency_hz: f64, phase_degrees: f64, amplitude: f64, frames: usize) -> Vec<f32> {
    (0..frames)
        .map(|n| {
            (amplitude * (2.0 * PI * frequency_hz * n as f64 / f64::from(RATE_HZ) + phase_degrees.to_radians()).sin())
                as f32
        })
        .collect()
}

/// Everything that is known to make meters part company.
fn nasty_signals() -> Vec<(&'static str, Vec<f32>)> {
    let frames = 44_100;
    let square = tone(997.0, 0.0, 1.0, frames).iter().map(|x| x.signum()).collect();
    let impulses = (0..frames).map(|n| if n % 371 == 0 { 1.0 } else { 0.0 }).collect();
    let alternating = (0..frames).map(|n| if n % 997 < 400 && n % 2 == 0 { 1.0 } else { -0.7 }).collect();
    let white = noise(1, frames);
    let clipped = white.iter().map(|x| (x * 3.0).clamp(-1.0, 1.0)).collect();
    let binary = noise(2, frames).iter().map(|x| x.signum()).collect();
    let bursts =
        noise(3, frames).iter().enumerate().map(|(n, x)| if n % 4_410 < 300 { *x } else { 0.01 * x }).collect();
    vec![
        ("fs/4 at 45 degrees", tone(11_025.0, 45.0, 1.0, frames)),
        ("square", square),
        ("impulses", impulses),
        ("near Nyquist, switched", alternating),
        ("white noise", white),
        ("clipped noise", clipped),
        ("binary noise", binary),
        ("bursts", bursts),
        ("21.9 kHz", tone(21_900.0, 10.0, 1.0, frames)),
        ("bass", tone(60.0, 0.0, 1.0, frames)),
    ]
}

fn settings(drive_db: f64, tip_db: f64) -> Settings {
    Settings {
        drive: crate::amplitude_from_db(drive_db) as f32,
        ceiling: crate::amplitude_from_db(-1.0) as f32,
        tip_ratio: crate::amplitude_from_db(tip_db) as f32,
        times: TIMES,
    }
}

fn limited(channels: &[Vec<f32>], drive_db: f64, tip_db: f64) -> (Vec<Vec<f32>>, Guarantee) {
    let settings = settings(drive_db, tip_db);
    let peaks = Peaks::new(RATE_HZ, channels);
    let gain = peaks.gain(&settings);
    let mut channels = channels.to_vec();
    let done = limit(&mut channels, RATE_HZ, &peaks, &gain, &settings);
    (channels, done)
}

#[test]
fn no_meter_of_the_panel_reads_above_the_ceiling_on_any_nasty_signal() {
    let ceiling = crate::amplitude_from_db(-1.0) as f32;
    for (name, signal) in nasty_signals() {
        for drive_db in [0.0, 3.0, 9.0, 18.0] {
            for tip_db in [0.0, 2.0, 6.0] {
                let (out, done) = limited(&[signal.clone(), noise(9, signal.len())], drive_db, tip_db);
                for channel in &out {
                    let peak = true_peak(RATE_HZ, channel);
                    assert!(
                        peak <= ceiling,
                        "{name}, {drive_db} dB, tips {tip_db}: {}",
                        crate::db_from_amplitude(f64::from(peak))
                    );
                }
                assert!(done.rounds < MOST_ROUNDS, "{name}, {drive_db} dB, tips {tip_db}: {done:?}");
            }
        }
    }
}

#[test]
fn every_cell_of_every_hostile_signal_reads_below_the_ceiling() {
    // Long kernels ring from the bursts of the latter into cells that bend little themselves.
    for seed in (1..200).chain([829, 2_278, 2_579, 4_028]) {
        let mut draw = noise(seed, 8).into_iter().skip(4).map(|x| 0.5 + 0.5 * f64::from(x));
        let mut draw = || draw.next().unwrap_or_default();
        let rate_hz = [22_050, 32_000, 44_100, 48_000, 96_000][(draw() * 5.0) as usize];
        let (drive_db, tip_db) = (24.0 * draw(), 9.0 * draw());
        let signal = hostile(seed % 7, seed, 6_000);
        let settings = settings(drive_db, tip_db);
        let peaks = Peaks::new(rate_hz, std::slice::from_ref(&signal));
        let mut channels = [signal];
        limit(&mut channels, rate_hz, &peaks, &peaks.gain(&settings), &settings);
        let panel = Panel::new(rate_hz);
        for start in (0..6_000).step_by(CELL) {
            let peak = panel.cell_peak(&channels[0], start, settings.ceiling);
            assert!(
                peak <= settings.ceiling,
                "seed {seed}, {rate_hz} Hz, {drive_db} dB, tips {tip_db}: {peak} at {start}"
            );
        }
    }
}

#[test]
fn a_fine_gain_starts_so_early_that_all_cells_whose_readings_it_may_raise_are_read_again() {
    for rate_hz in [8_000, 22_050, 44_100, 192_000] {
        let motion = GainMotion::new(FINE_TIMES, f64::from(rate_hz) / CELL as f64);
        let mends = mends(&motion, &[(500, 0.9)], 2_000);
        let (span, gain) = &mends[0];
        assert!(gain[..=NEIGHBOURS].iter().all(|gain| *gain == 1.0), "{rate_hz} Hz");
        let moves = span.start + gain.iter().position(|gain| *gain < 1.0).expect("a gain");
        let again = doubtful(&mends, &[(500, 0.9)], &Panel::new(rate_hz));
        assert!(again[0].start + NEIGHBOURS <= moves, "{rate_hz} Hz: {again:?}, {moves}");
    }
}

#[test]
fn the_guarantee_takes_little_after_the_motion() {
    for (name, signal) in nasty_signals() {
        let (_, done) = limited(&[signal], 6.0, 0.0);
        let taken_db = crate::db_from_amplitude(f64::from(done.lowest_gain));
        assert!(taken_db > -4.0, "{name}: {taken_db}");
    }
}

#[test]
fn what_stays_below_the_ceiling_gets_the_drive_and_nothing_else() {
    let quiet: Vec<f32> = noise(4, 20_000).iter().map(|x| x * 0.1).collect();
    let (out, _) = limited(std::slice::from_ref(&quiet), 6.0, 2.0);
    let drive = crate::amplitude_from_db(6.0) as f32;
    assert!(out[0].iter().zip(&quiet).all(|(y, x)| *y == x * drive));
}

/// Harmonics over the fundamental in the second second, dB; the frequency in whole Hz.
fn thd_db(samples: &[f32], frequency_hz: usize) -> f64 {
    let steady = &samples[44_100..88_200];
    let harmonics: f64 = (2..20).map(|k| amplitude(steady, k * frequency_hz).powi(2)).sum::<f64>().sqrt();
    crate::db_from_amplitude(harmonics / amplitude(steady, frequency_hz))
}

#[test]
fn a_steady_tone_is_turned_down_without_being_bent_however_large_a_tip_may_be() {
    for frequency_hz in [36, 41, 50, 60, 110, 440] {
        let signal = tone(frequency_hz as f64, 0.0, 1.0, 44_100 * 3);
        for tip_db in [0.0, 6.0, 24.0] {
            let (out, _) = limited(std::slice::from_ref(&signal), 5.0, tip_db);
            let thd_db = thd_db(&out[0], frequency_hz);
            assert!(thd_db < -65.0, "{frequency_hz} Hz, tips {tip_db}: {thd_db}");
        }
    }
}

#[test]
fn a_drum_over_a_steady_bass_does_not_duck_the_bass() {
    let bass = tone(60.0, 0.0, 0.5, 44_100 * 3);
    let with_drum: Vec<f32> = noise(6, bass.len())
        .iter()
        .zip(&bass)
        .enumerate()
        .map(|(n, (hiss, x))| x + 0.9 * hiss * (-((n % 22_050) as f32) / 600.0).exp())
        .collect();
    let settings = Settings { drive: 1.0, ceiling: 0.89, tip_ratio: 2.0, times: TIMES };
    let peaks = Peaks::new(RATE_HZ, std::slice::from_ref(&with_drum));
    assert!(peaks.highest() > 1.2);
    assert!(peaks.gain(&settings).iter().all(|gain| *gain > 0.97));
}
