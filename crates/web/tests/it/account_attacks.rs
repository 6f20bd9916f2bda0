//! What nobody can do with somebody else's account, or learn of it.

use std::collections::BTreeMap;

use crate::common::member::{Browser, FIREFOX, PASSWORD, account, bench, location, mail, no_mail, signed_in};
use crate::common::{Answer, Bench, get};
use axum::body::Body;
use axum::http::{StatusCode, header};
use domain::{AddressHash, Device};
use web::{Limits, OperatorToken, Site};

#[tokio::test]
async fn nobody_learns_from_an_answer_who_has_an_account() {
    let bench = bench().await;
    account(&bench, "mia@example.org").await;
    let anonymous = |answer: &Answer, address: &str| {
        let text = answer.text().replace(address, "ADDRESS");
        let csrf = text.find("name=\"csrf\" value=\"").map(|at| text[at + 19..at + 83].to_owned());
        (answer.status, csrf.map_or(text.clone(), |csrf| text.replace(&csrf, "CSRF")))
    };
    for path in ["/account/sign-up", "/account/forgot"] {
        let known = Browser::of(&bench).post(path, &[("email", "mia@example.org")]).await;
        let unknown = Browser::of(&bench).post(path, &[("email", "eve@example.org")]).await;
        assert_eq!(anonymous(&known, "mia@example.org"), anonymous(&unknown, "eve@example.org"), "{path}");
    }
    let mut told = BTreeMap::new();
    for _ in 0..3 {
        let mail = mail(&bench).await;
        told.entry(mail.mail.to.to_string()).or_insert_with(Vec::new).push(mail.mail.subject);
    }
    no_mail(&bench).await;
    assert_eq!(told["mia@example.org"].len(), 2, "her mails tell her");
    assert_eq!(told["eve@example.org"], ["Your account at Balanced Mastering"]);
    let known = Browser::of(&bench).sign_in("mia@example.org", "not her password").await;
    let unknown = Browser::of(&bench).sign_in("eve@example.org", "not her password").await;
    assert_eq!(known.status, StatusCode::UNAUTHORIZED);
    assert_eq!(anonymous(&known, "mia@example.org"), anonymous(&unknown, "eve@example.org"));
}

#[tokio::test]
async fn who_is_unknown_takes_a_hash_as_long_as_who_is_known() {
    let bench = bench().await;
    account(&bench, "mia@example.org").await;
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..4 {
        for (who, email) in ["mia@example.org", "eve@example.org"].into_iter().enumerate() {
            let begun = tokio::time::Instant::now();
            let answer = Browser::of(&bench).sign_in(email, "not the password").await;
            times[who].push(begun.elapsed());
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{round}");
        }
    }
    let [known, unknown] = times.map(|times| times.into_iter().min().expect("some"));
    // A hash takes tens of milliseconds, and all else together less than one: without it this would be far off.
    assert!(unknown * 2 > known, "{unknown:?} is not much less than {known:?}");
}

#[tokio::test]
async fn a_session_is_always_a_new_one_and_what_was_planted_opens_nothing() {
    let bench = bench().await;
    let mia = account(&bench, "mia@example.org").await;
    let mut victim = Browser::of(&bench);
    // Somebody handed this browser a session that they know: of their own account, or made up.
    let (eve, _) = signed_in(&bench, "eve@example.org").await;
    for planted in [eve.cookies["auth-token"].clone(), format!("account-{}", "0".repeat(64))] {
        victim.cookies.insert("auth-token".to_owned(), planted.clone());
        victim.sign_in("mia@example.org", PASSWORD).await;
        let held = victim.cookies["auth-token"].clone();
        assert_ne!(held, planted);
        let seen = bench.get("/account", &format!("auth-token={planted}")).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER, "what was planted ended");
        assert!(bench.get("/account", &format!("auth-token={held}")).await.text().contains("mia@example.org"));
    }
    let before = bench.store.sign_ins.list(mia.id).await.expect("the database").len();
    victim.sign_in("mia@example.org", PASSWORD).await;
    let after = bench.store.sign_ins.list(mia.id).await.expect("the database").len();
    assert_eq!(after, before, "the session that the browser had ends with the next sign-in");
}

