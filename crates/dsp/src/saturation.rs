//! Saturation: what exceeds a threshold is bent toward a limit, softly, and nothing else is touched.
//!
//! Up to the threshold `t` the curve is the signal itself. An excess `u` beyond it becomes `u - (4/27) u^3 / h^2`, with
//! `h` from the threshold to the limit, until it is level at `1.5 h`: value, slope and curvature are those of the signal at
//! the threshold. What the curve takes (its residual) is computed at twice or four times the rate with first-order
//! antiderivative antialiasing (Parker, Zavalishin and Le Bivic, DAFx-16), filtered, and added to the signal itself, so
//! that what is not bent stays as it is to the bit.
//! Not here: where the threshold is (that is `mastering`), and a promise about peaks (that is `limiter`).

use crate::extremes::sample_peak;
use crate::parallel::each;
use crate::window::{kaiser, sinc};
use std::ops::Range;

/// Where bending begins, and what it tends to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    threshold: f64,
    knee: f64,
}

impl Curve {
    /// Amplitudes, full scale 1.0; `None` unless 0 < threshold < limit and both are numbers.
    #[must_use]
    pub fn new(threshold: f64, limit: f64) -> Option<Self> {
        let knee = limit - threshold;
        (threshold > 0.0 && knee > 0.0 && limit.is_finite()).then_some(Self { threshold, knee })
    }

    /// What the curve adds to a sample.
    fn residual(&self, x: f64) -> f64 {
        let excess = (x.abs() - self.threshold).max(0.0);
        let bent = if excess <= 1.5 * self.knee {
            -4.0 / 27.0 * excess.powi(3) / (self.knee * self.knee)
        } else {
            self.knee - excess
        };
        bent.copysign(bent * x)
    }

    /// The residual's antiderivative, which is zero up to the threshold.
    fn antiderivative(&self, x: f64) -> f64 {
        let excess = (x.abs() - self.threshold).max(0.0);
        let square = self.knee * self.knee;
        if excess <= 1.5 * self.knee {
            -excess.powi(4) / (27.0 * square)
        } else {
            self.knee * excess - 0.5 * excess * excess - 0.5625 * square
        }
    }

    /// Mean of the residual on the way from one sample to the next.
    fn between(&self, from: f64, to: f64) -> f64 {
        if from.abs() <= self.threshold && to.abs() <= self.threshold {
            return 0.0;
        }
        let way = to - from;
        // Closer than this the difference of two antiderivatives is rounding.
        if way.abs() < 1e-5 * self.knee {
            return self.residual(0.5 * (from + to));
        }
        (self.antiderivative(to) - self.antiderivative(from)) / way
    }
}

/// Samples that are looked at together.
const BLOCK: usize = 512;
/// Interpolated values are taken to stay below this many times the highest sample around.
const OVERSHOOT: f32 = 2.0;
/// Samples that are bent at once: what is kept of the higher rate stays small however long a track is loud.
const PIECE: usize = 16_384;
/// The filters end after so many samples on either side.
const HALF: usize = 36;
/// Samples before the first of a piece that it depends on: there and back, and the one from which the way there leads.
const PAST: usize = 2 * HALF + 1;
/// They pass half at this share of the rate.
const CUT_OFF: f64 = 0.46;
const KAISER_BETA: f64 = 9.0;

/// Saturates channels, each by itself.
pub fn saturate(channels: &mut [Vec<f32>], rate_hz: u32, curve: &Curve) {
    let filters = Filters::new(if rate_hz < 60_000 { 4 } else { 2 });
    each(channels, |channel| {
        for run in runs(channel, curve) {
            filters.saturate(channel, run, curve);
        }
    });
}

/// What may be bent, with what the filters spread it over; runs are further apart than the filters reach.
fn runs(channel: &[f32], curve: &Curve) -> Vec<Range<usize>> {
    let quiet = curve.threshold as f32 / OVERSHOOT;
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (index, block) in channel.chunks(BLOCK).enumerate() {
        if sample_peak(block) <= quiet {
            continue;
        }
        let from = (index * BLOCK).saturating_sub(2 * HALF);
        let to = (index * BLOCK + block.len() + 2 * HALF).min(channel.len());
        match runs.last_mut() {
            Some(last) if from <= last.end + 2 * HALF => last.end = to,
            _ => runs.push(from..to),
        }
    }
    runs
}

