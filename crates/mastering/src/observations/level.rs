//! Levels: clipping, overs, limiting, direct current.

use dsp::extremes::sample_peak;
use dsp::true_peak::{CELL, Panel, estimate};

use super::spans::merged;
use super::{Heard, Kind, Observation, Place, Weight, note, number};

/// Flat tops that are at least this long, samples.
const FLAT_SAMPLES: usize = 3;
/// So many of them: a single one can be chance.
const FLAT_TOPS: usize = 3;
/// Samples of a flat top are this equal, full scale 1: one and a half steps of 16 bits.
const FLAT: f32 = 1.5 / 32_768.0;
/// Where a wave is cut it comes in at a slope: it falls by this many times [`FLAT`] next to the top. A wave that is only
/// round (a bass note at its summit) stays within three.
const EDGE: f32 = 6.0;
/// A mix whose top is below this was not cut at full scale, dBFS.
const CLIPPED_ABOVE_DBFS: f64 = -6.0;

const OVER_DBTP: f64 = 0.0;
/// Peak to loudness below which the tops are gone, dB.
const LIMITED_PLR_DB: f64 = 9.0;
/// And only near full scale: an organ that is steady is not limited, dBTP.
const LIMITED_ABOVE_DBTP: f64 = -2.0;
/// Offset from which on headroom and edits suffer: -54 dBFS.
const DC_OFFSET: f64 = 0.002;

/// Places nearer than this are one to a listener, s.
const TOGETHER_S: f64 = 0.5;

pub(super) fn notes(heard: &Heard<'_>) -> Vec<Observation> {
    [clipping(heard), over_full_scale(heard), inter_sample(heard), limited(heard), direct_current(heard)]
        .into_iter()
        .flatten()
        .collect()
}

fn clipping(heard: &Heard<'_>) -> Option<Observation> {
    let tops: Vec<(usize, usize)> = heard.audio.channels().iter().flat_map(|channel| flat_tops(channel)).collect();
    let longest = tops.iter().map(|(from, to)| to - from).max().unwrap_or(0);
    if tops.len() < FLAT_TOPS {
        return None;
    }
    let places: Vec<Place> =
        tops.iter().map(|(from, to)| Place { from_s: heard.seconds(*from), to_s: heard.seconds(*to) }).collect();
    let places = merged(&places, TOGETHER_S);
    let words = format!(
        "The tops of the wave are cut off in {} places, up to {longest} samples in a row. A master cannot bring them back: \
         turn down what clips (a channel, a bus, the output) and export the mix again.",
        tops.len()
    );
    Some(
        note(
            Kind::Clipping,
            Weight::Warning,
            (tops.len() as f64, FLAT_TOPS as f64, "flat tops"),
            "Our own: three or more equal samples in a row at the channel's highest level, with an edge at their end",
            words,
        )
        .at(&places),
    )
}

/// Runs of samples at the channel's highest level that end in an edge.
fn flat_tops(samples: &[f32]) -> Vec<(usize, usize)> {
    const CHUNK: usize = 1024;
    let peaks: Vec<f32> = samples.chunks(CHUNK).map(sample_peak).collect();
    let top = sample_peak(&peaks);
    if dsp::db_from_amplitude(f64::from(top)) < CLIPPED_ABOVE_DBFS {
        return Vec::new();
    }
    let level = top - FLAT;
    let mut found = Vec::new();
    let mut at = 0;
    while at < samples.len() {
        if at.is_multiple_of(CHUNK) && peaks[at / CHUNK] < level {
            at += CHUNK;
            continue;
        }
        if samples[at].abs() < level {
            at += 1;
            continue;
        }
        let sign = samples[at].signum();
        let length = samples[at..].iter().take_while(|x| **x * sign >= level).count();
        let (before, after) = (at.checked_sub(1).map(|before| samples[before]), samples.get(at + length));
        let falls = |beside: f32| top - beside * sign > EDGE * FLAT;
        // A short run needs an edge on both sides: a round summit is steep on neither.
        if length >= FLAT_SAMPLES && before.is_some_and(falls) && after.copied().is_some_and(falls) {
            found.push((at, at + length));
        }
        at += length;
    }
    found
}

