//! What changed between two versions of a policy, and whether visitors have to be told and asked again.

use std::fmt;

use super::document::{DocumentItem, DocumentParty, PolicyDocument};
use crate::declare::{Category, Life};

/// One change of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new item. One that moved between cookie and web storage is new where it is now.
    Added,
    /// An item that is no longer there.
    Removed,
    /// It stays longer.
    LivesLonger(Life, Life),
    /// It stays as long or shorter, but differently.
    LivesOtherwise(Life, Life),
    /// Somebody new has to do with it.
    NewParty(DocumentParty, DocumentParty),
    /// Nobody but the site has to do with it any more.
    BackToFirstParty,
    /// Its category changed.
    Category(Category, Category),
    /// Its purposes changed.
    Purposes,
    /// Something else changed: who can read it, with which requests it is sent.
    Attributes,
}

impl Change {
    /// Whether visitors are told and asked again: for a new item, a longer life, a new party or another category.
    pub const fn is_significant(&self) -> bool {
        matches!(self, Self::Added | Self::LivesLonger(..) | Self::NewParty(..) | Self::Category(..))
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added => f.write_str("added"),
            Self::Removed => f.write_str("removed"),
            Self::LivesLonger(from, to) => write!(f, "lives longer: {from} became {to}"),
            Self::LivesOtherwise(from, to) => write!(f, "lives otherwise: {from} became {to}"),
            Self::NewParty(from, to) => write!(f, "has a new party: {from} became {to}"),
            Self::BackToFirstParty => f.write_str("is the site's alone"),
            Self::Category(from, to) => write!(f, "changed category: {} became {}", from.as_str(), to.as_str()),
            Self::Purposes => f.write_str("changed purposes"),
            Self::Attributes => f.write_str("changed attributes"),
        }
    }
}

impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session => f.write_str("session"),
            Self::Persistent { seconds } => write!(f, "{seconds} s"),
            Self::SessionOr { seconds } => write!(f, "session or {seconds} s"),
        }
    }
}

impl fmt::Display for DocumentParty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First {} => f.write_str("first"),
            Self::Processor { name } => write!(f, "first for {name}"),
            Self::Third { name } => write!(f, "third {name}"),
        }
    }
}

/// The changes from one version to another, each with the item's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diff {
    /// The changes: those of present items in their order, then those that were removed.
    pub changes: Vec<(String, Change)>,
    /// Present items whose change is significant but whose `since` is not the new version, so that an old agreement
    /// would wrongly cover them. Empty in a policy that is ready to publish.
    pub since_not_raised: Vec<String>,
}

impl Diff {
    /// Whether visitors are told and asked again. Otherwise the change log is enough.
    pub fn is_significant(&self) -> bool {
        self.changes.iter().any(|(_, change)| change.is_significant())
    }
}

/// Compares two versions of a policy.
pub fn diff(old: &PolicyDocument, new: &PolicyDocument) -> Diff {
    let mut changes = Vec::new();
    let mut since_not_raised = Vec::new();
    let same = |a: &DocumentItem, b: &DocumentItem| a.name == b.name && a.kind == b.kind;
    for item in &new.items {
        let found = match old.items.iter().find(|before| same(before, item)) {
            Some(before) => compare(before, item),
            None => vec![Change::Added],
        };
        if found.iter().any(Change::is_significant) && item.since <= old.version {
            since_not_raised.push(item.name.clone());
        }
        changes.extend(found.into_iter().map(|change| (item.name.clone(), change)));
    }
    let removed = old.items.iter().filter(|before| !new.items.iter().any(|item| same(before, item)));
    changes.extend(removed.map(|before| (before.name.clone(), Change::Removed)));
    Diff { changes, since_not_raised }
}

fn compare(old: &DocumentItem, new: &DocumentItem) -> Vec<Change> {
    let mut changes = Vec::new();
    // `None`, the session, sorts below every number of seconds.
    if new.life.longest_s() > old.life.longest_s() {
        changes.push(Change::LivesLonger(old.life, new.life));
    } else if new.life != old.life {
        changes.push(Change::LivesOtherwise(old.life, new.life));
    }
    if new.party != old.party {
        changes.push(match &new.party {
            DocumentParty::First {} => Change::BackToFirstParty,
            party => Change::NewParty(old.party.clone(), party.clone()),
        });
    }
    if new.category != old.category {
        changes.push(Change::Category(old.category, new.category));
    }
    if new.purposes != old.purposes {
        changes.push(Change::Purposes);
    }
    if (new.access, new.same_site, &new.path) != (old.access, old.same_site, &old.path) {
        changes.push(Change::Attributes);
    }
    changes
}
