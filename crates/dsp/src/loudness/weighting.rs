//! The K-weighting filter: a high shelf for the head, then a high-pass for the ear's deafness to rumble.
//!
//! ITU-R BS.1770-5 annex 1 tabulates both biquads at 48 kHz only. The analogue prototypes behind the table (the
//! parameters below, as recovered by Mansbridge, Finn and Reiss, AES 132, 2012, and used by libebur128) give them at
//! every other rate through the bilinear transform, pre-warped at each corner.

use super::Rate;
use crate::fused::plus;
use std::f64::consts::PI;

const SHELF_HZ: f64 = 1_681.974_450_955_533;
const SHELF_GAIN_DB: f64 = 3.999_843_853_973_347;
const SHELF_Q: f64 = 0.707_175_236_955_419_6;
/// Exponent that places the gain of the shelf's band-pass term between 1 and the full gain.
const SHELF_SKEW: f64 = 0.499_666_774_154_541_6;
const HIGH_PASS_HZ: f64 = 38.135_470_876_024_44;
const HIGH_PASS_Q: f64 = 0.500_327_037_323_877_3;

/// Time after which a wrong initial state no longer shows: the slowest pole pair decays by e^-48 (-416 dB).
pub(super) const SETTLING_S: f64 = 0.2;

/// States below this are inaudible by a thousand decibels, and would decay into denormals, which are slow.
const NEGLIGIBLE: f64 = 1e-60;

/// Coefficients of the two biquads at one sample rate, leading denominator coefficient 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct KWeighting {
    shelf_b: [f64; 3],
    shelf_a: [f64; 2],
    /// The numerator is 1, -2, 1 at every rate: BS.1770 leaves the pass-band gain a shade above 1.
    high_pass_a: [f64; 2],
}

impl KWeighting {
    /// Stable at every [`Rate`]: the bilinear transform keeps poles inside the circle while the corner lies below
    /// Nyquist, and the lowest rate puts Nyquist at 4 kHz.
    pub(super) fn new(rate: Rate) -> Self {
        let high = 10f64.powf(SHELF_GAIN_DB / 20.0);
        let band = high.powf(SHELF_SKEW);
        let k = (PI * SHELF_HZ / rate.hz()).tan();
        let a0 = 1.0 + k / SHELF_Q + k * k;
        let shelf_b = [
            (high + band * k / SHELF_Q + k * k) / a0,
            2.0 * (k * k - high) / a0,
            (high - band * k / SHELF_Q + k * k) / a0,
        ];
        let shelf_a = denominator(k, SHELF_Q);
        let high_pass_a = denominator((PI * HIGH_PASS_HZ / rate.hz()).tan(), HIGH_PASS_Q);
        Self { shelf_b, shelf_a, high_pass_a }
    }
}

/// What K-weighting multiplies the power of a frequency with, linear.
#[must_use]
pub fn k_weight(rate: Rate, frequency_hz: f64) -> f64 {
    let k = KWeighting::new(rate);
    let turn = std::f64::consts::TAU * frequency_hz / rate.hz();
    let power = |[b0, b1, b2]: [f64; 3]| {
        let (re, im) = (b0 + b1 * turn.cos() + b2 * (2.0 * turn).cos(), b1 * turn.sin() + b2 * (2.0 * turn).sin());
        re * re + im * im
    };
    let [a1, a2] = k.shelf_a;
    let [c1, c2] = k.high_pass_a;
    power(k.shelf_b) * power([1.0, -2.0, 1.0]) / (power([1.0, a1, a2]) * power([1.0, c1, c2]))
}

/// The last two coefficients of a second-order denominator whose pre-warped corner is `k`.
fn denominator(k: f64, q: f64) -> [f64; 2] {
    let a0 = 1.0 + k / q + k * k;
    [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0]
}

/// The last two of `N` independent signals in lockstep, the latest first.
type Last<const N: usize> = [[f64; N]; 2];

/// Filter state of `N` independent signals in lockstep (direct form I).
#[derive(Debug, Clone)]
pub(super) struct Lanes<const N: usize> {
    input: Last<N>,
    shelved: Last<N>,
    weighted: Last<N>,
}

impl<const N: usize> Lanes<N> {
    pub(super) const SILENT: Self = Self { input: [[0.0; N]; 2], shelved: [[0.0; N]; 2], weighted: [[0.0; N]; 2] };

    /// Forgets what is too small to matter; to be called every few thousand samples.
    pub(super) fn flush_denormals(&mut self) {
        for state in self.shelved.iter_mut().chain(&mut self.weighted).flatten() {
            if state.abs() < NEGLIGIBLE {
                *state = 0.0;
            }
        }
    }

