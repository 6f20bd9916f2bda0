//! Is a `Set-Cookie` line declared, agreed to, and as declared?

use std::fmt;

use time::OffsetDateTime;

use super::line::{Line, MAX_PAIR};
use crate::decide::{Consent, Reason, Standing};
use crate::declare::{Access, CONSENT_COOKIE, Declaration, Kind, Party};

/// What is wrong with a line that was kept from leaving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// Its `Max-Age` or `Expires` cannot be read without doubt.
    Unreadable(&'static str),
    /// No cookie of this name is declared.
    Undeclared(String),
    /// Only the layer itself writes the consent cookie.
    Reserved,
    /// Another origin's cookie, which this server does not set.
    NotOurs(&'static str),
    /// The visitor has not agreed.
    Withheld(&'static str, Reason),
    /// The life is not the declared one.
    Life(&'static str, Option<i64>),
    /// An attribute is not the declared one.
    Attribute(&'static str, &'static str),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(what) => write!(f, "a Set-Cookie line whose {what} cannot be read without doubt"),
            Self::Undeclared(name) => write!(f, "the cookie {name:?} is not declared; declare it or do not set it"),
            Self::Reserved => write!(f, "{CONSENT_COOKIE} is written by the layer alone; use `Jar::decide`"),
            Self::NotOurs(name) => write!(f, "{name} is declared as another origin's; this server cannot set it"),
            Self::Withheld(name, why) => write!(f, "{name} is not agreed to ({why:?}); take a witness from the `Jar`"),
            Self::Life(name, None) => write!(f, "{name} ends with the session, but is declared with a life"),
            Self::Life(name, Some(s)) => write!(f, "{name} lives {s} s, longer than is declared"),
            Self::Attribute(name, what) => write!(f, "{name}: {what} is not as declared"),
        }
    }
}

/// Checks one line against registry and decision.
///
/// A deletion passes whatever it deletes, for less stored is never a breach.
pub(crate) fn check(bytes: &[u8], consent: &Consent, now: OffsetDateTime, secure: bool) -> Result<(), Violation> {
    let line = Line::parse(bytes).map_err(Violation::Unreadable)?;
    if line.is_deletion(now) {
        return Ok(());
    }
    let registry = consent.registry();
    let item = registry.position(line.name).map(|i| &registry.items()[i]).filter(|item| item.kind == Kind::Cookie);
    let item = item.ok_or_else(|| Violation::Undeclared(printable(line.name)))?;
    if item.is_consent() {
        return Err(Violation::Reserved);
    }
    if matches!(item.spec.party, Party::Third(_)) {
        return Err(Violation::NotOurs(item.name));
    }
    if let Standing::Withheld(why) = consent.standing(item) {
        return Err(Violation::Withheld(item.name, why));
    }
    life(&line, item, now)?;
    attributes(&line, item, secure)
}

/// Whether the line deletes the consent cookie, and the decision with it.
pub(crate) fn forgets(bytes: &[u8], now: OffsetDateTime) -> bool {
    Line::parse(bytes).is_ok_and(|line| line.name == CONSENT_COOKIE.as_bytes() && line.is_deletion(now))
}

fn life(line: &Line<'_>, item: &'static Declaration, now: OffsetDateTime) -> Result<(), Violation> {
    let fits = match (line.life_s(now), item.spec.life.longest_s()) {
        (None, _) => item.spec.life.may_be_session(),
        (Some(_), None) => false,
        (Some(asked), Some(declared)) => asked <= i64::from(declared),
    };
    if fits { Ok(()) } else { Err(Violation::Life(item.name, line.life_s(now))) }
}

fn attributes(line: &Line<'_>, item: &'static Declaration, secure: bool) -> Result<(), Violation> {
    if let Some(what) = line.odd {
        return Err(Violation::Attribute(item.name, what));
    }
    let spec = &item.spec;
    let wrong = [
        (line.name.len() + line.value.len() > MAX_PAIR, "the length"),
        (line.path != Some(spec.path.as_bytes()), "Path"),
        (line.http_only != (spec.access == Access::HttpOnly), "HttpOnly"),
        (line.same_site != Some(spec.same_site), "SameSite"),
        (secure && !line.secure, "Secure"),
    ];
    match wrong.into_iter().find(|(wrong, _)| *wrong) {
        Some((_, what)) => Err(Violation::Attribute(item.name, what)),
        None => Ok(()),
    }
}

/// A name from outside, short and harmless in a log.
fn printable(name: &[u8]) -> String {
    name.iter().take(64).flat_map(|&b| std::ascii::escape_default(b)).map(char::from).collect()
}
