//! Tonal balance: how far a mix is from what finished music usually sounds like, and how much of that to mend.
//!
//! The target is the long-term average spectrum of 12,345 popular tracks (Elowsson & Friberg, AES 142, paper 9762, 2017)
//! with the fuller bass and the air of later productions. Around it lies a tolerance: inside, a mix is left alone, and
//! beyond it is brought back to its edge at most. On top come the offsets of a style and of the musician's own hand.
//! Not here: the filter (that is `render`).

use crate::Sound;
use crate::analysis::LongTermSpectrum;
use crate::plan::Equaliser;
use dsp::spectrum::BANDS;

/// Band levels of the target, dB re 1 kHz, 25 Hz to 20 kHz.
pub(crate) const TARGET_DB: [f64; BANDS] = [
    -14.0, -8.0, -3.5, 0.0, 2.5, 4.0, 4.5, 4.0, 3.3, 3.0, 2.7, 2.4, 2.1, 1.7, 1.3, 0.7, 0.0, -0.9, -1.9, -3.1, -4.4,
    -5.8, -7.2, -8.7, -10.2, -11.7, -13.2, -15.0, -17.8, -24.0,
];

/// How far a band may be from the target before anything is done, dB.
pub(crate) const TOLERANCE_DB: [f64; BANDS] = [
    6.0, 6.0, 6.0, 5.0, 5.0, 4.5, 4.0, 3.5, 3.0, 2.5, 2.5, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.5, 2.5,
    3.0, 3.0, 3.5, 4.0, 4.5, 6.0, 6.0,
];

const MOST_BOOST_DB: f64 = 4.0;
const MOST_CUT_DB: f64 = 6.0;
const MOST_BASS_BOOST_DB: f64 = 2.0;
/// Two decibels from band to band are 6 dB an octave.
const STEEPEST_DB: f64 = 2.0;
/// Below this a correction is not worth a filter, dB.
pub(crate) const INAUDIBLE_DB: f64 = 0.25;

const BAND_80_HZ: usize = 5;
const BAND_200_HZ: usize = 9;
const BAND_2_KHZ: usize = 19;
/// A band whose level is within this of its quiet passages, and far below the whole, is noise rather than music, dB.
const NOISE_RANGE_DB: f64 = 10.0;
const NOISE_BELOW_TOTAL_DB: f64 = -50.0;
/// A fall like this from one band to the next is no instrument: a lossy encoder's or converter's cut-off, dB.
const CUT_OFF_DB: f64 = 18.0;

/// How far each band is above the target, dB, the two aligned by the median over 200 Hz to 2 kHz.
pub(crate) fn deviation_db(spectrum: &LongTermSpectrum) -> [f64; BANDS] {
    let mut middle: Vec<f64> = (BAND_200_HZ..=BAND_2_KHZ.min(spectrum.bands - 1))
        .map(|band| spectrum.level_db[band] - TARGET_DB[band])
        .collect();
    middle.sort_by(f64::total_cmp);
    let offset = middle[middle.len() / 2];
    std::array::from_fn(|band| {
        let deviation = spectrum.level_db[band] - TARGET_DB[band] - offset;
        if deviation.is_finite() { deviation } else { 0.0 }
    })
}

/// What the mix itself needs, dB. What is a master already keeps the balance that it was given.
pub(crate) fn needed(spectrum: &LongTermSpectrum, sound: &Sound, finished: bool) -> [f64; BANDS] {
    if finished { [0.0; BANDS] } else { correction(spectrum, sound.strength()) }
}

/// All that is done to the tone, what is needed and what was asked for; or nothing.
pub(crate) fn decide(needed: &[f64; BANDS], spectrum: &LongTermSpectrum, sound: &Sound) -> Option<Equaliser> {
    let needed = if needed.iter().any(|gain| gain.abs() >= INAUDIBLE_DB) { *needed } else { [0.0; BANDS] };
    let wished = sound.offsets_db(|band| may_boost(spectrum, band));
    let gains: [f64; BANDS] = std::array::from_fn(|band| hundredths(needed[band] + wished[band]));
    gains.iter().any(|gain| *gain != 0.0).then(|| Equaliser::from_gains(&gains))
}

/// Hundredths are more than anyone hears, and they keep the plan readable.
pub(crate) fn hundredths(db: f64) -> f64 {
    (db * 100.0).round() / 100.0
}

