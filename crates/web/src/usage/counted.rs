//! The visitor who sent a request, as far as they agreed to be counted.

use std::sync::{Arc, OnceLock};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use cookie_policy::{Cookie as _, Jar};
use domain::{UsageEvent, UsageId};

use super::{Feature, Usage};
use crate::page::Problem;
use crate::registry::UsageStats;

/// Counts what the visitor does in one request; does nothing where they did not agree. Clones count for the same one.
#[derive(Clone)]
pub(crate) struct Counted {
    usage: Usage,
    jar: Jar,
    id: Arc<OnceLock<Option<UsageId>>>,
}

impl Counted {
    pub(super) fn new(usage: Usage, jar: Jar) -> Self {
        Self { usage, jar, id: Arc::default() }
    }

    /// The visitor's number, given to them now if they agree and have none. If they want to be asked, they are.
    pub(crate) fn id(&self) -> Option<UsageId> {
        *self.id.get_or_init(|| {
            let granted = self.jar.ask::<UsageStats>().ok()?;
            self.held().or_else(|| {
                let id = self.usage.0.store.usage.draw();
                let value = UsageStats::value(id.reveal()).ok()?;
                self.jar.set(value, &granted).ok().map(|()| id)
            })
        })
    }

    /// The number that the browser sent, if its visitor agrees. Asks nothing and gives nothing.
    pub(super) fn held(&self) -> Option<UsageId> {
        self.jar.get::<UsageStats>().and_then(|text| text.parse().ok())
    }

    /// The same visitor, who is not given a number if they have none.
    pub(crate) fn known(self) -> Self {
        let held = self.held();
        Self { id: Arc::new(OnceLock::from(held)), ..self }
    }

    /// They used a feature.
    pub(crate) fn used(&self, feature: Feature) {
        self.record(|| UsageEvent::Feature(feature.label()));
    }

    pub(super) fn record(&self, event: impl FnOnce() -> UsageEvent) {
        if let Some(id) = self.id() {
            self.usage.record(id.key(), event());
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Counted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::internal(&NotWatched))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a request came in past the layer that counts")]
struct NotWatched;
