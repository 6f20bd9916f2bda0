//! The long-term spectrum in third-octave bands, frame by frame.
//!
//! Not here: what balance is good.

use crate::parallel::both;
use multiversion::multiversion;
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};
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
    let spectra = Spectra::new(rate_hz);
    let samples = channels.first().map_or(0, |channel| channel.len());
    // The last frame may reach beyond the end; a signal shorter than a frame still has one.
    let count = samples.saturating_sub(spectra.hop()).div_ceil(spectra.hop()).max(1);
    let mut power = vec![[0.0f32; BANDS]; count];
    let mut side = vec![[0.0f32; BANDS]; if channels.len() == 2 { count } else { 0 }];
    let half = count / 2;
    let (first, later) = power.split_at_mut(half);
    let half_of_sides = half.min(side.len());
    let (first_side, later_side) = side.split_at_mut(half_of_sides);
    // What stays on this thread tells how far it is, and is the longer half.
    both(
        || spectra.frames(channels, half, later, later_side, progress),
        || spectra.frames(channels, 0, first, first_side, |_| {}),
    );
    BandFrames { power, side, hop_s: spectra.hop() as f64 / f64::from(rate_hz) }
}

/// The same of a signal that comes in blocks.
///
/// How it is cut into blocks does not change a bit of the result. Memory is that of the bands and of a block.
pub struct BandMeter {
    spectra: Spectra,
    /// What frames that are not yet whole begin with.
    kept: Vec<Vec<f32>>,
    frames: BandFrames,
}

impl std::fmt::Debug for BandMeter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BandMeter").field("frames", &self.frames.power.len()).finish_non_exhaustive()
    }
}

impl BandMeter {
    /// For one or two channels.
    ///
    /// # Panics
    /// When there are more than two.
    #[must_use]
    pub fn new(rate_hz: u32, channels: usize) -> Self {
        assert!(channels <= 2, "one or two channels");
        let spectra = Spectra::new(rate_hz);
        let hop_s = spectra.hop() as f64 / f64::from(rate_hz);
        Self { spectra, kept: vec![Vec::new(); channels], frames: BandFrames { hop_s, ..BandFrames::default() } }
    }

    /// The next block, of any length: one slice a channel.
    ///
    /// # Panics
    /// When the number of slices is another, or their lengths differ.
    pub fn push(&mut self, block: &[&[f32]]) {
        assert_eq!(block.len(), self.kept.len(), "one slice for each channel");
        for (kept, samples) in self.kept.iter_mut().zip(block) {
            assert_eq!(samples.len(), block[0].len(), "channels of one length");
            kept.extend_from_slice(samples);
        }
        let hop = self.spectra.hop();
        let known = self.kept.first().map_or(0, Vec::len);
        let whole = (known / hop).saturating_sub(1);
        self.transform(whole);
        self.kept.iter_mut().for_each(|kept| drop(kept.drain(..whole * hop)));
    }

    /// The bands of all that was pushed.
    #[must_use]
    pub fn finish(mut self) -> BandFrames {
        let rest = self.kept.first().map_or(0, Vec::len);
        if rest > self.spectra.hop() || self.frames.power.is_empty() {
            self.transform(1);
        }
        self.frames
    }

    /// So many frames of what is kept; the last may reach beyond its end.
    fn transform(&mut self, count: usize) {
        let BandFrames { power, side, .. } = &mut self.frames;
        let done = power.len();
        power.resize(done + count, [0.0; BANDS]);
        let sides = if self.kept.len() == 2 { done..done + count } else { 0..0 };
        side.resize(sides.end, [0.0; BANDS]);
        let kept: Vec<&[f32]> = self.kept.iter().map(Vec::as_slice).collect();
        self.spectra.frames(&kept, 0, &mut power[done..], &mut side[sides], |_| {});
    }
}

/// What turns frames into bands.
struct Spectra {
    fft: Arc<dyn Fft<f32>>,
    window: Vec<f32>,
    scale: f32,
    edges: Vec<(f32, f32)>,
}

impl Spectra {
    fn new(rate_hz: u32) -> Self {
        let length = frame_length(rate_hz);
        Self {
            fft: FftPlanner::<f32>::new().plan_fft_forward(length),
            window: hann(length),
            scale: power_scale(length),
            edges: band_edges(rate_hz, length),
        }
    }

    /// Samples from frame to frame.
    fn hop(&self) -> usize {
        self.window.len() / 2
    }

    /// The bands of some frames of channels, from the frame `first` on; of the sides where there are any.
    fn frames(
        &self,
        channels: &[&[f32]],
        first: usize,
        power: &mut [[f32; BANDS]],
        side: &mut [[f32; BANDS]],
        mut progress: impl FnMut(f32),
    ) {
        let (length, count) = (self.window.len(), power.len());
        let mut frame = vec![Complex::default(); length];
        let mut scratch = vec![Complex::default(); self.fft.get_inplace_scratch_len()];
        let mut powers = vec![[0.0f32; 2]; length / 2 + 1];
        for (index, bands) in power.iter_mut().enumerate() {
            let start = (first + index) * self.hop();
            let seen = channels.iter().map(|channel| &channel[start..channel.len().min(start + length)]);
            self.fill(&mut frame, &seen.collect::<Vec<_>>());
            self.fft.process_with_scratch(&mut frame, &mut scratch);
            part(&frame, &mut powers);
            let bins = powers.as_slice();
            for (band, (whole, (from, to))) in bands.iter_mut().zip(&self.edges).enumerate() {
                let [middle, sides] = power_between(bins, *from, *to).map(|power| self.scale * power);
                match side.get_mut(index) {
                    Some(side) => (*whole, side[band]) = (2.0 * (middle + sides), sides),
                    None => *whole = middle,
                }
            }
            progress((index + 1) as f32 / count as f32);
        }
    }

