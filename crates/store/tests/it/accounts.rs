//! What the holder of an account may rely on, and what nobody else can do with it.

use crate::common::{Fixture, HOUR};
use domain::{
    Account, AccountId, Actor, AddressHash, Device, Email, LinkToken, OsEntropy, PersonName, Purpose, SessionToken,
    SignInId, Stay,
};
use std::time::Duration;
use store::{Attempt, Attempts, Begun, Mails, NewMail, Retention, Store};

fn email(text: &str) -> Email {
    text.parse().unwrap()
}

fn name() -> PersonName {
    "Mia".parse().unwrap()
}

fn device() -> Device {
    Device::of("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
}

async fn account(store: &Store, address: &str) -> Account {
    store.accounts.add(&email(address), &name(), "a hash").await.unwrap().expect("the address is free")
}

async fn sign_in(store: &Store, account: AccountId) -> SessionToken {
    store.sign_ins.begin(account, Stay::Session, device()).await.unwrap()
}

fn mail(key: &str, to: &str) -> NewMail {
    let (subject, text, html) = ("Hello".to_owned(), "a link".to_owned(), "<p>a link</p>".to_owned());
    NewMail { key: key.to_owned(), to: email(to), subject, text, html }
}

#[tokio::test]
async fn a_link_makes_one_account_and_is_used_up() {
    let world = Fixture::new().await;
    let store = &world.store;
    let link = store.links.issue(Purpose::Confirm, &email("mia@example.org"), None).await.unwrap();
    let second = store.links.issue(Purpose::Confirm, &email("mia@example.org"), None).await.unwrap();
    assert_eq!(store.links.look(Purpose::Confirm, &link).await.unwrap().unwrap().email, email("mia@example.org"));
    assert!(store.links.look(Purpose::Reset, &link).await.unwrap().is_none(), "for its purpose alone");
    let made = store.accounts.confirm(&link, &name(), "a hash").await.unwrap().unwrap();
    assert_eq!(store.accounts.find(made.id).await.unwrap(), Some(made.clone()));
    assert_eq!(store.accounts.password_hash(made.id).await.unwrap().as_deref(), Some("a hash"));
    for used in [&link, &second, &LinkToken::draw(&OsEntropy)] {
        assert_eq!(store.accounts.confirm(used, &name(), "another").await.unwrap(), None);
    }
    assert_eq!(store.accounts.password_hash(made.id).await.unwrap().as_deref(), Some("a hash"));
    assert_eq!(store.accounts.add(&made.email, &name(), "another").await.unwrap(), None, "an address has one account");
}

#[tokio::test]
async fn a_link_is_good_for_as_long_as_it_says_and_few_are_at_a_time() {
    let world = Fixture::new().await;
    let store = &world.store;
    let mia = account(store, "mia@example.org").await;
    for purpose in [Purpose::Reset, Purpose::ChangeEmail] {
        let link = store.links.issue(purpose, &email("new@example.org"), Some(mia.id)).await.unwrap();
        world.pass(purpose.lifetime().checked_sub(Duration::from_secs(1)).unwrap());
        assert!(store.links.look(purpose, &link).await.unwrap().is_some(), "{purpose:?}");
        world.pass(Duration::from_secs(2));
        assert!(store.links.look(purpose, &link).await.unwrap().is_none(), "{purpose:?}");
    }
    assert!(store.sweep(Retention::default()).await.unwrap().sessions >= 1, "what is over is removed");
    let mut links = Vec::new();
    for _ in 0..7 {
        links.push(store.links.issue(Purpose::Reset, &mia.email, Some(mia.id)).await.unwrap());
    }
    let mut good = Vec::new();
    for link in &links {
        good.push(store.links.look(Purpose::Reset, link).await.unwrap().is_some());
    }
    assert_eq!(good, [false, false, true, true, true, true, true]);
}

#[tokio::test]
async fn a_new_password_signs_every_other_browser_out_and_voids_links() {
    let world = Fixture::new().await;
    let store = &world.store;
    let mia = account(store, "mia@example.org").await;
    let (here, there) = (sign_in(store, mia.id).await, sign_in(store, mia.id).await);
    let stays = store.sign_ins.resume(&here).await.unwrap().unwrap().sign_in;
    let link = store.links.issue(Purpose::Reset, &mia.email, Some(mia.id)).await.unwrap();
    assert!(store.accounts.set_password(mia.id, "changed", Some(stays)).await.unwrap());
    assert!(store.sign_ins.resume(&here).await.unwrap().is_some());
    assert!(store.sign_ins.resume(&there).await.unwrap().is_none());
    assert_eq!(store.accounts.reset_password(&link, "by link").await.unwrap(), None);

    let link = store.links.issue(Purpose::Reset, &mia.email, Some(mia.id)).await.unwrap();
    assert_eq!(store.accounts.reset_password(&link, "by link").await.unwrap().unwrap().id, mia.id);
    assert!(store.sign_ins.resume(&here).await.unwrap().is_none(), "whoever has it is asked for the new one");
    assert_eq!(store.accounts.password_hash(mia.id).await.unwrap().as_deref(), Some("by link"));
    assert_eq!(store.accounts.reset_password(&link, "again").await.unwrap(), None);
}

#[tokio::test]
async fn an_address_changes_only_to_one_that_is_free() {
    let world = Fixture::new().await;
    let store = &world.store;
    let (mia, eve) = (account(store, "mia@example.org").await, account(store, "eve@example.org").await);
    let reset = store.links.issue(Purpose::Reset, &mia.email, Some(mia.id)).await.unwrap();
    let link = store.links.issue(Purpose::ChangeEmail, &email("new@example.org"), Some(mia.id)).await.unwrap();
    let moved = store.accounts.change_email(&link).await.unwrap().unwrap();
    assert_eq!((moved.account.email, moved.from), (email("new@example.org"), mia.email.clone()));
    assert!(
        store.links.look(Purpose::Reset, &reset).await.unwrap().is_none(),
        "the old address opens nothing any more"
    );
    let taken = store.links.issue(Purpose::ChangeEmail, &eve.email, Some(mia.id)).await.unwrap();
    assert_eq!(store.accounts.change_email(&taken).await.unwrap(), None);
    assert_eq!(store.accounts.find_by_email(&eve.email).await.unwrap().unwrap().id, eve.id);
}

#[tokio::test]
async fn a_signed_in_browser_ends_by_the_servers_clock() {
    let world = Fixture::new().await;
    let signs = &world.store.sign_ins;
    let mia = account(&world.store, "mia@example.org").await;
    let (busy, idle) = (sign_in(&world.store, mia.id).await, sign_in(&world.store, mia.id).await);
    let kept = signs.begin(mia.id, Stay::Kept, device()).await.unwrap();
    for _ in 0..7 {
        world.pass(HOUR * 23);
        assert!(signs.resume(&busy).await.unwrap().is_some());
    }
    assert!(signs.resume(&idle).await.unwrap().is_none(), "a day without use");
    assert!(signs.resume(&kept).await.unwrap().is_some(), "a week, used or not");
    world.pass(HOUR * 8);
    assert!(signs.resume(&busy).await.unwrap().is_none(), "no longer than a week");
    assert!(signs.resume(&kept).await.unwrap().is_none());
    assert!(signs.list(mia.id).await.unwrap().is_empty());
    assert_eq!(world.store.sweep(Retention::default()).await.unwrap().sessions, 3);
}

#[tokio::test]
async fn browsers_are_listed_and_signed_out_by_their_own_account_alone() {
    let world = Fixture::new().await;
    let signs = &world.store.sign_ins;
    let (mia, eve) = (account(&world.store, "mia@example.org").await, account(&world.store, "eve@example.org").await);
    let (first, second) = (sign_in(&world.store, mia.id).await, sign_in(&world.store, mia.id).await);
    let listed = signs.list(mia.id).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0].device.to_string(), "Firefox on Linux");
    assert!(signs.list(eve.id).await.unwrap().is_empty());
    assert!(!signs.end_one(eve.id, listed[0].id).await.unwrap(), "somebody else's");
    assert!(!signs.end_one(mia.id, SignInId::draw(&OsEntropy)).await.unwrap());
    assert!(signs.end_one(mia.id, listed[0].id).await.unwrap());
    assert!(signs.resume(&second).await.unwrap().is_none());
    assert!(signs.resume(&first).await.unwrap().is_some());
    assert_eq!(signs.end_all(mia.id).await.unwrap(), 1);
    assert!(signs.resume(&first).await.unwrap().is_none());
}

