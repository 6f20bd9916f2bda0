//! What a browser makes of a `Set-Cookie` line: RFC 6265bis, sections 5.1.1 (dates), 5.6 (parsing) and 5.7 (storing),
//! written from its text and as lenient as it is. It shares nothing with the crate's own, strict reading.

use std::collections::BTreeMap;

use time::{Date, Month, OffsetDateTime, Time};

const CAP_S: i64 = 400 * 24 * 60 * 60;

/// A stored cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) value: Vec<u8>,
    /// Seconds from now; `None` ends with the session.
    pub(crate) life_s: Option<i64>,
    pub(crate) path: Vec<u8>,
    pub(crate) domain: Option<Vec<u8>>,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: Option<Vec<u8>>,
}

/// A cookie jar for one host, keyed by name and path.
#[derive(Clone, Debug, Default)]
pub(crate) struct Browser(pub(crate) BTreeMap<(Vec<u8>, Vec<u8>), Stored>);

impl Browser {
    pub(crate) fn receive(&mut self, line: &[u8], now: OffsetDateTime) {
        let Some((name, stored)) = parse(line, now) else {
            return;
        };
        let at = (name, stored.path.clone());
        if stored.life_s.is_some_and(|life| life <= 0) {
            self.0.remove(&at);
        } else {
            self.0.insert(at, stored);
        }
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Stored> {
        self.0.iter().find(|((found, _), _)| found == name.as_bytes()).map(|(_, stored)| stored)
    }
}

fn trim(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|b| !b" \t".contains(b)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|b| !b" \t".contains(b)).map_or(start, |i| i + 1);
    &bytes[start..end]
}

fn parse(line: &[u8], now: OffsetDateTime) -> Option<(Vec<u8>, Stored)> {
    if line.iter().any(|&b| b < 32 && b != b'\t' || b == 127) {
        return None;
    }
    let mut parts = line.split(|&b| b == b';');
    let pair = parts.next()?;
    let (name, value) = match pair.iter().position(|&b| b == b'=') {
        Some(i) => (trim(&pair[..i]), trim(&pair[i + 1..])),
        None => (&[][..], trim(pair)),
    };
    if name.is_empty() && value.is_empty() || name.len() + value.len() > 4096 {
        return None;
    }
    let (mut max_age, mut expires) = (None, None);
    let mut stored = Stored {
        value: value.to_vec(),
        life_s: None,
        path: b"/".to_vec(),
        domain: None,
        secure: false,
        http_only: false,
        same_site: None,
    };
    for part in parts {
        let (key, value) = match part.iter().position(|&b| b == b'=') {
            Some(i) => (trim(&part[..i]), trim(&part[i + 1..])),
            None => (trim(part), &[][..]),
        };
        if value.len() > 1024 {
            continue;
        }
        match key.to_ascii_lowercase().as_slice() {
            b"expires" => expires = date(value).map(|at| (at - now).whole_seconds()).or(expires),
            b"max-age" => max_age = age(value).or(max_age),
            b"domain" => stored.domain = Some(value.to_vec()),
            b"path" => stored.path = if value.first() == Some(&b'/') { value.to_vec() } else { b"/".to_vec() },
            b"secure" => stored.secure = true,
            b"httponly" => stored.http_only = true,
            b"samesite" => stored.same_site = Some(value.to_ascii_lowercase()),
            _ => {}
        }
    }
    stored.life_s = max_age.or(expires).map(|life: i64| life.min(CAP_S));
    Some((name.to_vec(), stored))
}

fn age(value: &[u8]) -> Option<i64> {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    if value.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let negative = value[0] == b'-';
    let size = digits.iter().fold(0_i64, |n, d| n.saturating_mul(10).saturating_add(i64::from(d - b'0')));
    Some(if negative { -size } else { size })
}

fn number(token: &[u8], digits: std::ops::RangeInclusive<usize>) -> Option<(u32, &[u8])> {
    let count = token.iter().take_while(|b| b.is_ascii_digit()).count();
    if !digits.contains(&count) {
        return None;
    }
    Some((std::str::from_utf8(&token[..count]).ok()?.parse().ok()?, &token[count..]))
}

fn clock(token: &[u8]) -> Option<(u32, u32, u32)> {
    let (hour, rest) = number(token, 1..=2)?;
    let (minute, rest) = number(rest.strip_prefix(b":")?, 1..=2)?;
    let (second, rest) = number(rest.strip_prefix(b":")?, 1..=2)?;
    let _ = rest;
    Some((hour, minute, second))
}

fn month(token: &[u8]) -> Option<Month> {
    let names = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let start = token.get(..3)?.to_ascii_lowercase();
    let index = names.iter().position(|name| name.as_bytes() == start)?;
    Month::try_from(index as u8 + 1).ok()
}

fn date(value: &[u8]) -> Option<OffsetDateTime> {
    let delimits = |b: u8| matches!(b, 0x09 | 0x20..=0x2f | 0x3b..=0x40 | 0x5b..=0x60 | 0x7b..=0x7e);
    let (mut time, mut of_month, mut in_year, mut year) = (None, None, None, None);
    for token in value.split(|&b| delimits(b)).filter(|token| !token.is_empty()) {
        if time.is_none() && clock(token).is_some() {
            time = clock(token);
        } else if of_month.is_none() && number(token, 1..=2).is_some() {
            of_month = number(token, 1..=2).map(|(n, _)| n);
        } else if in_year.is_none() && month(token).is_some() {
            in_year = month(token);
        } else if year.is_none() {
            year = number(token, 2..=4).map(|(n, _)| n);
        }
    }
    let year = match year? {
        n @ 70..=99 => n + 1900,
        n @ 0..=69 => n + 2000,
        n => n,
    };
    let (hour, minute, second) = time?;
    if year < 1601 {
        return None;
    }
    let date = Date::from_calendar_date(year as i32, in_year?, of_month? as u8).ok()?;
    Some(date.with_time(Time::from_hms(hour as u8, minute as u8, second as u8).ok()?).assume_utc())
}
