//! From a finished master to a file whose ceiling has been measured in the file itself.

use std::fs::File;
use std::ops::Range;

use codec::{Encoder, Limits, OutputSpec, Reader, SampleFormat, Tags};
use dsp::dither::{Dither, Quantiser};
use dsp::loudness::Series;
use dsp::parallel::{both, each};
use mastering::{Audio, Measured, Measurement, Meter};

use crate::decode::{BLOCK, block_by_block};
use crate::watch::Watch;
use crate::whole_file::{Growing, Pending};
use crate::{BitDepth, Delivery, Encoding, Error, Failure, Stage};

/// Dither moves a peak by a fraction of a step; one correction settles that, and more than three mean a fault.
const ATTEMPTS: usize = 4;
/// What is taken off beyond the excess, so that rounding does not bring it back, dB.
const MARGIN_DB: f64 = 0.001;

/// The same noise in every run: the same mix and plan give the same bits.
const DITHER_SEED: u32 = 1;

/// A file that was written, read again and measured, and is still without a name.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) pending: Pending,
    pub(crate) after: Measurement,
    pub(crate) loudness: Series,
    pub(crate) bytes: u64,
}

/// Encodes the master, measures the file, and turns the master down as long as the file reads above the ceiling.
pub(crate) fn deliver(
    audio: &Audio,
    delivery: &Delivery,
    ceiling_dbtp: f64,
    tags: &Tags,
    watch: &mut Watch<'_>,
) -> Result<Checked, Error> {
    let mut gain_db = 0.0;
    for _ in 0..ATTEMPTS {
        let checked = attempt(audio, gain_db, delivery, tags, watch)?;
        let excess_db = checked.after.true_peak_dbtp - ceiling_dbtp;
        if excess_db <= 0.0 {
            return Ok(checked);
        }
        gain_db -= excess_db + MARGIN_DB;
    }
    Err(Failure::AboveCeiling { path: delivery.path.clone(), ceiling_dbtp }.into())
}

/// Encodes the master, turned by `gain_db`, and measures the file, whatever comes of it.
pub(crate) fn attempt(
    audio: &Audio,
    gain_db: f64,
    delivery: &Delivery,
    tags: &Tags,
    watch: &mut Watch<'_>,
) -> Result<Checked, Error> {
    let (pending, file) = Pending::beside(&delivery.path)?;
    let (bytes, Measured { measurement, loudness }) = pending.flush_beside(|growing| {
        let bytes = encode(audio, gain_db, delivery, tags, (file, growing), watch)?;
        Ok((bytes, check(&pending, delivery, watch)?))
    })?;
    Ok(Checked { pending, after: measurement, loudness, bytes })
}

