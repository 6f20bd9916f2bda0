//! A finished track that others shall sound like, and listening to it block by block: only what is known of it is kept.
//!
//! Not here: what follows for a mix (that is `matching`).

use crate::analysis::{Bands, LongTermSpectrum, MidSide, refuse_direct_current};
use crate::audio::{first_not_finite, layout, loudness_rate, refuse_length, refuse_shape};
use crate::dynamics::Spreads;
use crate::measurement::sums;
use crate::{Audio, Loudness, Refusal};
use dsp::loudness::LoudnessMeter;
use dsp::parallel::both;
use dsp::spectrum::BandMeter;
use dsp::stereo::StereoSums;
use std::ops::RangeInclusive;

/// A reference may be as loud as this and is not followed beyond, LUFS.
const LOUDNESS_LUFS: RangeInclusive<f64> = -30.0..=-6.0;

/// A finished track whose sound a mix is brought toward.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    pub(crate) integrated_lufs: f64,
    pub(crate) spectrum: LongTermSpectrum,
    pub(crate) mid_side: Option<MidSide>,
    /// How far the levels of its bands spread.
    pub(crate) spreads: Spreads,
}

impl Reference {
    /// Listens to a track in memory; see [`Listener`] for one that is not.
    pub fn of(audio: &Audio) -> Result<Self, Refusal> {
        let mut listener = Listener::new(audio.rate_hz(), audio.channels().len())?;
        listener.push(&audio.slices());
        listener.finish()
    }

    /// Its loudness, as one to be approached.
    pub fn loudness(&self) -> Loudness {
        Loudness::Like(self.integrated_lufs.clamp(*LOUDNESS_LUFS.start(), *LOUDNESS_LUFS.end()))
    }
}

/// Listens to a track of any rate, length and number of channels that a mix may have, block by block.
#[derive(Debug)]
pub struct Listener {
    rate_hz: u32,
    frames: usize,
    not_finite: Option<Refusal>,
    sums: StereoSums,
    loudness: LoudnessMeter,
    bands: BandMeter,
}

impl Listener {
    /// Before the first block.
    ///
    /// # Errors
    /// When no mix may have such a rate, Hz, or so many channels.
    pub fn new(rate_hz: u32, channels: usize) -> Result<Self, Refusal> {
        refuse_shape(rate_hz, channels)?;
        Ok(Self {
            rate_hz,
            frames: 0,
            not_finite: None,
            sums: StereoSums::default(),
            loudness: LoudnessMeter::new(loudness_rate(rate_hz), layout(channels)),
            bands: BandMeter::new(rate_hz, channels),
        })
    }

    /// The next block, of any length: one slice a channel, full scale 1.0.
    ///
    /// # Panics
    /// When the number of slices is another, or their lengths differ.
    pub fn push(&mut self, block: &[&[f32]]) {
        self.not_finite = self.not_finite.take().or_else(|| first_not_finite(self.rate_hz, block, self.frames));
        self.frames += block[0].len();
        let rest = || {
            self.sums += sums(block);
            self.loudness.push(block);
        };
        both(|| self.bands.push(block), rest);
    }

    /// What is known now.
    ///
    /// # Errors
    /// When a mix would be refused for its length or its samples, or for having no loudness.
    pub fn finish(self) -> Result<Reference, Refusal> {
        refuse_length(self.rate_hz, self.frames)?;
        if let Some(refusal) = self.not_finite {
            return Err(refusal);
        }
        refuse_direct_current(&self.sums)?;
        let integrated_lufs = self.loudness.finish().ok_or(Refusal::Silent)?.integrated_lufs;
        let Bands { spectrum, mid_side, levels, counted } = Bands::of(self.rate_hz, &self.bands.finish());
        let spreads = Spreads::of(&levels, &counted);
        Ok(Reference { integrated_lufs, spectrum, mid_side, spreads })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyse;
    use crate::audio::tests::music;

    fn listened(audio: &Audio, frames: usize) -> Reference {
        let mut listener = Listener::new(audio.rate_hz(), audio.channels().len()).expect("audio");
        for start in (0..audio.frames()).step_by(frames) {
            let end = audio.frames().min(start + frames);
            listener.push(&audio.slices().iter().map(|channel| &channel[start..end]).collect::<Vec<_>>());
        }
        listener.finish().expect("a reference")
    }

    #[test]
    fn blocks_tell_to_the_bit_what_the_whole_does() {
        let audio = music(44_100, 6.0, 0.3);
        let whole = Reference::of(&audio).expect("a reference");
        for frames in [977, 8_192, 65_536] {
            assert_eq!(listened(&audio, frames), whole, "in blocks of {frames}");
        }
    }

    #[test]
    fn a_reference_is_heard_as_a_mix_is() {
        let audio = music(48_000, 6.0, 0.3);
        let (reference, mix) = (listened(&audio, 10_000), analyse(&audio, &mut |_, _| {}).expect("a mix"));
        assert!((reference.integrated_lufs - mix.measurement.integrated_lufs).abs() < 1e-6);
        assert_eq!((reference.spectrum, reference.mid_side), (mix.spectrum, mix.mid_side));
    }

    #[test]
    fn what_no_mix_could_be_is_no_reference() {
        let refusal = |frames: usize, sample: &dyn Fn(usize) -> f32| {
            let mut listener = Listener::new(48_000, 2).expect("stereo");
            for start in (0..frames).step_by(1_000) {
                let block: Vec<f32> = (start..frames.min(start + 1_000)).map(sample).collect();
                listener.push(&[&block, &block]);
            }
            listener.finish().expect_err("refused")
        };
        let tone = |n: usize| (n as f32 * 0.1).sin();
        assert_eq!(Listener::new(48_000, 6).expect_err("refused"), Refusal::TooManyChannels { found: 6 });
        assert_eq!(refusal(0, &tone), Refusal::TooShort { found_ms: 0.0 });
        assert_eq!(refusal(14_400, &tone), Refusal::TooShort { found_ms: 300.0 });
        assert_eq!(refusal(48_000, &|_| 0.0), Refusal::Silent);
        assert_eq!(refusal(48_000, &|_| 0.5), Refusal::DirectCurrent { offset: 0.5 });
        let hole = |n: usize| if n == 24_000 { f32::NAN } else { tone(n) };
        assert_eq!(refusal(48_000, &hole), Refusal::NotFinite { channel: 1, frame: 24_000, at_s: 0.5 });
    }

    #[test]
    fn a_reference_is_followed_only_as_far_as_loudness_is_sound() {
        let mut crushed = Reference::of(&music(44_100, 2.0, 0.1)).expect("a reference");
        crushed.integrated_lufs = -3.0;
        assert_eq!(crushed.loudness(), Loudness::Like(-6.0));
    }
}
