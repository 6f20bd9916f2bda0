//! What a browser sees: routes, pages, and the bundle of scripts and styles.
//!
//! [`app`] makes one finished service of it, wrapped outermost by the cookie policy; [`serve`] puts it on an address.
//! A use case is a file under `routes`: it parses, acts on the store, and answers.
//!
//! Not here: what is done to a track (the worker sends it down the pipeline), SQL, and any `Set-Cookie` header: the
//! [`registry`] declares the site's cookies, and `cookie-policy` alone writes them.

mod analytics;
mod app;
mod assets;
mod blob;
mod choices;
mod config;
mod consent;
mod csrf;
mod extras;
mod history;
mod language;
mod mails;
mod notices;
mod operator;
mod page;
mod patience;
mod patterns;
mod preferences;
mod proxies;
pub mod registry;
mod report;
mod routes;
mod serve;
mod stages;
mod throttle;
mod till;
mod uploads;
mod usage;
mod visit;
mod visitor;
mod waveform;
mod wishes;
mod words;

pub use analytics::Analytics;
pub use app::{App, app, patterns};
pub use config::{Config, ConfigError, Limits, Site};
pub use notices::PolicyNotice;
pub use operator::{OperatorToken, ShortToken};
pub use proxies::{NotAProxy, Proxies};
pub use routes::account::letters::{NotWritten, factors_removed, farewell, invitation};
pub use serve::{ServeError, serve};
pub use till::Till;
