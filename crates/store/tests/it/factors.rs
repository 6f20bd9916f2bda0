//! Second factors as they are kept: what counts, what was used, and what goes with its account.

use crate::common::{Fixture, HOUR};
use domain::{
    Account, Act, Actor, AddressHash, BrowserMark, Device, Happening, NetworkMark, OsEntropy, PasskeyPurpose,
    RecoveryCode, Stay, TotpStep,
};
use std::time::Duration;
use store::{
    Attempt, Begun, Changed, CodeTry, Factors, FactorsSet, Halves, NewPasskey, Passkeys, Retention, SignIns, Store,
};

async fn account(store: &Store, email: &str) -> Account {
    store.accounts.add(&email.parse().unwrap(), &"Mia".parse().unwrap(), "hash").await.unwrap().unwrap()
}

async fn begun(store: &Store, account: &Account) -> Begun {
    match store.attempts.begin(AddressHash::of(&account.email), Device::of("")).await.unwrap() {
        Attempt::Begun(begun) => begun,
        Attempt::Wait(wait) => panic!("{wait:?}"),
    }
}

#[tokio::test]
async fn an_app_counts_once_it_is_confirmed_and_a_step_once() {
    let world = Fixture::new().await;
    let (factors, mia) = (&world.store.factors, account(&world.store, "mia@example.org").await.id);
    factors.begin_app(mia, b"first").await.unwrap();
    factors.begin_app(mia, b"second").await.unwrap();
    assert_eq!(factors.app_to_confirm(mia).await.unwrap().as_deref(), Some(&b"second"[..]));
    assert_eq!((factors.app(mia).await.unwrap(), factors.of(mia).await.unwrap().any()), (None, false));
    assert!(!factors.confirm_app(mia, b"first", TotpStep(7)).await.unwrap(), "another one is shown by now");
    assert!(factors.confirm_app(mia, b"second", TotpStep(7)).await.unwrap());
    assert!(!factors.confirm_app(mia, b"second", TotpStep(8)).await.unwrap(), "once");
    assert!(factors.of(mia).await.unwrap().any());
    let mut used = Vec::new();
    for step in [6, 7, 8, 8, 7, 10, 9] {
        used.push(factors.use_step(mia, TotpStep(step)).await.unwrap());
    }
    assert_eq!(used, [false, false, true, false, false, true, false]);
    // Another app takes the place of the first.
    factors.begin_app(mia, b"third").await.unwrap();
    assert_eq!(factors.app(mia).await.unwrap().as_deref(), Some(&b"second"[..]), "which counts meanwhile");
    assert!(factors.confirm_app(mia, b"third", TotpStep(11)).await.unwrap());
    assert_eq!(factors.app(mia).await.unwrap().as_deref(), Some(&b"third"[..]));
    assert!(factors.app_off(mia).await.unwrap() && !factors.app_off(mia).await.unwrap());
}

#[tokio::test]
async fn a_key_that_nobody_confirms_is_forgotten() {
    let world = Fixture::new().await;
    let (factors, mia) = (&world.store.factors, account(&world.store, "mia@example.org").await.id);
    factors.begin_app(mia, b"key").await.unwrap();
    world.pass(Factors::SETUP_WITHIN);
    assert_eq!(factors.app_to_confirm(mia).await.unwrap(), None);
    assert_eq!(world.store.sweep(Retention::default()).await.unwrap().sessions, 1);
}

#[tokio::test]
async fn recovery_codes_work_once_and_go_with_the_last_factor() {
    let world = Fixture::new().await;
    let factors = &world.store.factors;
    let (mia, eve) =
        (account(&world.store, "mia@example.org").await.id, account(&world.store, "eve@example.org").await.id);
    factors.begin_app(mia, b"key").await.unwrap();
    factors.confirm_app(mia, b"key", TotpStep(1)).await.unwrap();
    let codes: Vec<_> = (0..3).map(|_| RecoveryCode::draw(&OsEntropy)).collect();
    let ids: Vec<_> = codes.iter().map(|code| code.id(mia)).collect();
    factors.set_codes(mia, &ids).await.unwrap();
    assert!(!factors.use_code(eve, ids[0]).await.unwrap(), "somebody else's");
    assert!(factors.use_code(mia, ids[0]).await.unwrap() && !factors.use_code(mia, ids[0]).await.unwrap());
    assert_eq!(factors.of(mia).await.unwrap().codes_left, 2);
    factors.set_codes(mia, &[RecoveryCode::draw(&OsEntropy).id(mia)]).await.unwrap();
    assert!(!factors.use_code(mia, ids[1]).await.unwrap(), "the old ones are void");
    factors.app_off(mia).await.unwrap();
    assert_eq!(factors.of(mia).await.unwrap(), FactorsSet::default());
}

