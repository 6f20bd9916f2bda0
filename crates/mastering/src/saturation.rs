//! Saturation by hand: peaks are rounded off before the limiter, which adds odd harmonics and leaves it less to do.
//!
//! The musician says how much; where that is, follows from the music: its loudest moments, well above which only the tips
//! of transients live. Not here: the curve (that is `dsp::saturation`).

use crate::measurement::sample_peak;
use crate::plan::Saturation;
use crate::tone::hundredths;
use crate::{Audio, Sound};
use dsp::saturation::{Curve, saturate};

/// The threshold over the loudness of the loudest 400 ms, dB: of next to no saturation, and of all of it. A steady sine
/// in both channels peaks at about its loudness.
const OVER_MOMENTARY_DB: (f64, f64) = (10.0, -2.0);
/// From the threshold to what the curve tends to, dB.
const KNEE_DB: f64 = 6.0;

/// Where to saturate a shaped mix, if anything is asked for and there is a peak to round off.
pub(crate) fn decide(shaped: &Audio, sound: &Sound) -> Option<Saturation> {
    let amount = sound.saturation();
    if amount == 0.0 {
        return None;
    }
    let (least, all) = OVER_MOMENTARY_DB;
    let threshold_dbfs = hundredths(shaped.loudness()?.max_momentary_lufs + least + amount * (all - least));
    let rounds_something_off = threshold_dbfs < peak_dbfs(shaped);
    rounds_something_off.then(|| Saturation { threshold_dbfs, limit_dbfs: hundredths(threshold_dbfs + KNEE_DB) })
}

fn peak_dbfs(audio: &Audio) -> f64 {
    dsp::db_from_amplitude(f64::from(sample_peak(&audio.slices())))
}

/// Saturates; a plan that was checked has a curve.
pub(crate) fn apply(audio: &mut Audio, saturation: Option<&Saturation>) {
    let rate_hz = audio.rate_hz();
    if let Some(curve) = saturation.and_then(Saturation::curve) {
        saturate(audio.channels_mut(), rate_hz, &curve);
    }
}

impl Saturation {
    fn curve(&self) -> Option<Curve> {
        Curve::new(dsp::amplitude_from_db(self.threshold_dbfs), dsp::amplitude_from_db(self.limit_dbfs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::tests::music;

    fn asked(saturation_percent: f64) -> Sound {
        Sound { saturation_percent, ..Sound::DEFAULT }
    }

    #[test]
    fn nothing_is_saturated_unless_it_is_asked_for() {
        let audio = music(44_100, 2.0, 0.5);
        assert_eq!(decide(&audio, &Sound::DEFAULT), None);
        let mut same = audio.clone();
        apply(&mut same, None);
        assert_eq!(same, audio);
    }

    #[test]
    fn more_of_it_begins_lower_and_rounds_off_more() {
        let audio = music(44_100, 2.0, 0.5);
        let peak_with = |percent: f64| {
            let mut audio = audio.clone();
            let saturation = decide(&audio, &asked(percent));
            apply(&mut audio, saturation.as_ref());
            peak_dbfs(&audio)
        };
        let peaks = [0.0, 25.0, 50.0, 100.0].map(peak_with);
        assert!(peaks.is_sorted_by(|a, b| a > b), "{peaks:?}");
        assert!(peaks[0] - peaks[3] > 2.0, "{peaks:?}");
    }

    #[test]
    fn the_level_of_the_mix_does_not_matter() {
        let (loud, quiet) = (music(44_100, 2.0, 0.5), music(44_100, 2.0, 0.05));
        let of = |audio: &Audio| decide(audio, &asked(60.0)).expect("asked for");
        assert!((of(&loud).threshold_dbfs - of(&quiet).threshold_dbfs - 20.0).abs() < 0.02);
    }
}
