//! The layer round an axum service, seen from the browser's side of the wire.

use std::sync::Arc;

use axum::body::Body;
use axum::response::{AppendHeaders, IntoResponse};
use axum::routing::get;
use axum::{Extension, Router};
use cookie_policy::{
    Access, Cookie, CookieConsent, Decision, Essential, Granted, Jar, Key, Life, Mode, PolicyLayer, Reason, Registry,
    Told, Withheld, declare, registry,
};
use http::{Request, Response, header};
use time::{OffsetDateTime, macros::datetime};
use tower::ServiceExt as _;
use tower_layer::Layer as _;

declare! {
    cookie SessionId = "session-id" in Essential { purposes: &["session-management"], life: Life::Session }
    cookie AuthToken = "auth-token" in Essential { purposes: &["login-state"], life: Life::session_or_days(7) }
    cookie ThemeMode = "theme-mode" in Functional {
        purposes: &["preferences"], life: Life::days(90), access: Access::Script,
    }
    cookie UsageStats = "usage-stats" in Analytics { purposes: &["feature-usage"], life: Life::days(30) }
    local_storage UploadDraft = "upload-draft" in Functional { purposes: &["form-data"], life: Life::days(7) }
}

static SITE: Registry = registry! {
    version: 1,
    date: "2026-01-31",
    items: [CookieConsent, SessionId, AuthToken, ThemeMode, UsageStats, UploadDraft],
};

const NOW: OffsetDateTime = datetime!(2026-02-03 10:20:30 UTC);

fn key() -> Key {
    Key::new(&[7; 32]).unwrap()
}

fn layer(mode: Mode) -> PolicyLayer {
    PolicyLayer::new(&SITE, key(), Arc::new(|| NOW)).mode(mode)
}

fn lines(response: &Response<Body>, name: header::HeaderName) -> Vec<String> {
    response.headers().get_all(name).iter().map(|v| v.to_str().unwrap().to_owned()).collect()
}

async fn send(router: Router, mode: Mode, request: http::request::Builder) -> Response<Body> {
    layer(mode).layer(router).oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn sign_in(Extension(jar): Extension<Jar>) -> String {
    let set = || -> Result<(), Withheld> {
        let granted: Granted<Essential> = jar.essential()?;
        jar.set(SessionId::value("abc").unwrap(), &granted)?;
        jar.set(AuthToken::value("def").unwrap().kept(), &granted)
    };
    format!("{:?}", set())
}

#[tokio::test]
async fn a_first_plain_get_sets_nothing() {
    let response = send(Router::new().route("/", get(|| async { "hello" })), Mode::Panic, Request::get("/")).await;
    assert_eq!(response.headers().get(header::SET_COOKIE), None);
    assert_eq!(response.headers().get(header::VARY), None);
}

#[tokio::test]
async fn an_essential_cookie_leaves_as_declared() {
    let response = send(Router::new().route("/", get(sign_in)), Mode::Panic, Request::get("/")).await;
    assert_eq!(
        lines(&response, header::SET_COOKIE),
        [
            "session-id=abc; Path=/; SameSite=Lax; Secure; HttpOnly",
            "auth-token=def; Max-Age=604800; Path=/; SameSite=Lax; Secure; HttpOnly",
        ]
    );
    assert_eq!(lines(&response, header::VARY), ["Cookie, DNT, Sec-GPC"]);
    assert_eq!(lines(&response, header::CACHE_CONTROL), ["private, no-store"]);
}

fn cookie_of(response: &Response<Body>, name: &str) -> Option<String> {
    let start = format!("{name}=");
    let line = lines(response, header::SET_COOKIE).into_iter().find(|line| line.starts_with(&start))?;
    Some(line[start.len()..line.find(';').unwrap()].to_owned())
}

#[tokio::test]
async fn block_all_deletes_everything_but_itself_and_holds() {
    let decide = get(|Extension(jar): Extension<Jar>| async move { jar.decide(jar.consent().block_all()) });
    let router = Router::new().route("/", decide).route("/in", get(sign_in));
    let response = send(router.clone(), Mode::Panic, Request::get("/")).await;
    for name in ["session-id", "auth-token", "theme-mode", "usage-stats"] {
        assert_eq!(cookie_of(&response, name).as_deref(), Some(""), "{name}");
    }
    assert_eq!(lines(&response, "clear-site-data".parse().unwrap()), [r#""storage""#]);
    let consent = cookie_of(&response, "cookie-consent").unwrap();
    assert!(Decision::from_cookie_value(consent.as_bytes(), &SITE, &key()).is_some());

    let request = Request::get("/in").header("cookie", format!("session-id=x; cookie-consent={consent}"));
    let response = send(router, Mode::Panic, request).await;
    assert_eq!(cookie_of(&response, "session-id").as_deref(), Some(""), "what the browser still held is deleted");
    assert_eq!(cookie_of(&response, "auth-token"), None);
}

#[tokio::test]
async fn a_library_that_sets_cookies_itself_is_held_to_the_policy() {
    let rogue = get(|| async {
        let jar = axum_extra::extract::cookie::CookieJar::new().add(("undeclared", "1")).add(("theme-mode", "dark"));
        (AppendHeaders([(header::SET_COOKIE, "usage-stats=1; Path=/")]), jar).into_response()
    });
    let response = send(Router::new().fallback(rogue), Mode::Strip, Request::get("/x")).await;
    assert_eq!(lines(&response, header::SET_COOKIE), Vec::<String>::new());
}

#[tokio::test]
async fn handlers_do_not_see_what_is_not_agreed_to() {
    let echo = get(|headers: http::HeaderMap, Extension(jar): Extension<Jar>| async move {
        assert_eq!(jar.get::<ThemeMode>(), None);
        assert_eq!(jar.get::<SessionId>().as_deref(), Some("s"));
        assert_eq!(
            jar.ask::<ThemeMode>().unwrap_err(),
            Withheld::NotAgreed { name: "theme-mode", reason: Reason::Undecided }
        );
        assert_eq!(headers[header::COOKIE], "session-id=s");
        jar.decide(jar.consent().selective(["theme-mode"], Told::Nothing).unwrap());
        jar.set(ThemeMode::value("dark").unwrap(), &jar.ask::<ThemeMode>().unwrap()).unwrap();
    });
    let request = Request::get("/").header("cookie", "theme-mode=dark; stranger=1; session-id=s; \u{ff}\u{fe}");
    let response = send(Router::new().route("/", echo), Mode::Panic, request).await;
    assert!(response.status().is_success());
    let set = lines(&response, header::SET_COOKIE);
    assert_eq!(set[0], "theme-mode=dark; Max-Age=7776000; Path=/; SameSite=Lax; Secure");
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn the_jar_is_an_extractor_and_says_where_the_layer_is_missing() {
    let router = Router::new().route("/", get(|jar: Jar| async move { format!("{:?}", jar.consent().must_ask()) }));
    let response = send(router.clone(), Mode::Panic, Request::get("/")).await;
    assert!(response.status().is_success());
    let bare = router.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(bare.status(), 500);
}
