//! What is counted of visitors who agreed to it, and under which key.
//!
//! Their browser holds a random [`UsageId`]; what is kept stands under its hash. Whoever reads the database can neither
//! make the cookie nor link it to a session, a track or an address, none of which is in it.

use crate::hex::{self, NotHex, hex_text};
use crate::label::{Label, Route};
use crate::scrub::Scrubbed;
use crate::world::Entropy;
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// The random number in a consenting visitor's browser: 128 bits, 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UsageId([u8; 16]);

impl UsageId {
    /// Draws a new one.
    pub fn draw(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes);
        Self(bytes)
    }

    /// What the server keeps things under.
    pub fn key(&self) -> VisitorKey {
        VisitorKey(Sha256::digest(self.0).into())
    }

    /// The text for the browser. A method instead of `Display`, so that no log line prints it by accident.
    pub fn reveal(&self) -> String {
        hex::reveal(&self.0)
    }

    /// A number from 0 to 1, the same each time for the same experiment, and unrelated from one experiment to the next.
    pub fn lot(&self, experiment: &str) -> f64 {
        let mut hash = Sha256::new();
        hash.update(experiment.as_bytes());
        hash.update([0]);
        hash.update(self.0);
        let digest: [u8; 32] = hash.finalize().into();
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        // 53 bits fit a float exactly, so 1.0 itself is never reached.
        (u64::from_be_bytes(first) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

impl fmt::Debug for UsageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UsageId(redacted)")
    }
}

impl FromStr for UsageId {
    type Err = NotHex;

    fn from_str(text: &str) -> Result<Self, NotHex> {
        hex::parse(text).map(Self)
    }
}

/// SHA-256 of a [`UsageId`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct VisitorKey([u8; 32]);

hex_text!(VisitorKey);

/// What a browser measured of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Metric {
    /// Until the first byte of the answer was there (Navigation Timing, `responseStart`).
    FirstByte,
    /// Until the largest thing on the screen was painted (Largest Contentful Paint).
    LargestPaint,
    /// Until everything was loaded (Navigation Timing, `loadEventStart`).
    Load,
}

impl Metric {
    /// All of them, in the order in which they happen.
    pub const ALL: [Self; 3] = [Self::FirstByte, Self::LargestPaint, Self::Load];

    /// Its name in the database and in what browsers send.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FirstByte => "ttfb",
            Self::LargestPaint => "lcp",
            Self::Load => "load",
        }
    }
}

impl FromStr for Metric {
    type Err = crate::UnknownName;

    fn from_str(text: &str) -> Result<Self, crate::UnknownName> {
        Self::ALL.into_iter().find(|metric| metric.as_str() == text).ok_or(crate::UnknownName { of: "metric" })
    }
}

/// Something that a consenting visitor did, or that happened to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsageEvent {
    /// They used a feature.
    Feature(Label),
    /// Their browser measured a page.
    PageTiming {
        /// Which page.
        route: Route,
        /// What was measured.
        metric: Metric,
        /// How long it took, milliseconds.
        ms: u32,
    },
    /// A script failed in their browser.
    ClientError {
        /// On which page.
        route: Route,
        /// What it said.
        message: Scrubbed,
    },
    /// They saw a page that an experiment varies. Counts once a visitor and experiment.
    Exposure {
        /// Which experiment.
        experiment: Label,
        /// What they saw.
        arm: Label,
    },
    /// They did what an experiment hopes for. Counts once a visitor and experiment.
    Goal {
        /// Which experiment.
        experiment: Label,
    },
}

/// Names a group of faults: the same message at the same place has the same one. 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 8]);

hex_text!(Fingerprint);

impl Fingerprint {
    /// The fingerprint of a message at a place.
    pub fn of(route: &Route, message: &Scrubbed) -> Self {
        let mut hash = Sha256::new();
        hash.update(route.as_str().as_bytes());
        hash.update([0]);
        hash.update(message.as_str().as_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        Self(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::OsEntropy;

    #[test]
    fn the_key_does_not_give_the_number_away() {
        let id = UsageId::draw(&OsEntropy);
        let text = id.reveal();
        assert_eq!(text.parse(), Ok(id));
        assert!(!id.key().to_string().contains(&text));
        assert_eq!(format!("{id:?}"), "UsageId(redacted)");
        // FIPS 180-4 gives SHA-256 of 16 zero bytes as 374708ff...
        let zero: UsageId = "0".repeat(32).parse().unwrap();
        assert_eq!(zero.key().to_string(), "374708fff7719dd5979ec875d56cd2286f6d3cf7ec317a3b25632aab28ec37bb");
    }

    #[test]
    fn lots_are_fair_and_independent_between_experiments() {
        let (mut lower, mut both) = (0, 0);
        for number in 0..4000_u32 {
            let id: UsageId = format!("{number:032x}").parse().unwrap();
            let (one, other) = (id.lot("one"), id.lot("other"));
            assert!((0.0..1.0).contains(&one));
            assert_eq!(one, id.lot("one"));
            lower += u32::from(one < 0.5);
            both += u32::from(one < 0.5 && other < 0.5);
        }
        // Four standard deviations: 2000 ± 126, 1000 ± 110.
        assert!((1874..=2126).contains(&lower), "{lower}");
        assert!((890..=1110).contains(&both), "{both}");
    }

    #[test]
    fn a_fingerprint_depends_on_place_and_message() {
        let (home, help) = (Route::of("/"), Route::of("/help"));
        let (full, empty) = (Scrubbed::of("full"), Scrubbed::of("empty"));
        let print = Fingerprint::of(&home, &full);
        assert_eq!(print, Fingerprint::of(&home, &full));
        assert_ne!(print, Fingerprint::of(&help, &full));
        assert_ne!(print, Fingerprint::of(&home, &empty));
    }
}
