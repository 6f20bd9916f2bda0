//! How left and right get along: phase, mono, bass, balance.

use dsp::spectrum::BANDS;
use dsp::stereo::StereoSums;
use dsp::stereo_spectrum::BandSums;
use std::ops::Range;

use super::spans::spans;
use super::{BLOCK_S, Heard, Kind, Observation, Place, Weight, note, number};

/// Correlation below which left and right work against each other.
const AGAINST: f64 = -0.3;
/// For at least so many blocks of 100 ms: a moment of it is an effect.
const AGAINST_BLOCKS: usize = 20;
/// Passages this far below the loudness of the track are reverb tails, dB.
const QUIET_DB: f64 = -20.0;

/// What a band may lose in mono, dB; channels that have nothing in common lose 3.
const MONO_LOSS_DB: f64 = 4.5;
/// The side may be this much below the mid in the bass, dB.
const BASS_SIDE_DB: f64 = -6.0;
/// Bands this far below the loudest one do not matter, dB.
const FAINT_DB: f64 = -25.0;
/// And the bass does when it is within this of the whole, dB.
const BASS_FAINT_DB: f64 = -15.0;
/// One side over the other, dB.
const BALANCE_DB: f64 = 3.0;

/// The bass: 31.5 to 100 Hz. Windows smear what is lower.
const BASS: Range<usize> = 1..7;

/// Regions as musicians call them.
const REGIONS: [(&str, Range<usize>); 5] = [
    ("the bass (below 120 Hz)", 1..7),
    ("the low mids (120 to 500 Hz)", 7..13),
    ("the mids (500 Hz to 2 kHz)", 13..20),
    ("the presence (2 to 6 kHz)", 20..24),
    ("the treble (above 6 kHz)", 24..BANDS),
];

pub(super) fn notes(heard: &Heard<'_>) -> Vec<Observation> {
    if !heard.stereo() {
        return Vec::new();
    }
    [negative_correlation(heard), mono_loss(heard), bass_side(heard), balance(heard)].into_iter().flatten().collect()
}

fn negative_correlation(heard: &Heard<'_>) -> Option<Observation> {
    let gate_dbfs = (heard.measurement.integrated_lufs + QUIET_DB).max(-60.0);
    let against = |block: &StereoSums| {
        block.rms_dbfs() > gate_dbfs && block.correlation().is_some_and(|correlation| correlation < AGAINST)
    };
    let places = spans(heard.blocks.iter().map(against), BLOCK_S, 3, AGAINST_BLOCKS);
    let lowest = places.iter().filter_map(|place| between(heard, place).correlation()).fold(f64::INFINITY, f64::min);
    if !lowest.is_finite() {
        return None;
    }
    let seconds: f64 = places.iter().map(|place| place.to_s - place.from_s).sum();
    let words = format!(
        "Left and right work against each other for {seconds:.0} s (correlation down to {}). On one loudspeaker this \
         thins out or vanishes: look for an inverted channel or a widener there.",
        number(lowest, 2)
    );
    let source = "Phase meter practice: below zero is a risk in mono; here below -0.3 for 2 s and longer";
    Some(note(Kind::NegativeCorrelation, Weight::Warning, (lowest, AGAINST, "correlation"), source, words).at(&places))
}

fn between(heard: &Heard<'_>, place: &Place) -> StereoSums {
    let blocks = (place.from_s / BLOCK_S).round() as usize..(place.to_s / BLOCK_S).round() as usize;
    heard.blocks[blocks].iter().copied().sum()
}

fn sums(heard: &Heard<'_>, bands: Range<usize>) -> BandSums {
    heard.spectrum.frames.iter().flat_map(|frame| &frame[bands.clone()]).copied().sum()
}

fn level_db(sums: &BandSums) -> f64 {
    10.0 * f64::from(sums.both()).log10()
}

