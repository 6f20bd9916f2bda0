//! Writes WAV, and RF64 (EBU Tech 3306) where 32 bits cannot hold the size.
//!
//! 16 and 24 bit carry the plain PCM format tag: for one or two channels `WAVE_FORMAT_EXTENSIBLE` would add no fact,
//! and club players and older samplers refuse it. Float carries the plain float tag, with the `fact` chunk that it asks
//! for. Tags follow the samples: a RIFF INFO list for what reads only that, and an `id3 ` chunk with everything.

use std::io::{Seek, Write};
use std::ops::Range;

use super::{OutputSpec, SampleFormat};
use crate::error::EncodeError;
use crate::tags::Tags;

const BLOCK_FRAMES: usize = 8192;

pub(super) struct WavWriter<W> {
    writer: W,
    sample: SampleFormat,
    /// What follows the samples, padding included.
    tail: Vec<u8>,
    packed: Vec<u8>,
}

impl<W: Write + Seek> WavWriter<W> {
    pub(super) fn create(mut writer: W, spec: OutputSpec, tags: &Tags) -> Result<Self, EncodeError> {
        let data_bytes = spec.frames * (u64::from(spec.sample.bits()) / 8) * spec.channels as u64;
        let mut tail = vec![0; (data_bytes % 2) as usize];
        write_tags(&mut tail, tags);
        writer.write_all(&header(spec, data_bytes, tail.len() as u64))?;
        Ok(Self { writer, sample: spec.sample, tail, packed: Vec::new() })
    }

    pub(super) fn write_f32(&mut self, block: &[&[f32]]) -> Result<(), EncodeError> {
        self.write(block, pack_f32)
    }

    pub(super) fn write_ints(&mut self, block: &[&[i32]]) -> Result<(), EncodeError> {
        self.write(block, if self.sample == SampleFormat::Int16 { pack_i16 } else { pack_i24 })
    }

    fn write<T>(&mut self, block: &[&[T]], pack: Pack<T>) -> Result<(), EncodeError> {
        let frames = block[0].len();
        for start in (0..frames).step_by(BLOCK_FRAMES) {
            pack(block, start..frames.min(start + BLOCK_FRAMES), &mut self.packed);
            self.writer.write_all(&self.packed)?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<W, EncodeError> {
        self.writer.write_all(&self.tail)?;
        self.writer.flush()?;
        Ok(self.writer)
    }
}

/// Packs a range of frames, in place of what the buffer held. The functions are not generic, so that they are compiled
/// here, as hot as they are, and not in the caller's crate.
type Pack<T> = fn(&[&[T]], Range<usize>, &mut Vec<u8>);

fn pack_f32(block: &[&[f32]], frames: Range<usize>, packed: &mut Vec<u8>) {
    interleave(block, frames, packed, f32::to_le_bytes);
}

fn pack_i16(block: &[&[i32]], frames: Range<usize>, packed: &mut Vec<u8>) {
    interleave(block, frames, packed, |sample| (sample as i16).to_le_bytes());
}

fn pack_i24(block: &[&[i32]], frames: Range<usize>, packed: &mut Vec<u8>) {
    interleave(block, frames, packed, |sample| {
        let [low, middle, high, _] = sample.to_le_bytes();
        [low, middle, high]
    });
}

fn interleave<T: Copy, const N: usize>(
    block: &[&[T]],
    frames: Range<usize>,
    packed: &mut Vec<u8>,
    bytes_of: impl Fn(T) -> [u8; N],
) {
    packed.resize(frames.len() * N * block.len(), 0);
    let (places, _) = packed.as_chunks_mut::<N>();
    match block {
        [left, right] => {
            let samples = left[frames.clone()].iter().zip(&right[frames]);
            for (place, (left, right)) in places.as_chunks_mut::<2>().0.iter_mut().zip(samples) {
                *place = [bytes_of(*left), bytes_of(*right)];
            }
        }
        _ => {
            for (place, sample) in places.iter_mut().zip(&block[0][frames]) {
                *place = bytes_of(*sample);
            }
        }
    }
}

/// Everything before the samples.
fn header(spec: OutputSpec, data_bytes: u64, tail_bytes: u64) -> Vec<u8> {
    let sample_bytes = spec.sample.bits() / 8;
    let frame_bytes = sample_bytes * spec.channels as u32;
    let float = spec.sample == SampleFormat::Float32;

    let mut format = Vec::with_capacity(18);
    format.extend(if float { 3u16 } else { 1 }.to_le_bytes());
    format.extend((spec.channels as u16).to_le_bytes());
    format.extend(spec.rate_hz.to_le_bytes());
    format.extend(spec.rate_hz.saturating_mul(frame_bytes).to_le_bytes());
    format.extend((frame_bytes as u16).to_le_bytes());
    format.extend((spec.sample.bits() as u16).to_le_bytes());
    if float {
        format.extend(0u16.to_le_bytes());
    }

    let mut chunks = Vec::new();
    push_chunk(&mut chunks, *b"fmt ", &format);
    if float {
        push_chunk(&mut chunks, *b"fact", &u32::try_from(spec.frames).unwrap_or(u32::MAX).to_le_bytes());
    }

    let riff_bytes = 4 + chunks.len() as u64 + 8 + data_bytes + tail_bytes;
    let mut header = Vec::new();
    if let (Ok(riff_bytes), Ok(data_bytes)) = (u32::try_from(riff_bytes), u32::try_from(data_bytes)) {
        header.extend(b"RIFF");
        header.extend(riff_bytes.to_le_bytes());
        header.extend(b"WAVE");
        header.extend(chunks);
        header.extend(b"data");
        header.extend(data_bytes.to_le_bytes());
    } else {
        const DS64_BYTES: u64 = 28;
        let mut ds64 = Vec::new();
        ds64.extend((riff_bytes + 8 + DS64_BYTES).to_le_bytes());
        ds64.extend(data_bytes.to_le_bytes());
        ds64.extend(spec.frames.to_le_bytes());
        ds64.extend(0u32.to_le_bytes());
        header.extend(b"RF64");
        header.extend(u32::MAX.to_le_bytes());
        header.extend(b"WAVE");
        push_chunk(&mut header, *b"ds64", &ds64);
        header.extend(chunks);
        header.extend(b"data");
        header.extend(u32::MAX.to_le_bytes());
    }
    header
}

fn push_chunk(out: &mut Vec<u8>, id: [u8; 4], content: &[u8]) {
    out.extend(id);
    out.extend((content.len() as u32).to_le_bytes());
    out.extend(content);
    out.extend(&[0][..content.len() % 2]);
}

/// The INFO list and the ID3 chunk; nothing when there is nothing to say.
fn write_tags(out: &mut Vec<u8>, tags: &Tags) {
    let mut info = b"INFO".to_vec();
    for (field, text) in tags.iter() {
        if let Some(id) = field.info_id() {
            // The text ends with a zero byte, which its size counts.
            let mut text = text.as_bytes().to_vec();
            text.push(0);
            push_chunk(&mut info, *id, &text);
        }
    }
    if info.len() > 4 {
        push_chunk(out, *b"LIST", &info);
    }
    if let Some(id3) = tags.to_id3v2() {
        push_chunk(out, *b"id3 ", &id3);
    }
}
