//! A stand-in for Stripe that keeps what it is told and answers as the API's reference has it, as far as it is asked here.
//! That it speaks the real protocol is shown in `e2e`, where Stripe's own library talks to one like it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use domain::{Clock as _, SystemClock};
use hmac::{Hmac, KeyInit as _, Mac as _};
use providers::payments::{Payments, ProductSettings};
use serde_json::{Value, json};
use sha2::Sha256;
use web::{Limits, Site};

use super::{Answer, Bench, get};

pub const KEY: &str = "sk_test_0123456789abcdef";
pub const HOOK: &str = "whsec_0123456789abcdef";

/// What Stripe knows.
#[derive(Default)]
pub struct World {
    pub customers: BTreeMap<String, Value>,
    pub sessions: BTreeMap<String, Value>,
    pub charges: BTreeMap<String, Value>,
    pub invoices: BTreeMap<String, Value>,
    pub subscriptions: BTreeMap<String, Value>,
    pub disputes: Vec<Value>,
    pub warnings: Vec<Value>,
    /// The earliest first.
    pub events: Vec<Value>,
    /// Answers by the key that made them.
    keys: BTreeMap<String, Value>,
    /// Every request, `POST customers`.
    pub asked: Vec<String>,
    /// So many requests are answered, and then those that come are refused.
    pub refuses_after: Option<usize>,
    /// Where its pages are, instead of where it is itself.
    pub pages: Option<String>,
    number: u64,
}

#[derive(Clone)]
pub struct StubStripe {
    world: Arc<Mutex<World>>,
    pub url: String,
}

fn seconds() -> i64 {
    SystemClock.now().unix_ms() / 1000
}

impl World {
    pub fn id(&mut self, kind: &str) -> String {
        self.number += 1;
        format!("{kind}_{}", self.number)
    }

    /// Something happened: an event that can be sent.
    pub fn happened(&mut self, kind: &str, object: Value) -> Value {
        let id = self.id("evt");
        let mut event = json!({
            "id": id, "object": "event", "type": kind, "created": seconds(), "api_version": "2025-09-30.clover",
        });
        event["data"]["object"] = object;
        self.events.push(event.clone());
        event
    }

    fn charge(&mut self, amount: &Value, currency: &Value, metadata: Value, invoice: Value) -> String {
        let id = self.id("ch");
        let mut charge = json!({
            "id": id, "object": "charge", "amount": amount, "amount_refunded": 0, "captured": true, "created": seconds(),
            "currency": currency, "outcome": {"risk_level": "normal"},
            "receipt_url": format!("https://pay.stripe.com/receipts/{id}"), "review": null, "status": "succeeded",
        });
        charge["invoice"] = invoice;
        charge["metadata"] = metadata;
        self.charges.insert(id.clone(), charge);
        id
    }

    /// Somebody pays on the page. Gives the payment, and the events of it.
    pub fn pay(&mut self, session: &str) -> (String, Vec<Value>) {
        let made = self.sessions[session].clone();
        assert_eq!(made["status"], "open", "an open page is paid");
        let charge = if made["mode"] == "subscription" {
            let id = self.id("sub");
            let subscription = json!({
                "id": id, "object": "subscription", "customer": made["customer"], "status": "active",
                "metadata": made["subscription_data"]["metadata"], "cancel_at_period_end": false, "cancel_at": null,
                "current_period_end": seconds() + 30 * 24 * 3600, "amount": made["amount_total"],
                "currency": made["currency"], "latest_invoice": null,
            });
            self.subscriptions.insert(id.clone(), subscription);
            self.sessions.get_mut(session).expect("made")["subscription"] = json!(id);
            let charge = self.month(&id);
            let invoice = self.subscriptions[&id]["latest_invoice"].clone();
            self.sessions.get_mut(session).expect("made")["invoice"] = invoice;
            charge
        } else {
            let metadata = made["payment_intent_data"]["metadata"].clone();
            let charge = self.charge(&made["amount_total"], &made["currency"], metadata, Value::Null);
            self.sessions.get_mut(session).expect("made")["payment_intent"] =
                json!({"id": "pi_1", "latest_charge": charge});
            charge
        };
        let session = self.sessions.get_mut(session).expect("made");
        session["status"] = json!("complete");
        let session = session.clone();
        let charged = self.charges[&charge].clone();
        let events =
            vec![self.happened("charge.succeeded", charged), self.happened("checkout.session.completed", session)];
        (charge, events)
    }

