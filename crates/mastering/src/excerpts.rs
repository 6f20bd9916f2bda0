//! A dozen stretches of two seconds, on which a limiter is tried before the whole is rendered with it.
//!
//! Gain alone does not say how much loudness goes with the tips that are cancelled and with what the guarantee mends.
//! Limiting a part of the track does, to a few hundredths of an LU, and takes that part of the time.
//! Not here: what follows from it (that is `solve`).

use crate::Audio;
use crate::hops::Hops;
use crate::plan::Limiter;
use crate::render::settings;
use dsp::limiter::limit;
use std::iter::StepBy;
use std::ops::Range;

/// Length of an excerpt, s.
const LENGTH_S: f64 = 2.0;
/// From the start of one to the start of the next, s, at least; no round number of beats at any usual tempo.
const EVERY_S: f64 = 12.7;
/// With fewer, chance would decide.
const FEWEST: usize = 4;
/// More tell no more.
const MOST: f64 = 12.0;

/// Excerpts of a track, one after the other.
pub(crate) struct Excerpts<'a> {
    of: &'a Audio,
    starts: StepBy<Range<usize>>,
    /// What a trial is made in; kept, since new memory costs as much as limiting does.
    limited: Audio,
    hops: Hops,
}

impl<'a> Excerpts<'a> {
    /// `None` of a short track.
    pub(crate) fn new(of: &'a Audio, ceiling_dbtp: f64) -> Option<Self> {
        let length = frames(of, LENGTH_S);
        let every = frames(of, EVERY_S.max(of.duration_s() / MOST));
        let starts = (every / 2..of.frames().saturating_sub(length)).step_by(every);
        if starts.len() < FEWEST {
            return None;
        }
        let together = |channel: &Vec<f32>| {
            starts.clone().map(|start| &channel[start..start + length]).collect::<Vec<_>>().concat()
        };
        let limited = Audio::new(of.rate_hz(), of.channels().iter().map(together).collect()).ok()?;
        Some(Self { of, starts, hops: Hops::new(&limited, ceiling_dbtp), limited })
    }

    /// By how much limiting ends below what its gain alone says, LU.
    pub(crate) fn lost_lu(&mut self, limiter: &Limiter) -> f64 {
        let gain = self.hops.gain(limiter);
        let settings = settings(limiter, self.hops.ceiling_dbtp);
        let length = frames(self.of, LENGTH_S);
        for (limited, channel) in self.limited.channels_mut().iter_mut().zip(self.of.channels()) {
            for (excerpt, start) in limited.chunks_exact_mut(length).zip(self.starts.clone()) {
                excerpt.copy_from_slice(&channel[start..start + length]);
            }
        }
        limit(self.limited.channels_mut(), self.of.rate_hz(), &self.hops.peaks, &gain, &settings);
        let (predicted, found) = (self.hops.lufs_with(limiter, &gain), self.hops.lufs_of(&self.limited));
        // Not a number where all of it is below the gates: then nothing is lost.
        if found.is_finite() { (predicted - found).max(0.0) } else { 0.0 }
    }
}

fn frames(audio: &Audio, seconds: f64) -> usize {
    (seconds * f64::from(audio.rate_hz())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::tests::music;
    use crate::drive::EFFORTS;
    use dsp::limiter::Peaks;

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

    const CEILING_DBTP: f64 = -1.0;

    fn limiter(drive_db: f64) -> Limiter {
        EFFORTS[0].limiter(drive_db)
    }

    #[test]
    fn excerpts_lose_what_the_whole_loses() {
        let audio = drums(80.0);
        let settings = settings(&limiter(6.0), CEILING_DBTP);
        let peaks = Peaks::new(audio.rate_hz(), audio.channels());
        let gain = peaks.gain(&settings);
        let mut limited = audio.channels().to_vec();
        limit(&mut limited, audio.rate_hz(), &peaks, &gain, &settings);
        let limited = Audio::new(audio.rate_hz(), limited).expect("stereo").integrated_lufs();
        let mut gained = audio.channels().to_vec();
        dsp::limiter::apply_gain(&mut gained, peaks.hop, &gain, settings.drive);
        let lost_lu = Audio::new(audio.rate_hz(), gained).expect("stereo").integrated_lufs() - limited;
        let told_lu = Excerpts::new(&audio, CEILING_DBTP).expect("long enough").lost_lu(&limiter(6.0));
        assert!(lost_lu > 0.2, "nothing to tell: {lost_lu}");
        assert!((told_lu / lost_lu - 1.0).abs() < 0.1, "{told_lu} of {lost_lu}");
    }

    #[test]
    fn nothing_is_lost_below_the_ceiling() {
        let lost_lu = Excerpts::new(&drums(80.0), CEILING_DBTP).expect("long enough").lost_lu(&limiter(-6.0));
        assert!(lost_lu < 1e-3, "{lost_lu}");
    }

    #[test]
    fn a_short_track_has_no_excerpts() {
        assert!(Excerpts::new(&music(44_100, 30.0, 0.5), CEILING_DBTP).is_none());
    }
}
