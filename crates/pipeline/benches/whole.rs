//! `cargo bench -p pipeline`: the whole way of a track, WAV 24 to WAV 24, over four minutes of stereo at 44.1 kHz.
//!
//! Prints the stages of the last run too, as `balanced master --json` does: the two must agree.

use std::fs;
use std::path::{Path, PathBuf};

use codec::{Encoder, OutputFormat, OutputSpec, SampleFormat, Tags};
use divan::Bencher;
use pipeline::{Control, Delivery, Encoding, Existing, Instructions, Job, Limits, Loudness, Report, Request, Sound};

const RATE_HZ: u32 = 44_100;
const FRAMES: usize = RATE_HZ as usize * 240;

fn main() {
    divan::main();
}

fn write_mix(path: &Path) {
    let mut state = 1u64;
    let mut noise = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / 8_388_608.0 - 1.0
    };
    let mut sides = [Vec::with_capacity(FRAMES), Vec::with_capacity(FRAMES)];
    for n in 0..FRAMES {
        let t = n as f32 / RATE_HZ as f32;
        let beat = t % 0.5;
        let middle = 0.4 * (-beat * 18.0).exp() * (300.0 * beat).sin() + 0.2 * (-beat * 30.0).exp() * noise();
        let pad = 0.1 * ((220.0 * t) % 1.0 * std::f32::consts::TAU).sin();
        for (side, sign) in sides.iter_mut().zip([1.0, -0.5]) {
            side.push(((middle + sign * pad + 0.01 * noise()) * 8_388_607.0) as i32);
        }
    }
    let spec = OutputSpec {
        format: OutputFormat::Wav,
        sample: SampleFormat::Int24,
        rate_hz: RATE_HZ,
        channels: 2,
        frames: FRAMES as u64,
    };
    let mut encoder =
        Encoder::create(fs::File::create(path).expect("created"), spec, &Tags::default()).expect("header");
    encoder.write_ints(&[&sides[0], &sides[1]]).expect("written");
    encoder.finish().expect("finished");
}

fn job(input: PathBuf, output: PathBuf, lufs: f64) -> Job {
    Job {
        input,
        instructions: Instructions::Decide(Request {
            loudness: Loudness::Exact(lufs),
            ceiling_dbtp: -1.0,
            sound: Sound::default(),
            toward: None,
        }),
        deliveries: vec![Delivery { path: output, encoding: Encoding::Wav24 }],
        copies: Vec::new(),
        preview: None,
        listening_copy: None,
        rate_hz: None,
        silence_at_end_s: None,
        heard_through: Vec::new(),
        drawn: false,
        existing: Existing::Replace,
        limits: Limits::default(),
    }
}

#[divan::bench(sample_count = 5, sample_size = 1, args = [-14.0, -9.0])]
fn wav24_to_wav24(bencher: Bencher<'_, '_>, lufs: f64) {
    let folder = tempfile::tempdir().expect("folder");
    let input = folder.path().join("mix.wav");
    write_mix(&input);
    let job = job(input, folder.path().join("master.wav"), lufs);
    let mut last: Option<Report> = None;
    bencher.bench_local(|| last = Some(pipeline::run(&job, &mut |_| Control::Continue).expect("mastered")));
    if let Some(report) = last {
        println!("{lufs} LUFS: {:?}, {:.0} times real time", report.timings_ms, report.realtime_factor);
    }
}
