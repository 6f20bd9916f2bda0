//! Notes on a mix: what a mastering engineer would ring back about, with times, numbers and the rule behind each.
//!
//! Every note has what was measured, the threshold that it passed and where that comes from, so that nobody has to
//! take it on trust. A note changes nothing: the plan is decided without them. Thresholds are set so that a good mix
//! gets none; the tests hold each detector to that both ways.
//!
//! Not here: mending anything, and how notes are shown.

mod level;
mod noise;
mod source;
mod spans;
mod stereo;

use dsp::spectrum::{BANDS, NOMINAL_HZ};
use dsp::stereo::StereoSums;
use dsp::stereo_spectrum::{BandSums, StereoSpectrum};
use serde::{Deserialize, Serialize};

use crate::analysis::BLOCK_S;
use crate::{Analysis, Audio, Measurement};

/// What a note is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// Flat tops at the highest level.
    Clipping,
    /// Samples beyond full scale, which only a float file can hold.
    OverFullScale,
    /// Peaks between the samples beyond full scale.
    InterSampleOvers,
    /// The mix was limited already.
    AlreadyLimited,
    /// A constant offset.
    DcOffset,
    /// Passages in which left and right work against each other.
    NegativeCorrelation,
    /// What a fold-down to mono takes away.
    MonoLoss,
    /// Bass that differs between left and right.
    BassSide,
    /// One side is louder.
    Balance,
    /// Mains hum in quiet passages.
    Hum,
    /// Steady noise in quiet passages.
    NoiseFloor,
    /// A cut-off such as a lossy encoder leaves.
    LossySource,
    /// The upper part of the spectrum of a high-rate file is empty.
    Upsampled,
    /// Silence before the music.
    SilenceAtStart,
    /// Silence after the music.
    SilenceAtEnd,
}

impl Kind {
    /// A heading of a few words.
    pub fn title(self) -> &'static str {
        match self {
            Self::Clipping => "Clipping",
            Self::OverFullScale => "Above full scale",
            Self::InterSampleOvers => "Peaks between the samples",
            Self::AlreadyLimited => "Already limited",
            Self::DcOffset => "DC offset",
            Self::NegativeCorrelation => "Out of phase",
            Self::MonoLoss => "Lost in mono",
            Self::BassSide => "Wide bass",
            Self::Balance => "Off-centre",
            Self::Hum => "Hum",
            Self::NoiseFloor => "Noise",
            Self::LossySource => "Lossy source",
            Self::Upsampled => "Upsampled",
            Self::SilenceAtStart => "Silence at the start",
            Self::SilenceAtEnd => "Silence at the end",
        }
    }
}

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Good to know; may well be meant.
    Note,
    /// Worth mending in the mix before it is mastered.
    Warning,
}

/// One note.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// What it is about.
    pub kind: Kind,
    /// How much it matters.
    pub weight: Weight,
    /// What was found and what to do, in words for musicians.
    pub words: String,
    /// The number that was measured.
    pub measured: f64,
    /// The number from which on there is a note.
    pub threshold: f64,
    /// Unit of both numbers.
    pub unit: String,
    /// Where the threshold comes from.
    pub source: String,
    /// Where it is heard or seen, in order, the first [`MOST_PLACES`]; empty when it concerns the whole track.
    #[serde(default)]
    pub places: Vec<Place>,
    /// How many places there are in all.
    #[serde(default)]
    pub places_in_all: usize,
}

/// A stretch of time, s.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Where it begins, s.
    pub from_s: f64,
    /// Where it ends, s.
    pub to_s: f64,
}

/// As many places as a note lists.
pub const MOST_PLACES: usize = 20;

/// Third-octave levels and the width of each: what a picture of the spectrum needs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Spectrum {
    /// The bands below Nyquist, upwards from 25 Hz.
    pub bands: Vec<SpectrumBand>,
}

/// One third of an octave.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SpectrumBand {
    /// Nominal centre, Hz.
    pub frequency_hz: f64,
    /// Level, dB re full-scale sine power; -120 for nothing.
    pub level_db: f64,
    /// Level of the side over the mid, dB, -60 (mono) to 60 (anti-phase).
    pub side_over_mid_db: f64,
}

