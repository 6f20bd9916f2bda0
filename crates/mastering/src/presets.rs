//! Where a master is going: what each destination plays at or asks for, with the source and the date of what it says.
//!
//! A playback level is not a requirement: a louder master is turned down there, a quieter one may be turned up. Where a
//! service is known to encode anew, the codec that stands for it is named, so that the ceiling can be held through it; it
//! is the encoder at hand and not the service's own, and a service may change it any day.
//! Not here: encoders, and what they add to the true peak.

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
    /// The lossy codecs that listeners are known to get, `codec-kbps`; empty where none is known or the master is played
    /// as it is.
    pub codecs: &'static [&'static str],
    /// Where this is said.
    pub source: &'static str,
    /// The edition of the source, or when it was looked up, ISO 8601.
    pub as_of: &'static str,
}

/// All presets, in the order in which they are shown; the first is the default.
pub const PRESETS: &[Preset] = &[
    Preset {
        id: "spotify",
        name: "Spotify",
        loudness_lufs: -14.0,
        ceiling_dbtp: -1.0,
        codecs: &["vorbis-160", "aac-256"],
        source: "Spotify for Artists, 'Loudness normalization': -14 LUFS, below -1 dBTP, Ogg Vorbis and AAC",
        as_of: "2026-11",
    },
    Preset {
        id: "apple-music",
        name: "Apple Music",
        loudness_lufs: -16.0,
        ceiling_dbtp: -1.0,
        codecs: &["aac-256"],
        source: "Apple Digital Masters technology brief: AAC at 256 kbit/s, 1 dB of headroom; Sound Check by measurement",
        as_of: "2026-11",
    },
    Preset {
        id: "youtube",
        name: "YouTube",
        loudness_lufs: -14.0,
        ceiling_dbtp: -1.0,
        codecs: &["opus-128", "aac-128"],
        source: "YouTube player, 'Stats for nerds': content loudness and codecs (opus, mp4a)",
        as_of: "2026-11",
    },
    Preset {
        id: "tidal",
        name: "Tidal",
        loudness_lufs: -14.0,
        ceiling_dbtp: -1.0,
        codecs: &[],
        source: "Tidal to MeterPlugs, 'Tidal adds loudness normalization': -14 LUFS, turned down only",
        as_of: "2016-10",
    },
    Preset {
        id: "amazon-music",
        name: "Amazon Music",
        loudness_lufs: -14.0,
        ceiling_dbtp: -2.0,
        codecs: &[],
        source: "Amazon Music, delivery specifications, as quoted by APU Software: -14 LUFS, -2 dBTP",
        as_of: "2026-11",
    },
    Preset {
        id: "deezer",
        name: "Deezer",
        loudness_lufs: -15.0,
        ceiling_dbtp: -1.0,
        codecs: &[],
        source: "Deezer, loudness normalisation, as quoted by APU Software: -15 LUFS",
        as_of: "2026-11",
    },
    Preset {
        id: "soundcloud",
        name: "SoundCloud",
        loudness_lufs: -14.0,
        ceiling_dbtp: -1.0,
        codecs: &["mp3-128", "opus-64"],
        source: "No loudness published: streaming practice; codecs by iZotope, 'Optimal Mastering for SoundCloud', and \
                 SoundCloud's statement to Billboard (Opus since 2016)",
        as_of: "2020-09",
    },
    Preset {
        id: "bandcamp",
        name: "Bandcamp",
        loudness_lufs: -14.0,
        ceiling_dbtp: -1.0,
        codecs: &["mp3-128"],
        source: "Plays as uploaded, without normalisation: loudness is yours to choose; the page's player streams MP3 at \
                 128 kbit/s",
        as_of: "2026-11",
    },
    Preset {
        id: "aes-track",
        name: "AES streaming, single track",
        loudness_lufs: -16.0,
        ceiling_dbtp: -1.0,
        codecs: &[],
        source: "AES TD1008.1.21-9",
        as_of: "2021-09",
    },
    Preset {
        id: "aes-album",
        name: "AES streaming, loudest track of an album",
        loudness_lufs: -14.0,
        ceiling_dbtp: -1.0,
        codecs: &[],
        source: "AES TD1008.1.21-9",
        as_of: "2021-09",
    },
    Preset {
        id: "aes-speech",
        name: "AES streaming, speech",
        loudness_lufs: -18.0,
        ceiling_dbtp: -1.0,
        codecs: &[],
        source: "AES TD1008.1.21-9",
        as_of: "2021-09",
    },
    Preset {
        id: "ebu-r128",
        name: "European broadcast",
        loudness_lufs: -23.0,
        ceiling_dbtp: -1.0,
        codecs: &[],
        source: "EBU R 128, version 5",
        as_of: "2023-11",
    },
    Preset {
        id: "ebu-r128-s1",
        name: "European broadcast, short-form content",
        loudness_lufs: -23.0,
        ceiling_dbtp: -1.0,
        codecs: &[],
        source: "EBU R 128 s1; it also asks for at most -18 LUFS short-term, which is reported and not enforced",
        as_of: "2016-01",
    },
    Preset {
        id: "ebu-r128-s2",
        name: "European broadcasters' streams",
        loudness_lufs: -20.0,
        ceiling_dbtp: -1.0,
        codecs: &[],
        source: "EBU R 128 s2: distribution at -20 to -16 LUFS; the lower end",
        as_of: "2021",
    },
    Preset {
        id: "atsc-a85",
        name: "North American broadcast",
        loudness_lufs: -24.0,
        ceiling_dbtp: -2.0,
        codecs: &[],
        source: "ATSC A/85:2013",
        as_of: "2013-03",
    },
    Preset {
        id: "cd",
        name: "Compact disc",
        loudness_lufs: -11.0,
        ceiling_dbtp: -0.3,
        codecs: &[],
        source: "Common practice, no standard: the disc (IEC 60908) asks for 16 bit at 44.1 kHz and for no loudness",
        as_of: "2026-11",
    },
    Preset {
        id: "club",
        name: "Club and DJ",
        loudness_lufs: -9.0,
        ceiling_dbtp: -0.3,
        codecs: &[],
        source: "Common practice, no standard: loud and unnormalised",
        as_of: "2026-11",
    },
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
            assert!(!preset.source.is_empty() && preset.as_of.len() >= 4);
        }
    }
}
