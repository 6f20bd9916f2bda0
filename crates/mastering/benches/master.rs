//! `cargo bench -p mastering`: each stage and the whole, over four minutes of stereo at 44.1 kHz.

use divan::{Bencher, black_box};
use mastering::{Audio, Loudness, Request, Sound, analyse, master, master_from, render};
use std::f32::consts::TAU;
use std::sync::LazyLock;

fn main() {
    divan::main();
}

static SONG: LazyLock<Audio> = LazyLock::new(|| {
    let mut state = 1u64;
    let mut noise = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / 8_388_608.0 - 1.0
    };
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for n in 0..44_100 * 240 {
        let t = n as f32 / 44_100.0;
        let beat = t % 0.5;
        let kick = 0.5 * (-beat * 18.0).exp() * (300.0 * beat).sin();
        let snare = 0.25 * (-((t + 0.25) % 0.5) * 30.0).exp() * noise();
        let pad = 0.08 * ((t * 1382.3) % TAU).sin() + 0.06 * ((t * 2073.5) % TAU).sin();
        left.push(kick + snare + pad + 0.01 * noise());
        right.push(kick + snare - 0.5 * pad + 0.01 * noise());
    }
    Audio::new(44_100, vec![left, right]).expect("stereo")
});

fn request(lufs: f64) -> Request {
    Request { loudness: Loudness::Exact(lufs), ceiling_dbtp: -1.0, sound: Sound::default(), toward: None }
}

#[divan::bench(sample_count = 5)]
fn analysis(bencher: Bencher<'_, '_>) {
    bencher.bench_local(|| analyse(black_box(&SONG), &mut |_, _| {}));
}

#[divan::bench(sample_count = 5, args = [-14.0, -9.0])]
fn decide_and_render(bencher: Bencher<'_, '_>, lufs: f64) {
    let analysis = analyse(&SONG, &mut |_, _| {}).expect("not silent");
    bencher
        .with_inputs(|| SONG.clone())
        .bench_local_values(|audio| master(audio, &analysis, &request(lufs), || Err("once"), &mut |_, _| {}));
}

#[divan::bench(sample_count = 5, args = [-14.0, -9.0])]
fn render_a_plan(bencher: Bencher<'_, '_>, lufs: f64) {
    let analysis = analyse(&SONG, &mut |_, _| {}).expect("not silent");
    let plan = master_from(&SONG, &analysis, &request(lufs), &mut |_, _| {}).plan;
    bencher.with_inputs(|| SONG.clone()).bench_local_values(|audio| render(audio, &plan, &mut |_, _| {}));
}
