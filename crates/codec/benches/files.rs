//! Reading and writing four minutes of 44.1 kHz stereo, in memory: what the codecs cost without the disk.

use std::io::Cursor;
use std::ops::ControlFlow;

use codec::{Encoder, Limits, Lossy, OutputFormat, OutputSpec, Reader, SampleFormat, Tags};
use divan::counter::BytesCount;
use divan::{Bencher, black_box};

const FRAMES: u64 = 240 * 44_100;

fn main() {
    divan::main();
}

fn spec(format: OutputFormat, sample: SampleFormat) -> OutputSpec {
    OutputSpec { format, sample, rate_hz: 44_100, channels: 2, frames: FRAMES }
}

/// A chord under noise, which FLAC finds about as hard as a dense mix.
fn mix(bits: u32) -> Vec<i32> {
    let full = f64::from(1 << (bits - 1));
    let mut noise = 1u32;
    (0..FRAMES)
        .map(|frame| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let hiss = f64::from(noise.cast_signed()) / f64::from(i32::MAX);
            let t = frame as f64 / 44_100.0 * std::f64::consts::TAU;
            ((0.3 * (110.0 * t).sin() + 0.3 * (277.2 * t).sin() + 0.02 * hiss) * full) as i32
        })
        .collect()
}

fn file(spec: OutputSpec) -> Vec<u8> {
    let mut encoder =
        Encoder::create(Cursor::new(Vec::new()), spec, &Tags::default()).expect("the specification is sound");
    if spec.sample == SampleFormat::Float32 {
        let samples: Vec<f32> = mix(24).iter().map(|&sample| sample as f32 / 8_388_608.0).collect();
        encoder.write_f32(&[&samples, &samples]).expect("memory takes it");
    } else {
        let samples = mix(spec.sample.bits());
        encoder.write_ints(&[&samples, &samples]).expect("memory takes it");
    }
    encoder.finish().expect("all frames were written").into_inner()
}

const SPECS: [(OutputFormat, SampleFormat); 5] = [
    (OutputFormat::Wav, SampleFormat::Int16),
    (OutputFormat::Wav, SampleFormat::Int24),
    (OutputFormat::Wav, SampleFormat::Float32),
    (OutputFormat::Flac, SampleFormat::Int16),
    (OutputFormat::Flac, SampleFormat::Int24),
];

fn names() -> impl Iterator<Item = String> {
    SPECS.iter().map(|(format, sample)| format!("{format:?} {sample:?}"))
}

fn named(name: &str) -> OutputSpec {
    let found = SPECS.iter().zip(names()).find(|(_, other)| other == name);
    let ((format, sample), _) = found.expect("divan hands back the names that it was given");
    spec(*format, *sample)
}

#[divan::bench(args = names(), sample_count = 5)]
fn read(bencher: Bencher<'_, '_>, name: &str) {
    let file = file(named(name));
    bencher.counter(BytesCount::new(FRAMES * 8)).with_inputs(|| file.clone()).bench_values(|file| {
        let mut reader = Reader::new(Cursor::new(file), &Limits::default()).expect("it was just written");
        while let Some(block) = reader.next_block().expect("it is whole") {
            black_box(block);
        }
    });
}

#[divan::bench(args = names(), sample_count = 5)]
fn write(bencher: Bencher<'_, '_>, name: &str) {
    let spec = named(name);
    let (ints, floats): (Vec<i32>, Vec<f32>) =
        mix(spec.sample.bits().min(24)).into_iter().map(|sample| (sample, sample as f32 / 8_388_608.0)).unzip();
    let room = Vec::with_capacity(FRAMES as usize * 8 + 65_536);
    bencher.counter(BytesCount::new(FRAMES * 8)).with_inputs(|| room.clone()).bench_values(|room: Vec<u8>| {
        let mut encoder =
            Encoder::create(Cursor::new(room), spec, &Tags::default()).expect("the specification is sound");
        if spec.sample == SampleFormat::Float32 {
            encoder.write_f32(&[&floats, &floats]).expect("memory takes it");
        } else {
            encoder.write_ints(&[&ints, &ints]).expect("memory takes it");
        }
        encoder.finish().expect("all frames were written")
    });
}

/// Lossy codecs, at the rate that suits all of them.
#[divan::bench(args = ["opus-192", "vorbis-256", "mp3-320", "aac-256"], sample_count = 3)]
fn write_lossy(bencher: Bencher<'_, '_>, name: &str) {
    let lossy: Lossy = name.parse().expect("a codec and a bitrate");
    let frames = 240 * 48_000;
    let format = OutputFormat::Lossy(lossy);
    let spec = OutputSpec { format, sample: SampleFormat::Float32, rate_hz: 48_000, channels: 2, frames };
    let mut floats: Vec<f32> = mix(24).into_iter().map(|sample| sample as f32 / 8_388_608.0).collect();
    floats.resize(frames as usize, 0.0);
    bencher.counter(BytesCount::new(frames * 8)).bench_local(|| {
        let mut encoder = Encoder::create(Cursor::new(Vec::new()), spec, &Tags::default()).expect("an encoder");
        for block in floats.chunks(1 << 14) {
            encoder.write_f32(&[block, block]).expect("memory takes it");
        }
        encoder.finish().expect("all frames were written")
    });
}

/// Both channels, one after the other, as the pipeline does it.
#[divan::bench(args = [(44_100, 48_000), (48_000, 44_100), (96_000, 44_100), (44_100, 96_000)], sample_count = 3)]
fn resample(bencher: Bencher<'_, '_>, (from_hz, to_hz): (u32, u32)) {
    let samples: Vec<f32> = mix(24).into_iter().map(|sample| sample as f32 / 8_388_608.0).collect();
    bencher.counter(BytesCount::new(FRAMES * 8)).bench_local(|| {
        for _ in 0..2 {
            let go_on = &mut |_| ControlFlow::Continue(());
            black_box(codec::resample(&samples, from_hz, to_hz, go_on).expect("finite samples"));
        }
    });
}