    /// Somebody goes through the page with a way to pay whose money takes days.
    pub fn pay_later(&mut self, session: &str) -> Vec<Value> {
        let (charge, _) = self.pay(session);
        self.charges.get_mut(&charge).expect("made")["status"] = json!("pending");
        self.sessions.get_mut(session).expect("made")["payment_intent"]["status"] = json!("processing");
        self.events.clear();
        let session = self.sessions[session].clone();
        let charged = self.charges[&charge].clone();
        vec![self.happened("charge.pending", charged), self.happened("checkout.session.completed", session)]
    }

    /// The bank says no to what was on its way.
    pub fn bounce(&mut self, session: &str) -> Vec<Value> {
        let intent = &mut self.sessions.get_mut(session).expect("made")["payment_intent"];
        intent["status"] = json!("requires_payment_method");
        let charge = intent["latest_charge"].as_str().expect("made").to_owned();
        self.charges.get_mut(&charge).expect("made")["status"] = json!("failed");
        let (session, charged) = (self.sessions[session].clone(), self.charges[&charge].clone());
        vec![self.happened("charge.failed", charged), self.happened("checkout.session.async_payment_failed", session)]
    }

    /// A month of a subscription is paid.
    pub fn month(&mut self, subscription: &str) -> String {
        let of = self.subscriptions[subscription].clone();
        let invoice = self.id("in");
        let charge = self.charge(&of["amount"], &of["currency"], json!({}), json!(invoice));
        let bill = json!({
            "id": invoice, "object": "invoice", "subscription": subscription, "charge": charge,
            "hosted_invoice_url": format!("https://invoice.stripe.com/i/{invoice}"),
        });
        self.invoices.insert(invoice.clone(), bill);
        self.subscriptions.get_mut(subscription).expect("made")["latest_invoice"] = json!(invoice);
        charge
    }

    /// Writes out what a name stands for, where that was asked for.
    fn expanded(&self, object: &Value, query: &[(String, String)]) -> Value {
        let asks = |path: &str| query.iter().any(|(name, value)| name == "expand[]" && value == path);
        let mut object = object.clone();
        for (field, all) in
            [("invoice", &self.invoices), ("latest_invoice", &self.invoices), ("subscription", &self.subscriptions)]
        {
            let nested = format!("{field}.subscription");
            if (asks(field) || asks(&nested))
                && let Some(found) = object[field].as_str().and_then(|id| all.get(id))
            {
                let mut found = found.clone();
                if asks(&nested) {
                    let of = found["subscription"].as_str().and_then(|id| self.subscriptions.get(id)).cloned();
                    found["subscription"] = of.unwrap_or_default();
                }
                object[field] = found;
            }
        }
        object
    }

