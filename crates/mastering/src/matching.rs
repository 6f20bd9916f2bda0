//! Bringing a mix toward a reference: its tone and its width, band by band.
//!
//! What is compared is the level of each band against the loudness of its track, so that a loud reference is no bright one.
//! Faults of the reference are not copied: nothing is cut where a codec cut it, a mono reference folds nothing down, and
//! its peaks decide nothing. Not here: the filters (that is `render`), and how a loudness is reached (that is `solve`).

use crate::analysis::{Analysis, LongTermSpectrum, MidSide, db_from_power, power_from_db};
use crate::band_range::BandRange;
use crate::drive::highest;
use crate::reference::Reference;
use crate::tone::{INAUDIBLE_DB, cut_off, hundredths, limit_slope, may_boost};
use crate::width::LEAST_CORRELATION;
use dsp::spectrum::BANDS;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// A reference, and what of it is wanted beside its loudness.
#[derive(Debug, Clone, PartialEq)]
pub struct Toward {
    /// The track.
    pub reference: Arc<Reference>,
    /// Whether its tonal balance is.
    pub tone: bool,
    /// Whether its width is.
    pub width: bool,
    /// Whether the levels of bands shall spread no more than its own do.
    pub dynamics: bool,
}

/// What bands get, dB.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Moves {
    /// Middle and sides alike.
    pub(crate) all: [f64; BANDS],
    /// The sides beside that.
    pub(crate) side: Option<[f64; BANDS]>,
    /// Whether both sides are to be one channel.
    pub(crate) one_channel: bool,
}

/// A band is raised by at most this, dB.
const MOST_BOOST_DB: f64 = 12.0;
/// And lowered by at most this: too much of something is mended without raising noise, dB.
const MOST_CUT_DB: f64 = 18.0;
/// The sides are moved against the middle by at most this, dB.
const MOST_WIDTH_DB: f64 = 6.0;
/// Sides this far below the middle of their band are not raised: there is nothing in them but what mixing left there, dB.
const NO_SIDE_DB: f64 = -40.0;
/// And where all of them together are below this, they are what rounding to 16 bits leaves of one channel on both sides, dB.
const ROUNDING_DB: f64 = -85.0;
/// Six decibels from band to band are 18 dB an octave.
const STEEPEST_DB: f64 = 6.0;

/// How far each band is to move for the mix to sound like the reference, with a strength of 0 to 1.
///
/// The sides come first, since what they get or may not get is part of the level of their band.
pub(crate) fn decide(mix: &Analysis, toward: &Toward, strength: f64) -> Moves {
    let reference = &*toward.reference;
    let sides = mix.mid_side.as_ref().zip(reference.mid_side.as_ref()).filter(|_| toward.width);
    let mut side = sides.map(|(own, theirs)| apart(mix, own, theirs, strength));
    let mut all = [0.0; BANDS];
    if toward.tone {
        let mut own = mix.spectrum.clone();
        if let Some((extra, MidSide { mid, side })) = side.as_ref().zip(mix.mid_side.as_ref()) {
            for (band, level_db) in own.level_db.iter_mut().enumerate() {
                let moved = power_from_db(mid.level_db[band]) + power_from_db(side.level_db[band] + extra[band]);
                *level_db = db_from_power(2.0 * moved);
            }
        }
        let level_db = mix.measurement.integrated_lufs - reference.integrated_lufs;
        let wanted = wanted(&own, &reference.spectrum, level_db);
        all = held(&moved(&wanted, strength, -MOST_CUT_DB..=MOST_BOOST_DB), &mix.spectrum);
    }
    if let Some((extra, own)) = side.as_mut().zip(mix.mid_side.as_ref()) {
        for (band, extra) in extra.iter_mut().enumerate() {
            if own.side.level_db[band] - own.mid.level_db[band] < NO_SIDE_DB {
                // Not even by what the middle gets.
                *extra = extra.min(-all[band]).min(0.0);
            }
        }
    }
    let audible = |side: &[f64; BANDS]| side.iter().any(|extra| extra.abs() >= INAUDIBLE_DB);
    // Louder by as much as a reference may be, rounding would be heard in sides that were never there.
    let one_channel = strength > 0.0 && sides.is_some_and(|(own, _)| own.side_is_noise_alone());
    let side = side.filter(|side| audible(side) && !one_channel);
    Moves { all, side: side.map(|side| side.map(hundredths)), one_channel }
}

impl MidSide {
    /// Whether one channel is on both sides, but for what rounding did to each.
    fn side_is_noise_alone(&self) -> bool {
        let side_db = self.side.total_db();
        side_db < ROUNDING_DB && side_db - self.mid.total_db() < NO_SIDE_DB
    }
}

/// The highest strength with which the loudness range is expected to change by what it may, LU, where another one changed
/// it by so much, LU. Bands tell how the change goes with the strength, from there on.
pub(crate) fn strength_for_range(
    mix: &Analysis,
    toward: &Toward,
    (strength, changed_lu): (f64, f64),
    may_change_lu: &RangeInclusive<f64>,
) -> f64 {
    let range = BandRange::of(&mix.frames);
    let told_lu = |strength: f64| range.lu_with(&decide(mix, toward, strength));
    let told_there_lu = told_lu(strength);
    highest(0.0, strength, |strength| may_change_lu.contains(&(changed_lu + told_lu(strength) - told_there_lu)))
}

