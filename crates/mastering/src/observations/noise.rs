//! What is heard when the music pauses: hum and noise.
//!
//! Both are looked for in quiet passages only, and only what stays the same through them counts: a held note does not
//! last through all pauses, and a fading cymbal does not hold its level.

use super::spans::spans;
use super::{BLOCK_S, Heard, Kind, Observation, Place, Weight, note, number};

/// A pause is this far below the loudness of the track, dB ...
const PAUSE_BELOW_DB: f64 = -25.0;
/// ... and above this, or it is digital silence, dBFS.
const SILENCE_DBFS: f64 = -100.0;
/// Blocks of 100 ms that a pause lasts at least.
const PAUSE_BLOCKS: usize = 8;
/// Blocks that a window for hum lasts: 1 s resolves mains from bass notes next to it.
const HUM_BLOCKS: usize = 10;
/// As many pauses as are looked at.
const MOST_PAUSES: usize = 8;
/// Hum lies below 310 Hz: what is looked at for it is brought down to about this rate, Hz.
const HUM_RATE_HZ: f64 = 2_000.0;
/// What is looked at to tell noise from tones, s: it resolves 20 Hz.
const NOISE_WINDOW_S: f64 = 0.2;

/// A line stands out from its neighbourhood by this, dB.
const LINE_DB: f64 = 12.0;
/// Mains frequency holds within this, Hz.
const MAINS_HZ: f64 = 0.35;
const HARMONICS: usize = 5;
/// Hum that is this far below the loudness of the track is left alone, dB.
const HUM_BELOW_DB: f64 = -50.0;
/// And noise, dB.
const NOISE_BELOW_DB: f64 = -50.0;
/// Blocks of a steady noise differ by this at most (standard deviation), dB.
const STEADY_DB: f64 = 1.5;
/// An octave with less than this of all power is leakage of what lies elsewhere.
const OCTAVE_SHARE: f64 = 1e-3;
/// Geometric over arithmetic mean of its spectrum within an octave: 0.56 for pure noise, 0 for a tone.
const FLATNESS: f64 = 0.45;

pub(super) fn notes(heard: &Heard<'_>) -> Vec<Observation> {
    let pauses = pauses(heard);
    let hum = hum(heard, &pauses);
    // Hum is not reported a second time as noise.
    let noise = if hum.is_some() { None } else { noise(heard, &pauses) };
    hum.into_iter().chain(noise).collect()
}

/// Quiet passages, the longest first.
fn pauses(heard: &Heard<'_>) -> Vec<Place> {
    let highest_dbfs = heard.measurement.integrated_lufs + PAUSE_BELOW_DB;
    let quiet = heard.blocks.iter().map(|block| (SILENCE_DBFS..highest_dbfs).contains(&block.rms_dbfs()));
    let mut found = spans(quiet, BLOCK_S, 0, PAUSE_BLOCKS);
    found.sort_by(|a, b| (b.to_s - b.from_s).total_cmp(&(a.to_s - a.from_s)));
    found.truncate(MOST_PAUSES);
    found
}

fn samples<'a>(heard: &Heard<'a>, place: &Place) -> (&'a [f32], &'a [f32]) {
    let frame = |s: f64| ((s * f64::from(heard.audio.rate_hz())).round() as usize).min(heard.left.len());
    let range = frame(place.from_s)..frame(place.to_s);
    (&heard.left[range.clone()], &heard.right[range])
}

/// Power of a tone in a signal, from one Hann-windowed correlation; a full-scale sine has 0.5.
fn tone_power(samples: &[f32], rate_hz: f64, hz: f64) -> f64 {
    let (step, turn) = (std::f64::consts::TAU * hz / rate_hz, std::f64::consts::TAU / samples.len().max(1) as f64);
    let (mut real, mut imaginary) = (0.0, 0.0);
    // The oscillator is a rotation; renewed often enough that rounding does not show.
    for (block, chunk) in samples.chunks(1024).enumerate() {
        let start = (block * 1024) as f64;
        let (mut sine, mut cosine) = (step * start).sin_cos();
        let (turn_sine, turn_cosine) = step.sin_cos();
        let (mut w_sine, mut w_cosine) = (turn * start).sin_cos();
        let (w_turn_sine, w_turn_cosine) = turn.sin_cos();
        for x in chunk {
            let weighted = f64::from(*x) * (0.5 - 0.5 * w_cosine);
            real += weighted * cosine;
            imaginary += weighted * sine;
            (sine, cosine) = (sine * turn_cosine + cosine * turn_sine, cosine * turn_cosine - sine * turn_sine);
            (w_sine, w_cosine) =
                (w_sine * w_turn_cosine + w_cosine * w_turn_sine, w_cosine * w_turn_cosine - w_sine * w_turn_sine);
        }
    }
    let length = samples.len().max(1) as f64;
    // The mean of the window is a half, and a sine correlates by half its amplitude.
    8.0 * (real * real + imaginary * imaginary) / (length * length)
}