#[tokio::test]
async fn only_so_many_browsers_are_signed_in_at_a_time() {
    let world = Fixture::new().await;
    let mia = account(&world.store, "mia@example.org").await;
    let first = sign_in(&world.store, mia.id).await;
    for _ in 0..100 {
        sign_in(&world.store, mia.id).await;
    }
    assert_eq!(world.store.sign_ins.list(mia.id).await.unwrap().len(), 100);
    assert!(world.store.sign_ins.resume(&first).await.unwrap().is_none(), "the first makes room");
}

#[tokio::test]
async fn a_disabled_account_is_closed_at_once() {
    let world = Fixture::new().await;
    let store = &world.store;
    let mia = account(store, "mia@example.org").await;
    let token = sign_in(store, mia.id).await;
    let link = store.links.issue(Purpose::Reset, &mia.email, Some(mia.id)).await.unwrap();
    assert!(store.accounts.set_disabled(mia.id, true).await.unwrap());
    assert!(store.sign_ins.resume(&token).await.unwrap().is_none());
    assert!(store.links.look(Purpose::Reset, &link).await.unwrap().is_none());
    let late = sign_in(store, mia.id).await;
    assert!(store.sign_ins.resume(&late).await.unwrap().is_none(), "nor is a new session any use");
    assert!(store.accounts.set_disabled(mia.id, false).await.unwrap());
    assert!(store.sign_ins.resume(&late).await.unwrap().is_some());
    assert!(!store.accounts.set_disabled(AccountId::draw(&OsEntropy), true).await.unwrap());
}

