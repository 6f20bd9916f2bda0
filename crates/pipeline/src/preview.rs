//! The file that a player switches between mix and master with: four channels in one FLAC, at the same loudness.
//!
//! One file, because two players drift apart; the same loudness, because the louder of two always seems the better one.
//!
//! A listening copy is the same of what is left of both after a lossy codec: good enough to judge a master by, and not the
//! master. It is FLAC all the same, since that is what every browser plays with four channels and in step.

use std::fs::File;
use std::path::Path;

use codec::{Decoded, Lossy, LossyCodec, Tags, decode_file};
use mastering::{Audio, Measurement};

use crate::at_once::at_once;
use crate::decode::at_rate;
use crate::deliver::{boundless, write};
use crate::watch::Watch;
use crate::whole_file::Pending;
use crate::{Encoding, Error, Failure, Limits, Stage};

/// What a listening copy went through: always built in, in step to the sample, and what it cost in peaks is small.
const LISTENING: (LossyCodec, u32) = (LossyCodec::Vorbis, 128);
/// Room for the peaks that the codec raises, dB; on both sides alike, so that they stay as loud as each other.
const ROOM_DB: f64 = 1.0;

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
    let [a, b] = left_and_right(mix.audio.channels(), mix_db);
    let [c, d] = left_and_right(master.audio.channels(), master_db);
    flac((path, file), master.audio.rate_hz(), &[a, b, c, d], watch)
}

/// Mix and master after a lossy codec, in files without a name that are gone with this.
#[derive(Debug)]
pub(crate) struct Heard {
    sides: Vec<Pending>,
    rate_hz: u32,
}

/// Sends both sides through the codec of a listening copy that will be called `path`.
pub(crate) fn hear(
    path: &Path,
    mix: Side<'_>,
    master: Side<'_>,
    limits: &Limits,
    watch: &mut Watch<'_>,
) -> Result<Heard, Error> {
    let (mix_db, master_db) = gains(&mix.measured, &master.measured);
    let lossy = Lossy::new(LISTENING.0, Some(LISTENING.1)).expect("the codec has this bitrate, as a test shows");
    let rate_hz = lossy.codec().rate_for(master.audio.rate_hz());
    let sides = at_once(&[(mix, mix_db), (master, master_db)], watch, |(side, gain_db), watch| {
        let is_other = side.audio.rate_hz() != rate_hz;
        let converted = is_other.then(|| at_rate(side.audio.clone(), rate_hz, limits, watch)).transpose()?;
        let audio = converted.as_ref().unwrap_or(side.audio);
        let channels: Vec<_> = audio.channels().iter().map(|channel| (channel.as_slice(), gain_db - ROOM_DB)).collect();
        let (pending, file) = Pending::beside(path)?;
        write(
            file,
            rate_hz,
            &channels,
            Encoding::Lossy(lossy),
            &Tags::default(),
            &mut |fraction| watch.go_on(Stage::Encode, fraction),
            &|source| Failure::Encode { path: path.to_owned(), source },
        )?;
        Ok(pending)
    })?;
    Ok(Heard { sides, rate_hz })
}

/// Writes the listening copy that will be called `path` into `file`.
pub(crate) fn write_listening_copy(path: &Path, file: File, heard: &Heard, watch: &mut Watch<'_>) -> Result<(), Error> {
    let mut sides = Vec::with_capacity(heard.sides.len());
    for side in &heard.sides {
        let decoded = decode_file(side.path(), &boundless(), &mut |_| watch.tell(Stage::Encode, 1.0));
        let Decoded { channels, .. } = match decoded {
            Ok(decoded) => decoded,
            Err(codec::DecodeError::Stopped) => return Err(Error::Cancelled),
            Err(source) => return Err(Failure::Unreadable { path: path.to_owned(), source }.into()),
        };
        sides.push(channels);
    }
    let channels: Vec<_> = sides.iter().flat_map(|channels| left_and_right(channels, 0.0)).collect();
    // Both are as long as what went in; should a codec ever think otherwise, nothing is read that is not there.
    let frames = channels.iter().map(|(samples, _)| samples.len()).min().unwrap_or(0);
    let channels: Vec<_> = channels.into_iter().map(|(samples, gain_db)| (&samples[..frames], gain_db)).collect();
    flac((path, file), heard.rate_hz, &channels, watch)
}

fn flac(
    (path, file): (&Path, File),
    rate_hz: u32,
    channels: &[(&[f32], f64)],
    watch: &mut Watch<'_>,
) -> Result<(), Error> {
    write(
        file,
        rate_hz,
        channels,
        Encoding::Flac16,
        &Tags::default(),
        &mut |_| watch.go_on(Stage::Encode, 1.0),
        &|source| Failure::Encode { path: path.to_owned(), source },
    )?;
    Ok(())
}

fn left_and_right(channels: &[Vec<f32>], gain_db: f64) -> [(&[f32], f64); 2] {
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