/// Interpolation to several times the rate, and back.
struct Filters {
    /// For each phase, taps from the oldest to the newest sample: `HALF` before, and as many after.
    up: Vec<[f32; 2 * HALF + 1]>,
    /// The same for the way back; values lie half a step of the higher rate before their index.
    down: Vec<[f32; 2 * HALF + 1]>,
}

impl Filters {
    fn new(factor: usize) -> Self {
        let window = kaiser(KAISER_BETA);
        let kernel =
            |distance: f64| 2.0 * CUT_OFF * sinc(2.0 * CUT_OFF * distance) * window(distance / (HALF as f64 + 0.5));
        let phases = |shift: f64, sign: f64, scale: f64| {
            let phase = move |phase: usize| {
                std::array::from_fn(|tap| {
                    let apart = tap as f64 - HALF as f64;
                    (scale * kernel(apart + sign * (phase as f64 - shift) / factor as f64)) as f32
                })
            };
            (0..factor).map(phase).collect::<Vec<_>>()
        };
        // Sample n + apart is that far from the value between n and n + 1; so is the mean of two values from sample n.
        Self { up: phases(0.0, -1.0, 1.0), down: phases(0.5, 1.0, 1.0 / factor as f64) }
    }

    fn saturate(&self, channel: &mut [f32], run: Range<usize>, curve: &Curve) {
        // As they were before they were bent; silence before the first.
        let mut past = [0.0; PAST];
        let known = run.start.min(PAST);
        past[PAST - known..].copy_from_slice(&channel[run.start - known..run.start]);
        for from in run.clone().step_by(PIECE) {
            let piece = from..(from + PIECE).min(run.end);
            let count = piece.len();
            let mut samples = past.to_vec();
            samples.extend_from_slice(&channel[from..(piece.end + 2 * HALF).min(channel.len())]);
            samples.resize(PAST + count + 2 * HALF, 0.0);
            past.copy_from_slice(&samples[count..count + PAST]);
            self.bend(&mut channel[piece], &samples, curve);
        }
    }

    /// Adds the residual to a piece; `samples` are the piece with what is around it.
    fn bend(&self, piece: &mut [f32], samples: &[f32], curve: &Curve) {
        let wide = 1 + 2 * HALF + piece.len();
        let mut higher: Vec<Vec<f32>> = self.up.iter().map(|taps| convolved(samples, taps, wide)).collect();
        let mut before = 0.0;
        for index in 0..wide {
            for phase in &mut higher {
                let value = f64::from(phase[index]);
                phase[index] = curve.between(before, value) as f32;
                before = value;
            }
        }
        for (taps, residual) in self.down.iter().zip(&higher) {
            let changes = convolved(&residual[1..], taps, piece.len());
            piece.iter_mut().zip(changes).for_each(|(sample, change)| *sample += change);
        }
    }
}