#[tokio::test]
async fn a_guests_tracks_come_along_and_stay_where_a_guests_would_go() {
    let world = Fixture::new().await;
    let store = &world.store;
    let (guest, owner) = world.visitor().await;
    let track = world.upload(owner, b"made before").await;
    let mia = account(store, "mia@example.org").await;
    let token = sign_in(store, mia.id).await;
    let member = store.sign_ins.resume(&token).await.unwrap().unwrap();
    assert_eq!(store.sessions.bring_along(&guest, member.owner).await.unwrap(), 1);
    assert!(store.tracks.find(member.owner, track).await.unwrap().is_some());
    assert!(store.tracks.find(owner, track).await.unwrap().is_none(), "no more by the guest's cookie");
    assert!(store.sessions.find(&guest).await.unwrap().is_none(), "which opens nothing");
    assert_eq!(store.sessions.bring_along(&guest, member.owner).await.unwrap(), 0);
    let (_, other) = world.visitor().await;
    let unclaimed = world.upload(other, b"unclaimed").await;
    world.pass(HOUR * 25);
    store.sweep(Retention::default()).await.unwrap();
    assert!(store.tracks.find(other, unclaimed).await.unwrap().is_none());
    world.pass(HOUR * 24 * 400);
    store.sweep(Retention::default()).await.unwrap();
    assert!(store.tracks.find(member.owner, track).await.unwrap().is_some(), "an account's tracks are kept");
}

#[tokio::test]
async fn nobody_ends_an_accounts_shelf_by_its_name() {
    let world = Fixture::new().await;
    let mia = account(&world.store, "mia@example.org").await;
    let token = sign_in(&world.store, mia.id).await;
    let member = world.store.sign_ins.resume(&token).await.unwrap().unwrap();
    world.store.sessions.end(member.owner.session()).await.unwrap();
    assert!(world.store.sign_ins.resume(&token).await.unwrap().is_some());
}