#[tokio::test]
async fn a_form_from_elsewhere_changes_nothing() {
    let bench = bench().await;
    let (mia, account) = signed_in(&bench, "mia@example.org").await;
    let routes: Vec<_> = web::patterns().into_iter().filter(|path| path.starts_with("/account")).collect();
    assert!(routes.len() >= 14);
    for pattern in routes {
        let path = pattern.replace("{id}", &"0".repeat(32));
        let body = "name=Eve&password=violet+anvil+teaspoon&new=another+long+password&email=eve%40example.org";
        for origin in [Some("https://evil.test"), None] {
            let mut request = get(&path, &mia.cookie()).method("POST");
            if let Some(origin) = origin {
                request = request.header(header::ORIGIN, origin).header("sec-fetch-site", "cross-site");
            }
            let answer = bench.send(request.body(Body::from(body)).expect("a request")).await;
            let refused = [StatusCode::FORBIDDEN, StatusCode::METHOD_NOT_ALLOWED].contains(&answer.status);
            assert!(refused, "{path} {origin:?}: {}", answer.status);
        }
    }
    let after = bench.store.accounts.find(account.id).await.expect("the database");
    assert_eq!(after, Some(account));
}

#[tokio::test]
async fn signing_in_leads_on_within_this_site_alone() {
    let bench = bench().await;
    account(&bench, "mia@example.org").await;
    let away = Browser::of(&bench).get("/account").await;
    assert_eq!(location(&away), "/account/sign-in?next=%2Faccount");
    for (next, leads) in [
        ("/account", "/account"),
        ("/tracks?a=b", "/tracks?a=b"),
        ("//evil.test", "/"),
        ("/\\evil.test", "/"),
        ("https://evil.test/", "/"),
        ("/\r\nLocation: https://evil.test", "/"),
        ("javascript:alert(1)", "/"),
    ] {
        let fields = [("email", "mia@example.org"), ("password", PASSWORD), ("next", next)];
        let mut browser = Browser::of(&bench);
        assert_eq!(location(&browser.post("/account/sign-in", &fields).await), leads, "{next:?}");
        let encoded: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        assert_eq!(location(&browser.get(&format!("/account/sign-in?next={encoded}")).await), leads, "{next:?}");
    }
}

