//! Reading what ffmpeg wrote as ffmpeg reads it, and the other way round.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{decode, encode, ffmpeg, ffmpeg_decode, ffprobe, interleave, music};
use codec::{Codec, Container, OutputFormat, OutputSpec, SampleFormat, Tags};

/// Writes a moving chord for ffmpeg to work on.
fn source(folder: &Path, rate_hz: u32, channels: usize, frames: usize) -> PathBuf {
    let path = folder.join("source.wav");
    let spec =
        OutputSpec { format: OutputFormat::Wav, sample: SampleFormat::Int24, rate_hz, channels, frames: frames as u64 };
    fs::write(&path, encode(spec, &music(rate_hz, channels, frames), &Tags::default())).unwrap();
    path
}

/// Lets ffmpeg make `name` out of the source beside it.
fn made_by_ffmpeg(source: &Path, name: &str, args: &[&str]) -> PathBuf {
    let made = source.with_file_name(name);
    let mut all = vec!["-i", source.to_str().unwrap()];
    all.extend(args);
    all.push(made.to_str().unwrap());
    ffmpeg(&all);
    made
}

type Lossless = (&'static str, &'static [&'static str], Container, Codec, u32);

/// Name, what ffmpeg is told, and what is expected to be found.
#[rustfmt::skip]
const LOSSLESS: &[Lossless] = &[
    ("u8.wav", &["-c:a", "pcm_u8"], Container::Wav, Codec::Pcm, 8),
    ("s16.wav", &["-c:a", "pcm_s16le"], Container::Wav, Codec::Pcm, 16),
    ("s24.wav", &["-c:a", "pcm_s24le"], Container::Wav, Codec::Pcm, 24),
    ("s32.wav", &["-c:a", "pcm_s32le"], Container::Wav, Codec::Pcm, 32),
    ("s64.wav", &["-c:a", "pcm_s64le"], Container::Wav, Codec::Pcm, 64),
    ("f32.wav", &["-c:a", "pcm_f32le"], Container::Wav, Codec::Pcm, 32),
    ("f64.wav", &["-c:a", "pcm_f64le"], Container::Wav, Codec::Pcm, 64),
    ("s24.rf64.wav", &["-c:a", "pcm_s24le", "-rf64", "always"], Container::Rf64, Codec::Pcm, 24),
    ("s8.aiff", &["-c:a", "pcm_s8"], Container::Aiff, Codec::Pcm, 8),
    ("s16.aiff", &["-c:a", "pcm_s16be"], Container::Aiff, Codec::Pcm, 16),
    ("sowt.aiff", &["-c:a", "pcm_s16le"], Container::Aiff, Codec::Pcm, 16),
    ("s24.aiff", &["-c:a", "pcm_s24be"], Container::Aiff, Codec::Pcm, 24),
    ("s32.aiff", &["-c:a", "pcm_s32be"], Container::Aiff, Codec::Pcm, 32),
    ("f32.aiff", &["-c:a", "pcm_f32be"], Container::Aiff, Codec::Pcm, 32),
    ("f64.aiff", &["-c:a", "pcm_f64be"], Container::Aiff, Codec::Pcm, 64),
    ("s16.flac", &["-sample_fmt", "s16"], Container::Flac, Codec::Flac, 16),
    ("s24.flac", &["-sample_fmt", "s32"], Container::Flac, Codec::Flac, 24),
    ("s16.ogg", &["-c:a", "flac", "-sample_fmt", "s16"], Container::Ogg, Codec::Flac, 16),
    ("s16.m4a", &["-c:a", "alac", "-sample_fmt", "s16p"], Container::Mp4, Codec::Alac, 16),
    ("s24.m4a", &["-c:a", "alac", "-sample_fmt", "s32p"], Container::Mp4, Codec::Alac, 24),
];

#[test]
fn lossless_files_are_read_as_ffmpeg_reads_them() {
    let folder = tempfile::tempdir().unwrap();
    for (rate_hz, channels, frames) in [(44_100, 2, 50_001), (8_000, 1, 3_001), (192_000, 2, 40_000)] {
        let source = source(folder.path(), rate_hz, channels, frames);
        for (name, args, container, codec, bits) in LOSSLESS {
            // ALAC's frames hold the rate in 32 bits, but ffmpeg's MP4 entry only 16.
            if *container == Container::Mp4 && rate_hz > 65_535 {
                continue;
            }
            let made = made_by_ffmpeg(&source, name, args);
            let found = decode(&made).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(found.rate_hz, rate_hz, "{name}");
            assert_eq!((found.format.container, found.format.codec), (*container, *codec), "{name}");
            assert_eq!(found.format.bits, Some(*bits), "{name}");
            assert_eq!(found.channels.len(), channels, "{name}");
            assert_eq!(found.channels[0].len(), frames, "{name}");
            assert!(found.channels.iter().all(|channel| channel.capacity() == frames), "{name}: memory is not 1x");
            assert_eq!(interleave(&found.channels), ffmpeg_decode(&made), "{name} at {rate_hz} Hz");
        }
    }
}

#[test]
fn lossy_files_have_the_length_and_the_sound_of_what_went_in() {
    let cases: &[(&str, &[&str], Codec)] = &[
        ("cbr.mp3", &["-c:a", "libmp3lame", "-b:a", "192k"], Codec::Mp3),
        ("vbr.mp3", &["-c:a", "libmp3lame", "-q:a", "4"], Codec::Mp3),
        ("vorbis.ogg", &["-c:a", "libvorbis", "-q:a", "5"], Codec::Vorbis),
        ("opus.opus", &["-c:a", "libopus", "-b:a", "128k"], Codec::Opus),
        ("short-frames.opus", &["-c:a", "libopus", "-b:a", "128k", "-frame_duration", "2.5"], Codec::Opus),
        ("aac.m4a", &["-c:a", "aac", "-b:a", "192k"], Codec::Aac),
        ("front.m4a", &["-c:a", "aac", "-b:a", "192k", "-movflags", "+faststart"], Codec::Aac),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (rate_hz, channels, frames) in [(48_000, 2, 100_001), (44_100, 2, 77_777), (44_100, 1, 44_100)] {
        let source = source(folder.path(), rate_hz, channels, frames);
        for (name, args, codec) in cases {
            if *codec == Codec::Opus && rate_hz != 48_000 {
                continue;
            }
            let made = made_by_ffmpeg(&source, name, args);
            let found = decode(&made).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!((found.rate_hz, found.format.codec), (rate_hz, *codec), "{name}");
            assert_eq!(found.channels[0].len(), frames, "{name} at {rate_hz} Hz");
            let original: Vec<Vec<f32>> = music(rate_hz, channels, frames)
                .iter()
                .map(|channel| channel.iter().map(|&sample| sample as f32 / 8_388_608.0).collect())
                .collect();
            let likeness = correlation(&interleave(&found.channels), &interleave(&original));
            assert!(likeness > 0.98, "{name} at {rate_hz} Hz is {likeness} like the original");
            // ffmpeg leaves the padding at the end of AAC in; up to there the two decoders agree.
            let judged = ffmpeg_decode(&made);
            let ours = interleave(&found.channels);
            assert!(judged.len() >= ours.len(), "{name}: ffmpeg has {} samples, we {}", judged.len(), ours.len());
            let likeness = correlation(&ours, &judged[..ours.len()]);
            assert!(likeness > 0.9999, "{name} at {rate_hz} Hz is {likeness} like ffmpeg's decoding");
        }
    }
}

fn correlation(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 { a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum() };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[test]
fn ffmpeg_reads_back_every_bit_that_is_written() {
    let folder = tempfile::tempdir().unwrap();
    for (format, sample) in [
        (OutputFormat::Wav, SampleFormat::Int16),
        (OutputFormat::Wav, SampleFormat::Int24),
        (OutputFormat::Wav, SampleFormat::Float32),
        (OutputFormat::Aiff, SampleFormat::Int16),
        (OutputFormat::Aiff, SampleFormat::Int24),
        (OutputFormat::Aiff, SampleFormat::Float32),
        (OutputFormat::Flac, SampleFormat::Int16),
        (OutputFormat::Flac, SampleFormat::Int24),
    ] {
        for (rate_hz, channels, frames) in [(44_100, 2, 50_001), (96_000, 1, 9_999), (384_000, 2, 40_000)] {
            let spec = OutputSpec { format, sample, rate_hz, channels, frames };
            let samples = music(rate_hz, channels, frames as usize);
            let path = folder.path().join(format.name());
            fs::write(&path, encode(spec, &samples, &Tags::default())).unwrap();
            let shift = 24 - sample.bits().min(24);
            let expected: Vec<Vec<f32>> = samples
                .iter()
                .map(|channel| channel.iter().map(|&s| (s >> shift << shift) as f32 / 8_388_608.0).collect())
                .collect();
            assert_eq!(ffprobe(&path, "stream=sample_rate"), rate_hz.to_string());
            assert_eq!(ffmpeg_decode(&path), interleave(&expected), "{spec:?}");
        }
    }
}

#[test]
fn a_file_beyond_four_gigabytes_is_read_to_its_true_length_and_written_as_rf64() {
    // Only the header is real: the samples are a hole in a sparse file.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.wav");
    let frames = 600_000_000;
    let spec =
        OutputSpec { format: OutputFormat::Wav, sample: SampleFormat::Float32, rate_hz: 192_000, channels: 2, frames };
    let file = fs::File::create(&path).unwrap();
    drop(codec::Encoder::create(file, spec, &Tags::default()).unwrap());
    let header_bytes = fs::metadata(&path).unwrap().len();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(header_bytes + frames * 8).unwrap();

    let limits = codec::Limits { max_decoded_bytes: u64::MAX, ..codec::Limits::default() };
    let mut reader = codec::Reader::open(&path, &limits).unwrap();
    assert_eq!(reader.frames(), Some(frames));
    assert_eq!(reader.format().container, Container::Rf64);
    assert!(reader.next_block().unwrap().is_some());
    assert_eq!(ffprobe(&path, "stream=duration_ts"), frames.to_string());
    assert!(matches!(decode(&path), Err(codec::DecodeError::TooLarge { .. })));
}
