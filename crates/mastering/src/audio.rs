//! A track that can be mastered: one or two channels of finite samples with a loudness.
//!
//! Not here: how it was read (that is `codec`), and whether it sounds good.

use dsp::extremes::sample_peak;
use dsp::loudness::{Layout, Loudness, Rate, measure};
use dsp::parallel::map;

/// Loudness is defined over 400 ms; anything shorter has none (ITU-R BS.1770).
pub const SHORTEST_MS: u64 = 400;
/// The lowest sample rate that is mastered, in Hz.
pub const LOWEST_RATE_HZ: u32 = Rate::LOWEST_HZ;
/// The highest sample rate that is mastered, in Hz.
pub const HIGHEST_RATE_HZ: u32 = Rate::HIGHEST_HZ;

/// Why a track cannot be mastered.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There is nothing to master.
    #[error("the file has no audio channels")]
    NoChannels,
    /// More than two channels.
    #[error("the file has {found} channels; mono and stereo can be mastered. Mix it down to stereo first")]
    TooManyChannels {
        /// Channels in the file.
        found: usize,
    },
    /// A sample rate outside what is supported.
    #[error("the sample rate is {found} Hz; {LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ} Hz can be mastered")]
    Rate {
        /// Rate in the file, Hz.
        found: u32,
    },
    /// Shorter than 400 ms.
    #[error("the track lasts {found_ms:.1} ms; loudness needs at least {SHORTEST_MS} ms")]
    TooShort {
        /// Its length, ms.
        found_ms: f64,
    },
    /// Channels of different lengths.
    #[error("the channels have different lengths ({left} and {right} samples)")]
    UnequalChannels {
        /// Samples in the first channel.
        left: usize,
        /// Samples in the second channel.
        right: usize,
    },
    /// A sample is NaN or infinite.
    #[error(
        "channel {channel} has a sample that is not a number at {at_s:.3} s (sample {frame}); export the mix again"
    )]
    NotFinite {
        /// Channel, from 1.
        channel: usize,
        /// Sample, from 0.
        frame: usize,
        /// Its time, s.
        at_s: f64,
    },
    /// Nothing but a constant value, which no loudspeaker can play.
    #[error("the track holds a direct current ({offset:+.3} of full scale) and no sound: it has no loudness")]
    DirectCurrent {
        /// The value, full scale 1.
        offset: f64,
    },
    /// Nothing above the absolute gate of the loudness measurement (-70 LUFS).
    #[error("the track is silent: it has no loudness (nothing above -70 LUFS)")]
    Silent,
}

/// A track that can be mastered: one or two channels, equally long, at least 400 ms of finite samples.
///
/// Samples are planar `f32`; 1.0 is full scale, and values beyond it are kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Audio {
    rate_hz: u32,
    channels: Vec<Vec<f32>>,
}

impl Audio {
    /// Checks everything that can be checked without listening; silence is found by the analysis.
    pub fn new(rate_hz: u32, channels: Vec<Vec<f32>>) -> Result<Self, Refusal> {
        refuse_shape(rate_hz, channels.len())?;
        let frames = channels[0].len();
        if let Some(right) = channels.get(1)
            && right.len() != frames
        {
            return Err(Refusal::UnequalChannels { left: frames, right: right.len() });
        }
        refuse_length(rate_hz, frames)?;
        let not_finite = first_not_finite(rate_hz, &channels, 0);
        not_finite.map_or(Ok(Self { rate_hz, channels }), Err)
    }

    /// Samples a second.
    pub fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    /// One or two planar channels.
    pub fn channels(&self) -> &[Vec<f32>] {
        &self.channels
    }

    /// Samples in each channel.
    pub fn frames(&self) -> usize {
        self.channels[0].len()
    }

    /// Length in seconds.
    pub fn duration_s(&self) -> f64 {
        self.frames() as f64 / f64::from(self.rate_hz)
    }

    /// Gives the samples up.
    pub fn into_channels(self) -> Vec<Vec<f32>> {
        self.channels
    }

    /// Loudness of the whole, LUFS; minus infinity for what is below every gate.
    pub fn integrated_lufs(&self) -> f64 {
        self.loudness().map_or(f64::NEG_INFINITY, |loudness| loudness.integrated_lufs)
    }

    /// All that a loudness meter says; nothing of what is below every gate.
    pub(crate) fn loudness(&self) -> Option<Loudness> {
        measure(self.loudness_rate(), self.layout(), &self.slices())
    }

    /// The channels as slices.
    pub(crate) fn slices(&self) -> Vec<&[f32]> {
        self.channels.iter().map(Vec::as_slice).collect()
    }

    pub(crate) fn loudness_rate(&self) -> Rate {
        loudness_rate(self.rate_hz)
    }

    pub(crate) fn layout(&self) -> Layout {
        layout(self.channels.len())
    }

    pub(crate) fn channels_mut(&mut self) -> &mut [Vec<f32>] {
        &mut self.channels
    }
}

/// Refuses a rate, Hz, and a number of channels that cannot be mastered.
pub(crate) fn refuse_shape(rate_hz: u32, channels: usize) -> Result<(), Refusal> {
    match channels {
        0 => return Err(Refusal::NoChannels),
        1 | 2 => {}
        found => return Err(Refusal::TooManyChannels { found }),
    }
    if !(LOWEST_RATE_HZ..=HIGHEST_RATE_HZ).contains(&rate_hz) {
        return Err(Refusal::Rate { found: rate_hz });
    }
    Ok(())
}

