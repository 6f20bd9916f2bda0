//! From a file to planar samples, block by block or whole.
//!
//! What a file is, is told by its content (`detect`). WAV and AIFF are read here (`wav`, `aiff`, `pcm`); the packed
//! formats go through Symphonia and libopus (`packed`). The bounds of [`Limits`] are kept in one place, [`Reader`].

mod aiff;
mod chunks;
mod detect;
mod mp4;
mod packed;
mod pcm;
mod wav;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::Path;

use crate::error::DecodeError;
use crate::format::SourceFormat;
use crate::limits::Limits;
use crate::tags::{Tags, read_tags};

/// Where the bytes come from: a file, or a cursor over memory.
pub trait Source: Read + Seek + Send + Sync {}

impl<T: Read + Seek + Send + Sync> Source for T {}

/// What a decoder is about to deliver, by the header.
struct Stream {
    format: SourceFormat,
    rate_hz: u32,
    channels: u32,
    length: Length,
    blocks: Box<dyn Blocks>,
}

/// How long a stream is, by its header.
#[derive(Clone, Copy)]
enum Length {
    /// A promise, frames: less than that is a truncated file.
    Exact(u64),
    /// Near enough to show progress by, frames.
    Estimate(u64),
    /// Not told.
    Unknown,
}

/// Delivers the samples of one stream.
trait Blocks: Send {
    /// Appends the next frames, the same number to each channel; `false` at the end.
    fn next(&mut self, out: &mut [Vec<f32>]) -> Result<bool, DecodeError>;
}

/// Decodes a file block by block, so that it never has to fit in memory.
///
/// ```no_run
/// let mut reader = codec::Reader::open("master.flac".as_ref(), &codec::Limits::default())?;
/// let mut peak = 0.0_f32;
/// while let Some(block) = reader.next_block()? {
///     peak = block.iter().flatten().fold(peak, |peak, sample| peak.max(sample.abs()));
/// }
/// # Ok::<(), codec::DecodeError>(())
/// ```
pub struct Reader {
    stream: Stream,
    block: Vec<Vec<f32>>,
    limits: Limits,
    file_bytes: u64,
    position: u64,
    ended: bool,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("format", &self.stream.format)
            .field("rate_hz", &self.stream.rate_hz)
            .field("channels", &self.stream.channels)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

impl Reader {
    /// Opens a file and reads its header. The name plays no part in telling what it is.
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, DecodeError> {
        let file = File::open(path)?;
        if !file.metadata()?.is_file() {
            return Err(DecodeError::NotAudio { found: "a folder or a device" });
        }
        Self::new(file, limits)
    }

    /// Reads the header of anything that can be read and sought.
    pub fn new(source: impl Source + 'static, limits: &Limits) -> Result<Self, DecodeError> {
        let mut source: Box<dyn Source> = Box::new(source);
        let file_bytes = source.seek(SeekFrom::End(0))?;
        let stream = detect::open(source, file_bytes)?;
        if stream.rate_hz == 0 {
            return Err(broken(&stream, "expected a sample rate, found 0 Hz"));
        }
        match stream.channels {
            1 | 2 => {}
            0 => return Err(broken(&stream, "expected one or two channels, found none")),
            found => return Err(DecodeError::TooManyChannels { found }),
        }
        let block = vec![Vec::new(); stream.channels as usize];
        let mut reader = Self { stream, block, limits: *limits, file_bytes, position: 0, ended: false };
        match reader.stream.length {
            Length::Exact(frames) => reader.check_limits(frames)?,
            Length::Estimate(frames) if reader.check_limits(frames).is_err() => {
                reader.stream.length = Length::Unknown;
            }
            Length::Estimate(_) | Length::Unknown => {}
        }
        Ok(reader)
    }

    /// Sample rate, Hz; never zero.
    pub fn rate_hz(&self) -> u32 {
        self.stream.rate_hz
    }

    /// One or two.
    pub fn channels(&self) -> usize {
        self.stream.channels as usize
    }

    /// What the file is.
    pub fn format(&self) -> SourceFormat {
        self.stream.format
    }

    /// Length by the header, frames, exact or estimated; within the limits, but the file may turn out to be truncated.
    pub fn frames(&self) -> Option<u64> {
        match self.stream.length {
            Length::Exact(frames) | Length::Estimate(frames) => Some(frames),
            Length::Unknown => None,
        }
    }

