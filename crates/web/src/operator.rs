//! Who operates the service: the secret that opens the operator's page.
//!
//! Not here: the pages (`routes::operator`), the sessions (`store::Operators`), and how often it may be guessed at
//! ([`crate::throttle`]).

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// The operator's secret. Only its hash is held.
#[derive(Clone)]
pub struct OperatorToken([u8; 32]);

/// A token that could be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected an operator token of at least {} bytes without spaces at its ends, found {found}",
    OperatorToken::MIN_BYTES
)]
pub struct ShortToken {
    /// Its length, bytes.
    pub found: usize,
}

impl OperatorToken {
    /// Shortest token, bytes.
    pub const MIN_BYTES: usize = 32;

    /// Takes a token that the operator set or that was drawn for them; spaces and line ends round it do not count.
    pub fn new(text: &str) -> Result<Self, ShortToken> {
        let text = text.trim();
        if text.len() < Self::MIN_BYTES {
            return Err(ShortToken { found: text.len() });
        }
        Ok(Self(Sha256::digest(text).into()))
    }

    /// Whether this is the token. Takes as long for a wrong one as for the right one.
    pub(crate) fn is(&self, sent: &str) -> bool {
        let sent: [u8; 32] = Sha256::digest(sent.trim()).into();
        self.0.ct_eq(&sent).into()
    }
}

impl fmt::Debug for OperatorToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperatorToken(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn only_the_token_itself_is_the_token() {
        let token = OperatorToken::new(&format!("{TOKEN}\n")).expect("long enough");
        assert!(token.is(TOKEN) && token.is(&format!(" {TOKEN} ")));
        for wrong in ["", "0", &TOKEN[1..], &TOKEN.to_uppercase(), &format!("{TOKEN}0")] {
            assert!(!token.is(wrong), "{wrong}");
        }
        assert_eq!(format!("{token:?}"), "OperatorToken(redacted)");
        assert_eq!(OperatorToken::new(" short ").err(), Some(ShortToken { found: 5 }));
    }
}
