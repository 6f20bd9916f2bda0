//! Bands of frequencies turned down or up for a while, without any change of phase.
//!
//! What changes is added to the signal, y = x + sum (g - 1) B{x}, with zero-phase filters B: where every gain is 0 dB, the
//! signal keeps its bits. Not here: when and by how much (that is `mastering`).

use crate::fir::length_for;
use crate::parallel::each;
use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use std::sync::Arc;

/// From a band to its neighbour, octaves.
const TRANSITION_OCTAVES: f64 = 0.5;

/// A band and what it gets over time.
#[derive(Debug, Clone, PartialEq)]
pub struct BandGain {
    /// Where the band begins, Hz; 0 for all below its end. At the edge its filter has half the amplitude.
    pub from_hz: f64,
    /// Where it ends, Hz; infinity for all above its beginning.
    pub to_hz: f64,
    /// Gains, dB, at sample `hop`, `2 hop`, and so on; straight lines of amplitude between, level beyond the ends.
    pub gains_db: Vec<f32>,
}

/// Gives the bands of all channels their gains; `hop` is the number of samples from gain to gain.
///
/// # Panics
/// When `hop` is 0.
pub fn apply(rate_hz: u32, channels: &mut [Vec<f32>], hop: usize, bands: &[BandGain]) {
    assert!(hop > 0, "a hop has samples");
    let bands: Vec<Band> = bands.iter().filter(|band| band.changes()).map(|band| Band::new(rate_hz, band)).collect();
    if !bands.is_empty() {
        let bank = Bank::new(rate_hz, hop, bands);
        each(channels, |channel| bank.process(channel));
    }
}

impl BandGain {
    fn changes(&self) -> bool {
        self.gains_db.iter().any(|gain_db| *gain_db != 0.0)
    }

    /// The filter's amplitude: raised cosines over the logarithm of frequency, so that neighbours add up to one.
    fn response(&self, frequency_hz: f64) -> f64 {
        let above = |edge_hz: f64| {
            let place = (frequency_hz / edge_hz).log2() / TRANSITION_OCTAVES + 0.5;
            (std::f64::consts::FRAC_PI_2 * place.clamp(0.0, 1.0)).sin().powi(2)
        };
        let from = if self.from_hz > 0.0 { above(self.from_hz) } else { 1.0 };
        from * if self.to_hz.is_finite() { 1.0 - above(self.to_hz) } else { 1.0 }
    }
}

/// A filter and the amplitudes that are added of what it lets through.
struct Band {
    spectrum: Vec<f32>,
    added: Vec<f32>,
}

/// Samples to both sides of the middle of a filter.
fn reach(rate_hz: u32) -> usize {
    length_for(rate_hz) / 2
}

fn size(rate_hz: u32) -> usize {
    8 * reach(rate_hz)
}

impl Band {
    /// The filter is designed on the grid of its FFT and windowed to its length.
    fn new(rate_hz: u32, band: &BandGain) -> Self {
        let (size, reach) = (size(rate_hz), reach(rate_hz));
        let mut planner = RealFftPlanner::<f64>::new();
        let (forward, inverse) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
        let bin_hz = f64::from(rate_hz) / size as f64;
        let mut wanted: Vec<Complex<f64>> =
            (0..=size / 2).map(|bin| Complex::new(band.response(bin as f64 * bin_hz), 0.0)).collect();
        let mut taps = inverse.make_output_vec();
        inverse.process(&mut wanted, &mut taps).expect("buffers come from the plan itself, and the ends are real");
        for (n, tap) in taps.iter_mut().enumerate() {
            let from_middle = n.min(size - n) as f64 / reach as f64;
            *tap *= 0.5 * (1.0 + (std::f64::consts::PI * from_middle.min(1.0)).cos()) / size as f64;
        }
        let mut spectrum = forward.make_output_vec();
        forward.process(&mut taps, &mut spectrum).expect("buffers come from the plan itself");
        // An even response has a real spectrum; the scale of the inverse transform is in it.
        let spectrum = spectrum.iter().map(|value| (value.re / size as f64) as f32).collect();
        let added = band.gains_db.iter().map(|db| (crate::amplitude_from_db(f64::from(*db)) - 1.0) as f32).collect();
        Self { spectrum, added }
    }

    /// What is added at a sample.
    fn added_at(&self, sample: usize, hop: usize) -> f32 {
        let last = self.added.len() - 1;
        let Some(after_first) = sample.checked_sub(hop) else { return self.added[0] };
        let index = (after_first / hop).min(last);
        let share = (after_first % hop) as f32 / hop as f32;
        let (from, to) = (self.added[index], self.added[(index + 1).min(last)]);
        if from == to { from } else { from + share * (to - from) }
    }

    /// Whether anything is added in a stretch.
    fn acts(&self, from: usize, to: usize, hop: usize) -> bool {
        let last = self.added.len() - 1;
        let first = (from / hop).saturating_sub(1).min(last);
        self.added[first..=(to / hop).min(last)].iter().any(|added| *added != 0.0)
    }
}

struct Bank {
    reach: usize,
    hop: usize,
    bands: Vec<Band>,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
}

impl Bank {
    fn new(rate_hz: u32, hop: usize, bands: Vec<Band>) -> Self {
        let mut planner = RealFftPlanner::<f32>::new();
        let size = size(rate_hz);
        let (forward, inverse) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
        Self { reach: reach(rate_hz), hop, bands, forward, inverse }
    }

