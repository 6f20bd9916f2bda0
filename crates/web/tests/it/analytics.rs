//! What Google Analytics hears: nothing without consent, and with it no more than is meant for it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::common::{Answer, Bench, get};
use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::routing::post;
use cookie_policy::{Consent, Decision, Signal, Told};
use domain::{Clock as _, SystemClock};
use providers::analytics::{Ga4, Relay, RelayOptions};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::net::TcpListener;
use web::{Analytics, Limits, Site};

type Got = Arc<Mutex<Vec<Value>>>;

/// A site with a relay to a server on this machine.
struct Observed {
    bench: Bench,
    relay: Relay,
    got: Got,
}

async fn observed() -> Observed {
    let got = Got::default();
    let kept = got.clone();
    let collect = post(async move |body: String| {
        let body: Value = serde_json::from_str(&body).expect("JSON");
        within_the_protocols_limits(&body);
        kept.lock().expect("no panic").push(body);
        StatusCode::NO_CONTENT
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let router = axum::Router::new().route("/mp/collect", collect);
    tokio::spawn(async move { hyper_serve(listener, router).await });
    let (bench, relay) = relayed(address).await;
    Observed { bench, relay, got }
}

/// Just enough of a server for a stub.
async fn hyper_serve(listener: TcpListener, router: axum::Router) {
    while let Ok((stream, _)) = listener.accept().await {
        let service = hyper_util::service::TowerToHyperService::new(router.clone());
        let connection =
            hyper::server::conn::http1::Builder::new().serve_connection(hyper_util::rt::TokioIo::new(stream), service);
        tokio::spawn(connection);
    }
}

async fn relayed(address: SocketAddr) -> (Bench, Relay) {
    let base = format!("http://{address}");
    let ga4 = Ga4::check(Some("G-TEST12345"), Some("hush"), Some(&base)).expect("right").expect("set");
    let options = RelayOptions { linger: Duration::from_millis(10), ..RelayOptions::default() };
    let relay = Relay::start(ga4, options, Arc::new(SystemClock));
    let analytics = Analytics::Ga4(relay.outbox(), Arc::new(SystemClock));
    (Bench::observed(Limits::default(), &site(), false, &analytics).await, relay)
}

fn site() -> Site {
    Site { public_url: Some("https://balanced.test".into()), ..Site::loopback() }
}

/// The protocol's limits, written down from its documentation a second time.
fn within_the_protocols_limits(body: &Value) {
    assert!(body.to_string().len() <= 130_000);
    let keys: Vec<_> = body.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(keys, ["client_id", "consent", "events"]);
    assert!(body["client_id"].as_str().is_some_and(|id| !id.is_empty()));
    let events = body["events"].as_array().expect("events");
    assert!((1..=25).contains(&events.len()));
    for event in events {
        let name = event["name"].as_str().expect("a name");
        assert!(is_name(name) && !["user_engagement", "session_start", "first_visit"].contains(&name), "{name}");
        let params = event["params"].as_object().expect("parameters");
        assert!(params.len() <= 25);
        for (name, value) in params {
            assert!(is_name(name), "{name}");
            let longest = match name.as_str() {
                "page_location" => 1000,
                "page_title" => 300,
                "page_referrer" => 420,
                _ => 100,
            };
            assert!(value.as_str().is_none_or(|text| text.chars().count() <= longest), "{name}: {value}");
        }
        let session = params.get("session_id").map(|id| id.as_str().expect("text"));
        assert!(session.is_none_or(|id| id.bytes().all(|byte| byte.is_ascii_digit())));
        let time = params["timestamp_micros"].as_i64().expect("a number");
        let age_ms = SystemClock.now().unix_ms() - time / 1000;
        assert!((0..72 * 3_600_000).contains(&age_ms), "{age_ms}");
    }
}

fn is_name(name: &str) -> bool {
    (1..=40).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !["ga_", "google_", "firebase_"].iter().any(|prefix| name.starts_with(prefix))
}

fn undecided() -> Consent {
    let today = (OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000)).date();
    Consent::new(&web::registry::SITE, None, Signal::default(), today)
}

fn cookie(decision: &Decision) -> String {
    format!("cookie-consent={}", decision.to_cookie_value(&site().key))
}

fn only(names: &[&str]) -> String {
    cookie(&undecided().selective(names.iter().copied(), Told::Nothing).expect("declared"))
}

fn accept_all() -> String {
    cookie(&undecided().accept_all())
}

/// A browser that keeps cookies.
struct Browser<'a> {
    bench: &'a Bench,
    cookies: Vec<String>,
    from: Option<String>,
    set: Vec<String>,
}

