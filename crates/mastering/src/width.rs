//! The width of the stereo image: the level of the sides (left minus right) against the middle.
//!
//! Bass that differs between left and right is brought to the middle, where that loses nothing. Balance is moved by hand
//! alone: an instrument on one side is no fault.
//! Not here: how much width is asked for (that is `sound`), and the width of a reference (that is `matching`).

use crate::analysis::{Analysis, MidSide, power_from_db};
use crate::matching::Moves;
use crate::plan::{Equaliser, Stereo};
use crate::tone::hundredths;
use crate::{Audio, Measurement, Sound};
use dsp::parallel::halves;
use dsp::spectrum::BANDS;
use std::ops::{Range, RangeInclusive};

/// Below this correlation a fold-down to mono loses 1.4 dB or more: such a mix is not made any wider.
pub(crate) const LEAST_CORRELATION: f64 = 0.45;
/// Less than this is no change, as a share of one.
const INAUDIBLE: f64 = 0.005;

/// 31.5 to 100 Hz.
const BASS: Range<usize> = 1..7;
/// Sides of the bass at such a level against its middle are brought there, dB. What is lower does no harm, and what is
/// higher is mostly out of phase: its middle is not the bass.
const WIDE_BASS_DB: RangeInclusive<f64> = -6.0..=0.0;
/// Bass further below the whole than this is left as it is, dB.
const FAINT_BASS_DB: f64 = -15.0;
/// What the sides get from 25 Hz up where all of it is done, dB: nothing from 250 Hz on.
const TO_THE_MIDDLE_DB: [f64; 10] = [-24.0, -24.0, -24.0, -24.0, -24.0, -21.0, -16.0, -11.0, -6.0, -2.0];

/// What brings wide bass to the middle, dB on the sides by band; nothing where there is none, and for what is a master
/// already.
pub(crate) fn bass_to_the_middle(mix: &Analysis, sound: &Sound) -> Option<[f64; BANDS]> {
    let MidSide { mid, side } = mix.mid_side.as_ref()?;
    let power = |levels: &[f64]| -> f64 { levels.iter().map(|level| power_from_db(*level)).sum() };
    let (mid, side) = (power(&mid.level_db[BASS]), power(&side.level_db[BASS]));
    let side_over_mid_db = 10.0 * (side / mid).log10();
    let bass_over_all_db = 10.0 * (2.0 * (mid + side)).log10() - mix.spectrum.total_db();
    let needed = WIDE_BASS_DB.contains(&side_over_mid_db) && bass_over_all_db > FAINT_BASS_DB;
    if !needed || mix.measurement.looks_finished() || sound.strength() == 0.0 {
        return None;
    }
    let gain = |band| TO_THE_MIDDLE_DB.get(band).map_or(0.0, |gain_db| hundredths(gain_db * sound.strength()));
    Some(std::array::from_fn(gain))
}

/// What is done to the sides, if anything.
pub(crate) fn decide(mix: &Measurement, channels: usize, sound: &Sound, moves: &Moves) -> Option<Stereo> {
    let side_gain = if moves.one_channel { 0.0 } else { sound.side_gain() };
    let changes = (side_gain - 1.0).abs() > INAUDIBLE && (moves.one_channel || !refused(mix, sound));
    let side_gain = if changes { (side_gain * 1000.0).round() / 1000.0 } else { 1.0 };
    let side_equaliser = moves.side.as_ref().map(Equaliser::from_gains);
    let balance_db = sound.balance();
    let is_anything = changes || side_equaliser.is_some() || balance_db != 0.0;
    (channels == 2 && is_anything).then_some(Stereo { side_gain, side_equaliser, balance_db })
}

/// Whether the mix was to be made wider than it can bear.
pub(crate) fn refused(mix: &Measurement, sound: &Sound) -> bool {
    sound.side_gain() > 1.0 + INAUDIBLE && mix.correlation < LEAST_CORRELATION
}

