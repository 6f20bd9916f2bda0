//! What the limiter costs over 60 s of synthetic stereo at 44.1 kHz, driven more and more.

use divan::{Bencher, black_box};
use dsp::gain_curve::GainTimes;
use dsp::limiter::{Peaks, Settings, limit};

const SECONDS: usize = 60;
const RATE_HZ: u32 = 44_100;

fn main() {
    divan::main();
}

/// Two notes and a drum, so that levels and transients both have to be limited.
fn mix() -> [Vec<f32>; 2] {
    let mut state = 1u32;
    [55.0f32, 82.5].map(|note_hz| {
        (0..SECONDS * RATE_HZ as usize)
            .map(|n| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let hiss = state as f32 / u32::MAX as f32 - 0.5;
                let (t, beat) = (n as f32 / RATE_HZ as f32, (n % 22_050) as f32 / RATE_HZ as f32);
                0.2 * (std::f32::consts::TAU * note_hz * t).sin() + 0.6 * (-beat * 30.0).exp() * hiss + 0.05 * hiss
            })
            .collect()
    })
}

fn settings(drive_db: f64) -> Settings {
    Settings {
        drive: dsp::amplitude_from_db(drive_db) as f32,
        ceiling: 0.89,
        tip_ratio: 2.0,
        times: GainTimes { lookahead_ms: 7.0, fast_release_ms: 20.0, slow_release_ms: 80.0, slow_charge_ms: 100.0 },
    }
}

#[divan::bench]
fn peaks(bencher: Bencher<'_, '_>) {
    let channels = mix();
    bencher.bench_local(|| Peaks::new(RATE_HZ, black_box(&channels)));
}

#[divan::bench(args = [3.0, 9.0, 15.0])]
fn limited(bencher: Bencher<'_, '_>, drive_db: f64) {
    let channels = mix();
    let (peaks, settings) = (Peaks::new(RATE_HZ, &channels), settings(drive_db));
    let gain = peaks.gain(&settings);
    bencher
        .with_inputs(|| channels.clone())
        .bench_local_refs(|channels| limit(channels, RATE_HZ, &peaks, &gain, &settings));
}