impl<'a> Browser<'a> {
    fn new(bench: &'a Bench, cookies: &str) -> Self {
        let cookies = cookies.split("; ").filter(|pair| !pair.is_empty()).map(str::to_owned).collect();
        Self { bench, cookies, from: None, set: Vec::new() }
    }

    fn request(&self, path: &str) -> axum::http::request::Builder {
        let request = get(path, &self.cookies.join("; ")).header(header::ACCEPT, "text/html,*/*;q=0.8");
        match &self.from {
            Some(from) => request.header(header::REFERER, from),
            None => request,
        }
    }

    async fn ask(&mut self, request: axum::http::request::Builder, body: &str) -> Answer {
        let answer = self.bench.send(request.body(Body::from(body.to_owned())).expect("a request")).await;
        for line in answer.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().expect("ASCII").to_owned();
            let pair = line.split(';').next().expect("a pair").to_owned();
            let name = format!("{}=", pair.split('=').next().expect("a name"));
            self.cookies.retain(|kept| !kept.starts_with(&name));
            self.cookies.push(pair);
            self.set.push(line);
        }
        answer
    }

    async fn visit(&mut self, path: &str) {
        let request = self.request(path);
        let answer = self.ask(request, "").await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        self.from = Some(format!("https://balanced.test{path}"));
    }

    fn set(&self, name: &str) -> Option<&String> {
        self.set.iter().find(|line| line.starts_with(&format!("{name}=")))
    }
}

impl Observed {
    /// Everything that was heard, once all of it has left.
    async fn heard(self) -> Vec<Value> {
        let tally = self.relay.shut_down(Duration::from_secs(5)).await;
        assert_eq!((tally.dropped, tally.lost), (0, 0));
        let got = self.got.lock().expect("no panic").clone();
        got.iter().flat_map(|body| body["events"].as_array().expect("events").clone()).collect()
    }
}

#[tokio::test]
async fn without_consent_nothing_is_set_and_nothing_is_heard() {
    let signals = [("dnt", "1"), ("sec-gpc", "1")];
    let cases = [
        (String::new(), None),
        (cookie(&undecided().block_all()), None),
        (only(&["usage-stats", "theme-mode"]), None),
        (only(&["_gid"]), None),
        (accept_all(), Some(signals[0])),
        (accept_all(), Some(signals[1])),
    ];
    let observed = observed().await;
    for (cookies, signal) in cases {
        let mut browser =
            Browser::new(&observed.bench, &format!("{cookies}; _ga=GA1.1.7.1764000000; _gid=GA1.1.7.1764000000"));
        for (method, path) in [("GET", "/"), ("GET", "/help"), ("POST", "/engagement")] {
            let mut request = browser.request(path).method(method);
            if let Some((name, value)) = signal {
                request = request.header(name, value);
            }
            let answer = browser.ask(request, "1000").await;
            assert!(!answer.text().contains("data-engagement"), "{cookies}");
        }
        let kept = |line: &&String| !line.contains("Max-Age=0") && line.starts_with("_g");
        assert_eq!(browser.set.iter().find(kept), None, "{cookies}");
    }
    assert_eq!(observed.heard().await, Vec::<Value>::new());
}

