//! The project's public keys, as they were last fetched.
//!
//! They are fetched when they are first needed, when they are old, and when a token names one that is not among them, for
//! keys are exchanged without notice. A token with an invented name costs one request in a while, however many come.
//! While the service is down, those that are here go on to count.

use std::time::Duration;

use http::Method;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::config::Config;
use super::http::{As, Http};
use super::token::Keys;

/// The service says so itself, in `Cache-Control`.
const FRESH_FOR: Duration = Duration::from_mins(10);
/// Keys that nobody could confirm for so long count no more.
const GOOD_FOR: Duration = Duration::from_hours(24);
/// No more often than this are they fetched, whatever tokens say.
const NOT_BEFORE: Duration = Duration::from_secs(30);
const PATH: &str = "/.well-known/jwks.json";

#[derive(Default)]
struct Held {
    keys: Keys,
    fetched_at: Option<Instant>,
    tried_at: Option<Instant>,
}

/// The keys. Whoever needs them while they are being fetched waits for the same answer.
#[derive(Default)]
pub(super) struct Keyring(Mutex<Held>);

impl Keyring {
    /// The keys; fetched anew if `again` says that one was missing, unless that was done just now.
    pub(super) async fn keys(&self, http: &Http, config: &Config, again: bool) -> Keys {
        let mut held = self.0.lock().await;
        let older_than = |moment: Option<Instant>, age| moment.is_none_or(|moment| moment.elapsed() >= age);
        if older_than(held.tried_at, NOT_BEFORE) && (again || older_than(held.fetched_at, FRESH_FOR)) {
            held.tried_at = Some(Instant::now());
            let answer = http.send(config, (Method::GET, PATH), As::Anybody, None).await;
            match answer.map(|text| Keys::of_jwks(&text)) {
                Ok(Some(keys)) => (held.keys, held.fetched_at) = (keys, Some(Instant::now())),
                Ok(None) => tracing::warn!("the keys of the Supabase project are no JWKS; those that were known stay"),
                Err(error) => {
                    tracing::warn!(%error, "the keys of the Supabase project could not be fetched: {error}");
                }
            }
        }
        if older_than(held.fetched_at, GOOD_FOR) { Keys::default() } else { held.keys.clone() }
    }
}
