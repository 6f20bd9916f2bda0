//! What a mix is like, before anything is decided about it.
//!
//! Not here: opinions (those are `tone` and `solve`).

use crate::{Audio, Measurement, Progress, Refusal, Stage};
use dsp::spectrum::{BANDS, BandFrames, band_frames, bands_below_nyquist};
use dsp::stereo::StereoSums;

/// What the mix is like.
#[derive(Debug, Clone)]
pub struct Analysis {
    /// The numbers.
    pub measurement: Measurement,
    /// The long-term spectrum.
    pub spectrum: LongTermSpectrum,
}

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

/// Measures a mix.
pub fn analyse(audio: &Audio, progress: Progress<'_>) -> Result<Analysis, Refusal> {
    refuse_direct_current(audio)?;
    let measurement = Measurement::of(audio).ok_or(Refusal::Silent)?;
    progress(Stage::Analyse, 0.4);
    let frames = band_frames(audio.rate_hz(), &audio.slices(), |done| progress(Stage::Analyse, 0.4 + 0.6 * done));
    let spectrum = LongTermSpectrum::of(&frames, &counted(&[&frames]), audio.rate_hz());
    Ok(Analysis { measurement, spectrum })
}

/// Switching a direct current on makes a click that has a loudness; what follows has none.
fn refuse_direct_current(audio: &Audio) -> Result<(), Refusal> {
    let channels = audio.slices();
    let sums = StereoSums::of(channels[0], channels[channels.len() - 1]);
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
const ABSOLUTE_GATE_DB: f64 = -70.0;

/// Which frames are within the gate, all parts of the sound together.
fn counted(parts: &[&BandFrames]) -> Vec<bool> {
    let total = |frame| parts.iter().map(|part| f64::from(part.total(frame))).sum::<f64>();
    let totals: Vec<f64> = (0..parts[0].power.len()).map(total).collect();
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

impl MidSide {
    /// Of two channels; mono has no sides.
    pub(crate) fn of(audio: &Audio) -> Option<Self> {
        let [left, right] = audio.channels() else { return None };
        let spectrum = |sign: f32| {
            let part: Vec<f32> = left.iter().zip(right).map(|(left, right)| 0.5 * (left + sign * right)).collect();
            band_frames(audio.rate_hz(), &[&part], |_| {})
        };
        let (mid, side) = (spectrum(1.0), spectrum(-1.0));
        let counted = counted(&[&mid, &side]);
        let long_term = |frames| LongTermSpectrum::of(frames, &counted, audio.rate_hz());
        Some(Self { mid: long_term(&mid), side: long_term(&side) })
    }
}

impl LongTermSpectrum {
    fn of(frames: &BandFrames, counted: &[bool], rate_hz: u32) -> Self {
        let bands = bands_below_nyquist(rate_hz);
        let mut level_db = [f64::NEG_INFINITY; BANDS];
        let mut floor_db = [f64::NEG_INFINITY; BANDS];
        for band in 0..bands {
            let powers = || frames.power.iter().map(move |frame| f64::from(frame[band]));
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

fn db_from_power(power: f64) -> f64 {
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
