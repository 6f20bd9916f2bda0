//! The tower layer round the finished service: what is not declared and agreed to neither enters nor leaves.
//!
//! It belongs outermost, round the finished service. Put on with a router's own `layer` method it would miss whatever is
//! added to the router afterwards.

mod check;
mod future;
mod headers;
mod jar;
mod line;
mod request;

pub use check::Violation;
pub use future::ResponseFuture;
#[cfg(feature = "axum")]
pub use jar::NoLayer;
pub use jar::{BadValue, Granted, Jar, Value, Withheld};

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use time::OffsetDateTime;
use tower_layer::Layer;
use tower_service::Service;

use crate::declare::Registry;
use crate::key::Key;

/// What happens to a handler that breaks the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The line is stripped and logged as an error. For production.
    Strip,
    /// The request panics, so that a test fails where the fault is.
    Panic,
}

/// Tells the time. What the layer believes the time to be is an argument.
pub type Clock = Arc<dyn Fn() -> OffsetDateTime + Send + Sync>;

struct Site {
    registry: &'static Registry,
    key: Key,
    clock: Clock,
    secure: bool,
    mode: Mode,
}

/// Wraps a service so that it keeps to the policy.
#[derive(Clone)]
pub struct PolicyLayer(Arc<Site>);

impl PolicyLayer {
    /// A layer for a site on https that strips and logs what breaks the policy.
    pub fn new(registry: &'static Registry, key: Key, clock: Clock) -> Self {
        Self(Arc::new(Site { registry, key, clock, secure: true, mode: Mode::Strip }))
    }

    fn with(self, change: impl FnOnce(&mut Site)) -> Self {
        let Site { registry, key, clock, secure, mode } = &*self.0;
        let mut site = Site { registry, key: key.clone(), clock: clock.clone(), secure: *secure, mode: *mode };
        change(&mut site);
        Self(Arc::new(site))
    }

    /// Whether cookies carry `Secure`. Switch it off only on loopback without TLS.
    #[must_use]
    pub fn secure(self, secure: bool) -> Self {
        self.with(|site| site.secure = secure)
    }

    /// What happens to a handler that breaks the policy.
    #[must_use]
    pub fn mode(self, mode: Mode) -> Self {
        self.with(|site| site.mode = mode)
    }
}

impl fmt::Debug for PolicyLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Site { registry, secure, mode, .. } = &*self.0;
        f.debug_struct("PolicyLayer")
            .field("version", &registry.version())
            .field("secure", secure)
            .field("mode", mode)
            .finish_non_exhaustive()
    }
}

impl<S> Layer<S> for PolicyLayer {
    type Service = PolicyService<S>;

    fn layer(&self, inner: S) -> PolicyService<S> {
        PolicyService { inner, site: self.0.clone() }
    }
}

/// A service that keeps to the policy. Made by [`PolicyLayer`].
#[derive(Clone)]
pub struct PolicyService<S> {
    inner: S,
    site: Arc<Site>,
}

impl<S: fmt::Debug> fmt::Debug for PolicyService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyService").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S, B, R> Service<Request<B>> for PolicyService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let now = (self.site.clock)();
        let consent = request::consent(request.headers(), self.site.registry, &self.site.key, now);
        let presented = request::hide(request.headers_mut(), &consent);
        let jar = Jar::new(consent, now, presented.visible, presented.unagreed);
        request.extensions_mut().insert(jar.clone());
        ResponseFuture::new(self.inner.call(request), self.site.clone(), jar)
    }
}