    /// Overlap-save; a stretch in which nothing is added is not even transformed.
    fn process(&self, samples: &mut [f32]) {
        let advance = self.forward.len() - 2 * self.reach;
        let mut block = self.forward.make_input_vec();
        let mut spectrum = self.forward.make_output_vec();
        let mut filtered = self.forward.make_output_vec();
        let mut output = self.inverse.make_output_vec();
        let mut before = vec![0.0f32; self.reach];
        let mut after_it = vec![0.0f32; self.reach];
        let mut done = 0;
        while done < samples.len() {
            let end = (done + advance).min(samples.len());
            // The next stretch needs the end of this one as it was.
            keep_end(&mut after_it, &before, &samples[done..end]);
            let acting: Vec<&Band> = self.bands.iter().filter(|band| band.acts(done, end, self.hop)).collect();
            if !acting.is_empty() {
                let seen = (end + self.reach).min(samples.len());
                let filled = self.reach + seen - done;
                block[..self.reach].copy_from_slice(&before);
                block[self.reach..filled].copy_from_slice(&samples[done..seen]);
                block[filled..].fill(0.0);
                self.forward.process(&mut block, &mut spectrum).expect("buffers come from the plan itself");
                for band in acting {
                    for ((to, from), factor) in filtered.iter_mut().zip(&spectrum).zip(&band.spectrum) {
                        *to = from * factor;
                    }
                    let top = filtered.len() - 1;
                    (filtered[0].im, filtered[top].im) = (0.0, 0.0);
                    self.inverse.process(&mut filtered, &mut output).expect("the ends are real");
                    for (n, sample) in samples[done..end].iter_mut().enumerate() {
                        *sample += band.added_at(done + n, self.hop) * output[self.reach + n];
                    }
                }
            }
            std::mem::swap(&mut before, &mut after_it);
            done = end;
        }
    }
}

/// The last samples of what was and what is, as many as `to` has.
fn keep_end(to: &mut [f32], was: &[f32], is: &[f32]) {
    let fresh = is.len().min(to.len());
    let (old, new) = to.split_at_mut(to.len() - fresh);
    old.copy_from_slice(&was[was.len() - old.len()..]);
    new.copy_from_slice(&is[is.len() - fresh..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    const RATE_HZ: u32 = 44_100;
    const HOP: usize = 4_096;

    fn tone(frequency_hz: f64, seconds: f64) -> Vec<f32> {
        let count = (seconds * f64::from(RATE_HZ)) as usize;
        (0..count).map(|n| (0.5 * (TAU * frequency_hz * n as f64 / f64::from(RATE_HZ)).sin()) as f32).collect()
    }

    fn band(from_hz: f64, to_hz: f64, gains_db: &[f32]) -> BandGain {
        BandGain { from_hz, to_hz, gains_db: gains_db.to_vec() }
    }

    fn level_db(samples: &[f32]) -> f64 {
        let power: f64 = samples.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / samples.len() as f64;
        10.0 * (2.0 * power).log10()
    }

    #[test]
    fn a_tone_in_the_band_gets_its_gain_and_one_beside_it_gets_nothing() {
        for (frequency_hz, change_db) in [(200.0, -3.0), (60.0, 0.0), (1_000.0, 0.0)] {
            let mixed = tone(frequency_hz, 2.0);
            let mut channels = vec![mixed.clone()];
            apply(RATE_HZ, &mut channels, HOP, &[band(112.0, 355.0, &[-3.0; 30])]);
            let change = level_db(&channels[0][20_000..60_000]) - level_db(&mixed[20_000..60_000]);
            assert!((change - change_db).abs() < 0.02, "{frequency_hz}: {change}");
        }
    }

    #[test]
    fn what_gets_no_gain_keeps_its_bits() {
        let mixed = tone(80.0, 4.0);
        let mut gains = [0.0; 43];
        gains[20..24].fill(-2.0);
        let mut channels = vec![mixed.clone(), mixed.clone()];
        apply(RATE_HZ, &mut channels, HOP, &[band(0.0, 112.0, &gains)]);
        assert_eq!(channels[0], channels[1]);
        let (begins, ends) = (20 * HOP, 25 * HOP);
        assert_eq!(channels[0][..begins], mixed[..begins]);
        assert_eq!(channels[0][ends..], mixed[ends..]);
        let inside = level_db(&channels[0][22 * HOP..24 * HOP]) - level_db(&mixed[22 * HOP..24 * HOP]);
        assert!((inside + 2.0).abs() < 0.05, "{inside}");
    }

    #[test]
    fn bands_that_all_get_the_same_are_a_gain() {
        let mixed: Vec<f32> = (0..60_000).map(|n| ((n % 977 * n) as f32 * 0.37).sin() * 0.3).collect();
        let mut channels = vec![mixed.clone()];
        let edges = [0.0, 112.0, 355.0, 1_780.0, 5_600.0, f64::INFINITY];
        let bands: Vec<BandGain> = edges.windows(2).map(|edge| band(edge[0], edge[1], &[-6.0; 14])).collect();
        apply(RATE_HZ, &mut channels, HOP, &bands);
        let factor = crate::amplitude_from_db(-6.0) as f32;
        for (n, (now, was)) in channels[0].iter().zip(&mixed).enumerate() {
            assert!((now - factor * was).abs() < 2e-6, "{n}: {now} {was}");
        }
    }

    #[test]
    fn any_rate_and_any_length_will_do() {
        for rate_hz in [8_000, 48_000, 192_000, 384_000] {
            for length in [1usize, 100, 5_000, 100_001] {
                let mut channels = vec![vec![0.25; length]];
                apply(rate_hz, &mut channels, 1_024, &[band(0.0, 100.0, &[-3.0])]);
                assert!(channels[0].iter().all(|sample| sample.is_finite()));
            }
        }
    }
}
