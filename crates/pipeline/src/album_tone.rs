//! Whether the tracks of an album sound as if they belonged together, and what was done about it, in words for musicians.
//!
//! Not here: what is done (that is `mastering::beside_others`).

use mastering::BesideOthers;

/// A sentence for each track whose bass or treble is apart from the album's.
pub(crate) fn sentences(tracks: &[(&str, BesideOthers)]) -> Vec<String> {
    let of_track = |(name, beside): &(&str, BesideOthers)| {
        [
            sentence(name, "bass", beside.low_db, beside.nearer.low_db),
            sentence(name, "treble", beside.high_db, beside.nearer.high_db),
        ]
    };
    tracks.iter().flat_map(of_track).flatten().collect()
}

fn sentence(name: &str, part: &str, apart_db: f64, moved_db: f64) -> Option<String> {
    let amount_db = apart_db.abs();
    let way = if apart_db > 0.0 { "more" } else { "less" };
    if moved_db != 0.0 {
        let (moved_db, done) = (moved_db.abs(), if moved_db > 0.0 { "raised" } else { "lowered" });
        return Some(format!(
            "Alone, {name} would have {amount_db:.1} dB {way} {part} than the album: its {part} was {done} by {moved_db:.1} dB, \
             and the rest is its own."
        ));
    }
    (amount_db > BesideOthers::VARIETY_DB + 0.5).then(|| {
        format!(
            "{name} has {amount_db:.1} dB {way} {part} than the album, and keeps it. If that is not meant, mend it in its \
             mix."
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use mastering::Nearer;

    fn said_of(low_db: f64, high_db: f64, nearer: Nearer) -> Vec<String> {
        sentences(&[("b.wav", BesideOthers { low_db, high_db, nearer })])
    }

    #[test]
    fn what_was_done_is_told_with_what_it_was_done_for() {
        let nearer = Nearer { low_db: -1.2, high_db: 0.75 };
        assert_eq!(
            said_of(4.5, -4.0, nearer),
            [
                "Alone, b.wav would have 4.5 dB more bass than the album: its bass was lowered by 1.2 dB, and the rest is its \
                 own.",
                "Alone, b.wav would have 4.0 dB less treble than the album: its treble was raised by 0.8 dB, and the rest is its \
                 own.",
            ]
        );
    }

    #[test]
    fn what_was_left_is_told_where_it_is_far_apart_and_variety_is_no_fault() {
        let left = said_of(6.0, 2.9, Nearer::default());
        assert_eq!(left.len(), 1, "{left:?}");
        assert!(left[0].starts_with("b.wav has 6.0 dB more bass than the album, and keeps it"), "{left:?}");
    }
}