/// At a lower rate, by means over twice the new step: triangles, so that little folds back into the lowest octaves.
fn brought_down(samples: &[f32], step: usize) -> Vec<f32> {
    let means: Vec<f32> = samples.chunks_exact(step).map(|chunk| chunk.iter().sum::<f32>() / step as f32).collect();
    means.windows(2).map(|pair| 0.5 * (pair[0] + pair[1])).collect()
}

/// Lines of one mains frequency in one pause: power of all that stand out, and how many do.
fn lines(channel: &[f32], rate_hz: f64, mains_hz: f64) -> (f64, usize) {
    let mut found = (0.0, 0);
    for harmonic in 1..=HARMONICS {
        let hz = mains_hz * harmonic as f64;
        let near = |offset: f64| tone_power(channel, rate_hz, hz + offset);
        let line = near(0.0);
        // Main lobes are 2 bins wide to each side: 2 Hz in a second.
        let around = [-7.0, -5.0, -3.5, 3.5, 5.0, 7.0].map(near).iter().sum::<f64>() / 6.0;
        // A bass note beside mains is louder a little further off than at mains itself.
        let drift = MAINS_HZ * 3.0;
        let centred = line >= near(-drift) && line >= near(drift);
        if centred && 10.0 * (line / around.max(1e-20)).log10() >= LINE_DB {
            found = (found.0 + line, found.1 + 1);
        }
    }
    found
}

fn hum(heard: &Heard<'_>, pauses: &[Place]) -> Option<Observation> {
    let step = (f64::from(heard.audio.rate_hz()) / HUM_RATE_HZ).floor().max(1.0) as usize;
    let rate_hz = f64::from(heard.audio.rate_hz()) / step as f64;
    let long: Vec<&Place> =
        pauses.iter().filter(|pause| pause.to_s - pause.from_s >= HUM_BLOCKS as f64 * BLOCK_S - 1e-9).collect();
    let mut best: Option<(f64, f64, Vec<Place>)> = None;
    for mains_hz in [50.0, 60.0] {
        let mut powers = Vec::new();
        let mut places = Vec::new();
        for pause in &long {
            let (left, right) = samples(heard, &Place { to_s: pause.to_s.min(pause.from_s + 2.0), ..**pause });
            let (power, count) = [left, right]
                .map(|channel| lines(&brought_down(channel, step), rate_hz, mains_hz))
                .into_iter()
                .fold((0.0f64, 0), |best, found| if found.0 > best.0 { found } else { best });
            if count >= 2 {
                powers.push(power);
                places.push(**pause);
            }
        }
        // In nearly all pauses and equally loud in them: a note is in some.
        if powers.is_empty() || powers.len() * 4 < long.len() * 3 {
            continue;
        }
        powers.sort_by(f64::total_cmp);
        let level_db = 10.0 * powers[powers.len() / 2].log10();
        let spread_db = 10.0 * (powers[powers.len() - 1] / powers[0]).log10();
        if spread_db <= 6.0 && best.as_ref().is_none_or(|(best_db, ..)| level_db > *best_db) {
            places.sort_by(|a, b| a.from_s.total_cmp(&b.from_s));
            best = Some((level_db, mains_hz, places));
        }
    }
    let (level_db, mains_hz, places) = best?;
    let below_db = level_db - heard.measurement.integrated_lufs;
    if below_db < HUM_BELOW_DB {
        return None;
    }
    let words = format!(
        "Mains hum at {mains_hz:.0} Hz and its multiples, {} dB below the music, is heard when the music pauses. A louder \
         master makes it louder: look for it in the recording, or cut these frequencies on the track that has it.",
        number(-below_db, 0)
    );
    let source = "IEC 60038 (50 and 60 Hz mains); our own: louder than 50 dB below the programme loudness";
    Some(
        note(Kind::Hum, Weight::Warning, (below_db, HUM_BELOW_DB, "dB against the loudness"), source, words)
            .at(&places),
    )
}

