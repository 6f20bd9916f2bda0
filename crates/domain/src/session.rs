//! Visitors: a secret in their browser, and what the server keeps of it.
//!
//! A guest's session, an account's and the operator's are three kinds; none opens what another one does.

use crate::hex::{self, NotHex, hex_text};
use crate::world::{Entropy, Timestamp};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

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

/// Whose session `auth-token` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionKind {
    /// The holder of an account.
    Account,
    /// Somebody who knows an account's password and has yet to show its second factor. Opens nothing but that question.
    Half,
    /// Whoever runs the service.
    Operator,
}

impl SessionKind {
    const ALL: [Self; 3] = [Self::Account, Self::Half, Self::Operator];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Half => "half",
            Self::Operator => "operator",
        }
    }
}

/// What `auth-token` holds: a secret, and of which kind its session is, `account-`, `half-` or `operator-` before the
/// digits. A browser is signed in as one of them at a time, and a secret of one kind is never looked up among another's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInToken {
    /// Whose session it is.
    pub kind: SessionKind,
    /// What opens it.
    pub secret: SessionToken,
}

impl SignInToken {
    /// The text for the browser.
    pub fn reveal(&self) -> String {
        format!("{}-{}", self.kind.as_str(), self.secret.reveal())
    }
}

/// The text is no [`SignInToken`]. Does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a kind of session, a hyphen and its secret")]
pub struct NotASignInToken;

impl FromStr for SignInToken {
    type Err = NotASignInToken;

    fn from_str(text: &str) -> Result<Self, NotASignInToken> {
        let (kind, secret) = text.split_once('-').ok_or(NotASignInToken)?;
        let kind = SessionKind::ALL.into_iter().find(|known| known.as_str() == kind).ok_or(NotASignInToken)?;
        Ok(Self { kind, secret: secret.parse().map_err(|_| NotASignInToken)? })
    }
}

/// How long somebody wants to stay signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stay {
    /// Until the browser is closed, and no longer than [`Stay::IDLE`] without use.
    Session,
    /// For [`Stay::LONGEST`], used or not.
    Kept,
}

impl Stay {
    /// No session lasts longer.
    pub const LONGEST: Duration = Duration::from_hours(7 * 24);
    /// How long a session that is not kept lasts without use: browsers that restore their windows restore session
    /// cookies, too.
    pub const IDLE: Duration = Duration::from_hours(24);

    /// Until when a session that is used now lasts without further use.
    pub fn idle_after(self, now: Timestamp, expires_at: Timestamp) -> Timestamp {
        match self {
            Self::Session => expires_at.min(now + Self::IDLE),
            Self::Kept => expires_at,
        }
    }
}

/// SHA-256 of a [`SessionToken`]: names a session without opening it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId([u8; 32]);

hex_text!(SessionId);

impl SessionId {
    /// Draws the name of an account's shelf: 256 random bits that are no secret's hash.
    pub fn draw_shelf(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes);
        Self(bytes)
    }
}

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

/// Whom a track belongs to: a guest, or an account.
///
/// Made from a [`Session`] that was found to be valid, so that no handler can ask for a track without having asked who
/// is asking. An account has a session that no token opens and that never ends: its shelf, on which its tracks stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Owner(SessionId);

impl Owner {
    /// The account with this shelf. For whoever has just looked it up.
    pub fn with_shelf(shelf: SessionId) -> Self {
        Self(shelf)
    }

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

    #[test]
    fn a_sign_in_token_says_of_which_kind_it_is() {
        for kind in SessionKind::ALL {
            let token = SignInToken { kind, secret: SessionToken::draw(&OsEntropy) };
            assert_eq!(token.reveal().parse(), Ok(token));
        }
        let bare = "0".repeat(64);
        for bad in ["", "account", "account-", "account-0", &bare, &format!("guest-{bare}"), &format!("Account-{bare}")]
        {
            assert_eq!(bad.parse::<SignInToken>(), Err(NotASignInToken), "{bad}");
        }
    }

    #[test]
    fn a_session_that_is_not_kept_ends_without_use_and_none_lasts_longer_than_agreed() {
        let now = Timestamp::from_unix_ms(0);
        let expires_at = now + Stay::LONGEST;
        assert_eq!(Stay::Session.idle_after(now, expires_at), now + Stay::IDLE);
        assert_eq!(Stay::Session.idle_after(now + Duration::from_hours(160), expires_at), expires_at);
        assert_eq!(Stay::Kept.idle_after(now, expires_at), expires_at);
    }
}
