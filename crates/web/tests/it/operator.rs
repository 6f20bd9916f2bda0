//! The operator's page and the way in, seen from outside.

use crate::common::{Answer, Bench, get};
use axum::body::Body;
use axum::http::{StatusCode, header};
use cookie_policy::{Consent, Decision, Signal};
use web::{Limits, OperatorToken, Site};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

async fn bench() -> Bench {
    let operator = OperatorToken::new(TOKEN).expect("long enough");
    Bench::of(Limits::default(), &Site { operator: Some(operator), ..Site::loopback() }, false).await
}

fn decided(decide: impl FnOnce(&Consent) -> Decision) -> String {
    let today = (time::OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000)).date();
    let consent = Consent::new(&web::registry::SITE, None, Signal::default(), today);
    format!("cookie-consent={}", decide(&consent).to_cookie_value(&Site::loopback().key))
}

/// Sends the sign-in form as the page handed it out.
async fn sign_in(bench: &Bench, cookie: &str, fields: &str) -> Answer {
    let (cookie, csrf) = crate::common::genuine(cookie);
    let body = Body::from(format!("{csrf}&{fields}"));
    bench.send(get("/operator/sign-in", &cookie).method("POST").body(body).expect("a request")).await
}

/// The line of the sign-in cookie, and the cookie as the browser sends it back.
fn session(answer: &Answer) -> (String, String) {
    let lines = answer.headers.get_all(header::SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
    let line = lines.into_iter().find(|line| line.starts_with("auth-token=")).expect("a session").to_owned();
    let cookie = line.split(';').next().unwrap_or_default().to_owned();
    (line, cookie)
}

#[tokio::test]
async fn who_knows_the_token_sees_the_page_until_they_sign_out() {
    let bench = bench().await;
    let away = bench.get("/operator", "").await;
    assert_eq!((away.status, away.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/operator/sign-in"));
    let form = bench.get("/operator/sign-in", "").await;
    assert!(form.text().contains("Keep me signed in (7 days)"));
    assert_eq!(form.header("x-robots-tag"), "noindex, nofollow");

    let signed = sign_in(&bench, "", &format!("token={TOKEN}")).await;
    assert_eq!((signed.status, signed.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/operator?fresh"));
    let (line, cookie) = session(&signed);
    assert!(line.contains("; HttpOnly") && line.contains("; SameSite=Lax"), "{line}");
    assert!(!line.contains("Max-Age") && !line.contains("Expires"), "{line}");
    assert!(!line.contains(TOKEN), "what is set is drawn, not the token");

    assert_eq!(bench.get("/operator?fresh", &cookie).await.header(header::LOCATION), "/operator");
    let page = bench.get("/operator", &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    for heading in ["Slowest pages", "Most used features", "Experiment: upload-lead", "Decisions about cookies"] {
        assert!(page.text().contains(heading), "{heading}");
    }
    assert!(page.header(header::CACHE_CONTROL).contains("no-store"));
    assert!(page.text().contains("<meta name=\"robots\" content=\"noindex, nofollow\">"));
    assert_eq!(bench.get("/operator/sign-in", &cookie).await.header(header::LOCATION), "/operator");

    let out = bench.post("/operator/sign-out", &cookie).await;
    assert_eq!(out.header(header::LOCATION), "/operator/sign-in");
    assert!(session(&out).0.contains("Max-Age=0"));
    assert_eq!(bench.get("/operator", &cookie).await.header(header::LOCATION), "/operator/sign-in");
}

#[tokio::test]
async fn who_wants_to_stay_signed_in_stays_for_seven_days() {
    let bench = bench().await;
    let (line, cookie) = session(&sign_in(&bench, "", &format!("token={TOKEN}&keep=yes")).await);
    assert!(line.contains("; Max-Age=604800"), "{line}");
    assert_eq!(bench.get("/operator", &cookie).await.status, StatusCode::OK);
}

#[tokio::test]
async fn who_guesses_is_refused_and_then_has_to_wait() {
    let bench = bench().await;
    for _ in 0..3 {
        let wrong = sign_in(&bench, "", "token=guess").await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
        assert!(wrong.text().contains("That is not the operator&#39;s token."), "{}", wrong.text());
    }
    // Even the right one.
    let waiting = sign_in(&bench, "", &format!("token={TOKEN}")).await;
    assert_eq!(waiting.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(waiting.header(header::RETRY_AFTER).parse::<u64>().is_ok_and(|seconds| (1..=2).contains(&seconds)));
    for cookie in ["auth-token=0", &format!("auth-token={}", "0".repeat(64))] {
        assert_eq!(bench.get("/operator", cookie).await.status, StatusCode::SEE_OTHER, "{cookie}");
    }
}

#[tokio::test]
async fn a_form_from_elsewhere_signs_nobody_in_or_out() {
    let bench = bench().await;
    let bare = get("/operator/sign-in", &format!("csrf-token={TOKEN}")).method("POST");
    let answer = bench.send(bare.body(Body::from(format!("token={TOKEN}"))).expect("a request")).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(!answer.headers.contains_key(header::SET_COOKIE));
    let (_, cookie) = session(&sign_in(&bench, "", &format!("token={TOKEN}")).await);
    let out = get("/operator/sign-out", &cookie).method("POST").body(Body::empty()).expect("a request");
    assert_eq!(bench.send(out).await.status, StatusCode::FORBIDDEN);
    assert_eq!(bench.get("/operator", &cookie).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_browser_without_cookies_is_told_so_and_not_sent_in_circles() {
    let bench = bench().await;
    let form = get("/operator/sign-in", "").method("POST").body(Body::from(format!("csrf=00&token={TOKEN}")));
    let answer = bench.send(form.expect("a request")).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.text().contains("Your browser did not keep the cookie"));
    let answer = bench.get("/operator?fresh", "").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.text().contains("Your browser did not keep the cookie"));
}

#[tokio::test]
async fn after_block_all_signing_in_says_what_it_needs_first() {
    let bench = bench().await;
    let blocked = decided(Consent::block_all);
    let page = bench.get("/operator/sign-in", &blocked).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.text().contains("auth-token") && page.text().contains("value=\"essential-only\""), "{}", page.text());
    let answer = sign_in(&bench, &blocked, &format!("token={TOKEN}")).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let lines = answer.headers.get_all(header::SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
    assert!(lines.into_iter().all(|line| line.contains("Max-Age=0")), "nothing is set");
}

#[tokio::test]
async fn without_a_token_there_is_no_operators_page() {
    let bench = Bench::new(Limits::default()).await;
    for path in ["/operator", "/operator/sign-in"] {
        assert_eq!(bench.get(path, "").await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn the_page_shows_what_consenting_visitors_did_and_decided() {
    let bench = bench().await;
    let consent = decided(Consent::accept_all);
    let visit = get("/", &consent).header(header::ACCEPT, "text/html").body(Body::empty()).expect("a request");
    let page = bench.send(visit).await;
    let number = page.headers.get_all(header::SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
    let number = number.filter_map(|line| line.split(';').next()).find(|pair| pair.starts_with("usage-stats="));
    let cookie = format!("{consent}; {}", number.expect("a number"));
    let events = r#"{"page": "/help", "events": [{"feature": "play"}, {"timing": {"metric": "lcp", "ms": 431}},
        {"error": "<b>no channel 12345</b>"}]}"#;
    bench.send(get("/usage", &cookie).method("POST").body(Body::from(events)).expect("a request")).await;
    let decide = get("/cookies/decide", "").method("POST").body(Body::from("choice=essential-only"));
    bench.send(decide.expect("a request")).await;

    let (_, operator) = session(&sign_in(&bench, "", &format!("token={TOKEN}")).await);
    let text = bench.get("/operator", &operator).await.text();
    for expected in [
        ">play<",
        "431 ms",
        "&#60;b&#62;no channel {number}",
        "<td>1</td><td>0</td>",
        ">Selective<",
        "Too early to say",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert!(!text.contains("style="), "the page's policy allows no inline style");

    // Taking the consent back removes it all.
    let back = get("/cookies/decide", &cookie).method("POST").body(Body::from("choice=block-all"));
    bench.send(back.expect("a request")).await;
    let text = bench.get("/operator", &operator).await.text();
    assert!(!text.contains(">play<") && !text.contains("431 ms") && !text.contains("no channel"));
    assert!(text.contains(">Block All<"));
}
