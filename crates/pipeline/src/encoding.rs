//! What a delivered file is made of. Only pairs of container and bit depth that exist can be named.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Container {
    /// RIFF WAVE, or RF64 once it is too large for RIFF.
    Wav,
    /// FLAC, lossless and about half the size.
    Flac,
}

impl Container {
    /// The usual ending of a file name, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Flac => "flac",
        }
    }

    /// The container that goes by this ending of a file name, whatever its case.
    pub fn from_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "wav" | "wave" => Some(Self::Wav),
            "flac" => Some(Self::Flac),
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

/// A container and a bit depth that go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// WAV, 16 bit.
    #[serde(rename = "wav-16")]
    Wav16,
    /// WAV, 24 bit.
    #[serde(rename = "wav-24")]
    Wav24,
    /// WAV, 32 bit float.
    #[serde(rename = "wav-32f")]
    Wav32Float,
    /// FLAC, 16 bit.
    #[serde(rename = "flac-16")]
    Flac16,
    /// FLAC, 24 bit.
    #[serde(rename = "flac-24")]
    Flac24,
}

/// A container that cannot hold samples of that depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("FLAC holds 16 or 24 bit integers, not 32 bit floats; take WAV for those")]
pub struct NoSuchEncoding;

impl Encoding {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 5] = [Self::Wav24, Self::Wav16, Self::Wav32Float, Self::Flac24, Self::Flac16];

    /// The encoding of that container and depth, if there is one.
    pub fn new(container: Container, depth: BitDepth) -> Result<Self, NoSuchEncoding> {
        match (container, depth) {
            (Container::Wav, BitDepth::Int16) => Ok(Self::Wav16),
            (Container::Wav, BitDepth::Int24) => Ok(Self::Wav24),
            (Container::Wav, BitDepth::Float32) => Ok(Self::Wav32Float),
            (Container::Flac, BitDepth::Int16) => Ok(Self::Flac16),
            (Container::Flac, BitDepth::Int24) => Ok(Self::Flac24),
            (Container::Flac, BitDepth::Float32) => Err(NoSuchEncoding),
        }
    }

    /// Its container.
    pub fn container(self) -> Container {
        match self {
            Self::Wav16 | Self::Wav24 | Self::Wav32Float => Container::Wav,
            Self::Flac16 | Self::Flac24 => Container::Flac,
        }
    }

    /// Its depth.
    pub fn depth(self) -> BitDepth {
        match self {
            Self::Wav16 | Self::Flac16 => BitDepth::Int16,
            Self::Wav24 | Self::Flac24 => BitDepth::Int24,
            Self::Wav32Float => BitDepth::Float32,
        }
    }

    /// Its name in reports, plans and databases: `wav-24`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wav16 => "wav-16",
            Self::Wav24 => "wav-24",
            Self::Wav32Float => "wav-32f",
            Self::Flac16 => "flac-16",
            Self::Flac24 => "flac-24",
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is none of [`Encoding::ALL`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no encoding `{0}`; there are wav-24, wav-16, wav-32f, flac-24 and flac-16")]
pub struct UnknownEncoding(String);

impl FromStr for Encoding {
    type Err = UnknownEncoding;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|encoding| encoding.name() == name).ok_or_else(|| UnknownEncoding(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_is_found_by_its_name_and_by_its_parts() {
        for encoding in Encoding::ALL {
            assert_eq!(encoding.name().parse(), Ok(encoding));
            assert_eq!(Encoding::new(encoding.container(), encoding.depth()), Ok(encoding));
            assert_eq!(serde_json::to_value(encoding).expect("json"), encoding.name());
            assert_eq!(Container::from_extension(encoding.container().extension()), Some(encoding.container()));
        }
    }

    #[test]
    fn flac_of_floats_is_refused_with_the_way_out() {
        let refusal = Encoding::new(Container::Flac, BitDepth::Float32).expect_err("refused");
        assert!(refusal.to_string().contains("take WAV"), "{refusal}");
    }
}
