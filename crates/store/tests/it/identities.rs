//! Accounts of whom an identity provider knows, and their sessions there.

use crate::common::{Fixture, HOUR};
use domain::{Account, Device, Email, LinkToken, OsEntropy, PersonName, ProviderSessionId, SignInId, Stay};
use std::time::Duration;
use store::{Identities, OAuthFlow, ProviderSessions, Retention, Store, Task, UsedLink};

const PROVIDER: &str = "supabase";

fn email(text: &str) -> Email {
    text.parse().unwrap()
}

async fn add(store: &Store, subject: &str, address: &str) -> Option<Account> {
    let name: PersonName = "Mia".parse().unwrap();
    store.identities.add((PROVIDER, subject), &email(address), &name, "nobody's hash").await.unwrap()
}

async fn sign_in(store: &Store, account: &Account) -> SignInId {
    store.sign_ins.begin(account.id, Stay::Session, Device::of("")).await.unwrap();
    store.sign_ins.list(account.id).await.unwrap()[0].id
}

/// A session at the provider whose tokens are due in half an hour.
async fn session(world: &Fixture, account: &Account, tokens: &str) -> ProviderSessionId {
    let sessions = &world.store.provider_sessions;
    let id = sessions.draw();
    sessions.add(id, account.id, tokens, world.now() + HOUR / 2).await.unwrap();
    id
}

async fn due(world: &Fixture) -> Option<(String, Task)> {
    world.store.provider_sessions.claim().await.unwrap().map(|due| (due.tokens, due.what))
}

#[tokio::test]
async fn an_account_is_whose_id_it_is_and_an_address_in_common_is_nobodys_key() {
    let world = Fixture::new().await;
    let store = &world.store;
    let mia = add(store, "subject-1", "mia@example.org").await.unwrap();
    assert_eq!(store.identities.find(PROVIDER, "subject-1").await.unwrap(), Some(mia.clone()));
    assert_eq!(store.identities.find("another", "subject-1").await.unwrap(), None);
    assert_eq!(store.identities.subject(PROVIDER, mia.id).await.unwrap().as_deref(), Some("subject-1"));
    assert_eq!(add(store, "subject-2", "mia@example.org").await, None, "the address has an account");
    assert_eq!(add(store, "subject-1", "mia@example.org").await, Some(mia.clone()), "who was quicker by one request");
    assert_eq!(add(store, "subject-1", "other@example.org").await, Some(mia.clone()), "and nobody gets two");
    assert_eq!(store.accounts.list(9).await.unwrap(), std::slice::from_ref(&mia));

    let noa = add(store, "subject-2", "noa@example.org").await.unwrap();
    assert!(!store.identities.follow(noa.id, &mia.email).await.unwrap());
    assert!(store.identities.follow(noa.id, &email("new@example.org")).await.unwrap());
    assert_eq!(store.accounts.find(noa.id).await.unwrap().unwrap().email, email("new@example.org"));
    store.accounts.delete(noa.id).await.unwrap();
    assert_eq!(store.identities.find(PROVIDER, "subject-2").await.unwrap(), None);
}

#[tokio::test]
async fn a_way_to_another_service_is_gone_back_once_soon_and_by_who_went_it() {
    let world = Fixture::new().await;
    let identities = &world.store.identities;
    let state = LinkToken::draw(&OsEntropy);
    let flow = OAuthFlow { browser: "this".into(), verifier: "sealed".into(), next: "/help".into(), kept: true };
    identities.begin_flow(state.id(), &flow).await.unwrap();
    assert_eq!(identities.take_flow(state.id(), "that").await.unwrap(), None);
    assert_eq!(identities.take_flow(LinkToken::draw(&OsEntropy).id(), "this").await.unwrap(), None);
    assert_eq!(identities.take_flow(state.id(), "this").await.unwrap(), Some(flow.clone()));
    assert_eq!(identities.take_flow(state.id(), "this").await.unwrap(), None);
    identities.begin_flow(state.id(), &flow).await.unwrap();
    world.pass(Identities::FLOW);
    assert_eq!(identities.take_flow(state.id(), "this").await.unwrap(), None);
    assert_eq!(world.store.sweep(Retention::default()).await.unwrap().sessions, 1);
}

