//! Dynamics by band: passages in which one band stands out over music that goes on are held back.
//!
//! Slow on purpose: what is shorter than half a second is a hit, and not a fault of the balance. A band is held only while
//! it is louder than it mostly is, takes more of the whole than it mostly does and than finished music usually grants it,
//! and the rest of the music plays on: a solo, a chorus and a fade are the music's own. Toward a reference, the levels of
//! a band are drawn together until they spread as the reference's do.
//! Not here: the filters (that is `dsp::band_gain`), and peaks (those are the limiter's).

use crate::analysis::{Analysis, db_from_power, power_from_db};
use crate::plan::{Beside, Dynamics, HeldBand};
use crate::tone::{INAUDIBLE_DB, TARGET_DB, hundredths};
use crate::{Audio, Sound};
use dsp::band_gain::{self, BandGain};
use dsp::spectrum::{BANDS, BandFrames, band_frames, frame_length};
use serde::{Deserialize, Serialize};
use std::ops::Range;

const COUNT: usize = 5;

/// A band of the dynamics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DynamicsBand {
    /// Below 112 Hz.
    Bass,
    /// 112 to 355 Hz.
    LowMids,
    /// 355 Hz to 1.8 kHz.
    Mids,
    /// 1.8 to 5.6 kHz.
    Presence,
    /// Above 5.6 kHz.
    Treble,
}

impl DynamicsBand {
    /// All of them, from low to high.
    pub const ALL: [Self; COUNT] = [Self::Bass, Self::LowMids, Self::Mids, Self::Presence, Self::Treble];

    /// In words for musicians.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bass => "bass",
            Self::LowMids => "low mids",
            Self::Mids => "mids",
            Self::Presence => "presence",
            Self::Treble => "treble",
        }
    }

    /// Whether its name is one of many things.
    pub(crate) const fn is_plural(self) -> bool {
        matches!(self, Self::LowMids | Self::Mids)
    }

    /// The thirds of an octave in it.
    const fn bands(self) -> Range<usize> {
        match self {
            Self::Bass => 0..7,
            Self::LowMids => 7..12,
            Self::Mids => 12..19,
            Self::Presence => 19..24,
            Self::Treble => 24..BANDS,
        }
    }

    /// Where it begins and ends, Hz.
    const fn edges_hz(self) -> (f64, f64) {
        match self {
            Self::Bass => (0.0, 112.2),
            Self::LowMids => (112.2, 355.0),
            Self::Mids => (355.0, 1_778.0),
            Self::Presence => (1_778.0, 5_623.0),
            Self::Treble => (5_623.0, f64::INFINITY),
        }
    }

    /// What finished music usually grants it beside all the rest, dB.
    fn usual_over_rest_db(self) -> f64 {
        let power = |bands: Range<usize>| -> f64 { TARGET_DB[bands].iter().map(|db| power_from_db(*db)).sum() };
        let own = power(self.bands());
        db_from_power(own / (power(0..BANDS) - own))
    }
}

/// Frames of a passage: what is shorter is a hit. Half a second where frames come every 93 ms.
const PASSAGE_FRAMES: usize = 5;
/// A band is held where it is louder than it mostly is by this ...
const LOUDER_DB: f64 = 3.0;
/// ... takes more beside the rest than it mostly does by this ...
const MORE_DB: f64 = 3.0;
/// ... and more than it usually takes in finished music by this ...
const MORE_THAN_USUAL_DB: f64 = 6.0;
/// ... while the rest is not further below what it mostly is than this, dB.
const REST_PLAYS_DB: f64 = -6.0;
/// What is there for a fifth of the time is a part of the piece ...
const SELDOM: f64 = 0.8;
/// ... and the more a piece varies, the further beyond that an exception is: by this much of the way from the median.
const BEYOND: f64 = 0.5;
/// What a band gets too much is halved where all of it is done.
const SLOPE: f64 = 0.5;
/// It is turned down by at most this where all of it is done, dB.
const MOST_DB: f64 = 3.0;
/// A band that would be turned down by less than this is left alone, dB.
const WORTH_DB: f64 = 0.5;
/// How long a gain takes to come back by 63 %, ms.
const RELEASE_MS: f64 = 250.0;
/// Fewer frames than this that count say nothing about what is mostly there.
const FEWEST_FRAMES: usize = 50;
/// Levels spread by this much more than a reference's are as good as the same, dB.
const SAME_SPREAD_DB: f64 = 1.0;
/// Levels are drawn together by at most this ratio ...
const MOST_RATIO: f64 = 2.5;
/// ... and down by at most this toward a reference, dB.
const MOST_TOWARD_DB: f64 = 6.0;

