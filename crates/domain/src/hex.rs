//! Fixed-length hexadecimal text: the one spelling of every id and token.
//!
//! Lower case alone, so that an id has exactly one text form and is safe in a URL, in a cookie and as a file name on
//! file systems that ignore case.

use std::fmt;

/// The text is not the expected number of lower-case hexadecimal digits. Does not repeat the text: it may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {digits} lower-case hexadecimal digits")]
pub struct NotHex {
    digits: usize,
}

pub(crate) fn parse<const N: usize>(text: &str) -> Result<[u8; N], NotHex> {
    let error = NotHex { digits: 2 * N };
    if text.len() != 2 * N {
        return Err(error);
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let high = digit(pair[0]).ok_or(error)?;
        let low = digit(pair[1]).ok_or(error)?;
        *byte = high << 4 | low;
    }
    Ok(bytes)
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

pub(crate) fn write(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}
