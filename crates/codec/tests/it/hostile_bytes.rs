//! Bytes that nobody meant: whatever they are, the reader answers, and asks for no more than the bytes can hold.

use std::io::Cursor;
use std::sync::LazyLock;

use crate::common::{encode, ffmpeg, music};
use codec::{Limits, OutputFormat, OutputSpec, Reader, SampleFormat, Tags};
use proptest::collection::vec;
use proptest::prelude::*;

/// Reads what there is to read, and how many frames came out. Every block is checked on the way.
fn drain(file: Vec<u8>) -> u64 {
    let limits = Limits { max_decoded_bytes: 64 << 20, ..Limits::default() };
    let Ok(mut reader) = Reader::new(Cursor::new(file), &limits) else { return 0 };
    while let Ok(Some(block)) = reader.next_block() {
        assert!((1..=2).contains(&block.len()));
        assert!(!block[0].is_empty() && block.iter().all(|channel| channel.len() == block[0].len()));
    }
    reader.position()
}

/// One small good file of each kind that is read.
static GOOD: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let spec = OutputSpec {
        format: OutputFormat::Wav,
        sample: SampleFormat::Int16,
        rate_hz: 48_000,
        channels: 2,
        frames: 2_000,
    };
    let samples = music(48_000, 2, 2_000);
    let wav = encode(spec, &samples, &Tags::default());
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source.wav");
    std::fs::write(&source, &wav).unwrap();
    let mut files = vec![wav, encode(OutputSpec { format: OutputFormat::Flac, ..spec }, &samples, &Tags::default())];
    for (name, codec) in [
        ("64.wav", "pcm_s16le"),
        ("be.aiff", "pcm_s24be"),
        ("float.aiff", "pcm_f32be"),
        ("a.mp3", "libmp3lame"),
        ("a.ogg", "libvorbis"),
        ("a.opus", "libopus"),
        ("a.m4a", "aac"),
        ("lossless.m4a", "alac"),
        ("a.aac", "aac"),
    ] {
        let made = folder.path().join(name);
        let rf64 = if name == "64.wav" { &["-rf64", "always"][..] } else { &[] };
        let mut args = vec!["-i", source.to_str().unwrap(), "-c:a", codec];
        args.extend(rf64);
        args.push(made.to_str().unwrap());
        ffmpeg(&args);
        files.push(std::fs::read(made).unwrap());
    }
    files
});

fn magic() -> impl Strategy<Value = &'static [u8]> {
    let magics: Vec<&'static [u8]> = vec![
        b"RIFF\xFF\xFF\xFF\x7FWAVEfmt \x10\0\0\0",
        b"RF64\xFF\xFF\xFF\xFFWAVEds64\x1C\0\0\0",
        b"FORM\0\0\x7F\xFFAIFFCOMM\0\0\0\x12",
        b"FORM\0\0\x7F\xFFAIFCCOMM\0\0\0\x16",
        b"fLaC\0\0\0\x22",
        b"OggS\0\x02",
        b"\0\0\0\x20ftypM4A ",
        b"\xFF\xFB\x90\x64",
        b"\xFF\xF1\x50\x80",
        b"ID3\x04\0\0\0\0\0\x10",
        b"",
    ];
    proptest::sample::select(magics)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_answered(magic in magic(), bytes in vec(any::<u8>(), 0..2_000)) {
        let file = [magic, &bytes].concat();
        let size = file.len() as u64;
        let frames = drain(file);
        if magic.starts_with(b"R") || magic.starts_with(b"FORM") {
            prop_assert!(frames <= size, "{} frames from {} bytes", frames, size);
        }
    }

    #[test]
    fn good_files_with_bad_bytes_are_answered(
        pick in any::<prop::sample::Index>(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut file = pick.get(&GOOD).clone();
        for (at, byte, in_header) in changes {
            // Half of the changes go where they do most.
            let range = if in_header { file.len().min(128) } else { file.len() };
            file[at.index(range)] = byte;
        }
        if cut.index(4) == 0 {
            file.truncate(cut.index(file.len()));
        }
        drain(file);
    }

    #[test]
    fn good_files_cut_anywhere_are_answered(pick in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>()) {
        let good = pick.get(&GOOD);
        drain(good[..cut.index(good.len())].to_vec());
    }
}
