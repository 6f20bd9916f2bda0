//! The mix in memory, at the rate of the outputs.
//!
//! The rate is converted before anything is measured or decided: the limiter then works on the samples that are
//! delivered, and no filter after it can raise a peak.

use std::path::Path;

use codec::{DecodeError, Decoded, Limits, Reader, Tags, resample, resampled_frames};
use dsp::parallel::both;
use mastering::{Audio, HIGHEST_RATE_HZ, LOWEST_RATE_HZ};

use crate::gap::ending_with;
use crate::watch::Watch;
use crate::{Error, Failure, Input, Instructions, Job, Stage};

/// What was read.
pub(crate) struct Mix {
    /// At the rate of the outputs.
    pub(crate) audio: Audio,
    /// The file, at its own rate.
    pub(crate) source: Input,
    pub(crate) tags: Tags,
}

/// Reads the mix of a job and brings it to the rate and the last silence of its outputs.
pub(crate) fn decode_for(job: &Job, watch: &mut Watch<'_>) -> Result<Mix, Error> {
    let mix = decode(&job.input, &job.limits, watch)?;
    let rate_hz = output_rate_hz(job, mix.audio.rate_hz())?;
    let mut audio = at_rate(mix.audio, rate_hz, &job.limits, watch)?;
    if let Some(silence_s) = job.silence_at_end_s {
        audio = ending_with(audio, silence_s).map_err(refused)?;
    }
    Ok(Mix { audio, ..mix })
}

/// Reads a file as it is.
pub(crate) fn decode(path: &Path, limits: &Limits, watch: &mut Watch<'_>) -> Result<Mix, Error> {
    let decoded = codec::decode_file(path, limits, &mut |fraction| watch.tell(Stage::Decode, fraction));
    let Decoded { rate_hz, channels, format, tags } = decoded.map_err(|error| unreadable(path, error))?;
    let audio = Audio::new(rate_hz, channels).map_err(refused)?;
    let source = Input {
        input: path.to_string_lossy().into_owned(),
        format: format.to_string(),
        duration_s: audio.duration_s(),
        rate_hz,
        channels: audio.channels().len(),
    };
    Ok(Mix { audio, source, tags })
}

/// Frames that are worked on at a time: worth waking another thread for, small enough for the second-level cache.
pub(crate) const BLOCK: usize = 1 << 16;

/// Works on a file block by block and never has more of it in memory than two; the next is read while one is worked on.
/// Hears how far it is, 0 to 1, as far as that is known.
pub(crate) fn block_by_block(
    reader: &mut Reader,
    unreadable: impl Fn(DecodeError) -> Error,
    mut work: impl FnMut(&[&[f32]]),
    mut progress: impl FnMut(f32) -> Result<(), Error>,
) -> Result<(), Error> {
    let frames = reader.frames();
    let (mut block, mut later) = (Vec::new(), Vec::new());
    let mut more = reader.fill(&mut block, BLOCK).map_err(&unreadable)?;
    while more {
        let planes: Vec<&[f32]> = block.iter().map(Vec::as_slice).collect();
        let ((), filled) = both(|| work(&planes), || reader.fill(&mut later, BLOCK));
        more = filled.map_err(&unreadable)?;
        std::mem::swap(&mut block, &mut later);
        progress(frames.map_or(0.0, |frames| reader.position() as f32 / frames as f32))?;
    }
    Ok(())
}

/// Converts the rate, channel after channel, so that no more than one is there twice.
pub(crate) fn at_rate(audio: Audio, rate_hz: u32, limits: &Limits, watch: &mut Watch<'_>) -> Result<Audio, Error> {
    let from_hz = audio.rate_hz();
    if from_hz == rate_hz {
        return Ok(audio);
    }
    let frames = resampled_frames(audio.frames() as u64, from_hz, rate_hz);
    let (found_bytes, limit_bytes) =
        (frames.saturating_mul(audio.channels().len() as u64 * 4), limits.max_decoded_bytes);
    if found_bytes > limit_bytes {
        return Err(refused(DecodeError::TooLarge { found_bytes, limit_bytes }));
    }
    let mut channels = audio.into_channels();
    for channel in &mut channels {
        let converted = resample(channel, from_hz, rate_hz, &mut |_| watch.tell(Stage::Decode, 1.0));
        *channel = converted.map_err(stopped_or_refused)?;
    }
    Audio::new(rate_hz, channels).map_err(refused)
}

/// The rate that was asked for, or else the mix's, or else the nearest that the outputs can have.
fn output_rate_hz(job: &Job, mix_hz: u32) -> Result<u32, Failure> {
    let planned = match &job.instructions {
        Instructions::Render(saved) => saved.rate_hz,
        Instructions::Decide(_) => None,
    };
    let asked = job.rate_hz.or(planned);
    if let Some(rate_hz) = asked
        && !(LOWEST_RATE_HZ..=HIGHEST_RATE_HZ).contains(&rate_hz)
    {
        return Err(Failure::Rate { rate_hz });
    }
    let mut rate_hz = asked.unwrap_or(mix_hz);
    for codec in job.deliveries.iter().filter_map(|delivery| delivery.encoding.lossy()).map(codec::Lossy::codec) {
        let possible_hz = codec.rate_for(rate_hz);
        if asked.is_some() && possible_hz != rate_hz {
            return Err(Failure::RateOfCodec { codec: codec.name(), possible_hz, rate_hz });
        }
        rate_hz = possible_hz;
    }
    Ok(rate_hz)
}

/// Why a file of somebody else's cannot be read.
pub(crate) fn unreadable(path: &Path, error: DecodeError) -> Error {
    match error {
        DecodeError::Io(source) => Failure::Read { path: path.to_owned(), source }.into(),
        other => stopped_or_refused(other),
    }
}

fn stopped_or_refused(error: DecodeError) -> Error {
    match error {
        DecodeError::Stopped => Error::Cancelled,
        refusal => refused(refusal),
    }
}

pub(crate) fn refused(refusal: impl std::error::Error) -> Error {
    Error::Refused(refusal.to_string())
}
