//! From planar samples to a file, block by block.

mod aiff;
mod comments;
mod ffmpeg;
mod flac;
mod flac_sys;
#[cfg(feature = "mp3")]
mod mp3;
mod opus;
mod vorbis;
mod wav;

use std::io::{Seek, Write};

use crate::error::EncodeError;
use crate::lossy::{Lossy, LossyCodec};
use crate::tags::Tags;

/// File formats that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutputFormat {
    /// RIFF WAVE; RF64 when it would not fit 4 GiB.
    Wav,
    /// AIFF; AIFF-C for floats.
    Aiff,
    /// FLAC, level 5.
    Flac,
    /// A lossy codec in the container that is usual for it.
    Lossy(Lossy),
}

impl OutputFormat {
    /// The name that users know.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wav => "WAV",
            Self::Aiff => "AIFF",
            Self::Flac => "FLAC",
            Self::Lossy(lossy) => lossy.codec().name(),
        }
    }
}

/// Whether a codec can be written on this machine; the error says what to do. AAC, and MP3 without the feature `mp3`,
/// need an FFmpeg on the path.
pub fn can_encode(codec: LossyCodec) -> Result<(), EncodeError> {
    match codec {
        LossyCodec::Opus | LossyCodec::Vorbis => Ok(()),
        LossyCodec::Mp3 if cfg!(feature = "mp3") => Ok(()),
        LossyCodec::Mp3 | LossyCodec::Aac => ffmpeg::available(codec),
    }
}

/// Kinds of samples that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SampleFormat {
    /// Signed integers of 16 bits.
    Int16,
    /// Signed integers of 24 bits.
    Int24,
    /// IEEE floats of 32 bits: for WAV and AIFF, and what lossy codecs are fed with.
    Float32,
}

impl SampleFormat {
    /// Bits a sample.
    pub fn bits(self) -> u32 {
        match self {
            Self::Int16 => 16,
            Self::Int24 => 24,
            Self::Float32 => 32,
        }
    }
}

/// What is to be written, down to its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputSpec {
    /// File format.
    pub format: OutputFormat,
    /// Kind of samples.
    pub sample: SampleFormat,
    /// Sample rate, Hz: any but 0 for WAV and AIFF, up to 655 350 for FLAC, [`LossyCodec::rate_for`] for lossy ones.
    pub rate_hz: u32,
    /// One or two, and up to eight for FLAC.
    pub channels: usize,
    /// Length, frames. The header is written from it, so that the file is never seen with a wrong one.
    pub frames: u64,
}

/// Streams samples into a file.
///
/// ```
/// use codec::{Encoder, OutputFormat, OutputSpec, SampleFormat, Tags};
///
/// let spec = OutputSpec {
///     format: OutputFormat::Wav,
///     sample: SampleFormat::Int24,
///     rate_hz: 48_000,
///     channels: 2,
///     frames: 3,
/// };
/// let mut encoder = Encoder::create(std::io::Cursor::new(Vec::new()), spec, &Tags::default())?;
/// encoder.write_ints(&[&[0, 1, 2], &[0, -1, -2]])?;
/// let file = encoder.finish()?.into_inner();
/// assert_eq!(&file[..4], b"RIFF");
/// # Ok::<(), codec::EncodeError>(())
/// ```
pub struct Encoder<W: Write + Seek> {
    spec: OutputSpec,
    written: u64,
    sink: Sink<W>,
}

enum Sink<W: Write + Seek> {
    Wav(wav::WavWriter<W>),
    Aiff(aiff::AiffWriter<W>),
    Flac(flac::FlacWriter<W>),
    Opus(opus::OpusWriter<W>),
    Vorbis(Box<vorbis::VorbisWriter<W>>),
    #[cfg(feature = "mp3")]
    Mp3(mp3::Mp3Writer<W>),
    Ffmpeg(Box<ffmpeg::FfmpegWriter<W>>),
}

impl<W: Write + Seek> std::fmt::Debug for Encoder<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").field("spec", &self.spec).field("written", &self.written).finish_non_exhaustive()
    }
}

impl<W: Write + Seek> Encoder<W> {
    /// Checks the specification and writes the header. `writer` need not be buffered: blocks go out whole.
    pub fn create(writer: W, spec: OutputSpec, tags: &Tags) -> Result<Self, EncodeError> {
        let format = spec.format.name();
        // WAV and AIFF of more channels must say which loudspeakers they are for; nothing here knows.
        let (highest_hz, most_channels) = match spec.format {
            OutputFormat::Flac => (flac::HIGHEST_RATE_HZ, 8),
            _ => (u32::MAX, 2),
        };
        if !(1..=most_channels).contains(&spec.channels) {
            return Err(EncodeError::Channels { format, found: spec.channels, most: most_channels });
        }
        if !(1..=highest_hz).contains(&spec.rate_hz) {
            return Err(EncodeError::Rate { format, rate_hz: spec.rate_hz, highest_hz });
        }
        let sink = match (spec.format, spec.sample) {
            (OutputFormat::Wav, _) => Sink::Wav(wav::WavWriter::create(writer, spec, tags)?),
            (OutputFormat::Aiff, _) => Sink::Aiff(aiff::AiffWriter::create(writer, spec, tags)?),
            (OutputFormat::Flac, SampleFormat::Float32) => return Err(EncodeError::FloatInFlac),
            (OutputFormat::Flac, _) => Sink::Flac(flac::FlacWriter::create(writer, spec, tags)?),
            (OutputFormat::Lossy(lossy), SampleFormat::Float32) => Sink::lossy(writer, spec, lossy, tags)?,
            (OutputFormat::Lossy(_), _) => return Err(EncodeError::Block { expected: "floats" }),
        };
        Ok(Self { spec, written: 0, sink })
    }

