//! One `Set-Cookie` line, read so that no browser can understand it differently.
//!
//! RFC 6265bis, section 5.6, tells browsers to make sense of almost anything. Here the reading is strict. A date or age
//! that is not understood makes the line unreadable; any other attribute that is unknown, given twice or not understood
//! is kept as `odd`, which only a deletion may be.

use time::{
    OffsetDateTime, PrimitiveDateTime, format_description::StaticFormatDescription, macros::format_description,
};

use crate::declare::{Access, Declaration, SameSite};

/// Browsers ignore a cookie whose name and value are longer than this together, in bytes.
pub(crate) const MAX_PAIR: usize = 4096;

/// IMF-fixdate (RFC 9110, section 5.6.7), and the same with dashes as the first cookies had it.
const DATES: [StaticFormatDescription; 2] = [
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"),
    format_description!("[weekday repr:short], [day]-[month repr:short]-[year] [hour]:[minute]:[second] GMT"),
];

const PAST: &str = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";

/// A line's parts, as sent.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// Empty where the line has none; browsers accept that.
    pub(crate) name: &'a [u8],
    pub(crate) value: &'a [u8],
    pub(crate) max_age_s: Option<i64>,
    pub(crate) expires: Option<OffsetDateTime>,
    pub(crate) path: Option<&'a [u8]>,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: Option<SameSite>,
    /// What no declared cookie has: `Domain`, an unknown attribute, one given twice or with a value not understood.
    pub(crate) odd: Option<&'static str>,
}

/// The name of the date or age that was not understood.
pub(crate) type Unreadable = &'static str;

impl<'a> Line<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        let mut parts = bytes.split(|&b| b == b';');
        let pair = parts.next().unwrap_or_default();
        let (name, value) = split(pair);
        let (name, value) = value.map_or((&[][..], name), |value| (name, value));
        let mut line = Self { name, value, ..Self::default() };
        for part in parts {
            line.attribute(part)?;
        }
        Ok(line)
    }

    fn attribute(&mut self, part: &'a [u8]) -> Result<(), Unreadable> {
        let (key, value) = split(part);
        let is = |name: &str| key.eq_ignore_ascii_case(name.as_bytes());
        let odd = match value {
            Some(value) if is("Max-Age") => {
                return if once(&mut self.max_age_s, seconds(value)) { Ok(()) } else { Err("Max-Age") };
            }
            Some(value) if is("Expires") => {
                return if once(&mut self.expires, date(value)) { Ok(()) } else { Err("Expires") };
            }
            None if is("Max-Age") => return Err("Max-Age"),
            None if is("Expires") => return Err("Expires"),
            None if is("Secure") => std::mem::replace(&mut self.secure, true).then_some("Secure"),
            None if is("HttpOnly") => std::mem::replace(&mut self.http_only, true).then_some("HttpOnly"),
            Some(value) if is("Path") => (!once(&mut self.path, Some(value))).then_some("Path"),
            Some(value) if is("SameSite") => (!once(&mut self.same_site, same_site(value))).then_some("SameSite"),
            _ if is("Domain") => Some("Domain"),
            None if key.is_empty() => None,
            _ => Some("an attribute that no cookie here has"),
        };
        self.odd = self.odd.or(odd);
        Ok(())
    }

    /// Whether the line can only delete: every browser drops the cookie, whichever of the two dates it follows.
    pub(crate) fn is_deletion(&self, now: OffsetDateTime) -> bool {
        let aged = self.max_age_s.map(|age| age <= 0);
        let expired = self.expires.map(|at| at <= now);
        matches!((aged, expired), (Some(true), None | Some(true)) | (None, Some(true)))
    }

    /// The life that the line asks for, in seconds: the longer of the two that it may name; `None` is the session.
    pub(crate) fn life_s(&self, now: OffsetDateTime) -> Option<i64> {
        let expires = self.expires.map(|at| (at - now).whole_seconds());
        self.max_age_s.into_iter().chain(expires).max()
    }
}

/// The part before the first '=' and the one after it, without the space around them.
fn split(part: &[u8]) -> (&[u8], Option<&[u8]>) {
    match part.iter().position(|&b| b == b'=') {
        Some(i) => (part[..i].trim_ascii(), Some(part[i + 1..].trim_ascii())),
        None => (part.trim_ascii(), None),
    }
}

/// Fills an empty slot; false where it was full, or there is nothing to fill it with.
fn once<T>(slot: &mut Option<T>, value: Option<T>) -> bool {
    let fits = slot.is_none() && value.is_some();
    if fits {
        *slot = value;
    }
    fits
}

/// Digits with an optional minus. More than 18 of them are not needed by anyone.
fn seconds(value: &[u8]) -> Option<i64> {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    if digits.is_empty() || digits.len() > 18 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}

fn date(value: &[u8]) -> Option<OffsetDateTime> {
    let text = std::str::from_utf8(value).ok()?;
    let found = DATES.iter().find_map(|format| PrimitiveDateTime::parse(text, format).ok());
    found.map(PrimitiveDateTime::assume_utc)
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
