//! Which lossy codec, at how many bits a second: only pairs that exist can be named.

use std::fmt;
use std::str::FromStr;

/// A codec that throws away what is meant not to be heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LossyCodec {
    /// MPEG-1 layer 3, at a constant bitrate.
    Mp3,
    /// AAC-LC in M4A, by an FFmpeg on the path.
    Aac,
    /// Opus in Ogg, at a variable bitrate.
    Opus,
    /// Vorbis in Ogg, at a variable bitrate.
    Vorbis,
}

/// What layer 3 of MPEG-1 can be written at, from where two channels still sound like music (ISO/IEC 11172-3, 2.4.2.3).
const MP3_KBPS: [u32; 10] = [64, 80, 96, 112, 128, 160, 192, 224, 256, 320];

impl LossyCodec {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Mp3, Self::Aac, Self::Opus, Self::Vorbis];

    /// The name that users know.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mp3 => "MP3",
            Self::Aac => "AAC",
            Self::Opus => "Opus",
            Self::Vorbis => "Vorbis",
        }
    }

    /// Its name in files and on command lines.
    fn id(self) -> &'static str {
        match self {
            Self::Mp3 => "mp3",
            Self::Aac => "aac",
            Self::Opus => "opus",
            Self::Vorbis => "vorbis",
        }
    }

    /// Bitrate where none is asked for, kbit/s: where listening tests stop finding differences, with room to spare.
    pub fn usual_kbps(self) -> u32 {
        match self {
            Self::Mp3 => 320,
            Self::Aac | Self::Vorbis => 256,
            Self::Opus => 192,
        }
    }

    /// Least and most that can be asked for, kbit/s.
    pub fn range_kbps(self) -> (u32, u32) {
        match self {
            Self::Mp3 => (MP3_KBPS[0], MP3_KBPS[MP3_KBPS.len() - 1]),
            Self::Aac => (64, 320),
            Self::Opus => (48, 510),
            Self::Vorbis => (64, 480),
        }
    }

    /// The rate at which a file of this codec is written when the music is at `rate_hz`: 48 kHz for Opus, and for the
    /// others 44.1 or 48 kHz, whichever is of the same family.
    pub fn rate_for(self, rate_hz: u32) -> u32 {
        if self != Self::Opus && rate_hz > 0 && (rate_hz.is_multiple_of(11_025)) { 44_100 } else { 48_000 }
    }
}

/// A lossy codec at a bitrate that it can be written at.
///
/// ```
/// use codec::{Lossy, LossyCodec};
///
/// let opus: Lossy = "opus-128".parse()?;
/// assert_eq!((opus.codec(), opus.kbps()), (LossyCodec::Opus, 128));
/// assert!(Lossy::new(LossyCodec::Mp3, Some(100)).is_err());
/// # Ok::<(), codec::NoSuchBitrate>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lossy {
    codec: LossyCodec,
    kbps: u32,
}

/// A bitrate that the codec cannot be written at, or a name that is no codec.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSuchBitrate {
    /// MP3 has a list of them.
    #[error("expected one of the bitrates of MP3 ({}), found {found}", listed(&MP3_KBPS))]
    Mp3 {
        /// What was asked for, kbit/s.
        found: u32,
    },
    /// The others have a range.
    #[error("expected {lowest} to {highest} kbit/s for {codec}, found {found}")]
    Range {
        /// The codec.
        codec: &'static str,
        /// The least, kbit/s.
        lowest: u32,
        /// The most, kbit/s.
        highest: u32,
        /// What was asked for, kbit/s.
        found: u32,
    },
    /// Not of the form `opus-128`.
    #[error("expected a lossy codec and a bitrate such as `opus-128`, found `{0}`")]
    Name(String),
}

fn listed(kbps: &[u32]) -> String {
    kbps.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

impl Lossy {
    /// The codec at that bitrate, kbit/s, or at its usual one.
    pub fn new(codec: LossyCodec, kbps: Option<u32>) -> Result<Self, NoSuchBitrate> {
        let found = kbps.unwrap_or_else(|| codec.usual_kbps());
        let (lowest, highest) = codec.range_kbps();
        if codec == LossyCodec::Mp3 && !MP3_KBPS.contains(&found) {
            return Err(NoSuchBitrate::Mp3 { found });
        }
        if !(lowest..=highest).contains(&found) {
            return Err(NoSuchBitrate::Range { codec: codec.name(), lowest, highest, found });
        }
        Ok(Self { codec, kbps: found })
    }

    /// The codec.
    pub fn codec(self) -> LossyCodec {
        self.codec
    }

    /// Bits a second of all channels together, thousands: constant for MP3, an aim for the others.
    pub fn kbps(self) -> u32 {
        self.kbps
    }
}

impl fmt::Display for Lossy {
    /// As it is parsed: `opus-128`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.codec.id(), self.kbps)
    }
}

impl FromStr for Lossy {
    type Err = NoSuchBitrate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || NoSuchBitrate::Name(text.to_owned());
        let (name, kbps) = text.split_once('-').ok_or_else(unknown)?;
        let codec = LossyCodec::ALL.into_iter().find(|codec| codec.id() == name).ok_or_else(unknown)?;
        Self::new(codec, Some(kbps.parse().map_err(|_| unknown())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_codec_at_its_usual_bitrate_is_found_by_its_name() {
        for codec in LossyCodec::ALL {
            let usual = Lossy::new(codec, None).expect("the usual bitrate is allowed");
            assert_eq!(usual.to_string().parse(), Ok(usual));
            let (lowest, highest) = codec.range_kbps();
            assert!(Lossy::new(codec, Some(lowest)).is_ok() && Lossy::new(codec, Some(highest)).is_ok());
            assert!(Lossy::new(codec, Some(lowest - 1)).is_err() && Lossy::new(codec, Some(highest + 1)).is_err());
        }
    }

    #[test]
    fn a_bitrate_that_does_not_exist_is_refused_with_those_that_do() {
        let refusal = Lossy::new(LossyCodec::Mp3, Some(100)).expect_err("refused").to_string();
        assert!(refusal.contains("96, 112, 128") && refusal.contains("100"), "{refusal}");
        for bad in ["", "opus", "opus-", "opus-9999", "flac-128", "mp3--128", "mp3-128k"] {
            assert!(bad.parse::<Lossy>().is_err(), "{bad}");
        }
    }

    #[test]
    fn music_stays_in_its_family_of_rates() {
        for (from_hz, mp3_hz) in
            [(44_100, 44_100), (88_200, 44_100), (22_050, 44_100), (96_000, 48_000), (8_000, 48_000), (12_345, 48_000)]
        {
            assert_eq!(LossyCodec::Mp3.rate_for(from_hz), mp3_hz);
            assert_eq!(LossyCodec::Opus.rate_for(from_hz), 48_000);
        }
    }
}