fn over_full_scale(heard: &Heard<'_>) -> Option<Observation> {
    let peak_dbfs = heard.measurement.sample_peak_dbfs;
    if peak_dbfs <= OVER_DBTP {
        return None;
    }
    let mut places = Vec::new();
    for channel in heard.audio.channels() {
        let over = channel.iter().enumerate().filter(|(_, x)| x.abs() > 1.0);
        for (at, _) in over {
            let place = Place { from_s: heard.seconds(at), to_s: heard.seconds(at + 1) };
            // Collected in order, so that a loud track does not make millions of places.
            match places.last_mut() {
                Some(Place { from_s, to_s }) if (*from_s..=*to_s + TOGETHER_S).contains(&place.from_s) => {
                    *to_s = place.to_s;
                }
                _ => places.push(place),
            }
        }
    }
    let words = format!(
        "The mix goes {} dB above full scale. In this float file nothing is lost, and the master is made from all of it; as \
         16 or 24 bit it would have been clipped.",
        number(peak_dbfs, 1)
    );
    let source = "Full scale of integer samples (AES17)";
    Some(
        note(Kind::OverFullScale, Weight::Note, (peak_dbfs, 0.0, "dBFS"), source, words)
            .at(&merged(&places, TOGETHER_S)),
    )
}

fn inter_sample(heard: &Heard<'_>) -> Option<Observation> {
    let (true_peak, sample_peak) = (heard.measurement.true_peak_dbtp, heard.measurement.sample_peak_dbfs);
    if true_peak <= OVER_DBTP || sample_peak > 0.0 {
        return None;
    }
    let panel = Panel::new(heard.audio.rate_hz());
    let mut places = Vec::new();
    for channel in heard.audio.channels() {
        let estimates = estimate(channel);
        // A cell whose quick estimate is well below is not looked at twice.
        let near = estimates.bound.iter().enumerate().filter(|(_, bound)| **bound > 1.0).map(|(cell, _)| cell * CELL);
        let over = near.filter(|start| panel.cell_peak(channel, *start, 1.0) > 1.0);
        places.extend(over.map(|start| Place { from_s: heard.seconds(start), to_s: heard.seconds(start + CELL) }));
    }
    let places = merged(&places, TOGETHER_S);
    let words = format!(
        "Between its samples the mix reaches {} dBTP, which a player or an encoder may clip. The master is kept below its \
         ceiling, so nothing has to be done; it shows that the mix runs hot.",
        number(true_peak, 1)
    );
    let source = "ITU-R BS.1770-5 annex 2: true peak above full scale";
    Some(note(Kind::InterSampleOvers, Weight::Note, (true_peak, OVER_DBTP, "dBTP"), source, words).at(&places))
}

fn limited(heard: &Heard<'_>) -> Option<Observation> {
    let plr_db = heard.measurement.true_peak_dbtp - heard.measurement.integrated_lufs;
    if plr_db >= LIMITED_PLR_DB || heard.measurement.true_peak_dbtp < LIMITED_ABOVE_DBTP {
        return None;
    }
    let words = format!(
        "Its peaks stand only {} dB above its loudness, near full scale: this mix went through a limiter already. If that \
         was on the output for loudness, take it off and export again; the master then has something to work with.",
        number(plr_db, 1)
    );
    let source = "Our own: peak to loudness ratio (EBU Tech 3341); unmastered mixes have 12 to 20 dB";
    Some(note(Kind::AlreadyLimited, Weight::Warning, (plr_db, LIMITED_PLR_DB, "dB"), source, words))
}

fn direct_current(heard: &Heard<'_>) -> Option<Observation> {
    let [left, right] = heard.blocks.iter().copied().sum::<dsp::stereo::StereoSums>().offsets();
    let offset = if left.abs() > right.abs() { left } else { right };
    if offset.abs() < DC_OFFSET || !steady(heard, left.abs() > right.abs(), offset) {
        return None;
    }
    let words = format!(
        "The wave does not swing around zero but around {} % of full scale. That takes headroom and clicks where it is \
         cut; a high-pass at 10 to 20 Hz on the mix removes it.",
        number(offset * 100.0, 2)
    );
    let source = "Our own: -54 dBFS, above what converters and plug-ins leave";
    Some(note(
        Kind::DcOffset,
        Weight::Note,
        (offset.abs() * 100.0, DC_OFFSET * 100.0, "% of full scale"),
        source,
        words,
    ))
}

/// Whether the offset is there all the time: the mean of a slow bass note is not.
fn steady(heard: &Heard<'_>, left: bool, offset: f64) -> bool {
    const TOGETHER: usize = 20;
    let means = || {
        heard.blocks.chunks(TOGETHER).filter(|chunk| chunk.len() == TOGETHER).map(move |chunk| {
            let [l, r] = chunk.iter().copied().sum::<dsp::stereo::StereoSums>().offsets();
            if left { l } else { r }
        })
    };
    let count = means().count().max(1);
    let same = means().filter(|mean| mean.signum() == offset.signum() && mean.abs() > 0.25 * offset.abs()).count();
    same * 10 >= count * 9
}