/// Changes the level of the sides and leaves the middle as it is, and turns one channel up and the other down; mono has no sides.
pub(crate) fn apply(audio: &mut Audio, stereo: Option<&Stereo>) {
    let Some(stereo) = stereo else { return };
    if stereo.side_gain != 1.0
        && let [left, right] = audio.channels_mut()
    {
        let (own, other) = ((0.5 * (1.0 + stereo.side_gain)) as f32, (0.5 * (1.0 - stereo.side_gain)) as f32);
        halves(left, right, |left, right| {
            for (left, right) in left.iter_mut().zip(right) {
                (*left, *right) = (own * *left + other * *right, own * *right + other * *left);
            }
        });
    }
    if stereo.balance_db != 0.0
        && let [left, right] = audio.channels_mut()
    {
        for (channel, db) in [(left, -0.5 * stereo.balance_db), (right, 0.5 * stereo.balance_db)] {
            let gain = dsp::amplitude_from_db(db) as f32;
            for sample in channel.iter_mut() {
                *sample *= gain;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::tests::music;
    use crate::render::shape;
    use crate::{Style, analyse};

    fn moves(side: Option<[f64; BANDS]>) -> Moves {
        Moves { all: [0.0; BANDS], side, one_channel: false }
    }

    fn measured(audio: &Audio) -> Measurement {
        analyse(audio, &mut |_, _| {}).expect("not silent").measurement
    }

    #[test]
    fn no_width_is_mono_and_the_middle_stays() {
        let audio = music(44_100, 2.0, 0.3);
        let mut narrow = audio.clone();
        apply(&mut narrow, Some(&Stereo { side_gain: 0.0, side_equaliser: None, balance_db: 0.0 }));
        let ([l, r], [left, right]) = (narrow.channels(), audio.channels()) else { panic!("stereo") };
        assert_eq!(l, r);
        for ((now, left), right) in l.iter().zip(left).zip(right) {
            assert!((now - 0.5 * (left + right)).abs() < 1e-6);
        }
    }

    #[test]
    fn balance_moves_the_channels_against_each_other_and_mono_not_at_all() {
        let audio = music(44_100, 2.0, 0.3);
        let sound = Sound { balance_db: 3.0, ..Sound::DEFAULT };
        let stereo = decide(&measured(&audio), 2, &sound, &moves(None)).expect("asked for");
        assert_eq!(stereo, Stereo { side_gain: 1.0, side_equaliser: None, balance_db: 3.0 });
        let mut moved = audio.clone();
        apply(&mut moved, Some(&stereo));
        let over_db = |audio: &Audio| {
            let channels = audio.channels();
            dsp::stereo::StereoSums::of(&channels[0], &channels[1]).balance_db().expect("not silent")
        };
        assert!((over_db(&moved) - over_db(&audio) - 3.0).abs() < 1e-3);
        assert_eq!(decide(&measured(&audio), 1, &sound, &moves(None)), None);
    }

    #[test]
    fn the_sides_own_equaliser_leaves_the_middle_as_it_is() {
        let audio = music(44_100, 2.0, 0.3);
        let mut wider = audio.clone();
        let mut gains = [0.0; BANDS];
        gains[16..].fill(3.0);
        let side_equaliser = Some(Equaliser::from_gains(&gains));
        shape(&mut wider, None, Some(&Stereo { side_gain: 1.0, side_equaliser, balance_db: 0.0 }), &mut |_, _| {});
        let ([l, r], [left, right]) = (wider.channels(), audio.channels()) else { panic!("stereo") };
        for (((l, r), left), right) in l.iter().zip(r).zip(left).zip(right) {
            assert!((l + r - left - right).abs() < 1e-5);
        }
        assert!(l.iter().zip(left).any(|(l, left)| (l - left).abs() > 1e-3));
    }

    /// Music whose bass, a tone of 60 Hz, is on the right by so many degrees later.
    fn with_bass(degrees: f32) -> Audio {
        let mut channels = music(44_100, 4.0, 0.1).into_channels();
        for (channel, phase) in channels.iter_mut().zip([0.0, degrees.to_radians()]) {
            for (n, sample) in channel.iter_mut().enumerate() {
                *sample += 0.3 * (n as f32 * std::f32::consts::TAU * 60.0 / 44_100.0 + phase).sin();
            }
        }
        Audio::new(44_100, channels).expect("audio")
    }

    fn bass_side_over_mid_db(audio: &Audio) -> f64 {
        let MidSide { mid, side } = analyse(audio, &mut |_, _| {}).expect("not silent").mid_side.expect("stereo");
        side.level_db[4] - mid.level_db[4]
    }

    #[test]
    fn wide_bass_goes_to_the_middle_and_the_rest_stays_as_wide_as_it_is() {
        let wide = with_bass(80.0);
        let analysis = analyse(&wide, &mut |_, _| {}).expect("not silent");
        let full = Sound { intensity_percent: 100.0, ..Sound::default() };
        let gains = bass_to_the_middle(&analysis, &full).expect("needed");
        let mut centred = wide.clone();
        let stereo = decide(&analysis.measurement, 2, &full, &moves(Some(gains)));
        shape(&mut centred, None, stereo.as_ref(), &mut |_, _| {});
        assert!(bass_side_over_mid_db(&wide) > -3.0, "{}", bass_side_over_mid_db(&wide));
        assert!(bass_side_over_mid_db(&centred) < -18.0, "{}", bass_side_over_mid_db(&centred));
        let after = analyse(&centred, &mut |_, _| {}).expect("not silent").mid_side.expect("stereo");
        let before = analysis.mid_side.expect("stereo");
        // 400 Hz and up; what the bass leaks into empty bands does not count.
        for band in 12..28 {
            let change_db = after.side.level_db[band] - before.side.level_db[band];
            assert!(change_db.abs() < 0.3 || before.side.level_db[band] < -57.0, "band {band}: {change_db}");
        }
    }

    #[test]
    fn narrow_bass_bass_out_of_phase_and_no_intensity_are_left_alone() {
        let needed = |audio: &Audio, sound: &Sound| {
            bass_to_the_middle(&analyse(audio, &mut |_, _| {}).expect("not silent"), sound).is_some()
        };
        let full = Sound::default();
        assert!(needed(&with_bass(80.0), &full));
        assert!(!needed(&with_bass(20.0), &full), "as good as mono");
        assert!(!needed(&with_bass(150.0), &full), "its middle is not the bass");
        assert!(!needed(&with_bass(80.0), &Sound { intensity_percent: 0.0, ..full }));
        assert!(!needed(&Audio::new(44_100, vec![with_bass(0.0).channels()[0].clone()]).expect("mono"), &full));
    }

    #[test]
    fn a_mix_that_mono_would_hollow_out_is_not_widened_but_may_be_narrowed() {
        let wide = Sound { width_percent: 130.0, ..Sound::default() };
        let narrow = Sound { width_percent: 70.0, ..Sound::default() };
        let mut mix = measured(&music(44_100, 2.0, 0.3));
        for (correlation, widened) in [(0.9, true), (0.2, false), (-0.5, false)] {
            mix.correlation = correlation;
            assert_eq!(decide(&mix, 2, &wide, &moves(None)).is_some(), widened);
            assert_eq!(refused(&mix, &wide), !widened);
            assert_eq!(
                decide(&mix, 2, &narrow, &moves(None)),
                Some(Stereo { side_gain: 0.7, side_equaliser: None, balance_db: 0.0 })
            );
        }
    }

    #[test]
    fn mono_and_a_width_that_nobody_asked_for_change_nothing() {
        let mix = measured(&music(44_100, 2.0, 0.3));
        assert_eq!(decide(&mix, 2, &Sound { style: Style::Warm, ..Sound::default() }, &moves(None)), None);
        assert_eq!(
            decide(&mix, 1, &Sound { width_percent: 150.0, ..Sound::default() }, &moves(Some([1.0; BANDS]))),
            None
        );
    }
}
