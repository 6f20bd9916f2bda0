//! Who signed in, and the tokens that they got: for this server alone.

use std::fmt;

use domain::{Email, PersonName, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The tokens of one session at Supabase. They show in no `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    pub(super) access: String,
    pub(super) refresh: String,
    expires_at_unix_ms: i64,
}

impl Tokens {
    pub(super) fn new(access: String, refresh: String, expires_at: Timestamp) -> Self {
        Self { access, refresh, expires_at_unix_ms: expires_at.unix_ms() }
    }

    /// When the access token ends. The other one is good for longer, once.
    pub fn expires_at(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.expires_at_unix_ms)
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(redacted)")
    }
}

/// Somebody, as Supabase knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Supabase's id of them: the one thing that never changes and is never another's.
    pub subject: String,
    /// Their address, if they have one that this program can write to.
    pub email: Option<Email>,
    /// Whether they opened a link that was sent there, or came with a service that vouches for it.
    pub is_confirmed: bool,
    /// What they are called: their own word, worth nothing but a greeting.
    pub name: Option<PersonName>,
}

/// Somebody, and the session that they just got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// Who.
    pub person: Person,
    /// With what.
    pub tokens: Tokens,
}

/// A session as it comes over the line.
#[derive(Deserialize)]
pub(super) struct RawSession {
    pub(super) access_token: String,
    pub(super) refresh_token: String,
    pub(super) user: RawUser,
}

/// A user as it comes over the line. `user_metadata` is what they wrote themselves.
#[derive(Deserialize)]
pub(super) struct RawUser {
    pub(super) id: String,
    email: Option<String>,
    email_confirmed_at: Option<String>,
    #[serde(default)]
    user_metadata: Value,
}

impl From<RawUser> for Person {
    fn from(user: RawUser) -> Self {
        let mut called = ["name", "full_name"].into_iter().filter_map(|key| user.user_metadata.get(key)?.as_str());
        Self {
            email: user.email.and_then(|email| email.parse().ok()),
            // Metadata has an `email_verified`, too, which anybody may write into their own.
            is_confirmed: user.email_confirmed_at.is_some_and(|at| !at.is_empty()),
            name: called.find_map(|name| name.parse().ok()),
            subject: user.id,
        }
    }
}
