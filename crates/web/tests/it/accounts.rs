//! Accounts, seen from outside: what their holders can do. What nobody else can is in `account_attacks.rs`.

use crate::common::member::{Browser, PASSWORD, account, bench, link, location, mail, no_mail, signed_in, token};
use crate::common::{Answer, get};
use axum::body::Body;
use axum::http::{StatusCode, header};
use web::Site;

#[tokio::test]
async fn from_guest_to_account_and_out_again() {
    let bench = bench().await;
    let (track, cookie) = bench.uploaded("Night Drive.wav", b"a mix").await;
    let mut mia = Browser::of(&bench);
    let (name, value) = cookie.split_once('=').expect("a pair");
    mia.cookies.insert(name.to_owned(), value.to_owned());
    assert!(mia.get("/").await.text().contains("href=\"/account/sign-in\""));
    let sent = mia.post("/account/sign-up", &[("email", "Mia@Example.org")]).await;
    assert!(sent.text().contains("Look into your mail") && sent.text().contains("mia@example.org"));
    let mail = mail(&bench).await;
    assert_eq!(mail.mail.to.as_str(), "mia@example.org");
    let link = link(&mail);
    for _ in 0..2 {
        // Whoever only looks, a mail scanner say, changes nothing.
        let form = Browser::of(&bench).get(&link).await;
        assert_eq!(form.status, StatusCode::OK);
        assert!(form.text().contains("autocomplete=\"new-password\""), "{}", form.text());
    }
    let fields = [("token", token(&link)), ("name", "Mia"), ("new", PASSWORD)];
    let made = mia.post("/account/confirm", &fields).await;
    assert_eq!((made.status, location(&made)), (StatusCode::SEE_OTHER, "/tracks"), "{}", made.text());
    assert!(!mia.cookies.contains_key("session-id"), "the guest is no more");
    let tracks = mia.get("/tracks").await.text();
    assert!(tracks.contains("Night Drive.wav") && tracks.contains("until you delete them"), "{tracks}");
    assert_eq!(mia.get(&track).await.status, StatusCode::OK);
    assert_eq!(bench.get(&track, &cookie).await.status, StatusCode::NOT_FOUND, "the guest's cookie opens nothing");
    assert_eq!(mia.post("/account/confirm", &fields).await.status, StatusCode::GONE, "once");
    let page = mia.get("/account").await;
    assert!(page.text().contains("Firefox on Linux") && page.text().contains("mia@example.org"));
    assert!(page.header(header::CACHE_CONTROL).contains("no-store"));

    let before = mia.cookies["auth-token"].clone();
    assert_eq!(location(&mia.post("/account/sign-out", &[]).await), "/account/sign-in");
    assert!(!mia.cookies.contains_key("auth-token"));
    let stolen = bench.get("/account", &format!("auth-token={before}")).await;
    assert_eq!(stolen.status, StatusCode::SEE_OTHER, "the session is over on the server, too");
    assert!(stolen.cookie().starts_with("auth-token="), "and leaves whichever browser has it");
}

