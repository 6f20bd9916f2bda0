//! What the tests share: a signal with the features of music, ffmpeg as the independent judge, whole files in memory.

use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;

use codec::{DecodeError, Decoded, Encoder, Limits, OutputSpec, Reader, SampleFormat, Tags};

/// Runs ffmpeg quietly; its absence is a failure that says what to do.
pub(crate) fn ffmpeg(args: &[&str]) {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y"])
        .args(args)
        .output()
        .expect("ffmpeg judges these tests and was not found: run ./test, which installs it");
    assert!(output.status.success(), "ffmpeg {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// What ffprobe says of one entry, such as `stream=sample_rate` or `format_tags=title`.
pub(crate) fn ffprobe(path: &Path, entry: &str) -> String {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-of", "default=nw=1:nk=1", "-show_entries", entry])
        .arg(path)
        .output()
        .expect("ffprobe judges these tests and was not found: run ./test, which installs it");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The file as ffmpeg decodes it: interleaved samples.
pub(crate) fn ffmpeg_decode(path: &Path) -> Vec<f32> {
    let raw = path.with_extension("judge.raw");
    ffmpeg(&["-i", path.to_str().unwrap(), "-f", "f32le", "-c:a", "pcm_f32le", raw.to_str().unwrap()]);
    let bytes = std::fs::read(raw).unwrap();
    bytes.as_chunks::<4>().0.iter().map(|sample| f32::from_le_bytes(*sample)).collect()
}

/// A chord that moves, with noise: 24-bit values, different in each channel.
pub(crate) fn music(rate_hz: u32, channels: usize, frames: usize) -> Vec<Vec<i32>> {
    let mut noise = 0x2545_F491_u32;
    let tone = |t: f64, hz: f64| (std::f64::consts::TAU * hz * t).sin();
    (0..channels)
        .map(|channel| {
            (0..frames)
                .map(|frame| {
                    let t = frame as f64 / f64::from(rate_hz);
                    noise ^= noise << 13;
                    noise ^= noise >> 17;
                    noise ^= noise << 5;
                    let hiss = f64::from(noise.cast_signed()) / f64::from(i32::MAX);
                    let swell = 0.6 + 0.4 * tone(t, 0.7 + channel as f64);
                    let chord = tone(t, 110.0) + tone(t, 277.2 + 3.0 * channel as f64) + tone(t, 440.0);
                    ((0.25 * swell * chord + 0.01 * hiss) * 8_388_607.0) as i32
                })
                .collect()
        })
        .collect()
}

/// `samples` of 24 bits, cut to those of `spec` (floats are scaled), as a file in memory.
pub(crate) fn encode(spec: OutputSpec, samples: &[Vec<i32>], tags: &Tags) -> Vec<u8> {
    let mut encoder = Encoder::create(Cursor::new(Vec::new()), spec, tags).unwrap();
    if spec.sample == SampleFormat::Float32 {
        let floats: Vec<Vec<f32>> =
            samples.iter().map(|c| c.iter().map(|&s| s as f32 / 8_388_608.0).collect()).collect();
        encoder.write_f32(&floats.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
    } else {
        let shift = 24 - spec.sample.bits();
        let ints: Vec<Vec<i32>> = samples.iter().map(|c| c.iter().map(|&s| s >> shift).collect()).collect();
        encoder.write_ints(&ints.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
    }
    encoder.finish().unwrap().into_inner()
}

/// Decodes a file without bounds of its own and without listening to progress.
pub(crate) fn decode(path: &Path) -> Result<Decoded, DecodeError> {
    codec::decode_file(path, &Limits::default(), &mut |_| ControlFlow::Continue(()))
}

/// Reads a whole file from memory.
pub(crate) fn read(file: Vec<u8>) -> Result<(Reader, Vec<Vec<f32>>), DecodeError> {
    let mut reader = Reader::new(Cursor::new(file), &Limits::default())?;
    let mut channels = vec![Vec::new(); reader.channels()];
    while let Some(block) = reader.next_block()? {
        for (channel, new) in channels.iter_mut().zip(block) {
            channel.extend_from_slice(new);
        }
    }
    Ok((reader, channels))
}

/// Channels, side by side.
pub(crate) fn interleave(channels: &[Vec<f32>]) -> Vec<f32> {
    (0..channels[0].len()).flat_map(|frame| channels.iter().map(move |channel| channel[frame])).collect()
}
