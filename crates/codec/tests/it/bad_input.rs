//! Files that are refused: each with its reason, without a panic, and without more time or memory than it deserves.

use std::fs;

use crate::common::{decode, encode, ffmpeg, music, read};
use codec::{DecodeError, OutputFormat, OutputSpec, SampleFormat, Tags};

const FRAMES: u64 = 30_000;

fn wav(channels: usize) -> Vec<u8> {
    file(OutputFormat::Wav, channels)
}

fn file(format: OutputFormat, channels: usize) -> Vec<u8> {
    let spec = OutputSpec { format, sample: SampleFormat::Int16, rate_hz: 48_000, channels, frames: FRAMES };
    encode(spec, &music(48_000, channels, FRAMES as usize), &Tags::default())
}

/// An AIFF file by hand: 16 bits, 48 kHz.
fn aiff(channels: u16, frames: u32, samples: &[u8]) -> Vec<u8> {
    let mut file = b"FORM\0\0\0\0AIFFCOMM\0\0\0\x12".to_vec();
    file.extend(channels.to_be_bytes());
    file.extend(frames.to_be_bytes());
    file.extend(16u16.to_be_bytes());
    file.extend([0x40, 0x0E, 0xBB, 0x80, 0, 0, 0, 0, 0, 0]);
    file.extend(b"SSND");
    file.extend((samples.len() as u32 + 8).to_be_bytes());
    file.extend([0; 8]);
    file.extend(samples);
    file
}

fn refusal(file: Vec<u8>) -> DecodeError {
    let error = read(file).expect_err("this file has to be refused");
    assert!(error.is_refusal(), "{error:?}");
    assert!(!error.to_string().contains('\n'), "one line: {error}");
    error
}

#[test]
fn an_empty_file_is_refused_as_empty() {
    assert!(matches!(refusal(Vec::new()), DecodeError::Empty));
}

