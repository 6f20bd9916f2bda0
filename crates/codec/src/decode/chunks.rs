//! The chunk lists of RIFF and IFF files: an identifier, a 32-bit size, content, padding to an even length.

use std::io::{Read, SeekFrom};

use super::Source;
use crate::error::DecodeError;

/// More chunks than any editor writes; the bound keeps a hostile file from costing hours.
const MOST_CHUNKS: usize = 4096;

/// Byte order of the sizes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

/// One chunk's header.
#[derive(Clone, Copy)]
pub(super) struct Chunk {
    pub(super) id: [u8; 4],
    /// As the header states it, without padding.
    pub(super) size: u32,
    /// Where the content starts, bytes from the start of the file.
    pub(super) start: u64,
}

/// Walks the chunks of a file.
pub(super) struct Chunks {
    source: Box<dyn Source>,
    container: &'static str,
    order: Order,
    file_bytes: u64,
    next_at: u64,
    seen: usize,
}

impl Chunks {
    /// Starts at the first chunk, 12 bytes into the file.
    pub(super) fn new(source: Box<dyn Source>, container: &'static str, order: Order, file_bytes: u64) -> Self {
        Self { source, container, order, file_bytes, next_at: 12, seen: 0 }
    }

    /// The next chunk; `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Chunk>, DecodeError> {
        if self.next_at.saturating_add(8) > self.file_bytes {
            return Ok(None);
        }
        self.seen += 1;
        if self.seen > MOST_CHUNKS {
            return Err(self.broken(format!("expected at most {MOST_CHUNKS} chunks, found more")));
        }
        let header = self.read_at::<8>(self.next_at)?;
        let [a, b, c, d, size @ ..] = header;
        let size = match self.order {
            Order::Little => u32::from_le_bytes(size),
            Order::Big => u32::from_be_bytes(size),
        };
        let chunk = Chunk { id: [a, b, c, d], size, start: self.next_at + 8 };
        self.skip_to(chunk.start + u64::from(size) + u64::from(size & 1));
        Ok(Some(chunk))
    }

    /// Where the chunk after the present one starts, for chunks whose stated size is not their real one.
    pub(super) fn skip_to(&mut self, at: u64) {
        self.next_at = at;
    }

    /// Reads `N` bytes at `at`; a file that ends before has a broken header.
    pub(super) fn read_at<const N: usize>(&mut self, at: u64) -> Result<[u8; N], DecodeError> {
        let mut bytes = [0; N];
        if at.saturating_add(N as u64) > self.file_bytes {
            return Err(self.broken(format!("the file ends inside it, after {} bytes", self.file_bytes)));
        }
        self.source.seek(SeekFrom::Start(at))?;
        self.source.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    pub(super) fn broken(&self, problem: String) -> DecodeError {
        DecodeError::BadHeader { container: self.container, problem }
    }

    pub(super) fn into_source(self) -> Box<dyn Source> {
        self.source
    }
}
