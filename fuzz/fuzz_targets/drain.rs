//! Reads everything that a file has to give.

use std::io::Cursor;

use codec::{Limits, Reader};

/// Frames that came out before the end or the first error.
pub fn drain(file: Vec<u8>) -> u64 {
    let limits = Limits { max_decoded_bytes: 32 << 20, ..Limits::default() };
    let Ok(mut reader) = Reader::new(Cursor::new(file), &limits) else { return 0 };
    while let Ok(Some(block)) = reader.next_block() {
        assert!(block.iter().all(|channel| channel.len() == block[0].len() && !channel.is_empty()));
    }
    reader.position()
}
