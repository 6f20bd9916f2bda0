//! Writes AIFF, and AIFF-C with `fl32` for floats (Apple, Audio Interchange File Format 1.3 and AIFF-C, 1991).
//!
//! Tags stand before the samples, because some readers stop there: the text chunks that AIFF has, and an `ID3 ` chunk
//! with everything. Sizes are 32 bits; what is larger is refused.

use std::io::{Seek, Write};

use super::{OutputSpec, SampleFormat};
use crate::error::EncodeError;
use crate::tags::{Field, Tags};

const BLOCK_FRAMES: usize = 8192;
/// AIFF-C, version 1 (its only one).
const AIFC_VERSION: u32 = 0xA280_5140;

pub(super) struct AiffWriter<W> {
    writer: W,
    sample: SampleFormat,
    padding: usize,
    packed: Vec<u8>,
}

impl<W: Write + Seek> AiffWriter<W> {
    pub(super) fn create(mut writer: W, spec: OutputSpec, tags: &Tags) -> Result<Self, EncodeError> {
        let data_bytes = spec.frames * (u64::from(spec.sample.bits()) / 8) * spec.channels as u64;
        writer.write_all(&header(spec, data_bytes, tags)?)?;
        Ok(Self { writer, sample: spec.sample, padding: (data_bytes % 2) as usize, packed: Vec::new() })
    }

    pub(super) fn write_f32(&mut self, block: &[&[f32]]) -> Result<(), EncodeError> {
        self.write(block, |sample, packed| packed.extend(sample.to_be_bytes()))
    }

    pub(super) fn write_ints(&mut self, block: &[&[i32]]) -> Result<(), EncodeError> {
        if self.sample == SampleFormat::Int16 {
            self.write(block, |sample, packed| packed.extend((sample as i16).to_be_bytes()))
        } else {
            self.write(block, |sample, packed| packed.extend(&sample.to_be_bytes()[1..]))
        }
    }

    fn write<T: Copy>(&mut self, block: &[&[T]], pack: impl Fn(T, &mut Vec<u8>)) -> Result<(), EncodeError> {
        let frames = block[0].len();
        for start in (0..frames).step_by(BLOCK_FRAMES) {
            self.packed.clear();
            for frame in start..frames.min(start + BLOCK_FRAMES) {
                for channel in block {
                    pack(channel[frame], &mut self.packed);
                }
            }
            self.writer.write_all(&self.packed)?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<W, EncodeError> {
        self.writer.write_all(&[0][..self.padding])?;
        self.writer.flush()?;
        Ok(self.writer)
    }
}

/// Everything before the samples.
fn header(spec: OutputSpec, data_bytes: u64, tags: &Tags) -> Result<Vec<u8>, EncodeError> {
    let float = spec.sample == SampleFormat::Float32;
    let mut chunks = Vec::new();
    if float {
        push_chunk(&mut chunks, *b"FVER", &AIFC_VERSION.to_be_bytes());
    }
    let frames = u32::try_from(spec.frames).unwrap_or(u32::MAX);
    let mut common = Vec::with_capacity(24);
    common.extend((spec.channels as u16).to_be_bytes());
    common.extend(frames.to_be_bytes());
    common.extend((spec.sample.bits() as u16).to_be_bytes());
    common.extend(extended(spec.rate_hz));
    if float {
        common.extend(b"fl32");
        // The name as a Pascal string of even length.
        common.extend(b"\x0c32-bit float\0");
    }
    push_chunk(&mut chunks, *b"COMM", &common);
    for (id, field) in
        [(*b"NAME", Field::Title), (*b"AUTH", Field::Artist), (*b"(c) ", Field::Copyright), (*b"ANNO", Field::Comment)]
    {
        if let Some(text) = tags.get(field) {
            push_chunk(&mut chunks, id, text.as_bytes());
        }
    }
    if let Some(id3) = tags.to_id3v2() {
        push_chunk(&mut chunks, *b"ID3 ", &id3);
    }

    let form_bytes = 4 + chunks.len() as u64 + 16 + data_bytes + data_bytes % 2;
    let (Ok(form_bytes), Ok(sound_bytes)) = (u32::try_from(form_bytes), u32::try_from(8 + data_bytes)) else {
        return Err(EncodeError::TooLarge { format: "AIFF", bytes: data_bytes });
    };
    let mut header = b"FORM".to_vec();
    header.extend(form_bytes.to_be_bytes());
    header.extend(if float { b"AIFC" } else { b"AIFF" });
    header.extend(chunks);
    header.extend(b"SSND");
    header.extend(sound_bytes.to_be_bytes());
    // Offset and block size, for alignment that nobody uses.
    header.extend([0; 8]);
    Ok(header)
}

fn push_chunk(out: &mut Vec<u8>, id: [u8; 4], content: &[u8]) {
    out.extend(id);
    out.extend((content.len() as u32).to_be_bytes());
    out.extend(content);
    out.extend(&[0][..content.len() % 2]);
}

/// A rate of 1 Hz or more as an 80-bit IEEE 754 number.
fn extended(rate_hz: u32) -> [u8; 10] {
    let shift = u64::from(rate_hz).leading_zeros();
    let mut bytes = [0; 10];
    bytes[..2].copy_from_slice(&((16_383 + 63 - shift) as u16).to_be_bytes());
    bytes[2..].copy_from_slice(&(u64::from(rate_hz) << shift).to_be_bytes());
    bytes
}
