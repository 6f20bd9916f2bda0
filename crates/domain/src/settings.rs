//! What a visitor asks for. A value of these types is within its range; what it means for the sound is decided elsewhere.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// A setting that is out of its range.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidSetting {
    /// A loudness that no master has.
    #[error("expected a loudness from {min} to {max} LUFS, found {found}", min = TargetLufs::MIN, max = TargetLufs::MAX)]
    Loudness {
        /// What was asked for.
        found: f64,
    },
    /// A ceiling above full scale, or so low that it is surely a slip.
    #[error("expected a ceiling from {min} to {max} dBTP, found {found}", min = CeilingDbtp::MIN, max = CeilingDbtp::MAX)]
    Ceiling {
        /// What was asked for.
        found: f64,
    },
    /// A control of the sound beyond its stops.
    #[error("expected {name} from {min} to {max}, found {found}")]
    Sound {
        /// Which control, with its unit.
        name: &'static str,
        /// Its lowest value.
        min: f64,
        /// Its highest value.
        max: f64,
        /// What was asked for.
        found: f64,
    },
    /// Not the name of a preset.
    #[error("expected a preset's name: up to 40 of a-z, 0-9 and '-'")]
    Preset,
}

/// An integrated loudness to master to, LUFS.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct TargetLufs(f64);

impl TargetLufs {
    /// The quietest that may be asked for, LUFS.
    pub const MIN: f64 = -40.0;
    /// The loudest that may be asked for, LUFS.
    pub const MAX: f64 = -4.0;

    /// The value, LUFS.
    pub fn lufs(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for TargetLufs {
    type Error = InvalidSetting;

    fn try_from(found: f64) -> Result<Self, InvalidSetting> {
        // A NaN is in no range.
        if (Self::MIN..=Self::MAX).contains(&found) { Ok(Self(found)) } else { Err(InvalidSetting::Loudness { found }) }
    }
}

impl From<TargetLufs> for f64 {
    fn from(value: TargetLufs) -> Self {
        value.0
    }
}

/// A true peak that the master never exceeds, dBTP.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct CeilingDbtp(f64);

impl CeilingDbtp {
    /// The lowest that may be asked for, dBTP.
    pub const MIN: f64 = -12.0;
    /// The highest that may be asked for, dBTP.
    pub const MAX: f64 = 0.0;

    /// The value, dBTP.
    pub fn dbtp(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for CeilingDbtp {
    type Error = InvalidSetting;

    fn try_from(found: f64) -> Result<Self, InvalidSetting> {
        if (Self::MIN..=Self::MAX).contains(&found) { Ok(Self(found)) } else { Err(InvalidSetting::Ceiling { found }) }
    }
}

impl From<CeilingDbtp> for f64 {
    fn from(value: CeilingDbtp) -> Self {
        value.0
    }
}

/// The name of a preset: one that could exist. Whether it does, the engine knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PresetId(String);

impl PresetId {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PresetId {
    type Error = InvalidSetting;

    fn try_from(name: String) -> Result<Self, InvalidSetting> {
        let fits = (1..=40).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits { Ok(Self(name)) } else { Err(InvalidSetting::Preset) }
    }
}

impl From<PresetId> for String {
    fn from(value: PresetId) -> Self {
        value.0
    }
}

/// How loud the master shall be.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loudness {
    /// As the engine thinks best.
    #[default]
    Automatic,
    /// As a place of publication likes it; missed rather than paid for with quality.
    Preset(PresetId),
    /// Exactly this, whatever it costs.
    Exact(TargetLufs),
}

/// A named leaning of the tonal balance; what it does, the engine knows.
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
    /// More kick and attack.
    Punchy,
    /// More air, slightly wider.
    Open,
}

impl Style {
    /// All of them, the default first.
    pub const ALL: [Self; 5] = [Self::Balanced, Self::Warm, Self::Bright, Self::Punchy, Self::Open];

    /// Its name in settings, forms and cookies.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Balanced => "balanced",
            Self::Warm => "warm",
            Self::Bright => "bright",
            Self::Punchy => "punchy",
            Self::Open => "open",
        }
    }

    /// The style of a name, if there is one.
    pub fn of_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|style| style.id() == id)
    }
}

/// What the master shall sound like; every number is within its range.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "SoundWish", into = "SoundWish")]
pub struct Sound(SoundWish);