#[tokio::test]
async fn wrong_codes_are_slowed_down_until_one_is_right() {
    let world = Fixture::new().await;
    let (factors, mia) = (&world.store.factors, account(&world.store, "mia@example.org").await.id);
    for wrong_before in 0..Factors::FREE {
        assert_eq!(factors.begin_try(mia).await.unwrap(), CodeTry::Begun { wrong_before });
    }
    assert!(matches!(factors.begin_try(mia).await.unwrap(), CodeTry::Wait(wait) if wait <= Duration::from_secs(1)));
    world.pass(Duration::from_secs(1));
    assert_eq!(factors.begin_try(mia).await.unwrap(), CodeTry::Begun { wrong_before: Factors::FREE });
    factors.right(mia).await.unwrap();
    assert_eq!(factors.begin_try(mia).await.unwrap(), CodeTry::Begun { wrong_before: 0 });
    for _ in 0..Factors::FREE {
        factors.begin_try(mia).await.unwrap();
    }
    world.pass(HOUR * 24);
    assert_eq!(factors.begin_try(mia).await.unwrap(), CodeTry::Begun { wrong_before: 0 }, "a day later");
}

#[tokio::test]
async fn halfway_in_lasts_for_minutes_and_few_tries() {
    let world = Fixture::new().await;
    let (store, halves) = (&world.store, &world.store.halves);
    let mia = account(store, "mia@example.org").await;
    let begun = begun(store, &mia).await;
    let token = halves.begin(mia.id, Stay::Kept, &begun).await.unwrap();
    let half = halves.find(&token).await.unwrap().unwrap();
    assert_eq!((half.account.id, half.stay, &half.begun), (mia.id, Stay::Kept, &begun));
    assert!(store.sign_ins.resume(&token).await.unwrap().is_none(), "it is no session");
    for left in (0..Halves::TRIES).rev() {
        assert_eq!(halves.wrong(&token).await.unwrap(), left > 0);
    }
    assert_eq!(halves.find(&token).await.unwrap(), None);
    let token = halves.begin(mia.id, Stay::Session, &begun).await.unwrap();
    assert!(halves.end(&token).await.unwrap() && !halves.end(&token).await.unwrap(), "once");
    let tokens = [
        halves.begin(mia.id, Stay::Session, &begun).await.unwrap(),
        halves.begin(mia.id, Stay::Session, &begun).await.unwrap(),
    ];
    world.pass(Halves::WITHIN);
    assert_eq!(halves.find(&tokens[0]).await.unwrap(), None);
    assert_eq!(store.sweep(Retention::default()).await.unwrap().sessions, 2);
    for _ in 0..15 {
        halves.begin(mia.id, Stay::Session, &begun).await.unwrap();
    }
    let kept = store.sweep(Retention::default()).await.unwrap().sessions;
    world.pass(Halves::WITHIN);
    assert_eq!((kept, store.sweep(Retention::default()).await.unwrap().sessions), (0, 10), "few of one account");
    let token = halves.begin(mia.id, Stay::Session, &begun).await.unwrap();
    store.accounts.set_disabled(mia.id, true).await.unwrap();
    assert_eq!(halves.find(&token).await.unwrap(), None, "a closed account");
}

