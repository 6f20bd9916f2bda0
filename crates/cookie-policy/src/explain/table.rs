//! The policy page's tables: one for each category, a row for each item.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::decide::{Consent, Ground, Reason, Standing};
use crate::declare::{Access, BROWSER_CAP_S, Category, DAY_S, Declaration, Kind, Life, Party, Registry};

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Minutes.
    Minutes,
    /// Hours.
    Hours,
    /// Days.
    Days,
    /// Years of 365 days.
    Years,
}

/// A span of time in the unit in which people say it: 24 hours, 7 days, 2 years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Amount {
    /// How many.
    pub count: u32,
    /// Of what.
    pub unit: Unit,
}

impl Amount {
    /// The largest unit that measures the span without a rest. A single day is 24 hours.
    pub const fn of_seconds(seconds: u32) -> Self {
        const YEAR_S: u32 = 365 * DAY_S;
        let (unit, unit_s) = if seconds > 0 && seconds.is_multiple_of(YEAR_S) {
            (Unit::Years, YEAR_S)
        } else if seconds > DAY_S && seconds.is_multiple_of(DAY_S) {
            (Unit::Days, DAY_S)
        } else if seconds > 0 && seconds.is_multiple_of(3600) {
            (Unit::Hours, 3600)
        } else if seconds > 0 && seconds.is_multiple_of(60) {
            (Unit::Minutes, 60)
        } else {
            (Unit::Seconds, 1)
        };
        Self { count: seconds / unit_s, unit }
    }
}

/// A language's words. `{}` in a text is where a name or an amount goes.
///
/// The keys: `category.<category>` and `category.<category>.about`, `item.<name>` (what the item does),
/// `purpose.<purpose>`, `kind.<kind>`, `access.<access>`, `party.first`, `party.processor` and `party.third` (with `{}`),
/// `life.session`, `life.persistent` and `life.session-or` (with `{}`), `life.capped` (with `{}`: what browsers make of
/// it), `state.<standing>`. [`missing`] lists those that a registry needs and a language lacks.
pub trait Texts {
    /// The text for a key.
    fn text(&self, key: &str) -> Option<Cow<'_, str>>;

    /// An amount in words, with the plural that the language gives it.
    fn amount(&self, amount: Amount) -> String;
}

/// A language lacks a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the language has no text for {0:?}; add it, or find all such keys with `missing`")]
pub struct MissingText(pub String);

/// One item as the policy page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The literal name.
    pub name: &'static str,
    /// What it does.
    pub about: String,
    /// Its purposes, in words.
    pub purposes: Vec<String>,
    /// Cookie, local storage, session storage.
    pub kind: String,
    /// How long it stays.
    pub life: String,
    /// What browsers make of it, where they keep it for less than is declared.
    pub capped: Option<String>,
    /// Who stores it, and for whom.
    pub party: String,
    /// Whether scripts can read it.
    pub access: String,
    /// What holds in the visitor's browser now, where the page knows the visitor.
    pub state: Option<State>,
}

/// What holds for an item in one visitor's browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Whether it may be stored, and why.
    pub standing: Standing,
    /// The same in words.
    pub text: String,
}

/// One category as the policy page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The category.
    pub category: Category,
    /// Its heading.
    pub heading: String,
    /// What the category is for.
    pub about: String,
    /// Its items, in the registry's order.
    pub rows: Vec<Row>,
}

/// The tables of the policy page, in the order of [`Category::ALL`], without empty ones.
///
/// # Errors
/// [`MissingText`] for the first key that the language lacks.
pub fn tables(
    registry: &'static Registry,
    texts: &impl Texts,
    consent: Option<&Consent>,
) -> Result<Vec<Table>, MissingText> {
    let words = Words(texts);
    let mut tables = Vec::new();
    for category in Category::ALL {
        let items = registry.items().iter().filter(|item| item.category == category);
        let rows = items.map(|item| words.row(item, consent)).collect::<Result<Vec<_>, _>>()?;
        if !rows.is_empty() {
            let [heading, about] = category_keys(category);
            tables.push(Table { category, heading: words.get(&heading)?, about: words.get(&about)?, rows });
        }
    }
    Ok(tables)
}

/// The keys for which the language has no text, though the registry needs them; sorted. A test for each language keeps
/// it empty.
pub fn missing(registry: &Registry, texts: &impl Texts) -> Vec<String> {
    let mut keys = BTreeSet::new();
    for item in registry.items() {
        keys.extend(category_keys(item.category));
        keys.extend(item.spec.purposes.iter().map(|purpose| purpose_key(purpose)));
        keys.extend([item_key(item), kind_key(item.kind), access_key(item.spec.access)]);
        keys.extend([party_key(item.spec.party).0.into(), life_key(item.spec.life).0.into()]);
        if capped_s(item.spec.life).is_some() {
            keys.insert(CAPPED.into());
        }
    }
    keys.extend(standings().map(|standing| state_key(standing).to_owned()));
    keys.into_iter().filter(|key| texts.text(key).is_none()).collect()
}

