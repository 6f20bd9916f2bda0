//! The width of the stereo image: the level of the sides (left minus right) against the middle.
//!
//! Not here: how much width is asked for (that is `sound`).

use crate::plan::{Equaliser, Stereo};
use crate::render::convolver;
use crate::{Audio, Measurement, Sound};
use dsp::spectrum::BANDS;

/// Below this correlation a fold-down to mono loses 1.4 dB or more: such a mix is not made any wider.
pub(crate) const LEAST_CORRELATION: f64 = 0.45;
/// Less than this is no change, as a share of one.
const INAUDIBLE: f64 = 0.005;

/// What is done to the sides, if anything.
pub(crate) fn decide(
    mix: &Measurement,
    channels: usize,
    sound: &Sound,
    side_db: Option<&[f64; BANDS]>,
) -> Option<Stereo> {
    let side_gain = sound.side_gain();
    let changes = (side_gain - 1.0).abs() > INAUDIBLE && !refused(mix, sound);
    let side_gain = if changes { (side_gain * 1000.0).round() / 1000.0 } else { 1.0 };
    let side_equaliser = side_db.map(Equaliser::from_gains);
    (channels == 2 && (changes || side_equaliser.is_some())).then_some(Stereo { side_gain, side_equaliser })
}

/// Whether the mix was to be made wider than it can bear.
pub(crate) fn refused(mix: &Measurement, sound: &Sound) -> bool {
    sound.side_gain() > 1.0 + INAUDIBLE && mix.correlation < LEAST_CORRELATION
}

/// Changes the sides and leaves the middle as it is; mono has no sides.
pub(crate) fn apply(audio: &mut Audio, stereo: Option<&Stereo>) {
    let rate_hz = audio.rate_hz();
    let (Some(stereo), [left, right]) = (stereo, audio.channels_mut()) else { return };
    if let Some(equaliser) = &stereo.side_equaliser {
        let gain = 0.5 * stereo.side_gain as f32;
        for (left, right) in left.iter_mut().zip(right.iter_mut()) {
            (*left, *right) = (0.5 * (*left + *right), gain * (*left - *right));
        }
        convolver(equaliser, rate_hz).process(right, |_| {});
        for (left, right) in left.iter_mut().zip(right) {
            (*left, *right) = (*left + *right, *left - *right);
        }
        return;
    }
    let (own, other) = ((0.5 * (1.0 + stereo.side_gain)) as f32, (0.5 * (1.0 - stereo.side_gain)) as f32);
    for (left, right) in left.iter_mut().zip(right) {
        (*left, *right) = (own * *left + other * *right, own * *right + other * *left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::tests::music;
    use crate::{Style, analyse};

    fn measured(audio: &Audio) -> Measurement {
        analyse(audio, &mut |_, _| {}).expect("not silent").measurement
    }

    #[test]
    fn no_width_is_mono_and_the_middle_stays() {
        let audio = music(44_100, 2.0, 0.3);
        let mut narrow = audio.clone();
        apply(&mut narrow, Some(&Stereo { side_gain: 0.0, side_equaliser: None }));
        let ([l, r], [left, right]) = (narrow.channels(), audio.channels()) else { panic!("stereo") };
        assert_eq!(l, r);
        for ((now, left), right) in l.iter().zip(left).zip(right) {
            assert!((now - 0.5 * (left + right)).abs() < 1e-6);
        }
    }

    #[test]
    fn the_sides_own_equaliser_leaves_the_middle_as_it_is() {
        let audio = music(44_100, 2.0, 0.3);
        let mut wider = audio.clone();
        let mut gains = [0.0; BANDS];
        gains[16..].fill(3.0);
        apply(&mut wider, Some(&Stereo { side_gain: 1.0, side_equaliser: Some(Equaliser::from_gains(&gains)) }));
        let ([l, r], [left, right]) = (wider.channels(), audio.channels()) else { panic!("stereo") };
        for (((l, r), left), right) in l.iter().zip(r).zip(left).zip(right) {
            assert!((l + r - left - right).abs() < 1e-5);
        }
        assert!(l.iter().zip(left).any(|(l, left)| (l - left).abs() > 1e-3));
    }

    #[test]
    fn a_mix_that_mono_would_hollow_out_is_not_widened_but_may_be_narrowed() {
        let wide = Sound { width_percent: 130.0, ..Sound::default() };
        let narrow = Sound { width_percent: 70.0, ..Sound::default() };
        let mut mix = measured(&music(44_100, 2.0, 0.3));
        for (correlation, widened) in [(0.9, true), (0.2, false), (-0.5, false)] {
            mix.correlation = correlation;
            assert_eq!(decide(&mix, 2, &wide, None).is_some(), widened);
            assert_eq!(refused(&mix, &wide), !widened);
            assert_eq!(decide(&mix, 2, &narrow, None), Some(Stereo { side_gain: 0.7, side_equaliser: None }));
        }
    }

    #[test]
    fn mono_and_a_width_that_nobody_asked_for_change_nothing() {
        let mix = measured(&music(44_100, 2.0, 0.3));
        assert_eq!(decide(&mix, 2, &Sound { style: Style::Warm, ..Sound::default() }, None), None);
        assert_eq!(decide(&mix, 1, &Sound { width_percent: 150.0, ..Sound::default() }, Some(&[1.0; BANDS])), None);
    }
}
