//! How two channels relate in each third-octave band, frame by frame, and the long-term spectrum bin by bin.
//!
//! For pictures and for notes on a mix: frames do not overlap, and long tracks are sampled, so that it costs little.
//! Not here: the spectrum that decisions are made from (that is [`spectrum`](crate::spectrum)), and any opinion.

use realfft::RealFftPlanner;

use crate::spectrum::{BANDS, bands_below_nyquist, centre_hz, frame_length, hann, power_scale};

/// A track that has more frames than this is sampled: every other frame, or fewer, down to every fourth.
const DENSE_FRAMES: usize = 400;
const SPARSEST: usize = 4;

/// Energies of a band of two channels; a full-scale sine in one of them has 0.5. Parts add up to the whole.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BandSums {
    /// Energy of the left channel.
    pub left: f32,
    /// Energy of the right channel.
    pub right: f32,
    /// Real part of the cross energy: how much of both is in phase.
    pub cross: f32,
}

impl BandSums {
    /// Energy of both channels.
    #[must_use]
    pub fn both(&self) -> f32 {
        self.left + self.right
    }

    /// Level of the side (L - R) over the mid (L + R), dB; minus infinity for mono, `None` for silence.
    #[must_use]
    pub fn side_over_mid_db(&self) -> Option<f64> {
        let (both, twice) = (f64::from(self.both()), 2.0 * f64::from(self.cross));
        // What is 100 dB below is the rounding of sums, and not a side.
        let side = if both - twice < both * 1e-10 { 0.0 } else { both - twice };
        let mid = if both + twice < both * 1e-10 { 0.0 } else { both + twice };
        (both > 0.0).then(|| 10.0 * (side / mid).log10())
    }

    /// What a fold-down to mono, (L + R) / 2 on both loudspeakers, loses in level, dB: 0 for mono, 3.01 for channels
    /// that have nothing in common, infinite for channels that cancel. `None` for silence.
    #[must_use]
    pub fn mono_loss_db(&self) -> Option<f64> {
        let (both, twice) = (f64::from(self.both()), 2.0 * f64::from(self.cross));
        (both > 0.0).then(|| -10.0 * ((both + twice).max(0.0) / (2.0 * both)).log10())
    }
}

impl std::ops::AddAssign for BandSums {
    fn add_assign(&mut self, other: Self) {
        self.left += other.left;
        self.right += other.right;
        self.cross += other.cross;
    }
}

impl std::iter::Sum for BandSums {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), |mut whole, part| {
            whole += part;
            whole
        })
    }
}

/// Band energies of successive frames of two channels.
#[derive(Debug, Clone, Default)]
pub struct StereoSpectrum {
    /// Energies by frame and band, 25 Hz to 20 kHz; bands beyond Nyquist are empty.
    pub frames: Vec<[BandSums; BANDS]>,
    /// Time from the start of a frame to that of the next, s.
    pub hop_s: f64,
    /// Energy of both channels by bin, the mean over all frames.
    pub mean_power: Vec<f64>,
    /// Width of a bin, Hz.
    pub bin_hz: f64,
}

impl StereoSpectrum {
    /// The spectrum of two channels; give mono twice.
    ///
    /// # Panics
    /// When the channels differ in length.
    #[must_use]
    pub fn of(rate_hz: u32, left: &[f32], right: &[f32]) -> Self {
        assert_eq!(left.len(), right.len(), "channels of one length");
        let length = frame_length(rate_hz);
        let hop = (left.len() / length).div_ceil(DENSE_FRAMES).clamp(1, SPARSEST) * length;
        let (window, scale) = (hann(length), power_scale(length));
        let bin_hz = f64::from(rate_hz) / length as f64;
        let bands = bins_of_bands(rate_hz, bin_hz, length / 2);
        let fft = RealFftPlanner::<f32>::new().plan_fft_forward(length);
        let mut input = fft.make_input_vec();
        let mut scratch = fft.make_scratch_vec();
        let mut spectra = [fft.make_output_vec(), fft.make_output_vec()];
        let mut mean_power = vec![0.0; length / 2 + 1];
        let count = left.len().div_ceil(hop).max(1);
        let mut frames = Vec::with_capacity(count);
        for start in (0..count).map(|index| index * hop) {
            for (channel, spectrum) in [left, right].iter().zip(&mut spectra) {
                let end = (start + length).min(channel.len());
                let samples = channel.get(start..end).unwrap_or_default();
                input[samples.len()..].fill(0.0);
                for ((to, from), weight) in input.iter_mut().zip(samples).zip(&window) {
                    *to = from * weight;
                }
                fft.process_with_scratch(&mut input, spectrum, &mut scratch)
                    .expect("buffers come from the plan itself");
            }
            let [l, r] = &spectra;
            let mut frame = [BandSums::default(); BANDS];
            for (sums, bins) in frame.iter_mut().zip(&bands) {
                for (l, r) in l[bins.clone()].iter().zip(&r[bins.clone()]) {
                    sums.left += l.norm_sqr();
                    sums.right += r.norm_sqr();
                    sums.cross += l.re * r.re + l.im * r.im;
                }
                for sum in [&mut sums.left, &mut sums.right, &mut sums.cross] {
                    *sum *= scale;
                }
            }
            for ((mean, l), r) in mean_power.iter_mut().zip(l).zip(r) {
                *mean += f64::from(l.norm_sqr() + r.norm_sqr());
            }
            frames.push(frame);
        }
        let norm = f64::from(scale) / count as f64;
        for power in &mut mean_power {
            *power *= norm;
        }
        Self { frames, hop_s: hop as f64 / f64::from(rate_hz), mean_power, bin_hz }
    }
}

