//! What is counted of whom, seen from outside.

use std::time::Duration;

use crate::common::{Answer, Bench, form, get};
use axum::body::Body;
use axum::http::{StatusCode, header};
use cookie_policy::{Consent, Decision, Signal};
use domain::{Label, Metric};
use web::{Limits, Site};

const MONTH: Duration = Duration::from_hours(30 * 24);

/// The consent cookie of a visitor who decided, as the browser sends it back.
fn decided(decide: impl FnOnce(&Consent) -> Decision) -> String {
    let today = (time::OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000)).date();
    let consent = Consent::new(&web::registry::SITE, None, Signal::default(), today);
    format!("cookie-consent={}", decide(&consent).to_cookie_value(&Site::loopback().key))
}

async fn look(bench: &Bench, path: &str, cookie: &str) -> Answer {
    bench.send(get(path, cookie).header(header::ACCEPT, "text/html").body(Body::empty()).expect("a request")).await
}

async fn report(bench: &Bench, cookie: &str, body: impl Into<Body>) -> StatusCode {
    bench.send(get("/usage", cookie).method("POST").body(body.into()).expect("a request")).await.status
}

/// `usage-stats`, as it was set and as the browser sends it back.
fn given(answer: &Answer) -> Option<(String, String)> {
    let lines = answer.headers.get_all(header::SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
    let line = lines.into_iter().find(|line| line.starts_with("usage-stats="))?;
    Some((line.to_owned(), line.split(';').next()?.to_owned()))
}

/// Waits until what was counted is written.
async fn eventually<T, E: std::fmt::Debug>(what: impl AsyncFn() -> Result<Option<T>, E>) -> T {
    for _ in 0..200 {
        if let Some(found) = what().await.expect("the database") {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nothing was written within ten seconds");
}

fn label(text: &str) -> Label {
    text.parse().expect("a label")
}

const EVENTS: &str = r#"{"page": "/tracks/0123456789abcdef0123456789abcdef", "events": [
    {"feature": "play"}, {"feature": "play"}, {"feature": "made-up"},
    {"timing": {"metric": "lcp", "ms": 431.7}},
    {"error": "no channel 12345 for max@example.org"}]}"#;

#[tokio::test]
async fn a_visitor_who_agreed_is_counted_under_a_number_of_their_own() {
    let bench = Bench::new(Limits::default()).await;
    let consent = decided(Consent::accept_all);
    let (line, cookie) = given(&look(&bench, "/help", &consent).await).expect("a number");
    for attribute in ["; Max-Age=2592000", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
        assert!(line.contains(attribute), "{line}");
    }
    let both = format!("{consent}; {cookie}");
    let page = look(&bench, "/", &both).await;
    assert!(given(&page).is_none(), "it is set once");
    assert!(page.text().contains(" data-counts"));
    assert_eq!(report(&bench, &both, EVENTS).await, StatusCode::NO_CONTENT);
    let upload = bench.upload(&both, form("mix.wav", b"music", &[])).await;
    assert_eq!(upload.status, StatusCode::SEE_OTHER);

    let usage = &bench.store.usage;
    let features = eventually(async || {
        let features = usage.features(MONTH).await?;
        Ok::<_, store::Error>((features.len() == 2).then_some(features))
    })
    .await;
    let used: Vec<_> = features.iter().map(|used| (used.feature.as_str(), used.uses, used.visitors)).collect();
    assert_eq!(used, [("play", 2, 1), ("upload", 1, 1)]);
    assert_eq!(usage.visitors(MONTH).await.expect("the database"), 1);
    let times = usage.page_times(MONTH).await.expect("the database");
    assert_eq!(
        (times[0].route.as_str(), times[0].metric, times[0].p95_ms),
        ("/tracks/{id}", Metric::LargestPaint, 432)
    );
    let errors = usage.errors(MONTH).await.expect("the database");
    assert_eq!(errors[0].message, "no channel {number} for <address>");
    let arms = usage.experiment(&label("upload-lead")).await.expect("the database");
    assert_eq!((arms.len(), arms[0].visitors, arms[0].conversions), (1, 1, 1));
}

#[tokio::test]
async fn who_did_not_agree_is_not_counted_and_sees_the_page_as_it_is() {
    let bench = Bench::new(Limits::default()).await;
    let signal = |builder: axum::http::request::Builder, name: &str| builder.header(name, "1");
    for cookie in ["", &decided(Consent::block_all), &decided(Consent::essential_only), &decided(Consent::prompt)] {
        // A number that was left over from before is not looked at.
        let cookie = format!("usage-stats=0123456789abcdef0123456789abcdef; {cookie}");
        let page = look(&bench, "/", &cookie).await;
        let set = given(&page);
        assert!(set.is_none_or(|(line, _)| line.contains("Max-Age=0")), "{cookie}");
        let text = page.text();
        assert!(!text.contains("data-counts") && text.contains("Moments later you have a master"), "{cookie}");
        assert_eq!(report(&bench, &cookie, EVENTS).await, StatusCode::NO_CONTENT);
    }
    // Agreed to, but the browser says no.
    let consent = decided(Consent::accept_all);
    for name in ["dnt", "sec-gpc"] {
        let request = signal(get("/", &consent), name).header(header::ACCEPT, "text/html");
        let page = bench.send(request.body(Body::empty()).expect("a request")).await;
        assert!(given(&page).is_none(), "{name}");
        assert!(!page.text().contains("data-counts"), "{name}");
    }
    // Requests are written with the same batch, so that by then the others would be there.
    eventually(async || {
        let requests = bench.store.health.requests(MONTH).await?;
        Ok::<_, store::Error>((!requests.is_empty()).then_some(()))
    })
    .await;
    assert_eq!(bench.store.usage.visitors(MONTH).await.expect("the database"), 0);
}

#[tokio::test]
async fn what_machines_ask_for_gives_nobody_a_number() {
    let bench = Bench::new(Limits::default()).await;
    let consent = decided(Consent::accept_all);
    assert!(given(&bench.get("/help", &consent).await).is_none(), "no page was asked for");
    for path in ["/healthz", "/no/such/page"] {
        assert!(given(&look(&bench, path, &consent).await).is_none(), "{path}");
    }
}

#[tokio::test]
async fn a_report_that_is_too_large_or_none_is_refused() {
    let bench = Bench::new(Limits::default()).await;
    let consent = decided(Consent::accept_all);
    let (_, cookie) = given(&look(&bench, "/", &consent).await).expect("a number");
    let both = format!("{consent}; {cookie}");
    let long = format!(r#"{{"page": "/", "events": [{{"error": "{}"}}]}}"#, "x".repeat(20_000));
    assert_eq!(report(&bench, &both, long).await, StatusCode::PAYLOAD_TOO_LARGE);
    let many = vec![r#"{"feature": "play"}"#; 65].join(", ");
    assert_eq!(
        report(&bench, &both, format!(r#"{{"page": "/", "events": [{many}]}}"#)).await,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    for body in ["", "[]", r#"{"page": "/"}"#, r#"{"page": "/", "events": [{"sql": "x"}]}"#, "\u{0}"] {
        assert_eq!(report(&bench, &both, body).await, StatusCode::BAD_REQUEST, "{body}");
    }
}

#[tokio::test]
async fn every_request_is_timed_by_its_pattern() {
    let bench = Bench::new(Limits::default()).await;
    for path in ["/help", "/help", "/tracks/0123456789abcdef0123456789abcdef", "/made/up"] {
        bench.get(path, "").await;
    }
    let requests = eventually(async || {
        let requests = bench.store.health.requests(MONTH).await?;
        let count: u64 = requests.values().map(domain::Histogram::count).sum();
        Ok::<_, store::Error>((count == 4).then_some(requests))
    })
    .await;
    let counted: Vec<_> = requests.iter().map(|(route, times)| (route.as_str(), times.count())).collect();
    assert_eq!(counted, [("(elsewhere)", 1), ("/help", 2), ("/tracks/{id}", 1)]);
}
