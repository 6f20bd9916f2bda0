//! The layer and the collector on sites made for the purpose: ones that fail, and ones whose visitor changes their mind.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::response::IntoResponse as _;
use axum::routing::get;
use cookie_policy::{Consent, Key, Mode, PolicyLayer, Signal};
use domain::{OsEntropy, SystemClock};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_http::catch_panic::CatchPanicLayer;

use super::*;
use crate::page::Problem;

const MONTH: Duration = Duration::from_hours(30 * 24);
const SECRET: &[u8] = b"only for this test, and long enough for that";

struct Bench {
    store: Store,
    usage: Usage,
    _folder: tempfile::TempDir,
}

async fn bench() -> Bench {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path(), Arc::new(SystemClock), Arc::new(OsEntropy)).await.expect("a store");
    let usage = Usage::new(store.clone(), Arc::new(Patterns::new(vec!["/fails", "/panics", "/works"])));
    Bench { store, usage, _folder: folder }
}

fn site(usage: &Usage) -> Router {
    Router::new()
        .route("/works", get(async || "works"))
        .route("/fails", get(async || Err::<(), _>(Problem::internal(&std::io::Error::other("no disk `/dev/sda1`")))))
        .route("/panics", get(async || -> StatusCode { panic!("track 4711 of \"Max\" is gone") }))
        .layer(CatchPanicLayer::custom(|panic: Box<dyn std::any::Any + Send>| {
            Problem::panicked(panic.as_ref()).into_response()
        }))
        .layer(axum::middleware::from_fn_with_state(usage.clone(), watch))
}

fn request(path: &str) -> Request<Body> {
    Request::builder().uri(path).body(Body::empty()).expect("a request")
}

#[tokio::test]
async fn failures_and_panics_are_grouped_with_their_cause_scrubbed() {
    let bench = bench().await;
    let site = site(&bench.usage);
    for path in ["/works", "/fails", "/panics", "/panics"] {
        site.clone().oneshot(request(path)).await.expect("infallible");
    }
    bench.usage.write().await;
    let groups = bench.store.health.errors(MONTH).await.expect("the database");
    let said: Vec<_> =
        groups.iter().map(|group| (group.route.as_str(), group.status, group.message.as_str(), group.count)).collect();
    let expected = [
        ("/panics", 500, "panic: track {number} of \"\u{2026}\" is gone", 2),
        ("/fails", 500, "no disk \"\u{2026}\"", 1),
    ];
    assert_eq!(said, expected);
    let requests = bench.store.health.requests(MONTH).await.expect("the database");
    assert_eq!(requests.len(), 3);
}

#[tokio::test]
async fn who_takes_back_their_consent_is_forgotten_with_what_was_still_on_its_way() {
    let bench = bench().await;
    let key = Key::new(SECRET).expect("long enough");
    let now = time::OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
    let layer = PolicyLayer::new(&crate::registry::SITE, key.clone(), Arc::new(move || now)).mode(Mode::Panic);
    let usage = bench.usage.clone();
    let site = layer.layer(service_fn(move |request: Request<Body>| {
        let (usage, jar) = (usage.clone(), request.extensions().get::<Jar>().expect("a jar").clone());
        async move {
            usage.counted(&jar).used(Feature::Play);
            match request.uri().path() {
                "/accept" => usage.around(&jar, |jar| jar.decide(jar.consent().accept_all())).await,
                "/block" => usage.around(&jar, |jar| jar.decide(jar.consent().block_all())).await,
                _ => {}
            }
            Ok::<_, Infallible>(StatusCode::OK.into_response())
        }
    }));
    let consent = Consent::new(&crate::registry::SITE, None, Signal::default(), now.date());
    let cookie = |number: char| {
        let (consent, number) = (consent.accept_all().to_cookie_value(&key), number.to_string().repeat(32));
        format!("cookie-consent={consent}; usage-stats={number}")
    };
    let ask = async |path: &str, cookie: &str| {
        let request = Request::builder().uri(path).header(header::COOKIE, cookie);
        site.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("infallible");
    };
    let visitors = async || bench.store.usage.visitors(MONTH).await.expect("the database");

    ask("/", &cookie('a')).await;
    ask("/", &cookie('b')).await;
    bench.usage.write().await;
    assert_eq!(visitors().await, 2);
    // Deciding the same again forgets nothing.
    ask("/accept", &cookie('a')).await;
    assert_eq!(visitors().await, 2);
    // What `/block` itself counted waits, and is not written either; nor is what was under way with the old consent.
    ask("/block", &cookie('a')).await;
    ask("/", &cookie('a')).await;
    bench.usage.write().await;
    assert_eq!(visitors().await, 1);
    let plays = bench.store.usage.features(MONTH).await.expect("the database");
    assert_eq!((plays[0].uses, plays[0].visitors), (1, 1));
}

#[tokio::test]
async fn a_flood_costs_events_and_no_memory() {
    let bench = bench().await;
    let visitor = bench.store.usage.draw().key();
    for _ in 0..MAX_WAITING + 10 {
        bench.usage.record(visitor, UsageEvent::Feature(Feature::Play.label()));
    }
    for letter in (0..MAX_ERRORS + 10).map(|number| "x".repeat(number % 30) + &"y".repeat(number / 30)) {
        let error = ServerError { route: Route::unknown(), status: 500, message: domain::Scrubbed::of(&letter) };
        bench.usage.failed(error);
    }
    let (events, health) = bench.usage.take();
    assert_eq!((events.len(), health.errors.len()), (MAX_WAITING, MAX_ERRORS));
}

/// Prints what the layer adds to a request; `cargo test -p web --lib -- --ignored --nocapture costs`.
#[tokio::test]
#[ignore = "a measurement, for a machine that does nothing else"]
async fn what_the_layer_costs() {
    let bench = bench().await;
    let bare = Router::new().route("/works", get(async || "works"));
    let watched = bare.clone().layer(axum::middleware::from_fn_with_state(bench.usage.clone(), watch));
    let time = async |site: &Router| {
        let started = tokio::time::Instant::now();
        for _ in 0..20_000 {
            site.clone().oneshot(request("/works")).await.expect("infallible");
        }
        started.elapsed() / 20_000
    };
    let (mut without, mut with) = (Duration::MAX, Duration::MAX);
    for _ in 0..7 {
        without = without.min(time(&bare).await);
        with = with.min(time(&watched).await);
    }
    println!("without {without:?}, with {with:?}: {:?} a request", with.saturating_sub(without));
    assert!(with.saturating_sub(without) < Duration::from_micros(10));
}
