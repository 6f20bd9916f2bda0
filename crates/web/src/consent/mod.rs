//! What visitors are told and asked about cookies: the bar at the top of a page, the words, the published versions.
//!
//! Not here: what may be stored ([`crate::registry`]), what is allowed (`cookie-policy` decides and enforces), and the
//! pages and forms with their addresses ([`crate::routes::cookies`]).

mod back;
mod bar;
pub(crate) mod documents;
mod interstitial;
mod purposes;
pub(crate) mod texts;

pub(crate) use back::Back;
pub(crate) use bar::{Asked, Bar, choice_name, signal_names};
pub(crate) use interstitial::{Need, interstitial};
pub(crate) use purposes::served_by;