/// Sums of `values[n..]` times taps, in an order in which neighbours are computed together.
fn convolved(values: &[f32], taps: &[f32], count: usize) -> Vec<f32> {
    let mut out = vec![0.0; count];
    for (first, out) in (0..).step_by(BLOCK).zip(out.chunks_mut(BLOCK)) {
        for (tap, weight) in taps.iter().enumerate() {
            for (sum, value) in out.iter_mut().zip(&values[first + tap..]) {
                *sum += weight * value;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db_from_amplitude;
    use crate::test_signals::{amplitude, noise};
    use std::f64::consts::TAU;

    fn curve() -> Curve {
        Curve::new(0.25, 0.5).expect("a curve")
    }

    fn saturated(mut channel: Vec<f32>, rate_hz: u32) -> Vec<f32> {
        let mut channels = [std::mem::take(&mut channel)];
        saturate(&mut channels, rate_hz, &curve());
        let [channel] = channels;
        channel
    }

    /// Sine of a whole number of periods in the frames.
    fn sine(periods: usize, frames: usize, amplitude: f64) -> Vec<f32> {
        (0..frames).map(|n| (amplitude * (TAU * (periods * n % frames) as f64 / frames as f64).sin()) as f32).collect()
    }

    #[test]
    fn a_curve_has_a_threshold_below_its_limit() {
        for (threshold, limit) in
            [(0.0, 1.0), (0.5, 0.5), (0.6, 0.5), (f64::NAN, 1.0), (0.1, f64::NAN), (0.1, f64::INFINITY)]
        {
            assert_eq!(Curve::new(threshold, limit), None, "{threshold} {limit}");
        }
    }

    #[test]
    fn the_curve_is_smooth_never_falls_and_stays_below_its_limit() {
        let curve = curve();
        let values: Vec<f64> = (0..=20_000).map(|n| f64::from(n) / 10_000.0).map(|x| x + curve.residual(x)).collect();
        assert!(values.windows(2).all(|pair| pair[1] >= pair[0] - 1e-12));
        assert!((values[20_000] - 0.5).abs() < 1e-12 && values[2_500] == 0.25);
        let bends = values.windows(3).map(|x| x[2] - 2.0 * x[1] + x[0]);
        assert!(bends.fold(0.0f64, |most, bend| most.max(bend.abs())) < 6e-8, "no corner");
        assert_eq!(curve.residual(-0.4), -curve.residual(0.4));
    }

    #[test]
    fn the_antiderivative_belongs_to_the_residual() {
        let curve = curve();
        for x in [-1.2, -0.5, -0.3, -0.1, 0.0, 0.2, 0.26, 0.4, 0.62, 0.63, 1.5] {
            let slope = (curve.antiderivative(x + 1e-6) - curve.antiderivative(x - 1e-6)) / 2e-6;
            assert!((slope - curve.residual(x)).abs() < 1e-6, "{x}: {slope} {}", curve.residual(x));
        }
    }

    #[test]
    fn what_stays_below_the_threshold_is_left_alone_to_the_bit_also_beside_what_does_not() {
        let quiet: Vec<f32> = noise(1, 44_100).iter().map(|x| 0.1 * x).collect();
        assert_eq!(saturated(quiet.clone(), 44_100), quiet);
        let mut channel = quiet.clone();
        channel[20_000] = 0.9;
        let out = saturated(channel.clone(), 44_100);
        assert_ne!(out, channel);
        assert_eq!((&out[..19_000], &out[21_500..]), (&channel[..19_000], &channel[21_500..]));
    }

    #[test]
    fn a_track_that_is_loud_throughout_is_bent_piece_by_piece_without_a_seam() {
        let loud: Vec<f32> = noise(2, 3 * PIECE).iter().map(|x| 0.6 * x).collect();
        let whole = saturated(loud.clone(), 44_100);
        // The same music later: pieces begin elsewhere in it.
        let later = saturated([&[0.5; 3 * BLOCK][..], &loud].concat(), 44_100);
        assert_eq!(whole[4 * HALF..], later[3 * BLOCK + 4 * HALF..]);
    }

    #[test]
    fn a_slow_sine_follows_the_curve() {
        let sine = sine(100, 44_100, 0.8);
        let curve = curve();
        for (x, y) in sine.iter().zip(saturated(sine.clone(), 44_100)).skip(1_000).take(40_000) {
            let expected = f64::from(*x) + curve.residual(f64::from(*x));
            assert!((f64::from(y) - expected).abs() < 2e-4, "{x}: {y} {expected}");
        }
    }

    #[test]
    fn aliases_are_70_db_down_where_tones_are_driven_6_db_beyond_the_limit() {
        for rate_hz in [44_100usize, 96_000] {
            for tone_hz in [997usize, 2_499, 5_003, 6_997, 9_001] {
                let input = sine(tone_hz, rate_hz, 1.0);
                let out =
                    saturated([&input[..], &input, &input].concat(), rate_hz as u32)[rate_hz..2 * rate_hz].to_vec();
                let fundamental = amplitude(&out, tone_hz);
                let is_harmonic = |hz: usize| hz.is_multiple_of(tone_hz);
                // Odd harmonics beyond Nyquist come back at these places, if they do.
                let aliases = (3..40).step_by(2).map(|k| k * tone_hz % rate_hz);
                let folded =
                    aliases.map(|hz| hz.min(rate_hz - hz)).filter(|hz| *hz > 0 && *hz < 20_000 && !is_harmonic(*hz));
                let worst = folded.map(|hz| amplitude(&out, hz)).fold(0.0, f64::max);
                let worst_db = db_from_amplitude(worst / fundamental);
                assert!(worst_db < -70.0, "{tone_hz} Hz at {rate_hz} Hz: {worst_db} dB");
                assert!(db_from_amplitude(amplitude(&out, 3 * tone_hz) / fundamental) > -30.0 || 3 * tone_hz > 18_000);
            }
        }
    }

    #[test]
    fn the_ends_of_a_track_and_a_track_shorter_than_the_filters_are_fine() {
        for frames in [1, 30, 100, 600] {
            let out = saturated(vec![1.0; frames], 48_000);
            assert_eq!(out.len(), frames);
            assert!(out.iter().all(|sample| sample.is_finite() && sample.abs() < 1.5), "{frames}");
        }
    }
}
