//! What the tests of the command share: music, files made by hand, and the command itself.
//!
//! Files are written here and not by `codec`: a test of a program should not be fed by the program.

#![allow(unreachable_pub, reason = "shared by the modules of one test program")]

use std::f32::consts::TAU;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub use tempfile::TempDir;

/// The command, run in `folder`, with no terminal and no settings from outside.
pub fn balanced<I: AsRef<std::ffi::OsStr>>(folder: &Path, args: impl IntoIterator<Item = I>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_balanced"))
        .args(args)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stdin(Stdio::null())
        .output()
        .expect("the command starts")
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// The JSON objects on standard output, one a line.
pub fn json(output: &Output) -> Vec<serde_json::Value> {
    stdout(output).lines().map(|line| serde_json::from_str(line).expect("a JSON object a line")).collect()
}

/// An empty folder.
pub fn folder() -> TempDir {
    tempfile::tempdir().expect("folder")
}

/// The names in a folder, sorted.
pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .expect("folder")
        .map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// How a test file holds its samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Samples {
    Int16,
    Int24,
    Float32,
}

/// A WAV file, made by hand.
pub fn wav(rate_hz: u32, channels: &[Vec<f32>], samples: Samples) -> Vec<u8> {
    let (tag, bytes) = match samples {
        Samples::Int16 => (1u16, 2u16),
        Samples::Int24 => (1, 3),
        Samples::Float32 => (3, 4),
    };
    let count = channels.len() as u16;
    let frames = channels.first().map_or(0, Vec::len);
    let data_bytes = (frames * usize::from(count) * usize::from(bytes)) as u32;
    let mut file = Vec::with_capacity(44 + data_bytes as usize);
    file.extend(b"RIFF");
    file.extend((36 + data_bytes).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16u32.to_le_bytes());
    file.extend(tag.to_le_bytes());
    file.extend(count.to_le_bytes());
    file.extend(rate_hz.to_le_bytes());
    file.extend((rate_hz * u32::from(count * bytes)).to_le_bytes());
    file.extend((count * bytes).to_le_bytes());
    file.extend((bytes * 8).to_le_bytes());
    file.extend(b"data");
    file.extend(data_bytes.to_le_bytes());
    for frame in 0..frames {
        for channel in channels {
            let x = channel[frame];
            match samples {
                Samples::Int16 => file.extend(((x * 32_767.0).round() as i16).to_le_bytes()),
                Samples::Int24 => file.extend(&((x * 8_388_607.0).round() as i32).to_le_bytes()[..3]),
                Samples::Float32 => file.extend(x.to_le_bytes()),
            }
        }
    }
    file
}

/// Writes bytes to a file of that name and gives its path.
pub fn put(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("written");
    path
}

/// A mix of drums, bass and chords, as it comes out of a mixing desk: dynamic, and about -20 LUFS.
pub fn music(rate_hz: u32, seconds: f32) -> Vec<Vec<f32>> {
    let rate = rate_hz as f32;
    let frames = (seconds * rate) as usize;
    let mut left = vec![0.0; frames];
    let mut right = vec![0.0; frames];
    let mut noise = Noise(1);
    for i in 0..frames {
        let t = i as f32 / rate;
        let (beat, bar) = (t % 0.5, (t / 2.0) as usize);
        // The chorus is louder than the verse, so that there is a loudness range.
        let level = if bar % 8 < 4 { 0.6 } else { 1.0 };
        let kick = (TAU * (50.0 * beat + 8.0 * (1.0 - (-beat * 30.0).exp()) / 3.0)).sin() * (-beat * 9.0).exp();
        let snare = if (t + 0.5) % 1.0 < 0.5 { noise.next() * (-((t + 0.5) % 1.0) * 18.0).exp() } else { 0.0 };
        let hat = noise.next() * (-(t % 0.25) * 60.0).exp();
        let root = [55.0, 43.65, 65.41, 49.0][bar % 4];
        let bass = (TAU * root * t).sin() + 0.3 * (TAU * 2.0 * root * t).sin() + 0.1 * (TAU * 3.0 * root * t).sin();
        let voice = |ratio: f32, detune: f32| {
            let f = root * 4.0 * ratio * detune;
            (1..=6).map(|k| (TAU * f * k as f32 * t).sin() / k as f32).sum::<f32>()
        };
        let chord = |detune: f32| voice(1.0, detune) + voice(1.26, detune) + voice(1.498, detune);
        let middle = 0.30 * kick + 0.16 * snare + 0.12 * bass;
        left[i] = level * (middle + 0.05 * hat + 0.022 * chord(1.0007));
        right[i] = level * (middle + 0.03 * hat + 0.022 * chord(0.9993));
    }
    vec![left, right]
}

/// The same numbers in every run.
struct Noise(u32);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / 8_388_608.0 - 1.0
    }
}

/// A mix in a folder.
pub fn mix(folder: &Path) -> PathBuf {
    put(folder, "mix.wav", &wav(44_100, &music(44_100, 8.0), Samples::Int24))
}

/// FFmpeg, which `./test` installs.
pub fn ffmpeg(args: &[&str]) -> Output {
    let output = Command::new("ffmpeg").args(args).stdin(Stdio::null()).output();
    output.expect("the independent meter is FFmpeg: sudo apt install ffmpeg, or start ./test, which does")
}

/// What FFmpeg's `ebur128` says: integrated loudness in LUFS and true peak in dBTP.
pub fn second_opinion(file: &Path) -> (f64, f64) {
    let output = ffmpeg(&[
        "-nostats",
        "-hide_banner",
        "-i",
        &file.to_string_lossy(),
        "-af",
        "ebur128=peak=true",
        "-f",
        "null",
        "-",
    ]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let summary =
        text.rsplit("Summary:").next().filter(|_| text.contains("Summary:")).unwrap_or_else(|| panic!("{text}"));
    let number = |key: &str| -> f64 {
        let line =
            summary.lines().find(|line| line.trim_start().starts_with(key)).unwrap_or_else(|| panic!("{summary}"));
        line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("{line}"))
    };
    (number("I:"), number("Peak:"))
}
