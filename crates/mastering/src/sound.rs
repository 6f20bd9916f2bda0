//! The sound that is asked for: a style, how much is done at all, and tone, width and dynamics by hand.
//!
//! A style is a few gentle offsets on the one tonal target, not a target of its own. Not here: what the mix itself needs
//! (that is `tone`), and whether it can bear to be wider (that is `width`).

use crate::Nearer;
use dsp::spectrum::{BANDS, centre_hz};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// A named leaning of the tonal balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    /// As finished music usually sounds.
    #[default]
    Balanced,
    /// Fuller low mids, softer top.
    Warm,
    /// More presence and air.
    Bright,
    /// More kick and attack, less mud.
    Punchy,
    /// More air, leaner low mids, slightly wider.
    Open,
}

impl Style {
    /// All of them, the default first.
    pub const ALL: [Self; 5] = [Self::Balanced, Self::Warm, Self::Bright, Self::Punchy, Self::Open];

    /// As given to `--style`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Balanced => "balanced",
            Self::Warm => "warm",
            Self::Bright => "bright",
            Self::Punchy => "punchy",
            Self::Open => "open",
        }
    }

    /// Points of the offset at full intensity: Hz and dB, straight lines over the logarithm of frequency between them.
    fn points(self) -> &'static [(f64, f64)] {
        match self {
            Self::Balanced => &[(1_000.0, 0.0)],
            Self::Warm => &[(60.0, 0.5), (150.0, 1.5), (400.0, 1.0), (1_000.0, 0.0), (4_000.0, -1.0), (10_000.0, -2.0)],
            Self::Bright => &[(100.0, 0.0), (250.0, -0.5), (1_000.0, 0.0), (4_000.0, 1.0), (10_000.0, 2.5)],
            Self::Punchy => &[
                (30.0, 0.0),
                (80.0, 2.0),
                (125.0, 1.0),
                (300.0, -1.5),
                (800.0, 0.0),
                (2_500.0, 1.5),
                (5_000.0, 1.0),
                (10_000.0, 0.0),
            ],
            Self::Open => &[(100.0, 0.0), (400.0, -1.0), (1_000.0, 0.0), (5_000.0, 0.5), (12_500.0, 2.5)],
        }
    }

    /// What the style does to the level of the sides at full intensity, dB.
    fn side_db(self) -> f64 {
        if self == Self::Open { 1.0 } else { 0.0 }
    }
}

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// No style has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected one of balanced, warm, bright, punchy and open, found `{0}`")]
pub struct UnknownStyle(String);

impl FromStr for Style {
    type Err = UnknownStyle;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|style| style.id() == name).ok_or_else(|| UnknownStyle(name.to_owned()))
    }
}

/// Everything about the sound that can be asked for beside loudness and ceiling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sound {
    /// The leaning.
    pub style: Style,
    /// How much of what the mix needs, and of the style, is done, %: 0 is loudness and safety alone, 100 all of it.
    pub intensity_percent: f64,
    /// Bass by hand, below about 200 Hz, dB.
    pub low_db: f64,
    /// Mids by hand, about 300 Hz to 3 kHz, dB.
    pub mid_db: f64,
    /// Treble by hand, above about 4 kHz, dB.
    pub high_db: f64,
    /// Level of the sides (left minus right), %: 0 is mono, 100 leaves the width as it is.
    pub width_percent: f64,
    /// Level of the right channel against the left beside what the mix has, dB.
    pub balance_db: f64,
    /// How firmly bands that stand out for a while are held, %: 0 not at all, 100 as the intensity says, 200 twice that.
    pub dynamics_percent: f64,
    /// How far down peaks are rounded off before the limiter, %: 0 not at all, a little from 10 dB above the loudness of the
    /// loudest 400 ms, 100 from 2 dB below it.
    pub saturation_percent: f64,
    /// What brings a track nearer to its album, if it is part of one.
    pub nearer: Nearer,
}

