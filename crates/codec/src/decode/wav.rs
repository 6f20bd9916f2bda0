//! WAV, RF64 and BW64 headers.
//!
//! Sources: Microsoft's Multimedia Programming Interface and `WAVEFORMATEXTENSIBLE`, EBU Tech 3306 (RF64), ITU-R
//! BS.2088 (BW64).

use super::chunks::{Chunk, Chunks, Order};
use super::pcm::{Encoding, Kind, Layout};
use super::{Source, Stream};
use crate::error::DecodeError;
use crate::format::Container;

const PCM: u16 = 1;
const FLOAT: u16 = 3;
const EXTENSIBLE: u16 = 0xFFFE;
/// The tail that all of Microsoft's sub-format identifiers share; the first two bytes are the plain format tag.
const SUBFORMAT_TAIL: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];
/// A 32-bit size that stands for "see ds64" in RF64 and for "not known yet" in what streaming writers leave behind.
const OPEN_SIZE: u32 = u32::MAX;

/// Reads the header; `source` is known to start as a WAVE file does.
pub(super) fn open(mut source: Box<dyn Source>, file_bytes: u64) -> Result<Stream, DecodeError> {
    let mut head = [0; 8];
    source.seek(std::io::SeekFrom::Start(0))?;
    source.read_exact(&mut head)?;
    let [a, b, c, d, riff_size @ ..] = head;
    let container = if [a, b, c, d] == *b"RIFF" { Container::Wav } else { Container::Rf64 };
    let riff_bytes = u64::from(u32::from_le_bytes(riff_size)) + 8;

    let mut chunks = Chunks::new(source, container.name(), Order::Little, file_bytes);
    let mut format = None;
    let mut ds64_data_bytes = None;
    while let Some(chunk) = chunks.next()? {
        match &chunk.id {
            b"fmt " => format = Some(Format::read(&mut chunks, chunk)?),
            b"ds64" => {
                ds64_data_bytes = Some(u64::from_le_bytes(chunks.read_at::<8>(chunk.start + 8)?));
            }
            b"data" => {
                let Some(format) = format else {
                    return Err(chunks.broken("expected 'fmt ' before 'data', found none".to_owned()));
                };
                let promised_bytes = match (container, chunk.size) {
                    (Container::Rf64, OPEN_SIZE) => match ds64_data_bytes {
                        None => {
                            return Err(chunks.broken("expected 'ds64' before 'data', found none".to_owned()));
                        }
                        Some(0 | u64::MAX) => None,
                        bytes => bytes,
                    },
                    (_, OPEN_SIZE) => None,
                    // An empty file closed properly knows its own size; one whose writer could not seek back does not.
                    (_, 0) if riff_bytes != file_bytes => None,
                    (_, size) => Some(u64::from(size)),
                };
                let layout = format.layout(&chunks, container, chunk.start, promised_bytes)?;
                return layout.open(chunks.into_source(), file_bytes);
            }
            _ => {}
        }
    }
    let missing = if format.is_some() { "data" } else { "fmt " };
    Err(chunks.broken(format!("expected a '{missing}' chunk, found the end of the file")))
}

/// The `fmt ` chunk.
struct Format {
    tag: u16,
    channels: u16,
    rate_hz: u32,
    frame_bytes: u16,
    /// Size of the space that a sample has.
    bits: u16,
    /// Bits of it that are used.
    valid_bits: u16,
}

impl Format {
    fn read(chunks: &mut Chunks, chunk: Chunk) -> Result<Self, DecodeError> {
        if chunk.size < 16 {
            return Err(chunks.broken(format!("expected a 'fmt ' chunk of 16 bytes or more, found {}", chunk.size)));
        }
        let [t0, t1, c0, c1, r0, r1, r2, r3, _, _, _, _, f0, f1, b0, b1] = chunks.read_at::<16>(chunk.start)?;
        let bits = u16::from_le_bytes([b0, b1]);
        let mut format = Self {
            tag: u16::from_le_bytes([t0, t1]),
            channels: u16::from_le_bytes([c0, c1]),
            rate_hz: u32::from_le_bytes([r0, r1, r2, r3]),
            frame_bytes: u16::from_le_bytes([f0, f1]),
            bits,
            valid_bits: bits,
        };
        if format.tag == EXTENSIBLE {
            if chunk.size < 40 {
                let size = chunk.size;
                return Err(chunks.broken(format!("expected an extensible 'fmt ' chunk of 40 bytes, found {size}")));
            }
            let [v0, v1, _, _, _, _, t0, t1, tail @ ..] = chunks.read_at::<22>(chunk.start + 18)?;
            if tail != SUBFORMAT_TAIL {
                return Err(DecodeError::Unsupported { found: "WAV with a private sample format".to_owned() });
            }
            format.tag = u16::from_le_bytes([t0, t1]);
            let valid_bits = u16::from_le_bytes([v0, v1]);
            if (1..=bits).contains(&valid_bits) {
                format.valid_bits = valid_bits;
            }
        }
        Ok(format)
    }

    fn layout(
        &self,
        chunks: &Chunks,
        container: Container,
        start: u64,
        promised_bytes: Option<u64>,
    ) -> Result<Layout, DecodeError> {
        let Self { tag, channels, rate_hz, frame_bytes, bits, valid_bits } = *self;
        if channels > 2 {
            return Err(DecodeError::TooManyChannels { found: u32::from(channels) });
        }
        let kind = match tag {
            PCM if bits <= 8 => Kind::Unsigned8,
            PCM => Kind::Signed,
            FLOAT => Kind::Float,
            other => {
                return Err(DecodeError::Unsupported { found: format!("WAV with {}", tag_name(other)) });
            }
        };
        let sample_bytes = u64::from(bits).div_ceil(8);
        let Some(encoding) = Encoding::new(kind, sample_bytes, Order::Little) else {
            let wanted = if kind == Kind::Float { "32 or 64" } else { "1 to 64" };
            return Err(chunks.broken(format!("expected {wanted} bits a sample, found {bits}")));
        };
        if rate_hz == 0 {
            return Err(chunks.broken("expected a sample rate, found 0 Hz".to_owned()));
        }
        if channels == 0 {
            return Err(chunks.broken("expected one or two channels, found none".to_owned()));
        }
        let expected = sample_bytes * u64::from(channels);
        if u64::from(frame_bytes) != expected {
            return Err(chunks.broken(format!(
                "expected {expected} bytes a frame for {channels} x {bits} bits, found a block align of {frame_bytes}"
            )));
        }
        Ok(Layout {
            container,
            rate_hz,
            channels: u32::from(channels),
            encoding,
            bits: u32::from(valid_bits),
            start,
            promised_bytes,
        })
    }
}

fn tag_name(tag: u16) -> String {
    match tag {
        0x0002 => "Microsoft ADPCM samples".to_owned(),
        0x0006 => "A-law samples".to_owned(),
        0x0007 => "mu-law samples".to_owned(),
        0x0011 => "IMA ADPCM samples".to_owned(),
        0x0031 => "GSM 6.10 samples".to_owned(),
        0x0050 | 0x0055 => "MPEG audio inside".to_owned(),
        other => format!("samples of kind 0x{other:04X}"),
    }
}