/// What lies outside the tolerance, times a strength of 0 to 1.
fn correction(spectrum: &LongTermSpectrum, strength: f64) -> [f64; BANDS] {
    let deviation = deviation_db(spectrum);
    let mut gains = [0.0; BANDS];
    for band in 0..spectrum.bands {
        let beyond = (deviation[band].abs() - TOLERANCE_DB[band]).max(0.0);
        gains[band] = -beyond * deviation[band].signum() * strength;
    }
    let mut gains = smoothed(&gains);
    for (band, gain) in gains.iter_mut().enumerate() {
        *gain = gain.clamp(-MOST_CUT_DB, if may_boost(spectrum, band) { most_boost_db(band) } else { 0.0 });
    }
    limit_slope(&mut gains, STEEPEST_DB);
    gains
}

fn most_boost_db(band: usize) -> f64 {
    match band {
        // The lowest and the highest band are only ever cut.
        0 => 0.0,
        band if band == BANDS - 1 => 0.0,
        band if band < BAND_80_HZ => MOST_BASS_BOOST_DB,
        _ => MOST_BOOST_DB,
    }
}

/// Whether a band has music in it, and not just noise or what a codec left behind.
pub(crate) fn may_boost(spectrum: &LongTermSpectrum, band: usize) -> bool {
    let (level, floor) = (spectrum.level_db[band], spectrum.floor_db[band]);
    let noise = level - floor < NOISE_RANGE_DB && level < spectrum.total_db() + NOISE_BELOW_TOTAL_DB;
    band < spectrum.bands && !noise && band < cut_off(spectrum)
}

/// The first band beyond a lossy encoder's or a converter's cut-off; as many as there are bands where there is none.
pub(crate) fn cut_off(spectrum: &LongTermSpectrum) -> usize {
    let falls =
        |band: &usize| spectrum.level_db[band - 1] - spectrum.level_db[*band] > CUT_OFF_DB + slope_of_target(*band);
    (BAND_2_KHZ..BANDS).find(falls).unwrap_or(BANDS)
}

fn slope_of_target(band: usize) -> f64 {
    TARGET_DB[band - 1] - TARGET_DB[band]
}

/// Half an octave wide, an octave below 200 Hz, where ears and rooms resolve less.
fn smoothed(gains: &[f64; BANDS]) -> [f64; BANDS] {
    let once = |gains: &[f64; BANDS]| -> [f64; BANDS] {
        std::array::from_fn(|band| {
            let (before, after) = (gains[band.saturating_sub(1)], gains[(band + 1).min(BANDS - 1)]);
            0.25 * before + 0.5 * gains[band] + 0.25 * after
        })
    };
    let narrow = once(gains);
    let wide = once(&narrow);
    std::array::from_fn(|band| if band < BAND_200_HZ { wide[band] } else { narrow[band] })
}

