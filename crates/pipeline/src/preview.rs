//! The file that a player switches between mix and master with: four channels in one FLAC, at the same loudness.
//!
//! One file, because two players drift apart; the same loudness, because the louder of two always seems the better one.

use std::fs::File;
use std::path::Path;

use codec::Tags;
use mastering::{Audio, Measurement};

use crate::deliver::write;
use crate::watch::Watch;
use crate::{Encoding, Error, Failure, Stage};

/// What one side of the player needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Side<'a> {
    pub(crate) audio: &'a Audio,
    pub(crate) measured: Measurement,
}

/// Writes the preview that will be called `path` into `file`; the channels are the mix's left and right and the master's left and right.
pub(crate) fn write_preview(
    path: &Path,
    file: File,
    mix: Side<'_>,
    master: Side<'_>,
    watch: &mut Watch<'_>,
) -> Result<(), Error> {
    let (mix_db, master_db) = gains(&mix.measured, &master.measured);
    let [a, b] = left_and_right(mix, mix_db);
    let [c, d] = left_and_right(master, master_db);
    write(
        file,
        master.audio.rate_hz(),
        &[a, b, c, d],
        Encoding::Flac16,
        &Tags::default(),
        &mut |_| watch.go_on(Stage::Encode, 1.0),
        &|source| Failure::Encode { path: path.to_owned(), source },
    )?;
    Ok(())
}

fn left_and_right(side: Side<'_>, gain_db: f64) -> [(&[f32], f64); 2] {
    let channels = side.audio.channels();
    [(&channels[0], gain_db), (&channels[channels.len() - 1], gain_db)]
}

/// Gains in dB that bring both to the loudness of the quieter one, and both lower still if one of them would clip.
fn gains(mix: &Measurement, master: &Measurement) -> (f64, f64) {
    let louder_by = master.integrated_lufs - mix.integrated_lufs;
    let (mix_db, master_db) = ((louder_by).min(0.0), (-louder_by).min(0.0));
    let excess_db = (mix.sample_peak_dbfs + mix_db).max(master.sample_peak_dbfs + master_db).max(0.0);
    (mix_db - excess_db, master_db - excess_db)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(integrated_lufs: f64, sample_peak_dbfs: f64) -> Measurement {
        Measurement {
            integrated_lufs,
            loudness_range_lu: 5.0,
            max_short_term_lufs: integrated_lufs + 2.0,
            max_momentary_lufs: integrated_lufs + 3.0,
            true_peak_dbtp: sample_peak_dbfs,
            sample_peak_dbfs,
            crest_db: 12.0,
            correlation: 0.5,
        }
    }

    #[test]
    fn the_louder_side_is_turned_down_to_the_quieter_one() {
        let (quiet, loud) = (measured(-20.0, -6.0), measured(-14.0, -1.0));
        assert_eq!(gains(&quiet, &loud), (0.0, -6.0));
        assert_eq!(gains(&loud, &quiet), (-6.0, 0.0));
    }

    #[test]
    fn a_mix_above_full_scale_is_not_clipped_and_the_master_follows() {
        let (hot, quiet) = (measured(-14.0, 4.0), measured(-14.0, -1.0));
        assert_eq!(gains(&hot, &quiet), (-4.0, -4.0));
    }
}