    /// Writes floats, one slice a channel, as they are: above full scale too.
    pub fn write_f32(&mut self, block: &[&[f32]]) -> Result<(), EncodeError> {
        self.count(block)?;
        match &mut self.sink {
            Sink::Opus(opus) => opus.write_f32(block),
            Sink::Vorbis(vorbis) => vorbis.write_f32(block),
            #[cfg(feature = "mp3")]
            Sink::Mp3(mp3) => mp3.write_f32(block),
            Sink::Ffmpeg(ffmpeg) => ffmpeg.write_f32(block),
            Sink::Wav(wav) if self.spec.sample == SampleFormat::Float32 => wav.write_f32(block),
            Sink::Aiff(aiff) if self.spec.sample == SampleFormat::Float32 => aiff.write_f32(block),
            Sink::Wav(_) | Sink::Aiff(_) | Sink::Flac(_) => Err(EncodeError::Block { expected: "integers" }),
        }
    }

    /// Writes integers of the chosen depth, one slice a channel; a value beyond the depth is an error.
    pub fn write_ints(&mut self, block: &[&[i32]]) -> Result<(), EncodeError> {
        if self.spec.sample == SampleFormat::Float32 {
            return Err(EncodeError::Block { expected: "floats" });
        }
        let bits = self.spec.sample.bits();
        for channel in block {
            check_range(channel, bits)?;
        }
        self.count(block)?;
        match &mut self.sink {
            Sink::Wav(wav) => wav.write_ints(block),
            Sink::Aiff(aiff) => aiff.write_ints(block),
            Sink::Flac(flac) => flac.write_ints(block),
            _ => Err(EncodeError::Block { expected: "floats" }),
        }
    }

    /// Completes the file and gives back the writer, flushed.
    pub fn finish(self) -> Result<W, EncodeError> {
        if self.written != self.spec.frames {
            return Err(EncodeError::Length { expected: self.spec.frames, found: self.written });
        }
        match self.sink {
            Sink::Wav(wav) => wav.finish(),
            Sink::Aiff(aiff) => aiff.finish(),
            Sink::Flac(flac) => flac.finish(),
            Sink::Opus(opus) => opus.finish(),
            Sink::Vorbis(vorbis) => vorbis.finish(),
            #[cfg(feature = "mp3")]
            Sink::Mp3(mp3) => mp3.finish(),
            Sink::Ffmpeg(ffmpeg) => ffmpeg.finish(),
        }
    }

    fn count<T>(&mut self, block: &[&[T]]) -> Result<(), EncodeError> {
        if block.len() != self.spec.channels {
            return Err(EncodeError::Block { expected: "as many channels as were announced" });
        }
        if block.iter().any(|channel| channel.len() != block[0].len()) {
            return Err(EncodeError::Block { expected: "channels of one length" });
        }
        self.written += block[0].len() as u64;
        if self.written > self.spec.frames {
            return Err(EncodeError::Length { expected: self.spec.frames, found: self.written });
        }
        Ok(())
    }
}

/// What undoes LAME's own turning down: below 256 kbit/s it multiplies what it is fed with (`abr_switch_map` in its
/// `presets.c`), against clipping, which is watched over elsewhere here.
fn lame_gain(kbps: u32) -> f32 {
    match kbps {
        ..=160 => 1.0 / 0.95,
        161..=192 => 1.0 / 0.97,
        193..=224 => 1.0 / 0.98,
        _ => 1.0,
    }
}

impl<W: Write + Seek> Sink<W> {
    fn lossy(writer: W, spec: OutputSpec, lossy: Lossy, tags: &Tags) -> Result<Self, EncodeError> {
        let codec = lossy.codec();
        if codec.rate_for(spec.rate_hz) != spec.rate_hz {
            let expected = if codec == LossyCodec::Opus { "48 kHz" } else { "44.1 or 48 kHz" };
            return Err(EncodeError::LossyRate { format: codec.name(), expected, rate_hz: spec.rate_hz });
        }
        Ok(match codec {
            LossyCodec::Opus => Self::Opus(opus::OpusWriter::create(writer, spec, lossy, tags)?),
            LossyCodec::Vorbis => Self::Vorbis(Box::new(vorbis::VorbisWriter::create(writer, spec, lossy, tags)?)),
            #[cfg(feature = "mp3")]
            LossyCodec::Mp3 => Self::Mp3(mp3::Mp3Writer::create(writer, spec, lossy, tags)?),
            #[cfg(not(feature = "mp3"))]
            LossyCodec::Mp3 => Self::Ffmpeg(Box::new(ffmpeg::FfmpegWriter::create(writer, spec, lossy, tags)?)),
            LossyCodec::Aac => Self::Ffmpeg(Box::new(ffmpeg::FfmpegWriter::create(writer, spec, lossy, tags)?)),
        })
    }
}

fn check_range(samples: &[i32], bits: u32) -> Result<(), EncodeError> {
    let limit = 1 << (bits - 1);
    // A fold without an early exit is vectorised; the culprit is looked for only when there is one.
    let (low, high) = samples.iter().fold((0, 0), |(low, high), &value| (value.min(low), value.max(high)));
    match [low, high].into_iter().find(|value| !(-limit..limit).contains(value)) {
        Some(value) => Err(EncodeError::OutOfRange { value, bits }),
        None => Ok(()),
    }
}
