//! What the file was before: lossy, at a lower rate; and silence round the music.

use super::{Heard, Kind, Observation, Place, Weight, note, number};

/// A fall like this within [`WALL_HZ`] is no instrument, dB.
const WALL_DB: f64 = 22.0;
const WALL_HZ: f64 = 700.0;
/// What is averaged to each side of the wall, Hz.
const BESIDE_HZ: f64 = 500.0;
/// Encoders cut from here ...
const LOWEST_WALL_HZ: f64 = 10_500.0;
/// ... to here; what converters cut lies above.
const HIGHEST_LOSSY_HZ: f64 = 20_300.0;
/// Below this there is nothing but dither, dB re full scale per bin: a fall into it says nothing.
const DITHER_DB: f64 = -118.0;

/// Sounds below this are silence, full scale 1: -70 dBFS.
const SILENT: f32 = 3.162e-4;
/// Silence before the music that a listener waits through, s.
const AT_START_S: f64 = 1.0;
/// And after it, s.
const AT_END_S: f64 = 5.0;

pub(super) fn notes(heard: &Heard<'_>) -> Vec<Observation> {
    [cut_off(heard)].into_iter().flatten().chain(silence(heard)).collect()
}

fn cut_off(heard: &Heard<'_>) -> Option<Observation> {
    let wall_hz = wall(&heard.spectrum.mean_power, heard.spectrum.bin_hz)?;
    let khz = number(wall_hz / 1_000.0, 1);
    let nyquist_khz = number(f64::from(heard.audio.rate_hz()) / 2_000.0, 1);
    if wall_hz <= HIGHEST_LOSSY_HZ {
        let words = format!(
            "The spectrum ends like a wall at {khz} kHz, as after MP3, AAC or another lossy encoder. What it took is gone: \
             if there is an original (WAV, AIFF, FLAC), master that one."
        );
        let source =
            "Encoders' low-passes: 16 kHz (128 kbit/s MP3) to 20 kHz (320 kbit/s); converters cut above 20.3 kHz";
        return Some(note(Kind::LossySource, Weight::Warning, (wall_hz, HIGHEST_LOSSY_HZ, "Hz"), source, words));
    }
    // Above the audible range a wall only says something when there is much room over it.
    if heard.audio.rate_hz() < 64_000 || wall_hz > 24_500.0 {
        return None;
    }
    let words = format!(
        "The file holds up to {nyquist_khz} kHz, and there is nothing above {khz} kHz: it was made from one with 44.1 or \
         48 kHz. Nothing is lost, and nothing was gained by it."
    );
    let source = "Nyquist: half the rate of the file that it was made from";
    Some(note(Kind::Upsampled, Weight::Note, (wall_hz, 24_500.0, "Hz"), source, words))
}

/// Where the spectrum ends like a wall, Hz: a steep fall after which nothing comes any more.
fn wall(power: &[f64], bin_hz: f64) -> Option<f64> {
    let bin = |hz: f64| (hz / bin_hz).round() as usize;
    let mut sums = Vec::with_capacity(power.len() + 1);
    sums.push(0.0);
    for power in power {
        sums.push(sums[sums.len() - 1] + power);
    }
    let mean_db =
        |from: usize, to: usize| 10.0 * ((sums[to] - sums[from]) / (to - from).max(1) as f64).max(1e-20).log10();
    let (gap, beside) = (bin(WALL_HZ), bin(BESIDE_HZ).max(1));
    let last = power.len().checked_sub(gap + beside + 1)?;
    let fall = |at: usize| mean_db(at - beside, at) - mean_db(at + gap, at + gap + beside);
    let steepest = (bin(LOWEST_WALL_HZ).max(beside)..last).max_by(|a, b| fall(*a).total_cmp(&fall(*b)))?;
    let before_db = mean_db(steepest - beside, steepest);
    let after_db = mean_db(steepest + gap, power.len());
    let is_wall = fall(steepest) >= WALL_DB && before_db - after_db >= WALL_DB && before_db > DITHER_DB + WALL_DB;
    // The edge itself: where half of the fall is done.
    let half_db = before_db - fall(steepest) / 2.0;
    let edge = (steepest..steepest + gap).find(|at| mean_db(*at, at + 3) < half_db).unwrap_or(steepest);
    is_wall.then_some(edge as f64 * bin_hz)
}

fn silence(heard: &Heard<'_>) -> Vec<Observation> {
    let loud = |frame: &usize| heard.left[*frame].abs().max(heard.right[*frame].abs()) > SILENT;
    let frames = heard.left.len();
    let (Some(first), Some(last)) = ((0..frames).find(loud), (0..frames).rev().find(loud)) else { return Vec::new() };
    let (before_s, end_s, all_s) = (heard.seconds(first), heard.seconds(last + 1), heard.seconds(frames));
    let after_s = all_s - end_s;
    let mut notes = Vec::new();
    let source = "Our own: distributors trim, and players start, at about a second; -70 dBFS counts as silence";
    if before_s > AT_START_S {
        let words =
            format!("{} s of silence come before the music. Trim them unless they are meant.", number(before_s, 1));
        let found = note(Kind::SilenceAtStart, Weight::Note, (before_s, AT_START_S, "s"), source, words);
        notes.push(found.at(&[Place { from_s: 0.0, to_s: before_s }]));
    }
    if after_s > AT_END_S {
        let words = format!("{} s of silence follow the music. Trim them unless they are meant.", number(after_s, 1));
        let found = note(Kind::SilenceAtEnd, Weight::Note, (after_s, AT_END_S, "s"), source, words);
        notes.push(found.at(&[Place { from_s: end_s, to_s: all_s }]));
    }
    notes
}