    #[allow(clippy::too_many_lines, reason = "one line for each thing that is asked")]
    fn answer(
        &mut self,
        method: &Method,
        path: &str,
        query: &[(String, String)],
        form: &[(String, String)],
    ) -> Option<Value> {
        let field = |name: &str| form.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone());
        let asked = |name: &str| query.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone());
        let list = |items: Vec<Value>| json!({"object": "list", "data": items, "has_more": false});
        let parts: Vec<&str> = path.split('/').collect();
        let found = match (method.as_str(), parts.as_slice()) {
            ("POST", ["customers"]) => {
                let id = self.id("cus");
                let customer = json!({"id": id, "object": "customer", "email": field("email")?});
                self.customers.insert(id, customer.clone());
                customer
            }
            ("POST", ["customers", id]) => {
                let customer = self.customers.get_mut(*id)?;
                customer["email"] = json!(field("email")?);
                customer.clone()
            }
            ("DELETE", ["customers", id]) => {
                self.customers.remove(*id)?;
                json!({"id": id, "deleted": true})
            }
            ("POST", ["checkout", "sessions"]) => {
                self.customers.get(&field("customer")?)?;
                let id = self.id("cs");
                let origin = self.pages.clone().unwrap_or_else(|| field("_origin").unwrap_or_default());
                let metadata =
                    |of: &str| json!({"metadata": {"purchase": field(&format!("{of}[metadata][purchase]"))}});
                let session = json!({
                    "id": id, "object": "checkout.session", "mode": field("mode")?, "status": "open",
                    "customer": field("customer")?, "client_reference_id": field("client_reference_id")?,
                    "amount_total": field("line_items[0][price_data][unit_amount]")?.parse::<u64>().ok()?,
                    "currency": field("line_items[0][price_data][currency]")?,
                    "payment_intent_data": metadata("payment_intent_data"),
                    "subscription_data": metadata("subscription_data"), "payment_intent": null, "subscription": null,
                    "invoice": null, "success_url": field("success_url")?, "url": format!("{origin}/c/pay/{id}"),
                });
                self.sessions.insert(id, session.clone());
                session
            }
            ("GET", ["checkout", "sessions"]) => {
                let of = asked("customer")?;
                let open = |session: &&Value| session["customer"] == json!(of) && session["status"] == "open";
                list(self.sessions.values().filter(open).cloned().collect())
            }
            ("GET", ["checkout", "sessions", id]) => self.expanded(self.sessions.get(*id)?, query),
            ("POST", ["checkout", "sessions", id, "expire"]) => {
                let session = self.sessions.get_mut(*id)?;
                session["status"] = json!("expired");
                session.clone()
            }
            ("POST", ["billing_portal", "sessions"]) => {
                self.customers.get(&field("customer")?)?;
                let origin = self.pages.clone().unwrap_or_else(|| field("_origin").unwrap_or_default());
                json!({"id": "bps_1", "url": format!("{origin}/p/session/1")})
            }
            ("GET", ["charges", id]) => self.expanded(self.charges.get(*id)?, query),
            ("GET", ["invoices", id]) => self.expanded(self.invoices.get(*id)?, query),
            ("GET", ["subscriptions", id]) => self.expanded(self.subscriptions.get(*id)?, query),
            ("GET", ["subscriptions"]) => {
                let of = asked("customer")?;
                let running = |one: &&Value| one["customer"] == json!(of) && one["status"] != "canceled";
                list(self.subscriptions.values().filter(running).cloned().collect())
            }
            ("DELETE", ["subscriptions", id]) => {
                let subscription = self.subscriptions.get_mut(*id)?;
                subscription["status"] = json!("canceled");
                subscription.clone()
            }
            ("GET", ["disputes"]) => {
                let of = json!(asked("charge")?);
                list(self.disputes.iter().filter(|one| one["charge"] == of).cloned().collect())
            }
            ("GET", ["radar", "early_fraud_warnings"]) => {
                let of = json!(asked("charge")?);
                list(self.warnings.iter().filter(|one| one["charge"] == of).cloned().collect())
            }
            ("GET", ["events"]) => {
                let since: i64 = asked("created[gte]")?.parse().ok()?;
                let limit: usize = asked("limit")?.parse().ok()?;
                let newest = self.events.iter().rev().filter(|event| event["created"].as_i64() >= Some(since));
                let after = asked("starting_after");
                let mut left: Vec<Value> = newest.cloned().collect();
                if let Some(after) = after {
                    let at = left.iter().position(|event| event["id"] == json!(after))?;
                    left.drain(..=at);
                }
                let has_more = left.len() > limit;
                left.truncate(limit);
                json!({"object": "list", "data": left, "has_more": has_more})
            }
            _ => return None,
        };
        Some(found)
    }
}