/// Powers of the bands in successive frames.
#[derive(Debug, Clone)]
pub(crate) struct Levels {
    frame_ms: f64,
    power: Vec<[f64; COUNT]>,
}

/// Levels of one band over time, dB, without what is shorter than a passage.
#[expect(clippy::struct_field_names, reason = "units are in names")]
struct Passages {
    level_db: Vec<f64>,
    over_rest_db: Vec<f64>,
    rest_db: Vec<f64>,
}

/// Spreads of the levels of a track by band: the 95th percentile over the median, dB; nothing of a track too short.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spreads([Option<f64>; COUNT]);

impl Levels {
    pub(crate) fn of(frames: &BandFrames) -> Self {
        let powers = |frame: &[f32; BANDS]| {
            DynamicsBand::ALL.map(|band| frame[band.bands()].iter().map(|power| f64::from(*power)).sum())
        };
        Self { frame_ms: 1_000.0 * frames.hop_s, power: frames.power.iter().map(powers).collect() }
    }

    fn passages(&self, band: DynamicsBand) -> Passages {
        let own = |frame: &[f64; COUNT]| frame[band as usize].max(f64::MIN_POSITIVE);
        let rest = |frame: &[f64; COUNT]| (frame.iter().sum::<f64>() - frame[band as usize]).max(f64::MIN_POSITIVE);
        let over_time = |power: &dyn Fn(&[f64; COUNT]) -> f64| -> Vec<f64> {
            self.power.iter().map(|frame| db_from_power(power(frame))).collect()
        };
        Passages {
            level_db: without_hits(&over_time(&own)),
            over_rest_db: without_hits(&over_time(&|frame| own(frame) / rest(frame))),
            rest_db: over_time(&rest),
        }
    }
}

/// Lets bumps shorter than a passage go and leaves the edges of longer ones where they are (an opening: the greatest of
/// the least).
fn without_hits(levels: &[f64]) -> Vec<f64> {
    let slide = |values: &[f64], pick: fn(f64, f64) -> f64, before: usize, after: usize| -> Vec<f64> {
        (0..values.len())
            .map(|n| {
                let (from, to) = (n.saturating_sub(before), (n + after + 1).min(values.len()));
                values[from..to].iter().copied().reduce(pick).expect("a frame is within its own reach")
            })
            .collect()
    };
    let least = slide(levels, f64::min, PASSAGE_FRAMES / 2, PASSAGE_FRAMES / 2);
    slide(&least, f64::max, PASSAGE_FRAMES / 2, PASSAGE_FRAMES / 2)
}

/// The value below which a share of those that count lies; the values are taken from the frames that count.
fn percentile(values: &[f64], counted: &[bool], share: f64) -> f64 {
    let mut values: Vec<f64> = values.iter().zip(counted).filter(|(_, counted)| **counted).map(|(v, _)| *v).collect();
    let place = ((values.len() - 1) as f64 * share) as usize;
    *values.select_nth_unstable_by(place, f64::total_cmp).1
}

/// What is to be held, if anything is worth it. What is a master already keeps the dynamics that it was given.
pub(crate) fn needed(mix: &Analysis, sound: &Sound) -> Option<Dynamics> {
    let amount = sound.held();
    if amount == 0.0 || mix.measurement.looks_finished() || !long_enough(&mix.counted) {
        return None;
    }
    let held = DynamicsBand::ALL.into_iter().filter_map(|band| standing_out(mix, band, amount));
    dynamics(held.collect())
}

