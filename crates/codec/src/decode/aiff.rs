//! AIFF and AIFF-C headers.
//!
//! Sources: Apple's Audio Interchange File Format 1.3 and AIFF-C (draft of 1991), with the compression types that Apple
//! added later (`sowt`, `fl32`, `fl64`, `in24`, `in32`).

use std::io::SeekFrom;

use super::chunks::{Chunk, Chunks, Order};
use super::pcm::{Encoding, Kind, Layout};
use super::{Source, Stream};
use crate::error::DecodeError;
use crate::format::Container;

/// Reads the header; `source` is known to start as an AIFF file does.
pub(super) fn open(mut source: Box<dyn Source>, file_bytes: u64) -> Result<Stream, DecodeError> {
    let mut head = [0; 12];
    source.seek(SeekFrom::Start(0))?;
    source.read_exact(&mut head)?;
    let compressed = head[8..] == *b"AIFC";

    let mut chunks = Chunks::new(source, Container::Aiff.name(), Order::Big, file_bytes);
    let (mut common, mut sound) = (None, None);
    while let Some(chunk) = chunks.next()? {
        match &chunk.id {
            b"COMM" => common = Some(Common::read(&mut chunks, chunk, compressed)?),
            b"SSND" => sound = Some(Sound::read(&mut chunks, chunk)?),
            _ => {}
        }
        // The order of the chunks is free.
        if let (Some(common), Some(sound)) = (&common, &sound) {
            let layout = common.layout(&chunks, sound)?;
            return layout.open(chunks.into_source(), file_bytes);
        }
    }
    let missing = if common.is_none() { "COMM" } else { "SSND" };
    Err(chunks.broken(format!("expected a '{missing}' chunk, found the end of the file")))
}

/// The `SSND` chunk.
struct Sound {
    start: u64,
    /// `None` when a streaming writer left the size open.
    bytes: Option<u64>,
}

impl Sound {
    fn read(chunks: &mut Chunks, chunk: Chunk) -> Result<Self, DecodeError> {
        let [o0, o1, o2, o3, ..] = chunks.read_at::<8>(chunk.start)?;
        let offset = u64::from(u32::from_be_bytes([o0, o1, o2, o3]));
        let open = chunk.size == 0 || chunk.size == u32::MAX;
        Ok(Self {
            start: chunk.start + 8 + offset,
            bytes: (!open).then(|| u64::from(chunk.size).saturating_sub(8 + offset)),
        })
    }
}

/// The `COMM` chunk.
struct Common {
    channels: u16,
    frames: u32,
    bits: u16,
    rate: [u8; 10],
    compression: [u8; 4],
}

impl Common {
    fn read(chunks: &mut Chunks, chunk: Chunk, compressed: bool) -> Result<Self, DecodeError> {
        let expected = if compressed { 22 } else { 18 };
        if chunk.size < expected {
            let size = chunk.size;
            return Err(chunks.broken(format!("expected a 'COMM' chunk of {expected} bytes or more, found {size}")));
        }
        let [c0, c1, f0, f1, f2, f3, b0, b1, rate @ ..] = chunks.read_at::<18>(chunk.start)?;
        Ok(Self {
            channels: u16::from_be_bytes([c0, c1]),
            frames: u32::from_be_bytes([f0, f1, f2, f3]),
            bits: u16::from_be_bytes([b0, b1]),
            rate,
            compression: if compressed { chunks.read_at::<4>(chunk.start + 18)? } else { *b"NONE" },
        })
    }

