//! The long-term spectrum in third-octave bands, frame by frame.
//!
//! Not here: what balance is good.

use crate::parallel::both;
use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};
use std::sync::Arc;

/// Number of bands, 25 Hz to 20 kHz.
pub const BANDS: usize = 30;

/// The nominal centres as people write them, Hz (IEC 61260-1).
pub const NOMINAL_HZ: [f64; BANDS] = [
    25.0, 31.5, 40.0, 50.0, 63.0, 80.0, 100.0, 125.0, 160.0, 200.0, 250.0, 315.0, 400.0, 500.0, 630.0, 800.0, 1_000.0,
    1_250.0, 1_600.0, 2_000.0, 2_500.0, 3_150.0, 4_000.0, 5_000.0, 6_300.0, 8_000.0, 10_000.0, 12_500.0, 16_000.0,
    20_000.0,
];

/// The exact centre of a band, Hz: base two, 1 kHz in the middle.
#[must_use]
pub fn centre_hz(band: usize) -> f64 {
    1_000.0 * 2f64.powf((band as f64 - 16.0) / 3.0)
}

/// Band powers of successive frames. A full-scale sine has a power of 0.5.
#[derive(Debug, Clone, Default)]
pub struct BandFrames {
    /// Powers by frame and band, the sum of the channels; bands beyond Nyquist are zero.
    pub power: Vec<[f32; BANDS]>,
    /// Of two channels, the powers of the side, (L - R) / 2; twice this and twice the mid's are the whole.
    pub side: Vec<[f32; BANDS]>,
    /// Time from frame to frame, s.
    pub hop_s: f64,
}

impl BandFrames {
    /// Total power of a frame.
    #[must_use]
    pub fn total(&self, frame: usize) -> f32 {
        self.power[frame].iter().sum()
    }
}

/// Frame length: 8192 at 44.1 and 48 kHz and in proportion, a power of two.
#[must_use]
pub fn frame_length(rate_hz: u32) -> usize {
    let wanted = 8192.0 * f64::from(rate_hz) / 50_000.0;
    (wanted.max(64.0) as usize).next_power_of_two()
}

/// A periodic Hann window.
pub(crate) fn hann(length: usize) -> Vec<f32> {
    (0..length).map(|n| (0.5 - 0.5 * (std::f64::consts::TAU * n as f64 / length as f64).cos()) as f32).collect()
}

/// What the squares of one side of a Hann-windowed spectrum are multiplied with to be powers: by Parseval, the mean
/// square of the window being 3/8.
pub(crate) fn power_scale(length: usize) -> f32 {
    (2.0 / (length as f64 * length as f64 * 0.375)) as f32
}

/// How many bands lie wholly below Nyquist, or nearly so.
#[must_use]
pub fn bands_below_nyquist(rate_hz: u32) -> usize {
    (0..BANDS).take_while(|band| centre_hz(*band) * 2f64.powf(1.0 / 6.0) < f64::from(rate_hz) * 0.52).count()
}

/// Third-octave band powers of one or two equally long channels over half-overlapping Hann frames.
///
/// # Panics
/// When there are more than two channels, or one is shorter than the first.
pub fn band_frames(rate_hz: u32, channels: &[&[f32]], progress: impl FnMut(f32)) -> BandFrames {
    assert!(channels.len() <= 2, "one or two channels");
    let length = frame_length(rate_hz);
    let hop = length / 2;
    let spectra = Spectra {
        channels,
        fft: RealFftPlanner::<f32>::new().plan_fft_forward(length),
        window: hann(length),
        scale: power_scale(length),
        edges: band_edges(rate_hz, length),
    };
    let samples = channels.first().map_or(0, |channel| channel.len());
    // The last frame may reach beyond the end; a signal shorter than a frame still has one.
    let count = samples.saturating_sub(hop).div_ceil(hop).max(1);
    let mut power = vec![[0.0f32; BANDS]; count];
    let mut side = vec![[0.0f32; BANDS]; if channels.len() == 2 { count } else { 0 }];
    let half = count / 2;
    let (first, later) = power.split_at_mut(half);
    let half_of_sides = half.min(side.len());
    let (first_side, later_side) = side.split_at_mut(half_of_sides);
    // What stays on this thread tells how far it is, and is the longer half.
    both(|| spectra.frames(half, later, later_side, progress), || spectra.frames(0, first, first_side, |_| {}));
    BandFrames { power, side, hop_s: hop as f64 / f64::from(rate_hz) }
}

/// What turns frames into bands.
struct Spectra<'a> {
    channels: &'a [&'a [f32]],
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    scale: f32,
    edges: Vec<(f32, f32)>,
}