const CAPPED: &str = "life.capped";

fn category_keys(category: Category) -> [String; 2] {
    let name = category.as_str();
    [format!("category.{name}"), format!("category.{name}.about")]
}

fn item_key(item: &Declaration) -> String {
    format!("item.{}", item.name)
}

fn purpose_key(purpose: &str) -> String {
    format!("purpose.{purpose}")
}

fn kind_key(kind: Kind) -> String {
    match kind {
        Kind::Cookie => "kind.cookie",
        Kind::LocalStorage => "kind.local-storage",
        Kind::SessionStorage => "kind.session-storage",
    }
    .to_owned()
}

fn access_key(access: Access) -> String {
    match access {
        Access::HttpOnly => "access.http-only",
        Access::Script => "access.script",
    }
    .to_owned()
}

fn party_key(party: Party) -> (&'static str, &'static str) {
    match party {
        Party::First => ("party.first", ""),
        Party::Processor(who) => ("party.processor", who),
        Party::Third(who) => ("party.third", who),
    }
}

fn life_key(life: Life) -> (&'static str, Option<u32>) {
    match life {
        Life::Session => ("life.session", None),
        Life::Persistent { seconds } => ("life.persistent", Some(seconds)),
        Life::SessionOr { seconds } => ("life.session-or", Some(seconds)),
    }
}

fn capped_s(life: Life) -> Option<u32> {
    life.longest_s().filter(|&seconds| seconds > BROWSER_CAP_S).map(|_| BROWSER_CAP_S)
}

fn state_key(standing: Standing) -> &'static str {
    match standing {
        Standing::Agreed(Ground::Essential) => "state.essential",
        Standing::Agreed(Ground::AcceptedAll) => "state.accepted-all",
        Standing::Agreed(Ground::Named) => "state.named",
        Standing::Agreed(Ground::NamedDespiteSignal) => "state.named-despite-signal",
        Standing::Withheld(Reason::Undecided) => "state.undecided",
        Standing::Withheld(Reason::ChangedSince) => "state.changed-since",
        Standing::Withheld(Reason::BlockedAll) => "state.blocked-all",
        Standing::Withheld(Reason::NotSelected) => "state.not-selected",
        Standing::Withheld(Reason::Signal) => "state.signal",
        Standing::Withheld(Reason::Unanswered) => "state.unanswered",
        Standing::Withheld(Reason::NotNow) => "state.not-now",
        Standing::Withheld(Reason::Never) => "state.never",
    }
}

fn standings() -> impl Iterator<Item = Standing> {
    let grounds = [Ground::Essential, Ground::AcceptedAll, Ground::Named, Ground::NamedDespiteSignal];
    let reasons = [
        Reason::Undecided,
        Reason::ChangedSince,
        Reason::BlockedAll,
        Reason::NotSelected,
        Reason::Signal,
        Reason::Unanswered,
        Reason::NotNow,
        Reason::Never,
    ];
    grounds.into_iter().map(Standing::Agreed).chain(reasons.into_iter().map(Standing::Withheld))
}

struct Words<'t, T>(&'t T);

impl<T: Texts> Words<'_, T> {
    fn get(&self, key: &str) -> Result<String, MissingText> {
        self.0.text(key).map(Cow::into_owned).ok_or_else(|| MissingText(key.to_owned()))
    }

    fn filled(&self, key: &str, with: &str) -> Result<String, MissingText> {
        Ok(self.get(key)?.replace("{}", with))
    }

    fn timed(&self, key: &str, seconds: Option<u32>) -> Result<String, MissingText> {
        self.filled(key, &seconds.map(|s| self.0.amount(Amount::of_seconds(s))).unwrap_or_default())
    }

    fn row(&self, item: &Declaration, consent: Option<&Consent>) -> Result<Row, MissingText> {
        let spec = &item.spec;
        let (life, seconds) = life_key(spec.life);
        let (party, who) = party_key(spec.party);
        let state = consent.map(|consent| consent.standing(item)).map(|standing| {
            let text = self.get(state_key(standing))?;
            Ok(State { standing, text })
        });
        Ok(Row {
            name: item.name,
            about: self.get(&item_key(item))?,
            purposes: spec.purposes.iter().map(|purpose| self.get(&purpose_key(purpose))).collect::<Result<_, _>>()?,
            kind: self.get(&kind_key(item.kind))?,
            life: self.timed(life, seconds)?,
            capped: capped_s(spec.life).map(|cap| self.timed(CAPPED, Some(cap))).transpose()?,
            party: self.filled(party, who)?,
            access: self.get(&access_key(spec.access))?,
            state: state.transpose()?,
        })
    }
}