/// Whole bins by band; a low band that is narrower than a bin has the bin nearest to its centre.
fn bins_of_bands(rate_hz: u32, bin_hz: f64, last: usize) -> Vec<std::ops::Range<usize>> {
    let sixth = 2f64.powf(1.0 / 6.0);
    (0..bands_below_nyquist(rate_hz))
        .map(|band| {
            let centre = centre_hz(band);
            let from = (centre / sixth / bin_hz).round() as usize;
            let to = ((centre * sixth / bin_hz).round() as usize).min(last + 1);
            if from < to {
                from..to
            } else {
                (centre / bin_hz).round() as usize..(centre / bin_hz).round() as usize + 1
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate_hz: u32, hz: f64, seconds: f64, phase: f64) -> Vec<f32> {
        let step = std::f64::consts::TAU * hz / f64::from(rate_hz);
        (0..(seconds * f64::from(rate_hz)) as usize).map(|n| (step * n as f64 + phase).sin() as f32).collect()
    }

    fn band(spectrum: &StereoSpectrum, band: usize) -> BandSums {
        spectrum.frames[..spectrum.frames.len() - 1].iter().map(|frame| frame[band]).sum()
    }

    #[test]
    fn a_tone_on_both_sides_is_all_mid_and_an_inverted_one_all_side() {
        for rate_hz in [44_100, 96_000] {
            let left = tone(rate_hz, 1_000.0, 2.0, 0.0);
            let same = band(&StereoSpectrum::of(rate_hz, &left, &left), 16);
            assert_eq!(same.side_over_mid_db(), Some(f64::NEG_INFINITY));
            let inverted: Vec<f32> = left.iter().map(|x| -x).collect();
            let turned = band(&StereoSpectrum::of(rate_hz, &left, &inverted), 16);
            assert_eq!(turned.side_over_mid_db(), Some(f64::INFINITY));
            assert!(turned.mono_loss_db().expect("sound") > 60.0);
        }
    }

    #[test]
    fn a_quarter_turn_loses_3_db_in_mono() {
        let (left, right) = (tone(48_000, 80.0, 4.0, 0.0), tone(48_000, 80.0, 4.0, std::f64::consts::FRAC_PI_2));
        let sums = band(&StereoSpectrum::of(48_000, &left, &right), 5);
        assert!((sums.mono_loss_db().expect("sound") - 3.01).abs() < 0.1, "{sums:?}");
        assert!(sums.side_over_mid_db().expect("sound").abs() < 0.2, "{sums:?}");
    }

    #[test]
    fn a_tone_has_its_power_in_its_band_and_in_its_bin() {
        let left = tone(44_100, 2_000.0, 3.0, 0.3);
        let spectrum = StereoSpectrum::of(44_100, &left, &left);
        let frame = spectrum.frames[spectrum.frames.len() / 2];
        assert!((frame[19].both() - 1.0).abs() < 0.02, "{:?}", frame[19]);
        let loudest = (0..spectrum.mean_power.len())
            .max_by(|a, b| spectrum.mean_power[*a].total_cmp(&spectrum.mean_power[*b]))
            .expect("bins");
        assert!((loudest as f64 * spectrum.bin_hz - 2_000.0).abs() < spectrum.bin_hz);
    }

    #[test]
    fn nothing_and_very_little_have_one_frame() {
        assert_eq!(StereoSpectrum::of(44_100, &[], &[]).frames.len(), 1);
        assert_eq!(StereoSpectrum::of(8_000, &[0.5; 10], &[0.5; 10]).frames.len(), 1);
    }
}
