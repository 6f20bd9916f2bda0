//! From planar samples to a file, block by block.

mod flac;
mod flac_sys;
mod wav;

use std::io::{Seek, Write};

use crate::error::EncodeError;
use crate::tags::Tags;

/// File formats that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutputFormat {
    /// RIFF WAVE; RF64 when it would not fit 4 GiB.
    Wav,
    /// FLAC, level 5.
    Flac,
}

/// Kinds of samples that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SampleFormat {
    /// Signed integers of 16 bits.
    Int16,
    /// Signed integers of 24 bits.
    Int24,
    /// IEEE floats of 32 bits; WAV only.
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
    /// Sample rate, Hz: any but 0 for WAV, up to 655 350 for FLAC.
    pub rate_hz: u32,
    /// One or two for WAV, up to eight for FLAC.
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

enum Sink<W> {
    Wav(wav::WavWriter<W>),
    Flac(flac::FlacWriter<W>),
}

impl<W: Write + Seek> std::fmt::Debug for Encoder<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").field("spec", &self.spec).field("written", &self.written).finish_non_exhaustive()
    }
}

impl<W: Write + Seek> Encoder<W> {
    /// Checks the specification and writes the header. `writer` need not be buffered: blocks go out whole.
    pub fn create(writer: W, spec: OutputSpec, tags: &Tags) -> Result<Self, EncodeError> {
        // A WAV of more channels must say which loudspeakers they are for; nothing here knows.
        let (format, highest_hz, most_channels) = match spec.format {
            OutputFormat::Wav => ("WAV", u32::MAX, 2),
            OutputFormat::Flac => ("FLAC", flac::HIGHEST_RATE_HZ, 8),
        };
        if !(1..=most_channels).contains(&spec.channels) {
            return Err(EncodeError::Channels { format, found: spec.channels, most: most_channels });
        }
        if !(1..=highest_hz).contains(&spec.rate_hz) {
            return Err(EncodeError::Rate { format, rate_hz: spec.rate_hz, highest_hz });
        }
        let sink = match (spec.format, spec.sample) {
            (OutputFormat::Wav, _) => Sink::Wav(wav::WavWriter::create(writer, spec, tags)?),
            (OutputFormat::Flac, SampleFormat::Float32) => return Err(EncodeError::FloatInFlac),
            (OutputFormat::Flac, _) => Sink::Flac(flac::FlacWriter::create(writer, spec, tags)?),
        };
        Ok(Self { spec, written: 0, sink })
    }

    /// Writes floats, one slice a channel, as they are: above full scale too.
    pub fn write_f32(&mut self, block: &[&[f32]]) -> Result<(), EncodeError> {
        self.count(block)?;
        match &mut self.sink {
            Sink::Wav(wav) if self.spec.sample == SampleFormat::Float32 => wav.write_f32(block),
            _ => Err(EncodeError::Block { expected: "integers" }),
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
            Sink::Flac(flac) => flac.write_ints(block),
        }
    }

    /// Completes the file and gives back the writer, flushed.
    pub fn finish(self) -> Result<W, EncodeError> {
        if self.written != self.spec.frames {
            return Err(EncodeError::Length { expected: self.spec.frames, found: self.written });
        }
        match self.sink {
            Sink::Wav(wav) => wav.finish(),
            Sink::Flac(flac) => flac.finish(),
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

fn check_range(samples: &[i32], bits: u32) -> Result<(), EncodeError> {
    let limit = 1 << (bits - 1);
    // A fold without an early exit is vectorised; the culprit is looked for only when there is one.
    let (low, high) = samples.iter().fold((0, 0), |(low, high), &value| (value.min(low), value.max(high)));
    match [low, high].into_iter().find(|value| !(-limit..limit).contains(value)) {
        Some(value) => Err(EncodeError::OutOfRange { value, bits }),
        None => Ok(()),
    }
}