#[test]
fn what_is_not_audio_is_told_by_its_content() {
    for (content, expected) in [
        (b"Dear sir, please find attached my mix.\n".repeat(500), "text"),
        (vec![0; 10_000], "nothing but zeros"),
        (b"\x89PNG\r\n\x1a\n".repeat(100), "a PNG picture"),
        (b"%PDF-1.7 ".repeat(100), "a PDF document"),
        (b"RIFF\x10\0\0\0AVI LIST".repeat(10), "a RIFF file that is not WAV"),
        (
            (0..20_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect(),
            "bytes of no known audio format",
        ),
    ] {
        let error = refusal(content);
        assert!(matches!(error, DecodeError::NotAudio { found } if found == expected), "{error:?}");
    }
}

#[test]
fn audio_in_a_format_that_is_not_read_is_named() {
    for (content, expected) in
        [(b"caff\0\x01".to_vec(), "CAF"), (b"wvpk".repeat(9), "WavPack"), (b"RIFX".repeat(9), "RIFX")]
    {
        let error = refusal(content);
        assert!(matches!(&error, DecodeError::Unsupported { found } if found.contains(expected)), "{error:?}");
    }
    for (tag, expected) in [(6u8, "A-law"), (7, "mu-law"), (0x11, "IMA ADPCM"), (0x55, "MPEG")] {
        let mut file = wav(2);
        file[20] = tag;
        let error = refusal(file);
        assert!(matches!(&error, DecodeError::Unsupported { found } if found.contains(expected)), "{error:?}");
    }
}

#[test]
fn a_wav_header_that_lies_is_refused_with_what_it_says() {
    for (at, bytes, expected) in [
        (22, &[0, 0][..], "channels"),
        (24, &[0, 0, 0, 0], "0 Hz"),
        (32, &[0, 0], "block align of 0"),
        (32, &[3, 0], "block align of 3"),
        (34, &[0, 0], "found 0"),
        (34, &[65, 0], "found 65"),
        (12, b"junk", "fmt "),
        (36, b"junk", "'data'"),
    ] {
        let mut file = wav(2);
        file[at..at + bytes.len()].copy_from_slice(bytes);
        let error = refusal(file);
        assert!(matches!(error, DecodeError::BadHeader { .. }), "{error:?}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    assert!(matches!(refusal(wav(2)[..20].to_vec()), DecodeError::BadHeader { .. }));
}

#[test]
fn more_than_two_channels_are_refused_before_anything_is_decoded() {
    let mut six = wav(2);
    six[22] = 6;
    six[32] = 12;
    assert!(matches!(refusal(six), DecodeError::TooManyChannels { found: 6 }));
    assert!(matches!(refusal(aiff(6, 100, &[0; 1200])), DecodeError::TooManyChannels { found: 6 }));
    let folder = tempfile::tempdir().unwrap();
    for name in ["6.flac", "6.ogg", "6.opus", "6.m4a"] {
        let path = folder.path().join(name);
        ffmpeg(&[
            "-f",
            "lavfi",
            "-i",
            "sine=d=0.5,pan=5.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0",
            path.to_str().unwrap(),
        ]);
        let error = decode(&path).unwrap_err();
        assert!(matches!(error, DecodeError::TooManyChannels { found: 6 }), "{name}: {error:?}");
    }
}

#[test]
fn a_file_that_was_cut_off_says_how_long_it_is_and_should_be() {
    let cut_aiff = aiff(2, FRAMES as u32, &vec![1; 60_000]);
    for (name, file) in [
        ("wav", wav(2)[..60_044].to_vec()),
        ("aiff", cut_aiff),
        ("aiff header", aiff(2, FRAMES as u32, &vec![1; FRAMES as usize * 4])[..60_054].to_vec()),
        ("flac", {
            let flac = file(OutputFormat::Flac, 2);
            flac[..flac.len() / 2].to_vec()
        }),
    ] {
        let error = refusal(file);
        let DecodeError::Truncated { promised_s, found_s } = error else { panic!("{name}: {error:?}") };
        assert!((promised_s - 0.625).abs() < 1e-9, "{name}: {promised_s}");
        assert!(found_s > 0.2 && found_s < 0.4, "{name}: {found_s}");
    }
}

#[test]
fn a_packed_file_that_was_cut_off_is_not_taken_for_a_whole_one() {
    let folder = tempfile::tempdir().unwrap();
    for (name, args) in
        [("cut.mp3", &["-q:a", "4"][..]), ("cut.m4a", &["-movflags", "+faststart"]), ("alac.m4a", &["-c:a", "alac"])]
    {
        let path = folder.path().join(name);
        let mut all = vec!["-f", "lavfi", "-i", "sine=d=5"];
        all.extend(args);
        all.push(path.to_str().unwrap());
        ffmpeg(&all);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() * 2 / 3]).unwrap();
        let error = decode(&path).unwrap_err();
        assert!(error.is_refusal(), "{name}: {error:?}");
    }
}

#[test]
fn a_damaged_flac_frame_is_refused_and_placed() {
    let mut flac = file(OutputFormat::Flac, 2);
    let middle = flac.len() / 2;
    for byte in &mut flac[middle..middle + 64] {
        *byte ^= 0x5A;
    }
    let error = refusal(flac);
    assert!(matches!(error, DecodeError::Damaged { .. } | DecodeError::Truncated { .. }), "{error:?}");
}

#[test]
fn a_header_that_promises_four_gigabytes_costs_nothing() {
    let mut file = wav(2);
    file[4..8].copy_from_slice(&0xFFFF_FF00_u32.to_le_bytes());
    file[40..44].copy_from_slice(&0xFFFF_FE00_u32.to_le_bytes());
    let error = refusal(file);
    assert!(matches!(error, DecodeError::Truncated { promised_s, .. } if promised_s > 20_000.0), "{error:?}");
    let mut flac = file_with_length(0xF_FFFF_FFFF);
    assert!(matches!(refusal(flac.clone()), DecodeError::TooLong { .. }));
    flac = file_with_length(400_000_000);
    assert!(matches!(refusal(flac), DecodeError::Inflated { .. }));
}

/// A FLAC file whose STREAMINFO claims a length of its own.
fn file_with_length(frames: u64) -> Vec<u8> {
    let mut flac = file(OutputFormat::Flac, 2);
    let mut packed = u64::from_be_bytes(flac[18..26].try_into().unwrap());
    packed = packed >> 36 << 36 | frames;
    flac[18..26].copy_from_slice(&packed.to_be_bytes());
    flac
}

#[test]
fn hours_of_silence_in_a_tiny_file_are_refused_before_memory_grows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("silence.flac");
    ffmpeg(&["-f", "lavfi", "-i", "anullsrc=r=44100:cl=stereo:d=7200", path.to_str().unwrap()]);
    assert!(fs::metadata(&path).unwrap().len() < 2 << 20);
    assert!(matches!(decode(&path).unwrap_err(), DecodeError::Inflated { .. }));

    // The same with the length left open, as a streaming encoder leaves it: it has to be noticed on the way.
    let mut flac = fs::read(&path).unwrap();
    let packed = u64::from_be_bytes(flac[18..26].try_into().unwrap());
    flac[18..26].copy_from_slice(&(packed >> 36 << 36).to_be_bytes());
    fs::write(&path, flac).unwrap();
    assert!(matches!(decode(&path).unwrap_err(), DecodeError::Inflated { .. }));
}

