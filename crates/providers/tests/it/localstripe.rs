//! Stripe, played by a program that we did not write: localstripe (<https://github.com/adrienverge/localstripe>). It has
//! customers, subscriptions, events and signed webhooks. It has neither Checkout Sessions nor disputes and warnings, so that
//! what stands on those is asked of a stand-in (`crates/web/tests/it/payments.rs`, `e2e/lib/stub-stripe.mjs`).

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use axum::{Router, body::Bytes, routing::post};
use domain::{Clock as _, Email, HolderId, OsEntropy, RemoteId, SubscriptionState, SystemClock};
use providers::payments::{About, Forged, Payments, ProductSettings, Stripe};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

const KEY: &str = "sk_test_0123456789abcdef";
const HOOK: &str = "whsec_0123456789abcdef";
const PURCHASE: &str = "0123456789abcdef0123456789abcdef";

struct LocalStripe {
    program: Child,
    port: u16,
}

impl Drop for LocalStripe {
    fn drop(&mut self) {
        self.program.kill().ok();
        self.program.wait().ok();
    }
}

impl LocalStripe {
    async fn start() -> Self {
        let program = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../.tools/localstripe/bin/localstripe");
        let port = free_port().await;
        let program = Command::new(&program)
            .args(["--from-scratch", "--port", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}; ./test installs it", program.display()));
        let started = Self { program, port };
        for _ in 0..600 {
            if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return started;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("localstripe did not start within 30 s");
    }

    fn stripe(&self) -> Stripe {
        let product = ProductSettings {
            id: "monthly".to_owned(),
            name: "Monthly".to_owned(),
            kind: "monthly".to_owned(),
            credits: 4,
            price: "9.00 EUR".to_owned(),
        };
        let base = format!("http://127.0.0.1:{}", self.port);
        let payments = Payments::check(Some(KEY), Some(HOOK), Some(&base), None, &[product], Arc::new(SystemClock));
        payments.expect("settings").expect("something is sold").stripe
    }

    /// Asks localstripe as somebody at Stripe's own pages would; `form` is form-encoded.
    async fn ask(&self, method: &str, path: &str, form: &str) -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.expect("localstripe");
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {KEY}\r\nconnection: close\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            form.len()
        );
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("answered");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        assert!(head.starts_with("HTTP/1.1 200"), "{method} {path}: {answer}");
        serde_json::from_str(body).unwrap_or_default()
    }

    /// A customer's subscription for a purchase of ours; a week on trial, so that there is no charge yet.
    async fn subscribe(&self, customer: &RemoteId) -> RemoteId {
        let card = "type=card&card[number]=4242424242424242&card[exp_month]=12&card[exp_year]=2040&card[cvc]=123";
        let method = self.ask("POST", "/v1/payment_methods", card).await;
        let method = method["id"].as_str().expect("a payment method");
        self.ask("POST", &format!("/v1/payment_methods/{method}/attach"), &format!("customer={customer}")).await;
        let default = format!("invoice_settings[default_payment_method]={method}");
        self.ask("POST", &format!("/v1/customers/{customer}"), &default).await;
        let plan = "id=monthly&amount=900&currency=eur&interval=month&product[name]=Monthly";
        self.ask("POST", "/v1/plans", plan).await;
        let wish =
            format!("customer={customer}&items[0][plan]=monthly&metadata[purchase]={PURCHASE}&trial_period_days=7");
        let made = self.ask("POST", "/v1/subscriptions", &wish).await;
        made["id"].as_str().expect("a subscription").parse().expect("a name")
    }
}

async fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("an address").port()
}

fn email(text: &str) -> Email {
    text.parse().expect("an address")
}

#[tokio::test]
async fn a_customer_is_made_once_kept_up_to_date_and_made_anew_where_it_is_gone() {
    let server = LocalStripe::start().await;
    let (stripe, holder) = (server.stripe(), HolderId::draw(&OsEntropy));
    let customer = stripe.customer(holder, None, &email("mia@example.org")).await.expect("made");
    let kept = stripe.customer(holder, Some(&customer), &email("mia@example.com")).await.expect("kept");
    assert_eq!(kept, customer);
    let told = server.ask("GET", &format!("/v1/customers/{customer}"), "").await;
    assert_eq!(told["email"], "mia@example.com");
    assert_eq!(told["metadata"]["holder"], holder.to_string());

    server.ask("DELETE", &format!("/v1/customers/{customer}"), "").await;
    let anew = stripe.customer(holder, Some(&customer), &email("mia@example.org")).await.expect("made anew");
    assert_ne!(anew, customer);
}

#[tokio::test]
async fn what_happens_to_a_subscription_is_heard_listed_and_asked_for() {
    let server = LocalStripe::start().await;
    let stripe = server.stripe();
    let (say, mut heard) = mpsc::unbounded_channel::<(String, Bytes)>();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let hook = format!("http://127.0.0.1:{}/", listener.local_addr().expect("an address").port());
    let hear = post(async move |headers: HeaderMap, body: Bytes| {
        let signature = headers["stripe-signature"].to_str().expect("text").to_owned();
        say.send((signature, body)).expect("the test listens");
        StatusCode::OK
    });
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", hear)).await });
    server.ask("POST", "/_config/webhooks/ours", &format!("url={hook}&secret={HOOK}")).await;

    let before = SystemClock.now();
    let customer = stripe.customer(HolderId::draw(&OsEntropy), None, &email("mia@example.org")).await.expect("made");
    let subscription = server.subscribe(&customer).await;
    let about = About::Subscription(subscription.clone());
    let facts = stripe.facts_of(&about).await.expect("told").subscription.expect("ours");
    assert_eq!((facts.id, facts.purchase.to_string()), (subscription.clone(), PURCHASE.to_owned()));
    assert_eq!((facts.state, facts.ends), (SubscriptionState::Incomplete, false));
    assert!(facts.period_end > before);
    server.ask("DELETE", &format!("/v1/subscriptions/{subscription}"), "").await;
    let ended = stripe.facts_of(&about).await.expect("told").subscription.expect("ours");
    assert_eq!(ended.state, SubscriptionState::Canceled);

    let mut kinds = Vec::new();
    while !kinds.iter().any(|kind| kind == "customer.subscription.deleted") {
        let next = tokio::time::timeout(Duration::from_secs(30), heard.recv()).await;
        let (signature, body) = next.expect("within 30 s").expect("the hook is open");
        let notice = stripe.heed(&signature, &body).expect("genuine");
        if notice.event.kind.starts_with("customer.subscription.") {
            assert_eq!(notice.about, about, "{}", notice.event.kind);
        }
        let changed = [&body[..], b" "].concat();
        assert_eq!(stripe.heed(&signature, &changed), Err(Forged::Wrong), "one byte more");
        kinds.push(notice.event.kind);
    }
    assert!(kinds.iter().any(|kind| kind == "customer.created"), "{kinds:?}");

    // In which order is another matter: localstripe has the earliest first, Stripe the latest.
    let listed = stripe.notices_since(before).await.expect("listed");
    let listed: Vec<_> = listed.into_iter().map(|notice| notice.event.kind).collect();
    assert!(kinds.iter().all(|kind| listed.contains(kind)), "heard {kinds:?}, listed {listed:?}");
}