#[tokio::test]
async fn a_session_gets_another_token_and_stays_what_it_was() {
    let world = Fixture::new().await;
    let signs = &world.store.sign_ins;
    let mia = account(&world.store, "mia@example.org").await;
    let old = signs.begin(mia.id, Stay::Kept, Device::of("")).await.unwrap();
    let before = signs.resume(&old).await.unwrap().unwrap();
    let (new, stay) = signs.rotate(&old).await.unwrap().unwrap();
    assert_eq!(stay, Stay::Kept);
    assert_eq!(signs.resume(&old).await.unwrap(), None);
    assert_eq!(signs.resume(&new).await.unwrap().unwrap().sign_in, before.sign_in);
    assert_eq!(signs.rotate(&old).await.unwrap(), None);
    signs.begin(mia.id, Stay::Session, Device::of("")).await.unwrap();
    assert_eq!(signs.end_others(mia.id, before.sign_in).await.unwrap(), 1);
    assert_eq!(signs.list(mia.id).await.unwrap().len(), 1);
    world.pass(SignIns::FRESH);
    assert!(!signs.resume(&new).await.unwrap().unwrap().is_fresh, "a proof holds for minutes");
    signs.proved(&new).await.unwrap();
    assert!(signs.resume(&new).await.unwrap().unwrap().is_fresh);
}

#[tokio::test]
async fn nothing_of_a_factor_outlives_its_account() {
    let world = Fixture::new().await;
    let (store, factors) = (&world.store, &world.store.factors);
    let mia = account(store, "mia@example.org").await;
    factors.begin_app(mia.id, b"a sealed key").await.unwrap();
    factors.confirm_app(mia.id, b"a sealed key", TotpStep(1)).await.unwrap();
    factors.begin_app(mia.id, b"another sealed key").await.unwrap();
    let code = RecoveryCode::draw(&OsEntropy).id(mia.id);
    factors.set_codes(mia.id, &[code]).await.unwrap();
    factors.begin_try(mia.id).await.unwrap();
    let half = store.halves.begin(mia.id, Stay::Session, &begun(store, &mia).await).await.unwrap();
    assert!(store.accounts.delete(mia.id).await.unwrap());
    assert_eq!(factors.of(mia.id).await.unwrap(), FactorsSet::default());
    assert_eq!((factors.app(mia.id).await.unwrap(), factors.app_to_confirm(mia.id).await.unwrap()), (None, None));
    assert!(!factors.use_code(mia.id, code).await.unwrap());
    assert_eq!(store.halves.find(&half).await.unwrap(), None);
    let dir = world.dir.path().to_owned();
    world.store.clone().close().await;
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        let bytes = std::fs::read(entry.path()).unwrap();
        let is_database = entry.file_name().to_string_lossy() == "balanced.sqlite";
        assert!(
            !is_database || !bytes.windows(12).any(|part| part == b"a sealed key"),
            "the bytes themselves are gone"
        );
    }
}

#[tokio::test]
async fn an_administrator_takes_all_factors_away_from_who_lost_them() {
    let world = Fixture::new().await;
    let (store, factors) = (&world.store, &world.store.factors);
    let mia = account(store, "mia@example.org").await;
    factors.begin_app(mia.id, b"key").await.unwrap();
    factors.confirm_app(mia.id, b"key", TotpStep(1)).await.unwrap();
    factors.set_codes(mia.id, &[RecoveryCode::draw(&OsEntropy).id(mia.id)]).await.unwrap();
    let remove = || store.admins.change(Actor::CommandLine, Act::RemoveFactors, mia.id);
    assert_eq!(remove().await.unwrap(), Changed::Done);
    assert_eq!(remove().await.unwrap(), Changed::Already);
    assert_eq!(factors.of(mia.id).await.unwrap(), FactorsSet::default());
    assert!(store.accounts.find(mia.id).await.unwrap().is_some());
}

#[tokio::test]
async fn what_happened_to_an_account_is_bounded_and_goes_with_it() {
    let world = Fixture::new().await;
    let (store, activities) = (&world.store, &world.store.activities);
    let mia = account(store, "mia@example.org").await.id;
    for _ in 0..250 {
        activities.record(mia, Happening::SignedIn, Device::of("")).await.unwrap();
    }
    activities.record(mia, Happening::AppOff, Device::of("Firefox/1 Linux")).await.unwrap();
    let lines = activities.latest(mia, 999).await.unwrap();
    assert_eq!((lines.len(), lines[0].what, lines[0].device), (200, Happening::AppOff, Device::of("Firefox/1 Linux")));
    let mark = |number: u8| NetworkMark::of_bytes([number; 32]);
    let mut new = Vec::new();
    for number in [1, 1, 2, 1, 2] {
        new.push(activities.is_new_network(mia, mark(number)).await.unwrap());
    }
    assert_eq!(new, [false, false, true, false, false], "the first of all is no news");
    store.accounts.delete(mia).await.unwrap();
    assert!(activities.latest(mia, 9).await.unwrap().is_empty());
    activities.record(mia, Happening::SignedIn, Device::of("")).await.unwrap();
    assert!(!activities.is_new_network(mia, mark(3)).await.unwrap());
    assert!(activities.latest(mia, 9).await.unwrap().is_empty(), "nothing is written of who is gone");
}

