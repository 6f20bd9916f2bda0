//! What a finished job leaves for its owner.

use crate::job::UnknownName;
use crate::settings::Extra;
use crate::track::StoredBlob;
use std::fmt;
use std::str::FromStr;

/// Which of a job's results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OutputKind {
    /// The master as WAV, 16 bit, dithered.
    Wav16,
    /// The master as WAV, 24 bit.
    Wav24,
    /// The master as FLAC, 24 bit.
    Flac24,
    /// The master as AIFF, 24 bit.
    Aiff24,
    /// The master as MP3.
    Mp3,
    /// The master as AAC in M4A.
    Aac,
    /// The master as Opus.
    Opus,
    /// The master as Ogg Vorbis.
    Vorbis,
    /// For the player: FLAC whose four channels are the mix's left and right and the master's left and right, at the
    /// same loudness.
    Preview,
    /// The same of what a lossy codec leaves of both, for the player of whoever has not paid for the master.
    ListeningCopy,
    /// What was measured and done, JSON.
    Report,
    /// The same as a page to read and print: one HTML file without scripts or anything to load.
    ReportPage,
}

impl OutputKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Wav16,
        Self::Wav24,
        Self::Flac24,
        Self::Aiff24,
        Self::Mp3,
        Self::Aac,
        Self::Opus,
        Self::Vorbis,
        Self::Preview,
        Self::ListeningCopy,
        Self::Report,
        Self::ReportPage,
    ];

    /// Its name in addresses and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wav16 => "wav16",
            Self::Wav24 => "wav24",
            Self::Flac24 => "flac24",
            Self::Aiff24 => "aiff24",
            Self::Mp3 => "mp3",
            Self::Aac => "aac",
            Self::Opus => "opus",
            Self::Vorbis => "vorbis",
            Self::Preview => "preview",
            Self::ListeningCopy => "listening-copy",
            Self::Report => "report",
            Self::ReportPage => "report-page",
        }
    }

    /// The ending of its file's name, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Wav16 | Self::Wav24 => "wav",
            Self::Flac24 | Self::Preview | Self::ListeningCopy => "flac",
            Self::Aiff24 => "aiff",
            Self::Mp3 => "mp3",
            Self::Aac => "m4a",
            Self::Opus => "opus",
            Self::Vorbis => "ogg",
            Self::Report => "json",
            Self::ReportPage => "html",
        }
    }
}

impl From<Extra> for OutputKind {
    fn from(extra: Extra) -> Self {
        match extra {
            Extra::Aiff => Self::Aiff24,
            Extra::Mp3 => Self::Mp3,
            Extra::Aac => Self::Aac,
            Extra::Opus => Self::Opus,
            Extra::Vorbis => Self::Vorbis,
        }
    }
}

impl fmt::Display for OutputKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for OutputKind {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownName { of: "output" })
    }
}

/// One result of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Which.
    pub kind: OutputKind,
    /// Its bytes.
    pub blob: StoredBlob,
}