fn standing_out(mix: &Analysis, band: DynamicsBand, amount: f64) -> Option<HeldBand> {
    let passages = mix.levels.passages(band);
    let mostly = |values: &[f64], share| percentile(values, &mix.counted, share);
    let exceptional = |values: &[f64], least_db: f64| {
        let (median, seldom) = (mostly(values, 0.5), mostly(values, SELDOM));
        (median + least_db).max(seldom + BEYOND * (seldom - median))
    };
    let threshold_db = exceptional(&passages.level_db, LOUDER_DB);
    let over_rest_db = exceptional(&passages.over_rest_db, MORE_DB).max(band.usual_over_rest_db() + MORE_THAN_USUAL_DB);
    let rest_db = mostly(&passages.rest_db, 0.5) + REST_PLAYS_DB;
    let held = HeldBand {
        band,
        threshold_db: hundredths(threshold_db),
        only_where: Some(Beside { over_rest_db: hundredths(over_rest_db), rest_db: hundredths(rest_db) }),
        ratio: hundredths(1.0 / (1.0 - (SLOPE * amount).min(0.9))),
        most_db: hundredths(MOST_DB * amount),
        release_ms: RELEASE_MS,
    };
    worth(held, &mix.levels)
}

/// What draws the levels of a mix together until they spread as a reference's do; nothing is ever drawn apart.
pub(crate) fn toward(mix: &Analysis, reference: &Spreads, sound: &Sound) -> Option<Dynamics> {
    let amount = sound.held().min(1.0);
    let own = Spreads::of(&mix.levels, &mix.counted);
    let held = DynamicsBand::ALL.into_iter().filter_map(|band| {
        let (own, theirs) = (own.0[band as usize]?, reference.0[band as usize]?);
        if own - theirs < SAME_SPREAD_DB || amount == 0.0 {
            return None;
        }
        let wanted = own - amount * (own - theirs);
        let level_db = mix.levels.passages(band).level_db;
        let held = HeldBand {
            band,
            threshold_db: hundredths(percentile(&level_db, &mix.counted, 0.5)),
            only_where: None,
            ratio: hundredths((own / wanted.max(0.1)).min(MOST_RATIO)),
            most_db: MOST_TOWARD_DB,
            release_ms: RELEASE_MS,
        };
        worth(held, &mix.levels)
    });
    dynamics(held.collect())
}

impl Spreads {
    /// Of levels, as far as they are within the gate.
    pub(crate) fn of(levels: &Levels, counted: &[bool]) -> Self {
        let spread = |band| {
            let level_db = levels.passages(band).level_db;
            let level = |share| percentile(&level_db, counted, share);
            long_enough(counted).then(|| level(0.95) - level(0.5)).filter(|spread| spread.is_finite())
        };
        Self(DynamicsBand::ALL.map(spread))
    }
}

fn long_enough(counted: &[bool]) -> bool {
    counted.iter().filter(|counted| **counted).count() >= FEWEST_FRAMES
}

fn worth(held: HeldBand, levels: &Levels) -> Option<HeldBand> {
    let in_range = held.check().is_ok();
    let most = || -f64::from(held.reduction_db(&levels.passages(held.band)).fold(0.0, f32::min));
    (in_range && most() >= WORTH_DB).then_some(held)
}

fn dynamics(bands: Vec<HeldBand>) -> Option<Dynamics> {
    (!bands.is_empty()).then_some(Dynamics { bands })
}

impl HeldBand {
    /// Where a gain would be at once, dB, frame by frame.
    fn reduction_db(&self, passages: &Passages) -> impl Iterator<Item = f32> {
        let slope = 1.0 - 1.0 / self.ratio;
        (0..passages.level_db.len()).map(move |frame| {
            let louder = passages.level_db[frame] - self.threshold_db;
            let beyond = self.only_where.map_or(louder, |beside| {
                let more = passages.over_rest_db[frame] - beside.over_rest_db;
                louder.min(more).min(passages.rest_db[frame] - beside.rest_db)
            });
            -(slope * beyond.max(0.0)).min(self.most_db) as f32
        })
    }

