//! The request's `Cookie` lines: what is in them, and what of it a handler gets to see.

use http::{HeaderMap, HeaderValue, header};
use memchr::memchr;
use time::OffsetDateTime;

use crate::decide::{Consent, Decision, Signal};
use crate::declare::{CONSENT_COOKIE, Kind, Registry};
use crate::key::Key;

/// More consent cookies than this in one request are an attack; the rest are not even looked at.
const MAX_CANDIDATES: usize = 4;

/// What stands between the semicolons of a `Cookie` line.
fn parts(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let line = rest?;
        let (part, after) = match memchr(b';', line) {
            Some(end) => (&line[..end], Some(&line[end + 1..])),
            None => (line, None),
        };
        rest = after;
        Some(part)
    })
}

/// Name and value; a part without '=' is no pair.
fn pair(part: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = memchr(b'=', part)?;
    Some((part[..equals].trim_ascii(), part[equals + 1..].trim_ascii()))
}

/// The pairs of a `Cookie` line, as sent.
pub(crate) fn pairs(line: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    parts(line).filter_map(pair)
}

/// Reads the decision, the signal and the day into the visitor's standing.
///
/// Two consent cookies that are both genuine but differ (one planted for a narrower path, perhaps) count as none.
pub(crate) fn consent(headers: &HeaderMap, registry: &'static Registry, key: &Key, now: OffsetDateTime) -> Consent {
    let mut found: Option<Decision> = None;
    let mut contradiction = false;
    let lines = headers.get_all(header::COOKIE).iter();
    let candidates =
        lines.flat_map(|line| pairs(line.as_bytes())).filter(|(name, _)| *name == CONSENT_COOKIE.as_bytes());
    for (_, value) in candidates.take(MAX_CANDIDATES) {
        let Some(decision) = Decision::from_cookie_value(value, registry, key) else {
            continue;
        };
        contradiction |= found.as_ref().is_some_and(|other| *other != decision);
        found = Some(decision);
    }
    let today = now.to_offset(time::UtcOffset::UTC).date();
    Consent::new(registry, found.filter(|_| !contradiction), Signal::of(headers), today)
}

/// What [`hide`] found.
pub(crate) struct Presented {
    /// The `Cookie` lines that are left.
    pub(crate) visible: Vec<HeaderValue>,
    /// Declared cookies that the browser still holds without agreement: bit i is the registry's item i.
    pub(crate) unagreed: u64,
}

/// Takes every cookie out of the request that is not both declared and agreed to, so that no handler acts on one.
pub(crate) fn hide(headers: &mut HeaderMap, consent: &Consent) -> Presented {
    let registry = consent.registry();
    let mut unagreed = 0_u64;
    let mut hidden = false;
    let mut kept: Vec<u8> = Vec::new();
    let mut agreed = |name: &[u8]| {
        let Some(i) = registry.position(name).filter(|&i| registry.items()[i].kind == Kind::Cookie) else {
            return false;
        };
        let agreed = consent.standing(&registry.items()[i]).is_agreed();
        if !agreed {
            unagreed |= 1 << i;
        }
        agreed
    };
    for part in headers.get_all(header::COOKIE).iter().flat_map(|line| parts(line.as_bytes())) {
        hidden |= !pair(part).is_some_and(|(name, _)| agreed(name));
    }
    if !hidden {
        let visible = headers.get_all(header::COOKIE).iter().cloned().collect();
        return Presented { visible, unagreed };
    }
    for (name, value) in headers.get_all(header::COOKIE).iter().flat_map(|line| pairs(line.as_bytes())) {
        if agreed(name) {
            if !kept.is_empty() {
                kept.extend(b"; ");
            }
            kept.extend(name);
            kept.push(b'=');
            kept.extend(value);
        }
    }
    headers.remove(header::COOKIE);
    let visible = HeaderValue::from_bytes(&kept).ok().filter(|_| !kept.is_empty());
    if let Some(line) = &visible {
        headers.insert(header::COOKIE, line.clone());
    }
    Presented { visible: visible.into_iter().collect(), unagreed }
}
