//! Why a file was refused or could not be written.

use std::io;

/// Why a file was not decoded. All but [`Io`](Self::Io) and [`Stopped`](Self::Stopped) say that the file itself is
/// refused: trying again gives the same answer.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The file could not be opened or read; it may be perfectly fine.
    #[error("the file could not be read")]
    Io(#[source] io::Error),
    /// The progress callback asked to stop.
    #[error("stopped on request")]
    Stopped,
    /// A file of zero bytes.
    #[error("expected an audio file, found an empty one (0 bytes): export or copy it again")]
    Empty,
    /// An audio file, but one without a single sample.
    #[error("expected audio, found a {container} file without a single sample: export it again")]
    NoSamples {
        /// What kind of file it is.
        container: &'static str,
    },
    /// The content is not that of an audio file.
    #[error("expected an audio file, found {found}: export the mix as WAV, AIFF or FLAC")]
    NotAudio {
        /// What it looks like.
        found: &'static str,
    },
    /// Audio, but in a form that is not read here.
    #[error("{found} is not supported: export the mix as WAV, AIFF or FLAC")]
    Unsupported {
        /// The form that was found.
        found: String,
    },
    /// The header contradicts itself or the file.
    #[error("the {container} header is broken ({problem}): export the file again")]
    BadHeader {
        /// What kind of file it is.
        container: &'static str,
        /// What was expected and what was found.
        problem: String,
    },
    /// The file ends before its header says.
    #[error("the file promises {promised_s:.2} s and ends after {found_s:.2} s: export or copy it again")]
    Truncated {
        /// Length by the header, seconds.
        promised_s: f64,
        /// Length that is there, seconds.
        found_s: f64,
    },
    /// A part of the file cannot be decoded.
    #[error("the file is damaged at {at_s:.2} s ({problem}): export or copy it again")]
    Damaged {
        /// Where, seconds from the start.
        at_s: f64,
        /// What the decoder said.
        problem: String,
    },
    /// More than two channels.
    #[error("expected mono or stereo, found {found} channels: mix down to stereo first")]
    TooManyChannels {
        /// Channels in the file.
        found: u32,
    },
    /// Longer than [`Limits::max_duration_s`](crate::Limits::max_duration_s).
    #[error("expected at most {limit_s:.0} s of audio, found {found_s:.0} s or more: split the file")]
    TooLong {
        /// Length by the header, or what was decoded until the limit, seconds.
        found_s: f64,
        /// The limit, seconds.
        limit_s: f64,
    },
    /// Larger in memory than [`Limits::max_decoded_bytes`](crate::Limits::max_decoded_bytes).
    #[error("the audio unpacks to {found_bytes} bytes or more, over the limit of {limit_bytes}: split the file")]
    TooLarge {
        /// Size by the header, or what was decoded until the limit, bytes.
        found_bytes: u64,
        /// The limit, bytes.
        limit_bytes: u64,
    },
    /// Unpacks to more than [`Limits::max_expansion`](crate::Limits::max_expansion) times its size, as music never does.
    #[error(
        "{file_bytes} bytes unpack to {found_bytes} or more: that is silence or a trap, not music; export it again"
    )]
    Inflated {
        /// Size of the file, bytes.
        file_bytes: u64,
        /// Size by the header, or what was decoded until the limit, bytes.
        found_bytes: u64,
    },
}

impl DecodeError {
    /// Whether the file itself is at fault, as opposed to the disk or the caller.
    pub fn is_refusal(&self) -> bool {
        !matches!(self, Self::Io(_) | Self::Stopped)
    }
}

impl From<io::Error> for DecodeError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// The disk said no.
    #[error("the output could not be written")]
    Io(#[from] io::Error),
    /// FLAC holds integers only.
    #[error("FLAC holds integer samples only, and 32-bit float was asked for: choose 24 bit, or WAV")]
    FloatInFlac,
    /// Rate outside of what the format can say.
    #[error("{format} holds 1 to {highest_hz} Hz, and {rate_hz} Hz was asked for")]
    Rate {
        /// The format.
        format: &'static str,
        /// What was asked for, Hz.
        rate_hz: u32,
        /// What it can hold, Hz.
        highest_hz: u32,
    },
    /// No channel, or more than the format is written with.
    #[error("expected 1 to {most} channels for {format}, found {found}")]
    Channels {
        /// The format.
        format: &'static str,
        /// What was asked for.
        found: usize,
        /// What it is written with at most.
        most: usize,
    },
    /// Channels of one block that differ in length, or samples of the other kind than the specification says.
    #[error("a block does not fit the output: expected {expected}")]
    Block {
        /// What the output takes.
        expected: &'static str,
    },
    /// A sample beyond the integers of the chosen depth; dither has to clip before it hands over.
    #[error("sample value {value} does not fit {bits} bits")]
    OutOfRange {
        /// The value.
        value: i32,
        /// The depth.
        bits: u32,
    },
    /// Not as many frames as the specification promised; the header was written from that.
    #[error("expected {expected} frames, found {found}")]
    Length {
        /// By the specification.
        expected: u64,
        /// Handed in so far.
        found: u64,
    },
    /// Larger than the sizes in the format's header can say.
    #[error("{format} holds at most 4 GiB, and this would be {bytes} bytes: choose WAV or FLAC, or fewer bits")]
    TooLarge {
        /// The format.
        format: &'static str,
        /// Samples, bytes.
        bytes: u64,
    },
    /// A lossy format at a rate that it is not written at.
    #[error("{format} is written at {expected}, and {rate_hz} Hz was asked for: convert the rate first")]
    LossyRate {
        /// The format.
        format: &'static str,
        /// The rates.
        expected: &'static str,
        /// What was asked for, Hz.
        rate_hz: u32,
    },
    /// Nothing on this machine writes the format.
    #[error("there is no encoder for {format} here: {advice}")]
    NoEncoder {
        /// The format.
        format: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// An encoder that is not ours said no.
    #[error("the {format} encoder failed: {problem}")]
    Library {
        /// The format.
        format: &'static str,
        /// What it said.
        problem: String,
    },
    /// libFLAC said no.
    #[error("the FLAC encoder failed: {0}")]
    Flac(String),
}