    /// Windows the middle of two channels as real parts and their sides as imaginary ones, or one channel alone; silence
    /// lies beyond their ends.
    fn fill(&self, frame: &mut [Complex<f32>], channels: &[&[f32]]) {
        let filled = channels.first().map_or(0, |channel| channel.len());
        let windowed = frame.iter_mut().zip(&self.window);
        match channels {
            [left, right] => {
                for (((to, weight), left), right) in windowed.zip(*left).zip(*right) {
                    let half = 0.5 * weight;
                    *to = Complex::new(half * (left + right), half * (left - right));
                }
            }
            channels => {
                for ((to, weight), sample) in windowed.zip(channels.iter().copied().flatten()) {
                    *to = Complex::new(weight * sample, 0.0);
                }
            }
        }
        frame[filled..].fill(Complex::default());
    }
}

/// The powers of two real signals in each bin up to Nyquist, from the transform of both as one complex signal: what is
/// the same at a frequency and at its negative is the first signal's, but for the sign of what is imaginary, and the rest
/// the second's.
#[multiversion(targets("x86_64+avx+avx2", "aarch64+neon"))]
fn part(frame: &[Complex<f32>], powers: &mut [[f32; 2]]) {
    let half = frame.len() / 2;
    powers[0] = [frame[0].re * frame[0].re, frame[0].im * frame[0].im];
    for ((power, at), against) in powers[1..].iter_mut().zip(&frame[1..=half]).zip(frame[half..].iter().rev()) {
        let [first_re, first_im] = [at.re + against.re, at.im - against.im];
        let [second_re, second_im] = [at.re - against.re, at.im + against.im];
        *power = [
            0.25 * (first_re * first_re + first_im * first_im),
            0.25 * (second_re * second_re + second_im * second_im),
        ];
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

/// Powers between two places on the bin axis, bins that straddle an edge counted in part.
fn power_between(bins: &[[f32; 2]], first: f32, last: f32) -> [f32; 2] {
    let low = (first + 0.5).floor() as usize;
    let high = ((last + 0.5).floor() as usize).min(bins.len() - 1);
    let share = |bin: usize| {
        let (left, right) = (bin as f32 - 0.5, bin as f32 + 0.5);
        (right.min(last) - left.max(first)).max(0.0)
    };
    if low >= high {
        return bins[high].map(|power| power * (last - first).max(0.0));
    }
    let (between, low_share, high_share) = (sum(&bins[low + 1..high]), share(low), share(high));
    std::array::from_fn(|of| between[of] + bins[low][of] * low_share + bins[high][of] * high_share)
}

/// Sums in lanes: one after the other, each addition would wait for the one before.
fn sum(bins: &[[f32; 2]]) -> [f32; 2] {
    const LANES: usize = 8;
    let mut sums = [[0.0f32; 2]; LANES];
    let (chunks, rest) = bins.as_chunks::<LANES>();
    for chunk in chunks {
        for (sum, bin) in sums.as_flattened_mut().iter_mut().zip(chunk.as_flattened()) {
            *sum += bin;
        }
    }
    rest.iter().chain(&sums).fold([0.0; 2], |[first, second], bin| [first + bin[0], second + bin[1]])
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
        // Rounding is far below what 24 bits hold.
        assert!(total(&same.side) < 1e-14, "{}", total(&same.side));
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
    fn blocks_of_any_length_have_the_bands_of_the_whole() {
        let hop = frame_length(44_100) / 2;
        for samples in [0, 1, hop, hop + 1, 2 * hop, 2 * hop + 1, 3 * hop - 1, 3 * hop, 44_100] {
            let left: Vec<f32> = (0..samples).map(|n| (n as f32 * 0.1).sin()).collect();
            let right: Vec<f32> = (0..samples).map(|n| (n as f32 * 0.01).cos()).collect();
            for channels in [&[left.as_slice(), &right][..], &[&left]] {
                let whole = band_frames(44_100, channels, |_| {});
                for block in [1_000, hop, 30_000] {
                    let mut meter = BandMeter::new(44_100, channels.len());
                    for start in (0..samples).step_by(block) {
                        let end = samples.min(start + block);
                        meter.push(&channels.iter().map(|channel| &channel[start..end]).collect::<Vec<_>>());
                    }
                    let frames = meter.finish();
                    assert_eq!((&frames.power, &frames.side), (&whole.power, &whole.side), "{samples} in {block}");
                    assert_eq!(frames.hop_s.to_bits(), whole.hop_s.to_bits());
                }
            }
        }
    }

    #[test]
    fn bands_beyond_nyquist_are_left_out() {
        assert_eq!(bands_below_nyquist(44_100), 30);
        assert_eq!(NOMINAL_HZ[bands_below_nyquist(8_000) - 1], 3_150.0);
    }
}
