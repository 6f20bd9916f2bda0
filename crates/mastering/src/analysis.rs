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
    Ok(Analysis { measurement, spectrum: LongTermSpectrum::of(&frames, audio.rate_hz()) })
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

impl LongTermSpectrum {
    fn of(frames: &BandFrames, rate_hz: u32) -> Self {
        let totals: Vec<f64> = (0..frames.power.len()).map(|frame| f64::from(frames.total(frame))).collect();
        let absolute = power_from_db(ABSOLUTE_GATE_DB);
        let audible = mean(totals.iter().copied().filter(|power| *power > absolute));
        let gate = absolute.max(audible * power_from_db(RELATIVE_GATE_DB));
        let bands = bands_below_nyquist(rate_hz);
        let mut level_db = [f64::NEG_INFINITY; BANDS];
        let mut floor_db = [f64::NEG_INFINITY; BANDS];
        for band in 0..bands {
            let powers = || frames.power.iter().map(move |frame| f64::from(frame[band]));
            let counted = powers().zip(&totals).filter(|(_, total)| **total >= gate).map(|(power, _)| power);
            level_db[band] = db_from_power(mean(counted));
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
