//! Second factors, seen from outside: what their holders can do. What nobody else can is in `factor_attacks.rs`.

use crate::common::factor::{app, codes, halfway, second};
use crate::common::member::{Browser, PASSWORD, bench, location, mail, no_mail, signed_in};
use axum::http::StatusCode;
use store::SignIns;

const MIA: &str = "mia@example.org";

#[tokio::test]
async fn an_app_is_set_up_asked_for_and_turned_off() {
    let bench = bench().await;
    let (mut mia, account) = signed_in(&bench, MIA).await;
    let (phone, recovery) = app(&mut mia).await;
    assert_eq!(recovery.len(), 10);
    let page = mia.get("/account").await.text();
    assert!(page.contains("Use another app") && page.contains("10 of 10 are left"), "{page}");

    let mut there = Browser::of(&bench);
    halfway(&mut there, MIA).await;
    let asked = there.get("/account/sign-in/second?next=%2Ftracks").await;
    assert!(asked.text().contains("autocomplete=\"one-time-code\""), "{}", asked.text());
    let entered = second(&mut there, "code", &phone.shows(0)).await;
    assert_eq!((entered.status, location(&entered)), (StatusCode::SEE_OTHER, "/tracks"));
    assert!(there.get("/account").await.text().contains(MIA));
    no_mail(&bench).await;

    assert_eq!(location(&there.post("/account/app/off", &[]).await), "/account?done=app-off");
    assert_eq!(mail(&bench).await.mail.subject, "Your authenticator app was turned off");
    assert_eq!(bench.store.factors.of(account.id).await.expect("the database"), store::FactorsSet::default());
    let page = there.get("/account?done=app-off").await.text();
    assert!(page.contains("Set up an app") && !page.contains("Make new recovery codes"), "{page}");
    assert_eq!(location(&Browser::of(&bench).sign_in(MIA, PASSWORD).await), "/tracks");
}