    /// Its gain at each frame, dB. It looks ahead, so that a passage does not begin with a bump, and comes back slowly.
    fn gains_db(&self, levels: &Levels) -> Vec<f32> {
        let mut gains_db: Vec<f32> = self.reduction_db(&levels.passages(self.band)).collect();
        let kept = (-levels.frame_ms / self.release_ms).exp() as f32;
        let mut last = 0.0f32;
        for gain_db in &mut gains_db {
            last = gain_db.min(last * kept);
            // A tail that nobody hears ends, and the samples after it keep their bits.
            *gain_db = if last > -0.02 { 0.0 } else { last };
        }
        let at = |n: usize| gains_db[n.min(gains_db.len() - 1)];
        (0..gains_db.len()).map(|n| 0.25 * at(n.saturating_sub(1)) + 0.5 * at(n) + 0.25 * at(n + 1)).collect()
    }
}

/// What holding did to one band.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Held {
    pub(crate) band: DynamicsBand,
    /// The largest reduction, dB.
    pub(crate) most_db: f64,
    /// The share of time with an audible one.
    pub(crate) share: f64,
    /// Whether this was for a reference.
    pub(crate) toward: bool,
}

/// How a band was held over time.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldCourse {
    /// The band.
    pub band: DynamicsBand,
    /// Time between two values, s.
    pub step_s: f64,
    /// Its gain, dB: 0 where it was left alone.
    pub gains_db: Vec<f32>,
}

/// How a plan's dynamics hold the bands of a mix, band by band.
#[must_use]
pub fn held_courses(mix: &Analysis, dynamics: Option<&Dynamics>) -> Vec<HeldCourse> {
    let step_s = mix.levels.frame_ms / 1_000.0;
    let of = |held: &HeldBand| HeldCourse { band: held.band, step_s, gains_db: held.gains_db(&mix.levels) };
    dynamics.map_or_else(Vec::new, |dynamics| dynamics.bands.iter().map(of).collect())
}

/// What a plan's dynamics do to a mix.
pub(crate) fn held(dynamics: Option<&Dynamics>, levels: &Levels) -> Vec<Held> {
    let of = |held: &HeldBand| {
        let gains_db = held.gains_db(levels);
        let audible = gains_db.iter().filter(|gain_db| f64::from(**gain_db) <= -INAUDIBLE_DB).count();
        Held {
            band: held.band,
            most_db: -f64::from(gains_db.iter().copied().fold(0.0, f32::min)),
            share: audible as f64 / gains_db.len().max(1) as f64,
            toward: held.only_where.is_none(),
        }
    };
    dynamics.map_or_else(Vec::new, |dynamics| dynamics.bands.iter().map(of).collect())
}

/// Holds what a plan says in samples whose levels are known.
pub(crate) fn apply(audio: &mut Audio, dynamics: Option<&Dynamics>, levels: &Levels) {
    let Some(dynamics) = dynamics else { return };
    let rate_hz = audio.rate_hz();
    let band_gain = |held: &HeldBand| {
        let (from_hz, to_hz) = held.band.edges_hz();
        BandGain { from_hz, to_hz, gains_db: held.gains_db(levels) }
    };
    let gains: Vec<BandGain> = dynamics.bands.iter().map(band_gain).collect();
    band_gain::apply(rate_hz, audio.channels_mut(), frame_length(rate_hz) / 2, &gains);
}

/// The same in samples that were not measured yet.
pub(crate) fn measure_and_apply(audio: &mut Audio, dynamics: Option<&Dynamics>) {
    if dynamics.is_some() {
        let levels = Levels::of(&band_frames(audio.rate_hz(), &audio.slices(), |_| {}));
        apply(audio, dynamics, &levels);
    }
}