#[tokio::test]
async fn without_the_configuration_consent_changes_nothing() {
    let bench = Bench::of(Limits::default(), &site(), false).await;
    let mut browser = Browser::new(&bench, &accept_all());
    browser.visit("/").await;
    assert_eq!((browser.set("_ga"), browser.set("_gid")), (None, None));
    assert!(!bench.get("/", &accept_all()).await.text().contains("data-engagement"));
}

#[tokio::test]
async fn with_consent_a_page_view_leaves_exactly_this() {
    let observed = observed().await;
    let mut browser = Browser::new(&observed.bench, &accept_all());
    browser.from = Some("https://search.test/find?q=my+secret".into());
    browser.visit("/help?from=newsletter").await;
    let attributes = |name: &str| browser.set(name).expect("set").split_once("; ").expect("attributes").1.to_owned();
    for (name, life_s) in [("_ga", "63072000"), ("_gid", "86400")] {
        assert!(attributes(name).contains(&format!("Max-Age={life_s}")), "{}", attributes(name));
        assert!(attributes(name).contains("HttpOnly"));
    }
    let value = |name: &str| {
        let pair = browser.cookies.iter().find(|pair| pair.starts_with(name)).expect("kept");
        pair.split_once("=GA1.1.").expect("Google's form").1.to_owned()
    };
    let (client, session) = (value("_ga="), value("_gid=").split_once('.').expect("two numbers").1.to_owned());
    let relay = observed.relay;
    relay.shut_down(Duration::from_secs(5)).await;
    let got = observed.got.lock().expect("no panic").clone();
    let time = got[0]["events"][0]["params"]["timestamp_micros"].clone();
    let expected = json!({
        "client_id": client,
        "consent": {"ad_user_data": "DENIED", "ad_personalization": "DENIED"},
        "events": [{
            "name": "page_view",
            "params": {
                "timestamp_micros": time,
                "session_id": session,
                "engagement_time_msec": 1,
                "page_location": "https://balanced.test/help",
                "page_title": "What to expect",
                "page_referrer": "https://search.test/",
            },
        }],
    });
    assert_eq!(got, [expected]);
}

#[tokio::test]
async fn the_way_through_the_site_can_be_followed_and_no_track_can() {
    let observed = observed().await;
    let (track, session) = observed.bench.uploaded("My secret song.wav", b"music").await;
    let mut browser = Browser::new(&observed.bench, &format!("{}; {session}", accept_all()));
    for path in ["/", "/tracks", &track, "/help"] {
        browser.visit(path).await;
    }
    let written = browser.set.iter().filter(|line| line.starts_with("_g")).count();
    assert_eq!(written, 2, "both are set once");
    let heard = observed.heard().await;
    let flow: Vec<_> = heard
        .iter()
        .map(|event| {
            (event["params"]["page_referrer"].as_str(), event["params"]["page_location"].as_str().expect("set"))
        })
        .collect();
    let page = |path: &str| format!("https://balanced.test{path}");
    let (home, list, one, help) = (page("/"), page("/tracks"), page("/tracks/{id}"), page("/help"));
    assert_eq!(flow, [(None, &*home), (Some(&*home), &*list), (Some(&*list), &*one), (Some(&*one), &*help)]);
    let all = Value::from(heard).to_string();
    for secret in [track.rsplit('/').next().expect("an id"), "secret", &session] {
        assert!(!all.contains(secret), "{all}");
    }
}

#[tokio::test]
async fn the_visitors_number_without_the_visits_gives_page_views_without_a_visit() {
    let observed = observed().await;
    let mut browser = Browser::new(&observed.bench, &only(&["_ga"]));
    browser.visit("/").await;
    assert!(browser.set("_ga").is_some() && browser.set("_gid").is_none());
    let request = browser.request("/engagement").method("POST");
    assert_eq!(browser.ask(request, "1000").await.status, StatusCode::NO_CONTENT);
    let heard = observed.heard().await;
    assert_eq!(heard.len(), 1);
    assert!(heard[0]["params"].get("session_id").is_none() && heard[0]["params"].get("engagement_time_msec").is_none());
}

