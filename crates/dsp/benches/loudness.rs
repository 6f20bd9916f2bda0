//! What a meter costs over 240 s of synthetic stereo at 44.1 kHz.

use divan::{Bencher, black_box};
use dsp::loudness::{Layout, LoudnessMeter, Rate, integrated_with_gain, k_energy_per_hop, measure};
use dsp::stereo::StereoSums;
use std::num::NonZeroUsize;

const SECONDS: usize = 240;
const RATE_HZ: u32 = 44_100;
const HOP: NonZeroUsize = NonZeroUsize::new(8).expect("not zero");

fn main() {
    divan::main();
}

fn rate() -> Rate {
    Rate::new(RATE_HZ).expect("supported")
}

/// Noise with a slow swell: what it sounds like does not matter to a filter.
fn mix() -> [Vec<f32>; 2] {
    let mut state = 1u32;
    [0.3f32, 0.25].map(|level| {
        (0..SECONDS * RATE_HZ as usize)
            .map(|n| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let swell = 0.6 + 0.4 * (n as f32 * 1e-5).sin();
                level * swell * (state as f32 / u32::MAX as f32 - 0.5)
            })
            .collect()
    })
}

#[divan::bench]
fn whole_track(bencher: Bencher<'_, '_>) {
    let [left, right] = mix();
    bencher.bench_local(|| measure(rate(), Layout::Stereo, black_box(&[&left, &right])));
}

#[divan::bench(args = [1024, 65_536])]
fn in_blocks(bencher: Bencher<'_, '_>, frames: usize) {
    let [left, right] = mix();
    bencher.bench_local(|| {
        let mut meter = LoudnessMeter::new(rate(), Layout::Stereo);
        for (left, right) in left.chunks(frames).zip(right.chunks(frames)) {
            meter.push(black_box(&[left, right]));
        }
        meter.finish()
    });
}

#[divan::bench]
fn energy_per_8_samples(bencher: Bencher<'_, '_>) {
    let [left, right] = mix();
    bencher.bench_local(|| k_energy_per_hop(rate(), Layout::Stereo, black_box(&[&left, &right]), HOP));
}

#[divan::bench]
fn loudness_after_a_gain_curve(bencher: Bencher<'_, '_>) {
    let [left, right] = mix();
    let energies = k_energy_per_hop(rate(), Layout::Stereo, &[&left, &right], HOP);
    let gains = vec![0.8; energies.len() + 1];
    bencher.bench_local(|| integrated_with_gain(rate(), HOP, black_box(&energies), black_box(&gains), 1.0));
}

#[divan::bench]
fn stereo_sums(bencher: Bencher<'_, '_>) {
    let [left, right] = mix();
    bencher.bench_local(|| StereoSums::of(black_box(&left), black_box(&right)));
}