#[tokio::test]
async fn an_app_counts_only_once_its_code_was_typed() {
    let bench = bench().await;
    let (mut mia, _) = signed_in(&bench, MIA).await;
    mia.post("/account/app/begin", &[]).await;
    let shown = mia.get("/account/app").await.text();
    assert!(shown.contains("<svg class=\"qr\"") && !shown.contains("style="), "{shown}");
    assert!(shown.contains("otpauth://totp/Balanced%20Mastering:mia%40example%2Eorg?secret="), "{shown}");
    for wrong in ["", "12345", "abcdef"] {
        let answer = mia.post("/account/app", &[("code", wrong)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong:?}");
        assert!(answer.text().contains("not the code of this key"));
    }
    assert_eq!(location(&Browser::of(&bench).sign_in(MIA, PASSWORD).await), "/tracks", "nothing is asked for yet");
    bench.pass(store::Factors::SETUP_WITHIN);
    mia.sign_in(MIA, PASSWORD).await;
    assert_eq!(location(&mia.get("/account/app").await), "/account", "the key is no longer shown");
    assert_eq!(location(&mia.post("/account/app", &[("code", "123456")]).await), "/account");
}

#[tokio::test]
async fn a_recovery_code_stands_in_for_the_app_and_a_mail_tells_of_it() {
    let bench = bench().await;
    let (mut mia, _) = signed_in(&bench, MIA).await;
    let (_, recovery) = app(&mut mia).await;
    let mut there = Browser::of(&bench);
    halfway(&mut there, MIA).await;
    let typed = recovery[3].to_uppercase().replace('-', " ");
    assert_eq!(location(&second(&mut there, "recovery", &typed).await), "/tracks");
    let told = mail(&bench).await.mail;
    assert_eq!(told.subject, "A recovery code was used");
    assert!(told.text.contains("9 are left") && !told.text.contains(&recovery[3]), "{}", told.text);

    let renewed = there.post("/account/recovery-codes", &[]).await;
    let fresh = codes(&renewed.text());
    assert_eq!(mail(&bench).await.mail.subject, "New recovery codes");
    assert!(fresh.len() == 10 && fresh.iter().all(|code| !recovery.contains(code)));
    let mut again = Browser::of(&bench);
    halfway(&mut again, MIA).await;
    assert_eq!(second(&mut again, "recovery", &recovery[0]).await.status, StatusCode::UNAUTHORIZED, "an old one");
    assert_eq!(location(&second(&mut again, "recovery", &fresh[0]).await), "/tracks");
}

#[tokio::test]
async fn whoever_proved_who_they_are_long_ago_does_so_once_more_before_a_change() {
    let bench = bench().await;
    let (mut mia, _) = signed_in(&bench, MIA).await;
    bench.pass(SignIns::FRESH);
    let first = mia.post("/account/app/begin", &[]).await;
    assert_eq!(location(&first), "/account/prove?next=%2Faccount");
    assert_eq!(mia.get("/account/app").await.status, StatusCode::SEE_OTHER);
    let asked = mia.get("/account/prove?next=%2Faccount").await;
    assert!(!asked.text().contains("one-time-code"), "there is no app to ask for");
    let wrong = mia.post("/account/prove", &[("password", "not the password")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let held = mia.cookies["auth-token"].clone();
    let proved = mia.post("/account/prove", &[("password", PASSWORD), ("next", "/account")]).await;
    assert_eq!(location(&proved), "/account");
    assert_ne!(mia.cookies["auth-token"], held, "it may do more, so it is another one");
    let (phone, recovery) = app(&mut mia).await;

    bench.pass(SignIns::FRESH);
    for (path, fields) in [
        ("/account/app/off", vec![]),
        ("/account/app/begin", vec![]),
        ("/account/recovery-codes", vec![]),
        ("/account/password", vec![("password", PASSWORD), ("new", "another lantern biscuit")]),
        ("/account/email", vec![("password", PASSWORD), ("email", "new@example.org")]),
        ("/account/delete", vec![("password", PASSWORD)]),
    ] {
        let answer = mia.post(path, &fields).await;
        assert!(location(&answer).starts_with("/account/prove?next="), "{path}: the password alone is not enough");
    }
    for (code, status) in [(String::new(), 422), (phone.misreads(), 401), (phone.shows(0), 303)] {
        let answer = mia.post("/account/prove", &[("password", PASSWORD), ("code", &code)]).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    }
    bench.pass(SignIns::FRESH);
    let by_paper = mia.post("/account/prove", &[("password", PASSWORD), ("recovery", &recovery[0])]).await;
    assert_eq!(location(&by_paper), "/account", "for whoever has lost their phone");
    assert_eq!(location(&mia.post("/account/app/off", &[]).await), "/account?done=app-off");
}

#[tokio::test]
async fn a_new_session_comes_with_every_change_of_how_somebody_signs_in() {
    let bench = bench().await;
    let (mut mia, account) = signed_in(&bench, MIA).await;
    let mut elsewhere = Browser::of(&bench);
    elsewhere.sign_in(MIA, PASSWORD).await;
    assert_eq!(elsewhere.get("/account").await.status, StatusCode::OK);
    let mut held = vec![mia.cookies["auth-token"].clone()];
    app(&mut mia).await;
    held.push(mia.cookies["auth-token"].clone());
    assert_eq!(elsewhere.get("/account").await.status, StatusCode::SEE_OTHER, "it came in without the second step");
    mia.post("/account/recovery-codes", &[]).await;
    held.push(mia.cookies["auth-token"].clone());
    mia.post("/account/app/off", &[]).await;
    held.push(mia.cookies["auth-token"].clone());
    mia.post("/account/password", &[("password", PASSWORD), ("new", "another lantern biscuit")]).await;
    held.push(mia.cookies["auth-token"].clone());
    assert_eq!(mia.get("/account").await.status, StatusCode::OK);
    let sessions = bench.store.sign_ins.list(account.id).await.expect("the database");
    assert_eq!(sessions.len(), 1, "one browser, whatever it holds");
    for (index, old) in held[..4].iter().enumerate() {
        assert!(!held[index + 1..].contains(old), "{index}");
        let answer = bench.get("/account", &format!("auth-token={old}")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{index} opens nothing any more");
    }
}

#[tokio::test]
async fn a_kept_session_is_kept_through_the_second_step() {
    let bench = bench().await;
    let (mut mia, account) = signed_in(&bench, MIA).await;
    let (phone, _) = app(&mut mia).await;
    let mut there = Browser::of(&bench);
    let fields = [("email", MIA), ("password", PASSWORD), ("keep", "yes"), ("next", "/account")];
    let half = there.post("/account/sign-in", &fields).await;
    assert!(
        !half
            .headers
            .get_all("set-cookie")
            .iter()
            .any(|line| line.to_str().is_ok_and(|line| line.contains("Max-Age=604800")))
    );
    assert_eq!(location(&half), "/account/sign-in/second?next=%2Faccount");
    let entered = there.post("/account/sign-in/second", &[("next", "/account"), ("code", &phone.shows(0))]).await;
    assert_eq!(location(&entered), "/account");
    let kept = bench.store.sign_ins.list(account.id).await.expect("the database");
    assert!(kept[0].kept && !kept[1].kept);
}
