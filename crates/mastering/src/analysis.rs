//! What a mix is like, before anything is decided about it.
//!
//! Not here: opinions (those are `tone` and `solve`).

use crate::dynamics::Levels;
use crate::measurement::{Measured, sample_peak, sums};
use crate::{Audio, Measurement, Progress, Refusal, Stage};
use dsp::loudness::Series;
use dsp::parallel::both;
use dsp::spectrum::{BANDS, BandFrames, band_frames, bands_below_nyquist};
use dsp::stereo::StereoSums;
use std::ops::Range;

/// What the mix is like.
#[derive(Debug, Clone)]
pub struct Analysis {
    /// The numbers.
    pub measurement: Measurement,
    /// Loudness over time.
    pub loudness: Series,
    /// The long-term spectrum.
    pub spectrum: LongTermSpectrum,
    /// The same of middle and sides; mono has none.
    pub(crate) mid_side: Option<MidSide>,
    /// Sums of every 100 ms; the last block may be shorter.
    pub(crate) blocks: Vec<StereoSums>,
    /// Levels of the bands of the dynamics, frame by frame, ...
    pub(crate) levels: Levels,
    /// ... and which of these frames are within the gate.
    pub(crate) counted: Vec<bool>,
    /// Powers of all bands, frame by frame.
    pub(crate) frames: BandFrames,
}

/// Milliseconds in one of [`Analysis::blocks`].
const BLOCK_MS: u32 = 100;
/// The same, s.
pub(crate) const BLOCK_S: f64 = 0.1;

/// Third-octave levels of the parts that count for the loudness, dB re full-scale sine power.
#[derive(Debug, Clone, PartialEq)]
pub struct LongTermSpectrum {
    /// Power mean of each band; minus infinity beyond Nyquist.
    pub level_db: [f64; BANDS],
    /// Level that a band exceeds nine tenths of the time, quiet passages included.
    pub floor_db: [f64; BANDS],
    /// How many bands lie below Nyquist.
    pub bands: usize,
}

/// What is heard of the bands of a track.
pub(crate) struct Bands {
    pub(crate) spectrum: LongTermSpectrum,
    pub(crate) mid_side: Option<MidSide>,
    pub(crate) levels: Levels,
    pub(crate) counted: Vec<bool>,
}

/// Measures a mix.
pub fn analyse(audio: &Audio, progress: Progress<'_>) -> Result<Analysis, Refusal> {
    let (blocks, sample_peak) = blocks(audio);
    let sums: StereoSums = blocks.iter().copied().sum();
    refuse_direct_current(&sums)?;
    let bands = || {
        let frames = band_frames(audio.rate_hz(), &audio.slices(), |done| progress(Stage::Analyse, done));
        (Bands::of(audio.rate_hz(), &frames), frames)
    };
    let (bands, measured) = both(bands, || Measured::of(audio, sums, sample_peak));
    let Measured { measurement, loudness } = measured.ok_or(Refusal::Silent)?;
    let (Bands { spectrum, mid_side, levels, counted }, frames) = bands;
    Ok(Analysis { measurement, loudness, spectrum, mid_side, blocks, levels, counted, frames })
}

impl Bands {
    pub(crate) fn of(rate_hz: u32, frames: &BandFrames) -> Self {
        let counted = counted(frames);
        let bands = bands_below_nyquist(rate_hz);
        let spectrum = LongTermSpectrum::of(&frames.power, &counted, bands);
        let mid_side = (!frames.side.is_empty()).then(|| MidSide {
            mid: LongTermSpectrum::of(&mid(frames), &counted, bands),
            side: LongTermSpectrum::of(&frames.side, &counted, bands),
        });
        Self { spectrum, mid_side, levels: Levels::of(frames), counted }
    }
}

/// The sums of each 100 ms, and the highest sample of all: both in one pass over what is large.
fn blocks(audio: &Audio) -> (Vec<StereoSums>, f32) {
    let channels = audio.slices();
    let frames = (audio.rate_hz() * BLOCK_MS / 1000).max(1) as usize;
    let half = (audio.frames() / 2).next_multiple_of(frames).min(audio.frames());
    let of = |range: Range<usize>| {
        let starts = range.clone().step_by(frames);
        let mut highest = 0.0f32;
        let sums = starts.map(|start| {
            let block: Vec<_> = channels.iter().map(|channel| &channel[start..range.end.min(start + frames)]).collect();
            highest = highest.max(sample_peak(&block));
            sums(&block)
        });
        (sums.collect::<Vec<_>>(), highest)
    };
    let ((mut blocks, first), (later, second)) = both(|| of(0..half), || of(half..audio.frames()));
    blocks.extend(later);
    (blocks, first.max(second))
}

