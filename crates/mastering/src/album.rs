//! The tracks of an album beside each other: one whose bass or treble is far from the others' is brought nearer.
//!
//! Variety stays, since a ballad may be darker than the rest: what is done goes to its edge and no further. Compared is
//! what each track would be if it were mastered alone. A master keeps the balance that it was given.
//! Not here: the loudness of an album, and what a track needs by itself (that is `tone`).

use crate::Sound;
use crate::analysis::{Analysis, LongTermSpectrum, db_from_power, power_from_db};
use crate::tone::{self, INAUDIBLE_DB, hundredths};
use dsp::spectrum::BANDS;
use std::ops::RangeInclusive;

/// Bass and treble of a track against the album's middle: the median over all tracks.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BesideOthers {
    /// How much more bass (40 to 125 Hz, against 200 Hz to 2 kHz) it would have, dB.
    pub low_db: f64,
    /// How much more treble (5 to 12.5 kHz), dB; zero where its sample rate leaves none.
    pub high_db: f64,
    /// What brings it nearer.
    pub nearer: Nearer,
}

/// What brings a track nearer to its album, dB.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Nearer {
    /// Below about 200 Hz.
    pub low_db: f64,
    /// Above about 4 kHz; not where it would raise noise.
    pub high_db: f64,
}

impl BesideOthers {
    /// Less than this is variety, dB.
    pub const VARIETY_DB: f64 = 3.0;
}

/// A track is moved by no more, dB.
const MOST_DB: f64 = 3.0;
const MIDS: RangeInclusive<usize> = 9..=19;
const BASS: RangeInclusive<usize> = 2..=7;
const TREBLE: RangeInclusive<usize> = 23..=27;

/// Compares the tracks of an album; `alike` of 0 to 1 says how much of what is beyond variety is evened out, beside the
/// intensity of the sound.
pub fn beside_others(tracks: &[Analysis], sound: &Sound, alike: f64) -> Vec<BesideOthers> {
    let apart_db = |part: &RangeInclusive<usize>| {
        let over_mids: Vec<Option<f64>> = tracks.iter().map(|track| over_mids_db(track, sound, part)).collect();
        let middle_db = median(over_mids.iter().copied().flatten().collect());
        over_mids.into_iter().map(move |level| level.zip(middle_db).map_or(0.0, |(level, middle)| level - middle))
    };
    let strength = sound.strength() * alike;
    let beside = |(track, (low_db, high_db)): (&Analysis, (f64, f64))| {
        let keeps = track.measurement.looks_finished();
        let toward = |apart_db: f64, part: &RangeInclusive<usize>| {
            let move_db = hundredths(-beyond_variety(apart_db).clamp(-MOST_DB, MOST_DB) * strength);
            let raises_noise = move_db > 0.0 && !part.clone().all(|band| tone::may_boost(&track.spectrum, band));
            if keeps || raises_noise || move_db.abs() < INAUDIBLE_DB { 0.0 } else { move_db }
        };
        let nearer = Nearer { low_db: toward(low_db, &BASS), high_db: toward(high_db, &TREBLE) };
        BesideOthers { low_db, high_db, nearer }
    };
    tracks.iter().zip(apart_db(&BASS).zip(apart_db(&TREBLE))).map(beside).collect()
}

fn beyond_variety(apart_db: f64) -> f64 {
    (apart_db.abs() - BesideOthers::VARIETY_DB).max(0.0).copysign(apart_db)
}

/// Level of a part over that of the mids, in what a track would be alone, dB.
fn over_mids_db(track: &Analysis, sound: &Sound, part: &RangeInclusive<usize>) -> Option<f64> {
    let spectrum = &track.spectrum;
    let needed = tone::needed(spectrum, sound, track.measurement.looks_finished());
    let db = level_db(spectrum, &needed, part) - level_db(spectrum, &needed, &MIDS);
    (*part.end() < spectrum.bands && db.is_finite()).then_some(db)
}

