//! Questions for single items: what a page shows where a visitor is asked.
//!
//! A question outlives a redirect: the consent cookie remembers that it waits, because nothing else may.

use crate::decide::Consent;
use crate::declare::{Category, Declaration, Kind, Life, Party};

/// A question for one item, with everything that an honest page says about it. The words are the site's.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// The item's literal name.
    pub name: &'static str,
    /// Where it is kept.
    pub kind: Kind,
    /// Its category.
    pub category: Category,
    /// The keys of its purposes.
    pub purposes: &'static [&'static str],
    /// How long it stays.
    pub life: Life,
    /// Who stores it, and for whom.
    pub party: Party,
    /// The browser's signal says no to it: the page has to say so before it takes a yes, and to pass
    /// [`Told::OfSignal`](crate::Told::OfSignal) with it.
    pub against_signal: bool,
}

impl Question {
    fn about(item: &Declaration, consent: &Consent) -> Self {
        let spec = &item.spec;
        Self {
            name: item.name,
            kind: item.kind,
            category: item.category,
            purposes: spec.purposes,
            life: spec.life,
            party: spec.party,
            against_signal: item.category == Category::Analytics && consent.signal().is_on(),
        }
    }
}

impl Consent {
    /// The questions that wait: items that were withheld since the visitor chose to be asked. Answer each one with
    /// [`answer`](Self::answer).
    pub fn questions(&self) -> Vec<Question> {
        self.asked().map(|item| Question::about(item, self)).collect()
    }

    /// The question for one item, waiting or not, as a settings page asks it. `None` for essential items, which are not
    /// asked for one by one, and for names that are not declared.
    pub fn question(&self, name: &str) -> Option<Question> {
        let item = self.registry().find(name).filter(|item| item.category != Category::Essential)?;
        Some(Question::about(item, self))
    }
}
