//! What a file is, by its first bytes; its name plays no part.

use std::io::{Read, SeekFrom};

use super::{Source, Stream, wav};
use crate::error::DecodeError;

/// Opens whatever `source` turns out to be.
pub(super) fn open(mut source: Box<dyn Source>, file_bytes: u64) -> Result<Stream, DecodeError> {
    source.seek(SeekFrom::Start(0))?;
    let mut head = Vec::new();
    source.by_ref().take(4096).read_to_end(&mut head)?;
    match head.as_slice() {
        [] => Err(DecodeError::Empty),
        [
            b'R',
            b'I',
            b'F',
            b'F' | b'X',
            _,
            _,
            _,
            _,
            b'W',
            b'A',
            b'V',
            b'E',
            ..,
        ]
        | [
            b'R',
            b'F',
            b'6',
            b'4',
            _,
            _,
            _,
            _,
            b'W',
            b'A',
            b'V',
            b'E',
            ..,
        ]
        | [
            b'B',
            b'W',
            b'6',
            b'4',
            _,
            _,
            _,
            _,
            b'W',
            b'A',
            b'V',
            b'E',
            ..,
        ] => {
            if head[3] == b'X' {
                return Err(DecodeError::Unsupported {
                    found: "big-endian WAV (RIFX)".to_owned(),
                });
            }
            wav::open(source, file_bytes)
        }
        _ => Err(DecodeError::NotAudio {
            found: "unknown content",
        }),
    }
}
