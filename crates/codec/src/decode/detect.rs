//! What a file is, by its first bytes; its name plays no part.

use std::io::{Read, SeekFrom};

use super::{Source, Stream, aiff, packed, wav};
use crate::error::DecodeError;
use crate::format::Container;

/// How far into a file the first frame of bare MPEG audio may be; cut streams start with part of one.
const SEARCH_BYTES: u64 = 16 << 10;
/// ID3 tags in a row before the audio; some editors leave two.
const MOST_ID3: usize = 8;

/// Opens whatever `source` turns out to be.
pub(super) fn open(mut source: Box<dyn Source>, file_bytes: u64) -> Result<Stream, DecodeError> {
    let mut start = 0;
    for _ in 0..MOST_ID3 {
        match id3_bytes(&read_at(&mut source, start, 10)?) {
            Some(bytes) => start += bytes,
            None => break,
        }
    }
    let head = read_at(&mut source, start, SEARCH_BYTES)?;
    if head.is_empty() && start == 0 {
        return Err(DecodeError::Empty);
    }
    match (head.get(..4).unwrap_or_default(), head.get(8..12).unwrap_or_default()) {
        (b"RIFF" | b"RF64" | b"BW64", b"WAVE") if start == 0 => wav::open(source, file_bytes),
        (b"FORM", b"AIFF" | b"AIFC") if start == 0 => aiff::open(source, file_bytes),
        (b"fLaC", _) => packed::open(Container::Flac, source, start, file_bytes),
        (b"OggS", _) => packed::open(Container::Ogg, source, start, file_bytes),
        _ if start == 0 && head.get(4..8) == Some(b"ftyp") => packed::open(Container::Mp4, source, 0, file_bytes),
        _ => match mpeg_frames(&head) {
            Some((container, offset)) => packed::open(container, source, start + offset, file_bytes),
            None => Err(refusal(&head)),
        },
    }
}

fn read_at(source: &mut dyn Source, start: u64, bytes: u64) -> Result<Vec<u8>, DecodeError> {
    let mut head = Vec::new();
    source.seek(SeekFrom::Start(start))?;
    source.take(bytes).read_to_end(&mut head)?;
    Ok(head)
}

/// Size of the `ID3v2` tag that `head` starts with, header and footer included (`ID3v2.4`, section 3.1).
fn id3_bytes(head: &[u8]) -> Option<u64> {
    let [b'I', b'D', b'3', major, _, flags, size @ ..] = head.first_chunk::<10>()? else {
        return None;
    };
    if *major == 0xFF || size.iter().any(|byte| byte & 0x80 != 0) {
        return None;
    }
    let size = size.iter().fold(0, |size, byte| size << 7 | u64::from(*byte));
    Some(10 + size + if flags & 0x10 != 0 { 10 } else { 0 })
}

/// Finds the first MPEG frame that is followed by another of its kind, and says what it holds and where it is.
fn mpeg_frames(head: &[u8]) -> Option<(Container, u64)> {
    (0..head.len()).find_map(|at| {
        let (container, bytes) = mpeg_frame(head.get(at..)?)?;
        let next = mpeg_frame(head.get(at + bytes..)?);
        // A file of one frame ends with it.
        let alone = at == 0 && at + bytes == head.len();
        (alone || next.is_some_and(|(kind, _)| kind == container)).then_some((container, at as u64))
    })
}

/// Kind and size of the frame that starts here: MPEG layer 3 (ISO/IEC 11172-3, 2.4.2.3) or AAC in ADTS (13818-7, 6.2).
fn mpeg_frame(bytes: &[u8]) -> Option<(Container, usize)> {
    const KBIT: [[usize; 15]; 2] = [
        [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ];
    let [0xFF, b, c, d, e, f] = *bytes.first_chunk::<6>()? else {
        return None;
    };
    if b & 0xF6 == 0xF0 {
        let size = usize::from(d & 3) << 11 | usize::from(e) << 3 | usize::from(f) >> 5;
        let rate_index = c >> 2 & 0xF;
        return (size > 7 && rate_index < 13).then_some((Container::Adts, size));
    }
    let (version, layer) = (b >> 3 & 3, b >> 1 & 3);
    let (kbit_index, rate_index) = (usize::from(c >> 4), usize::from(c >> 2 & 3));
    if b & 0xE0 != 0xE0 || version == 1 || layer != 1 || rate_index == 3 || !(1..15).contains(&kbit_index) {
        return None;
    }
    let first_version = version == 3;
    let divisor = if first_version {
        1
    } else if version == 2 {
        2
    } else {
        4
    };
    let rate_hz = [44_100, 48_000, 32_000][rate_index] / divisor;
    let factor = if first_version { 144_000 } else { 72_000 };
    let kbit = KBIT[usize::from(!first_version)][kbit_index];
    Some((Container::Mp3, factor * kbit / rate_hz + usize::from(c >> 1 & 1)))
}

/// Says what a file is that is not read here.
fn refusal(head: &[u8]) -> DecodeError {
    const AUDIO: &[(&[u8], &str)] = &[
        (b"RIFX", "big-endian WAV (RIFX)"),
        (b"caff", "CAF"),
        (b"wvpk", "WavPack"),
        (b"MAC ", "Monkey's Audio"),
        (b"riff\x2E\x91\xCF\x11", "Sony Wave64"),
        (b"\x30\x26\xB2\x75\x8E\x66\xCF\x11", "Windows Media"),
        (b"\x1A\x45\xDF\xA3", "Matroska or WebM"),
        (b"TTA1", "TTA"),
        (b"DSD ", "DSD"),
        (b"FRM8", "DSD"),
        (b".snd", "Sun audio"),
    ];
    const OTHER: &[(&[u8], &str)] = &[
        (b"MThd", "a MIDI file, which holds notes and no sound"),
        (b"\x89PNG", "a PNG picture"),
        (b"\xFF\xD8\xFF", "a JPEG picture"),
        (b"GIF8", "a GIF picture"),
        (b"%PDF", "a PDF document"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x1F\x8B", "a gzip archive"),
        (b"\x7FELF", "a program"),
        (b"MZ", "a program"),
        (b"RIFF", "a RIFF file that is not WAV"),
        (b"FORM", "an IFF file that is not AIFF"),
    ];
    let known =
        |list: &[(&[u8], &'static str)]| list.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, n)| *n);
    if let Some(found) = known(AUDIO) {
        return DecodeError::Unsupported { found: found.to_owned() };
    }
    let text = || std::str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true);
    let printable = |byte: &u8| *byte >= 0x20 || matches!(byte, b'\n' | b'\r' | b'\t');
    let found = match known(OTHER) {
        Some(found) => found,
        None if head.iter().all(|byte| *byte == 0) => "nothing but zeros",
        None if head.iter().all(printable) && text() => "text",
        None => "bytes of no known audio format",
    };
    DecodeError::NotAudio { found }
}