/// The controls of a [`Sound`] before they were checked. What is not said is as it is by default.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SoundWish {
    /// The leaning.
    pub style: Style,
    /// How much of what the mix needs, and of the style, is done, %: 0 to 100.
    pub intensity_percent: f64,
    /// Bass by hand, dB: -6 to 6.
    pub low_db: f64,
    /// Mids by hand, dB: -6 to 6.
    pub mid_db: f64,
    /// Treble by hand, dB: -6 to 6.
    pub high_db: f64,
    /// Level of the sides, %: 0 (mono) to 150, 100 leaves the width as it is.
    pub width_percent: f64,
    /// Level of the right channel against the left beside what the mix has, dB: -6 to 6.
    pub balance_db: f64,
    /// How firmly bands that stand out for a while are held, %: 0 (not at all) to 200.
    pub dynamics_percent: f64,
    /// How far down peaks are rounded off before the limiter, %: 0 (not at all) to 100.
    pub saturation_percent: f64,
}

impl SoundWish {
    /// What `intensity_percent` may be.
    pub const INTENSITY_PERCENT: RangeInclusive<f64> = 0.0..=100.0;
    /// What `low_db`, `mid_db` and `high_db` may be.
    pub const TONE_DB: RangeInclusive<f64> = -6.0..=6.0;
    /// What `width_percent` may be.
    pub const WIDTH_PERCENT: RangeInclusive<f64> = 0.0..=150.0;
    /// What `balance_db` may be.
    pub const BALANCE_DB: RangeInclusive<f64> = -6.0..=6.0;
    /// What `dynamics_percent` may be.
    pub const DYNAMICS_PERCENT: RangeInclusive<f64> = 0.0..=200.0;
    /// What `saturation_percent` may be.
    pub const SATURATION_PERCENT: RangeInclusive<f64> = 0.0..=100.0;
}

impl Default for SoundWish {
    fn default() -> Self {
        Self {
            style: Style::Balanced,
            intensity_percent: 80.0,
            low_db: 0.0,
            mid_db: 0.0,
            high_db: 0.0,
            width_percent: 100.0,
            balance_db: 0.0,
            dynamics_percent: 100.0,
            saturation_percent: 0.0,
        }
    }
}

impl Sound {
    /// The controls.
    pub fn controls(&self) -> &SoundWish {
        &self.0
    }
}

impl TryFrom<SoundWish> for Sound {
    type Error = InvalidSetting;

    fn try_from(wish: SoundWish) -> Result<Self, InvalidSetting> {
        let stops = [
            ("an intensity in %", wish.intensity_percent, SoundWish::INTENSITY_PERCENT),
            ("a low tone in dB", wish.low_db, SoundWish::TONE_DB),
            ("a mid tone in dB", wish.mid_db, SoundWish::TONE_DB),
            ("a high tone in dB", wish.high_db, SoundWish::TONE_DB),
            ("a width in %", wish.width_percent, SoundWish::WIDTH_PERCENT),
            ("a balance in dB", wish.balance_db, SoundWish::BALANCE_DB),
            ("dynamics in %", wish.dynamics_percent, SoundWish::DYNAMICS_PERCENT),
            ("a saturation in %", wish.saturation_percent, SoundWish::SATURATION_PERCENT),
        ];
        // A NaN is in no range.
        let beyond = stops.into_iter().find(|(_, found, range)| !range.contains(found));
        beyond.map_or(Ok(Self(wish)), |(name, found, range)| {
            Err(InvalidSetting::Sound { name, min: *range.start(), max: *range.end(), found })
        })
    }
}

impl From<Sound> for SoundWish {
    fn from(sound: Sound) -> Self {
        sound.0
    }
}

/// A kind of file that is made of a master where somebody asks for it, beside those that always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Extra {
    /// AIFF, 24 bit.
    Aiff,
    /// MP3.
    Mp3,
    /// AAC in M4A.
    Aac,
    /// Opus.
    Opus,
    /// Ogg Vorbis.
    Vorbis,
}

impl Extra {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 5] = [Self::Aiff, Self::Mp3, Self::Aac, Self::Opus, Self::Vorbis];

    /// Its name in settings, forms and addresses.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Aiff => "aiff",
            Self::Mp3 => "mp3",
            Self::Aac => "aac",
            Self::Opus => "opus",
            Self::Vorbis => "vorbis",
        }
    }

    /// The kind of a name, if there is one.
    pub fn of_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|extra| extra.id() == id)
    }
}

