//! What a visitor asks for. A value of these types is within its range; what it means for the sound is decided elsewhere.

use serde::{Deserialize, Serialize};

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
            },
            Settings {
                loudness: Loudness::Preset(PresetId::try_from("spotify".to_owned()).unwrap()),
                ceiling_dbtp: None,
            },
        ] {
            let json = serde_json::to_string(&settings).unwrap();
            assert_eq!(serde_json::from_str::<Settings>(&json).unwrap(), settings, "{json}");
        }
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
