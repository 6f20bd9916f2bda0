//! Credits that are given or taken by hand: how many, and why.

use crate::credit::Position;
use crate::file_name::redirects;
use std::fmt;
use std::str::FromStr;

/// So many credits, given or (with a minus) taken by hand, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    credits: i64,
    reason: Reason,
}

/// The number is none of credits that are given or taken by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to {} credits at once", Adjustment::MOST)]
pub struct NotAnAdjustment;

impl Adjustment {
    /// More is not given or taken at once: it would be a slip of the finger.
    pub const MOST: u64 = 10_000;

    /// Gives so many, or takes them with a minus.
    pub fn new(credits: i64, reason: Reason) -> Result<Self, NotAnAdjustment> {
        let fits = (1..=Self::MOST).contains(&credits.unsigned_abs());
        if fits { Ok(Self { credits, reason }) } else { Err(NotAnAdjustment) }
    }

    /// How many, with a minus where they are taken; never 0.
    pub fn credits(&self) -> i64 {
        self.credits
    }

    /// Why.
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// Where somebody would stand after it; `None` where more would be taken than is there.
    pub fn after(&self, before: Position) -> Option<Position> {
        let sum = match before {
            Position::Has(credits) => i64::try_from(credits).ok()?,
            Position::Owes(credits) => 0_i64.checked_sub_unsigned(credits)?,
        };
        let sum = sum.checked_add(self.credits)?;
        (self.credits > 0 || sum >= 0).then(|| Position::of_sum(sum))
    }
}

/// Why credits were given or taken by hand: 1 to 200 characters of any script, on one line. Their holder reads it, and it
/// is kept for as long as the ledger, so it is to name nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);

/// The text is no [`Reason`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a reason of 1 to {} characters, without line breaks", Reason::MAX_CHARS)]
pub struct NotAReason;

impl Reason {
    /// Longest reason, characters.
    pub const MAX_CHARS: usize = 200;

    /// The reason as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Reason {
    type Err = NotAReason;

    fn from_str(text: &str) -> Result<Self, NotAReason> {
        let text = text.trim();
        let fits = (1..=Self::MAX_CHARS).contains(&text.chars().take(Self::MAX_CHARS + 1).count());
        let one_line = !text.chars().any(|c| c.is_control() || redirects(c));
        if fits && one_line { Ok(Self(text.to_owned())) } else { Err(NotAReason) }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(credits: i64) -> Result<Adjustment, NotAnAdjustment> {
        Adjustment::new(credits, "a test".parse().unwrap())
    }

    #[test]
    fn so_many_are_given_or_taken_and_no_more() {
        for credits in [1, -1, 10_000, -10_000] {
            assert_eq!(of(credits).unwrap().credits(), credits);
        }
        for credits in [0, 10_001, -10_001, i64::MIN, i64::MAX] {
            assert_eq!(of(credits), Err(NotAnAdjustment), "{credits}");
        }
    }

    #[test]
    fn no_more_is_taken_than_is_there_and_what_is_owed_is_given_first() {
        let after = |before, credits| of(credits).unwrap().after(before);
        assert_eq!(after(Position::Has(3), -3), Some(Position::Has(0)));
        assert_eq!(after(Position::Has(3), -4), None);
        assert_eq!(after(Position::Owes(2), 1), Some(Position::Owes(1)));
        assert_eq!(after(Position::Owes(2), 5), Some(Position::Has(3)));
        assert_eq!(after(Position::Owes(2), -1), None, "nobody is pushed further down by hand");
        assert_eq!(after(Position::Has(u64::MAX), 1), None);
    }

    #[test]
    fn a_reason_is_one_visible_line() {
        assert_eq!(" the upload broke 💥 ".parse::<Reason>().unwrap().as_str(), "the upload broke 💥");
        for bad in ["", " ", "a\nb", "a\u{202e}b", &"x".repeat(201)] {
            assert_eq!(bad.parse::<Reason>(), Err(NotAReason), "{bad:?}");
        }
    }
}
