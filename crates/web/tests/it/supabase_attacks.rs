//! Accounts whose passwords are checked at Supabase, seen from whoever wants another one's.

use crate::common::gotrue::{GoTrue, User};
use crate::common::member::{Browser, PASSWORD, account, location};
use crate::common::{Answer, Bench};
use axum::http::{StatusCode, header};

/// Begins to sign in by way of another service; gives where the browser is sent.
async fn leave(browser: &mut Browser<'_>, fields: &[(&str, &str)]) -> String {
    // The page hands out csrf-token, by which the browser is known when it is back.
    browser.get("/account/sign-in").await;
    let answer = browser.post("/account/oauth/google", fields).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let address = answer.header(header::REFRESH).strip_prefix("0; url=").expect("it leads on").to_owned();
    assert!(answer.text().contains(&format!("href=\"{}\"", address.replace('&', "&#38;"))), "by hand, too");
    browser.cookies.insert("csrf-token".to_owned(), "0123456789abcdef0123456789abcdef".to_owned());
    address
}

fn is_out(answer: &Answer) -> bool {
    !answer.headers.get_all(header::SET_COOKIE).iter().any(|line| {
        let line = line.to_str().expect("ASCII");
        line.starts_with("auth-token=account-") && !line.contains("Max-Age=0")
    })
}

async fn stage() -> (std::sync::Arc<GoTrue>, Bench, User) {
    let gotrue = GoTrue::start().await;
    let bench = gotrue.bench().await;
    let user = gotrue.add("mia@example.org", PASSWORD, true);
    (gotrue, bench, user)
}

#[tokio::test]
async fn by_way_of_another_service_one_gets_in_once_and_to_where_one_wanted() {
    let (gotrue, bench, user) = stage().await;
    let mut mia = Browser::of(&bench);
    let page = mia.get("/account/sign-in?next=/help").await;
    assert!(page.text().contains("formaction=\"/account/oauth/google\""), "{}", page.text());
    assert!(page.header(header::CONTENT_SECURITY_POLICY).contains("form-action 'self';"), "as on every page");

    let away = leave(&mut mia, &[("next", "/help"), ("keep", "yes")]).await;
    assert!(!away.contains("verifier"));
    let back = gotrue.authorized(&away, &user);
    let answer = mia.get(&back).await;
    assert_eq!((answer.status, location(&answer)), (StatusCode::SEE_OTHER, "/help"), "{}", answer.text());
    let cookie =
        answer.headers.get_all(header::SET_COOKIE).iter().find(|line| line.as_bytes().starts_with(b"auth-token="));
    assert!(cookie.expect("signed in").to_str().expect("ASCII").contains("Max-Age=604800"), "kept, as ticked");
    assert!(mia.get("/account").await.text().contains("mia@example.org"));
    let again = mia.get(&back).await;
    assert_eq!(again.status, StatusCode::GONE, "once");
    assert!(is_out(&again));
    for next in ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"] {
        let away = leave(&mut mia, &[("next", next)]).await;
        let answer = mia.get(&gotrue.authorized(&away, &user)).await;
        assert_eq!(location(&answer), "/", "{next}");
    }
}

#[tokio::test]
async fn a_way_back_opens_nothing_in_another_browser() {
    let (gotrue, bench, _) = stage().await;
    let eve = gotrue.add("eve@example.org", PASSWORD, true);
    let mut hers = Browser::of(&bench);
    let back = gotrue.authorized(&leave(&mut hers, &[]).await, &eve);
    // Sent to somebody as a link, it would sign them in to Eve's account.
    let mut mia = Browser::of(&bench);
    mia.cookies.insert("csrf-token".to_owned(), "fedcba9876543210fedcba9876543210".to_owned());
    for browser in [&mut mia, &mut Browser::of(&bench)] {
        let answer = browser.get(&back).await;
        assert_eq!(answer.status, StatusCode::GONE);
        assert!(is_out(&answer));
    }
    assert_eq!(hers.get(&back).await.status, StatusCode::SEE_OTHER, "Eve's own browser may, still");
}

