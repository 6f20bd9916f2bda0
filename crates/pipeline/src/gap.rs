//! The silence at the end of a track, which on a disc or a tape is the pause before the next one.
//!
//! Not here: the silence before a track, which belongs to it, and fades.

use mastering::{Audio, Refusal};

/// What never exceeds this is silence, -80 dBFS: fades end in it, and the noise of 16 bits is below it.
const SILENCE: f32 = 1e-4;

/// The track with as much silence at its end: what is too long is cut, and what is missing is added.
pub(crate) fn ending_with(audio: Audio, silence_s: f64) -> Result<Audio, Refusal> {
    let rate_hz = audio.rate_hz();
    let sounds_until = |channel: &Vec<f32>| channel.iter().rposition(|x| x.abs() > SILENCE).map_or(0, |last| last + 1);
    let sounds_until = audio.channels().iter().map(sounds_until).max().unwrap_or(0);
    let frames = sounds_until + (silence_s * f64::from(rate_hz)).round() as usize;
    let mut channels = audio.into_channels();
    for channel in &mut channels {
        channel.resize(frames, 0.0);
    }
    Audio::new(rate_hz, channels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ending(sound: usize, silence: usize, wanted_s: f64) -> Audio {
        let mut channel = vec![0.5f32; sound];
        channel.extend(vec![5e-5; silence]);
        let mut other = vec![0.0f32; sound + silence];
        other[..100].fill(0.1);
        ending_with(Audio::new(8_000, vec![channel, other]).expect("audio"), wanted_s).expect("audio")
    }

    #[test]
    fn a_pause_gets_the_length_that_was_asked_for_and_the_music_all_of_its_own() {
        for (sound, silence) in [(8_000, 0), (8_000, 100), (8_000, 80_000)] {
            let audio = ending(sound, silence, 2.0);
            assert_eq!(audio.frames(), 8_000 + 16_000, "{silence}");
            assert!(audio.channels()[0][..sound].iter().all(|x| *x == 0.5));
        }
        assert_eq!(ending(8_000, 500, 0.0).frames(), 8_000);
    }

    #[test]
    fn silence_alone_stays_a_refusal() {
        let silent = Audio::new(8_000, vec![vec![0.0; 8_000]]).expect("audio");
        assert!(ending_with(silent, 0.0).is_err());
    }
}
