//! What an account's holder is shown of what happened to it.

use crate::common::Bench;
use crate::common::factor::{app, halfway, second};
use crate::common::member::{Browser, PASSWORD, account, bench, location, mail, signed_in};
use domain::{AccountId, Happening, NetworkMark};
use store::{Factors, Retention};

const MIA: &str = "mia@example.org";

async fn happened(bench: &Bench, account: AccountId) -> Vec<Happening> {
    let mut lines = bench.store.activities.latest(account, 99).await.expect("the database");
    lines.reverse();
    lines.into_iter().map(|line| line.what).collect()
}

#[tokio::test]
async fn the_page_tells_in_plain_words_what_happened_when_and_with_what() {
    let bench = bench().await;
    let (mut mia, account) = signed_in(&bench, MIA).await;
    let (phone, recovery) = app(&mut mia).await;
    let mut there = Browser::of(&bench);
    there.agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1";
    halfway(&mut there, MIA).await;
    assert_eq!(location(&second(&mut there, "recovery", &recovery[0]).await), "/tracks");
    there.post("/account/recovery-codes", &[]).await;
    there.post("/account/password", &[("password", PASSWORD), ("new", "another lantern biscuit")]).await;
    there.post("/account/app/off", &[]).await;
    let page = there.get("/account").await.text();
    let (_, shown) = page.split_once("Recent activity").expect("a part of the page");
    for words in [
        "Signed in with the password",
        "An authenticator app was set up",
        "<strong>Signed in with a recovery code, which is used up</strong>",
        "<strong>That was a kind of browser that had not been used lately</strong>",
        "New recovery codes were made",
        "The password was changed",
        "<strong>The authenticator app was turned off</strong>",
        "Safari on iPhone",
        "Firefox on Linux",
        "Kept for 90 days",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let moment = shown.split(" UTC").next().expect("a time");
    assert!(moment.ends_with(|digit: char| digit.is_ascii_digit()), "{moment}");
    let zip = there.get("/account/export.zip").await.text();
    assert!(zip.contains("\"signed-in-with-recovery-code\"") && zip.contains("\"app-off\""), "{zip}");
    drop(phone);
    assert_eq!(happened(&bench, account.id).await[0], Happening::SignedIn);
}

#[tokio::test]
async fn many_wrong_passwords_and_codes_are_told_once_each() {
    let bench = bench().await;
    let (mut mia, account) = signed_in(&bench, MIA).await;
    let (phone, _) = app(&mut mia).await;
    let mut thief = Browser::of(&bench);
    for _ in 0..5 {
        thief.sign_in(MIA, "guess guess guess").await;
        Browser::of(&bench).sign_in("nobody@example.org", "guess guess guess").await;
    }
    // Written down in the background, so that it tells nobody who has an account.
    for _ in 0..200 {
        if happened(&bench, account.id).await.contains(&Happening::ManyWrongPasswords) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    bench.pass(std::time::Duration::from_hours(1));
    halfway(&mut thief, MIA).await;
    for _ in 0..Factors::FREE {
        second(&mut thief, "code", &phone.misreads()).await;
    }
    assert_eq!(mail(&bench).await.mail.subject, "Somebody knows your password");
    let all = happened(&bench, account.id).await;
    for what in [Happening::ManyWrongPasswords, Happening::ManyWrongCodes] {
        assert_eq!(all.iter().filter(|known| **known == what).count(), 1, "{what} in {all:?}");
    }
}

#[tokio::test]
async fn a_new_network_is_told_once() {
    let bench = bench().await;
    let account = account(&bench, MIA).await;
    let elsewhere = NetworkMark::of_bytes([7; 32]);
    bench.store.activities.is_new_network(account.id, elsewhere).await.expect("the database");
    for _ in 0..3 {
        assert_eq!(location(&Browser::of(&bench).sign_in(MIA, PASSWORD).await), "/tracks");
        let seen = happened(&bench, account.id).await;
        assert_eq!(seen.iter().filter(|what| **what == Happening::NewNetwork).count(), 1, "{seen:?}");
    }
}

#[tokio::test]
async fn what_happened_is_forgotten_in_time() {
    let bench = bench().await;
    let (_, account) = signed_in(&bench, MIA).await;
    let kept = Retention::default().activity;
    bench.pass(kept / 2);
    bench.store.sweep(Retention::default()).await.expect("swept");
    assert_eq!(happened(&bench, account.id).await.len(), 1);
    bench.pass(kept / 2);
    bench.store.sweep(Retention::default()).await.expect("swept");
    assert!(happened(&bench, account.id).await.is_empty());
}
