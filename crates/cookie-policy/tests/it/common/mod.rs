//! A site to test with, and a browser that reads `Set-Cookie` as RFC 6265bis tells browsers to.

pub(crate) mod browser;

use std::future::Future as _;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use cookie_policy::{
    Access, Consent, CookieConsent, Decision, Jar, Key, Life, Mode, Party, PolicyLayer, Registry, SameSite, Signal,
    declare, registry,
};
use http::{HeaderMap, HeaderValue, Request, Response};
use time::{Date, Duration, OffsetDateTime, macros::datetime};
use tower_layer::Layer as _;
use tower_service::Service as _;

declare! {
    pub(crate) cookie SessionId = "session-id" in Essential { purposes: &["session-management"], life: Life::Session }
    pub(crate) cookie AuthToken = "auth-token" in Essential { purposes: &["login-state"], life: Life::session_or_days(7) }
    pub(crate) cookie CsrfToken = "csrf-token" in Essential {
        purposes: &["security-tokens"], same_site: SameSite::Strict, path: "/account",
    }
    pub(crate) cookie ThemeMode = "theme-mode" in Functional {
        purposes: &["preferences"], life: Life::days(90), access: Access::Script,
    }
    pub(crate) cookie UserPreferences = "user-preferences" in Functional { purposes: &["preferences"], life: Life::days(30) }
    pub(crate) cookie Visitor = "_ga" in Analytics {
        purposes: &["performance", "feature-usage"], life: Life::days(2 * 365), party: Party::Processor("Google"),
        access: Access::Script,
    }
    pub(crate) cookie UsageStats = "usage-stats" in Analytics { purposes: &["feature-usage"], life: Life::days(30) }
    pub(crate) cookie Stripe = "__stripe_mid" in Essential {
        purposes: &["payment"], life: Life::days(365), party: Party::Third("Stripe"), access: Access::Script,
    }
    pub(crate) local_storage UploadDraft = "upload-draft" in Functional { purposes: &["form-data"], life: Life::days(7) }
    pub(crate) session_storage Scroll = "scroll" in Functional { purposes: &["preferences"] }
}

pub(crate) static SITE: Registry = registry! {
    version: 2,
    date: "2026-01-31",
    items: [
        CookieConsent, SessionId, AuthToken, CsrfToken, ThemeMode, UserPreferences, Visitor, UsageStats, Stripe,
        UploadDraft, Scroll,
    ],
};

pub(crate) const NOW: OffsetDateTime = datetime!(2026-02-03 10:20:30 UTC);
pub(crate) const DNT: Signal = Signal { dnt: true, gpc: false };
pub(crate) const GPC: Signal = Signal { dnt: false, gpc: true };
pub(crate) const QUIET: Signal = Signal { dnt: false, gpc: false };

pub(crate) fn key() -> Key {
    Key::new(&[7; 32]).unwrap()
}

pub(crate) fn day(offset: i64) -> Date {
    (NOW + Duration::days(offset)).date()
}

/// A visitor today.
pub(crate) fn visitor(decision: Option<Decision>, signal: Signal) -> Consent {
    Consent::new(&SITE, decision, signal, day(0))
}

pub(crate) fn agreed(consent: &Consent) -> Vec<&'static str> {
    let items = consent.registry().items().iter();
    items.filter(|item| consent.standing(item).is_agreed()).map(|item| item.name).collect()
}

pub(crate) fn layer(mode: Mode) -> PolicyLayer {
    PolicyLayer::new(&SITE, key(), Arc::new(|| NOW)).mode(mode)
}

/// A request as a visitor with this decision and signal sends it.
pub(crate) fn request(decision: Option<&Decision>, signal: Signal, cookies: &str) -> Request<()> {
    let mut request = Request::new(());
    let consent = decision.map(|decision| format!("cookie-consent={}", decision.to_cookie_value(&key())));
    let cookies: Vec<&str> = [cookies].into_iter().chain(consent.as_deref()).filter(|c| !c.is_empty()).collect();
    let headers = request.headers_mut();
    if !cookies.is_empty() {
        headers.insert("cookie", cookies.join("; ").parse().unwrap());
    }
    for (name, on) in [("dnt", signal.dnt), ("sec-gpc", signal.gpc)] {
        if on {
            headers.insert(name, HeaderValue::from_static("1"));
        }
    }
    request
}

/// Sends a request through the layer to a handler that answers at once.
pub(crate) fn send(
    mode: Mode,
    request: Request<()>,
    handler: impl Fn(&Request<()>, &Jar, &mut HeaderMap),
) -> Response<()> {
    let mut service = layer(mode).layer(tower::service_fn(|request: Request<()>| {
        let mut response = Response::new(());
        let jar = request.extensions().get::<Jar>().unwrap();
        handler(&request, jar, response.headers_mut());
        std::future::ready(Ok::<_, std::convert::Infallible>(response))
    }));
    let response = pin!(service.call(request)).poll(&mut Context::from_waker(Waker::noop()));
    match response {
        Poll::Ready(Ok(response)) => response,
        Poll::Pending => panic!("the handler answers at once"),
    }
}

pub(crate) fn lines(response: &Response<()>, name: &str) -> Vec<String> {
    response.headers().get_all(name).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
}

/// The value that the response gives a cookie; empty where it is deleted.
pub(crate) fn set_value(response: &Response<()>, name: &str) -> Option<String> {
    let start = format!("{name}=");
    let line = lines(response, "set-cookie").into_iter().find(|line| line.starts_with(&start))?;
    Some(line[start.len()..line.find(';').unwrap_or(line.len())].to_owned())
}
