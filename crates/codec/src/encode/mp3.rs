//! Writes MP3 with LAME, at a constant bitrate and with LAME's tag, which makes it gapless.

use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::num::NonZeroU32;

use mp3lame_encoder::{
    Bitrate, Builder, DualPcm, Encoder, FlushGap, Mode, MonoPcm, Quality, VbrMode, max_required_buffer_size,
};

use super::{OutputSpec, lame_gain};
use crate::error::EncodeError;
use crate::lossy::Lossy;
use crate::tags::Tags;

const BLOCK_FRAMES: usize = 4608;

pub(super) struct Mp3Writer<W: Write + Seek> {
    writer: BufWriter<W>,
    /// Where LAME's own tag goes: after the ID3 tag.
    start: u64,
    lame: Encoder,
    gain: f32,
    fed: Vec<Vec<f32>>,
    packed: Vec<u8>,
}

impl<W: Write + Seek> Mp3Writer<W> {
    pub(super) fn create(writer: W, spec: OutputSpec, lossy: Lossy, tags: &Tags) -> Result<Self, EncodeError> {
        let mut writer = BufWriter::new(writer);
        if let Some(id3) = tags.to_id3v2() {
            writer.write_all(&id3)?;
        }
        let start = writer.stream_position()?;
        let mut lame = Builder::new().ok_or_else(|| failed("out of memory"))?;
        let mode = if spec.channels == 1 { Mode::Mono } else { Mode::JointStereo };
        lame.set_num_channels(spec.channels as u8).map_err(failed)?;
        lame.set_sample_rate(spec.rate_hz).map_err(failed)?;
        // At low bitrates it would halve the rate by itself.
        lame.set_output_sample_rate(NonZeroU32::new(spec.rate_hz)).map_err(failed)?;
        lame.set_mode(mode).map_err(failed)?;
        lame.set_vbr_mode(VbrMode::Off).map_err(failed)?;
        lame.set_brate(bitrate(lossy.kbps())).map_err(failed)?;
        // Five costs half of what two does and is as good to within what meters show.
        lame.set_quality(Quality::NearBest).map_err(failed)?;
        lame.set_to_write_vbr_tag(true).map_err(failed)?;
        let (lame, gain) = (lame.build().map_err(failed)?, lame_gain(lossy.kbps()));
        Ok(Self { writer, start, lame, gain, fed: vec![Vec::new(); spec.channels], packed: Vec::new() })
    }

    pub(super) fn write_f32(&mut self, block: &[&[f32]]) -> Result<(), EncodeError> {
        let frames = block[0].len();
        for start in (0..frames).step_by(BLOCK_FRAMES) {
            let range = start..frames.min(start + BLOCK_FRAMES);
            for (fed, channel) in self.fed.iter_mut().zip(block) {
                fed.clear();
                fed.extend(channel[range.clone()].iter().map(|x| x * self.gain));
            }
            self.packed.clear();
            self.packed.reserve(max_required_buffer_size(range.len()));
            match &self.fed[..] {
                [left, right] => self.lame.encode_to_vec(DualPcm { left, right }, &mut self.packed).map_err(failed)?,
                channels => self.lame.encode_to_vec(MonoPcm(&channels[0]), &mut self.packed).map_err(failed)?,
            };
            self.writer.write_all(&self.packed)?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<W, EncodeError> {
        self.packed.clear();
        self.packed.reserve(max_required_buffer_size(0));
        self.lame.flush_to_vec::<FlushGap>(&mut self.packed).map_err(failed)?;
        self.writer.write_all(&self.packed)?;
        // LAME left an empty frame at the start for what it knows only now: length, delay, padding.
        let mut tag = Vec::with_capacity(self.lame.lame_tag_size());
        self.lame.lame_tag_encode_to_vec(&mut tag);
        self.writer.seek(SeekFrom::Start(self.start))?;
        self.writer.write_all(&tag)?;
        self.writer.seek(SeekFrom::End(0))?;
        let mut writer = self.writer.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        writer.flush()?;
        Ok(writer)
    }
}

fn bitrate(kbps: u32) -> Bitrate {
    match kbps {
        ..=64 => Bitrate::Kbps64,
        ..=80 => Bitrate::Kbps80,
        ..=96 => Bitrate::Kbps96,
        ..=112 => Bitrate::Kbps112,
        ..=128 => Bitrate::Kbps128,
        ..=160 => Bitrate::Kbps160,
        ..=192 => Bitrate::Kbps192,
        ..=224 => Bitrate::Kbps224,
        ..=256 => Bitrate::Kbps256,
        _ => Bitrate::Kbps320,
    }
}

fn failed(error: impl std::fmt::Display) -> EncodeError {
    EncodeError::Library { format: "MP3", problem: error.to_string() }
}
