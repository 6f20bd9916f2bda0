//! A cookie policy that runs: what is declared here is what the policy page lists and what the server enforces.
//!
//! - *Declare* ([`declare!`], [`registry!`]): each cookie and web-storage item is a type with a name, category, purposes,
//!   life, party and attributes.
//! - *Decide* ([`Consent`]): what a visitor agreed to, from their [`Decision`] and their browser's [`Signal`].
//! - *Enforce* ([`PolicyLayer`], [`Jar`]): a tower layer that lets nothing in or out that is not declared and agreed to.
//! - *Prompt* ([`Question`]): what was withheld from a visitor who wants to be asked, ready to be shown.
//! - *Explain* ([`tables`], [`PolicyDocument`], [`diff`]): the policy page, the policy as JSON, what a new version changed.
//! - *Prove* ([`Receipt`], [`LedgerEntry`]): evidence of a decision, without a word about who decided.
//!
//! There is no I/O, no clock and no randomness in it, no page and no wording, and no knowledge of the site that uses it.
//!
#![doc = include_str!("../README.md")]

mod decide;
mod declare;
mod enforce;
mod explain;
mod key;
mod prompt;
mod prove;

pub use decide::{
    Answer, Choice, Consent, Decision, Ground, MustAsk, NOT_NOW_DAYS, Reason, Refused, Signal, Standing, Told,
};
pub use declare::{
    Access, Analytics, BROWSER_CAP_S, CONSENT_COOKIE, Category, Cookie, CookieConsent, Declaration, Declared,
    Essential, Functional, InCategory, Kind, Life, MAX_ITEMS, MEMORY_DAYS, Party, Registry, SameSite, Spec, entry,
};
#[cfg(feature = "axum")]
pub use enforce::NoLayer;
pub use enforce::{
    BadValue, Clock, Granted, Jar, Mode, PolicyLayer, PolicyService, ResponseFuture, Value, Violation, Withheld,
};
pub use explain::{
    Amount, Change, Diff, DocumentItem, DocumentParty, MissingText, PolicyDocument, Row, SCHEMA, State, Table, Texts,
    Unit, diff, missing, tables,
};
pub use key::{Key, ShortKey};
pub use prompt::Question;
pub use prove::{BadReceipt, LedgerEntry, Receipt, Record, RecordItem, Signed, TextsHash};
