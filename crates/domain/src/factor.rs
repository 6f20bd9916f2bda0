//! What proves who somebody is besides a password: the key in an authenticator app, a recovery code, a passkey.
//!
//! Not here: how codes are worked out, keys sealed and signatures checked (those are a provider's).

use crate::file_name::redirects;
use crate::hex::hex_text;
use crate::id::AccountId;
use crate::world::{Entropy, Timestamp};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// The key that an authenticator app shares with this site: 160 random bits, as RFC 4226 (section 4) recommends. Kept
/// sealed only.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpKey([u8; Self::BYTES]);

impl TotpKey {
    /// Its length, bytes.
    pub const BYTES: usize = 20;

    /// Draws a new key.
    pub fn draw(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; Self::BYTES];
        entropy.fill(&mut bytes);
        Self(bytes)
    }

    /// The key with these bytes.
    pub fn of_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes, for whoever seals them or works out a code. A method of this name, so that no log prints it by accident.
    pub fn reveal(&self) -> &[u8; Self::BYTES] {
        &self.0
    }
}

impl fmt::Debug for TotpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpKey(redacted)")
    }
}

/// Which code of an app: they follow each other every [`TotpStep::SECONDS`], counted from 1970 (RFC 6238, section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TotpStep(pub u64);

impl TotpStep {
    /// For how long an app shows a code.
    pub const SECONDS: u64 = 30;

    /// The one at a moment.
    pub fn at(now: Timestamp) -> Self {
        Self(u64::try_from(now.unix_ms()).unwrap_or(0) / 1000 / Self::SECONDS)
    }
}

/// A code on paper that stands in for an app or a passkey, once: 120 random bits in Crockford's base 32, so that nobody
/// mistakes a letter for a number. Those from before have 80 and are still taken. The server keeps [`RecoveryCode::id`]
/// alone.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(String);

const CROCKFORD: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The text is no [`RecoveryCode`]. Does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a recovery code of {} letters and digits", RecoveryCode::CHARS)]
pub struct NotARecoveryCode;

impl RecoveryCode {
    /// So many are made at a time.
    pub const COUNT: usize = 10;
    /// Letters and digits of one.
    pub const CHARS: usize = 24;
    /// The same of those that were made before.
    const CHARS_BEFORE: usize = 16;

    /// Draws a new code.
    pub fn draw(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; Self::CHARS];
        entropy.fill(&mut bytes);
        Self(bytes.into_iter().map(|byte| char::from(CROCKFORD[usize::from(byte % 32)])).collect())
    }

    /// What the server knows it by. One round of SHA-256 is enough: there is nothing to guess in 120 random bits, and
    /// the account in it keeps one guess from being tried on all.
    pub fn id(&self, account: AccountId) -> RecoveryId {
        RecoveryId(Sha256::new().chain_update(account.to_string()).chain_update(&self.0).finalize().into())
    }

    /// The text for its holder, `abcd-efgh-jkmn-pqrs-tvwx-yz01`. A method instead of `Display`, so that no log prints it by
    /// accident.
    pub fn reveal(&self) -> String {
        let mut text = String::with_capacity(Self::CHARS * 5 / 4);
        for (index, letter) in self.0.chars().enumerate() {
            if index > 0 && index % 4 == 0 {
                text.push('-');
            }
            text.push(letter);
        }
        text
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(redacted)")
    }
}

impl FromStr for RecoveryCode {
    type Err = NotARecoveryCode;

    /// As somebody types it from paper: in capitals or not, with or without its hyphens.
    fn from_str(text: &str) -> Result<Self, NotARecoveryCode> {
        let mut code = String::with_capacity(Self::CHARS);
        for typed in text.chars().filter(|typed| !typed.is_whitespace() && *typed != '-') {
            let letter = match typed.to_ascii_lowercase() {
                'o' => '0',
                'i' | 'l' => '1',
                letter => letter,
            };
            if code.len() == Self::CHARS || !CROCKFORD.iter().any(|known| char::from(*known) == letter) {
                return Err(NotARecoveryCode);
            }
            code.push(letter);
        }
        if [Self::CHARS, Self::CHARS_BEFORE].contains(&code.len()) { Ok(Self(code)) } else { Err(NotARecoveryCode) }
    }
}

/// SHA-256 of an account and its [`RecoveryCode`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RecoveryId([u8; 32]);

hex_text!(RecoveryId);

/// What somebody calls one of their passkeys: 1 to 40 characters of any script, on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyName(String);

/// The text is no [`PasskeyName`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a name of 1 to {} characters for the passkey, without line breaks", PasskeyName::MAX_CHARS)]
pub struct NotAPasskeyName;

