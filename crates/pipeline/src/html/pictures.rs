//! The drawings of a report.

use mastering::observations::Spectrum;
use mastering::plan::Equaliser;
use mastering::{UsualBand, usual_range};

use super::plot::{BOX, Plot};
use super::text::{clock, number};
use crate::{Course, Courses, Holding, Overview, Report, Waveforms};

/// What a curve is called, its class, and its values.
type Curve<'a, T> = (&'a str, &'a str, &'a T);

const FREQUENCIES: [(f64, &str, bool); 10] = [
    (30.0, "30", true),
    (60.0, "60", true),
    (125.0, "125", false),
    (250.0, "250", true),
    (500.0, "500", false),
    (1_000.0, "1 k", true),
    (2_000.0, "2 k", false),
    (4_000.0, "4 k", true),
    (8_000.0, "8 k", false),
    (16_000.0, "16 k", true),
];
const LOWEST_HZ: f64 = 22.4;
const HIGHEST_HZ: f64 = 22_400.0;

/// What is quieter is not drawn, LUFS.
const QUIETEST_LUFS: f64 = -50.0;
/// A moment this quiet says nothing about a gain, LUFS.
const AUDIBLE_LUFS: f32 = -45.0;

fn at_hz(hz: f64) -> f64 {
    BOX * (hz / LOWEST_HZ).ln() / (HIGHEST_HZ / LOWEST_HZ).ln()
}

fn between(value: f64, top: f64, bottom: f64) -> f64 {
    BOX * (top - value) / (top - bottom)
}

fn times(plot: &mut Plot, duration_s: f64) {
    const STEPS_S: [f64; 11] = [1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0];
    let step_s = STEPS_S.into_iter().find(|step_s| duration_s / step_s <= 9.0).unwrap_or(3_600.0);
    let count = ((duration_s / step_s).floor() as usize).min(24);
    for index in 0..=count {
        let at_s = index as f64 * step_s;
        plot.tick_x(BOX * at_s / duration_s, &clock(at_s), index % 2 == 1);
    }
}

fn frequencies(plot: &mut Plot) {
    for (hz, label, minor) in FREQUENCIES {
        plot.tick_x(at_hz(hz), label, minor);
    }
}

/// Mix above, master below.
pub(super) fn waveform(waveforms: &Waveforms, ceiling_dbtp: f64, duration_s: f64) -> String {
    let mut plot = Plot::new("Waveforms of the mix, above, and of the master, below.", "screen waves");
    times(&mut plot, duration_s);
    plot.body("mix", &outline(&waveforms.before, 250.0));
    plot.body("master", &outline(&waveforms.after, 750.0));
    let ceiling = 240.0 * 10f64.powf(ceiling_dbtp / 20.0);
    for y in [750.0 - ceiling, 750.0 + ceiling] {
        plot.line("ceiling", [Some((0.0, y)), Some((BOX, y))].into_iter());
    }
    plot.legend("mix", "Mix");
    plot.legend("master", "Master");
    plot.figure("", "min", &format!("The thin lines are the ceiling, {} dBTP.", number(ceiling_dbtp, 1)))
}

pub(super) fn one_waveform(overview: &Overview, duration_s: f64) -> String {
    let mut plot = Plot::new("Waveform of the mix.", "screen");
    times(&mut plot, duration_s);
    let doubled: Vec<_> =
        outline(overview, 250.0).into_iter().map(|(x, upper, lower)| (x, 2.0 * upper, 2.0 * lower)).collect();
    plot.body("mix", &doubled);
    plot.figure("", "min", "From the top to the bottom is full scale.")
}

/// Full scale is 240 to each side of `middle`.
fn outline(overview: &Overview, middle: f64) -> Vec<(f64, f64, f64)> {
    let columns = overview.min.len().max(1) as f64;
    let y = |sample: f32| middle - 240.0 * f64::from(sample).clamp(-1.04, 1.04);
    let edges = overview.max.iter().zip(&overview.min).enumerate();
    // Even silence is a line.
    edges.map(|(index, (high, low))| (BOX * index as f64 / columns, y(*high) - 1.0, y(*low) + 1.0)).collect()
}

