//! The secret that signs decisions and receipts, and the encoding of what is signed.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// A secret of at least 32 bytes. It never shows in `Debug`.
///
/// The hash's keyed state is kept rather than the bytes, which saves two blocks of SHA-256 for each signature.
#[derive(Clone)]
pub struct Key(Hmac<Sha256>);

/// The secret is too short to sign with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret key has {found} bytes; at least {} are needed, drawn from a random source", Key::MIN_BYTES)]
pub struct ShortKey {
    /// The length that was given, in bytes.
    pub found: usize,
}

/// What a signature is for, so that one can never pass for another.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Use {
    Decision,
    Receipt,
}

impl Use {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Decision => b"cookie-policy decision 1\0",
            Self::Receipt => b"cookie-policy receipt 1\0",
        }
    }
}

impl Key {
    /// The shortest secret, in bytes.
    pub const MIN_BYTES: usize = 32;

    /// A key from random bytes.
    ///
    /// # Errors
    /// [`ShortKey`] below [`Key::MIN_BYTES`].
    pub fn new(secret: &[u8]) -> Result<Self, ShortKey> {
        if secret.len() < Self::MIN_BYTES {
            return Err(ShortKey { found: secret.len() });
        }
        // HMAC takes a key of any length, so that the error never comes.
        let hmac = Hmac::new_from_slice(secret).map_err(|_| ShortKey { found: secret.len() })?;
        Ok(Self(hmac))
    }

    fn mac(&self, purpose: Use, message: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(purpose.label());
        mac.update(message);
        mac
    }

    pub(crate) fn sign(&self, purpose: Use, message: &[u8]) -> [u8; 32] {
        self.mac(purpose, message).finalize().into_bytes().into()
    }

    /// Compares in constant time.
    pub(crate) fn verify(&self, purpose: Use, message: &[u8], signature: &[u8]) -> bool {
        self.mac(purpose, message).verify_slice(signature).is_ok()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

pub(crate) fn to_base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