fn mono_loss(heard: &Heard<'_>) -> Option<Observation> {
    let regions: Vec<_> = REGIONS.iter().map(|(name, bands)| (*name, sums(heard, bands.clone()))).collect();
    let loudest_db = regions.iter().map(|(_, sums)| level_db(sums)).fold(f64::NEG_INFINITY, f64::max);
    let mut lost: Vec<(&str, f64)> = regions
        .iter()
        .filter(|(_, sums)| level_db(sums) > loudest_db + FAINT_DB)
        // Nothing left at all is 60 dB: JSON knows no infinity, and no ear the difference.
        .filter_map(|(name, sums)| Some((*name, sums.mono_loss_db()?.min(60.0))))
        .filter(|(_, loss_db)| *loss_db > MONO_LOSS_DB)
        .collect();
    lost.sort_by(|a, b| b.1.total_cmp(&a.1));
    let (_, worst_db) = *lost.first()?;
    let list: Vec<String> =
        lost.iter().map(|(name, loss_db)| format!("{} dB of {name}", number(*loss_db, 1))).collect();
    let words = format!(
        "Played on one loudspeaker (a phone, a club's or a shop's system) it loses {}. Widths that nothing in common \
         explains lose 3 dB; more is cancellation.",
        list.join(", ")
    );
    let source = "Our own: uncorrelated channels lose 3 dB in (L + R) / 2; half as much again is cancellation";
    Some(note(Kind::MonoLoss, Weight::Warning, (worst_db, MONO_LOSS_DB, "dB lost in mono"), source, words))
}

fn bass_side(heard: &Heard<'_>) -> Option<Observation> {
    let bass = sums(heard, BASS);
    let side_db = bass.side_over_mid_db()?.clamp(-60.0, 60.0);
    if side_db < BASS_SIDE_DB || level_db(&bass) < level_db(&sums(heard, 0..BANDS)) + BASS_FAINT_DB {
        return None;
    }
    let step_s = heard.spectrum.hop_s;
    let gate = bass.both() / heard.spectrum.frames.len() as f32 * 0.1;
    let wide = heard.spectrum.frames.iter().map(|frame| {
        let sums: BandSums = frame[BASS].iter().copied().sum();
        sums.both() > gate && sums.side_over_mid_db().is_some_and(|side_db| side_db > BASS_SIDE_DB)
    });
    let places = spans(wide, step_s, (1.0 / step_s).ceil() as usize, (2.0 / step_s).ceil() as usize);
    let words = format!(
        "Below 120 Hz left and right differ (the side is {} dB against the middle). Bass like that costs level, is \
         partly lost in clubs and cannot be cut to vinyl: consider making the lowest octaves mono.",
        number(side_db, 1)
    );
    let source = "Vinyl cutting and club practice: bass in the middle; here side over mid above -6 dB, 31.5 to 100 Hz";
    Some(note(Kind::BassSide, Weight::Note, (side_db, BASS_SIDE_DB, "dB side over mid"), source, words).at(&places))
}

fn balance(heard: &Heard<'_>) -> Option<Observation> {
    let all: StereoSums = heard.blocks.iter().copied().sum();
    let right_over_left_db = all.balance_db()?.clamp(-60.0, 60.0);
    if right_over_left_db.abs() < BALANCE_DB {
        return None;
    }
    let side = if right_over_left_db > 0.0 { "right" } else { "left" };
    let words = if right_over_left_db.abs() > 40.0 {
        format!("Nearly everything is on the {side}: the other channel is silent. Is that meant?")
    } else {
        format!("The {side} side is {} dB louder on average. Is that meant?", number(right_over_left_db.abs(), 1))
    };
    let source = "Our own: from 3 dB on, a mix as a whole is heard off-centre";
    Some(note(
        Kind::Balance,
        Weight::Note,
        (right_over_left_db.abs(), BALANCE_DB, "dB between the sides"),
        source,
        words,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dsp::spectrum::NOMINAL_HZ;

    #[test]
    fn the_regions_are_what_they_are_called() {
        assert_eq!((NOMINAL_HZ[BASS.start], NOMINAL_HZ[BASS.end - 1]), (31.5, 100.0));
        for pair in REGIONS.windows(2) {
            assert_eq!(pair[0].1.end, pair[1].1.start);
        }
        assert_eq!(NOMINAL_HZ[REGIONS[2].1.start], 500.0);
        assert_eq!(NOMINAL_HZ[REGIONS[3].1.start], 2_500.0);
        assert_eq!(NOMINAL_HZ[REGIONS[4].1.start], 6_300.0);
    }
}