/// What a master takes from the reference that was uploaded with its mix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a box of its own on the form")]
pub struct Matching {
    /// The tonal balance.
    pub tone: bool,
    /// The level of the sides against the middle, band by band.
    pub width: bool,
    /// The loudness, as far as that is sound, in place of a destination's.
    pub loudness: bool,
    /// How little the levels of its bands spread.
    pub dynamics: bool,
}

impl Matching {
    /// Whether it takes anything at all.
    pub fn is_any(self) -> bool {
        self.tone || self.width || self.loudness || self.dynamics
    }
}

/// Everything that a visitor may choose for a job.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How loud.
    #[serde(default)]
    pub loudness: Loudness,
    /// The highest true peak; `None`: the preset's, or the engine's own.
    #[serde(default)]
    pub ceiling_dbtp: Option<CeilingDbtp>,
    /// What it shall sound like.
    #[serde(default, skip_serializing_if = "is_default")]
    pub sound: Sound,
    /// Which files to make beside those that always are.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub extras: BTreeSet<Extra>,
    /// What to take from the reference; `None`: nothing, or there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<Matching>,
}

fn is_default(sound: &Sound) -> bool {
    *sound == Sound::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_json() {
        for settings in [
            Settings::default(),
            Settings {
                loudness: Loudness::Exact(TargetLufs::try_from(-9.5).unwrap()),
                ceiling_dbtp: Some(CeilingDbtp::try_from(-1.0).unwrap()),
                sound: Sound::try_from(SoundWish { style: Style::Warm, high_db: 1.5, ..SoundWish::default() }).unwrap(),
                extras: [Extra::Vorbis, Extra::Mp3].into(),
                matching: Some(Matching { tone: true, ..Matching::default() }),
            },
            Settings {
                loudness: Loudness::Preset(PresetId::try_from("spotify".to_owned()).unwrap()),
                ..Settings::default()
            },
        ] {
            let json = serde_json::to_string(&settings).unwrap();
            assert_eq!(serde_json::from_str::<Settings>(&json).unwrap(), settings, "{json}");
        }
    }

    #[test]
    fn settings_from_before_there_was_a_sound_still_read_and_a_sound_beyond_its_stops_does_not() {
        let old = serde_json::from_str::<Settings>(r#"{"loudness":"automatic","ceiling_dbtp":-1.0}"#).unwrap();
        assert_eq!(old.sound, Sound::default());
        let partly = serde_json::from_str::<Settings>(r#"{"sound":{"style":"open"}}"#).unwrap();
        assert_eq!(partly.sound.controls().intensity_percent, 80.0);
        let error = serde_json::from_str::<Settings>(r#"{"sound":{"width_percent":151}}"#).unwrap_err();
        assert!(error.to_string().contains("a width in % from 0 to 150, found 151"), "{error}");
        assert!(Sound::try_from(SoundWish { low_db: f64::NAN, ..SoundWish::default() }).is_err());
    }

    #[test]
    fn a_style_has_one_name_everywhere() {
        for style in Style::ALL {
            assert_eq!(Style::of_id(style.id()), Some(style));
            assert_eq!(serde_json::to_value(style).unwrap(), style.id());
        }
    }

    #[test]
    fn an_extra_file_has_one_name_everywhere_and_is_made_once() {
        for extra in Extra::ALL {
            assert_eq!(Extra::of_id(extra.id()), Some(extra));
            assert_eq!(serde_json::to_value(extra).unwrap(), extra.id());
        }
        let twice = serde_json::from_str::<Settings>(r#"{"extras":["opus","mp3","opus"]}"#).unwrap();
        assert_eq!(twice.extras, [Extra::Mp3, Extra::Opus].into());
        assert!(serde_json::from_str::<Settings>(r#"{"extras":["midi"]}"#).is_err());
    }

    #[test]
    fn values_out_of_range_are_told_the_range() {
        let error = TargetLufs::try_from(3.0).unwrap_err();
        assert_eq!(error.to_string(), "expected a loudness from -40 to -4 LUFS, found 3");
        assert!(TargetLufs::try_from(f64::NAN).is_err());
        assert!(CeilingDbtp::try_from(0.1).is_err());
        assert!(PresetId::try_from("../x".to_owned()).is_err());
        assert!(serde_json::from_str::<Settings>(r#"{"loudness":{"exact":1e9}}"#).is_err());
        assert!(serde_json::from_str::<Settings>(r#"{"loudnes":"automatic"}"#).is_err());
    }
}
