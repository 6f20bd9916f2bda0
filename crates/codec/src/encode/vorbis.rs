//! Writes Vorbis in Ogg with libvorbis (the aoTuV tuning).

use std::io::{BufWriter, Seek, Write};
use std::num::{NonZeroU8, NonZeroU32};

use vorbis_rs::{VorbisBitrateManagementStrategy, VorbisEncoder, VorbisEncoderBuilder, VorbisError};

use super::OutputSpec;
use super::comments;
use crate::error::EncodeError;
use crate::lossy::Lossy;
use crate::tags::Tags;

/// What libvorbis works with best; it copies whole blocks.
const BLOCK_FRAMES: usize = 1024;
/// The same in every run: the same master gives the same bits.
const SERIAL: i32 = 0x4241_4C4D;
/// One channel can hold no more, kbit/s.
const MOST_MONO_KBPS: u32 = 240;

pub(super) struct VorbisWriter<W: Write> {
    encoder: VorbisEncoder<BufWriter<W>>,
}

impl<W: Write + Seek> VorbisWriter<W> {
    pub(super) fn create(writer: W, spec: OutputSpec, lossy: Lossy, tags: &Tags) -> Result<Self, EncodeError> {
        let kbps = if spec.channels == 1 { lossy.kbps().min(MOST_MONO_KBPS) } else { lossy.kbps() };
        let some = |value: u32| NonZeroU32::new(value).ok_or(EncodeError::Block { expected: "a rate and a bitrate" });
        let channels = NonZeroU8::new(spec.channels as u8).ok_or(EncodeError::Block { expected: "channels" })?;
        let mut builder =
            VorbisEncoderBuilder::new_with_serial(some(spec.rate_hz)?, channels, BufWriter::new(writer), SERIAL);
        builder
            .bitrate_management_strategy(VorbisBitrateManagementStrategy::Vbr { target_bitrate: some(kbps * 1000)? });
        builder.comment_tags(comments::pairs_with_cover(tags)).map_err(failed)?;
        Ok(Self { encoder: builder.build().map_err(failed)? })
    }

    pub(super) fn write_f32(&mut self, block: &[&[f32]]) -> Result<(), EncodeError> {
        let frames = block[0].len();
        for start in (0..frames).step_by(BLOCK_FRAMES) {
            let range = start..frames.min(start + BLOCK_FRAMES);
            let part: Vec<&[f32]> = block.iter().map(|channel| &channel[range.clone()]).collect();
            self.encoder.encode_audio_block(part).map_err(failed)?;
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<W, EncodeError> {
        let pages = self.encoder.finish().map_err(failed)?;
        let mut writer = pages.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        writer.flush()?;
        Ok(writer)
    }
}

fn failed(error: VorbisError) -> EncodeError {
    match error {
        VorbisError::Io(error) => EncodeError::Io(error),
        other => EncodeError::Library { format: "Vorbis", problem: other.to_string() },
    }
}