/// Draws gains toward zero until no two neighbours differ by more than the steepest slope.
pub(crate) fn limit_slope(gains: &mut [f64; BANDS], steepest_db: f64) {
    let toward = |gain: f64, neighbour: f64| {
        let limited = gain.clamp(neighbour - steepest_db, neighbour + steepest_db);
        if limited.abs() < gain.abs() { limited } else { gain }
    };
    for band in 1..BANDS {
        gains[band] = toward(gains[band], gains[band - 1]);
    }
    for band in (0..BANDS - 1).rev() {
        gains[band] = toward(gains[band], gains[band + 1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::BandGain;

    fn spectrum(deviation: impl Fn(usize) -> f64) -> LongTermSpectrum {
        let level_db = std::array::from_fn(|band| TARGET_DB[band] - 30.0 + deviation(band));
        LongTermSpectrum { level_db, floor_db: level_db.map(|level| level - 20.0), bands: BANDS }
    }

    fn decide(spectrum: &LongTermSpectrum, sound: &Sound, finished: bool) -> Option<Equaliser> {
        super::decide(&needed(spectrum, sound, finished), spectrum, sound)
    }

    fn decided(spectrum: &LongTermSpectrum) -> Option<Equaliser> {
        decide(spectrum, &Sound::default(), false)
    }

    fn gains(equaliser: &Equaliser) -> Vec<f64> {
        equaliser.bands.iter().map(|BandGain { gain_db, .. }| *gain_db).collect()
    }

    #[test]
    fn a_mix_within_the_tolerance_is_left_alone() {
        assert_eq!(decided(&spectrum(|_| 0.0)), None);
        assert_eq!(decided(&spectrum(|band| [0.95, 0.0, -0.95, 0.0][band % 4] * TOLERANCE_DB[band])), None);
    }

    #[test]
    fn level_alone_changes_nothing() {
        assert_eq!(decided(&spectrum(|_| -25.0)), None);
    }

    #[test]
    fn a_boomy_mix_is_cut_where_it_booms_and_nowhere_else() {
        let equaliser = decided(&spectrum(|band| if (7..10).contains(&band) { 10.0 } else { 0.0 })).expect("corrected");
        let gains = gains(&equaliser);
        assert!(gains[8] < -2.0 && gains[8] >= -MOST_CUT_DB, "{gains:?}");
        assert!(gains[16..].iter().all(|gain| *gain == 0.0), "{gains:?}");
    }

    #[test]
    fn no_correction_is_larger_or_steeper_than_its_limits() {
        for direction in [-1.0, 1.0] {
            let equaliser = decided(&spectrum(|band| direction * if (6..=22).contains(&band) { 0.0 } else { 40.0 }))
                .expect("corrected");
            let gains = gains(&equaliser);
            for pair in gains.windows(2) {
                assert!((pair[1] - pair[0]).abs() <= STEEPEST_DB + 0.011, "{gains:?}");
            }
            assert!(gains.iter().all(|gain| (-MOST_CUT_DB..=MOST_BOOST_DB).contains(gain)), "{gains:?}");
            assert!(gains[..BAND_80_HZ].iter().all(|gain| *gain <= MOST_BASS_BOOST_DB), "{gains:?}");
        }
    }

    #[test]
    fn nothing_is_raised_above_a_lossy_cut_off_or_out_of_the_noise() {
        let cut_off = spectrum(|band| if band >= 27 { -50.0 } else { 0.0 });
        let raised = |spectrum: &LongTermSpectrum| {
            decided(spectrum).is_some_and(|equaliser| gains(&equaliser)[27..].iter().any(|gain| *gain > 0.0))
        };
        assert!(!raised(&cut_off));
        let mut noise = spectrum(|band| if band >= 24 { -8.0 - 5.0 * (band - 23) as f64 } else { 0.0 });
        noise.floor_db = noise.level_db.map(|level| level - 3.0);
        assert!(!raised(&noise));
    }

    #[test]
    fn a_finished_master_and_no_intensity_are_left_alone_unless_something_is_asked_for() {
        let boomy = spectrum(|band| if (7..10).contains(&band) { 10.0 } else { 0.0 });
        let nothing = Sound { intensity_percent: 0.0, ..Sound::default() };
        assert_eq!(decide(&boomy, &Sound::default(), true), None);
        assert_eq!(decide(&boomy, &nothing, false), None);
        let asked = decide(&boomy, &Sound { high_db: 1.5, ..nothing }, true).expect("asked for");
        assert_eq!((gains(&asked)[8], gains(&asked)[27]), (0.0, 1.5));
    }

    #[test]
    fn nine_tenths_of_a_wrong_equaliser_on_balanced_music_are_undone_and_the_rest_is_left_alone() {
        let mut seed = 7u32;
        let mut random = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(seed >> 8) / f64::from(1 << 23) - 1.0
        };
        let (mut before, mut after) = (0.0, 0.0);
        for _ in 0..40 {
            // Smooth, up to 6 dB: three slow waves over the bands, as in a hasty equaliser.
            let waves: [(f64, f64); 3] =
                std::array::from_fn(|wave| (random() * 3.0, random() * 4.0 / (wave + 1) as f64));
            let wrong = |band: usize| -> f64 {
                let sum: f64 = waves
                    .iter()
                    .enumerate()
                    .map(|(wave, (phase, gain))| gain * ((wave + 1) as f64 * 0.11 * band as f64 + phase).sin())
                    .sum();
                sum.clamp(-6.0, 6.0)
            };
            let heard = spectrum(wrong);
            let full = Sound { intensity_percent: 100.0, ..Sound::default() };
            let undone = decide(&heard, &full, false).map_or(vec![0.0; BANDS], |equaliser| gains(&equaliser));
            let mended = spectrum(|band| wrong(band) + undone[band]);
            let beyond = |spectrum: &LongTermSpectrum| -> f64 {
                // The outermost bands are cut only; nobody promises more of them.
                (2..28).map(|band| (deviation_db(spectrum)[band].abs() - TOLERANCE_DB[band]).max(0.0)).sum()
            };
            before += beyond(&heard);
            after += beyond(&mended);
            let again = decide(&mended, &full, false).map_or(vec![0.0; BANDS], |equaliser| gains(&equaliser));
            assert!(again.iter().all(|gain| gain.abs() <= 1.0), "{again:?}");
        }
        assert!(before > 100.0 && after < before / 10.0, "{before} {after}");
    }
}