#[tokio::test]
async fn a_code_is_good_with_its_own_proof_alone() {
    let (gotrue, bench, mia) = stage().await;
    let eve = gotrue.add("eve@example.org", PASSWORD, true);
    let mut one = Browser::of(&bench);
    let mut other = Browser::of(&bench);
    let stolen = gotrue.authorized(&leave(&mut one, &[]).await, &mia);
    let own = gotrue.authorized(&leave(&mut other, &[]).await, &eve);
    let (_, code) = stolen.split_once("&code=").expect("a code");
    let (own_state, _) = own.split_once("&code=").expect("a code");
    let mixed = other.get(&format!("{own_state}&code={code}")).await;
    assert_eq!(mixed.status, StatusCode::GONE, "Mia's code with Eve's proof");
    assert!(is_out(&mixed));
    for bad in [
        "/account/oauth/callback".to_owned(),
        "/account/oauth/callback?state=0&code=0".to_owned(),
        format!("/account/oauth/callback?state={}&code={code}", "0".repeat(64)),
        format!("/account/oauth/callback?code={code}"),
    ] {
        assert_eq!(other.get(&bad).await.status, StatusCode::GONE, "{bad}");
    }
    assert_eq!(one.post("/account/oauth/myspace", &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(bench.get("/account/oauth/google", "").await.status, StatusCode::METHOD_NOT_ALLOWED);
    let planted =
        bench.send(crate::common::get("/account/oauth/google", "").method("POST").body("".into()).expect("one")).await;
    assert_eq!(planted.status, StatusCode::FORBIDDEN, "only from a page of this site");
}

#[tokio::test]
async fn what_the_other_service_says_is_not_repeated() {
    let (_gotrue, bench, _) = stage().await;
    let mut mia = Browser::of(&bench);
    let away = leave(&mut mia, &[]).await;
    let query = away.split_once('?').expect("a query").1;
    let back = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "redirect_to").expect("a way back").1;
    let path = back.strip_prefix("http://127.0.0.1:8080").expect("this site").to_owned();
    let answer = mia.get(&format!("{path}&error=access_denied&error_description=%3Cb%3ECall+this+number")).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.text().contains("You are not signed in") && !answer.text().contains("Call this number"));
}

#[tokio::test]
async fn an_address_in_common_opens_no_account() {
    let gotrue = GoTrue::start().await;
    let bench = gotrue.bench().await;
    // Made here, before the operator turned to Supabase, say.
    let local = account(&bench, "mia@example.org").await;
    let track = domain::TrackId::draw(&domain::OsEntropy);
    let eve = gotrue.add("mia@example.org", PASSWORD, true);
    let mut browser = Browser::of(&bench);
    let refused = browser.sign_in("mia@example.org", PASSWORD).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text());
    assert!(is_out(&refused));
    let back = gotrue.authorized(&leave(&mut browser, &[]).await, &eve);
    let refused = browser.get(&back).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(is_out(&refused));
    assert_eq!(browser.get("/account").await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get(&format!("/tracks/{track}")).await.status, StatusCode::NOT_FOUND);
    browser.post("/account/forgot", &[("email", "mia@example.org")]).await;
    let secret = gotrue.link("mia@example.org").await;
    let reset = browser.post("/account/reset", &[("token", &secret), ("new", "another lantern biscuit")]).await;
    assert_eq!(reset.status, StatusCode::CONFLICT);
    assert_eq!(gotrue.user("mia@example.org").expect("there").password, PASSWORD, "nothing was changed there, either");
    assert_eq!(bench.store.identities.subject("supabase", local.id).await.expect("the database"), None);
    assert_eq!(bench.store.accounts.list(9).await.expect("the database"), [local]);
    for _ in 0..300 {
        if gotrue.sessions() == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(gotrue.sessions(), 1, "the sessions that came of it are ended; the link's may be used again");
}