#[tokio::test]
async fn time_in_view_is_counted_to_the_page_and_the_visit() {
    let observed = observed().await;
    let mut browser = Browser::new(&observed.bench, &accept_all());
    browser.visit("/help").await;
    let page = browser.request("/help");
    assert!(browser.ask(page, "").await.text().contains("data-engagement"));
    for (body, status) in [
        ("4200", StatusCode::NO_CONTENT),
        ("0", StatusCode::NO_CONTENT),
        ("999999999999", StatusCode::NO_CONTENT),
        ("-1", StatusCode::BAD_REQUEST),
        ("soon", StatusCode::BAD_REQUEST),
        ("", StatusCode::BAD_REQUEST),
        ("12345678901234567", StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let request = browser.request("/engagement").method("POST");
        assert_eq!(browser.ask(request, body).await.status, status, "{body}");
    }
    let heard = observed.heard().await;
    let times: Vec<_> = heard.iter().filter(|event| event["name"] == "page_engagement").collect();
    assert_eq!(
        times.iter().map(|event| event["params"]["engagement_time_msec"].clone()).collect::<Vec<_>>(),
        [4200, 1_800_000]
    );
    assert_eq!(times[0]["params"]["page_location"], "https://balanced.test/help");
    assert_eq!(times[0]["params"]["session_id"], heard[0]["params"]["session_id"]);
}

#[tokio::test]
async fn what_a_person_does_not_see_is_no_page_view() {
    let observed = observed().await;
    let mut browser = Browser::new(&observed.bench, &accept_all());
    let requests = [
        browser.request("/help").header("sec-purpose", "prefetch;prerender"),
        browser.request("/help").method("HEAD"),
        browser.request("/no/such/page"),
        browser.request("/tracks/0123456789abcdef0123456789abcdef"),
        browser.request("/healthz"),
        get("/help", &accept_all()).header(header::ACCEPT, "*/*"),
    ];
    for request in requests {
        browser.ask(request, "").await;
    }
    assert_eq!((browser.set("_ga"), browser.set("_gid")), (None, None));
    assert_eq!(observed.heard().await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_visits_number_that_ended_or_is_not_ours_is_drawn_anew() {
    let observed = observed().await;
    let mut browser =
        Browser::new(&observed.bench, &format!("{}; _ga=GA1.1.7.1764000000; _gid=nonsense", accept_all()));
    browser.visit("/").await;
    assert!(browser.set("_ga").is_none() && browser.set("_gid").is_some());
    let got = observed.got.clone();
    observed.heard().await;
    assert_eq!(got.lock().expect("no panic")[0]["client_id"], "7.1764000000");
}

#[tokio::test]
async fn whoever_wants_to_be_asked_is_asked_for_both() {
    let observed = observed().await;
    let mut browser = Browser::new(&observed.bench, &cookie(&undecided().prompt()));
    browser.visit("/").await;
    assert!(browser.set("_ga").is_none() && browser.set("_gid").is_none());
    assert!(browser.set("cookie-consent").is_some(), "the questions are kept");
    assert_eq!(observed.heard().await, Vec::<Value>::new());
}

#[expect(clippy::disallowed_methods, reason = "how long an answer takes is what is tested")]
async fn time_of_a_hundred_pages(bench: &Bench) -> Duration {
    let mut browser = Browser::new(bench, &accept_all());
    browser.visit("/help").await;
    let since = Instant::now();
    for _ in 0..100 {
        browser.visit("/help").await;
    }
    since.elapsed()
}

#[tokio::test]
async fn a_dead_or_silent_google_makes_no_page_slower() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    // Connections are taken by the system and never answered.
    let silent = listener.local_addr().expect("bound");
    let dead = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("bound");
    let unobserved = Bench::of(Limits::default(), &site(), false).await;
    let usual = time_of_a_hundred_pages(&unobserved).await;
    for address in [silent, dead] {
        let (bench, _relay) = relayed(address).await;
        let time = time_of_a_hundred_pages(&bench).await;
        assert!(time < 3 * usual + Duration::from_millis(200), "{time:?} instead of {usual:?}");
    }
}
