//! What nobody can do with the password alone, with a code that was used, or with a session that was planted or stolen.

use crate::common::factor::{app, halfway, second};
use crate::common::member::{Browser, PASSWORD, account, bench, location, mail, no_mail, signed_in};
use crate::common::{Answer, Bench};
use axum::http::{StatusCode, header};
use domain::{SignInToken, TotpStep};
use store::{Factors, Halves};

const MIA: &str = "mia@example.org";
const EVE: &str = "eve@example.org";

/// Whether a browser with this token is anybody to the site.
async fn is_somebody(bench: &Bench, token: &str) -> bool {
    bench.get("/account", &format!("auth-token={token}")).await.status == StatusCode::OK
}

#[tokio::test]
async fn halfway_in_is_nowhere_in() {
    let bench = bench().await;
    let (mut mia, _) = signed_in(&bench, MIA).await;
    app(&mut mia).await;
    let mut thief = Browser::of(&bench);
    halfway(&mut thief, MIA).await;
    let half = thief.cookies["auth-token"].clone();
    assert!(half.starts_with("half-"));
    let mut asked = 0;
    for pattern in web::patterns() {
        if !pattern.starts_with("/account") || pattern.contains('{') {
            continue;
        }
        for answer in [thief.get(pattern).await, thief.post(pattern, &[("password", PASSWORD)]).await] {
            let text = answer.text();
            assert!(!text.contains(MIA) && !text.contains("Sign out"), "{pattern}: {text}");
            asked += 1;
        }
        thief.cookies.insert("auth-token".to_owned(), half.clone());
    }
    assert!(asked >= 30, "{asked}");
    for disguised in [half.replace("half-", "account-"), half.replace("half-", "operator-")] {
        assert!(!is_somebody(&bench, &disguised).await, "{disguised}");
        let operator = bench.get("/operator", &format!("auth-token={disguised}")).await;
        assert_ne!(operator.status, StatusCode::OK);
    }
    no_mail(&bench).await;
}

#[tokio::test]
async fn a_half_session_that_was_planted_is_worth_nothing_to_who_planted_it() {
    let bench = bench().await;
    let (mut mia, _) = signed_in(&bench, MIA).await;
    let (phone, _) = app(&mut mia).await;
    // Eve knows Mia's password, gets halfway, and plants what she holds in Mia's browser, where Mia goes on.
    let mut eve = Browser::of(&bench);
    halfway(&mut eve, MIA).await;
    let planted = eve.cookies["auth-token"].clone();
    let mut victim = Browser::of(&bench);
    victim.cookies.insert("auth-token".to_owned(), planted.clone());
    assert_eq!(location(&second(&mut victim, "code", &phone.shows(0)).await), "/tracks");
    assert_ne!(victim.cookies["auth-token"], planted);
    assert!(is_somebody(&bench, &victim.cookies["auth-token"]).await);
    assert!(!is_somebody(&bench, &planted).await && !is_somebody(&bench, &planted.replace("half-", "account-")).await);
    let token: SignInToken = planted.parse().expect("as it was set");
    assert_eq!(bench.store.halves.find(&token.secret).await.expect("the database"), None, "it ended");
    phone.next();
    let late = second(&mut eve, "code", &phone.shows(0)).await;
    assert_eq!(location(&late), "/account/sign-in?done=late");
    assert!(!eve.cookies.contains_key("auth-token"));
}

#[tokio::test]
async fn a_code_works_once_whoever_saw_it() {
    let bench = bench().await;
    let (mut mia, _) = signed_in(&bench, MIA).await;
    let (phone, _) = app(&mut mia).await;
    let (seen, before) = (phone.shows(0), phone.shows(-1));
    let (mut here, mut there) = (Browser::of(&bench), Browser::of(&bench));
    halfway(&mut here, MIA).await;
    halfway(&mut there, MIA).await;
    assert_eq!(location(&second(&mut here, "code", &seen).await), "/tracks");
    assert_eq!(second(&mut there, "code", &seen).await.status, StatusCode::UNAUTHORIZED, "read over a shoulder");
    assert_eq!(second(&mut there, "code", &before).await.status, StatusCode::UNAUTHORIZED, "and none before it");
    assert_eq!(location(&second(&mut there, "code", &phone.shows(1)).await), "/tracks", "a clock that is ahead");
    // At the same moment.
    phone.next();
    phone.next();
    let (mut here, mut there) = (Browser::of(&bench), Browser::of(&bench));
    halfway(&mut here, MIA).await;
    halfway(&mut there, MIA).await;
    let seen = phone.shows(0);
    let (one, other) = tokio::join!(second(&mut here, "code", &seen), second(&mut there, "code", &seen));
    let entered = [one, other].iter().filter(|answer| location(answer) == "/tracks").count();
    assert_eq!(entered, 1);
}