impl Default for Sound {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Sound {
    /// What nobody asked to be otherwise.
    pub const DEFAULT: Self = Self {
        style: Style::Balanced,
        intensity_percent: 80.0,
        low_db: 0.0,
        mid_db: 0.0,
        high_db: 0.0,
        width_percent: 100.0,
        balance_db: 0.0,
        dynamics_percent: 100.0,
        saturation_percent: 0.0,
        nearer: Nearer { low_db: 0.0, high_db: 0.0 },
    };
    /// What `intensity_percent` may be.
    pub const INTENSITY_PERCENT: RangeInclusive<f64> = 0.0..=100.0;
    /// What `low_db`, `mid_db` and `high_db` may be.
    pub const TONE_DB: RangeInclusive<f64> = -6.0..=6.0;
    /// What `width_percent` may be.
    pub const WIDTH_PERCENT: RangeInclusive<f64> = 0.0..=150.0;
    /// What `dynamics_percent` may be.
    pub const DYNAMICS_PERCENT: RangeInclusive<f64> = 0.0..=200.0;

    /// What `balance_db` may be.
    pub const BALANCE_DB: RangeInclusive<f64> = -6.0..=6.0;
    /// What `saturation_percent` may be.
    pub const SATURATION_PERCENT: RangeInclusive<f64> = 0.0..=100.0;

    /// How far down peaks are rounded off, 0 to 1.
    pub(crate) fn saturation(&self) -> f64 {
        clamped(self.saturation_percent, &Self::SATURATION_PERCENT, 0.0) / 100.0
    }

    /// Level of the right channel against the left that is asked for, dB.
    pub(crate) fn balance(&self) -> f64 {
        clamped(self.balance_db, &Self::BALANCE_DB, 0.0)
    }

    /// The share of everything that is decided by listening, 0 to 1.
    pub(crate) fn strength(&self) -> f64 {
        clamped(self.intensity_percent, &Self::INTENSITY_PERCENT, 0.0) / 100.0
    }

    /// How firmly bands are held, 0 to 2.
    pub(crate) fn held(&self) -> f64 {
        self.strength() * clamped(self.dynamics_percent, &Self::DYNAMICS_PERCENT, 100.0) / 100.0
    }

    /// What the style adds in a band, dB.
    pub(crate) fn style_db(&self, band: usize) -> f64 {
        self.strength() * between(self.style.points(), centre_hz(band))
    }

    /// What the musician's own hand adds in a band, dB.
    pub(crate) fn hand_db(&self, band: usize) -> f64 {
        let hz = centre_hz(band);
        let tone = |db: f64, points: &[(f64, f64)]| clamped(db, &Self::TONE_DB, 0.0) * between(points, hz);
        tone(self.low_db, &LOW) + tone(self.mid_db, &MID) + tone(self.high_db, &HIGH)
    }

    /// What brings a track nearer to its album, in a band, dB.
    fn nearer_db(&self, band: usize) -> f64 {
        let hz = centre_hz(band);
        self.nearer.low_db * between(&LOW, hz) + self.nearer.high_db * between(&HIGH, hz)
    }

    /// The gain of the sides that is asked for, 0 to 1.5.
    pub(crate) fn side_gain(&self) -> f64 {
        let by_hand = clamped(self.width_percent, &Self::WIDTH_PERCENT, 100.0) / 100.0;
        (by_hand * dsp::amplitude_from_db(self.strength() * self.style.side_db())).min(1.5)
    }

