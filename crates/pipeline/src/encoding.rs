//! What a delivered file is made of. Only pairs of container and bit depth that exist can be named.

use std::fmt;
use std::str::FromStr;

use codec::{Lossy, LossyCodec, NoSuchBitrate, OutputFormat};
use serde::{Deserialize, Serialize};

/// The kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// RIFF WAVE, or RF64 once it is too large for RIFF.
    Wav,
    /// AIFF.
    Aiff,
    /// FLAC, lossless and about half the size.
    Flac,
    /// A lossy codec in the container that is usual for it: MP3, M4A, Ogg.
    Lossy(LossyCodec),
}

impl Container {
    /// The usual ending of a file name, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Aiff => "aiff",
            Self::Flac => "flac",
            Self::Lossy(LossyCodec::Mp3) => "mp3",
            Self::Lossy(LossyCodec::Aac) => "m4a",
            Self::Lossy(LossyCodec::Opus) => "opus",
            Self::Lossy(LossyCodec::Vorbis) => "ogg",
        }
    }

    /// The container that goes by this ending of a file name, whatever its case.
    pub fn from_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "wav" | "wave" => Some(Self::Wav),
            "aiff" | "aif" | "aifc" => Some(Self::Aiff),
            "flac" => Some(Self::Flac),
            "mp3" => Some(Self::Lossy(LossyCodec::Mp3)),
            "m4a" | "mp4" | "aac" => Some(Self::Lossy(LossyCodec::Aac)),
            "opus" => Some(Self::Lossy(LossyCodec::Opus)),
            "ogg" | "oga" => Some(Self::Lossy(LossyCodec::Vorbis)),
            _ => None,
        }
    }
}

/// How a sample is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BitDepth {
    /// 16 bit integers, dithered.
    #[serde(rename = "16")]
    Int16,
    /// 24 bit integers, dithered.
    #[serde(rename = "24")]
    Int24,
    /// 32 bit floats, as computed.
    #[serde(rename = "32f")]
    Float32,
}

impl BitDepth {
    /// As given to `--bit-depth`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Int16 => "16",
            Self::Int24 => "24",
            Self::Float32 => "32f",
        }
    }
}

/// A kind of file, and how it holds the samples: only pairs that exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Encoding {
    /// WAV, 16 bit.
    Wav16,
    /// WAV, 24 bit.
    Wav24,
    /// WAV, 32 bit float.
    Wav32Float,
    /// AIFF, 16 bit.
    Aiff16,
    /// AIFF, 24 bit.
    Aiff24,
    /// AIFF-C, 32 bit float.
    Aiff32Float,
    /// FLAC, 16 bit.
    Flac16,
    /// FLAC, 24 bit.
    Flac24,
    /// A lossy codec at a bitrate.
    Lossy(Lossy),
}