#[tokio::test]
async fn a_link_that_was_used_there_is_good_here_until_its_form_went_through() {
    let world = Fixture::new().await;
    let identities = &world.store.identities;
    let used = UsedLink { purpose: "Recovery".into(), subject: "subject-1".into(), tokens: "sealed".into() };
    identities.keep_link("a hash", &used).await.unwrap();
    assert_eq!(identities.used_link("a hash", "SignUp").await.unwrap(), None);
    assert_eq!(identities.used_link("a hash", "Recovery").await.unwrap(), Some(used.clone()));
    assert!(identities.forget_link("a hash").await.unwrap());
    assert!(!identities.forget_link("a hash").await.unwrap());
    identities.keep_link("a hash", &used).await.unwrap();
    world.pass(Identities::USED_LINK);
    assert_eq!(identities.used_link("a hash", "Recovery").await.unwrap(), None);
}

#[tokio::test]
async fn a_session_there_waits_for_its_browser_and_is_exchanged_when_it_is_due() {
    let world = Fixture::new().await;
    let store = &world.store;
    let mia = add(store, "subject-1", "mia@example.org").await.unwrap();
    let browser = sign_in(store, &mia).await;
    assert!(!store.provider_sessions.attach(mia.id, browser).await.unwrap(), "none waits");
    session(&world, &mia, "old").await;
    let latest = session(&world, &mia, "new").await;
    let waiting = store.provider_sessions.waiting(mia.id).await.unwrap();
    assert_eq!(waiting, Some((latest, "new".to_owned())));
    assert!(store.provider_sessions.attach(mia.id, browser).await.unwrap());
    assert_eq!(due(&world).await, None);
    world.pass(ProviderSessions::PENDING);
    assert_eq!(due(&world).await, Some(("old".to_owned(), Task::End)), "nobody came for it");
    assert_eq!(due(&world).await, None, "somebody is at it");
    world.pass(HOUR / 2);
    assert_eq!(due(&world).await.unwrap().1, Task::Refresh);
    store.provider_sessions.refreshed(latest, "newer", world.now() + HOUR).await.unwrap();
    while due(&world).await.is_some() {}
    world.pass(HOUR);
    let due = store.provider_sessions.claim().await.unwrap().unwrap();
    assert_eq!((due.id, due.tokens.as_str(), due.what), (latest, "newer", Task::Refresh));
    assert!(store.provider_sessions.end(latest).await.unwrap(), "what ends there ends here");
    assert!(store.sign_ins.list(mia.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn however_a_browser_is_signed_out_its_session_there_is_to_end() {
    let world = Fixture::new().await;
    let store = &world.store;
    let mia = add(store, "subject-1", "mia@example.org").await.unwrap();
    for how in 0..5 {
        let browser = sign_in(store, &mia).await;
        let id = session(&world, &mia, "sealed").await;
        store.provider_sessions.attach(mia.id, browser).await.unwrap();
        let expected = match how {
            0 => {
                store.sign_ins.end_one(mia.id, browser).await.unwrap();
                Task::End
            }
            1 => {
                store.provider_sessions.end_everywhere(browser).await.unwrap();
                store.sign_ins.end_all(mia.id).await.unwrap();
                Task::EndAll
            }
            2 => {
                store.accounts.set_password(mia.id, "another", None).await.unwrap();
                Task::End
            }
            3 => {
                world.pass(Stay::IDLE + Duration::from_secs(1));
                store.sweep(Retention::default()).await.unwrap();
                Task::End
            }
            _ => {
                store.accounts.delete(mia.id).await.unwrap();
                Task::End
            }
        };
        assert_eq!(due(&world).await, Some(("sealed".to_owned(), expected)), "{how}");
        assert!(!store.provider_sessions.end(id).await.unwrap());
        assert_eq!(due(&world).await, None);
    }
    world.pass(15 * 24 * HOUR);
    assert_eq!(world.store.sweep(Retention::default()).await.unwrap().records, 0);
}