#[test]
fn a_wav_that_a_streaming_writer_left_open_is_read_to_its_end() {
    for open in [0, u32::MAX] {
        let mut file = wav(2);
        file[4..8].copy_from_slice(&open.to_le_bytes());
        file[40..44].copy_from_slice(&open.to_le_bytes());
        let (_, channels) = read(file).unwrap();
        assert_eq!(channels[0].len() as u64, FRAMES);
    }
}

#[test]
fn a_file_without_samples_says_so() {
    let spec =
        OutputSpec { format: OutputFormat::Wav, sample: SampleFormat::Int16, rate_hz: 48_000, channels: 2, frames: 0 };
    let empty = encode(spec, &[vec![], vec![]], &Tags::default());
    assert!(matches!(refusal(empty), DecodeError::NoSamples { container: "WAV" }));
    assert!(matches!(refusal(aiff(2, 0, &[])), DecodeError::NoSamples { .. }));
    let flac = encode(OutputSpec { format: OutputFormat::Flac, ..spec }, &[vec![], vec![]], &Tags::default());
    assert!(matches!(refusal(flac), DecodeError::NoSamples { .. } | DecodeError::BadHeader { .. }));
}

#[test]
fn a_missing_file_is_no_refusal() {
    let error = decode("/nowhere/mix.wav".as_ref()).unwrap_err();
    assert!(matches!(error, DecodeError::Io(_)) && !error.is_refusal());
}

#[test]
fn odd_depths_are_not_bad_input_and_lie_at_the_top_of_their_bytes() {
    // 12 bits in two bytes, 20 in three: half of full scale is the same bytes as at 16 and 24 bits.
    for (bits, half) in [(12u8, &[0x00, 0x40][..]), (20, &[0x00, 0x00, 0x40]), (40, &[0, 0, 0, 0, 0x40])] {
        let bytes = half.len() as u8;
        let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\xBB\0\0\0\0\0\0".to_vec();
        file.extend([bytes, 0, bits, 0]);
        // An odd chunk that nobody knows, padded, comes before the samples.
        file.extend(b"junk\x03\0\0\0abc\0data");
        file.extend((u32::from(bytes) * 10).to_le_bytes());
        file.extend(half.repeat(10));
        let (reader, channels) = read(file).unwrap();
        assert_eq!(reader.format().bits, Some(u32::from(bits)));
        assert_eq!(channels, [[0.5; 10]]);
    }
}

#[test]
fn an_extensible_wav_tells_its_valid_bits() {
    let mut file =
        b"RIFF\0\0\0\0WAVEfmt \x28\0\0\0\xFE\xFF\x01\0\x80\xBB\0\0\0\0\0\0\x04\0\x20\0\x16\0\x18\0\0\0\0\0".to_vec();
    file.extend(b"\x01\0\0\0\0\0\x10\0\x80\0\0\xAA\0\x38\x9B\x71data\x08\0\0\0\0\0\0\xC0\0\0\0\x40");
    let (reader, channels) = read(file).unwrap();
    assert_eq!((reader.format().bits, channels), (Some(24), vec![vec![-0.5, 0.5]]));
}