/// A kind of file that cannot hold what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSuchEncoding {
    /// FLAC of floats.
    #[error("FLAC holds 16 or 24 bit integers, not 32 bit floats; take WAV for those")]
    FloatInFlac,
    /// A bitrate that the codec has not.
    #[error(transparent)]
    Bitrate(#[from] NoSuchBitrate),
    /// A bitrate for what has none.
    #[error("{0} is lossless and has no bitrate to choose; take --bit-depth")]
    BitrateOfLossless(&'static str),
}

impl Encoding {
    /// The lossless ones, in the order in which they are offered.
    pub const LOSSLESS: [Self; 8] = [
        Self::Wav24,
        Self::Wav16,
        Self::Wav32Float,
        Self::Flac24,
        Self::Flac16,
        Self::Aiff24,
        Self::Aiff16,
        Self::Aiff32Float,
    ];

    /// The encoding of that container and depth, if there is one; a lossy one gets its usual bitrate.
    pub fn new(container: Container, depth: BitDepth) -> Result<Self, NoSuchEncoding> {
        match (container, depth) {
            (Container::Wav, BitDepth::Int16) => Ok(Self::Wav16),
            (Container::Wav, BitDepth::Int24) => Ok(Self::Wav24),
            (Container::Wav, BitDepth::Float32) => Ok(Self::Wav32Float),
            (Container::Aiff, BitDepth::Int16) => Ok(Self::Aiff16),
            (Container::Aiff, BitDepth::Int24) => Ok(Self::Aiff24),
            (Container::Aiff, BitDepth::Float32) => Ok(Self::Aiff32Float),
            (Container::Flac, BitDepth::Int16) => Ok(Self::Flac16),
            (Container::Flac, BitDepth::Int24) => Ok(Self::Flac24),
            (Container::Flac, BitDepth::Float32) => Err(NoSuchEncoding::FloatInFlac),
            (Container::Lossy(codec), _) => Ok(Self::Lossy(Lossy::new(codec, None)?)),
        }
    }

    /// The same at a bitrate, kbit/s.
    pub fn at_kbps(self, kbps: u32) -> Result<Self, NoSuchEncoding> {
        match self {
            Self::Lossy(lossy) => Ok(Self::Lossy(Lossy::new(lossy.codec(), Some(kbps))?)),
            lossless => Err(NoSuchEncoding::BitrateOfLossless(lossless.format().name())),
        }
    }

    /// Its container.
    pub fn container(self) -> Container {
        match self {
            Self::Wav16 | Self::Wav24 | Self::Wav32Float => Container::Wav,
            Self::Aiff16 | Self::Aiff24 | Self::Aiff32Float => Container::Aiff,
            Self::Flac16 | Self::Flac24 => Container::Flac,
            Self::Lossy(lossy) => Container::Lossy(lossy.codec()),
        }
    }

    /// The file format in the words of `codec`.
    pub(crate) fn format(self) -> OutputFormat {
        match self {
            Self::Wav16 | Self::Wav24 | Self::Wav32Float => OutputFormat::Wav,
            Self::Aiff16 | Self::Aiff24 | Self::Aiff32Float => OutputFormat::Aiff,
            Self::Flac16 | Self::Flac24 => OutputFormat::Flac,
            Self::Lossy(lossy) => OutputFormat::Lossy(lossy),
        }
    }

    /// How samples are handed to the encoder: a lossy one takes floats.
    pub fn depth(self) -> BitDepth {
        match self {
            Self::Wav16 | Self::Aiff16 | Self::Flac16 => BitDepth::Int16,
            Self::Wav24 | Self::Aiff24 | Self::Flac24 => BitDepth::Int24,
            Self::Wav32Float | Self::Aiff32Float | Self::Lossy(_) => BitDepth::Float32,
        }
    }

    /// The codec and its bitrate, if it is a lossy one.
    pub fn lossy(self) -> Option<Lossy> {
        match self {
            Self::Lossy(lossy) => Some(lossy),
            _ => None,
        }
    }

    /// Its name in reports, plans and databases: `wav-24`, `opus-128`.
    pub fn name(self) -> String {
        match self {
            Self::Lossy(lossy) => lossy.to_string(),
            lossless => format!("{}-{}", lossless.container().extension(), lossless.depth().name()),
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl From<Encoding> for String {
    fn from(encoding: Encoding) -> Self {
        encoding.name()
    }
}

/// A name that is neither one of [`Encoding::LOSSLESS`] nor a codec and a bitrate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no encoding `{0}`; there are wav, aiff and flac with -16 or -24, and mp3, aac, opus and vorbis with a bitrate"
)]
pub struct UnknownEncoding(String);

impl FromStr for Encoding {
    type Err = UnknownEncoding;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let lossless = Self::LOSSLESS.into_iter().find(|encoding| encoding.name() == name);
        lossless.or_else(|| name.parse().ok().map(Self::Lossy)).ok_or_else(|| UnknownEncoding(name.to_owned()))
    }
}

impl TryFrom<String> for Encoding {
    type Error = UnknownEncoding;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_is_found_by_its_name_and_by_its_parts() {
        let lossy = LossyCodec::ALL.map(|codec| Encoding::Lossy(Lossy::new(codec, None).expect("usual")));
        for encoding in Encoding::LOSSLESS.into_iter().chain(lossy) {
            assert_eq!(encoding.name().parse(), Ok(encoding));
            assert_eq!(Encoding::new(encoding.container(), encoding.depth()), Ok(encoding));
            let json = serde_json::to_value(encoding).expect("json");
            assert_eq!(json, encoding.name());
            assert_eq!(serde_json::from_value::<Encoding>(json).expect("read"), encoding);
            assert_eq!(Container::from_extension(encoding.container().extension()), Some(encoding.container()));
        }
    }

    #[test]
    fn names_in_old_reports_are_still_understood() {
        for name in ["wav-24", "wav-16", "wav-32f", "flac-24", "flac-16"] {
            assert_eq!(name.parse::<Encoding>().expect("known").name(), name);
        }
        assert!("wav-8".parse::<Encoding>().is_err() && "mp3-100".parse::<Encoding>().is_err());
    }

    #[test]
    fn a_bitrate_is_for_what_has_one() {
        let opus = Encoding::new(Container::Lossy(LossyCodec::Opus), BitDepth::Int24).expect("Opus");
        assert_eq!(opus.at_kbps(96).expect("allowed").name(), "opus-96");
        assert!(opus.at_kbps(5).expect_err("too few").to_string().contains("48 to 510"));
        let refusal = Encoding::Flac24.at_kbps(96).expect_err("lossless").to_string();
        assert!(refusal.contains("FLAC") && refusal.contains("--bit-depth"), "{refusal}");
    }

    #[test]
    fn flac_of_floats_is_refused_with_the_way_out() {
        let refusal = Encoding::new(Container::Flac, BitDepth::Float32).expect_err("refused");
        assert!(refusal.to_string().contains("take WAV"), "{refusal}");
    }
}