#[tokio::test]
async fn the_code_that_set_the_app_up_signs_nobody_in() {
    let bench = bench().await;
    let (mut mia, _) = signed_in(&bench, MIA).await;
    let (phone, _) = app(&mut mia).await;
    let used = phone.shows(-1);
    let mut thief = Browser::of(&bench);
    halfway(&mut thief, MIA).await;
    assert_eq!(second(&mut thief, "code", &used).await.status, StatusCode::UNAUTHORIZED);
    for old in [-2, 2, 3] {
        assert_eq!(second(&mut thief, "code", &phone.shows(old)).await.status, StatusCode::UNAUTHORIZED, "{old}");
    }
}

#[tokio::test]
async fn whoever_guesses_codes_runs_out_of_tries_and_then_of_time() {
    let bench = bench().await;
    let (mut mia, account) = signed_in(&bench, MIA).await;
    let (phone, recovery) = app(&mut mia).await;
    let mut thief = Browser::of(&bench);
    halfway(&mut thief, MIA).await;
    for _ in 1..Halves::TRIES {
        assert_eq!(second(&mut thief, "code", &phone.misreads()).await.status, StatusCode::UNAUTHORIZED);
    }
    let last = second(&mut thief, "recovery", "0000-0000-0000-0000").await;
    assert_eq!(location(&last), "/account/sign-in?done=late", "the password is asked for again");
    let told = mail(&bench).await.mail;
    assert_eq!(told.subject, "Somebody knows your password");
    // The password again brings a half session again, and no fresh tries.
    halfway(&mut thief, MIA).await;
    let waits = second(&mut thief, "code", &phone.shows(0)).await;
    assert_eq!(waits.status, StatusCode::TOO_MANY_REQUESTS, "even with the right one");
    assert!(waits.header(header::RETRY_AFTER).parse::<u64>().is_ok_and(|seconds| (1..=2).contains(&seconds)));
    let mut pauses = Vec::new();
    for _ in 0..14 {
        let store::CodeTry::Wait(wait) = bench.store.factors.begin_try(account.id).await.expect("the database") else {
            panic!("no wait");
        };
        pauses.push(wait.as_millis().div_ceil(1000));
        bench.pass(wait);
        assert!(matches!(
            bench.store.factors.begin_try(account.id).await.expect("the database"),
            store::CodeTry::Begun { .. }
        ));
    }
    assert!(pauses.is_sorted() && pauses.last() == Some(&u128::from(Factors::LONGEST.as_secs())), "{pauses:?}");
    // Whoever has the paper gets in all the same once it is their turn, and nothing is held against them.
    bench.pass(Factors::LONGEST);
    let mut holder = Browser::of(&bench);
    halfway(&mut holder, MIA).await;
    assert_eq!(location(&second(&mut holder, "recovery", &recovery[0]).await), "/tracks");
    mail(&bench).await;
    assert!(matches!(
        bench.store.factors.begin_try(account.id).await.expect("the database"),
        store::CodeTry::Begun { wrong_before: 0 }
    ));
}

#[tokio::test]
async fn many_guesses_at_one_moment_are_not_each_the_first() {
    let bench = bench().await;
    let (mut mia, _) = signed_in(&bench, MIA).await;
    let (phone, _) = app(&mut mia).await;
    let mut thief = Browser::of(&bench);
    halfway(&mut thief, MIA).await;
    let wrong = phone.misreads();
    let tries = (0..20).map(|_| async {
        let mut copy = Browser::of(&bench);
        copy.cookies.clone_from(&thief.cookies);
        second(&mut copy, "code", &wrong).await.status
    });
    let answers = futures_util::future::join_all(tries).await;
    let asked = answers.iter().filter(|status| **status == StatusCode::UNAUTHORIZED).count();
    assert!(asked <= Halves::TRIES as usize, "{answers:?}");
}