    /// Filters one stretch of `N` signals of one length, and adds the squares of what comes out to `energy`.
    ///
    /// Each output follows the newest ones by one product and one sum; the newest outputs come last, so that the loop
    /// waits for no more than that.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "must be compiled with the instruction set of each caller")]
    pub(super) fn add_energy(&mut self, k: &KWeighting, input: [&[f32]; N], energy: &mut [f64; N], fused: bool) {
        let ([b0, b1, b2], [a1, a2], [c1, c2]) = (k.shelf_b, k.shelf_a, k.high_pass_a);
        let [mut x1, mut x2] = self.input;
        let [mut y1, mut y2] = self.shelved;
        let [mut w1, mut w2] = self.weighted;
        let mut sum = *energy;
        let len = input[0].len();
        let input = input.map(|lane| &lane[..len]);
        #[expect(clippy::needless_range_loop, reason = "N slices are walked in step")]
        for at in 0..len {
            let x: [f64; N] = std::array::from_fn(|n| f64::from(input[n][at]));
            for n in 0..N {
                let driven = plus(fused, plus(fused, b2 * x2[n], b1, x1[n]), b0, x[n]);
                let y = plus(fused, plus(fused, driven, -a2, y2[n]), -a1, y1[n]);
                let bent = (y - y1[n]) - (y1[n] - y2[n]);
                let w = plus(fused, plus(fused, bent, -c2, w2[n]), -c1, w1[n]);
                (x2[n], x1[n]) = (x1[n], x[n]);
                (y2[n], y1[n]) = (y1[n], y);
                (w2[n], w1[n]) = (w1[n], w);
                sum[n] = plus(fused, sum[n], w, w);
            }
        }
        self.input = [x1, x2];
        self.shelved = [y1, y2];
        self.weighted = [w1, w2];
        *energy = sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loudness::{Layout, lufs_from_energy, measure};

    fn at(hz: u32) -> KWeighting {
        KWeighting::new(Rate::new(hz).expect("supported"))
    }

    #[test]
    fn coefficients_at_48_khz_are_those_of_the_tables_in_bs_1770() {
        let k = at(48_000);
        let expected = [
            (k.shelf_b[0], 1.535_124_859_586_97),
            (k.shelf_b[1], -2.691_696_189_406_38),
            (k.shelf_b[2], 1.198_392_810_852_85),
            (k.shelf_a[0], -1.690_659_293_182_41),
            (k.shelf_a[1], 0.732_480_774_215_85),
            (k.high_pass_a[0], -1.990_047_454_833_98),
            (k.high_pass_a[1], 0.990_072_250_366_21),
        ];
        for (found, table) in expected {
            assert!((found - table).abs() < 1e-8, "{found} is not {table}");
        }
    }

    #[test]
    fn the_weight_of_a_frequency_is_what_the_filter_does_to_its_power() {
        let lufs = |hz: f64| lufs_from_energy(0.5 * k_weight(Rate::new(48_000).expect("supported"), hz));
        // Tech 3341: a tone of 1 kHz at full scale in one channel reads -3.01 LUFS.
        assert!((lufs(1_000.0) + 3.01).abs() < 0.02, "{}", lufs(1_000.0));
        for hz in [30.0, 100.0, 4_000.0] {
            let tone: Vec<f32> =
                (0..48_000 * 4).map(|n| (f64::from(n) * std::f64::consts::TAU * hz / 48_000.0).sin() as f32).collect();
            let rate = Rate::new(48_000).expect("supported");
            let read = measure(rate, Layout::Mono, &[&tone]).expect("audible");
            assert!((read.integrated_lufs - lufs(hz)).abs() < 0.02, "{hz}: {} for {}", lufs(hz), read.integrated_lufs);
        }
    }

    #[test]
    fn both_stages_are_stable_at_every_supported_rate() {
        for hz in (Rate::LOWEST_HZ..=Rate::HIGHEST_HZ).step_by(97).chain([Rate::HIGHEST_HZ]) {
            let k = at(hz);
            for [a1, a2] in [k.shelf_a, k.high_pass_a] {
                // The stability triangle of a second-order section.
                assert!(a2.abs() < 1.0 && a1.abs() < 1.0 + a2, "{hz} Hz: {a1} {a2}");
            }
        }
    }

    #[test]
    fn silence_after_sound_ends_in_exact_zeros_instead_of_denormals() {
        let k = at(44_100);
        let mut lanes = Lanes::<1>::SILENT;
        lanes.add_energy(&k, [&[1.0; 441]], &mut [0.0], false);
        let mut energy = [0.0];
        for _ in 0..100 {
            energy = [0.0];
            lanes.add_energy(&k, [&[0.0; 441]], &mut energy, false);
            lanes.flush_denormals();
        }
        assert_eq!(energy.map(f64::to_bits), [0]);
        assert_eq!((lanes.shelved, lanes.weighted), ([[0.0]; 2], [[0.0]; 2]));
    }
}