/// Short-term loudness, and where it was to be on average.
pub(super) fn loudness(curves: &[Curve<'_, Course>], target_lufs: Option<f64>, duration_s: f64) -> String {
    let all = || curves.iter().flat_map(|(_, _, course)| &course.short_term_lufs).map(|lufs| f64::from(*lufs));
    let highest = all().fold(QUIETEST_LUFS, f64::max);
    let top = ((highest + 2.0) / 5.0).ceil() * 5.0;
    let lowest = all().filter(|lufs| *lufs > QUIETEST_LUFS).fold(highest - 10.0, f64::min);
    let bottom = (lowest / 5.0).floor() * 5.0;
    let mut plot = Plot::new("Short-term loudness over time.", "");
    times(&mut plot, duration_s);
    let step = if top - bottom > 25.0 { 10.0 } else { 5.0 };
    let mut level = (bottom / step).ceil() * step;
    while level <= top {
        plot.tick_y(between(level, top, bottom), &number(level, 0));
        level += step;
    }
    for (name, class, course) in curves {
        let points = course.short_term_lufs.iter().enumerate().map(|(index, lufs)| {
            let at_s = (index + 1) as f64 * course.step_s;
            // A window of 3 s is full after 3 s.
            (at_s >= 3.0 || duration_s < 3.0)
                .then(|| (BOX * (at_s / duration_s).min(1.0), between(f64::from(*lufs), top, bottom)))
        });
        plot.line(class, points);
        plot.legend(class, name);
    }
    if let Some(target_lufs) = target_lufs {
        let y = between(target_lufs, top, bottom);
        plot.line("target", [Some((0.0, y)), Some((BOX, y))].into_iter());
        plot.legend("target", "Target for the whole");
    }
    plot.figure("LUFS", "min", "Loudness of the last 3 seconds at each moment.")
}

/// How much louder each moment became: level where nothing is limited, lower where the limiter holds peaks back.
pub(super) fn gain(courses: &Courses, duration_s: f64) -> String {
    let (before, after) = (&courses.before.momentary_lufs, &courses.after.momentary_lufs);
    let gains: Vec<Option<f64>> = before
        .iter()
        .zip(after)
        .map(|(before, after)| (*before > AUDIBLE_LUFS).then(|| f64::from(after - before)))
        .collect();
    let (lowest, highest) = gains
        .iter()
        .flatten()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), gain| (low.min(*gain), high.max(*gain)));
    if !lowest.is_finite() {
        return String::new();
    }
    let (top, bottom) = ((highest + 0.5).ceil(), (lowest - 0.5).floor().min((highest - 3.0).floor()));
    let mut plot = Plot::new("Gain over time, in steps of loudness.", "low");
    times(&mut plot, duration_s);
    let step = ((top - bottom) / 4.0).ceil().max(1.0);
    let mut level = bottom;
    while level <= top {
        plot.tick_y(between(level, top, bottom), &number(level, 0));
        level += step;
    }
    let step_s = courses.before.step_s;
    let at = |index: usize| BOX * ((index + 1) as f64 * step_s / duration_s).min(1.0);
    plot.line(
        "master",
        gains.iter().enumerate().map(|(index, gain)| gain.map(|gain| (at(index), between(gain, top, bottom)))),
    );
    plot.legend("master", "Gain");
    plot.figure("LU", "min", "How much louder each moment became. It dips where the limiter holds the peaks back.")
}

/// What was taken off each band that stood out, over time, in a drawing of its own.
pub(super) fn holdings(held: &[Holding], duration_s: f64) -> String {
    let of = |held: &Holding| {
        let most_db = f64::from(-held.gain_db.iter().copied().fold(0.0, f32::min));
        let bottom = -most_db.ceil().max(1.0);
        let mut plot = Plot::new(&format!("Gain of the {} over time.", held.band.name()), "low");
        times(&mut plot, duration_s);
        for level in [0.0, bottom] {
            plot.tick_y(between(level, 0.0, bottom), &number(level, 0));
        }
        let points = held.gain_db.iter().enumerate().map(|(index, gain_db)| {
            let at = BOX * (index as f64 * held.step_s / duration_s).min(1.0);
            (at, 0.0, between(f64::from(*gain_db), 0.0, bottom))
        });
        plot.body("master", &points.collect::<Vec<_>>());
        let caption = format!("What was taken off the {}: up to {} dB.", held.band.name(), number(most_db, 1));
        plot.figure("dB", "min", &caption)
    };
    held.iter().map(of).collect()
}

