//! One `Set-Cookie` line, read so that no browser can understand it differently.
//!
//! RFC 6265bis, section 5.6, tells browsers to make sense of almost anything. Here the reading is strict: an attribute
//! that is unknown, given twice or not understood makes the line unreadable, and an unreadable line does not leave.

use time::{
    OffsetDateTime, PrimitiveDateTime, format_description::StaticFormatDescription,
    macros::format_description,
};

use crate::declare::{Access, Declaration, SameSite};

/// Browsers ignore a cookie whose name and value are longer than this together, in bytes.
pub(crate) const MAX_PAIR: usize = 4096;

const DATE: StaticFormatDescription = format_description!(
    "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
);

const PAST: &str = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";

/// A line's parts, as sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) value: &'a [u8],
    pub(crate) max_age_s: Option<i64>,
    pub(crate) expires: Option<OffsetDateTime>,
    pub(crate) path: Option<&'a [u8]>,
    pub(crate) domain: bool,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: Option<SameSite>,
}

impl<'a> Line<'a> {
    /// Reads a header value; an error names the part that was not understood.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, &'static str> {
        let mut parts = bytes.split(|&b| b == b';');
        let pair = parts.next().unwrap_or_default();
        let equals = pair
            .iter()
            .position(|&b| b == b'=')
            .ok_or("a pair without '='")?;
        let (name, value) = (pair[..equals].trim_ascii(), pair[equals + 1..].trim_ascii());
        if name.is_empty() {
            return Err("an empty name");
        }
        if name.len() + value.len() > MAX_PAIR {
            return Err("name and value longer than 4096 bytes");
        }
        let mut line = Self {
            name,
            value,
            max_age_s: None,
            expires: None,
            path: None,
            domain: false,
            secure: false,
            http_only: false,
            same_site: None,
        };
        for part in parts {
            line.attribute(part)?;
        }
        Ok(line)
    }

    fn attribute(&mut self, part: &'a [u8]) -> Result<(), &'static str> {
        let (key, value) = match part.iter().position(|&b| b == b'=') {
            Some(i) => (part[..i].trim_ascii(), Some(part[i + 1..].trim_ascii())),
            None => (part.trim_ascii(), None),
        };
        let is = |name: &str| key.eq_ignore_ascii_case(name.as_bytes());
        match value {
            None if is("Secure") => flag(&mut self.secure),
            None if is("HttpOnly") => flag(&mut self.http_only),
            None if key.is_empty() => Ok(()),
            Some(value) if is("Max-Age") => once(&mut self.max_age_s, seconds(value), "Max-Age"),
            Some(value) if is("Expires") => once(&mut self.expires, date(value), "Expires"),
            Some(value) if is("Path") => once(&mut self.path, Some(value), "Path"),
            Some(value) if is("SameSite") => {
                once(&mut self.same_site, same_site(value), "SameSite")
            }
            Some(_) if is("Domain") => flag(&mut self.domain),
            _ => Err("an attribute that is not known here"),
        }
    }

    /// Whether the line can only delete: every browser drops the cookie, whichever of the two dates it follows.
    pub(crate) fn is_deletion(&self, now: OffsetDateTime) -> bool {
        let aged = self.max_age_s.map(|age| age <= 0);
        let expired = self.expires.map(|at| at <= now);
        matches!(
            (aged, expired),
            (Some(true), None | Some(true)) | (None, Some(true))
        )
    }

    /// The life that the line asks for, in seconds: the longer of the two that it may name; `None` is the session.
    pub(crate) fn life_s(&self, now: OffsetDateTime) -> Option<i64> {
        let expires = self.expires.map(|at| (at - now).whole_seconds());
        self.max_age_s.into_iter().chain(expires).max()
    }
}

fn once<T>(slot: &mut Option<T>, value: Option<T>, what: &'static str) -> Result<(), &'static str> {
    if slot.is_some() || value.is_none() {
        return Err(what);
    }
    *slot = value;
    Ok(())
}

fn flag(slot: &mut bool) -> Result<(), &'static str> {
    if std::mem::replace(slot, true) {
        Err("an attribute given twice")
    } else {
        Ok(())
    }
}

/// Digits with an optional minus. More than 18 of them are not needed by anyone.
fn seconds(value: &[u8]) -> Option<i64> {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    if digits.is_empty() || digits.len() > 18 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// IMF-fixdate (RFC 9110, section 5.6.7), the one form that servers are told to send.
fn date(value: &[u8]) -> Option<OffsetDateTime> {
    let text = std::str::from_utf8(value).ok()?;
    PrimitiveDateTime::parse(text, &DATE)
        .ok()
        .map(PrimitiveDateTime::assume_utc)
}

fn same_site(value: &[u8]) -> Option<SameSite> {
    [SameSite::Strict, SameSite::Lax, SameSite::None]
        .into_iter()
        .find(|same_site| value.eq_ignore_ascii_case(same_site.as_str().as_bytes()))
}

/// The line that stores `value`; `life_s` of `None` ends with the session.
pub(crate) fn to_set(item: &Declaration, value: &str, life_s: Option<u32>, secure: bool) -> String {
    let mut line = format!("{}={value}", item.name);
    if let Some(seconds) = life_s {
        line.push_str("; Max-Age=");
        line.push_str(&seconds.to_string());
    }
    attributes(&mut line, item, secure);
    line
}

/// The line that deletes the item.
pub(crate) fn to_expire(item: &Declaration, secure: bool) -> String {
    let mut line = format!("{}=; {PAST}", item.name);
    attributes(&mut line, item, secure);
    line
}

fn attributes(line: &mut String, item: &Declaration, secure: bool) {
    line.push_str("; Path=");
    line.push_str(item.spec.path);
    line.push_str("; SameSite=");
    line.push_str(item.spec.same_site.as_str());
    if secure {
        line.push_str("; Secure");
    }
    if item.spec.access == Access::HttpOnly {
        line.push_str("; HttpOnly");
    }
}
