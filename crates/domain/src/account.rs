//! Accounts: whose they are, how they are called, and the links in mails that act for them.

use crate::email::Email;
use crate::file_name::redirects;
use crate::hex::{self, NotHex, hex_text};
use crate::id::AccountId;
use crate::world::{Entropy, Timestamp};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// An account. Its password's hash is not here: only who checks passwords is told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name in the database.
    pub id: AccountId,
    /// Where its mails go, and what its holder signs in with.
    pub email: Email,
    /// What the site calls its holder.
    pub name: PersonName,
    /// When the address was confirmed and the account made.
    pub created_at: Timestamp,
    /// Since when nobody can sign in to it.
    pub disabled_at: Option<Timestamp>,
}

/// What somebody wants to be called: 1 to 80 characters of any script, on one line.
///
/// Angle brackets, quotes and the like stay: whoever puts the name into HTML escapes it there. It never goes into a
/// mail's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonName(String);

/// The text is no [`PersonName`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a name of 1 to {} characters, without line breaks", PersonName::MAX_CHARS)]
pub struct NotAName;

impl PersonName {
    /// Longest name, characters.
    pub const MAX_CHARS: usize = 80;

    /// What stands before the address's `@`, for somebody who has not said yet.
    pub fn of_address(email: &Email) -> Self {
        // Letters, digits and signs, fewer than a name may have.
        Self(email.as_str().split('@').next().unwrap_or_default().to_owned())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PersonName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let text = text.trim();
        let fits = (1..=Self::MAX_CHARS).contains(&text.chars().take(Self::MAX_CHARS + 1).count());
        let one_line = !text.chars().any(|c| c.is_control() || redirects(c));
        if fits && one_line { Ok(Self(text.to_owned())) } else { Err(NotAName) }
    }
}

impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a link in a mail may do, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Make an account for the address that the mail went to.
    Confirm,
    /// Set a new password.
    Reset,
    /// Take the address that the mail went to for the account's own.
    ChangeEmail,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Confirm, Self::Reset, Self::ChangeEmail];

    /// How long a link is good. A reset opens an existing account, so it is short.
    pub const fn lifetime(self) -> Duration {
        match self {
            Self::Confirm | Self::ChangeEmail => Duration::from_hours(24),
            Self::Reset => Duration::from_hours(1),
        }
    }

    /// Its name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Reset => "reset",
            Self::ChangeEmail => "change-email",
        }
    }
}

/// The secret in a link: 256 random bits, 64 lower-case hexadecimal digits. The server keeps [`LinkToken::id`] alone.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkToken([u8; 32]);

impl LinkToken {
    /// Draws a new secret.
    pub fn draw(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes);
        Self(bytes)
    }

    /// What the server knows the link by.
    pub fn id(&self) -> LinkId {
        LinkId(Sha256::digest(self.0).into())
    }

    /// The text for the link. A method instead of `Display`, so that no log line prints it by accident.
    pub fn reveal(&self) -> String {
        hex::reveal(&self.0)
    }
}

impl fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkToken(redacted)")
    }
}

impl FromStr for LinkToken {
    type Err = NotHex;

    fn from_str(text: &str) -> Result<Self, NotHex> {
        hex::parse(text).map(Self)
    }
}

/// SHA-256 of a [`LinkToken`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LinkId([u8; 32]);

hex_text!(LinkId);

/// SHA-256 of an address: under it stands how often somebody tried to sign in with it, whether or not it has an account.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddressHash([u8; 32]);

hex_text!(AddressHash);

impl AddressHash {
    /// Of this address.
    pub fn of(email: &Email) -> Self {
        Self(Sha256::digest(email.as_str()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::OsEntropy;

    #[test]
    fn a_name_is_one_visible_line() {
        assert_eq!(" Mia Öz 🎸 ".parse::<PersonName>().unwrap().as_str(), "Mia Öz 🎸");
        assert!("<script>alert(1)</script>".parse::<PersonName>().is_ok(), "it is escaped where it is shown");
        let long = "x".repeat(81);
        for bad in ["", "   ", "a\nb", "a\r\nBcc: b", "a\0", "abc\u{202e}gpj", &long] {
            assert_eq!(bad.parse::<PersonName>(), Err(NotAName), "{bad:?}");
        }
    }

    #[test]
    fn every_address_gives_a_name() {
        let longest = format!("{}@example.org", "x".repeat(64));
        for address in ["mia@example.org", "!#$%&'*+-/=?^_`{|}~@example.org", &longest] {
            let name = PersonName::of_address(&address.parse().unwrap());
            assert_eq!(name.as_str().parse(), Ok(name.clone()), "{address}");
            assert!(address.starts_with(&format!("{name}@")));
        }
    }

    #[test]
    fn a_link_keeps_its_secret_from_the_server() {
        let token = LinkToken::draw(&OsEntropy);
        let back: LinkToken = token.reveal().parse().unwrap();
        assert_eq!(back.id(), token.id());
        assert_ne!(token.id().to_string(), token.reveal());
        assert_eq!(format!("{token:?}"), "LinkToken(redacted)");
    }

    #[test]
    fn a_link_that_opens_an_account_is_short_lived() {
        assert!(Purpose::Reset.lifetime() <= Duration::from_hours(1));
        assert!(Purpose::ALL.iter().all(|purpose| purpose.lifetime() <= Duration::from_hours(24)));
    }
}