#[tokio::test]
async fn of_a_deleted_account_nothing_is_left() {
    let world = Fixture::new().await;
    let store = &world.store;
    let (mia, eve) = (account(store, "mia-zebra@example.org").await, account(store, "eve@example.org").await);
    let token = sign_in(store, mia.id).await;
    let owner = store.sign_ins.resume(&token).await.unwrap().unwrap().owner;
    let track = world.upload(owner, b"hers").await;
    world.finish(world.claim().await).await;
    world.upload_with(owner, b"waiting", Some(b"like this")).await;
    let eves = sign_in(store, eve.id).await;
    let eves = store.sign_ins.resume(&eves).await.unwrap().unwrap().owner;
    let kept = world.upload(eves, b"another's").await;
    store.links.issue(Purpose::ChangeEmail, &email("zebra-new@example.org"), Some(mia.id)).await.unwrap();
    store.links.issue(Purpose::Confirm, &mia.email, None).await.unwrap();
    for to in ["mia-zebra@example.org", "zebra-new@example.org"] {
        store.mails.queue(&mail(to, to)).await.unwrap();
    }
    begun(store, &mia.email).await;
    store.audits.record(Actor::CommandLine, &"create-account".parse().unwrap(), Some(mia.id)).await.unwrap();
    assert_eq!(world.files("blobs"), 5);

    assert!(store.accounts.delete(mia.id).await.unwrap());
    assert!(!store.accounts.delete(mia.id).await.unwrap());
    assert!(store.sign_ins.resume(&token).await.unwrap().is_none());
    assert!(store.tracks.find(owner, track).await.unwrap().is_none());
    assert_eq!(world.files("blobs"), 1, "her bytes are gone, another's are there");
    assert!(store.tracks.find(eves, kept).await.unwrap().is_some());
    assert_eq!(store.audits.latest(9).await.unwrap()[0].account, None);
    let (id, hash) = (mia.id.to_string(), AddressHash::of(&mia.email).to_string());
    let mut world = world;
    world.reopen().await;
    let bytes = std::fs::read(world.dir.path().join("balanced.sqlite")).unwrap();
    for trace in ["zebra", &id, &hash] {
        let found = bytes.windows(trace.len()).filter(|window| *window == trace.as_bytes()).count();
        assert_eq!(found, 0, "{trace} is nowhere in the database's file");
    }
}

async fn begun(store: &Store, address: &Email) -> Begun {
    match store.attempts.begin(AddressHash::of(address), device()).await.unwrap() {
        Attempt::Begun(begun) => begun,
        Attempt::Wait(wait) => panic!("it has to wait for {wait:?}"),
    }
}

async fn wait(store: &Store, address: &Email) -> Duration {
    match store.attempts.begin(AddressHash::of(address), device()).await.unwrap() {
        Attempt::Wait(wait) => wait,
        Attempt::Begun(_) => Duration::ZERO,
    }
}