#[tokio::test]
async fn a_forgotten_password_is_reset_once_and_signs_everybody_out() {
    let bench = bench().await;
    let (mut mia, _) = signed_in(&bench, "mia@example.org").await;
    let mut elsewhere = Browser::of(&bench);
    elsewhere.post("/account/forgot", &[("email", "mia@example.org")]).await;
    let mail = mail(&bench).await;
    let link = link(&mail);
    assert!(link.starts_with("/account/reset?token="));
    assert_eq!(elsewhere.get(&link).await.status, StatusCode::OK);
    let weak = elsewhere.post("/account/reset", &[("token", token(&link)), ("new", "password1234")]).await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY, "and the link is still good");
    let fields = [("token", token(&link)), ("new", "another lantern biscuit")];
    let reset = elsewhere.post("/account/reset", &fields).await;
    assert_eq!(location(&reset), "/account/sign-in?done=reset");
    assert_eq!(mia.get("/account").await.status, StatusCode::SEE_OTHER, "signed out");
    assert_eq!(elsewhere.post("/account/reset", &fields).await.status, StatusCode::GONE);
    assert_eq!(elsewhere.get(&link).await.status, StatusCode::GONE);
    assert_eq!(elsewhere.sign_in("mia@example.org", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(elsewhere.sign_in("mia@example.org", "another lantern biscuit").await.status, StatusCode::SEE_OTHER);
    for bad in ["/account/reset", "/account/reset?token=0", "/account/confirm?token=../..", "/account/email/confirm"] {
        assert_eq!(elsewhere.get(bad).await.status, StatusCode::GONE, "{bad}");
    }
}

#[tokio::test]
async fn password_and_address_change_for_whoever_knows_the_password() {
    let bench = bench().await;
    let (mut mia, account) = signed_in(&bench, "mia@example.org").await;
    let mut phone = Browser { agent: "Mozilla/5.0 (iPhone) Safari/604.1", ..Browser::of(&bench) };
    phone.sign_in("mia@example.org", PASSWORD).await;
    let told = mail(&bench).await;
    assert!(told.mail.text.contains("Safari on iPhone"), "{}", told.mail.text);
    phone.post("/account/sign-out", &[]).await;
    phone.sign_in("mia@example.org", PASSWORD).await;
    no_mail(&bench).await;

    let wrong =
        mia.post("/account/password", &[("password", "wrong wrong wrong"), ("new", "another lantern biscuit")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let weak = mia.post("/account/password", &[("password", PASSWORD), ("new", "qwertyuiop[]")]).await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = mia.post("/account/password", &[("password", PASSWORD), ("new", "another lantern biscuit")]).await;
    assert_eq!(location(&done), "/account?done=password");
    assert_eq!(mail(&bench).await.mail.subject, "Your password was changed");
    assert_eq!(mia.get("/account").await.status, StatusCode::OK, "here one stays signed in");
    assert_eq!(phone.get("/account").await.status, StatusCode::SEE_OTHER);

    let fields = |password| [("email", "new@example.org"), ("password", password)];
    assert_eq!(mia.post("/account/email", &fields("wrong wrong wrong")).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(mia.post("/account/email", &fields("another lantern biscuit")).await.status, StatusCode::OK);
    let asked = mail(&bench).await;
    assert_eq!(asked.mail.to.as_str(), "new@example.org");
    let link = link(&asked);
    assert_eq!(mia.get(&link).await.status, StatusCode::OK);
    let address = async || bench.store.accounts.find(account.id).await.expect("the database").expect("hers").email;
    assert_eq!(address().await, account.email, "looking changes nothing");
    let moved = mia.post("/account/email/confirm", &[("token", token(&link))]).await;
    assert!(moved.text().contains("new@example.org"), "{}", moved.text());
    assert_eq!(address().await.as_str(), "new@example.org");
    let notice = mail(&bench).await;
    assert_eq!(notice.mail.to, account.email, "the old address is told");
    assert!(!notice.mail.text.contains("new@example.org"));
}

#[tokio::test]
async fn all_data_can_be_taken_along_and_then_nothing_is_left() {
    let bench = bench().await;
    let (mut mia, account) = signed_in(&bench, "mia@example.org").await;
    bench
        .upload(
            &mia.cookie(),
            crate::common::form_with(
                "../Night/..\\Drive.wav",
                b"the mix's own bytes",
                &[("Drive.wav", b"a record")],
                &[("match", "tone")],
            ),
        )
        .await;
    bench.work().await;
    let export = mia.get("/account/export.zip").await;
    assert_eq!(export.header(header::CONTENT_TYPE), "application/zip");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(export.body)).expect("an archive");
    let names: Vec<String> = archive.file_names().map(|name| name.expect("text").into_owned()).collect();
    assert!(names.iter().all(|name| !name.contains("..") && !name.starts_with('/')), "{names:?}");
    let read = |archive: &mut zip::ZipArchive<_>, name: &str| {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut archive.by_name(name).expect("there"), &mut text).expect("text");
        text
    };
    let told: serde_json::Value = serde_json::from_str(&read(&mut archive, "account.json")).expect("JSON");
    assert_eq!(told["account"]["email"], "mia@example.org");
    assert_eq!(told["signed_in"].as_array().map(Vec::len), Some(1));
    let mix = told["tracks"][0]["file"].as_str().expect("a name");
    assert_eq!(read(&mut archive, mix), "the mix's own bytes");
    // All but the listening copy, which is for whoever has no master.
    assert_eq!(told["tracks"][0]["results"].as_array().map(Vec::len), Some(domain::OutputKind::ALL.len() - 1));
    let reference = told["tracks"][0]["reference"].as_str().expect("a name");
    assert_eq!(read(&mut archive, reference), "a record");
    assert!(!read(&mut archive, "account.json").contains("argon2"), "nothing that opens the account");

    let mut phone = Browser::of(&bench);
    phone.sign_in("mia@example.org", PASSWORD).await;
    let wrong = mia.post("/account/delete", &[("password", "wrong wrong wrong")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let gone = mia.post("/account/delete", &[("password", PASSWORD)]).await;
    assert!(gone.text().contains("Your account is deleted"), "{}", gone.text());
    assert!(!gone.text().contains("href=\"/account\""));
    assert!(mia.cookies.is_empty(), "{:?}", mia.cookies);
    assert!(gone.headers.contains_key("clear-site-data"));
    assert_eq!(mail(&bench).await.mail.subject, "Your account is deleted");
    assert_eq!(bench.store.accounts.find(account.id).await.expect("the database"), None);
    let away = phone.get("/tracks").await;
    assert!(away.text().contains("Nothing here yet"));
    assert!(!phone.cookies.contains_key("auth-token"), "cleared at its next request");
    assert_eq!(phone.sign_in("mia@example.org", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_closed_account_is_told_so_to_who_knows_its_password_alone() {
    let bench = bench().await;
    let (mut mia, account) = signed_in(&bench, "mia@example.org").await;
    bench.store.accounts.set_disabled(account.id, true).await.expect("the database");
    assert_eq!(mia.get("/account").await.status, StatusCode::SEE_OTHER);
    assert_eq!(mia.sign_in("mia@example.org", "wrong wrong wrong").await.status, StatusCode::UNAUTHORIZED);
    let closed = mia.sign_in("mia@example.org", PASSWORD).await;
    assert_eq!(closed.status, StatusCode::FORBIDDEN);
    assert!(closed.text().contains("This account is closed"));
    mia.post("/account/forgot", &[("email", "mia@example.org")]).await;
    no_mail(&bench).await;
}

#[tokio::test]
async fn who_wants_to_stay_signed_in_stays_for_seven_days() {
    let bench = bench().await;
    account(&bench, "mia@example.org").await;
    let line = |answer: &Answer| {
        let lines = answer.headers.get_all(header::SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
        lines.into_iter().find(|line| line.starts_with("auth-token=")).expect("a session").to_owned()
    };
    let session = Browser::of(&bench).sign_in("mia@example.org", PASSWORD).await;
    assert!(!line(&session).contains("Max-Age") && line(&session).contains("; HttpOnly"), "{}", line(&session));
    let fields = [("email", "mia@example.org"), ("password", PASSWORD), ("keep", "yes")];
    let kept = Browser::of(&bench).post("/account/sign-in", &fields).await;
    assert!(line(&kept).contains("; Max-Age=604800"), "{}", line(&kept));
}

#[tokio::test]
async fn sign_out_everywhere_leaves_nobody_in() {
    let bench = bench().await;
    let (mut here, _) = signed_in(&bench, "mia@example.org").await;
    let mut there = Browser::of(&bench);
    there.sign_in("mia@example.org", PASSWORD).await;
    here.post("/account/sign-out", &[("everywhere", "yes")]).await;
    assert_eq!(there.get("/account").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn after_block_all_and_without_cookies_it_is_said_what_is_needed() {
    let bench = bench().await;
    let today = (time::OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000)).date();
    let consent = cookie_policy::Consent::new(&web::registry::SITE, None, cookie_policy::Signal::default(), today);
    let blocked = format!("cookie-consent={}", consent.block_all().to_cookie_value(&Site::loopback().key));
    for path in ["/account/sign-up", "/account/sign-in", "/account/forgot"] {
        let page = bench.get(path, &blocked).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        assert!(page.text().contains("auth-token") && page.text().contains("value=\"essential-only\""), "{path}");
        let sent = bench.post(path, &blocked).await;
        assert_eq!(sent.status, StatusCode::FORBIDDEN, "{path}");
        let bare = get(path, "").method("POST").body(Body::from("email=mia%40example.org")).expect("a request");
        let answer = bench.send(bare).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        assert!(answer.text().contains("Your browser did not keep the cookie"), "{path}");
    }
    no_mail(&bench).await;
}

#[tokio::test]
async fn a_decision_about_cookies_is_linked_to_an_account_while_there_is_one() {
    let bench = bench().await;
    let (mut mia, account) = signed_in(&bench, "mia@example.org").await;
    mia.post("/cookies/decide", &[("choice", "essential-only")]).await;
    assert_eq!(bench.store.consents.of_account(account.id).await.expect("the database").len(), 1);
    mia.post("/account/delete", &[("password", PASSWORD)]).await;
    assert!(bench.store.consents.of_account(account.id).await.expect("the database").is_empty());
    assert_eq!(bench.store.consents.count().await.expect("the database"), 1, "the evidence stays");
}

#[tokio::test]
async fn a_browser_whose_session_has_ended_signs_in_again_with_the_form_that_it_gets() {
    let bench = bench().await;
    let (mut mia, account) = signed_in(&bench, "mia@example.org").await;
    mia.get("/account").await;
    bench.store.sign_ins.end_all(account.id).await.expect("the database");
    let page = mia.get("/account/sign-in").await.text();
    assert!(!mia.cookies.contains_key("auth-token"), "what opened nothing left the browser");
    let csrf = page.split_once("name=\"csrf\" value=\"").expect("a form").1.split('"').next().expect("a value");
    let body = format!("csrf={csrf}&email=mia%40example.org&password={}", PASSWORD.replace(' ', "+"));
    let request = get("/account/sign-in", &mia.cookie()).method("POST").body(Body::from(body)).expect("a request");
    assert_eq!(bench.send(request).await.status, StatusCode::SEE_OTHER);
}