/// Switching a direct current on makes a click that has a loudness; what follows has none.
pub(crate) fn refuse_direct_current(sums: &StereoSums) -> Result<(), Refusal> {
    let [left, right] = sums.offsets();
    let direct = f64::midpoint(left * left, right * right);
    let alternating = (power_from_db(sums.rms_dbfs()) - direct).max(0.0);
    if direct > 0.0 && alternating < power_from_db(ABSOLUTE_GATE_DB) && direct > alternating {
        return Err(Refusal::DirectCurrent { offset: if left.abs() > right.abs() { left } else { right } });
    }
    Ok(())
}

/// Frames this far below the mean of the audible ones do not count, as in the loudness gate (BS.1770), dB.
const RELATIVE_GATE_DB: f64 = -10.0;
pub(crate) const ABSOLUTE_GATE_DB: f64 = -70.0;

/// Which frames are within the gate.
fn counted(frames: &BandFrames) -> Vec<bool> {
    let totals: Vec<f64> = (0..frames.power.len()).map(|frame| f64::from(frames.total(frame))).collect();
    let absolute = power_from_db(ABSOLUTE_GATE_DB);
    let audible = mean(totals.iter().copied().filter(|power| *power > absolute));
    let gate = absolute.max(audible * power_from_db(RELATIVE_GATE_DB));
    totals.iter().map(|total| *total >= gate).collect()
}

/// The long-term spectra of the middle (half the sum of left and right) and the sides (half the difference).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MidSide {
    pub(crate) mid: LongTermSpectrum,
    pub(crate) side: LongTermSpectrum,
}

/// Half the whole is middle and side.
fn mid(frames: &BandFrames) -> Vec<[f32; BANDS]> {
    let mid = |(whole, side): (&[f32; BANDS], &[f32; BANDS])| {
        std::array::from_fn(|band| (0.5 * whole[band] - side[band]).max(0.0))
    };
    frames.power.iter().zip(&frames.side).map(mid).collect()
}

impl LongTermSpectrum {
    fn of(frames: &[[f32; BANDS]], counted: &[bool], bands: usize) -> Self {
        let mut level_db = [f64::NEG_INFINITY; BANDS];
        let mut floor_db = [f64::NEG_INFINITY; BANDS];
        for band in 0..bands {
            let powers = || frames.iter().map(move |frame| f64::from(frame[band]));
            let within = powers().zip(counted).filter(|(_, counted)| **counted).map(|(power, _)| power);
            level_db[band] = db_from_power(mean(within));
            let mut all: Vec<f64> = powers().collect();
            let tenth = all.len() / 10;
            floor_db[band] = db_from_power(*all.select_nth_unstable_by(tenth, f64::total_cmp).1);
        }
        Self { level_db, floor_db, bands }
    }

    /// Power of all bands together, dB.
    pub fn total_db(&self) -> f64 {
        db_from_power(self.level_db.iter().map(|db| power_from_db(*db)).sum())
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = values.fold((0u32, 0.0), |(count, sum), value| (count + 1, sum + value));
    sum / f64::from(count.max(1))
}

pub(crate) fn power_from_db(db: f64) -> f64 {
    10f64.powf(db / 10.0)
}

pub(crate) fn db_from_power(power: f64) -> f64 {
    10.0 * power.log10()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::tests::music;

    #[test]
    fn silence_and_direct_current_have_no_loudness() {
        let refusal = |value: f32| {
            let audio = Audio::new(44_100, vec![vec![value; 44_100 * 2]; 2]).expect("long enough");
            analyse(&audio, &mut |_, _| {}).expect_err("refused")
        };
        assert_eq!(refusal(0.0), Refusal::Silent);
        assert_eq!(refusal(-0.5), Refusal::DirectCurrent { offset: -0.5 });
    }

    #[test]
    fn a_pause_does_not_change_the_long_term_spectrum() {
        let audio = music(44_100, 6.0, 0.5);
        let mut longer = audio.clone().into_channels();
        for channel in &mut longer {
            channel.extend(vec![0.0; 44_100 * 6]);
        }
        let longer = Audio::new(44_100, longer).expect("long enough");
        let of = |audio: &Audio| analyse(audio, &mut |_, _| {}).expect("not silent").spectrum;
        for (a, b) in of(&audio).level_db.iter().zip(of(&longer).level_db) {
            assert!((a - b).abs() < 0.3, "{a} {b}");
        }
    }
}