#[tokio::test]
async fn who_guesses_waits_longer_each_time_and_not_for_ever() {
    let world = Fixture::new().await;
    let (store, mia) = (&world.store, email("mia@example.org"));
    for before in 0..Attempts::FREE {
        assert_eq!(begun(store, &mia).await.failed_before, before);
    }
    let mut waits = Vec::new();
    for _ in 0..9 {
        let wait = wait(store, &mia).await;
        waits.push(wait.as_secs_f64().round() as u64);
        world.pass(wait + Duration::from_millis(1));
        begun(store, &mia).await;
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    assert_eq!(wait(store, &email("eve@example.org")).await, Duration::ZERO, "another's is not slowed down");
    world.pass(HOUR);
    let right = begun(store, &mia).await;
    store.attempts.succeeded(&right).await.unwrap();
    let next = begun(store, &mia).await;
    assert_eq!((next.failed_before, next.device_is_known), (0, true), "it starts anew");
}

#[tokio::test]
async fn many_attempts_at_one_moment_are_not_each_the_first() {
    let world = Fixture::new().await;
    let mia = email("mia@example.org");
    let tries = (0..40).map(|_| {
        let (store, mia) = (world.store.clone(), mia.clone());
        tokio::spawn(async move { store.attempts.begin(AddressHash::of(&mia), device()).await.unwrap() })
    });
    let mut allowed = 0;
    for tried in tries.collect::<Vec<_>>() {
        allowed += u32::from(matches!(tried.await.unwrap(), Attempt::Begun(_)));
    }
    assert_eq!(allowed, Attempts::FREE);
}

#[tokio::test]
async fn a_known_browser_is_known_through_any_number_of_failures() {
    let world = Fixture::new().await;
    let (store, mia) = (&world.store, email("mia@example.org"));
    let first = begun(store, &mia).await;
    assert!(!first.device_is_known && !first.was_here);
    store.attempts.succeeded(&first).await.unwrap();
    for _ in 0..60 {
        world.pass(HOUR);
        begun(store, &mia).await;
    }
    let hash = AddressHash::of(&mia);
    assert_eq!(store.attempts.latest(hash, 1000).await.unwrap().len(), 51, "fifty failures and the success");
    let other = match store.attempts.begin(hash, Device::of("curl/8")).await.unwrap() {
        Attempt::Begun(begun) => begun,
        Attempt::Wait(wait) => panic!("{wait:?}"),
    };
    assert!(!other.device_is_known && other.was_here);
    assert!(begun(store, &mia).await.device_is_known);
    world.pass(HOUR * 24 * 31);
    store.sweep(Retention::default()).await.unwrap();
    assert!(store.attempts.latest(hash, 1000).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_mail_is_sent_once_and_leaves_nothing() {
    let world = Fixture::new().await;
    let mails = &world.store.mails;
    for _ in 0..2 {
        mails.queue(&mail("one", "mia@example.org")).await.unwrap();
    }
    let claimed = mails.claim().await.unwrap().unwrap();
    assert_eq!(claimed.mail, mail("one", "mia@example.org"));
    assert!(mails.claim().await.unwrap().is_none(), "queued twice, and one mail all the same");
    mails.sent(&claimed).await.unwrap();
    world.pass(HOUR * 99);
    assert!(mails.claim().await.unwrap().is_none());
    assert!(!format!("{claimed:?}").contains("a link"));
}

#[tokio::test]
async fn a_mail_that_cannot_be_sent_is_tried_again_later_each_time_and_then_given_up() {
    let world = Fixture::new().await;
    let mails = &world.store.mails;
    mails.queue(&mail("one", "mia@example.org")).await.unwrap();
    let mut pauses = Vec::new();
    loop {
        let claimed = mails.claim().await.unwrap().expect("it is due");
        let Some(pause) = mails.failed(&claimed, false).await.unwrap() else { break };
        pauses.push(pause);
        world.pass(pause.checked_sub(Duration::from_secs(1)).unwrap());
        assert!(mails.claim().await.unwrap().is_none(), "not before its time");
        world.pass(Duration::from_secs(2));
    }
    assert_eq!(pauses.len(), 7);
    assert!(pauses.is_sorted() && pauses.iter().sum::<Duration>() < HOUR * 24);
    world.pass(HOUR * 24 * 29);
    assert!(mails.claim().await.unwrap().is_none());
    world.pass(HOUR * 24 * 2);
    assert_eq!(world.store.sweep(Retention::default()).await.unwrap().records, 1);

    mails.queue(&mail("refused", "mia@example.org")).await.unwrap();
    let refused = mails.claim().await.unwrap().unwrap();
    assert_eq!(mails.failed(&refused, true).await.unwrap(), None, "what is refused for good is not tried again");
}

#[tokio::test]
async fn a_mail_whose_sender_died_is_sent_by_the_next() {
    let mut world = Fixture::new().await;
    world.store.mails.queue(&mail("one", "mia@example.org")).await.unwrap();
    let lost = world.store.mails.claim().await.unwrap();
    assert!(lost.is_some());
    world.reopen().await;
    assert!(world.store.mails.claim().await.unwrap().is_none(), "somebody may be sending it");
    world.pass(Mails::LEASE + Duration::from_secs(1));
    assert!(world.store.mails.claim().await.unwrap().is_some());
}

#[tokio::test]
async fn accounts_can_be_administered_beside_the_service() {
    let world = Fixture::new().await;
    let clock = std::sync::Arc::new(domain::SystemClock);
    let beside = Store::open_beside(world.dir.path(), clock, std::sync::Arc::new(OsEntropy)).await.unwrap();
    let (_, owner) = world.visitor().await;
    world.upload(owner, b"a mix").await;
    let claim = world.claim().await;
    let mia = account(&beside, "mia@example.org").await;
    beside.audits.record(Actor::CommandLine, &"create-account".parse().unwrap(), Some(mia.id)).await.unwrap();
    assert_eq!(world.store.accounts.list(10).await.unwrap(), std::slice::from_ref(&mia));
    let line = &world.store.audits.latest(1).await.unwrap()[0];
    assert_eq!((line.action.as_str(), line.account), ("create-account", Some(mia.id)));
    world.finish(claim).await;
    beside.close().await;
}
