//! The numbers of a track, as every report shows them.

use crate::Audio;
use dsp::loudness::{Layout, Loudness, LoudnessMeter, Rate, Series};
use dsp::parallel::{both, map};
use dsp::stereo::StereoSums;
use dsp::true_peak::{TruePeakMeter, true_peak};
use serde::{Deserialize, Serialize};

/// What a meter says of a whole track (ITU-R BS.1770-5, EBU Tech 3341 and 3342).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// Integrated loudness, LUFS.
    pub integrated_lufs: f64,
    /// Loudness range, LU.
    pub loudness_range_lu: f64,
    /// Loudest 3 s, LUFS.
    pub max_short_term_lufs: f64,
    /// Loudest 400 ms, LUFS.
    pub max_momentary_lufs: f64,
    /// True peak: the highest that any meter of the panel reads, dBTP.
    pub true_peak_dbtp: f64,
    /// Highest sample, dBFS.
    pub sample_peak_dbfs: f64,
    /// Sample peak above RMS, dB.
    pub crest_db: f64,
    /// Correlation of left and right, -1 to 1; 1 for mono.
    pub correlation: f64,
}

/// The numbers of a track, and how its loudness went.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The numbers.
    pub measurement: Measurement,
    /// Loudness over time.
    pub loudness: Series,
}

impl Measured {
    /// Measures a whole track whose sums and highest sample are known; `None` when nothing in it is above -70 LUFS.
    pub(crate) fn of(audio: &Audio, sums: StereoSums, sample_peak: f32) -> Option<Self> {
        let channels = audio.slices();
        let peak = || map(&channels, |channel| true_peak(audio.rate_hz(), channel)).into_iter().fold(0.0, f32::max);
        let (peak, loudness) = both(peak, || audio.loudness());
        Some(Self::from_parts(loudness?, peak, sample_peak, sums))
    }

    fn from_parts(loudness: Loudness, true_peak: f32, sample_peak: f32, sums: StereoSums) -> Self {
        let measurement = Measurement::from_parts(&loudness, true_peak, sample_peak, sums);
        Self { measurement, loudness: loudness.series }
    }
}

impl Measurement {
    /// Whether this is a master already rather than a mix: loud, with peaks that stand close under full scale and little
    /// above the loudness. Mixes that were left their headroom or their peaks are not.
    pub(crate) fn looks_finished(&self) -> bool {
        self.integrated_lufs >= FINISHED_LUFS
            && self.true_peak_dbtp >= FINISHED_DBTP
            && self.true_peak_dbtp - self.integrated_lufs <= FINISHED_PLR_DB
    }

    fn from_parts(loudness: &Loudness, true_peak: f32, sample_peak: f32, sums: StereoSums) -> Self {
        let sample_peak_dbfs = dsp::db_from_amplitude(f64::from(sample_peak));
        Self {
            integrated_lufs: loudness.integrated_lufs,
            loudness_range_lu: loudness.loudness_range_lu,
            max_short_term_lufs: finite_or(loudness.max_short_term_lufs, loudness.integrated_lufs),
            max_momentary_lufs: loudness.max_momentary_lufs,
            true_peak_dbtp: dsp::db_from_amplitude(f64::from(true_peak)),
            sample_peak_dbfs,
            crest_db: sample_peak_dbfs - sums.rms_dbfs(),
            correlation: sums.correlation().unwrap_or(1.0),
        }
    }
}

const FINISHED_LUFS: f64 = -16.5;
const FINISHED_DBTP: f64 = -2.5;
const FINISHED_PLR_DB: f64 = 13.5;

/// A track under 3 s has no short-term loudness; its loudness as a whole stands for it.
fn finite_or(value: f64, fallback: f64) -> f64 {
    if value.is_finite() { value } else { fallback }
}

pub(crate) fn sample_peak(channels: &[&[f32]]) -> f32 {
    channels.iter().map(|channel| dsp::extremes::sample_peak(channel)).fold(0.0, f32::max)
}

/// Mono counts as two equal channels.
pub(crate) fn sums(channels: &[&[f32]]) -> StereoSums {
    StereoSums::of(channels[0], channels[channels.len() - 1])
}

/// Measures audio that comes in blocks: what a delivered file decodes to.
#[derive(Debug, Clone)]
pub struct Meter {
    loudness: LoudnessMeter,
    true_peak: TruePeakMeter,
    sample_peak: f32,
    sums: StereoSums,
}

impl Meter {
    /// For one or two channels at a rate that can be mastered; `None` for anything else.
    pub fn new(rate_hz: u32, channels: usize) -> Option<Self> {
        let (rate, layout) = (Rate::new(rate_hz).ok()?, Layout::of_channels(channels)?);
        (channels <= 2).then(|| Self {
            loudness: LoudnessMeter::new(rate, layout),
            true_peak: TruePeakMeter::new(rate_hz, channels),
            sample_peak: 0.0,
            sums: StereoSums::default(),
        })
    }

    /// The next block: one slice a channel, all of one length.
    pub fn push(&mut self, block: &[&[f32]]) {
        let rest = || {
            self.loudness.push(block);
            self.sample_peak = self.sample_peak.max(sample_peak(block));
            self.sums += sums(block);
        };
        both(rest, || self.true_peak.push(block));
    }

    /// What was measured; `None` when nothing was above -70 LUFS or it was shorter than 400 ms.
    pub fn finish(self) -> Option<Measured> {
        let loudness = self.loudness.finish()?;
        Some(Measured::from_parts(loudness, self.true_peak.finish(), self.sample_peak, self.sums))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::tests::music;

    fn measured(audio: &Audio) -> Measurement {
        Measured::of(audio, sums(&audio.slices()), sample_peak(&audio.slices())).expect("not silent").measurement
    }

    #[test]
    fn blocks_measure_as_the_whole_does() {
        let audio = music(44_100, 6.0, 0.5);
        let whole = measured(&audio);
        let mut meter = Meter::new(44_100, 2).expect("stereo");
        let channels = audio.slices();
        for start in (0..audio.frames()).step_by(7_001) {
            let end = (start + 7_001).min(audio.frames());
            meter.push(&[&channels[0][start..end], &channels[1][start..end]]);
        }
        let blocks = meter.finish().expect("not silent").measurement;
        assert!((blocks.integrated_lufs - whole.integrated_lufs).abs() < 1e-6);
        assert_eq!(blocks.true_peak_dbtp, whole.true_peak_dbtp);
        assert!((blocks.crest_db - whole.crest_db).abs() < 1e-9);
        assert!((blocks.correlation - whole.correlation).abs() < 1e-9);
    }

    #[test]
    fn mono_correlates_fully_with_itself() {
        let stereo = music(48_000, 2.0, 0.5);
        let mono = Audio::new(48_000, vec![stereo.channels()[0].clone()]).expect("mono");
        assert!((measured(&mono).correlation - 1.0).abs() < 1e-9);
    }
}
