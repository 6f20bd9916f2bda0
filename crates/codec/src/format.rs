//! What a file was, in terms that a report can print.

use std::fmt;

/// The file format around the samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Container {
    /// RIFF WAVE.
    Wav,
    /// WAVE with 64-bit sizes (EBU Tech 3306 RF64, ITU-R BS.2088 BW64).
    Rf64,
    /// AIFF or AIFF-C.
    Aiff,
    /// Native FLAC.
    Flac,
    /// MPEG audio.
    Mp3,
    /// Ogg.
    Ogg,
    /// MPEG-4 (.m4a, .mp4).
    Mp4,
    /// AAC in its bare ADTS frames.
    Adts,
}

impl Container {
    /// The name that users know.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wav => "WAV",
            Self::Rf64 => "RF64",
            Self::Aiff => "AIFF",
            Self::Flac => "FLAC",
            Self::Mp3 => "MP3",
            Self::Ogg => "Ogg",
            Self::Mp4 => "M4A",
            Self::Adts => "AAC (ADTS)",
        }
    }
}

/// How the samples are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// Plain samples.
    Pcm,
    /// FLAC.
    Flac,
    /// Apple Lossless.
    Alac,
    /// MPEG layer 3.
    Mp3,
    /// AAC.
    Aac,
    /// Vorbis.
    Vorbis,
    /// Opus.
    Opus,
}

impl Codec {
    /// The name that users know.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pcm => "PCM",
            Self::Flac => "FLAC",
            Self::Alac => "ALAC",
            Self::Mp3 => "MP3",
            Self::Aac => "AAC",
            Self::Vorbis => "Vorbis",
            Self::Opus => "Opus",
        }
    }

    /// Whether something of the sound was thrown away.
    pub fn is_lossy(self) -> bool {
        !matches!(self, Self::Pcm | Self::Flac | Self::Alac)
    }
}

/// What a file was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceFormat {
    /// The file format around the samples.
    pub container: Container,
    /// How the samples are coded.
    pub codec: Codec,
    /// Bits a sample; `None` for lossy codecs, which have none.
    pub bits: Option<u32>,
    /// Whether the samples are floating point.
    pub float: bool,
}

impl fmt::Display for SourceFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.container.name())?;
        if self.codec != Codec::Pcm && self.codec.name() != self.container.name() {
            write!(f, " {}", self.codec.name())?;
        }
        if let Some(bits) = self.bits {
            write!(f, ", {bits}-bit")?;
        }
        if self.float {
            f.write_str(" float")?;
        }
        Ok(())
    }
}
