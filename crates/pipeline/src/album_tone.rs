//! Whether the tracks of an album sound as if they belonged together: bass and treble of each against the others'.
//!
//! A note, not a change: a ballad may be darker than the rest. Each track was brought inside one range already.

use mastering::observations::Spectrum;

/// Fewer tracks have no middle to compare with.
const FEWEST_TRACKS: usize = 3;
/// Less than this is variety, dB.
const APART_DB: f64 = 4.0;
/// What everything is compared with.
const MIDS_HZ: (f64, f64) = (200.0, 2_000.0);
const PARTS: [(&str, (f64, f64)); 2] = [("bass", (40.0, 125.0)), ("treble", (5_000.0, 12_500.0))];

/// A sentence for each track whose bass or treble is apart from that of most; tracks are names and spectra.
pub(crate) fn notes(tracks: &[(&str, &Spectrum)]) -> Vec<String> {
    if tracks.len() < FEWEST_TRACKS {
        return Vec::new();
    }
    let mut notes = Vec::new();
    for (part, range_hz) in PARTS {
        let levels_db: Vec<f64> = tracks.iter().map(|(_, spectrum)| over_mids_db(spectrum, range_hz)).collect();
        // The middle of all, since of three tracks one that is apart is half of any rest.
        let middle_db = median(levels_db.clone());
        for ((name, _), level_db) in tracks.iter().zip(levels_db) {
            let apart_db = level_db - middle_db;
            if apart_db.abs() >= APART_DB {
                let (amount_db, way) = (apart_db.abs(), if apart_db > 0.0 { "more" } else { "less" });
                notes.push(format!(
                    "{name} has {amount_db:.0} dB {way} {part} than most of the album. If that is not meant, mend it \
                     in its mix."
                ));
            }
        }
    }
    notes
}

fn over_mids_db(spectrum: &Spectrum, range_hz: (f64, f64)) -> f64 {
    let power = |(from_hz, to_hz): (f64, f64)| -> f64 {
        let bands = spectrum.bands.iter();
        let within = bands.filter(|band| (from_hz..=to_hz).contains(&band.frequency_hz));
        within.map(|band| 10f64.powf(band.level_db / 10.0)).sum()
    };
    10.0 * (power(range_hz).max(1e-12) / power(MIDS_HZ).max(1e-12)).log10()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mastering::observations::SpectrumBand;

    fn spectrum(bass_db: f64, treble_db: f64) -> Spectrum {
        let band = |frequency_hz: f64| {
            let level_db = match frequency_hz {
                hz if hz < 130.0 => bass_db,
                hz if hz > 4_000.0 => treble_db,
                _ => -20.0,
            };
            SpectrumBand { frequency_hz, level_db, side_over_mid_db: -10.0 }
        };
        Spectrum { bands: [63.0, 100.0, 500.0, 1_000.0, 6_300.0, 10_000.0].map(band).into() }
    }

    fn said_of(levels_db: &[(f64, f64)]) -> Vec<String> {
        let spectra: Vec<Spectrum> =
            levels_db.iter().map(|(bass_db, treble_db)| spectrum(*bass_db, *treble_db)).collect();
        notes(&["a.wav", "b.wav", "c.wav"].into_iter().zip(&spectra).collect::<Vec<_>>())
    }

    #[test]
    fn a_track_that_is_apart_from_most_is_named_with_how_far() {
        let notes = said_of(&[(-20.0, -30.0), (-21.0, -36.0), (-14.0, -31.0)]);
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert!(notes[0].starts_with("c.wav has 6 dB more bass than most"), "{notes:?}");
        assert!(notes[1].starts_with("b.wav has 5 dB less treble than most"), "{notes:?}");
    }

    #[test]
    fn variety_is_no_fault_and_two_tracks_have_no_middle() {
        assert_eq!(said_of(&[(-20.0, -30.0), (-21.0, -33.0), (-18.5, -31.0)]), [""; 0]);
        assert_eq!(said_of(&[(-20.0, -30.0), (-2.0, -60.0)]), [""; 0]);
    }
}