#[tokio::test]
async fn a_passkey_is_one_accounts_and_its_counter_goes_up() {
    let world = Fixture::new().await;
    let (store, passkeys) = (&world.store, &world.store.passkeys);
    let (mia, eve) = (account(store, "mia@example.org").await.id, account(store, "eve@example.org").await.id);
    let name = "Key ring".parse().unwrap();
    let new = NewPasskey { credential: "AAAA", key: "{}", counter: 0, name: &name };
    let id = passkeys.add(mia, &new).await.unwrap().unwrap();
    assert_eq!(passkeys.add(eve, &new).await.unwrap(), None, "it is somebody's already");
    assert!(store.factors.of(mia).await.unwrap().any() && !store.factors.of(eve).await.unwrap().any());
    let mut used = Vec::new();
    for counter in [0, 0, 3, 3, 2, 0, 4] {
        used.push(passkeys.used(id, "{}", counter).await.unwrap());
    }
    assert_eq!(used, [true, true, true, false, false, false, true]);
    assert!(!passkeys.rename(eve, id, &name).await.unwrap());
    assert_eq!(passkeys.remove(eve, id).await.unwrap(), None);
    store.factors.set_codes(mia, &[RecoveryCode::draw(&OsEntropy).id(mia)]).await.unwrap();
    assert_eq!(passkeys.remove(mia, id).await.unwrap(), Some(name.clone()));
    assert_eq!(store.factors.of(mia).await.unwrap(), FactorsSet::default());
    for number in 0..=Passkeys::MOST {
        let credential = number.to_string();
        let added = passkeys.add(mia, &NewPasskey { credential: &credential, ..new.clone() }).await.unwrap();
        assert_eq!(added.is_some(), number < Passkeys::MOST, "{number}");
    }
    store.admins.change(Actor::CommandLine, Act::RemoveFactors, mia).await.unwrap();
    assert!(passkeys.list(mia).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_challenge_is_taken_once_by_whom_it_was_for() {
    let world = Fixture::new().await;
    let (store, passkeys) = (&world.store, &world.store.passkeys);
    let mia = account(store, "mia@example.org").await.id;
    let (here, there) = (BrowserMark::of("here"), BrowserMark::of("there"));
    let ask = async || passkeys.ask(PasskeyPurpose::Prove, Some(mia), here, "state").await.unwrap();
    let id = ask().await;
    for (purpose, account, browser) in [
        (PasskeyPurpose::Add, Some(mia), here),
        (PasskeyPurpose::Prove, None, here),
        (PasskeyPurpose::Prove, Some(mia), there),
    ] {
        assert_eq!(passkeys.take(id, purpose, account, browser).await.unwrap(), None);
    }
    let take = async |id| passkeys.take(id, PasskeyPurpose::Prove, Some(mia), here).await.unwrap();
    assert_eq!(take(id).await.as_deref(), Some("state"));
    assert_eq!(take(id).await, None);
    let late = ask().await;
    world.pass(Passkeys::ANSWER_WITHIN);
    assert_eq!(take(late).await, None);
    assert_eq!(store.sweep(Retention::default()).await.unwrap().sessions, 1);
    let first = ask().await;
    for _ in 0..10 {
        ask().await;
    }
    assert_eq!(take(first).await, None, "few wait at a time");
    let open = passkeys.ask(PasskeyPurpose::SignIn, None, here, "open").await.unwrap();
    assert_eq!(passkeys.take(open, PasskeyPurpose::SignIn, None, here).await.unwrap().as_deref(), Some("open"));
}
