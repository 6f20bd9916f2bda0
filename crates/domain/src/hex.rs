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

/// Gives a newtype round `[u8; N]` its text form: `Display`, `Debug` and `FromStr`.
macro_rules! hex_text {
    ($name:ident) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::hex::write(&self.0, f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::hex::NotHex;

            fn from_str(text: &str) -> Result<Self, $crate::hex::NotHex> {
                $crate::hex::parse(text).map(Self)
            }
        }
    };
}
pub(crate) use hex_text;

/// The text form of a secret, for the one place that hands it out.
pub(crate) fn reveal(bytes: &[u8]) -> String {
    struct Secret<'a>(&'a [u8]);
    impl fmt::Display for Secret<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write(self.0, f)
        }
    }
    Secret(bytes).to_string()
}
