//! What reaches Google, and what a dead, slow or failing Google costs: a stub on this machine plays its part.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::RawQuery;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use domain::{SystemClock, Timestamp};
use providers::analytics::{ClientId, Event, EventName, Ga4, Relay, RelayOptions, Tally, Text};
use tokio::net::TcpListener;

const SECRET: &str = "no-one_may.see~this";

/// What the stub got: query, content type, body.
type Got = Arc<Mutex<Vec<(String, String, String)>>>;

/// A server that keeps what it gets and answers with these in turn, the last one again and again.
async fn stub(answers: &'static [StatusCode]) -> (SocketAddr, Got) {
    let got = Got::default();
    let kept = got.clone();
    let collect = post(async move |RawQuery(query): RawQuery, headers: HeaderMap, body: String| {
        let mut kept = kept.lock().expect("no panic");
        let media = headers["content-type"].to_str().expect("ASCII").to_owned();
        kept.push((query.unwrap_or_default(), media, body));
        answers[(kept.len() - 1).min(answers.len() - 1)]
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let router = axum::Router::new().route("/mp/collect", collect);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, got)
}

/// A server that takes connections and never says a word.
async fn silent() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    address
}

/// A port where nobody listens.
async fn dead() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("bound")
}

fn config(address: SocketAddr) -> Ga4 {
    let base = format!("http://{address}");
    Ga4::check(Some("G-TEST12345"), Some(SECRET), Some(&base)).expect("right").expect("set")
}

fn fast() -> RelayOptions {
    RelayOptions {
        linger: Duration::from_millis(20),
        connect_within: Duration::from_millis(300),
        answer_within: Duration::from_millis(300),
        pause: Duration::from_millis(5),
        ..RelayOptions::default()
    }
}

fn relay(address: SocketAddr, options: RelayOptions) -> Relay {
    Relay::start(config(address), options, Arc::new(SystemClock))
}

fn client(number: u32) -> ClientId {
    format!("GA1.1.{number}.1764000000").parse().expect("right")
}

fn now() -> Timestamp {
    domain::Clock::now(&SystemClock)
}

fn view() -> Event {
    Event::page_view(Text::cut("https://balanced.test/help"), Text::cut("Help"), None, now())
}

#[expect(clippy::disallowed_methods, reason = "how long a call takes is what is tested")]
fn started() -> Instant {
    Instant::now()
}

async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..500 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what} did not come about within five seconds");
}

#[tokio::test]
async fn events_of_one_client_leave_together_with_id_and_secret_in_the_address() {
    let (address, got) = stub(&[StatusCode::NO_CONTENT]).await;
    let relay = relay(address, fast());
    for who in [1, 2, 1] {
        relay.outbox().send(client(who), view());
    }
    eventually("delivery", || relay.tally().delivered == 3).await;
    let got = got.lock().expect("no panic");
    assert_eq!(got.len(), 2);
    for (query, media, body) in got.iter() {
        assert_eq!(query, "measurement_id=G-TEST12345&api_secret=no%2Done%5Fmay%2Esee%7Ethis");
        assert_eq!(media, "application/json");
        let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
        let events = body["events"].as_array().expect("events").len();
        assert_eq!(
            (body["client_id"].as_str(), events),
            match events {
                2 => (Some("1.1764000000"), 2),
                _ => (Some("2.1764000000"), 1),
            }
        );
    }
}

#[tokio::test]
async fn an_orderly_end_sends_what_still_waits_and_takes_no_more() {
    let (address, got) = stub(&[StatusCode::NO_CONTENT]).await;
    let relay = relay(address, RelayOptions { linger: Duration::from_mins(1), ..fast() });
    let outbox = relay.outbox();
    for number in 0..60 {
        outbox.send(client(number % 2), view());
    }
    let tally = relay.shut_down(Duration::from_secs(5)).await;
    assert_eq!(tally, Tally { delivered: 60, ..Tally::default() });
    assert_eq!(got.lock().expect("no panic").len(), 4);
    outbox.send(client(1), view());
    assert_eq!(got.lock().expect("no panic").len(), 4);
}

