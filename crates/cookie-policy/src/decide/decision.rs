//! A visitor's decision as a value.

use serde::{Deserialize, Serialize};
use time::Date;

use super::Signal;
use crate::declare::{Declaration, ItemId};

/// What the visitor chose on the first layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// Everything that the policy lists, save what a signal holds back.
    AcceptAll,
    /// Nothing at all but the cookie that remembers this.
    BlockAll,
    /// The essential ones and those that are named. With none named it is 'essential only'.
    Selective,
    /// The essential ones; every other one is asked for when it is needed.
    Prompt,
}

/// The visitor's answer for one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Yes.
    Allow,
    /// No for now; asked again after [`NOT_NOW_DAYS`].
    NotNow,
    /// No; not asked again while the decision lasts.
    Never,
}

/// How many days a 'not now' holds.
pub const NOT_NOW_DAYS: u16 = 7;

/// Whether the visitor, when saying yes, was told that the browser's signal says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// The page said nothing of a signal.
    Nothing,
    /// The page said that the browser asks not to be measured, and that this yes overrides it for the named item.
    OfSignal,
}

/// What is known of one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Mark {
    /// It was withheld, and its question waits to be shown.
    Asked,
    Allowed {
        despite_signal: bool,
    },
    NotNow,
    Never,
}

/// One item's mark, with the policy and day that it was made under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Note {
    pub(crate) item: ItemId,
    pub(crate) mark: Mark,
    pub(crate) policy: u16,
    pub(crate) day: Day,
}

/// Days since 1970-01-01.
///
/// A decision is dated to the day, not the second: two visitors who choose alike on one day hold the same cookie, so it
/// cannot tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Day(pub(crate) u16);

const EPOCH_JULIAN_DAY: i32 = 2_440_588;

impl Day {
    /// Dates outside 1970 to 2149 are moved to the nearer end.
    pub(crate) fn from_date(date: Date) -> Self {
        let days = date.to_julian_day().saturating_sub(EPOCH_JULIAN_DAY);
        Self(days.clamp(0, i32::from(u16::MAX)) as u16)
    }

    pub(crate) fn to_date(self) -> Date {
        Date::from_julian_day(EPOCH_JULIAN_DAY + i32::from(self.0)).expect("1970 to 2149 are years of the calendar")
    }

    /// Whole days from `self` to `later`; 0 where `later` is earlier.
    pub(crate) fn until(self, later: Self) -> u16 {
        later.0.saturating_sub(self.0)
    }
}

/// What a visitor decided: choice, policy version, day, signal and the answers for single items. No identifier.
///
/// Made by [`Consent`](super::Consent), which knows what may be decided; read from the consent cookie by the layer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decision {
    pub(crate) choice: Choice,
    pub(crate) policy: u16,
    pub(crate) day: Day,
    pub(crate) signal: Signal,
    /// Sorted by item, one for each at most.
    pub(crate) notes: Vec<Note>,
}

impl Decision {
    /// The choice on the first layer.
    pub const fn choice(&self) -> Choice {
        self.choice
    }

    /// The version of the policy that the visitor was shown.
    pub const fn policy_version(&self) -> u16 {
        self.policy
    }

    /// The day of the choice, in UTC.
    pub fn date(&self) -> Date {
        self.day.to_date()
    }

    /// The browser's signal at the time.
    pub const fn signal(&self) -> Signal {
        self.signal
    }

    /// What is known of an item. Most decisions know nothing of any, which is worth no arithmetic.
    pub(crate) fn note_on(&self, item: &Declaration) -> Option<&Note> {
        if self.notes.is_empty() { None } else { self.note(item.id()) }
    }

    pub(crate) fn note(&self, item: ItemId) -> Option<&Note> {
        self.notes.binary_search_by_key(&item, |note| note.item).ok().map(|i| &self.notes[i])
    }

    pub(crate) fn put(&mut self, note: Note) {
        match self.notes.binary_search_by_key(&note.item, |note| note.item) {
            Ok(i) => self.notes[i] = note,
            Err(i) => self.notes.insert(i, note),
        }
    }
}