/// How far the sides are to move against the middle.
fn apart(mix: &Analysis, own: &MidSide, theirs: &MidSide, strength: f64) -> [f64; BANDS] {
    let (middle, sides) = (wanted(&own.mid, &theirs.mid, 0.0), wanted(&own.side, &theirs.side, 0.0));
    let apart: [f64; BANDS] = std::array::from_fn(|band| sides[band] - middle[band]);
    let mut moved = moved(&apart, strength, -MOST_WIDTH_DB..=MOST_WIDTH_DB);
    for (band, extra) in moved.iter_mut().enumerate() {
        let nothing_there = own.side.level_db[band] - own.mid.level_db[band] < NO_SIDE_DB;
        if nothing_there || mix.measurement.correlation < LEAST_CORRELATION {
            *extra = extra.min(0.0);
        }
    }
    moved
}

/// What would make the bands of one spectrum those of the other, dB. Beyond what the reference has, as at its end.
fn wanted(own: &LongTermSpectrum, theirs: &LongTermSpectrum, level_db: f64) -> [f64; BANDS] {
    let known = cut_off(theirs).min(theirs.bands).min(own.bands);
    let mut last = 0.0;
    std::array::from_fn(|band| {
        let difference = theirs.level_db[band] - own.level_db[band] + level_db;
        if band < known && difference.is_finite() {
            last = difference;
        }
        last
    })
}

fn moved(wanted: &[f64; BANDS], strength: f64, range_db: RangeInclusive<f64>) -> [f64; BANDS] {
    let mut gains = wanted.map(|gain| (gain * strength).clamp(*range_db.start(), *range_db.end()));
    limit_slope(&mut gains, STEEPEST_DB);
    gains
}