async fn handle(State(stub): State<StubStripe>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.expect("a body");
    let header = |name: &str| parts.headers.get(name).map(|value| value.to_str().expect("ASCII").to_owned());
    let path = parts.uri.path().trim_start_matches("/v1/").to_owned();
    let pairs = |text: &[u8]| form_urlencoded::parse(text).into_owned().collect::<Vec<_>>();
    let query = pairs(parts.uri.query().unwrap_or_default().as_bytes());
    let mut form = pairs(&body);
    form.push(("_origin".to_owned(), stub.url.clone()));
    let error = |status: StatusCode, message: &str| {
        (status, json!({"error": {"message": message}}).to_string()).into_response()
    };
    if header("authorization") != Some(format!("Bearer {KEY}")) || header("stripe-version").is_none() {
        return error(StatusCode::UNAUTHORIZED, "no such key");
    }
    let mut world = stub.world();
    world.asked.push(format!("{} {path}", parts.method));
    if let Some(left) = world.refuses_after {
        world.refuses_after = left.checked_sub(1).or(Some(0));
        if left == 0 {
            return error(StatusCode::BAD_REQUEST, "out of order");
        }
    }
    let key = header("idempotency-key");
    assert_eq!(key.is_some(), parts.method == Method::POST, "{path}: what makes something has a key");
    if let Some(made) = key.as_ref().and_then(|key| world.keys.get(key)) {
        return made.to_string().into_response();
    }
    match world.answer(&parts.method, &path, &query, &form) {
        Some(answer) => {
            if let Some(key) = key {
                world.keys.insert(key, answer.clone());
            }
            ([(header::CONTENT_TYPE, "application/json")], answer.to_string()).into_response()
        }
        None => error(StatusCode::NOT_FOUND, "no such thing"),
    }
}

impl StubStripe {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let stub = Self { world: Arc::default(), url };
        let router = Router::new().fallback(handle).with_state(stub.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.expect("served") });
        stub
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("nobody panicked with it")
    }

    pub fn site(&self) -> Site {
        let product = |id: &str, kind: &str, credits: u32, price: &str| ProductSettings {
            id: id.to_owned(),
            name: format!("The {id} <offer>"),
            kind: kind.to_owned(),
            credits,
            price: price.to_owned(),
        };
        let products = [
            product("single", "single", 1, "9.00 EUR"),
            product("pack", "pack", 10, "60.00 EUR"),
            product("plan", "monthly", 4, "20.00 EUR"),
        ];
        let payments = Payments::check(Some(KEY), Some(HOOK), Some(&self.url), None, &products, Arc::new(SystemClock))
            .expect("right");
        Site { payments, ..Site::loopback() }
    }

    /// A site that sells by way of it.
    pub async fn bench(&self) -> Bench {
        Bench::of(Limits::default(), &self.site(), false).await
    }

    /// The page that a browser was led to.
    pub fn session(&self, location: &str) -> String {
        let page = location.strip_prefix(&format!("{}/c/pay/", self.url));
        page.unwrap_or_else(|| panic!("a page of Stripe's: {location:?}")).to_owned()
    }
}

pub fn signature(secret: &str, at: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(format!("{at}.{body}").as_bytes());
    let hex = mac.finalize().into_bytes().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    format!("t={at},v1={hex}")
}

pub async fn send_signed(bench: &Bench, signature: &str, body: &str) -> Answer {
    let request = get("/stripe/webhook", "").method("POST").header("stripe-signature", signature);
    bench.send(request.body(Body::from(body.to_owned())).expect("a request")).await
}

/// Sends an event as Stripe does.
pub async fn send_event(bench: &Bench, event: &Value) -> StatusCode {
    let body = event.to_string();
    send_signed(bench, &signature(HOOK, seconds(), &body), &body).await.status
}
