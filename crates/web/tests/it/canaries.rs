//! Handlers that break the policy on purpose, inside the layer that the site is wrapped in: nothing of it may leave, and
//! a test has to hear of it. No such handler is part of the program.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, header};
use axum::routing::get;
use cookie_policy::{Key, Mode, PolicyLayer};
use futures_util::FutureExt as _;
use tower::{Layer as _, ServiceExt as _};
use web::registry::SITE;

/// What is planted, and the line that does it.
const CANARIES: [(&str, &str); 6] = [
    ("an undeclared cookie", "canary=1; Path=/; SameSite=Lax; HttpOnly"),
    ("a session cookie that stays", "session-id=x; Max-Age=60; Path=/; SameSite=Lax; HttpOnly"),
    ("a life longer than declared", "auth-token=x; Max-Age=604801; Path=/; SameSite=Lax; HttpOnly"),
    ("a cookie without consent", "usage-stats=x; Max-Age=2592000; Path=/; SameSite=Lax; HttpOnly"),
    ("a cookie that scripts can read", "session-id=x; Path=/; SameSite=Lax"),
    ("a decision that the visitor did not make", "cookie-consent=x; Max-Age=15552000; Path=/; SameSite=Lax; HttpOnly"),
];

async fn answered(mode: Mode, line: &'static str) -> Response<Body> {
    let plants = async move || ([(header::SET_COOKIE, HeaderValue::from_static(line))], "a page");
    let router = Router::new().route("/", get(plants));
    let clock: cookie_policy::Clock = Arc::new(|| time::OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000));
    let key = Key::new(&[7; 32]).expect("long enough");
    let site = PolicyLayer::new(&SITE, key, clock).secure(false).mode(mode).layer(router);
    site.oneshot(Request::new(Body::empty())).await.expect("infallible")
}

#[tokio::test]
async fn in_production_nothing_that_breaks_the_policy_leaves() {
    for (what, line) in CANARIES {
        let answer = answered(Mode::Strip, line).await;
        assert!(answer.status().is_success(), "{what}");
        assert!(!answer.headers().contains_key(header::SET_COOKIE), "{what} left");
    }
}

#[tokio::test]
async fn in_a_test_each_breach_panics() {
    for (what, line) in CANARIES {
        let answer = AssertUnwindSafe(answered(Mode::Panic, line)).catch_unwind().await;
        assert!(answer.is_err(), "{what} went unnoticed");
    }
}

#[tokio::test]
async fn what_keeps_to_the_policy_leaves() {
    let line = "session-id=x; Path=/; SameSite=Lax; HttpOnly";
    for mode in [Mode::Strip, Mode::Panic] {
        let answer = answered(mode, line).await;
        assert_eq!(answer.headers().get(header::SET_COOKIE), Some(&HeaderValue::from_static(line)));
    }
}
