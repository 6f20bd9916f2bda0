//! Audio files: decode, encode, tags.
//!
//! Reading: [`decode_file`] takes a whole file into memory, [`Reader`] hands it out block by block; both stay within
//! [`Limits`], whatever the file claims about itself. Writing: [`Encoder`] streams WAV (RF64 when large) and FLAC.
//! Samples are planar `f32` with 1.0 = full scale on the way in; on the way out they are floats, or integers that the
//! caller has dithered.
//!
//! Not here: resampling, dither, meters, temporary files and renames. Nothing of the project is used.

mod decode;
mod encode;
mod error;
mod format;
mod limits;
mod tags;

pub use decode::{Decoded, Reader, Source, decode_file};
pub use encode::{Encoder, OutputFormat, OutputSpec, SampleFormat};
pub use error::{DecodeError, EncodeError};
pub use format::{Codec, Container, SourceFormat};
pub use limits::Limits;
pub use tags::{Cover, Field, Tags, read_tags};
