//! A dozen stretches of two seconds, on which a limiter is tried before the whole is rendered with it.
//!
//! Gain alone does not say how much loudness goes with the tips that are cancelled and with what the guarantee mends.
//! Limiting a part of the track does, to a few hundredths of an LU, and takes that part of the time.
//! Not here: what follows from it (that is `solve`).

use crate::Audio;
use dsp::limiter::{Peaks, Settings, limit};
use dsp::loudness::{Layout, Rate, integrated_with_gain, k_energy_per_hop};
use std::num::NonZeroUsize;

/// Length of an excerpt, s.
const LENGTH_S: f64 = 2.0;
/// From the start of one to the start of the next, s, at least; no round number of beats at any usual tempo.
const EVERY_S: f64 = 12.7;
/// With fewer, chance would decide.
const FEWEST: usize = 4;
/// More tell no more.
const MOST: f64 = 12.0;

/// Excerpts of a track, one after the other.
pub(crate) struct Excerpts {
    rate: Rate,
    rate_hz: u32,
    layout: Layout,
    channels: Vec<Vec<f32>>,
    peaks: Peaks,
    energies: Vec<f32>,
}

impl Excerpts {
    /// `None` of a short track.
    pub(crate) fn new(audio: &Audio) -> Option<Self> {
        let frames = |seconds: f64| (seconds * f64::from(audio.rate_hz())) as usize;
        let (length, every) = (frames(LENGTH_S), frames(EVERY_S.max(audio.duration_s() / MOST)));
        let starts = (every / 2..audio.frames().saturating_sub(length)).step_by(every);
        if starts.len() < FEWEST {
            return None;
        }
        let of = |channel: &Vec<f32>| {
            starts.clone().map(|start| &channel[start..start + length]).collect::<Vec<_>>().concat()
        };
        let channels: Vec<Vec<f32>> = audio.channels().iter().map(of).collect();
        let (rate, layout) = (audio.loudness_rate(), audio.layout());
        let slices: Vec<&[f32]> = channels.iter().map(Vec::as_slice).collect();
        let peaks = Peaks::new(audio.rate_hz(), &channels);
        let energies = k_energy_per_hop(rate, layout, &slices, hop(&peaks));
        Some(Self { rate, rate_hz: audio.rate_hz(), layout, channels, peaks, energies })
    }

    /// By how much limiting ends below what its gain alone says, LU.
    pub(crate) fn lost_lu(&self, settings: &Settings) -> f64 {
        let gain = self.peaks.gain(settings);
        let middle: Vec<f32> = gain.windows(2).map(|ends| 0.5 * settings.drive * (ends[0] + ends[1])).collect();
        let mut channels = self.channels.clone();
        limit(&mut channels, self.rate_hz, &self.peaks, &gain, settings);
        let hop = hop(&self.peaks);
        let slices: Vec<&[f32]> = channels.iter().map(Vec::as_slice).collect();
        let left = k_energy_per_hop(self.rate, self.layout, &slices, hop);
        let lufs = |energies: &[f32], gains: &[f32]| integrated_with_gain(self.rate, hop, energies, gains);
        match (lufs(&self.energies, &middle), lufs(&left, &vec![1.0; left.len()])) {
            (Some(predicted), Some(found)) => (predicted - found).max(0.0),
            _ => 0.0,
        }
    }
}

fn hop(peaks: &Peaks) -> NonZeroUsize {
    NonZeroUsize::new(peaks.hop).expect("a hop has samples")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::tests::music;
    use dsp::gain_curve::GainTimes;

    /// Drums of different strength every half second, over a quiet chord.
    fn drums(seconds: f64) -> Audio {
        let music = music(44_100, seconds, 0.3);
        let hit = |n: usize| {
            let (beat, into) = (n / 22_050, (n % 22_050) as f32 / 44_100.0);
            let strength = 0.4 + 0.05 * (beat * 7 % 11) as f32;
            strength * (-into * 60.0).exp() * (into * 1_200.0).sin()
        };
        let drummed =
            |channel: &Vec<f32>| channel.iter().enumerate().map(|(n, sample)| sample + hit(n)).collect::<Vec<_>>();
        Audio::new(44_100, music.channels().iter().map(drummed).collect()).expect("stereo")
    }

    fn settings(drive_db: f64, tip_db: f64) -> Settings {
        let times = GainTimes { lookahead_ms: 5.0, fast_release_ms: 20.0, slow_release_ms: 80.0, slow_charge_ms: 50.0 };
        Settings {
            drive: dsp::amplitude_from_db(drive_db) as f32,
            ceiling: dsp::amplitude_from_db(-1.0) as f32,
            tip_ratio: dsp::amplitude_from_db(tip_db) as f32,
            times,
        }
    }

    #[test]
    fn excerpts_lose_what_the_whole_loses() {
        let audio = drums(80.0);
        let settings = settings(6.0, 5.0);
        let peaks = Peaks::new(audio.rate_hz(), audio.channels());
        let gain = peaks.gain(&settings);
        let mut limited = audio.channels().to_vec();
        limit(&mut limited, audio.rate_hz(), &peaks, &gain, &settings);
        let limited = Audio::new(audio.rate_hz(), limited).expect("stereo").integrated_lufs();
        let mut gained = audio.channels().to_vec();
        dsp::limiter::apply_gain(&mut gained, peaks.hop, &gain, settings.drive);
        let lost_lu = Audio::new(audio.rate_hz(), gained).expect("stereo").integrated_lufs() - limited;
        let told_lu = Excerpts::new(&audio).expect("long enough").lost_lu(&settings);
        assert!(lost_lu > 0.2, "nothing to tell: {lost_lu}");
        assert!((told_lu / lost_lu - 1.0).abs() < 0.1, "{told_lu} of {lost_lu}");
    }

    #[test]
    fn nothing_is_lost_below_the_ceiling() {
        let lost_lu = Excerpts::new(&drums(80.0)).expect("long enough").lost_lu(&settings(-6.0, 5.0));
        assert!(lost_lu < 1e-3, "{lost_lu}");
    }

    #[test]
    fn a_short_track_has_no_excerpts() {
        assert!(Excerpts::new(&music(44_100, 30.0, 0.5)).is_none());
    }
}