fn level_db(spectrum: &LongTermSpectrum, gains_db: &[f64; BANDS], part: &RangeInclusive<usize>) -> f64 {
    db_from_power(part.clone().map(|band| power_from_db(spectrum.level_db[band] + gains_db[band])).sum())
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyse;
    use crate::audio::tests::music;
    use crate::tone::TARGET_DB;

    const FULL: Sound = Sound { intensity_percent: 100.0, ..Sound::DEFAULT };

    /// Music whose spectrum is the usual one but for so much more bass and treble.
    fn track(bass_db: f64, treble_db: f64) -> Analysis {
        let mut analysis = analyse(&music(44_100, 2.0, 0.1), &mut |_, _| {}).expect("music");
        analysis.spectrum.level_db = std::array::from_fn(|band| {
            let part = |part: RangeInclusive<usize>, db: f64| if part.contains(&band) { db } else { 0.0 };
            TARGET_DB[band] - 30.0 + part(BASS, bass_db) + part(TREBLE, treble_db)
        });
        analysis.spectrum.floor_db = analysis.spectrum.level_db.map(|level| level - 20.0);
        analysis
    }

    fn nearer(tracks: &[Analysis]) -> Vec<(f64, f64)> {
        beside_others(tracks, &FULL, 1.0).iter().map(|track| (track.nearer.low_db, track.nearer.high_db)).collect()
    }

    #[test]
    fn a_track_that_is_apart_is_brought_to_the_edge_of_variety_and_the_others_stay() {
        let moves = nearer(&[track(0.0, 0.0), track(0.5, -2.5), track(-3.5, 2.0), track(0.0, -0.5)]);
        assert_eq!((moves[0], moves[1], moves[3]), ((0.0, 0.0), (0.0, 0.0), (0.0, 0.0)));
        assert!((0.3..0.8).contains(&moves[2].0) && moves[2].1 == 0.0, "{moves:?}");
    }

    #[test]
    fn of_two_tracks_each_goes_half_the_way_and_one_alone_goes_none() {
        let moves = nearer(&[track(4.5, 0.0), track(-4.5, 0.0)]);
        assert!((moves[0].0 + moves[1].0).abs() < 0.05 && (-1.5..-0.5).contains(&moves[0].0), "{moves:?}");
        assert_eq!(nearer(&[track(4.0, -4.0)]), [(0.0, 0.0)]);
    }

    #[test]
    fn no_track_is_moved_by_more_than_three_decibels() {
        let mut odd = track(0.0, 0.0);
        // What a master has is not mended first.
        odd.spectrum.level_db[..=7].iter_mut().for_each(|db| *db -= 40.0);
        let tracks = [track(0.0, 0.0), track(0.0, 0.0), odd];
        let moves = beside_others(&tracks, &FULL, 1.0);
        assert!(moves[2].low_db < -20.0 && moves[2].nearer.low_db <= MOST_DB, "{moves:?}");
    }

    #[test]
    fn no_intensity_no_likeness_and_masters_leave_all_tracks_alone() {
        let tracks = || [track(0.0, 0.0), track(0.0, 0.0), track(0.0, 6.0)];
        let alone = |sound: &Sound, alike: f64| {
            beside_others(&tracks(), sound, alike).iter().all(|track| track.nearer == Nearer::default())
        };
        assert!(!alone(&FULL, 1.0) && alone(&FULL, 0.0));
        assert!(alone(&Sound { intensity_percent: 0.0, ..Sound::DEFAULT }, 1.0));
        let mut masters = tracks();
        masters[2].measurement.integrated_lufs = -9.0;
        masters[2].measurement.true_peak_dbtp = -0.5;
        assert!(masters[2].measurement.looks_finished());
        let beside = beside_others(&masters, &FULL, 1.0);
        assert!(beside[2].high_db > 5.0 && beside[2].nearer == Nearer::default(), "{beside:?}");
    }

    #[test]
    fn noise_and_what_a_codec_left_are_not_raised() {
        let mut dull = track(0.0, -8.0);
        dull.spectrum.level_db[25..].fill(-160.0);
        let moves = beside_others(&[track(0.0, 0.0), track(0.0, 0.0), dull], &FULL, 1.0);
        assert!(moves[2].high_db < -BesideOthers::VARIETY_DB && moves[2].nearer.high_db == 0.0, "{moves:?}");
    }

    #[test]
    fn a_rate_that_leaves_no_treble_is_compared_in_the_bass_alone() {
        let mut narrow = track(9.0, 0.0);
        narrow.spectrum.bands = 22;
        narrow.spectrum.level_db[22..].fill(f64::NEG_INFINITY);
        let moves = beside_others(&[track(0.0, 0.0), track(0.0, 0.0), narrow], &FULL, 1.0);
        assert!(moves[2].low_db > 3.0 && moves[2].high_db == 0.0, "{moves:?}");
        assert!(moves.iter().all(|track| track.low_db.is_finite() && track.high_db.is_finite()));
    }
}
