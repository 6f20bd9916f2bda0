//! Loudness and gains of bands over time, small enough to draw.

use dsp::loudness::{STEP_S, Series};
use mastering::{DynamicsBand, HeldCourse};
use serde::{Deserialize, Serialize};

/// As many values as a wide screen shows apart.
const VALUES: usize = 1000;
/// What is quieter is silence; JSON has no minus infinity.
const SILENCE_LUFS: f32 = -70.0;

/// Loudness over time: one value for each step, the loudest within it; -70 for silence.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Course {
    /// Time between two values, s.
    pub step_s: f64,
    /// Loudness of 400 ms, LUFS.
    pub momentary_lufs: Vec<f32>,
    /// Loudness of 3 s, LUFS, as many values.
    pub short_term_lufs: Vec<f32>,
}

impl Course {
    pub(crate) fn of(series: &Series) -> Self {
        let together = series.momentary_lufs.len().div_ceil(VALUES).max(1);
        Self {
            step_s: STEP_S * together as f64,
            momentary_lufs: loudest(&series.momentary_lufs, together),
            short_term_lufs: loudest(&series.short_term_lufs, together),
        }
    }
}

/// How a band that stood out was held over time: one value for each step, the least gain within it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Holding {
    /// The band.
    pub band: DynamicsBand,
    /// Time between two values, s.
    pub step_s: f64,
    /// Its gain, dB: 0 where it was left alone.
    pub gain_db: Vec<f32>,
}

impl From<HeldCourse> for Holding {
    fn from(HeldCourse { band, step_s, gains_db }: HeldCourse) -> Self {
        let together = gains_db.len().div_ceil(VALUES).max(1);
        let least = gains_db.chunks(together).map(|chunk| tenths(chunk.iter().copied().fold(0.0, f32::min)));
        Self { band, step_s: step_s * together as f64, gain_db: least.collect() }
    }
}

fn tenths(x: f32) -> f32 {
    (x * 10.0).round() / 10.0
}

fn loudest(values: &[f32], together: usize) -> Vec<f32> {
    values.chunks(together).map(|chunk| tenths(chunk.iter().copied().fold(SILENCE_LUFS, f32::max))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mastering::{Audio, analyse};

    #[test]
    fn a_band_that_was_held_for_a_moment_is_still_drawn() {
        let mut gains_db = vec![0.0; 5_000];
        gains_db[17] = -1.26;
        let course = HeldCourse { band: DynamicsBand::Mids, step_s: 0.093, gains_db };
        let drawn = Holding::from(course);
        assert!((drawn.step_s - 0.465).abs() < 1e-9);
        assert_eq!((drawn.gain_db.len(), drawn.gain_db[3], drawn.gain_db[4]), (1_000, -1.3, 0.0));
    }

    #[test]
    fn many_values_become_few_and_none_of_the_loud_ones_is_lost() {
        let mut values = vec![f32::NEG_INFINITY; 10];
        values[4] = -12.34;
        assert_eq!(loudest(&values, 3), [-70.0, -12.3, -70.0, -70.0]);
    }

    #[test]
    fn a_tone_that_begins_half_way_is_silent_before() {
        let tone = |i: usize| {
            if i < 480_000 { 0.0 } else { (i as f32 * 0.13).sin() * 0.1 }
        };
        let audio = Audio::new(48_000, vec![(0..960_000).map(tone).collect()]).expect("audio");
        let course = Course::of(&analyse(&audio, &mut |_, _| {}).expect("audible").loudness);
        assert!((course.step_s - 0.1).abs() < 1e-12);
        assert_eq!(course.momentary_lufs.len(), 200);
        assert!((course.momentary_lufs[90] + 70.0).abs() < 1e-3);
        let steady = course.momentary_lufs[150];
        assert!((-26.0..-20.0).contains(&steady), "{steady}");
    }
}