    /// Offsets of all bands by style, album and hand, dB; where `may_raise` says no, only the hand raises anything.
    pub(crate) fn offsets_db(&self, may_raise: impl Fn(usize) -> bool) -> [f64; BANDS] {
        std::array::from_fn(|band| {
            let decided = self.style_db(band) + self.nearer_db(band);
            self.hand_db(band) + if decided > 0.0 && !may_raise(band) { 0.0 } else { decided }
        })
    }
}

/// Where the tone controls reach: Hz and the share of their gain.
const LOW: [(f64, f64); 2] = [(125.0, 1.0), (400.0, 0.0)];
const MID: [(f64, f64); 4] = [(125.0, 0.0), (400.0, 1.0), (2_000.0, 1.0), (6_300.0, 0.0)];
const HIGH: [(f64, f64); 2] = [(2_000.0, 0.0), (6_300.0, 1.0)];

fn clamped(value: f64, range: &RangeInclusive<f64>, instead_of_nan: f64) -> f64 {
    if value.is_nan() { instead_of_nan } else { value.clamp(*range.start(), *range.end()) }
}

/// Straight lines through points over the logarithm of frequency, level beyond the ends.
fn between(points: &[(f64, f64)], frequency_hz: f64) -> f64 {
    let next = points.iter().position(|(hz, _)| *hz >= frequency_hz);
    match next {
        Some(0) => points[0].1,
        None => points[points.len() - 1].1,
        Some(next) => {
            let ((from_hz, from), (to_hz, to)) = (points[next - 1], points[next]);
            from + (to - from) * (frequency_hz / from_hz).log2() / (to_hz / from_hz).log2()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BAND_80_HZ: usize = 5;
    const BAND_1_KHZ: usize = 16;
    const BAND_10_KHZ: usize = 26;

    #[test]
    fn every_style_is_found_by_its_name_and_others_are_refused() {
        for style in Style::ALL {
            assert_eq!(style.id().parse(), Ok(style));
        }
        assert!("loud".parse::<Style>().expect_err("refused").to_string().contains("punchy"));
    }

    #[test]
    fn styles_lean_the_way_their_names_say_and_leave_one_kilohertz_alone() {
        let at = |style, band| Sound { style, intensity_percent: 100.0, ..Sound::default() }.style_db(band);
        for style in Style::ALL {
            assert!(at(style, BAND_1_KHZ).abs() < 0.5, "{style}");
        }
        assert!(at(Style::Warm, BAND_10_KHZ) < -1.5 && at(Style::Bright, BAND_10_KHZ) > 1.5);
        assert!(at(Style::Punchy, BAND_80_HZ) > 1.5 && at(Style::Open, BAND_10_KHZ) > 1.0);
        assert_eq!(at(Style::Balanced, BAND_80_HZ), 0.0);
    }

    #[test]
    fn no_intensity_means_no_style_and_no_width_of_its_own() {
        let sound = Sound { style: Style::Open, intensity_percent: 0.0, ..Sound::default() };
        assert!((0..BANDS).all(|band| sound.style_db(band) == 0.0));
        assert_eq!(sound.side_gain(), 1.0);
    }

    #[test]
    fn each_tone_control_moves_its_own_part_only() {
        let low = Sound { low_db: 3.0, ..Sound::default() };
        assert_eq!((low.hand_db(BAND_80_HZ), low.hand_db(BAND_1_KHZ), low.hand_db(BAND_10_KHZ)), (3.0, 0.0, 0.0));
        let mid = Sound { mid_db: -2.0, ..Sound::default() };
        assert_eq!((mid.hand_db(BAND_80_HZ), mid.hand_db(BAND_1_KHZ), mid.hand_db(BAND_10_KHZ)), (0.0, -2.0, 0.0));
        let high = Sound { high_db: 1.0, ..Sound::default() };
        assert_eq!((high.hand_db(BAND_80_HZ), high.hand_db(BAND_1_KHZ), high.hand_db(BAND_10_KHZ)), (0.0, 0.0, 1.0));
        let all = Sound { low_db: 2.0, mid_db: 2.0, high_db: 2.0, ..Sound::default() };
        assert!((0..BANDS).all(|band| (1.5..=2.01).contains(&all.hand_db(band))));
    }

    #[test]
    fn a_style_raises_nothing_where_nothing_may_be_raised() {
        let sound = Sound { style: Style::Bright, ..Sound::default() };
        assert!(sound.offsets_db(|_| false).iter().all(|db| *db <= 0.0));
    }
}