    /// Frames delivered so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The next block: one `Vec` a channel, all of one length, which is not zero. `None` at the end.
    pub fn next_block(&mut self) -> Result<Option<&[Vec<f32>]>, DecodeError> {
        let mut block = std::mem::take(&mut self.block);
        let filled = self.fill(&mut block, 1);
        self.block = block;
        Ok(filled?.then_some(&self.block))
    }

    /// The next frames in the place of what is in `block`: so many at least, unless the file ends before. `false` at the
    /// end.
    pub fn fill(&mut self, block: &mut Vec<Vec<f32>>, frames: usize) -> Result<bool, DecodeError> {
        block.resize_with(self.channels(), Vec::new);
        block.iter_mut().for_each(Vec::clear);
        while block[0].len() < frames && self.append(block)? {}
        Ok(!block[0].is_empty())
    }

    /// Appends the next block to channels, as many as there are; `false` at the end.
    fn append(&mut self, channels: &mut [Vec<f32>]) -> Result<bool, DecodeError> {
        let known = channels[0].len();
        while !self.ended && channels[0].len() == known {
            self.ended = !self.stream.blocks.next(channels)?;
        }
        let frames = (channels[0].len() - known) as u64;
        self.position += frames;
        self.check_limits(self.position)?;
        if frames > 0 {
            return Ok(true);
        }
        if self.position == 0 {
            return Err(DecodeError::NoSamples { container: self.stream.format.container.name() });
        }
        match self.stream.length {
            Length::Exact(promised) if promised > self.position => {
                Err(DecodeError::Truncated { promised_s: self.seconds(promised), found_s: self.seconds(self.position) })
            }
            _ => Ok(false),
        }
    }

    fn seconds(&self, frames: u64) -> f64 {
        frames as f64 / f64::from(self.stream.rate_hz)
    }

    /// Refuses a length, promised or reached, that goes beyond the limits.
    fn check_limits(&self, frames: u64) -> Result<(), DecodeError> {
        let found_bytes = frames.saturating_mul(u64::from(self.stream.channels) * 4);
        let inflated_bytes =
            self.file_bytes.saturating_mul(self.limits.max_expansion).max(self.limits.expansion_floor_bytes);
        let (found_s, limit_s) = (self.seconds(frames), self.limits.max_duration_s);
        if found_s > limit_s {
            Err(DecodeError::TooLong { found_s, limit_s })
        } else if found_bytes > self.limits.max_decoded_bytes {
            Err(DecodeError::TooLarge { found_bytes, limit_bytes: self.limits.max_decoded_bytes })
        } else if found_bytes > inflated_bytes {
            Err(DecodeError::Inflated { file_bytes: self.file_bytes, found_bytes })
        } else {
            Ok(())
        }
    }
}

fn broken(stream: &Stream, problem: &str) -> DecodeError {
    DecodeError::BadHeader { container: stream.format.container.name(), problem: problem.to_owned() }
}

/// A whole file in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// Sample rate, Hz.
    pub rate_hz: u32,
    /// One or two channels of one length, 1.0 = full scale. Floats are as they were in the file: above full scale, or
    /// not numbers at all.
    pub channels: Vec<Vec<f32>>,
    /// What the file was.
    pub format: SourceFormat,
    /// What the file says about the music.
    pub tags: Tags,
}

/// Decodes a file into memory. `progress` hears the fraction that is done and may stop the work.
///
/// Memory is that of the samples, reserved exactly when the header tells a plausible length.
pub fn decode_file(
    path: &Path,
    limits: &Limits,
    progress: &mut dyn FnMut(f32) -> ControlFlow<()>,
) -> Result<Decoded, DecodeError> {
    let mut reader = Reader::open(path, limits)?;
    let promised = reader.frames().unwrap_or(0);
    let mut channels: Vec<Vec<f32>> = vec![Vec::new(); reader.channels()];
    for channel in &mut channels {
        // Within the limits, and these include the size of the file: a lie costs no more than the truth would.
        channel.reserve_exact(promised as usize);
    }
    while reader.append(&mut channels)? {
        let fraction = reader.position() as f32 / promised.max(reader.position()) as f32;
        if progress(if promised == 0 { 0.0 } else { fraction }).is_break() {
            return Err(DecodeError::Stopped);
        }
    }
    for channel in &mut channels {
        channel.shrink_to_fit();
    }
    Ok(Decoded { rate_hz: reader.rate_hz(), channels, format: reader.format(), tags: read_tags(path) })
}