fn noise(heard: &Heard<'_>, pauses: &[Place]) -> Option<Observation> {
    let rate_hz = f64::from(heard.audio.rate_hz());
    let mut found: Vec<(f64, Place)> = Vec::new();
    for pause in pauses {
        let blocks = (pause.from_s / BLOCK_S).round() as usize..(pause.to_s / BLOCK_S).round() as usize;
        let levels: Vec<f64> = heard.blocks[blocks].iter().map(dsp::stereo::StereoSums::rms_dbfs).collect();
        if let Some((from, level_db)) = steady_stretch(&levels) {
            let from_s = pause.from_s + from as f64 * BLOCK_S;
            let place = Place { from_s, to_s: from_s + PAUSE_BLOCKS as f64 * BLOCK_S };
            let (left, right) = samples(heard, &Place { to_s: from_s + NOISE_WINDOW_S, ..place });
            if is_noise(left, rate_hz) || is_noise(right, rate_hz) {
                found.push((level_db, place));
            }
        }
    }
    // The loudest steady noise: the one that will be heard.
    let (level_db, _) = *found.iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
    let below_db = level_db - heard.measurement.integrated_lufs;
    if below_db < NOISE_BELOW_DB {
        return None;
    }
    let mut places: Vec<Place> = found.into_iter().map(|(_, place)| place).collect();
    places.sort_by(|a, b| a.from_s.total_cmp(&b.from_s));
    let words = format!(
        "Steady noise, {} dB below the music, is heard when the music pauses. If it is not part of the song, mute or gate \
         the tracks that make it where they rest: a louder master makes it louder.",
        number(-below_db, 0)
    );
    let source = "Our own: louder than 50 dB below the programme loudness, about that of a good cassette";
    Some(
        note(Kind::NoiseFloor, Weight::Note, (below_db, NOISE_BELOW_DB, "dB against the loudness"), source, words)
            .at(&places),
    )
}

/// The first stretch whose level holds: where it begins, in blocks, and its level, dBFS.
fn steady_stretch(levels: &[f64]) -> Option<(usize, f64)> {
    levels.windows(PAUSE_BLOCKS).enumerate().find_map(|(at, stretch)| {
        let count = stretch.len() as f64;
        let mean = stretch.iter().sum::<f64>() / count;
        let variance = stretch.iter().map(|level| (level - mean) * (level - mean)).sum::<f64>() / count;
        let half = stretch.len() / 2;
        let fall = stretch[..half].iter().sum::<f64>() / half as f64
            - stretch[half..].iter().sum::<f64>() / (count - half as f64);
        (variance.sqrt() < STEADY_DB && fall.abs() < STEADY_DB).then_some((at, mean))
    })
}

/// Whether a stretch has the spectrum of noise: flat within each octave from 500 Hz to 8 kHz.
fn is_noise(samples: &[f32], rate_hz: f64) -> bool {
    const LINES: usize = 24;
    // Of a Hann window: one and a half bins.
    let line_hz = 1.5 * rate_hz / samples.len().max(1) as f64;
    let all = samples.iter().map(|x| f64::from(x * x)).sum::<f64>() / samples.len().max(1) as f64;
    let octaves = [500.0, 1_000.0, 2_000.0, 4_000.0].into_iter().filter(|hz| hz * 2.0 < rate_hz * 0.45);
    let flat: Vec<bool> = octaves
        .map(|from_hz| {
            let powers: Vec<f64> = (0..LINES)
                .map(|line| {
                    tone_power(samples, rate_hz, from_hz * (1.0 + (line as f64 + 0.5) / LINES as f64)).max(1e-20)
                })
                .collect();
            let geometric = (powers.iter().map(|power| power.ln()).sum::<f64>() / LINES as f64).exp();
            let mean = powers.iter().sum::<f64>() / LINES as f64;
            geometric / mean > FLATNESS && mean * from_hz / line_hz > OCTAVE_SHARE * all
        })
        .collect();
    !flat.is_empty() && flat.iter().filter(|flat| **flat).count() * 4 >= flat.len() * 3
}
