//! Writes FLAC (RFC 9639) with libFLAC at level 5: metadata is laid out here, frames come from `flac_sys`.
//!
//! Level 5 is the reference encoder's own default; the levels above buy less than one per cent.

use std::io::{Seek, SeekFrom, Write};

use super::OutputSpec;
use super::comments;
use super::flac_sys::{RawEncoder, StreamInfo};
use crate::error::EncodeError;
use crate::tags::Tags;

/// Highest rate that a frame header can say, Hz.
pub(super) const HIGHEST_RATE_HZ: u32 = 655_350;

const LEVEL: u32 = 5;
/// Room for an editor of tags to work in without rewriting the file.
const PADDING_BYTES: usize = 4096;
const BLOCK_FRAMES: usize = 16_384;
/// Where STREAMINFO's content starts: after "fLaC" and the block's header.
const STREAM_INFO_AT: u64 = 8;

const STREAM_INFO: u8 = 0;
const PADDING: u8 = 1;
const VORBIS_COMMENT: u8 = 4;
const PICTURE: u8 = 6;
const LAST: u8 = 0x80;

pub(super) struct FlacWriter<W> {
    writer: W,
    start: u64,
    spec: OutputSpec,
    raw: RawEncoder,
    ready: Vec<u8>,
}

impl<W: Write + Seek> FlacWriter<W> {
    pub(super) fn create(mut writer: W, spec: OutputSpec, tags: &Tags) -> Result<Self, EncodeError> {
        let raw = RawEncoder::new(spec.channels, spec.sample.bits(), spec.rate_hz, spec.frames, LEVEL)
            .map_err(EncodeError::Flac)?;
        let start = writer.stream_position()?;
        let mut head = b"fLaC".to_vec();
        push_block(&mut head, STREAM_INFO, &[0; 34]);
        push_block(&mut head, VORBIS_COMMENT, &comments::block("libFLAC", comments::pairs(tags)));
        if let Some(picture) = tags.cover.as_ref().map(crate::tags::Cover::to_flac_picture) {
            push_block(&mut head, PICTURE, &picture);
        }
        push_block(&mut head, PADDING | LAST, &[0; PADDING_BYTES]);
        writer.write_all(&head)?;
        Ok(Self { writer, start, spec, raw, ready: Vec::new() })
    }

    pub(super) fn write_ints(&mut self, block: &[&[i32]]) -> Result<(), EncodeError> {
        let frames = block[0].len();
        for start in (0..frames).step_by(BLOCK_FRAMES) {
            let range = start..frames.min(start + BLOCK_FRAMES);
            let part: Vec<&[i32]> = block.iter().map(|channel| &channel[range.clone()]).collect();
            self.raw.process(&part).map_err(EncodeError::Flac)?;
            self.write_ready()?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<W, EncodeError> {
        let info = self.raw.finish().map_err(EncodeError::Flac)?;
        self.write_ready()?;
        let end = self.writer.stream_position()?;
        self.writer.seek(SeekFrom::Start(self.start + STREAM_INFO_AT))?;
        self.writer.write_all(&stream_info(self.spec, &info))?;
        self.writer.seek(SeekFrom::Start(end))?;
        self.writer.flush()?;
        Ok(self.writer)
    }

    fn write_ready(&mut self) -> Result<(), EncodeError> {
        self.raw.take(&mut self.ready);
        self.writer.write_all(&self.ready)?;
        Ok(())
    }
}

fn push_block(out: &mut Vec<u8>, kind: u8, content: &[u8]) {
    let [_, size @ ..] = (content.len() as u32).to_be_bytes();
    out.push(kind);
    out.extend(size);
    out.extend(content);
}

/// RFC 9639, section 8.2.
fn stream_info(spec: OutputSpec, info: &StreamInfo) -> Vec<u8> {
    let mut out = Vec::with_capacity(34);
    out.extend((info.min_block_frames as u16).to_be_bytes());
    out.extend((info.max_block_frames as u16).to_be_bytes());
    out.extend(&info.min_frame_bytes.to_be_bytes()[1..]);
    out.extend(&info.max_frame_bytes.to_be_bytes()[1..]);
    // 20 bits of rate, 3 of channels - 1, 5 of depth - 1, 36 of length; a length beyond these is said as unknown.
    let frames = if spec.frames < 1 << 36 { spec.frames } else { 0 };
    let packed = u64::from(spec.rate_hz) << 44
        | (spec.channels as u64 - 1) << 41
        | u64::from(spec.sample.bits() - 1) << 36
        | frames;
    out.extend(packed.to_be_bytes());
    out.extend(info.md5);
    out
}