    fn layout(&self, chunks: &Chunks, sound: &Sound) -> Result<Layout, DecodeError> {
        let (channels, stated_bits) = (u32::from(self.channels), u32::from(self.bits));
        if channels > 2 {
            return Err(DecodeError::TooManyChannels { found: channels });
        }
        if channels == 0 {
            return Err(chunks.broken("expected one or two channels, found none".to_owned()));
        }
        let (kind, bits, order) = match &self.compression {
            b"NONE" | b"twos" => (Kind::Signed, stated_bits, Order::Big),
            b"sowt" => (Kind::Signed, stated_bits, Order::Little),
            b"raw " => (Kind::Unsigned8, stated_bits, Order::Big),
            b"in24" => (Kind::Signed, 24, Order::Big),
            b"in32" => (Kind::Signed, 32, Order::Big),
            b"fl32" | b"FL32" => (Kind::Float, 32, Order::Big),
            b"fl64" | b"FL64" => (Kind::Float, 64, Order::Big),
            other => {
                let name = other.escape_ascii();
                return Err(DecodeError::Unsupported { found: format!("AIFF-C with '{name}' compression") });
            }
        };
        let sample_bytes = u64::from(bits).div_ceil(8);
        let Some(encoding) = Encoding::new(kind, sample_bytes, order) else {
            return Err(chunks.broken(format!("expected 1 to 64 bits a sample, found {bits}")));
        };
        let Some(rate_hz) = rate_from_extended(self.rate) else {
            return Err(chunks.broken("expected a sample rate of 1 Hz or more, found none".to_owned()));
        };
        let frames_bytes = u64::from(self.frames) * sample_bytes * u64::from(channels);
        let promised_bytes = match sound.bytes {
            // Both sizes are stated twice; what both agree on is there, and the larger of two open ones is a promise.
            Some(bytes) if self.frames > 0 && bytes >= frames_bytes => Some(frames_bytes),
            None if self.frames > 0 && self.frames < u32::MAX => Some(frames_bytes),
            Some(bytes) if self.frames == 0 && bytes == 0 => Some(0),
            None | Some(_) if self.frames == 0 || self.frames == u32::MAX => sound.bytes,
            Some(bytes) => {
                let seconds =
                    |bytes: u64| bytes as f64 / (sample_bytes * u64::from(channels)) as f64 / f64::from(rate_hz);
                return Err(DecodeError::Truncated { promised_s: seconds(frames_bytes), found_s: seconds(bytes) });
            }
            None => None,
        };
        Ok(Layout { container: Container::Aiff, rate_hz, channels, encoding, bits, start: sound.start, promised_bytes })
    }
}

/// An 80-bit IEEE 754 extended number, rounded to whole hertz; `None` unless that is 1 or more and fits 32 bits.
fn rate_from_extended([sign, exponent, mantissa @ ..]: [u8; 10]) -> Option<u32> {
    let exponent = i32::from(u16::from_be_bytes([sign, exponent])) - 16_383;
    let mantissa = u64::from_be_bytes(mantissa);
    // A negative number has an exponent above 32 768 here, an infinite one 16 384.
    if !(-1..=31).contains(&exponent) {
        return None;
    }
    let rounded = ((mantissa >> (62 - exponent)) + 1) >> 1;
    u32::try_from(rounded).ok().filter(|rate_hz| *rate_hz > 0)
}

#[cfg(test)]
mod tests {
    use super::rate_from_extended;

    #[test]
    fn extended_rates_are_read_as_apple_wrote_them() {
        let extended = |exponent: u16, mantissa: u64| {
            let mut bytes = [0; 10];
            bytes[..2].copy_from_slice(&exponent.to_be_bytes());
            bytes[2..].copy_from_slice(&mantissa.to_be_bytes());
            rate_from_extended(bytes)
        };
        // 44 100 = 0xAC44, as in Apple's own example.
        assert_eq!(extended(0x400E, 0xAC44_0000_0000_0000), Some(44_100));
        assert_eq!(extended(0x4010, 0xBB80_0000_0000_0000), Some(192_000));
        assert_eq!(extended(0x3FFF, 1 << 63), Some(1));
        assert_eq!(extended(0x401E, 0xFFFF_FFFF_0000_0000), Some(u32::MAX));
        for (exponent, mantissa) in [(0, 0), (0x400E, 0), (0xC00E, 0xAC44 << 48), (0x7FFF, 1 << 63), (0x401F, 1 << 63)]
        {
            assert_eq!(extended(exponent, mantissa), None, "{exponent:#x} {mantissa:#x}");
        }
    }
}
