//! What the layer costs a request: the same service with it and without.
#![allow(clippy::unwrap_used, reason = "a benchmark may panic as a test does")]

use std::convert::Infallible;
use std::future::{Future as _, Ready, ready};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use cookie_policy::{
    Access, CONSENT_COOKIE, Category, Consent, Cookie as _, CookieConsent, Decision, Jar, Key, Life, PolicyLayer,
    Registry, Signal, Told, declare, registry,
};
use divan::{Bencher, black_box};
use http::{Request, Response};
use time::{OffsetDateTime, macros::datetime};
use tower_layer::Layer as _;
use tower_service::Service;

declare! {
    cookie SessionId = "session-id" in Essential { purposes: &["session-management"] }
    cookie AuthToken = "auth-token" in Essential { purposes: &["login-state"], life: Life::session_or_days(7) }
    cookie CsrfToken = "csrf-token" in Essential { purposes: &["security-tokens"] }
    cookie UserPreferences = "user-preferences" in Functional { purposes: &["preferences"], life: Life::days(30) }
    cookie ThemeMode = "theme-mode" in Functional {
        purposes: &["preferences"], life: Life::days(90), access: Access::Script,
    }
    cookie UploadHistory = "upload-history" in Functional { purposes: &["form-data"], life: Life::days(7) }
    cookie Visitor = "_ga" in Analytics { purposes: &["performance"], life: Life::days(730) }
    cookie Visit = "_gid" in Analytics { purposes: &["performance"], life: Life::hours(24) }
    cookie UsageStats = "usage-stats" in Analytics { purposes: &["feature-usage"], life: Life::days(30) }
}

static SITE: Registry = registry! {
    version: 1,
    date: "2026-01-31",
    items: [
        SessionId, AuthToken, CsrfToken, CookieConsent, UserPreferences, ThemeMode, UploadHistory, Visitor, Visit,
        UsageStats,
    ],
};

const NOW: OffsetDateTime = datetime!(2026-02-03 10:20:30 UTC);

fn key() -> Key {
    Key::new(&[7; 32]).unwrap()
}

fn layer() -> PolicyLayer {
    PolicyLayer::new(&SITE, key(), Arc::new(|| NOW))
}

fn plain(_: Request<()>) -> Ready<Result<Response<()>, Infallible>> {
    ready(Ok(Response::new(())))
}

/// A page that looks at the visitor's preferences and sets a session cookie.
fn page(request: &Request<()>) -> Ready<Result<Response<()>, Infallible>> {
    if let Some(jar) = request.extensions().get::<Jar>() {
        black_box(jar.get::<UserPreferences>());
        jar.set(SessionId::value("0123456789abcdef").unwrap(), &jar.essential().unwrap()).unwrap();
    }
    ready(Ok(Response::new(())))
}

fn stranger() -> Request<()> {
    Request::new(())
}

/// Signed in, everything accepted: consent, token and preferences in one line.
fn known() -> Request<()> {
    let decision = Consent::new(&SITE, None, Signal::default(), NOW.date()).accept_all().to_cookie_value(&key());
    let cookies = format!(
        "auth-token=0123456789abcdef0123456789abcdef; user-preferences=eyJsIjotMTR9; cookie-consent={decision}"
    );
    Request::builder().header("cookie", cookies).body(()).unwrap()
}

/// Everything chosen one by one, and every cookie that is declared comes back.
fn chosen() -> Request<()> {
    let undecided = Consent::new(&SITE, None, Signal::default(), NOW.date());
    let optional = SITE.items().iter().filter(|item| item.category != Category::Essential).map(|item| item.name);
    with_every_cookie(&undecided.selective(optional, Told::Nothing).unwrap())
}

/// Everything accepted, and every cookie that is declared comes back.
fn full() -> Request<()> {
    with_every_cookie(&Consent::new(&SITE, None, Signal::default(), NOW.date()).accept_all())
}

fn with_every_cookie(decision: &Decision) -> Request<()> {
    let decision = decision.to_cookie_value(&key());
    let others = SITE.items().iter().filter(|item| item.name != CONSENT_COOKIE);
    let mut pairs: Vec<_> = others.map(|item| format!("{}=0123456789abcdef0123456789abcdef", item.name)).collect();
    pairs.push(format!("{CONSENT_COOKIE}={decision}"));
    Request::builder().header("cookie", pairs.join("; ")).body(()).unwrap()
}

fn run<S>(bencher: Bencher<'_, '_>, mut service: S, request: fn() -> Request<()>)
where
    S: Service<Request<()>, Response = Response<()>, Error = Infallible>,
{
    let (parts, ()) = request().into_parts();
    bencher
        .with_inputs(|| {
            let mut request = Request::new(());
            *request.headers_mut() = parts.headers.clone();
            request
        })
        .bench_local_values(|request| {
            match pin!(service.call(request)).poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(response) => response,
                Poll::Pending => panic!("the service answers at once"),
            }
        });
}

#[divan::bench]
fn stranger_without_layer(bencher: Bencher<'_, '_>) {
    run(bencher, tower::service_fn(plain), stranger);
}

#[divan::bench]
fn stranger_with_layer(bencher: Bencher<'_, '_>) {
    run(bencher, layer().layer(tower::service_fn(plain)), stranger);
}

#[divan::bench]
fn every_cookie_without_layer(bencher: Bencher<'_, '_>) {
    run(bencher, tower::service_fn(plain), full);
}

#[divan::bench]
fn every_cookie_with_layer(bencher: Bencher<'_, '_>) {
    run(bencher, layer().layer(tower::service_fn(plain)), full);
}

#[divan::bench]
fn every_cookie_chosen_with_layer(bencher: Bencher<'_, '_>) {
    run(bencher, layer().layer(tower::service_fn(plain)), chosen);
}

#[divan::bench]
fn known_without_layer(bencher: Bencher<'_, '_>) {
    run(bencher, tower::service_fn(plain), known);
}

#[divan::bench]
fn known_with_layer(bencher: Bencher<'_, '_>) {
    run(bencher, layer().layer(tower::service_fn(plain)), known);
}

#[divan::bench]
fn known_with_layer_and_jar(bencher: Bencher<'_, '_>) {
    run(bencher, layer().layer(tower::service_fn(|request| page(&request))), known);
}

fn main() {
    divan::main();
}