#[tokio::test]
async fn a_recovery_code_works_once_and_for_its_account_alone() {
    let bench = bench().await;
    let (mut mia, _) = signed_in(&bench, MIA).await;
    let (_, mias) = app(&mut mia).await;
    let (mut eve, _) = signed_in(&bench, EVE).await;
    let (_, eves) = app(&mut eve).await;
    let mut thief = Browser::of(&bench);
    halfway(&mut thief, MIA).await;
    assert_eq!(second(&mut thief, "recovery", &eves[0]).await.status, StatusCode::UNAUTHORIZED, "one of hers");
    assert_eq!(second(&mut thief, "code", &mias[0]).await.status, StatusCode::UNAUTHORIZED, "it is no code of an app");
    assert_eq!(location(&second(&mut thief, "recovery", &mias[0]).await), "/tracks");
    let (mut here, mut there) = (Browser::of(&bench), Browser::of(&bench));
    halfway(&mut here, MIA).await;
    assert_eq!(second(&mut here, "recovery", &mias[0]).await.status, StatusCode::UNAUTHORIZED, "it was used");
    halfway(&mut there, MIA).await;
    let (one, other) = tokio::join!(second(&mut here, "recovery", &mias[1]), second(&mut there, "recovery", &mias[1]));
    let entered = [one, other].iter().filter(|answer| location(answer) == "/tracks").count();
    assert_eq!(entered, 1, "of two at one moment");
}

#[tokio::test]
async fn nobody_learns_who_has_a_second_factor_without_the_password() {
    let bench = bench().await;
    let (mut mia, _) = signed_in(&bench, MIA).await;
    app(&mut mia).await;
    account(&bench, EVE).await;
    let anonymous = |answer: &Answer, address: &str| {
        let text = answer.text().replace(address, "ADDRESS");
        let csrf = text.find("name=\"csrf\" value=\"").map(|at| text[at + 19..at + 83].to_owned());
        let names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
        (answer.status, names, csrf.map_or(text.clone(), |csrf| text.replace(&csrf, "CSRF")))
    };
    let with = Browser::of(&bench).sign_in(MIA, "not her password").await;
    let without = Browser::of(&bench).sign_in(EVE, "not her password").await;
    let nobody = Browser::of(&bench).sign_in("nobody@example.org", "not her password").await;
    assert_eq!(with.status, StatusCode::UNAUTHORIZED);
    assert_eq!(anonymous(&with, MIA), anonymous(&without, EVE));
    assert_eq!(anonymous(&with, MIA), anonymous(&nobody, "nobody@example.org"));
    // Without the first step there is no second, for anybody.
    let second = Browser::of(&bench).get("/account/sign-in/second").await;
    assert_eq!(location(&second), "/account/sign-in?done=late");
    for planted in [format!("half-{}", "0".repeat(64)), format!("account-{}", "0".repeat(64))] {
        let answer = bench.get("/account/sign-in/second", &format!("auth-token={planted}")).await;
        assert_eq!(location(&answer), "/account/sign-in?done=late");
    }
}

#[tokio::test]
async fn a_half_session_ends_with_time_with_a_new_password_and_with_the_account() {
    let bench = bench().await;
    let (mut mia, account) = signed_in(&bench, MIA).await;
    let (phone, _) = app(&mut mia).await;
    let begin = async || {
        let mut thief = Browser::of(&bench);
        halfway(&mut thief, MIA).await;
        thief
    };
    let mut slow = begin().await;
    bench.pass(Halves::WITHIN);
    assert_eq!(location(&second(&mut slow, "code", &phone.shows(0)).await), "/account/sign-in?done=late");

    let mut thief = begin().await;
    bench.store.accounts.set_password(account.id, "another hash", None).await.expect("the database");
    assert_eq!(location(&second(&mut thief, "code", &phone.shows(0)).await), "/account/sign-in?done=late");
}

#[tokio::test]
async fn a_key_from_the_database_makes_no_code() {
    let bench = bench().await;
    let (mut mia, account) = signed_in(&bench, MIA).await;
    let (phone, recovery) = app(&mut mia).await;
    let sealed = bench.store.factors.app(account.id).await.expect("the database").expect("set up");
    let step = TotpStep::at(bench.store.now()).0;
    for part in sealed.windows(20) {
        assert_ne!(crate::common::factor::code(part, step), phone.shows(0));
    }
    // What is told to whoever takes all along opens nothing either.
    let zip = mia.get("/account/export.zip").await.text();
    assert!(zip.contains("\"authenticator_app_since\"") && zip.contains("\"recovery_codes_left\": 10"));
    assert!(recovery.iter().all(|code| !zip.contains(code.as_str())));
    for page in ["/account", "/account/prove"] {
        let text = mia.get(page).await.text();
        assert!(recovery.iter().all(|code| !text.contains(code.as_str())) && !text.contains("otpauth"), "{page}");
    }
}