#[tokio::test]
async fn nothing_that_is_typed_becomes_a_header_of_a_mail_or_a_part_of_a_page() {
    let bench = bench().await;
    let mut browser = Browser::of(&bench);
    for email in ["mia@example.org\r\nBcc: eve@example.org", "a@b.example,c@d.example", "<script>@example.org", ""] {
        for path in ["/account/sign-up", "/account/forgot", "/account/sign-in"] {
            let answer = browser.post(path, &[("email", email), ("password", PASSWORD)]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {email:?}");
            assert!(!answer.text().contains("<script>@"), "{path}");
        }
    }
    no_mail(&bench).await;
    let (mut mia, account) = signed_in(&bench, "mia@example.org").await;
    for name in ["", "Mia\r\nBcc: eve@example.org", &"x".repeat(81), "Mia\u{202e}"] {
        let answer = mia.post("/account/name", &[("name", name)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{name:?}");
    }
    let script = "<script>alert(1)</script>\"'&{{7*7}}";
    assert_eq!(location(&mia.post("/account/name", &[("name", script)]).await), "/account?done=name");
    let page = mia.get("/account?done=name").await.text();
    assert!(!page.contains("<script>alert"), "{page}");
    assert!(page.contains("&#60;script&#62;") || page.contains("&lt;script&gt;"), "it is shown as it was typed");
    let other = bench.store.accounts.find(account.id).await.expect("the database").expect("hers");
    assert_eq!(other.name.as_str(), script);
    mia.post("/account/password", &[("password", PASSWORD), ("new", "another lantern biscuit")]).await;
    let mail = mail(&bench).await;
    assert_eq!(mail.mail.subject, "Your password was changed");
    assert!(!mail.mail.html.contains("<script>") && mail.mail.text.contains(script));
}

#[tokio::test]
async fn whoever_tries_many_passwords_has_to_wait_and_so_does_whoever_tries_many_accounts() {
    let bench = bench().await;
    let mia = account(&bench, "mia@example.org").await;
    for _ in 0..5 {
        assert_eq!(
            Browser::of(&bench).sign_in("mia@example.org", "guess guess guess").await.status,
            StatusCode::UNAUTHORIZED
        );
    }
    let waiting = Browser::of(&bench).sign_in("mia@example.org", PASSWORD).await;
    assert_eq!(waiting.status, StatusCode::TOO_MANY_REQUESTS, "even with the right one");
    assert!(waiting.header(header::RETRY_AFTER).parse::<u64>().is_ok_and(|seconds| (1..=2).contains(&seconds)));
    // The same for an address without an account, or this would tell.
    for _ in 0..5 {
        Browser::of(&bench).sign_in("nobody@example.org", "guess guess guess").await;
    }
    let unknown = Browser::of(&bench).sign_in("nobody@example.org", PASSWORD).await;
    assert_eq!(unknown.status, StatusCode::TOO_MANY_REQUESTS);
    let mut refused = 0;
    for number in 0..12 {
        let email = format!("stuffed{number}@example.org");
        let answer = Browser::of(&bench).sign_in(&email, "guess guess guess").await;
        refused += u32::from(answer.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(refused > 0, "one address that tries many accounts is slowed down");
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let hash = AddressHash::of(&mia.email);
    let seen = bench.store.attempts.latest(hash, 99).await.expect("the database");
    assert_eq!(seen.len(), 5, "what had to wait is not an attempt");
    assert_eq!(seen[0].device, Device::of(FIREFOX));
}

#[tokio::test]
async fn one_reader_gets_few_mails_however_many_are_asked_for() {
    let bench = bench().await;
    for _ in 0..10 {
        let answer = Browser::of(&bench).post("/account/sign-up", &[("email", "eve@example.org")]).await;
        assert_eq!(answer.status, StatusCode::OK, "whoever asks cannot tell");
    }
    for _ in 0..3 {
        mail(&bench).await;
    }
    no_mail(&bench).await;
}

#[tokio::test]
async fn operator_and_account_live_in_one_cookie_and_never_open_each_other() {
    let token = "0123456789abcdef0123456789abcdef";
    let operator = OperatorToken::new(token).expect("long enough");
    let bench = Bench::of(Limits::default(), &Site { operator: Some(operator), ..Site::loopback() }, false).await;
    let (mut browser, _) = signed_in(&bench, "mia@example.org").await;
    let members = browser.cookies["auth-token"].clone();
    assert!(members.starts_with("account-"));
    assert_eq!(location(&browser.get("/operator").await), "/operator/sign-in");
    let disguised = members.replace("account-", "operator-");
    assert_eq!(bench.get("/operator", &format!("auth-token={disguised}")).await.status, StatusCode::SEE_OTHER);

    browser.post("/operator/sign-in", &[("token", token)]).await;
    assert!(browser.cookies["auth-token"].starts_with("operator-"));
    assert_eq!(browser.get("/operator").await.status, StatusCode::OK);
    assert_eq!(bench.get("/account", &format!("auth-token={members}")).await.status, StatusCode::SEE_OTHER, "it ended");
    assert_eq!(browser.get("/account").await.status, StatusCode::SEE_OTHER);
    let form = browser.get("/account/sign-in").await;
    assert!(form.text().contains("signed in as operator"), "{}", form.text());
    let operators = browser.cookies["auth-token"].clone();
    browser.sign_in("mia@example.org", PASSWORD).await;
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
    assert_eq!(
        bench.get("/operator", &format!("auth-token={operators}")).await.status,
        StatusCode::SEE_OTHER,
        "it ended"
    );
}
