//! Plain samples: any integer from 8 to 64 bits and floats, either byte order, to planar `f32`.
//!
//! Each depth has a loop of its own, so that the compiler can unroll it: that is what makes reading as fast as copying.

use std::io::{self, SeekFrom};

use super::chunks::Order;
use super::{Blocks, Length, Source, Stream};
use crate::error::DecodeError;
use crate::format::{Codec, Container, SourceFormat};

/// Frames a block: its samples, packed and unpacked, stay in the second-level cache.
const BLOCK_FRAMES: usize = 16_384;

/// How one sample lies in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Offset binary, as WAV has it up to 8 bits.
    Unsigned8,
    /// Two's complement, left-justified in its bytes.
    Signed,
    /// IEEE 754.
    Float,
}

/// How the samples lie in the file; the header has been checked, so that any value of this type can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Encoding {
    kind: Kind,
    bytes: usize,
    big_endian: bool,
}

impl Encoding {
    /// `bytes` a sample: 1 to 8 for integers, 4 or 8 for floats; else `None`.
    pub(super) fn new(kind: Kind, bytes: u64, order: Order) -> Option<Self> {
        let fits = match kind {
            Kind::Unsigned8 => bytes == 1,
            Kind::Signed => (1..=8).contains(&bytes),
            Kind::Float => bytes == 4 || bytes == 8,
        };
        fits.then_some(Self { kind, bytes: bytes as usize, big_endian: order == Order::Big })
    }

    fn unpack(self, bytes: &[u8], out: &mut [Vec<f32>]) {
        const S8: f32 = 1.0 / 128.0;
        const S16: f32 = 1.0 / 32_768.0;
        const S32: f32 = 1.0 / 2_147_483_648.0;
        const S64: f32 = 1.0 / 9_223_372_036_854_775_808.0;
        let big = self.big_endian;
        match (self.kind, self.bytes) {
            (Kind::Unsigned8, _) => split(bytes, out, |[b]| f32::from(b.wrapping_sub(128).cast_signed()) * S8),
            (Kind::Signed, 1) => split(bytes, out, |[b]| f32::from(b.cast_signed()) * S8),
            (Kind::Signed, 2) if big => {
                split(bytes, out, |b| f32::from(i16::from_be_bytes(b)) * S16);
            }
            (Kind::Signed, 2) => split(bytes, out, |b| f32::from(i16::from_le_bytes(b)) * S16),
            (Kind::Signed, 3) if big => split(bytes, out, |[h, m, l]| i32::from_le_bytes([0, l, m, h]) as f32 * S32),
            (Kind::Signed, 3) => split(bytes, out, |[l, m, h]| i32::from_le_bytes([0, l, m, h]) as f32 * S32),
            (Kind::Signed, 4) if big => split(bytes, out, |b| i32::from_be_bytes(b) as f32 * S32),
            (Kind::Signed, 4) => split(bytes, out, |b| i32::from_le_bytes(b) as f32 * S32),
            (Kind::Signed, 5) => split(bytes, out, |b: [u8; 5]| wide(b, big) as f32 * S64),
            (Kind::Signed, 6) => split(bytes, out, |b: [u8; 6]| wide(b, big) as f32 * S64),
            (Kind::Signed, 7) => split(bytes, out, |b: [u8; 7]| wide(b, big) as f32 * S64),
            (Kind::Signed, _) => split(bytes, out, |b: [u8; 8]| wide(b, big) as f32 * S64),
            (Kind::Float, 4) if big => split(bytes, out, f32::from_be_bytes),
            (Kind::Float, 4) => split(bytes, out, f32::from_le_bytes),
            (Kind::Float, _) if big => split(bytes, out, |b| f64::from_be_bytes(b) as f32),
            (Kind::Float, _) => split(bytes, out, |b| f64::from_le_bytes(b) as f32),
        }
    }
}

/// Left-justifies up to 8 bytes in 64 bits.
fn wide<const N: usize>(bytes: [u8; N], big_endian: bool) -> i64 {
    let mut value = [0; 8];
    for (i, byte) in bytes.iter().enumerate() {
        value[if big_endian { 7 - i } else { 8 - N + i }] = *byte;
    }
    i64::from_le_bytes(value)
}

/// Interleaved samples of `N` bytes to one `Vec` a channel.
fn split<const N: usize>(bytes: &[u8], out: &mut [Vec<f32>], convert: impl Fn([u8; N]) -> f32) {
    let (samples, _) = bytes.as_chunks::<N>();
    match out {
        [mono] => mono.extend(samples.iter().map(|sample| convert(*sample))),
        [left, right] => {
            let (frames, _) = samples.as_chunks::<2>();
            left.extend(frames.iter().map(|frame| convert(frame[0])));
            right.extend(frames.iter().map(|frame| convert(frame[1])));
        }
        _ => unreachable!("`Reader` refuses other numbers of channels before it asks for a block"),
    }
}

/// What the header of a WAV or AIFF file comes down to.
pub(super) struct Layout {
    pub(super) container: Container,
    pub(super) rate_hz: u32,
    pub(super) channels: u32,
    pub(super) encoding: Encoding,
    /// Significant bits a sample, for the report.
    pub(super) bits: u32,
    /// Where the samples start, bytes from the start of the file.
    pub(super) start: u64,
    /// Bytes of samples that the header promises; `None` when a streaming writer left the length open.
    pub(super) promised_bytes: Option<u64>,
}

impl Layout {
    /// The samples of the file; a promise that the file cannot keep is refused here.
    pub(super) fn open(self, mut source: Box<dyn Source>, file_bytes: u64) -> Result<Stream, DecodeError> {
        let frame_bytes = self.encoding.bytes as u64 * u64::from(self.channels.max(1));
        let there = file_bytes.saturating_sub(self.start);
        let promised = self.promised_bytes.unwrap_or(there);
        if promised > there {
            let seconds = |bytes: u64| bytes as f64 / (frame_bytes as f64 * f64::from(self.rate_hz.max(1)));
            return Err(DecodeError::Truncated { promised_s: seconds(promised), found_s: seconds(there) });
        }
        let frames = promised / frame_bytes;
        source.seek(SeekFrom::Start(self.start))?;
        Ok(Stream {
            format: SourceFormat {
                container: self.container,
                codec: Codec::Pcm,
                bits: Some(self.bits),
                float: self.encoding.kind == Kind::Float,
            },
            rate_hz: self.rate_hz,
            channels: self.channels,
            length: Length::Exact(frames),
            blocks: Box::new(Pcm {
                source,
                encoding: self.encoding,
                frame_bytes: frame_bytes as usize,
                frames_left: frames,
                packed: Vec::new(),
            }),
        })
    }
}

struct Pcm {
    source: Box<dyn Source>,
    encoding: Encoding,
    frame_bytes: usize,
    frames_left: u64,
    packed: Vec<u8>,
}

impl Blocks for Pcm {
    fn next(&mut self, out: &mut [Vec<f32>]) -> Result<bool, DecodeError> {
        let frames = self.frames_left.min(BLOCK_FRAMES as u64);
        if frames == 0 {
            return Ok(false);
        }
        self.packed.resize(frames as usize * self.frame_bytes, 0);
        let read = read_full(&mut self.source, &mut self.packed)?;
        self.encoding.unpack(&self.packed[..read - read % self.frame_bytes], out);
        // A file that shrinks while it is read ends early; the reader notices what is missing.
        self.frames_left = if read < self.packed.len() { 0 } else { self.frames_left - frames };
        Ok(true)
    }
}

fn read_full(source: &mut dyn Source, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
