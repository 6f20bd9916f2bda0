//! How much a file may unpack to.

/// Bounds on what decoding may cost, whatever a file claims about itself.
///
/// Whichever bound is met first ends the decoding with a [`DecodeError`](crate::DecodeError); a header that promises
/// more than a bound is refused before a sample is decoded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Longest audio, seconds.
    pub max_duration_s: f64,
    /// Most memory that the decoded samples may take, bytes (4 a sample and channel).
    pub max_decoded_bytes: u64,
    /// Most that a file may unpack to, as a multiple of its size. Music reaches 400 (Opus at 6 kbit/s); digital silence
    /// packed to be a trap reaches 37 000.
    pub max_expansion: u64,
    /// Below this many decoded bytes `max_expansion` does not apply: a short silence is no trap.
    pub expansion_floor_bytes: u64,
}

impl Default for Limits {
    /// Three hours, 4 GiB (three hours of stereo at 48 kHz), 1000 times the file's size beyond 128 MiB.
    fn default() -> Self {
        Self {
            max_duration_s: 3.0 * 3600.0,
            max_decoded_bytes: 4 << 30,
            max_expansion: 1000,
            expansion_floor_bytes: 128 << 20,
        }
    }
}