/// Notes on a mix, the weightiest first, and its spectrum, which falls out on the way.
pub fn observe(audio: &Audio, analysis: &Analysis) -> (Vec<Observation>, Spectrum) {
    let heard = Heard::of(audio, analysis);
    let mut notes: Vec<Observation> =
        [level::notes(&heard), stereo::notes(&heard), noise::notes(&heard), source::notes(&heard)]
            .into_iter()
            .flatten()
            .collect();
    notes.sort_by_key(|note| (std::cmp::Reverse(note.weight), note.kind));
    (notes, Spectrum::of(&heard.spectrum))
}

/// The spectrum alone, as for a finished master.
pub fn spectrum(audio: &Audio) -> Spectrum {
    let channels = audio.slices();
    Spectrum::of(&StereoSpectrum::of(audio.rate_hz(), channels[0], channels[channels.len() - 1]))
}

impl Spectrum {
    fn of(found: &StereoSpectrum) -> Self {
        let tenth = |x: f64| (x * 10.0).round() / 10.0;
        let totals: Vec<f32> = found.frames.iter().map(|frame| frame.iter().map(BandSums::both).sum()).collect();
        // Frames that are audible and within 10 dB of those, as for the loudness (BS.1770).
        let mean = |gate: f32| {
            let counted: Vec<f32> = totals.iter().copied().filter(|total| *total > gate).collect();
            counted.iter().sum::<f32>() / counted.len().max(1) as f32
        };
        let gate = 1e-7f32.max(0.1 * mean(1e-7));
        let counted = totals.iter().filter(|total| **total >= gate).count().max(1) as f64;
        let bands = (0..BANDS).filter_map(|band| {
            let frames = found.frames.iter().zip(&totals).filter(|(_, total)| **total >= gate);
            let sums: BandSums = frames.map(|(frame, _)| frame[band]).sum();
            let side = sums.side_over_mid_db()?;
            Some(SpectrumBand {
                frequency_hz: NOMINAL_HZ[band],
                level_db: tenth((10.0 * (f64::from(sums.both()) / counted).log10()).max(-120.0)),
                side_over_mid_db: tenth(side.clamp(-60.0, 60.0)),
            })
        });
        Self { bands: bands.collect() }
    }
}

/// What the detectors share.
struct Heard<'a> {
    audio: &'a Audio,
    measurement: &'a Measurement,
    left: &'a [f32],
    right: &'a [f32],
    /// Sums of every 100 ms.
    blocks: &'a [StereoSums],
    spectrum: StereoSpectrum,
}

impl<'a> Heard<'a> {
    fn of(audio: &'a Audio, analysis: &'a Analysis) -> Self {
        let left = audio.channels()[0].as_slice();
        let right = audio.channels()[audio.channels().len() - 1].as_slice();
        Self {
            audio,
            measurement: &analysis.measurement,
            left,
            right,
            blocks: &analysis.blocks,
            spectrum: StereoSpectrum::of(audio.rate_hz(), left, right),
        }
    }

    fn stereo(&self) -> bool {
        self.audio.channels().len() == 2
    }

    fn seconds(&self, frame: usize) -> f64 {
        frame as f64 / f64::from(self.audio.rate_hz())
    }
}

/// A note without places.
fn note(
    kind: Kind,
    weight: Weight,
    (measured, threshold, unit): (f64, f64, &str),
    source: &str,
    words: String,
) -> Observation {
    let rounded = |x: f64| (x * 1e4).round() / 1e4;
    Observation {
        kind,
        weight,
        words,
        measured: rounded(measured),
        threshold,
        unit: unit.to_owned(),
        source: source.to_owned(),
        places: Vec::new(),
        places_in_all: 0,
    }
}

impl Observation {
    fn at(mut self, places: &[Place]) -> Self {
        let rounded = |x: f64| (x * 1e3).round() / 1e3;
        self.places_in_all = places.len();
        self.places = places
            .iter()
            .take(MOST_PLACES)
            .map(|place| Place { from_s: rounded(place.from_s), to_s: rounded(place.to_s) })
            .collect();
        self
    }
}

/// A number for a sentence, with a true minus, which no line break parts from it.
fn number(value: f64, decimals: usize) -> String {
    format!("{value:.decimals$}").replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests;