fn encode(
    audio: &Audio,
    gain_db: f64,
    delivery: &Delivery,
    tags: &Tags,
    (file, mut growing): (File, Growing<'_>),
    watch: &mut Watch<'_>,
) -> Result<u64, Error> {
    let failed = |source| Failure::Encode { path: delivery.path.clone(), source };
    let channels: Vec<_> = audio.channels().iter().map(|channel| (channel.as_slice(), gain_db)).collect();
    let file = write(
        file,
        audio.rate_hz(),
        &channels,
        delivery.encoding,
        tags,
        &mut |fraction| {
            growing.further();
            watch.go_on(Stage::Encode, fraction)
        },
        &failed,
    )?;
    growing.whole();
    Ok(file.metadata().map_err(|source| Failure::Write { path: delivery.path.clone(), source })?.len())
}

/// Writes channels, each with a gain in dB, block by block; integers are dithered.
pub(crate) fn write(
    file: File,
    rate_hz: u32,
    channels: &[(&[f32], f64)],
    encoding: Encoding,
    tags: &Tags,
    progress: &mut dyn FnMut(f32) -> Result<(), Error>,
    failed: &dyn Fn(codec::EncodeError) -> Failure,
) -> Result<File, Error> {
    let frames = channels.first().map_or(0, |(samples, _)| samples.len());
    let spec = OutputSpec {
        format: encoding.format(),
        sample: match encoding.depth() {
            BitDepth::Int16 => SampleFormat::Int16,
            BitDepth::Int24 => SampleFormat::Int24,
            BitDepth::Float32 => SampleFormat::Float32,
        },
        rate_hz,
        channels: channels.len(),
        frames: frames as u64,
    };
    let gains: Vec<f32> = channels.iter().map(|(_, gain_db)| 10f64.powf(gain_db / 20.0) as f32).collect();
    let bits = spec.sample.bits();
    let dither = Dither::suited(bits, rate_hz);
    let quantisers: Vec<_> =
        (0..channels.len()).map(|channel| Quantiser::new(dither, bits, channel as u32, DITHER_SEED)).collect();
    let turned: Vec<_> = channels.iter().map(|(samples, _)| *samples).zip(gains).collect();
    let mut encoder = Encoder::create(file, spec, tags).map_err(failed)?;
    let mut blocks = (0..frames).step_by(BLOCK).map(|start| start..frames.min(start + BLOCK));
    if encoding.depth() == BitDepth::Float32 {
        let mut floats = vec![Vec::new(); channels.len()];
        for block in blocks {
            let end = block.end;
            let planes: Vec<_> = turned.iter().zip(&mut floats).map(|(of, to)| turn(of, block.clone(), to)).collect();
            encoder.write_f32(&planes).map_err(failed)?;
            progress(end as f32 / frames as f32)?;
        }
        return Ok(encoder.finish().map_err(failed)?);
    }
    let mut sides: Vec<_> =
        turned.into_iter().zip(quantisers).map(|(of, quantiser)| Side::new(of, quantiser)).collect();
    let mut quantise = |block: &Range<usize>, ints: &mut Vec<Vec<i32>>| {
        let mut work: Vec<_> = sides.iter_mut().zip(ints).collect();
        each(&mut work, |(side, ints)| side.quantise(block.clone(), ints));
    };
    let (mut ints, mut later) = (vec![Vec::new(); channels.len()], vec![Vec::new(); channels.len()]);
    let mut now = blocks.next();
    if let Some(block) = &now {
        quantise(block, &mut ints);
    }
    while let Some(block) = now {
        let next = blocks.next();
        let planes: Vec<&[i32]> = ints.iter().map(Vec::as_slice).collect();
        let (written, ()) =
            both(|| encoder.write_ints(&planes), || next.iter().for_each(|block| quantise(block, &mut later)));
        written.map_err(failed)?;
        progress(block.end as f32 / frames as f32)?;
        std::mem::swap(&mut ints, &mut later);
        now = next;
    }
    Ok(encoder.finish().map_err(failed)?)
}

/// A part of a channel with its gain: as it is where nothing is to be turned, as for most, or else in `turned`.
fn turn<'a>((samples, gain): &(&'a [f32], f32), block: Range<usize>, turned: &'a mut Vec<f32>) -> &'a [f32] {
    let samples = &samples[block];
    if *gain == 1.0 {
        return samples;
    }
    turned.clear();
    turned.extend(samples.iter().map(|x| x * gain));
    turned
}

/// A channel on its way to integers.
struct Side<'a> {
    of: (&'a [f32], f32),
    turned: Vec<f32>,
    quantiser: Quantiser,
}

impl<'a> Side<'a> {
    fn new(of: (&'a [f32], f32), quantiser: Quantiser) -> Self {
        Self { of, turned: Vec::new(), quantiser }
    }

    fn quantise(&mut self, block: Range<usize>, ints: &mut Vec<i32>) {
        ints.clear();
        let (samples, gain) = self.of;
        self.quantiser.process(turn(&(samples, gain), block, &mut self.turned), ints);
    }
}

/// Decodes the file that was written and measures it: what the report says is what a listener gets.
fn check(pending: &Pending, delivery: &Delivery, watch: &mut Watch<'_>) -> Result<Measured, Error> {
    let unreadable = |source| Failure::Unreadable { path: delivery.path.clone(), source }.into();
    let mut reader = Reader::open(pending.path(), &boundless()).map_err(unreadable)?;
    let silenced = || Failure::Silenced { path: delivery.path.clone() };
    let mut meter = Meter::new(reader.rate_hz(), reader.channels()).ok_or_else(silenced)?;
    block_by_block(&mut reader, unreadable, |block| meter.push(block), |within| watch.go_on(Stage::Check, within))?;
    Ok(meter.finish().ok_or_else(|| Failure::Silenced { path: delivery.path.clone() })?)
}

/// Limits guard against strangers' files; this one is ours, and its size is known.
pub(crate) fn boundless() -> Limits {
    Limits {
        max_duration_s: f64::INFINITY,
        max_decoded_bytes: u64::MAX,
        max_expansion: u64::MAX,
        expansion_floor_bytes: u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Control, Progress};

    #[test]
    fn a_master_that_is_too_hot_is_turned_down_in_every_encoding() {
        let tone = |i: usize| (i as f32 * 0.9).sin() * 0.999;
        let audio = Audio::new(48_000, vec![(0..96_000).map(tone).collect(); 2]).expect("audio");
        for encoding in Encoding::LOSSLESS {
            let folder = tempfile::tempdir().expect("folder");
            let delivery = Delivery { path: folder.path().join("master"), encoding };
            let mut observer = |_: Progress| Control::Continue;
            let mut watch = Watch::start(&mut observer);
            let checked = deliver(&audio, &delivery, -1.0, &Tags::default(), &mut watch).expect("delivered");
            let read = checked.after.true_peak_dbtp;
            assert!(read <= -1.0 && read > -1.05, "{encoding}: {read}");
        }
    }
}
