//! Tokens as they lie in the database: sealed with a key that is not there (ChaCha20-Poly1305, RFC 8439).
//!
//! The key is derived from the site's secret key (HKDF-SHA-256, RFC 5869). On the operator's own machine, where none has
//! to be set, it is a well-known one: there the data folder's rights alone protect what lies in it.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use domain::Entropy;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};

/// What the key is for, so that it is no other key that is derived from the same secret.
const LABEL: &[u8] = b"balanced-mastering supabase tokens 1";
/// Where no secret is set.
const WELL_KNOWN: &[u8] = b"only for this machine, so no secret is needed";

/// Seals, and opens what it sealed.
pub(super) struct Seal(LessSafeKey);

/// It was sealed with another key, for another place, or changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what was sealed cannot be opened: was serve.secret_key changed?")]
pub struct Broken;

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(redacted)")
    }
}

impl Seal {
    pub(super) fn new(secret: Option<&[u8]>) -> Self {
        let pseudorandom = Salt::new(HKDF_SHA256, &[]).extract(secret.unwrap_or(WELL_KNOWN));
        let key = pseudorandom.expand(&[LABEL], &CHACHA20_POLY1305).expect("32 bytes are less than HKDF gives");
        Self(LessSafeKey::new(UnboundKey::from(key)))
    }

    /// `place` names the row that it is for: it opens nowhere else.
    pub(super) fn seal(&self, text: &str, place: &str, entropy: &dyn Entropy) -> String {
        let mut nonce = [0; NONCE_LEN];
        entropy.fill(&mut nonce);
        let mut sealed = text.as_bytes().to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place), &mut sealed)
            .expect("it is shorter than 256 GiB");
        STANDARD_NO_PAD.encode([&nonce[..], &sealed].concat())
    }

    pub(super) fn open(&self, sealed: &str, place: &str) -> Result<String, Broken> {
        let bytes = STANDARD_NO_PAD.decode(sealed).map_err(|_| Broken)?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN).ok_or(Broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Broken)?;
        let mut sealed = sealed.to_vec();
        let text = self.0.open_in_place(nonce, Aad::from(place), &mut sealed).map_err(|_| Broken)?;
        String::from_utf8(text.to_vec()).map_err(|_| Broken)
    }
}

#[cfg(test)]
mod tests {
    use domain::OsEntropy;

    use super::*;

    const SECRET: Option<&[u8]> = Some(b"0123456789abcdef0123456789abcdef");

    #[test]
    fn what_is_sealed_opens_in_its_own_place_with_its_own_key_alone() {
        let seal = Seal::new(SECRET);
        let sealed = seal.seal("a token", "row 1", &OsEntropy);
        assert!(!sealed.contains("token"));
        assert_ne!(sealed, seal.seal("a token", "row 1", &OsEntropy), "each has its own nonce");
        assert_eq!(Seal::new(SECRET).open(&sealed, "row 1").as_deref(), Ok("a token"));
        assert_eq!(seal.open(&sealed, "row 2"), Err(Broken));
        assert_eq!(Seal::new(Some(b"another secret of thirty-two bytes")).open(&sealed, "row 1"), Err(Broken));
        assert_eq!(Seal::new(None).open(&sealed, "row 1"), Err(Broken));
        for bad in ["", "AAAA", "not base64!", &sealed[..sealed.len() - 4]] {
            assert_eq!(seal.open(bad, "row 1"), Err(Broken), "{bad}");
        }
        assert_eq!(format!("{seal:?}"), "Seal(redacted)");
    }
}