impl PasskeyName {
    /// Longest name, characters.
    pub const MAX_CHARS: usize = 40;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PasskeyName {
    type Err = NotAPasskeyName;

    fn from_str(text: &str) -> Result<Self, NotAPasskeyName> {
        let text = text.trim();
        let fits = (1..=Self::MAX_CHARS).contains(&text.chars().take(Self::MAX_CHARS + 1).count());
        let one_line = !text.chars().any(|c| c.is_control() || redirects(c));
        if fits && one_line { Ok(Self(text.to_owned())) } else { Err(NotAPasskeyName) }
    }
}

impl fmt::Display for PasskeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a passkey is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PasskeyPurpose {
    /// To sign in without a password.
    SignIn,
    /// As the second step after it.
    Second,
    /// To prove once more who somebody is.
    Prove,
    /// To be added to an account.
    Add,
}

impl PasskeyPurpose {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::SignIn, Self::Second, Self::Prove, Self::Add];

    /// Its name in the database and in forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Second => "second",
            Self::Prove => "prove",
            Self::Add => "add",
        }
    }
}

/// SHA-256 of a secret that a browser holds: what was asked of this browser is not answered from another one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BrowserMark([u8; 32]);

hex_text!(BrowserMark);

impl BrowserMark {
    /// Of the browser that holds this secret.
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::OsEntropy;
    use proptest::prelude::*;

    #[test]
    fn a_step_lasts_thirty_seconds() {
        let at = |ms| TotpStep::at(Timestamp::from_unix_ms(ms));
        assert_eq!((at(29_999), at(30_000), at(-1)), (TotpStep(0), TotpStep(1), TotpStep(0)));
        // RFC 6238, appendix B: T at 2005-03-18 01:58:29 UTC.
        assert_eq!(at(1_111_111_109_000), TotpStep(0x0235_23EC));
    }

    #[test]
    fn a_recovery_code_is_read_as_people_type_it() {
        let code: RecoveryCode = "0123-4567-89ab-cdef-ghjk-mnpq".parse().unwrap();
        for typed in ["O I23 4567 89AB CDEF GHJK MNPQ", "0l23456789abcdefghjkmnpq", " o123-4567-89AB-cdef-ghjk-mnpq\n"]
        {
            assert_eq!(typed.parse(), Ok(code.clone()), "{typed}");
        }
        for bad in [
            "",
            "0123-4567-89ab-cde",
            "0123-4567-89ab-cdef0",
            "0123-4567-89ab-cdef-ghjk-mnp",
            "0123-4567-89ab-cdef-ghjk-mnpqr",
            "u123-4567-89ab-cdef-ghjk-mnpq",
            "\u{ff10}123456789abcdef",
        ] {
            assert_eq!(bad.parse::<RecoveryCode>(), Err(NotARecoveryCode), "{bad:?}");
        }
    }

    #[test]
    fn a_recovery_code_from_before_is_still_what_it_was() {
        let (text, mia) = ("0123-4567-89ab-cdef", AccountId::draw(&OsEntropy));
        let code: RecoveryCode = text.parse().unwrap();
        assert_eq!(code.reveal(), text);
        let kept = Sha256::new().chain_update(mia.to_string()).chain_update(*b"0123456789abcdef").finalize();
        assert!(code.id(mia) == RecoveryId(kept.into()), "as it was kept then");
    }

    #[test]
    fn a_new_recovery_code_has_at_least_112_random_bits() {
        assert!(RecoveryCode::CHARS * CROCKFORD.len().ilog2() as usize >= 112);
        let text = RecoveryCode::draw(&OsEntropy).reveal();
        assert_eq!((text.len(), text.split('-').count()), (29, 6), "in six groups: {text}");
    }

    #[test]
    fn the_same_code_of_two_accounts_is_kept_as_two() {
        let code = RecoveryCode::draw(&OsEntropy);
        let (mia, eve) = (AccountId::draw(&OsEntropy), AccountId::draw(&OsEntropy));
        assert_ne!(code.id(mia), code.id(eve));
        assert_eq!(code.reveal().parse::<RecoveryCode>().unwrap().id(mia), code.id(mia));
    }

    #[test]
    fn debug_output_keeps_the_secrets() {
        assert_eq!(format!("{:?}", TotpKey::draw(&OsEntropy)), "TotpKey(redacted)");
        assert_eq!(format!("{:?}", RecoveryCode::draw(&OsEntropy)), "RecoveryCode(redacted)");
    }

    #[test]
    fn a_passkeys_name_is_one_visible_line() {
        assert_eq!(" Mia\u{2019}s key 🔑 ".parse::<PasskeyName>().unwrap().as_str(), "Mia\u{2019}s key 🔑");
        for bad in ["", " ", "a\nb", "a\u{202e}b", &"x".repeat(41)] {
            assert_eq!(bad.parse::<PasskeyName>(), Err(NotAPasskeyName), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn reading_a_recovery_code_never_panics(text in ".{0,60}") {
            if let Ok(code) = text.parse::<RecoveryCode>() {
                prop_assert!([29, 19].contains(&code.reveal().len()));
            }
        }
    }
}
