//! What is counted: features, times, faults and an experiment of visitors who agreed to `usage-stats`, and how the
//! service fares, which knows no visitor.
//!
//! Handlers and the layer [`watch`] say what happened; it waits in memory and is written in batches, so that nobody waits
//! for it and a flood costs events, never the service. Where somebody takes back their consent, [`Usage::around`]
//! removes what is kept of them, and what still waits.
//!
//! Not here: who may be asked for consent (`cookie-policy`), what is kept and for how long (`store`), and the page that
//! shows it (`routes::operator`).

mod counted;
pub(crate) mod experiment;
mod feature;
pub(crate) mod receive;
pub(crate) mod statistics;
mod watch;

pub(crate) use counted::Counted;
pub(crate) use feature::Feature;
pub(crate) use watch::{Cause, watch};

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cookie_policy::Jar;
use domain::{Bucket, Histogram, Route, UsageEvent, VisitorKey};
use store::{HealthReport, ServerError, Store};

use crate::patterns::Patterns;
use crate::registry::UsageStats;

/// How often what waits is written.
const WRITE_EVERY: Duration = Duration::from_secs(2);
/// Most events that wait; more are lost.
const MAX_WAITING: usize = 4096;
/// Most different failures that wait; more are lost.
const MAX_ERRORS: usize = 256;
/// So many who took back their consent are remembered, in memory alone, against requests that were under way.
const MAX_FORGOTTEN: usize = 64;

/// Takes in what happened. Clones share what they hold.
#[derive(Clone)]
pub(crate) struct Usage(Arc<Inner>);

struct Inner {
    store: Store,
    patterns: Arc<Patterns>,
    waiting: Mutex<Waiting>,
    /// Held while a batch is being written, so that nobody is forgotten before what was on its way is there.
    writing: tokio::sync::Mutex<()>,
}

struct Waiting {
    events: Vec<(VisitorKey, UsageEvent)>,
    forgotten: VecDeque<VisitorKey>,
    /// By the pattern's number.
    requests: Vec<Histogram>,
    health: HealthReport,
}

impl Usage {
    /// For a site that answers these patterns.
    pub(crate) fn new(store: Store, patterns: Arc<Patterns>) -> Self {
        let waiting = Waiting {
            events: Vec::new(),
            forgotten: VecDeque::new(),
            requests: vec![Histogram::default(); patterns.count()],
            health: HealthReport::default(),
        };
        Self(Arc::new(Inner { store, patterns, waiting: Mutex::new(waiting), writing: tokio::sync::Mutex::default() }))
    }

    /// The visitor who sent a request, as far as they agreed to be counted.
    pub(crate) fn counted(&self, jar: &Jar) -> Counted {
        Counted::new(self.clone(), jar.clone())
    }

    fn record(&self, visitor: VisitorKey, event: UsageEvent) {
        let mut waiting = self.waiting();
        if waiting.events.len() < MAX_WAITING && !waiting.forgotten.contains(&visitor) {
            waiting.events.push((visitor, event));
        }
    }

    /// Counts how long a page took to answer.
    fn answered(&self, pattern: Option<&str>, within: Duration) {
        let number = self.0.patterns.number(pattern);
        self.waiting().requests[number].add(Bucket::of(within), 1);
    }

    /// Counts a failure on this side.
    fn failed(&self, error: ServerError) {
        let mut waiting = self.waiting();
        let errors = &mut waiting.health.errors;
        if errors.len() < MAX_ERRORS || errors.contains_key(&error) {
            *errors.entry(error).or_default() += 1;
        }
    }

    /// Lets `decide` change what the jar holds of the visitor's decision. If they are no longer to be counted after that,
    /// everything that was counted of them is removed. Where that fails the decision counts all the same, the log says
    /// so, and what is left ends with its retention.
    pub(crate) async fn around(&self, jar: &Jar, decide: impl FnOnce(&Jar)) {
        let held = self.counted(jar).held();
        decide(jar);
        let Some(id) = held.filter(|_| !is_agreed(jar)) else {
            return;
        };
        if let Err(error) = self.forget(id.key()).await {
            let error: &(dyn std::error::Error + 'static) = &error;
            tracing::error!(error, "what was counted of a visitor could not be removed: {error}");
        }
    }

    async fn forget(&self, visitor: VisitorKey) -> store::Result<()> {
        {
            let mut waiting = self.waiting();
            waiting.events.retain(|(other, _)| *other != visitor);
            waiting.forgotten.push_back(visitor);
            if waiting.forgotten.len() > MAX_FORGOTTEN {
                waiting.forgotten.pop_front();
            }
        }
        let _writing = self.0.writing.lock().await;
        self.0.store.usage.forget(visitor).await.map(|_| ())
    }

    /// Writes what waits. What cannot be written is lost, and the log says so: it is worth no disturbance.
    pub(crate) async fn write(&self) {
        let _writing = self.0.writing.lock().await;
        let (events, health) = self.take();
        let usage = self.0.store.usage.record(&events).await.map(|_| ());
        let health = if health.is_empty() { Ok(()) } else { self.0.store.health.add(&health).await };
        if let Err(error) = usage.and(health) {
            let error: &(dyn std::error::Error + 'static) = &error;
            tracing::warn!(error, "counts of the last seconds are lost: {error}");
        }
    }

    /// Writes now and then, until the service closes; then for a last time.
    pub(crate) async fn keep_writing(self, mut closing: tokio::sync::watch::Receiver<bool>) {
        loop {
            let closed = tokio::time::timeout(WRITE_EVERY, closing.wait_for(|closing| *closing)).await.is_ok();
            self.write().await;
            if closed {
                return;
            }
        }
    }

    fn take(&self) -> (Vec<(VisitorKey, UsageEvent)>, HealthReport) {
        let mut waiting = self.waiting();
        let events = mem::take(&mut waiting.events);
        let mut health = mem::take(&mut waiting.health);
        for (number, times) in waiting.requests.iter_mut().enumerate() {
            if times.count() > 0 {
                health.requests.insert(self.0.patterns.route(number), mem::take(times));
            }
        }
        (events, health)
    }

    /// The pattern that answers a path, or that already is one.
    fn route(&self, path: &str) -> Route {
        self.0.patterns.route_of(path)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // No code between lock and unlock can leave it half changed.
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the visitor agrees to be counted. Asks nothing of them.
pub(crate) fn is_agreed(jar: &Jar) -> bool {
    jar.agrees::<UsageStats>()
}

#[cfg(test)]
mod tests;
