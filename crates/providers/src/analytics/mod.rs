//! A relay of events to Google Analytics 4, over the Measurement Protocol.
//!
//! The server speaks to Google, the visitor's browser never does: no script, no address, no user agent of theirs is
//! passed on. [`Relay`] owns a bounded queue and a task that empties it; [`Outbox::send`] puts an event into it or,
//! when it is full, drops and counts it. A dead endpoint therefore costs the events and nothing else.
//!
//! Google answers 2xx whatever it makes of an event, so an event that breaks a limit would be lost without a word. The
//! limits are in the types instead: [`EventName`], [`ParamName`], [`Text`], [`Event`], [`ClientId`].
//!
//! Sources: "Measurement Protocol reference" and "Send Measurement Protocol events" at developers.google.com, "Event
//! collection limits" at support.google.com (answer 9267744).
//!
//! Not here: whether a visitor agreed, and the cookies that hold the ids (the site does both); proxies between this
//! host and Google.

mod batch;
mod config;
mod event;
mod ids;
mod post;
mod relay;

pub use config::{ConfigError, EU_BASE_URL, Ga4, WORLD_BASE_URL};
pub use event::{
    BadName, Event, EventName, MAX_PARAMS, PageLocation, PageReferrer, PageTitle, ParamName, Text, TooLong, TooMany,
};
pub use ids::{BadId, ClientId, SessionId};
pub use relay::{Outbox, Relay, RelayOptions, Tally};
