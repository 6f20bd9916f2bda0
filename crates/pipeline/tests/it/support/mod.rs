//! Signals made to part true-peak meters, files of them, and the meters of others.
#![allow(unreachable_pub, reason = "shared by the modules of one test program")]

use std::f64::consts::TAU;
use std::fs;
use std::path::Path;
use std::process::Command;

use codec::{Encoder, OutputFormat, OutputSpec, Reader, SampleFormat, Tags};
use pipeline::{Control, Delivery, Existing, Instructions, Job, Limits, Loudness, Report, Request, Sound};

pub const RATE_HZ: u32 = 44_100;

fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / 8_388_608.0 - 1.0
    }
}

fn tone(frequency_hz: f64, phase_degrees: f64) -> impl FnMut(usize) -> f64 {
    move |n| (TAU * frequency_hz * n as f64 / f64::from(RATE_HZ) + phase_degrees.to_radians()).sin()
}

/// Gives the sample at each place.
pub type Signal = Box<dyn FnMut(usize) -> f64>;

pub fn signals() -> Vec<(&'static str, Signal)> {
    let (mut white, mut clipped, mut fuzz) = (noise(1), noise(2), noise(3));
    let mut square = tone(997.0, 0.0);
    vec![
        ("fs/4 at 45 degrees", Box::new(tone(11_025.0, 45.0))),
        ("a square wave", Box::new(move |n| square(n).signum())),
        ("impulses", Box::new(|n| if n % 371 == 0 { 1.0 } else { 0.0 })),
        ("clipped noise", Box::new(move |_| (3.0 * clipped()).clamp(-1.0, 1.0))),
        ("white noise up to Nyquist", Box::new(move |_| white())),
        ("21.9 kHz", Box::new(tone(21_900.0, 10.0))),
        (
            "bursts that change sign from sample to sample",
            Box::new(move |n| {
                let sign = if n % 2 == 0 { 1.0 } else { -1.0 };
                if n % 997 < 400 { sign * fuzz().signum() } else { 0.01 }
            }),
        ),
    ]
}

pub fn write_mix(path: &Path, mut signal: impl FnMut(usize) -> f64) {
    let frames = RATE_HZ as usize * 2;
    let left: Vec<f32> = (0..frames).map(|n| signal(n) as f32).collect();
    // The other side is late by a little, so that the two do not peak together.
    let right: Vec<f32> = (0..frames).map(|n| if n < 7 { 0.0 } else { 0.7 * left[n - 7] }).collect();
    let spec = OutputSpec {
        format: OutputFormat::Wav,
        sample: SampleFormat::Float32,
        rate_hz: RATE_HZ,
        channels: 2,
        frames: frames as u64,
    };
    let mut encoder =
        Encoder::create(fs::File::create(path).expect("created"), spec, &Tags::default()).expect("header");
    encoder.write_f32(&[&left, &right]).expect("written");
    encoder.finish().expect("finished");
}

/// True peak as FFmpeg reads it, dBTP to one decimal.
pub fn ffmpeg_dbtp(path: &Path) -> f64 {
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-nostats", "-i"])
        .arg(path)
        .args(["-af", "ebur128=peak=true", "-f", "null", "-"])
        .output()
        .expect("FFmpeg reads the master: sudo apt install ffmpeg, or start ./test, which does");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = text.lines().rev().find(|line| line.trim().starts_with("Peak:")).expect("a peak");
    line.trim().trim_start_matches("Peak:").trim().trim_end_matches(" dBFS").parse().expect("a number")
}

/// True peak as libebur128 reads it, dBTP.
pub fn libebur128_dbtp(path: &Path) -> f64 {
    let mut reader = Reader::open(path, &Limits::default()).expect("readable");
    let channels = reader.channels() as u32;
    let mut meter = ebur128::EbuR128::new(channels, reader.rate_hz(), ebur128::Mode::TRUE_PEAK).expect("a meter");
    while let Some(block) = reader.next_block().expect("readable") {
        let planes: Vec<&[f32]> = block.iter().map(Vec::as_slice).collect();
        meter.add_frames_planar_f32(&planes).expect("frames");
    }
    let peak = (0..channels).map(|channel| meter.true_peak(channel).expect("a peak")).fold(0.0, f64::max);
    20.0 * peak.log10()
}

/// A job that masters to a loudness, LUFS, under a ceiling, dBTP.
pub fn job(input: &Path, loudness_lufs: f64, ceiling_dbtp: f64, deliveries: Vec<Delivery>) -> Job {
    Job {
        input: input.to_owned(),
        instructions: Instructions::Decide(Request {
            loudness: Loudness::Exact(loudness_lufs),
            ceiling_dbtp,
            sound: Sound::default(),
            toward: None,
        }),
        deliveries,
        copies: Vec::new(),
        preview: None,
        listening_copy: None,
        rate_hz: None,
        silence_at_end_s: None,
        heard_through: Vec::new(),
        drawn: true,
        existing: Existing::Replace,
        limits: Limits::default(),
    }
}

/// Masters without listening to progress.
pub fn run(job: &Job) -> Report {
    pipeline::run(job, &mut |_| Control::Continue).expect("mastered")
}
