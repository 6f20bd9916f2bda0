//! What goes through a lossy codec comes back as long, as loud and in time, by our decoder and by ffmpeg's.

use std::fs;
use std::io::Cursor;

use crate::common::{decode, encode, ffmpeg_decode, ffprobe, interleave, music};
use codec::{EncodeError, Encoder, Lossy, LossyCodec, OutputFormat, OutputSpec, SampleFormat, Tags};

fn spec(name: &str, rate_hz: u32, channels: usize, frames: usize) -> OutputSpec {
    OutputSpec {
        format: OutputFormat::Lossy(name.parse().unwrap()),
        sample: SampleFormat::Float32,
        rate_hz,
        channels,
        frames: frames as u64,
    }
}

fn file_name(codec: LossyCodec) -> &'static str {
    match codec {
        LossyCodec::Mp3 => "out.mp3",
        LossyCodec::Aac => "out.m4a",
        LossyCodec::Opus => "out.opus",
        LossyCodec::Vorbis => "out.ogg",
    }
}

fn power(samples: &[f32]) -> f64 {
    samples.iter().map(|x| f64::from(*x).powi(2)).sum()
}

fn correlation(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>() / (power(a) * power(b)).sqrt()
}

const CASES: [&str; 9] =
    ["mp3-320", "mp3-128", "mp3-64", "opus-192", "opus-96", "vorbis-256", "vorbis-96", "aac-256", "aac-128"];

#[test]
fn every_length_comes_back_to_the_sample_in_time_and_as_loud() {
    let folder = tempfile::tempdir().unwrap();
    for (rate_hz, channels, frames) in
        [(48_000, 2, 100_001), (44_100, 2, 77_777), (44_100, 1, 30_000), (48_000, 2, 480)]
    {
        let samples = music(rate_hz, channels, frames);
        let original: Vec<Vec<f32>> =
            samples.iter().map(|channel| channel.iter().map(|&x| x as f32 / 8_388_608.0).collect()).collect();
        let original = interleave(&original);
        for name in CASES {
            let spec = spec(name, rate_hz, channels, frames);
            let OutputFormat::Lossy(lossy) = spec.format else { panic!("lossy") };
            if lossy.codec().rate_for(rate_hz) != rate_hz {
                continue;
            }
            let what = format!("{name}, {rate_hz} Hz, {channels} channels, {frames} frames");
            let path = folder.path().join(file_name(lossy.codec()));
            fs::write(&path, encode(spec, &samples, &Tags::default())).unwrap();
            let found = decode(&path).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!((found.rate_hz, found.channels.len()), (rate_hz, channels), "{what}");
            assert_eq!(found.channels[0].len(), frames, "{what}");
            let judged = ffmpeg_decode(&path);
            // ffmpeg leaves the padding at the end of AAC in, and takes the length of a Vorbis stream of a single page for
            // that of its blocks.
            let one_page = lossy.codec() == LossyCodec::Vorbis && frames < 10_000;
            let padded = lossy.codec() == LossyCodec::Aac && judged.len() >= original.len();
            assert!(
                padded || one_page || judged.len() == original.len(),
                "{what}: ffmpeg has {} samples",
                judged.len()
            );
            if frames < 10_000 {
                continue;
            }
            for (who, heard) in [("we", interleave(&found.channels)), ("ffmpeg", judged[..original.len()].to_vec())] {
                let (likeness, louder_db) =
                    (correlation(&heard, &original), 10.0 * (power(&heard) / power(&original)).log10());
                assert!(likeness > 0.985, "{what}: {who} hear {likeness}");
                assert!(louder_db.abs() < 0.1, "{what}: {who} hear it {louder_db} dB louder");
            }
        }
    }
}

#[test]
fn the_bitrate_is_about_what_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let samples = music(48_000, 2, 480_000);
    for (name, tolerance) in
        [("mp3-192", 0.02), ("mp3-128", 0.02), ("opus-128", 0.35), ("vorbis-192", 0.5), ("aac-192", 0.35)]
    {
        let spec = spec(name, 48_000, 2, 480_000);
        let OutputFormat::Lossy(lossy) = spec.format else { panic!("lossy") };
        let bytes = encode(spec, &samples, &Tags::default());
        let kbps = bytes.len() as f64 * 8.0 / 10.0 / 1000.0;
        let asked = f64::from(lossy.kbps());
        assert!((kbps / asked - 1.0).abs() < tolerance, "{name}: {kbps}");
        let path = folder.path().join(file_name(lossy.codec()));
        fs::write(&path, bytes).unwrap();
        assert_eq!(ffprobe(&path, "stream=sample_rate"), "48000", "{name}");
    }
}

#[test]
fn the_same_samples_in_other_blocks_give_the_same_file() {
    let samples = music(48_000, 2, 30_000);
    let floats: Vec<Vec<f32>> = samples.iter().map(|c| c.iter().map(|&x| x as f32 / 8_388_608.0).collect()).collect();
    for name in CASES {
        let spec = spec(name, 48_000, 2, 30_000);
        let whole = encode(spec, &samples, &Tags::default());
        let mut encoder = Encoder::create(Cursor::new(Vec::new()), spec, &Tags::default()).unwrap();
        for start in (0..30_000).step_by(3_777) {
            let block: Vec<&[f32]> = floats.iter().map(|c| &c[start..30_000.min(start + 3_777)]).collect();
            encoder.write_f32(&block).unwrap();
        }
        assert!(encoder.finish().unwrap().into_inner() == whole, "{name}");
    }
}

#[test]
fn what_a_codec_does_not_take_is_refused_with_what_it_does() {
    let create = |spec| Encoder::create(Cursor::new(Vec::new()), spec, &Tags::default()).map(drop);
    let refusal = create(spec("opus-128", 44_100, 2, 10)).expect_err("a rate").to_string();
    assert!(refusal.contains("48 kHz") && refusal.contains("44100"), "{refusal}");
    assert!(matches!(create(spec("mp3-128", 96_000, 2, 10)), Err(EncodeError::LossyRate { .. })));
    assert!(matches!(create(spec("vorbis-128", 48_000, 3, 10)), Err(EncodeError::Channels { .. })));
    let ints = OutputSpec { sample: SampleFormat::Int16, ..spec("vorbis-128", 48_000, 2, 10) };
    assert!(matches!(create(ints), Err(EncodeError::Block { .. })));
    let mut encoder =
        Encoder::create(Cursor::new(Vec::new()), spec("opus-128", 48_000, 2, 10), &Tags::default()).unwrap();
    encoder.write_f32(&[&[0.0; 9], &[0.0; 9]]).unwrap();
    assert!(matches!(encoder.finish(), Err(EncodeError::Length { expected: 10, found: 9 })));
}

#[test]
fn an_encoder_that_is_given_up_leaves_no_program_behind() {
    let spec = spec("aac-128", 48_000, 2, 1_000_000);
    let mut encoder = Encoder::create(Cursor::new(Vec::new()), spec, &Tags::default()).unwrap();
    let level = vec![0.1; 9_999];
    encoder.write_f32(&[&level, &level]).unwrap();
    // Waits for the program's end; a test that hangs has failed.
    drop(encoder);
    assert_eq!(Lossy::new(LossyCodec::Aac, Some(128)).unwrap().to_string(), "aac-128");
}
