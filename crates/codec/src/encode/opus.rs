//! Writes Opus in Ogg (RFC 7845) with libopus.
//!
//! The length is exact: the header says how much the codec is late by, and the last page where the music ends.

use std::io::{BufWriter, Seek, Write};

use ::ogg::{PacketWriteEndInfo, PacketWriter};
use ::opus::{Application, Bitrate, Channels, Encoder, Signal};

use super::OutputSpec;
use super::comments;
use crate::error::EncodeError;
use crate::lossy::Lossy;
use crate::tags::Tags;

/// The one rate of Opus, Hz.
pub(super) const RATE_HZ: u32 = 48_000;
/// 20 ms, for which libopus is tuned.
const FRAME: usize = 960;
/// Largest packet of that length that libopus makes (RFC 6716, section 3.4), bytes.
const MOST_PACKET_BYTES: usize = 1275 + 7;
/// A page a second, as players seek by pages (RFC 7845, section 3).
const PACKETS_A_PAGE: u64 = 50;
/// The same in every run: the same master gives the same bits.
const SERIAL: u32 = 0x4241_4C4D;

pub(super) struct OpusWriter<W: Write> {
    pages: PacketWriter<'static, BufWriter<W>>,
    encoder: Encoder,
    channels: usize,
    frames: u64,
    late: u64,
    /// Interleaved samples that do not fill a packet yet.
    waiting: Vec<f32>,
    /// The packet before is held back: only the last one may end the stream.
    held: Option<Vec<u8>>,
    packets: u64,
}

impl<W: Write + Seek> OpusWriter<W> {
    pub(super) fn create(writer: W, spec: OutputSpec, lossy: Lossy, tags: &Tags) -> Result<Self, EncodeError> {
        let layout = if spec.channels == 1 { Channels::Mono } else { Channels::Stereo };
        let mut encoder = Encoder::new(RATE_HZ, layout, Application::Audio).map_err(failed)?;
        encoder.set_bitrate(Bitrate::Bits(lossy.kbps() as i32 * 1000)).map_err(failed)?;
        encoder.set_complexity(10).map_err(failed)?;
        encoder.set_signal(Signal::Music).map_err(failed)?;
        let late = encoder.get_lookahead().map_err(failed)?.max(0) as u64;
        let mut pages = PacketWriter::new(BufWriter::new(writer));
        let pairs = comments::pairs_with_cover(tags);
        let mut tags = b"OpusTags".to_vec();
        tags.extend(comments::block(::opus::version(), pairs.iter().map(|(name, text)| (*name, text.as_str()))));
        pages.write_packet(head(spec.channels, late as u16), SERIAL, PacketWriteEndInfo::EndPage, 0)?;
        pages.write_packet(tags, SERIAL, PacketWriteEndInfo::EndPage, 0)?;
        let waiting = Vec::with_capacity(FRAME * spec.channels);
        Ok(Self { pages, encoder, channels: spec.channels, frames: spec.frames, late, waiting, held: None, packets: 0 })
    }

    pub(super) fn write_f32(&mut self, block: &[&[f32]]) -> Result<(), EncodeError> {
        for frame in 0..block[0].len() {
            self.waiting.extend(block.iter().map(|channel| channel[frame]));
            if self.waiting.len() == FRAME * self.channels {
                self.encode()?;
            }
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<W, EncodeError> {
        // The codec is late: silence pushes the last samples out.
        while self.packets * (FRAME as u64) < self.frames + self.late {
            self.waiting.resize(FRAME * self.channels, 0.0);
            self.encode()?;
        }
        if let Some(last) = self.held.take() {
            self.pages.write_packet(last, SERIAL, PacketWriteEndInfo::EndStream, self.frames + self.late)?;
        }
        let mut writer = self.pages.into_inner().into_inner().map_err(std::io::IntoInnerError::into_error)?;
        writer.flush()?;
        Ok(writer)
    }

    /// Encodes the packet that is waiting, and writes the one before it.
    fn encode(&mut self) -> Result<(), EncodeError> {
        let packet = self.encoder.encode_vec_float(&self.waiting, MOST_PACKET_BYTES).map_err(failed)?;
        self.waiting.clear();
        if let Some(before) = self.held.replace(packet) {
            let end = if self.packets.is_multiple_of(PACKETS_A_PAGE) {
                PacketWriteEndInfo::EndPage
            } else {
                PacketWriteEndInfo::NormalPacket
            };
            self.pages.write_packet(before, SERIAL, end, self.packets * FRAME as u64)?;
        }
        self.packets += 1;
        Ok(())
    }
}

/// The identification header (RFC 7845, section 5.1).
fn head(channels: usize, late: u16) -> Vec<u8> {
    let mut head = b"OpusHead".to_vec();
    head.extend([1, channels as u8]);
    head.extend(late.to_le_bytes());
    head.extend(RATE_HZ.to_le_bytes());
    // No gain, one stream of one or two channels.
    head.extend([0, 0, 0]);
    head
}

#[expect(clippy::needless_pass_by_value, reason = "handed to map_err")]
fn failed(error: ::opus::Error) -> EncodeError {
    EncodeError::Library { format: "Opus", problem: error.to_string() }
}