/// Without what would raise noise, or what a codec left behind.
fn held(gains: &[f64; BANDS], mix: &LongTermSpectrum) -> [f64; BANDS] {
    std::array::from_fn(|band| if may_boost(mix, band) { gains[band] } else { gains[band].min(0.0) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::tests::{low_and_high_by_turns, music};
    use crate::plan::Plan;
    use crate::{Audio, Loudness, Request, Sound, analyse, master_from};

    const RATE_HZ: u32 = 44_100;

    fn sides(audio: &Audio) -> MidSide {
        analyse(audio, &mut |_, _| {}).expect("not silent").mid_side.expect("stereo")
    }

    fn toward(reference: &Audio) -> Toward {
        Toward {
            reference: Arc::new(Reference::of(reference).expect("a reference")),
            tone: true,
            width: true,
            dynamics: false,
        }
    }

    fn matched(mix: &Audio, toward: Toward, intensity_percent: f64) -> (Audio, Plan) {
        matched_to(mix, toward, intensity_percent, -20.0)
    }

    fn matched_to(mix: &Audio, toward: Toward, intensity_percent: f64, target_lufs: f64) -> (Audio, Plan) {
        let analysis = analyse(mix, &mut |_, _| {}).expect("a mix");
        let request = Request {
            loudness: Loudness::Exact(target_lufs),
            ceiling_dbtp: -1.0,
            sound: Sound { intensity_percent, ..Sound::default() },
            toward: Some(toward),
        };
        let made = master_from(mix, &analysis, &request, &mut |_, _| {});
        (made.audio, made.plan)
    }

    /// Left and right each through a one-pole shelf: brighter or darker music.
    fn tilted(audio: &Audio, amount: f32) -> Audio {
        let mut channels = audio.clone().into_channels();
        for channel in &mut channels {
            let mut low = 0.0f32;
            for sample in channel.iter_mut() {
                low += 0.1 * (*sample - low);
                *sample = low + amount * (*sample - low);
            }
        }
        Audio::new(RATE_HZ, channels).expect("long enough")
    }

    fn with_sides(audio: &Audio, side_gain: f32) -> Audio {
        let [left, right] = audio.channels() else { panic!("stereo") };
        let part = |sign: f32| -> Vec<f32> {
            left.iter().zip(right).map(|(l, r)| 0.5 * (l + r) + sign * side_gain * 0.5 * (l - r)).collect()
        };
        Audio::new(RATE_HZ, vec![part(1.0), part(-1.0)]).expect("long enough")
    }

    #[test]
    fn loud_and_quiet_passages_stay_as_far_apart_as_they_are_unless_a_reference_is_asked_for_its_dynamics() {
        let mix = low_and_high_by_turns(RATE_HZ);
        let analysis = analyse(&mix, &mut |_, _| {}).expect("a mix");
        let dark = tilted(&mix, 0.3);
        let made = |toward: Toward| {
            let sound = Sound { intensity_percent: 100.0, ..Sound::default() };
            let request = Request { loudness: Loudness::Exact(-30.0), ceiling_dbtp: -1.0, sound, toward: Some(toward) };
            let made = master_from(&mix, &analysis, &request, &mut |_, _| {});
            let after = analyse(&made.audio, &mut |_, _| {}).expect("a master").measurement;
            let told = made.explanation.iter().any(|sentence| sentence.contains("of the way"));
            (after.loudness_range_lu - analysis.measurement.loudness_range_lu, told)
        };
        let (wider_lu, told) = made(toward(&dark));
        assert!((1.0..1.5).contains(&wider_lu) && told, "{wider_lu}, {told}");
        let (wider_lu, told) = made(Toward { dynamics: true, ..toward(&dark) });
        assert!(wider_lu > 2.0 && !told, "{wider_lu}, {told}");
    }

    fn distance_db(audio: &Audio, reference: &Audio) -> f64 {
        let of = |audio: &Audio| Reference::of(audio).expect("not silent");
        let (own, theirs) = (of(audio), of(reference));
        let level = own.integrated_lufs - theirs.integrated_lufs;
        let bands = wanted(&own.spectrum, &theirs.spectrum, level);
        (bands[2..27].iter().map(|db| db * db).sum::<f64>() / 25.0).sqrt()
    }

    #[test]
    fn a_dull_mix_takes_on_the_tone_of_a_bright_reference_and_no_intensity_none_of_it() {
        let (mix, reference) = (music(RATE_HZ, 6.0, 0.1), tilted(&music(RATE_HZ, 6.0, 0.1), 2.5));
        let before = distance_db(&mix, &reference);
        let (full, _) = matched(&mix, toward(&reference), 100.0);
        let (none, plan) = matched(&mix, toward(&reference), 0.0);
        assert!(before > 2.0 && distance_db(&full, &reference) < 0.15 * before, "{before}");
        assert!((distance_db(&none, &reference) - before).abs() < 0.1);
        assert_eq!((plan.equaliser, plan.stereo), (None, None));
    }

    #[test]
    fn a_track_as_its_own_reference_is_left_alone() {
        let mix = music(RATE_HZ, 4.0, 0.1);
        let (_, plan) = matched(&mix, toward(&mix), 100.0);
        assert_eq!((plan.equaliser, plan.stereo), (None, None));
    }

    #[test]
    fn sides_become_as_wide_as_the_references_and_only_where_that_is_wanted() {
        let mix = music(RATE_HZ, 4.0, 0.1);
        let narrow = with_sides(&mix, 0.6);
        let (audio, plan) = matched(&narrow, toward(&mix), 100.0);
        let sides = |audio: &Audio| {
            let MidSide { mid, side } = sides(audio);
            side.total_db() - mid.total_db()
        };
        assert!((sides(&audio) - sides(&mix)).abs() < 0.5, "{} {}", sides(&audio), sides(&mix));
        assert!(plan.stereo.expect("wider").side_equaliser.is_some());
        let (_, plan) = matched(&narrow, Toward { width: false, ..toward(&mix) }, 100.0);
        assert_eq!(plan.stereo, None);
    }

    #[test]
    fn the_dither_of_dual_mono_is_no_side_to_be_raised() {
        let wide = with_sides(&tilted(&music(RATE_HZ, 6.0, 0.1), 3.0), 1.5);
        let mut channels = music(RATE_HZ, 6.0, 0.1).into_channels();
        channels[1] = channels[0].clone();
        let mut seed = 1u32;
        for sample in channels.iter_mut().flatten() {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *sample = (*sample * 32_768.0 + (seed >> 8) as f32 / (1 << 24) as f32).floor() / 32_768.0;
        }
        let mono = Audio::new(RATE_HZ, channels).expect("long enough");
        let before = sides(&mono).side.total_db();
        for target_lufs in [-20.0, -9.0] {
            let (audio, plan) = matched_to(&mono, toward(&wide), 100.0, target_lufs);
            let [left, right] = audio.channels() else { panic!("stereo") };
            assert!(before > -110.0 && left == right, "{before}, {:?}", plan.stereo);
        }
    }

    #[test]
    fn the_cut_off_of_a_lossy_reference_is_not_copied() {
        let mix = Reference::of(&music(RATE_HZ, 4.0, 0.1)).expect("a mix").spectrum;
        let mut lossy = mix.clone();
        for band in 27..BANDS {
            lossy.level_db[band] -= 60.0;
        }
        assert!(wanted(&mix, &lossy, 0.0).iter().all(|db| *db == 0.0));
    }

    #[test]
    fn mono_and_other_rates_are_references_like_any_other() {
        let mix = music(RATE_HZ, 4.0, 0.1);
        let slow = music(22_050, 2.0, 0.1);
        let (_, plan) = matched(&mix, toward(&slow), 100.0);
        plan.check().expect("a plan that renders");
        let mono = Audio::new(48_000, vec![music(48_000, 3.0, 0.1).channels()[0].clone()]).expect("long enough");
        let (_, plan) = matched(&mix, toward(&mono), 100.0);
        assert_eq!(plan.stereo, None);
    }
}