#[tokio::test]
async fn what_certainly_did_not_arrive_is_tried_again_and_what_may_have_is_not() {
    let (address, got) = stub(&[StatusCode::INTERNAL_SERVER_ERROR, StatusCode::NO_CONTENT]).await;
    let again = relay(address, fast());
    again.outbox().send(client(1), view());
    eventually("delivery", || again.tally().delivered == 1).await;
    assert_eq!(got.lock().expect("no panic").len(), 2);

    let unanswered = relay(silent().await, fast());
    let since = started();
    unanswered.outbox().send(client(1), view());
    eventually("giving up", || unanswered.tally().lost == 1).await;
    assert!(since.elapsed() < Duration::from_millis(900), "a second attempt was made");

    let (address, got) = stub(&[StatusCode::FORBIDDEN]).await;
    let refused = relay(address, fast());
    refused.outbox().send(client(1), view());
    eventually("giving up", || refused.tally().lost == 1).await;
    assert_eq!(got.lock().expect("no panic").len(), 1);
}

#[tokio::test]
async fn a_failing_endpoint_is_tried_a_few_times_and_then_the_events_are_gone() {
    let (address, got) = stub(&[StatusCode::BAD_GATEWAY]).await;
    let relay = relay(address, fast());
    relay.outbox().send(client(1), view());
    eventually("giving up", || relay.tally().lost == 1).await;
    assert_eq!(got.lock().expect("no panic").len(), 3);
}

/// The bound on `send` holds for each single call, on a loaded machine too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_or_silent_endpoint_costs_the_events_and_no_time_and_no_memory() {
    for address in [dead().await, silent().await] {
        let relay = relay(address, RelayOptions { queue: 64, ..fast() });
        let outbox = relay.outbox();
        let mut slowest = Duration::ZERO;
        for _ in 0..20_000 {
            let (event, since) = (view(), started());
            outbox.send(client(1), event);
            slowest = slowest.max(since.elapsed());
        }
        assert!(slowest < Duration::from_millis(100), "a call took {slowest:?}");
        let since = started();
        let tally = relay.shut_down(Duration::from_secs(1)).await;
        assert!(since.elapsed() < Duration::from_secs(2), "the end took {:?}", since.elapsed());
        assert_eq!(tally.delivered, 0);
        // What is not dropped is in the queue or on its way: 64 and one round at most at any time.
        assert!(tally.dropped > 15_000, "{tally:?}");
    }
}

#[tokio::test]
async fn an_event_that_google_would_no_longer_take_is_not_sent() {
    let (address, got) = stub(&[StatusCode::NO_CONTENT]).await;
    let relay = relay(address, fast());
    let old = now() - Duration::from_hours(73);
    relay.outbox().send(client(1), Event::new(EventName::new("late").expect("fine"), old));
    eventually("giving up", || relay.tally().lost == 1).await;
    assert!(got.lock().expect("no panic").is_empty());
}

/// Everything that is logged while it lives, libraries included.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_secret_is_in_no_log_and_a_fault_is_told_once() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let (busy, _) = stub(&[StatusCode::FORBIDDEN]).await;
    for address in [dead().await, busy] {
        let relay = relay(address, RelayOptions { attempts: 1, ..fast() });
        for round in 1..=3 {
            relay.outbox().send(client(1), view());
            eventually("giving up", || relay.tally().lost == round).await;
        }
        relay.shut_down(Duration::from_secs(1)).await;
    }
    let log = String::from_utf8(log.0.lock().expect("no panic").clone()).expect("text");
    assert_eq!(log.matches("does not get its events").count(), 2, "{log}");
    assert!(log.contains("Connection refused") && log.contains("403"), "{log}");
    for secret in [SECRET, "see%7Ethis", "api_secret"] {
        assert!(!log.contains(secret), "{log}");
    }
}
