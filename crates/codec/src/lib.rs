//! Audio files: decode, encode, tags.
//!
//! Reading: [`decode_file`] takes a whole file into memory, [`Reader`] hands it out block by block; both stay within
//! [`Limits`], whatever the file claims about itself. Writing: [`Encoder`] streams WAV (RF64 when large), AIFF, FLAC,
//! Opus, Vorbis, MP3 and AAC. In between: [`resample`] brings samples to another rate. Samples are planar `f32` with 1.0 =
//! full scale on the way in; on the way out they are floats, or integers that the caller has dithered.
//!
//! Not here: dither, meters, names and renames of outputs. Nothing of the project is used.

mod decode;
mod encode;
mod error;
mod format;
mod limits;
mod lossy;
mod resample;
mod tags;

pub use decode::{Decoded, Reader, Source, decode_file};
pub use encode::{Encoder, OutputFormat, OutputSpec, SampleFormat, can_encode};
pub use error::{DecodeError, EncodeError};
pub use format::{Codec, Container, SourceFormat};
pub use limits::Limits;
pub use lossy::{Lossy, LossyCodec, NoSuchBitrate};
pub use resample::{resample, resampled_frames};
pub use tags::{Cover, Field, Tags, read_tags};
