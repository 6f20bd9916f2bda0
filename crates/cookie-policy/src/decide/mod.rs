//! What a visitor agreed to: pure functions of registry, decision, signal and day.
//!
//! The order of precedence, from the strongest:
//!
//! 1. The consent cookie itself is always agreed to; without it a refusal could not be remembered.
//! 2. An answer for one named item, given to a policy that already had the item as it is now. A yes to an analytics item
//!    counts against `DNT` or `Sec-GPC` only where the visitor had been told of the signal when saying it.
//! 3. The signal: no analytics, whatever Accept All said, before or after.
//! 4. The choice on the first layer.
//! 5. Without a decision: the essential items only, and those once a feature needs them.
//!
//! No header is read or written here, and no clock: the day is an argument.

mod decision;
mod signal;
mod wire;

pub use decision::{Answer, Choice, Decision, NOT_NOW_DAYS, Told};
pub use signal::Signal;

pub(crate) use decision::{Day, Mark, Note};

use serde::{Deserialize, Serialize};
use time::Date;

use crate::declare::{Category, Declaration, ItemId, MEMORY_DAYS, Registry};

/// Whether an item may be stored, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "standing", content = "why")]
pub enum Standing {
    /// It may.
    Agreed(Ground),
    /// It may not.
    Withheld(Reason),
}

impl Standing {
    /// Whether the item may be stored.
    pub const fn is_agreed(self) -> bool {
        matches!(self, Self::Agreed(_))
    }
}

/// Why an item may be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ground {
    /// It is essential, and not everything is blocked.
    Essential,
    /// Accept All covers it.
    AcceptedAll,
    /// The visitor said yes to it by name.
    Named,
    /// The visitor said yes to it by name, knowing that the browser's signal says no.
    NamedDespiteSignal,
}

/// Why an item may not be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The visitor has not decided yet.
    Undecided,
    /// The item is new, or changed, since the visitor decided.
    ChangedSince,
    /// Block All.
    BlockedAll,
    /// It was not among those selected.
    NotSelected,
    /// `DNT` or `Sec-GPC` says no.
    Signal,
    /// The visitor wants to be asked, and has not answered.
    Unanswered,
    /// The visitor said 'not now'.
    NotNow,
    /// The visitor said 'never'.
    Never,
}

/// Why the visitor has to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MustAsk {
    /// There is no decision: a first visit, one that is older than [`MEMORY_DAYS`], or an unreadable cookie.
    NoDecision,
    /// The policy changed significantly after the version that the visitor saw.
    PolicyChanged {
        /// The version that the visitor decided on.
        seen: u16,
    },
}