/// Third-octave levels against what is usual, each curve at its own level.
pub(super) fn spectrum(curves: &[Curve<'_, Spectrum>]) -> String {
    let range = usual_range();
    let aligned: Vec<Vec<(f64, f64)>> = curves.iter().map(|(_, _, spectrum)| at_level_of(&range, spectrum)).collect();
    let highest = aligned.iter().flatten().fold(f64::NEG_INFINITY, |highest, (_, db)| highest.max(*db));
    let (top, bottom) = ((highest + 1.0).ceil().clamp(12.0, 40.0), -42.0);
    let mut plot = Plot::new("Spectrum in third-octave bands over the range of finished music.", "");
    frequencies(&mut plot);
    for level in [30.0, 20.0, 10.0, 0.0, -10.0, -20.0, -30.0, -40.0].into_iter().filter(|level| *level < top) {
        plot.tick_y(between(level, top, bottom), &number(level, 0));
    }
    let usual: Vec<_> = range
        .iter()
        .map(|band| (at_hz(band.frequency_hz), between(band.high_db, top, bottom), between(band.low_db, top, bottom)))
        .collect();
    plot.body("usual", &usual);
    plot.legend("usual", "Usual for finished music");
    for ((name, class, _), points) in curves.iter().zip(&aligned) {
        plot.line(class, points.iter().map(|(hz, db)| Some((at_hz(*hz), between(*db, top, bottom)))));
        plot.legend(class, name);
    }
    plot.figure("dB", "Hz", "Each curve is drawn at the same level in the mids: what counts is its shape.")
}

/// Frequencies and levels of a spectrum that is moved to where the mids of finished music are.
fn at_level_of(range: &[UsualBand], spectrum: &Spectrum) -> Vec<(f64, f64)> {
    let mut middle: Vec<f64> = spectrum
        .bands
        .iter()
        .zip(range)
        .filter(|(band, _)| (190.0..2_100.0).contains(&band.frequency_hz))
        .map(|(band, usual)| band.level_db - f64::midpoint(usual.high_db, usual.low_db))
        .collect();
    middle.sort_by(f64::total_cmp);
    let offset = middle.get(middle.len() / 2).copied().unwrap_or(0.0);
    spectrum.bands.iter().map(|band| (band.frequency_hz, band.level_db - offset)).collect()
}

/// The equaliser, or that there was none.
pub(super) fn curve_of_equaliser(equaliser: Option<&Equaliser>) -> String {
    let Some(equaliser) = equaliser else {
        return "<p>The equaliser did nothing: the tone was left as it is.</p>\n".to_owned();
    };
    let most = equaliser.bands.iter().fold(3.0f64, |most, band| most.max(band.gain_db.abs())).ceil();
    let mut plot = Plot::new("Gain of the equaliser by frequency.", "low");
    frequencies(&mut plot);
    for level in [most, 0.0, -most] {
        plot.tick_y(between(level, most * 1.15, -most * 1.15), &number(level, 0));
    }
    let point = |hz: f64, db: f64| Some((at_hz(hz), between(db, most * 1.15, -most * 1.15)));
    plot.line("master", equaliser.bands.iter().map(|band| point(band.frequency_hz, band.gain_db)));
    plot.legend("master", "Equaliser");
    plot.figure("dB", "Hz", "What was raised and lowered.")
}

/// The side against the middle, by band.
pub(super) fn width(curves: &[Curve<'_, Spectrum>]) -> String {
    let (top, bottom) = (6.0, -36.0);
    let mut plot = Plot::new("Level of the side against the middle, by frequency.", "low");
    frequencies(&mut plot);
    for (level, label) in [(0.0, "0"), (-12.0, "\u{2212}12"), (-24.0, "\u{2212}24")] {
        plot.tick_y(between(level, top, bottom), label);
    }
    for (name, class, spectrum) in curves {
        let point = |hz: f64, db: f64| Some((at_hz(hz), between(db, top, bottom)));
        plot.line(class, spectrum.bands.iter().map(|band| point(band.frequency_hz, band.side_over_mid_db)));
        plot.legend(class, name);
    }
    plot.figure("dB", "Hz", "Width: at 0 dB left and right have nothing in common, at the bottom they are mono.")
}

/// Loudness of all tracks after each other, before and after.
pub(super) fn album_course(tracks: &[Report]) -> String {
    let duration_s: f64 = tracks.iter().map(|track| track.source.duration_s).sum();
    let (top, bottom) = (-5.0, QUIETEST_LUFS);
    let mut plot = Plot::new("Short-term loudness of all tracks after each other, mix and master.", "");
    for level in [-10.0, -20.0, -30.0, -40.0] {
        plot.tick_y(between(level, top, bottom), &number(level, 0));
    }
    let mut from_s = 0.0;
    for (index, track) in tracks.iter().enumerate() {
        plot.tick_x(BOX * from_s / duration_s, &format!("{}.", index + 1), index % 2 == 1);
        for (class, course) in [("mix", &track.loudness_over_time.before), ("master", &track.loudness_over_time.after)]
        {
            let points = course.short_term_lufs.iter().enumerate().map(|(step, lufs)| {
                let at_s = (step + 1) as f64 * course.step_s;
                (at_s >= 3.0).then(|| (BOX * (from_s + at_s) / duration_s, between(f64::from(*lufs), top, bottom)))
            });
            plot.line(class, points);
        }
        from_s += track.source.duration_s;
    }
    plot.legend("mix", "Mix");
    plot.legend("master", "Master");
    plot.figure("LUFS", "track", "Loudness of the last 3 seconds, the tracks in their order.")
}