impl Spectra<'_> {
    /// The bands of some frames, from the frame `first` on; of the sides where there are any.
    fn frames(
        &self,
        first: usize,
        power: &mut [[f32; BANDS]],
        side: &mut [[f32; BANDS]],
        mut progress: impl FnMut(f32),
    ) {
        let (length, count) = (self.window.len(), power.len());
        let mut frame = self.fft.make_input_vec();
        let mut spectra = vec![self.fft.make_output_vec(); self.channels.len()];
        let mut scratch = self.fft.make_scratch_vec();
        for (index, bands) in power.iter_mut().enumerate() {
            let start = (first + index) * (length / 2);
            for (channel, spectrum) in self.channels.iter().zip(&mut spectra) {
                let end = (start + length).min(channel.len());
                for ((to, from), weight) in frame.iter_mut().zip(&channel[start..end]).zip(&self.window) {
                    *to = from * weight;
                }
                frame[end - start..].fill(0.0);
                self.fft
                    .process_with_scratch(&mut frame, spectrum, &mut scratch)
                    .expect("buffers come from the plan itself");
            }
            match spectra.as_mut_slice() {
                [left, right] => {
                    for (left, right) in left.iter_mut().zip(right.iter_mut()) {
                        (*left, *right) = (0.5 * (*left + *right), 0.5 * (*left - *right));
                    }
                    for ((whole, side), (first, last)) in bands.iter_mut().zip(&mut side[index]).zip(&self.edges) {
                        *side = self.scale * power_between(right, *first, *last);
                        *whole = 2.0 * (*side + self.scale * power_between(left, *first, *last));
                    }
                }
                spectra => {
                    for (band, (first, last)) in bands.iter_mut().zip(&self.edges) {
                        *band =
                            spectra.iter().map(|spectrum| self.scale * power_between(spectrum, *first, *last)).sum();
                    }
                }
            }
            progress((index + 1) as f32 / count as f32);
        }
    }
}

/// Band edges in (fractional) bins.
fn band_edges(rate_hz: u32, length: usize) -> Vec<(f32, f32)> {
    let per_hz = length as f64 / f64::from(rate_hz);
    let sixth = 2f64.powf(1.0 / 6.0);
    (0..bands_below_nyquist(rate_hz))
        .map(|band| {
            let top = (length / 2) as f64 + 0.5;
            ((centre_hz(band) / sixth * per_hz) as f32, (centre_hz(band) * sixth * per_hz).min(top) as f32)
        })
        .collect()
}

/// Power between two places on the bin axis, bins that straddle an edge counted in part.
fn power_between(spectrum: &[Complex<f32>], first: f32, last: f32) -> f32 {
    let low = (first + 0.5).floor() as usize;
    let high = ((last + 0.5).floor() as usize).min(spectrum.len() - 1);
    let share = |bin: usize| {
        let (left, right) = (bin as f32 - 0.5, bin as f32 + 0.5);
        (right.min(last) - left.max(first)).max(0.0)
    };
    if low >= high {
        return spectrum[high].norm_sqr() * (last - first).max(0.0);
    }
    energy(&spectrum[low + 1..high]) + spectrum[low].norm_sqr() * share(low) + spectrum[high].norm_sqr() * share(high)
}

/// Energy of some bins, summed in lanes: one after the other, each sum would wait for the one before.
fn energy(bins: &[Complex<f32>]) -> f32 {
    const LANES: usize = 8;
    let mut sums = [0.0f32; LANES];
    let (chunks, rest) = bins.as_chunks::<LANES>();
    for chunk in chunks {
        for (sum, bin) in sums.iter_mut().zip(chunk) {
            *sum += bin.norm_sqr();
        }
    }
    rest.iter().map(Complex::norm_sqr).chain(sums).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_centres_are_those_that_people_write() {
        for (band, nominal) in NOMINAL_HZ.iter().enumerate() {
            assert!((centre_hz(band) / nominal - 1.0).abs() < 0.02, "{nominal}");
        }
    }

    #[test]
    fn a_tone_shows_its_power_in_its_own_band() {
        for rate_hz in [44_100u32, 48_000, 96_000, 192_000] {
            for band in [4usize, 10, 16, 22, 28] {
                let step = 2.0 * std::f64::consts::PI * centre_hz(band) / f64::from(rate_hz);
                let tone: Vec<f32> = (0..rate_hz as usize).map(|n| (step * n as f64).sin() as f32).collect();
                let frames = band_frames(rate_hz, &[&tone], |_| {});
                let found = frames.power[frames.power.len() / 2];
                assert!((found[band] - 0.5).abs() < 0.03, "{rate_hz}, band {band}: {}", found[band]);
                let total: f32 = found.iter().sum();
                assert!((total - 0.5).abs() < 0.01, "{rate_hz}, band {band}: {total}");
            }
        }
    }

    #[test]
    fn what_two_channels_share_is_no_side_and_what_they_do_not_is() {
        let tone: Vec<f32> = (0..44_100).map(|n| (n as f32 * 0.1).sin()).collect();
        let inverted: Vec<f32> = tone.iter().map(|x| -x).collect();
        let total = |bands: &[[f32; BANDS]]| bands[bands.len() / 2].iter().sum::<f32>();
        let same = band_frames(44_100, &[&tone, &tone], |_| {});
        assert_eq!(total(&same.side), 0.0);
        assert!((total(&same.power) - 1.0).abs() < 0.01);
        let against = band_frames(44_100, &[&tone, &inverted], |_| {});
        assert!((total(&against.side) - 0.5).abs() < 0.01);
        assert!((total(&against.power) - 1.0).abs() < 0.01);
    }

    #[test]
    fn a_signal_shorter_than_a_frame_has_one() {
        let frames = band_frames(44_100, &[&[0.5; 1_000]], |_| {});
        assert_eq!(frames.power.len(), 1);
    }

    #[test]
    fn bands_beyond_nyquist_are_left_out() {
        assert_eq!(bands_below_nyquist(44_100), 30);
        assert_eq!(NOMINAL_HZ[bands_below_nyquist(8_000) - 1], 3_150.0);
    }
}