#[tokio::test]
async fn an_address_that_nobody_confirmed_makes_no_account() {
    let gotrue = GoTrue::start().await;
    let bench = gotrue.bench().await;
    let eve = gotrue.add("mia@example.org", PASSWORD, false);
    let mut browser = Browser::of(&bench);
    assert_eq!(browser.sign_in("mia@example.org", PASSWORD).await.status, StatusCode::FORBIDDEN);
    let back = gotrue.authorized(&leave(&mut browser, &[]).await, &eve);
    let refused = browser.get(&back).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text().contains("not confirmed") && is_out(&refused));
    // A user without an address that mail can go to.
    let nobody = gotrue.add("", PASSWORD, true);
    let back = gotrue.authorized(&leave(&mut browser, &[]).await, &nobody);
    assert_eq!(browser.get(&back).await.status, StatusCode::FORBIDDEN);
    assert!(bench.store.accounts.list(9).await.expect("the database").is_empty());
}

#[tokio::test]
async fn while_the_project_believes_any_address_nobody_new_gets_an_account() {
    let (gotrue, bench, user) = stage().await;
    gotrue.with(|memory| memory.takes_unconfirmed = true);
    let mut browser = Browser::of(&bench);
    assert_eq!(browser.sign_in("mia@example.org", PASSWORD).await.status, StatusCode::FORBIDDEN);
    let back = gotrue.authorized(&leave(&mut browser, &[]).await, &user);
    assert_eq!(browser.get(&back).await.status, StatusCode::FORBIDDEN);
    assert!(bench.store.accounts.list(9).await.expect("the database").is_empty());
    gotrue.with(|memory| memory.takes_unconfirmed = false);
    assert_eq!(browser.sign_in("mia@example.org", PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_address_that_went_to_somebody_else_there_does_not_take_the_account_along() {
    let (gotrue, bench, user) = stage().await;
    let mut mia = Browser::of(&bench);
    mia.sign_in("mia@example.org", PASSWORD).await;
    gotrue.change(&user.id, |user| user.email = "new@example.org".to_owned());
    gotrue.add("mia@example.org", "eve's own password", true);
    let mut eve = Browser::of(&bench);
    let refused = eve.sign_in("mia@example.org", "eve's own password").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{}", refused.text());
    assert!(is_out(&refused));
    // Nor can it be deleted by the other's password.
    assert_eq!(
        mia.post("/account/delete", &[("password", "eve's own password")]).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(bench.store.accounts.list(9).await.expect("the database").len(), 1);
}

#[tokio::test]
async fn nobody_learns_from_an_answer_who_has_an_account() {
    let (gotrue, bench, user) = stage().await;
    gotrue.add("old@example.org", PASSWORD, true);
    let mut browser = Browser::of(&bench);
    browser.sign_in("mia@example.org", PASSWORD).await;
    browser.post("/account/sign-out", &[]).await;
    gotrue.change(&user.id, |user| user.is_banned = true);
    for path in ["/account/sign-up", "/account/forgot", "/account/sign-in"] {
        let mut told = Vec::new();
        for email in ["mia@example.org", "old@example.org", "nobody@example.org"] {
            let began = tokio::time::Instant::now();
            let answer = browser.post(path, &[("email", email), ("password", "wrong wrong wrong")]).await;
            let seconds = began.elapsed().as_secs();
            told.push((
                answer.status,
                answer.text().replace(email, ".."),
                if path.ends_with("in") { 0 } else { seconds },
            ));
        }
        assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{path}: {told:?}");
    }
}

#[tokio::test]
async fn a_closed_account_stays_closed_by_every_way() {
    let (gotrue, bench, user) = stage().await;
    let mut mia = Browser::of(&bench);
    mia.sign_in("mia@example.org", PASSWORD).await;
    let account = bench.store.accounts.list(1).await.expect("the database").remove(0);
    bench.store.accounts.set_disabled(account.id, true).await.expect("the database");
    assert_eq!(mia.get("/account").await.status, StatusCode::SEE_OTHER);
    let refused = mia.sign_in("mia@example.org", PASSWORD).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let back = gotrue.authorized(&leave(&mut mia, &[]).await, &user);
    let refused = mia.get(&back).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text().contains("closed") && is_out(&refused));
}
