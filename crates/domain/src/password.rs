//! Passwords as people type them. Not here: how they are hashed, and which are too common (those are a provider's).

use std::fmt;
use unicode_normalization::UnicodeNormalization as _;

/// A password: 12 to 256 characters of any script, in Unicode's form C, so that it is the same on every keyboard
/// (RFC 8265, section 4.2). Nothing in it is trimmed or cut.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// The text cannot be a password. Does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAPassword {
    /// Too short to withstand guessing.
    #[error(
        "a password has at least {} characters; three or four words that do not belong together are a good one",
        Password::MIN_CHARS
    )]
    Short,
    /// Longer than anybody types.
    #[error("a password has at most {} characters", Password::MAX_CHARS)]
    Long,
    /// Control characters get lost on the way through forms.
    #[error("a password has no line breaks and no control characters")]
    Control,
}

impl Password {
    /// Shortest password, characters.
    pub const MIN_CHARS: usize = 12;
    /// Longest password, characters.
    pub const MAX_CHARS: usize = 256;

    /// Takes what somebody chose.
    pub fn choose(text: &str) -> Result<Self, NotAPassword> {
        // Before it is normalised, which costs time: normalisation at most trebles a text.
        if text.chars().count() > Self::MAX_CHARS {
            return Err(NotAPassword::Long);
        }
        let normal: String = text.nfc().collect();
        match normal.chars().count() {
            _ if normal.chars().any(char::is_control) => Err(NotAPassword::Control),
            ..Self::MIN_CHARS => Err(NotAPassword::Short),
            _ if normal.chars().count() > Self::MAX_CHARS => Err(NotAPassword::Long),
            _ => Ok(Self(normal)),
        }
    }

    /// Takes what somebody typed to sign in. What cannot be anybody's password becomes one that is nobody's, so that a
    /// wrong one is refused in one way, and no sooner, whatever is wrong with it.
    pub fn typed(text: &str) -> Self {
        Self::choose(text).unwrap_or_else(|_| Self(String::new()))
    }

    /// Takes what somebody typed for a service with rules of its own: any length up to [`Self::MAX_CHARS`], not empty.
    pub fn typed_for_another(text: &str) -> Option<Self> {
        if text.is_empty() || text.chars().count() > Self::MAX_CHARS {
            return None;
        }
        Some(Self(text.nfc().collect()))
    }

    /// The text, for the one place that hashes it. A method instead of `Display`, so that no log prints it by accident.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_password_is_neither_short_nor_endless() {
        let of = |count: usize| Password::choose(&"\u{1f3b8}".repeat(count));
        assert_eq!(of(11), Err(NotAPassword::Short));
        assert!(of(12).is_ok() && of(256).is_ok());
        assert_eq!(of(257), Err(NotAPassword::Long));
        assert_eq!(Password::choose("twelve chars\n"), Err(NotAPassword::Control));
        assert!(Password::choose("  spaces stay  ").unwrap().reveal().starts_with("  s"));
    }

    #[test]
    fn it_is_the_same_on_every_keyboard() {
        let (composed, decomposed) = ("caf\u{e9} au lait noir", "cafe\u{301} au lait noir");
        assert_eq!(Password::choose(composed), Password::choose(decomposed));
    }

    #[test]
    fn what_is_no_password_is_typed_as_nobodys() {
        assert_eq!(Password::typed("short").reveal(), "");
        assert_eq!(Password::typed(&"x".repeat(100_000)).reveal(), "");
        assert_eq!(format!("{:?}", Password::typed("correct horse battery")), "Password(redacted)");
    }

    #[test]
    fn another_service_may_have_let_somebody_choose_a_short_one() {
        assert_eq!(Password::typed_for_another("caf\u{e9}"), Password::typed_for_another("cafe\u{301}"));
        assert_eq!(Password::typed_for_another(""), None);
        assert_eq!(Password::typed_for_another(&"x".repeat(257)), None);
    }

    proptest! {
        #[test]
        fn choosing_never_panics_and_keeps_its_promise(text in ".{0,300}") {
            if let Ok(password) = Password::choose(&text) {
                prop_assert!((12..=256).contains(&password.reveal().chars().count()));
                prop_assert_eq!(Password::choose(password.reveal()), Ok(password.clone()));
            }
        }
    }
}
