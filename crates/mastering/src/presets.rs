//! Where a master is going: what each service asks for, with the source and the day it was read.

/// A destination's loudness and ceiling.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Preset {
    /// As given to `--for`.
    pub id: &'static str,
    /// As people call it.
    pub name: &'static str,
    /// Integrated loudness, LUFS.
    pub loudness_lufs: f64,
    /// True-peak ceiling, dBTP.
    pub ceiling_dbtp: f64,
    /// Where this is said.
    pub source: &'static str,
    /// When it was read there, ISO 8601.
    pub read_on: &'static str,
}

/// All presets, in the order in which they are shown.
pub const PRESETS: &[Preset] = &[];

/// The preset of that id.
pub fn find(id: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.id == id)
}
