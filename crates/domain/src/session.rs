//! Visitors: a secret in their browser, and what the server keeps of it.

use crate::hex::{self, NotHex, hex_text};
use crate::world::{Entropy, Timestamp};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// The secret that a browser holds: 256 random bits, 64 lower-case hexadecimal digits. Never stored by the server,
/// which keeps [`SessionToken::id`] alone; whoever reads the database cannot take over a session.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken([u8; 32]);

impl SessionToken {
    /// Draws a new secret.
    pub fn draw(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes);
        Self(bytes)
    }

    /// What the server knows the session by.
    ///
    /// One round of SHA-256 is enough: there is nothing to guess in 256 random bits.
    pub fn id(&self) -> SessionId {
        SessionId(Sha256::digest(self.0).into())
    }

    /// The text for the browser. A method instead of `Display`, so that no log line prints it by accident.
    pub fn reveal(&self) -> String {
        hex::reveal(&self.0)
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(redacted)")
    }
}

impl FromStr for SessionToken {
    type Err = NotHex;

    fn from_str(text: &str) -> Result<Self, NotHex> {
        hex::parse(text).map(Self)
    }
}

/// SHA-256 of a [`SessionToken`]: names a session without opening it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId([u8; 32]);

hex_text!(SessionId);

/// A visitor's session, as the server keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its name.
    pub id: SessionId,
    /// When it began.
    pub created_at: Timestamp,
    /// From when on it is no longer accepted.
    pub expires_at: Timestamp,
}

impl Session {
    /// Whose tracks this session may see: an argument of every question about a track.
    pub fn owner(&self) -> Owner {
        Owner(self.id)
    }
}

/// Whom a track belongs to.
///
/// Made from a [`Session`] that was found to be valid, so that no handler can ask for a track without having asked who
/// is asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Owner(SessionId);

impl Owner {
    /// The session that stands for the owner.
    pub fn session(self) -> SessionId {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::OsEntropy;

    #[test]
    fn a_token_survives_its_text_form_and_keeps_its_id() {
        let token = SessionToken::draw(&OsEntropy);
        let text = token.reveal();
        assert_eq!(text.len(), 64);
        let back: SessionToken = text.parse().unwrap();
        assert_eq!(back.id(), token.id());
    }

    #[test]
    fn the_id_is_the_sha256_of_the_bytes() {
        // FIPS 180-4 gives SHA-256 of 32 zero bytes as 66687aad...
        let token: SessionToken = "0".repeat(64).parse().unwrap();
        assert_eq!(token.id().to_string(), "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925");
    }

    #[test]
    fn debug_output_keeps_the_secret() {
        let token = SessionToken::draw(&OsEntropy);
        assert_eq!(format!("{token:?}"), "SessionToken(redacted)");
    }
}
