//! Keys of authenticator apps, sealed: AES-256-GCM with a key that lies beside the database, not in it.
//!
//! A password can be kept as a hash; the key of an app cannot, since its codes are worked out from it. Whoever gets hold of
//! a copy of the database alone makes no code with it. Whoever has the whole data folder can: nothing on one machine
//! keeps that from them.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use domain::{AccountId, Entropy, NetworkMark, TotpKey};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;

/// Seals and opens, and marks networks. Cloning it is cheap.
#[derive(Clone)]
pub struct Seal(Arc<Keys>);

struct Keys {
    seals: LessSafeKey,
    marks: hmac::Key,
}

/// What was kept was not sealed with this key for this account, or was changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the key of an authenticator app cannot be opened: is the file `factor-key` in the data folder the one that it was \
     sealed with?"
)]
pub struct Unsealable;

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(redacted)")
    }
}

impl Seal {
    /// Length of its key, bytes.
    pub const KEY_BYTES: usize = 32;

    /// Seals with this key.
    #[expect(clippy::missing_panics_doc, reason = "the key has the length that the cipher asks for")]
    pub fn new(key: &[u8; Self::KEY_BYTES]) -> Self {
        // A key of its own, so that a mark tells nothing of the one that seals (NIST SP 800-108, with one block of HMAC).
        let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), b"marks of networks");
        let marks = hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref());
        let seals = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("AES-256 takes a key of 32 bytes"));
        Self(Arc::new(Keys { seals, marks }))
    }

    /// The key of an account's app, as it may be kept: a nonce, then the sealed bytes. It opens for this account alone.
    #[expect(clippy::missing_panics_doc, reason = "20 bytes are within what the cipher takes")]
    pub fn seal(&self, account: AccountId, key: &TotpKey, entropy: &dyn Entropy) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        entropy.fill(&mut nonce);
        let mut sealed = key.reveal().to_vec();
        self.0
            .seals
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad(account), &mut sealed)
            .expect("the cipher takes 20 bytes");
        [nonce.as_slice(), &sealed].concat()
    }

    /// The key that was sealed for this account.
    pub fn open(&self, account: AccountId, sealed: &[u8]) -> Result<TotpKey, Unsealable> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(Unsealable)?;
        let mut bytes = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.0.seals.open_in_place(nonce, aad(account), &mut bytes).map_err(|_| Unsealable)?;
        <[u8; TotpKey::BYTES]>::try_from(&*opened).map(TotpKey::of_bytes).map_err(|_| Unsealable)
    }

    /// What stands for a network that an account was signed in to from: nobody reads the address from it who does not have
    /// this key, and another account's mark of the same network is another one.
    #[expect(clippy::missing_panics_doc, reason = "SHA-256 has 32 bytes")]
    pub fn mark(&self, account: AccountId, network: IpAddr) -> NetworkMark {
        let tag = hmac::sign(&self.0.marks, format!("{account} {network}").as_bytes());
        NetworkMark::of_bytes(tag.as_ref().try_into().expect("SHA-256 has 32 bytes"))
    }
}

/// What goes with the sealed bytes: a row that was moved to another account does not open there.
fn aad(account: AccountId) -> Aad<String> {
    Aad::from(format!("totp {account}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::OsEntropy;

    #[test]
    fn a_network_is_known_again_for_its_account_alone() {
        let seal = Seal::new(&[7; 32]);
        let (mia, eve) = (AccountId::draw(&OsEntropy), AccountId::draw(&OsEntropy));
        let [home, away] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().expect("an address"));
        assert_eq!(seal.mark(mia, home), Seal::new(&[7; 32]).mark(mia, home));
        let marks =
            [seal.mark(mia, home), seal.mark(mia, away), seal.mark(eve, home), Seal::new(&[8; 32]).mark(mia, home)];
        for (index, mark) in marks.iter().enumerate() {
            assert!(!marks[index + 1..].contains(mark), "{index}");
        }
    }

    #[test]
    fn what_was_sealed_opens_for_its_account_alone_and_only_as_it_was() {
        let seal = Seal::new(&[7; 32]);
        let (mia, eve) = (AccountId::draw(&OsEntropy), AccountId::draw(&OsEntropy));
        let key = TotpKey::draw(&OsEntropy);
        let sealed = seal.seal(mia, &key, &OsEntropy);
        assert_eq!(seal.open(mia, &sealed), Ok(key.clone()));
        assert!(!sealed.windows(8).any(|part| key.reveal().starts_with(part)), "nothing of it is in the clear");
        assert_ne!(seal.seal(mia, &key, &OsEntropy), sealed, "each has a nonce of its own");
        assert_eq!(seal.open(eve, &sealed), Err(Unsealable));
        assert_eq!(Seal::new(&[8; 32]).open(mia, &sealed), Err(Unsealable));
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(seal.open(mia, &changed), Err(Unsealable), "byte {place}");
            assert_eq!(seal.open(mia, &sealed[..place]), Err(Unsealable), "{place} bytes");
        }
        assert_eq!(format!("{seal:?}"), "Seal(redacted)");
    }
}