/// An answer that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No such item.
    #[error("the policy declares no item named {0:?}; name one that it lists")]
    Undeclared(String),
    /// Essential items are not asked for one by one.
    #[error("{0} is essential: it is blocked with everything else, or not at all")]
    Essential(&'static str),
    /// The browser's signal says no, and the visitor had not been told.
    #[error("the browser asks not to be measured: say so beside {0} before taking a yes, and pass `Told::OfSignal`")]
    SignalNotTold(&'static str),
}

/// A visitor's standing at one moment: the site's registry, the decision if there is one, the browser's signal, the day.
#[derive(Clone, Debug)]
pub struct Consent {
    registry: &'static Registry,
    decision: Option<Decision>,
    signal: Signal,
    today: Day,
}

impl Consent {
    /// Puts the parts together. A decision older than [`MEMORY_DAYS`], or dated after tomorrow, counts as none.
    pub fn new(registry: &'static Registry, decision: Option<Decision>, signal: Signal, today: Date) -> Self {
        let today = Day::from_date(today);
        let decision = decision.filter(|d| d.day.until(today) <= MEMORY_DAYS && today.until(d.day) <= 1);
        Self { registry, decision, signal, today }
    }

    /// The site's declared items.
    pub const fn registry(&self) -> &'static Registry {
        self.registry
    }

    /// The decision that counts, if any.
    pub const fn decision(&self) -> Option<&Decision> {
        self.decision.as_ref()
    }

    /// What the browser says now.
    pub const fn signal(&self) -> Signal {
        self.signal
    }

    /// The day in question, in UTC.
    pub fn today(&self) -> Date {
        self.today.to_date()
    }

    /// The same moment after another decision.
    #[must_use]
    pub fn with(&self, decision: Option<Decision>) -> Self {
        Self { decision, ..self.clone() }
    }

    /// Whether an item may be stored now, and why.
    pub fn standing(&self, item: &Declaration) -> Standing {
        use Standing::{Agreed, Withheld};
        let essential = item.category == Category::Essential;
        if item.is_consent() {
            return Agreed(Ground::Essential);
        }
        let Some(decision) = &self.decision else {
            return if essential { Agreed(Ground::Essential) } else { Withheld(Reason::Undecided) };
        };
        if essential {
            let blocked = decision.choice == Choice::BlockAll;
            return if blocked { Withheld(Reason::BlockedAll) } else { Agreed(Ground::Essential) };
        }
        let measures = item.category == Category::Analytics;
        let signal = measures && self.signal.is_on();
        let seen = |policy: u16| policy >= item.spec.since;
        match decision.note_on(item).filter(|note| seen(note.policy)) {
            Some(Note { mark: Mark::Allowed { despite_signal: true }, .. }) if measures => {
                return Agreed(Ground::NamedDespiteSignal);
            }
            Some(Note { mark: Mark::Allowed { .. }, .. }) => {
                return if signal { Withheld(Reason::Signal) } else { Agreed(Ground::Named) };
            }
            Some(Note { mark: Mark::Never, .. }) => return Withheld(Reason::Never),
            Some(Note { mark: Mark::NotNow, day, .. }) if day.until(self.today) < NOT_NOW_DAYS => {
                return Withheld(Reason::NotNow);
            }
            _ => {}
        }
        match decision.choice {
            Choice::BlockAll => Withheld(Reason::BlockedAll),
            _ if measures && (signal || decision.signal.is_on()) => Withheld(Reason::Signal),
            Choice::Prompt => Withheld(Reason::Unanswered),
            _ if !seen(decision.policy) => Withheld(Reason::ChangedSince),
            Choice::AcceptAll => Agreed(Ground::AcceptedAll),
            Choice::Selective => Withheld(Reason::NotSelected),
        }
    }

    /// Whether the visitor has to be asked, and why.
    pub fn must_ask(&self) -> Option<MustAsk> {
        let Some(decision) = &self.decision else {
            return Some(MustAsk::NoDecision);
        };
        let unseen = self.registry.items().iter().any(|item| {
            decision.note_on(item).map_or(decision.policy, |note| note.policy.max(decision.policy)) < item.spec.since
        });
        unseen.then_some(MustAsk::PolicyChanged { seen: decision.policy })
    }

    /// The items whose question waits to be shown, in the registry's order.
    pub fn asked(&self) -> impl Iterator<Item = &'static Declaration> {
        let registry = self.registry;
        registry.items().iter().filter(move |item| self.is_asked(item.id()))
    }

    pub(crate) fn is_asked(&self, item: ItemId) -> bool {
        let Some(declaration) = self.registry.by_id(item) else {
            return false;
        };
        let note = self.decision.as_ref().and_then(|d| d.note(item));
        note.is_some_and(|n| n.mark == Mark::Asked)
            && self.standing(declaration) == Standing::Withheld(Reason::Unanswered)
    }

    fn decide(&self, choice: Choice) -> Decision {
        let (policy, day, signal) = (self.registry.version(), self.today, self.signal);
        Decision { choice, policy, day, signal, notes: Vec::new() }
    }

    /// Accept All.
    pub fn accept_all(&self) -> Decision {
        self.decide(Choice::AcceptAll)
    }

    /// Block All.
    pub fn block_all(&self) -> Decision {
        self.decide(Choice::BlockAll)
    }

    /// The essential items and no other.
    pub fn essential_only(&self) -> Decision {
        self.decide(Choice::Selective)
    }

    /// Ask for each one when it is needed.
    pub fn prompt(&self) -> Decision {
        self.decide(Choice::Prompt)
    }

    /// The essential items and the named ones. Naming an essential one changes nothing.
    ///
    /// # Errors
    /// [`Refused::Undeclared`] for a name that the registry does not list; [`Refused::SignalNotTold`] for an analytics
    /// item under a signal, where the page did not say so.
    pub fn selective<'n>(&self, names: impl IntoIterator<Item = &'n str>, told: Told) -> Result<Decision, Refused> {
        let mut decision = self.decide(Choice::Selective);
        for name in names {
            let item = self.registry.find(name).ok_or_else(|| Refused::Undeclared(name.to_owned()))?;
            if item.category != Category::Essential {
                decision.put(self.note(item, self.yes(item, told)?));
            }
        }
        Ok(decision)
    }

    /// The present decision with an answer for one item. Without a decision, answering is choosing to be asked.
    ///
    /// # Errors
    /// As [`selective`](Self::selective); [`Refused::Essential`] for an essential item.
    pub fn answer(&self, name: &str, answer: Answer, told: Told) -> Result<Decision, Refused> {
        let item = self.registry.find(name).ok_or_else(|| Refused::Undeclared(name.to_owned()))?;
        if item.category == Category::Essential {
            return Err(Refused::Essential(item.name));
        }
        let mark = match answer {
            Answer::Allow => self.yes(item, told)?,
            Answer::NotNow => Mark::NotNow,
            Answer::Never => Mark::Never,
        };
        let mut decision = self.decision.clone().unwrap_or_else(|| self.prompt());
        decision.put(self.note(item, mark));
        Ok(decision)
    }

    /// The present decision with the item's question queued; `None` where there is nothing to queue.
    pub(crate) fn ask(&self, item: &Declaration) -> Option<Decision> {
        let open = self.standing(item) == Standing::Withheld(Reason::Unanswered) && !self.is_asked(item.id());
        let mut decision = self.decision.clone().filter(|_| open)?;
        decision.put(self.note(item, Mark::Asked));
        Some(decision)
    }

    fn yes(&self, item: &Declaration, told: Told) -> Result<Mark, Refused> {
        let against = item.category == Category::Analytics && self.signal.is_on();
        if against && told == Told::Nothing {
            return Err(Refused::SignalNotTold(item.name));
        }
        Ok(Mark::Allowed { despite_signal: against })
    }

    fn note(&self, item: &Declaration, mark: Mark) -> Note {
        Note { item: item.id(), mark, policy: self.registry.version(), day: self.today }
    }
}
