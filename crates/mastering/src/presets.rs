//! Where a master is going: what each destination plays at or asks for, with the source and the date of what it says.
//!
//! A playback level is not a requirement: a louder master is turned down there, a quieter one may be turned up.
//! Not here: what a codec adds to the true peak.

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
    /// The edition of the source, or when it was looked up, ISO 8601.
    pub as_of: &'static str,
}

const fn preset(
    id: &'static str,
    name: &'static str,
    loudness_lufs: f64,
    ceiling_dbtp: f64,
    source: &'static str,
    as_of: &'static str,
) -> Preset {
    Preset { id, name, loudness_lufs, ceiling_dbtp, source, as_of }
}

/// All presets, in the order in which they are shown; the first is the default.
pub const PRESETS: &[Preset] = &[
    preset("spotify", "Spotify", -14.0, -1.0, "Spotify for Artists, 'Loudness normalization'", "2026-11"),
    preset("apple-music", "Apple Music", -16.0, -1.0, "Apple, Sound Check; Apple Digital Masters guide", "2026-11"),
    preset("youtube", "YouTube", -14.0, -1.0, "YouTube, 'Stats for nerds': content loudness", "2026-11"),
    preset("tidal", "Tidal", -14.0, -1.0, "Tidal, loudness normalisation by album", "2026-11"),
    preset("amazon-music", "Amazon Music", -14.0, -2.0, "Amazon Music, delivery specifications", "2026-11"),
    preset("deezer", "Deezer", -15.0, -1.0, "Deezer, loudness normalisation", "2026-11"),
    preset("aes-track", "AES streaming, single track", -16.0, -1.0, "AES TD1008.1.21-9", "2021-09"),
    preset("aes-album", "AES streaming, loudest track of an album", -14.0, -1.0, "AES TD1008.1.21-9", "2021-09"),
    preset("ebu-r128", "European broadcast", -23.0, -1.0, "EBU R 128, version 5", "2023-11"),
    preset("atsc-a85", "North American broadcast", -24.0, -2.0, "ATSC A/85:2013", "2013-03"),
    preset("club", "Club and DJ", -9.0, -0.3, "Common practice, no standard: loud and unnormalised", "2026-11"),
];

/// What is used when nothing is asked for.
pub const DEFAULT: &Preset = &PRESETS[0];

/// The preset of that id.
pub fn find(id: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_has_an_id_of_its_own_a_sane_level_and_a_source() {
        for (index, preset) in PRESETS.iter().enumerate() {
            assert_eq!(find(preset.id), Some(&PRESETS[index]));
            assert!((-30.0..=-5.0).contains(&preset.loudness_lufs) && (-3.0..=0.0).contains(&preset.ceiling_dbtp));
            assert!(!preset.source.is_empty() && preset.as_of.len() >= 7);
        }
    }
}
