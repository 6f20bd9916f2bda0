//! The policy in words and in JSON, made from the registry that is enforced.
//!
//! No wording is here: a site brings its own in as many languages as it speaks, and [`missing`] says what it forgot.

mod diff;
mod document;
mod table;

pub use diff::{Change, Diff, diff};
pub use document::{DocumentItem, DocumentParty, PolicyDocument, SCHEMA};
pub use table::{Amount, MissingText, Row, State, Table, Texts, Unit, missing, tables};
