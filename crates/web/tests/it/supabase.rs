//! Accounts whose passwords are checked at Supabase, seen from outside: what their holders can do. What nobody else can is
//! in `supabase_attacks.rs`.

use std::time::Duration;

use crate::common::gotrue::GoTrue;
use crate::common::member::{Browser, PASSWORD, location, mail, no_mail};
use crate::common::{Answer, Bench};
use axum::http::StatusCode;

const ANOTHER: &str = "another lantern biscuit";

async fn signed_in<'b>(bench: &'b Bench, email: &str) -> Browser<'b> {
    let mut browser = Browser::of(bench);
    let answer = browser.sign_in(email, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    browser
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..600 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never: {what}");
}

fn holds_no_token(gotrue: &GoTrue, answer: &Answer) {
    let shown = format!("{:?} {}", answer.headers, answer.text());
    let tokens = gotrue.with(|memory| memory.tokens.clone());
    assert!(tokens.iter().all(|token| !shown.contains(token)), "{shown}");
}

#[tokio::test]
async fn from_sign_up_to_deletion() {
    let gotrue = GoTrue::start().await;
    let bench = gotrue.bench().await;
    let mut mia = Browser::of(&bench);
    let sent = mia.post("/account/sign-up", &[("email", "Mia@Example.org")]).await;
    assert!(sent.text().contains("Look into your mail") && sent.text().contains("mia@example.org"));
    no_mail(&bench).await;
    let secret = gotrue.link("mia@example.org").await;
    let address = format!("/account/confirm?token={secret}");
    for _ in 0..2 {
        // Whoever only looks, a mail scanner say, changes nothing.
        let form = Browser::of(&bench).get(&address).await;
        assert_eq!(form.status, StatusCode::OK);
        assert!(form.text().contains(&format!("value=\"{secret}\"")), "{}", form.text());
    }
    let fields = |password| [("token", secret.as_str()), ("name", "Mia Öz"), ("new", password)];
    let weak = mia.post("/account/confirm", &fields("password1234")).await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY, "the link is not used up by it");
    gotrue.with(|memory| memory.password_fault = Some("weak_password"));
    let weak = mia.post("/account/confirm", &fields(PASSWORD)).await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(weak.text().contains("Choose another one"), "{}", weak.text());
    let made = mia.post("/account/confirm", &fields(ANOTHER)).await;
    assert_eq!(
        (made.status, location(&made)),
        (StatusCode::SEE_OTHER, "/tracks"),
        "used up there, and good here still"
    );
    holds_no_token(&gotrue, &made);
    assert!(mia.cookies["auth-token"].starts_with("account-"));
    assert_eq!(mia.cookies.keys().filter(|name| *name != "csrf-token").collect::<Vec<_>>(), ["auth-token"]);
    let page = mia.get("/account").await;
    assert!(page.text().contains("Mia Öz") && page.text().contains("mia@example.org"));
    assert_eq!(mia.post("/account/confirm", &fields(ANOTHER)).await.status, StatusCode::GONE, "once");

    assert_eq!(location(&mia.post("/account/sign-out", &[]).await), "/account/sign-in");
    until("the session ends at Supabase, too", || gotrue.sessions() == 0).await;
    assert!(gotrue.with(|memory| memory.asked.iter().any(|asked| asked.starts_with("POST /logout?scope=local"))));
    assert_eq!(mia.sign_in("mia@example.org", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    let signed_in = mia.sign_in("mia@example.org", ANOTHER).await;
    assert_eq!((signed_in.status, location(&signed_in)), (StatusCode::SEE_OTHER, "/tracks"));

    let wrong = mia.post("/account/delete", &[("password", PASSWORD)]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let gone = mia.post("/account/delete", &[("password", ANOTHER)]).await;
    assert!(gone.text().contains("Your account is deleted") && !gone.text().contains("Supabase"), "{}", gone.text());
    assert!(gotrue.user("mia@example.org").is_none());
    assert_eq!(mail(&bench).await.mail.subject, "Your account is deleted");
    assert!(bench.store.accounts.list(1).await.expect("the database").is_empty());
}

#[tokio::test]
async fn the_policy_says_whether_supabase_is_in_use() {
    let gotrue = GoTrue::start().await;
    let bench = gotrue.bench().await;
    for (path, words) in [("/cookies", "In use: it checks passwords"), ("/cookies?lang=de", "Es prüft Passwörter")] {
        assert!(bench.get(path, "").await.text().contains(words), "{path}");
        assert!(!crate::common::member::bench().await.get(path, "").await.text().contains(words), "{path}");
    }
}

#[tokio::test]
async fn without_the_service_key_the_user_stays_at_supabase_and_their_holder_is_told() {
    let gotrue = GoTrue::start().await;
    let bench = Bench::of(web::Limits::default(), &gotrue.site(None), false).await;
    gotrue.add("mia@example.org", PASSWORD, true);
    let mut mia = signed_in(&bench, "mia@example.org").await;
    let gone = mia.post("/account/delete", &[("password", PASSWORD)]).await;
    assert!(gone.text().contains("stay at Supabase"), "{}", gone.text());
    assert!(bench.store.accounts.list(1).await.expect("the database").is_empty());
    until("the sessions end there all the same", || gotrue.sessions() == 0).await;
}

#[tokio::test]
async fn whoever_has_a_user_gets_an_account_with_the_first_sign_in_and_the_same_with_the_next() {
    let gotrue = GoTrue::start().await;
    let bench = gotrue.bench().await;
    // Chosen elsewhere, by the rules of elsewhere.
    let user = gotrue.add("mia@example.org", "short", true);
    let mut mia = Browser::of(&bench);
    assert_eq!(mia.sign_in("mia@example.org", "short").await.status, StatusCode::SEE_OTHER);
    assert!(mia.get("/account").await.text().contains("<p class=\"lead\">mia, mia@example.org</p>"));
    // What changes there is followed here.
    gotrue.change(&user.id, |user| user.email = "new@example.org".to_owned());
    assert_eq!(mia.sign_in("new@example.org", "short").await.status, StatusCode::SEE_OTHER);
    assert!(mia.get("/account").await.text().contains("new@example.org"));
    assert_eq!(bench.store.accounts.list(9).await.expect("the database").len(), 1);
    while mail(&bench).await.mail.to.as_str() != "mia@example.org" {}
    gotrue.add("noa@example.org", PASSWORD, false);
    let refused = mia.sign_in("noa@example.org", PASSWORD).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text().contains("not confirmed"), "{}", refused.text());
    assert_eq!(bench.store.accounts.list(9).await.expect("the database").len(), 1);
}

#[tokio::test]
async fn a_forgotten_password_is_reset_once_and_signs_everybody_out() {
    let gotrue = GoTrue::start().await;
    let bench = gotrue.bench().await;
    gotrue.add("mia@example.org", PASSWORD, true);
    let mut mia = signed_in(&bench, "mia@example.org").await;
    let mut elsewhere = Browser::of(&bench);
    elsewhere.post("/account/forgot", &[("email", "mia@example.org")]).await;
    let secret = gotrue.link("mia@example.org").await;
    assert_eq!(elsewhere.get(&format!("/account/reset?token={secret}")).await.status, StatusCode::OK);
    gotrue.with(|memory| memory.password_fault = Some("same_password"));
    let fields = |password| [("token", secret.as_str()), ("new", password)];
    let same = elsewhere.post("/account/reset", &fields(PASSWORD)).await;
    assert!(same.text().contains("set already"), "{}", same.text());
    let reset = elsewhere.post("/account/reset", &fields(ANOTHER)).await;
    assert_eq!(location(&reset), "/account/sign-in?done=reset", "{}", reset.text());
    assert_eq!(mia.get("/account").await.status, StatusCode::SEE_OTHER, "signed out");
    assert_eq!(elsewhere.post("/account/reset", &fields(ANOTHER)).await.status, StatusCode::GONE);
    assert_eq!(elsewhere.sign_in("mia@example.org", ANOTHER).await.status, StatusCode::SEE_OTHER);
    for bad in ["/account/reset", "/account/reset?token=0", "/account/confirm?code=0123", "/account/reset?token=a%22b"]
    {
        assert_eq!(elsewhere.get(bad).await.status, StatusCode::GONE, "{bad}");
    }
}

#[tokio::test]
async fn password_and_address_change_for_whoever_knows_the_password() {
    let gotrue = GoTrue::start().await;
    let bench = gotrue.bench().await;
    gotrue.add("mia@example.org", PASSWORD, true);
    gotrue.add("noa@example.org", PASSWORD, true);
    let mut mia = signed_in(&bench, "mia@example.org").await;
    let mut phone = signed_in(&bench, "mia@example.org").await;
    let wrong = mia.post("/account/password", &[("password", "wrong wrong wrong"), ("new", ANOTHER)]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let done = mia.post("/account/password", &[("password", PASSWORD), ("new", ANOTHER)]).await;
    assert_eq!(location(&done), "/account?done=password", "{}", done.text());
    assert_eq!(phone.get("/account").await.status, StatusCode::SEE_OTHER, "signed out");
    assert_eq!(gotrue.user("mia@example.org").expect("her").password, ANOTHER);
    until("one session is left there", || gotrue.sessions() == 1).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!((mia.get("/account").await.status, gotrue.sessions()), (StatusCode::OK, 1), "and it is this browser's");

    let fields = |email, password| [("email", email), ("password", password)];
    let wrong = mia.post("/account/email", &fields("new@example.org", PASSWORD)).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let asked = mia.post("/account/email", &fields("new@example.org", ANOTHER)).await;
    let taken = mia.post("/account/email", &fields("noa@example.org", ANOTHER)).await;
    let words = |answer: &Answer| answer.text().replace("noa@", "new@");
    assert_eq!((asked.status, words(&asked)), (StatusCode::OK, words(&taken)), "nobody learns whose it is");
    let secret = gotrue.link("new@example.org").await;
    assert_eq!(mia.get(&format!("/account/email/confirm?token={secret}")).await.status, StatusCode::OK);
    assert!(mia.get("/account").await.text().contains("mia@example.org"), "looking changes nothing");
    let moved = mia.post("/account/email/confirm", &[("token", &secret)]).await;
    assert!(moved.text().contains("new@example.org"), "{}", moved.text());
    assert!(mia.get("/account").await.text().contains("new@example.org"));
    assert_eq!(mia.post("/account/email/confirm", &[("token", &secret)]).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn signing_out_everywhere_is_everywhere() {
    let gotrue = GoTrue::start().await;
    let bench = gotrue.bench().await;
    gotrue.add("mia@example.org", PASSWORD, true);
    let mut mia = signed_in(&bench, "mia@example.org").await;
    let mut phone = signed_in(&bench, "mia@example.org").await;
    assert_eq!(gotrue.sessions(), 2);
    mia.post("/account/sign-out", &[("everywhere", "yes")]).await;
    assert_eq!(phone.get("/account").await.status, StatusCode::SEE_OTHER);
    until("all sessions end there", || gotrue.sessions() == 0).await;
    assert!(gotrue.with(|memory| memory.asked.iter().any(|asked| asked.starts_with("POST /logout?scope=global"))));
}

#[tokio::test]
async fn a_session_is_refreshed_one_token_after_the_other_and_ends_with_the_one_there() {
    let gotrue = GoTrue::start().await;
    gotrue.with(|memory| memory.lifetime_s = 3);
    let bench = gotrue.bench().await;
    let user = gotrue.add("mia@example.org", PASSWORD, true);
    let mut mia = signed_in(&bench, "mia@example.org").await;
    let mut phone = signed_in(&bench, "mia@example.org").await;
    let refreshed =
        || gotrue.with(|memory| memory.asked.iter().filter(|asked| asked.contains("refresh_token=")).count());
    let rotated =
        || gotrue.with(|memory| memory.asked.iter().filter(|asked| asked.contains("grant_type=refresh_token")).count());
    until("each was refreshed twice", || rotated() >= 4).await;
    assert_eq!(refreshed(), 0, "no token stands in an address");
    assert_eq!(gotrue.sessions(), 2, "none was used twice");
    gotrue.change(&user.id, |user| user.is_banned = true);
    for browser in [&mut mia, &mut phone] {
        let mut is_out = false;
        for _ in 0..400 {
            is_out = browser.get("/account").await.status == StatusCode::SEE_OTHER;
            if is_out {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(is_out, "whom Supabase bans is signed out here");
    }
    assert_eq!(mia.sign_in("mia@example.org", PASSWORD).await.status, StatusCode::UNAUTHORIZED, "and told no more");
}

#[tokio::test]
async fn while_supabase_is_down_sessions_go_on_and_everybody_is_told() {
    let gotrue = GoTrue::start().await;
    gotrue.with(|memory| memory.lifetime_s = 2);
    let bench = gotrue.bench().await;
    gotrue.add("mia@example.org", PASSWORD, true);
    let mut mia = signed_in(&bench, "mia@example.org").await;
    gotrue.with(|memory| memory.fault = Some(503));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(mia.get("/account").await.status, StatusCode::OK, "her tokens have expired, her session goes on");
    let mut noa = Browser::of(&bench);
    for (path, fields) in [
        ("/account/sign-in", vec![("email", "noa@example.org"), ("password", PASSWORD)]),
        ("/account/sign-up", vec![("email", "noa@example.org")]),
        ("/account/forgot", vec![("email", "noa@example.org")]),
    ] {
        let told = noa.post(path, &fields).await;
        assert_eq!(told.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(told.text().contains("Whoever is signed in stays so"), "{}", told.text());
    }
    let told = mia.post("/account/delete", &[("password", PASSWORD)]).await;
    assert_eq!(told.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(mia.get("/account").await.status, StatusCode::OK, "nothing was deleted");
    gotrue.with(|memory| memory.fault = Some(500));
    assert_eq!(noa.sign_in("noa@example.org", PASSWORD).await.status, StatusCode::SERVICE_UNAVAILABLE);
    gotrue.with(|memory| memory.fault = Some(429));
    let told = noa.sign_in("noa@example.org", PASSWORD).await;
    assert_eq!(told.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(told.text().contains("Wait 60 seconds"), "{}", told.text());
}