/// Refuses a length that has no loudness.
pub(crate) fn refuse_length(rate_hz: u32, frames: usize) -> Result<(), Refusal> {
    if (frames as u64) * 1000 < SHORTEST_MS * u64::from(rate_hz) {
        return Err(Refusal::TooShort { found_ms: frames as f64 * 1000.0 / f64::from(rate_hz) });
    }
    Ok(())
}

/// Why samples that follow others, so many frames, cannot be mastered.
pub(crate) fn first_not_finite<T: AsRef<[f32]> + Sync>(
    rate_hz: u32,
    channels: &[T],
    frames_before: usize,
) -> Option<Refusal> {
    let places = map(channels, |channel| place_not_finite(channel.as_ref()));
    let (index, place) = places.into_iter().enumerate().find_map(|(index, place)| Some((index, place?)))?;
    let frame = frames_before + place;
    Some(Refusal::NotFinite { channel: index + 1, frame, at_s: frame as f64 / f64::from(rate_hz) })
}

fn place_not_finite(samples: &[f32]) -> Option<usize> {
    samples.chunks(4096).enumerate().find_map(|(block, chunk)| {
        if sample_peak(chunk).is_finite() {
            return None;
        }
        chunk.iter().position(|x| !x.is_finite()).map(|at| block * 4096 + at)
    })
}

/// One or two channels, for whoever measures loudness.
pub(crate) fn layout(channels: usize) -> Layout {
    Layout::of_channels(channels).expect("one or two channels")
}

/// A rate that can be mastered, for the same.
pub(crate) fn loudness_rate(rate_hz: u32) -> Rate {
    Rate::new(rate_hz).expect("the range of rates is the same")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::f64::consts::TAU;

    /// A small band: a kick and a snare, a bass line, a chord to both sides and hats; peaks near `level`.
    pub(crate) fn music(rate_hz: u32, seconds: f64, level: f64) -> Audio {
        let frames = (seconds * f64::from(rate_hz)) as usize;
        let mut state = 0x0123_4567_89AB_CDEF_u64;
        let mut noise = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / 8_388_608.0 - 1.0
        };
        let (mut left, mut right) = (Vec::with_capacity(frames), Vec::with_capacity(frames));
        for n in 0..frames {
            let t = n as f64 / f64::from(rate_hz);
            let beat = t % 0.5;
            let kick = (-beat * 18.0).exp() * (TAU * (48.0 * beat + 3.0 * (1.0 - (-beat * 40.0).exp()))).sin();
            let snare = (-((t + 0.25) % 0.5) * 30.0).exp() * noise();
            let hat = (-(t % 0.125) * 90.0).exp() * noise();
            let root = [55.0, 65.4, 49.0, 73.4][(t / 2.0) as usize % 4];
            let bass = (TAU * root * t).sin() + 0.3 * (TAU * 2.0 * root * t).sin();
            let chord = |detune: f64| {
                [4.0, 5.0, 6.0, 8.0, 12.0].iter().map(|k| (TAU * root * k * detune * t).sin() / k).sum::<f64>()
            };
            let middle = 0.45 * kick + 0.2 * snare + 0.18 * bass;
            left.push((level * (middle + 0.35 * chord(1.0) + 0.05 * hat)) as f32);
            right.push((level * (middle + 0.35 * chord(1.003) + 0.05 * noise() * (-(t % 0.125) * 90.0).exp())) as f32);
        }
        Audio::new(rate_hz, vec![left, right]).expect("long enough")
    }

    /// A minute of low noise in the middle and of high noise on the left, by turns of five seconds and nearly as loud as
    /// each other.
    pub(crate) fn low_and_high_by_turns(rate_hz: u32) -> Audio {
        let (mut seed, mut low) = (1u32, 0.0f32);
        let (left, right) = (0..60 * rate_hz)
            .map(|n| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = (seed >> 8) as f32 / (1 << 23) as f32 - 1.0;
                low += 0.1 * (noise - low);
                let high = 0.04 * (noise - low);
                if (n / (5 * rate_hz)).is_multiple_of(2) { (0.4 * low, 0.4 * low) } else { (high, 0.2 * high) }
            })
            .unzip();
        Audio::new(rate_hz, vec![left, right]).expect("long enough")
    }

    fn refusal(rate_hz: u32, channels: Vec<Vec<f32>>) -> Refusal {
        Audio::new(rate_hz, channels).expect_err("refused")
    }

    #[test]
    fn what_cannot_be_mastered_is_refused_with_the_reason() {
        assert_eq!(refusal(44_100, vec![]), Refusal::NoChannels);
        assert_eq!(refusal(44_100, vec![vec![0.0; 44_100]; 6]), Refusal::TooManyChannels { found: 6 });
        assert_eq!(refusal(0, vec![vec![0.0; 44_100]]), Refusal::Rate { found: 0 });
        assert_eq!(refusal(48_000, vec![vec![0.0; 14_400]]), Refusal::TooShort { found_ms: 300.0 });
    }

    #[test]
    fn a_sample_that_is_not_a_number_is_named_with_its_place() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut right = vec![0.1; 48_000];
            right[24_000] = bad;
            let found = refusal(48_000, vec![vec![0.1; 48_000], right]);
            assert_eq!(found, Refusal::NotFinite { channel: 2, frame: 24_000, at_s: 0.5 });
        }
    }

    #[test]
    fn floats_above_full_scale_are_kept() {
        let audio = Audio::new(8_000, vec![vec![3.5; 8_000]]).expect("accepted");
        assert_eq!(audio.channels()[0][0], 3.5);
    }
}
