//! Who may administer accounts, what that does, and that it is written down.

use crate::common::{Fixture, HOUR};
use domain::{Account, Act, Actor, Device, Email, SessionToken, Stay};
use store::{Changed, Doer, Held, Retention, Store};

fn email(text: &str) -> Email {
    text.parse().unwrap()
}

async fn account(store: &Store, address: &str) -> Account {
    let name = address.split('@').next().unwrap().parse().unwrap();
    store.accounts.add(&email(address), &name, "$argon2id$").await.unwrap().unwrap()
}

async fn admin(store: &Store, address: &str) -> Account {
    let account = account(store, address).await;
    assert_eq!(store.admins.change(Actor::CommandLine, Act::MakeAdmin, account.id).await.unwrap(), Changed::Done);
    account
}

async fn signed_in(store: &Store, account: &Account) -> SessionToken {
    store.sign_ins.begin(account.id, Stay::Session, Device::of("curl/8")).await.unwrap()
}

/// What the log says, the newest first: who, what, on whom.
async fn log(store: &Store) -> Vec<(String, String, Option<String>)> {
    let lines = store.audits.latest(99).await.unwrap().into_iter();
    lines
        .map(|line| {
            let who = match line.actor {
                Doer::CommandLine => "command line".to_owned(),
                Doer::Admin(_, Some(email)) => email.to_string(),
                Doer::Admin(_, None) => "somebody who is gone".to_owned(),
            };
            (who, line.action.to_string(), line.email.map(|email| email.to_string()))
        })
        .collect()
}

#[tokio::test]
async fn whatever_is_done_is_in_the_log_once_and_what_was_so_before_is_not() {
    let world = Fixture::new().await;
    let store = &world.store;
    let ada = admin(store, "ada@example.org").await;
    let mia = account(store, "mia@example.org").await;
    let by_ada = |act| store.admins.change(Actor::Admin(ada.id), act, mia.id);
    let token = signed_in(store, &mia).await;
    assert_eq!(by_ada(Act::EndSessions).await.unwrap(), Changed::Done);
    assert!(store.sign_ins.resume(&token).await.unwrap().is_none());
    let token = signed_in(store, &mia).await;
    for (act, again) in [(Act::Disable, Act::Disable), (Act::Enable, Act::Enable), (Act::MakeAdmin, Act::MakeAdmin)] {
        assert_eq!(by_ada(act).await.unwrap(), Changed::Done);
        assert_eq!(by_ada(again).await.unwrap(), Changed::Already);
        assert!(store.sign_ins.resume(&token).await.unwrap().is_none(), "disabling ended it");
    }
    assert!(store.admins.is(mia.id).await.unwrap());
    assert_eq!(by_ada(Act::RemoveAdmin).await.unwrap(), Changed::Done);
    assert!(!store.admins.is(mia.id).await.unwrap());
    let mias = Some("mia@example.org".to_owned());
    let expected = ["remove-admin", "make-admin", "enable", "disable", "end-sessions"]
        .map(|act| ("ada@example.org".to_owned(), act.to_owned(), mias.clone()));
    let log = log(store).await;
    assert_eq!(log[..5], expected);
    assert_eq!(log[5], ("command line".to_owned(), "make-admin".to_owned(), Some("ada@example.org".to_owned())));
    assert_eq!(store.audits.count().await.unwrap(), 6);
}

#[tokio::test]
async fn only_who_is_an_administrator_at_that_moment_changes_anything() {
    let world = Fixture::new().await;
    let store = &world.store;
    let (ada, mia) = (admin(store, "ada@example.org").await, account(store, "mia@example.org").await);
    let by = |who: &Account, act, whom: &Account| store.admins.change(Actor::Admin(who.id), act, whom.id);
    for act in Act::ALL {
        assert_eq!(by(&mia, act, &ada).await.unwrap(), Changed::NotAllowed, "{act}");
        assert_eq!(by(&mia, act, &mia).await.unwrap(), Changed::NotAllowed, "{act}");
    }
    // Neither whoever was one, nor whoever is closed out.
    let (former, closed) = (admin(store, "former@example.org").await, admin(store, "closed@example.org").await);
    assert_eq!(by(&ada, Act::RemoveAdmin, &former).await.unwrap(), Changed::Done);
    assert_eq!(by(&ada, Act::Disable, &closed).await.unwrap(), Changed::Done);
    let before = store.audits.count().await.unwrap();
    for who in [&former, &closed] {
        assert!(!store.admins.is(who.id).await.unwrap());
        assert_eq!(by(who, Act::Delete, &mia).await.unwrap(), Changed::NotAllowed);
        assert_eq!(by(who, Act::MakeAdmin, who).await.unwrap(), Changed::NotAllowed);
    }
    let nobody = "0".repeat(32).parse().unwrap();
    assert_eq!(store.admins.change(Actor::CommandLine, Act::Delete, nobody).await.unwrap(), Changed::NoAccount);
    assert_eq!(store.audits.count().await.unwrap(), before, "what is refused is no line");
}

#[tokio::test]
async fn an_administrator_cannot_leave_the_site_without_one() {
    let world = Fixture::new().await;
    let store = &world.store;
    let ada = admin(store, "ada@example.org").await;
    let herself = |act| store.admins.change(Actor::Admin(ada.id), act, ada.id);
    assert_eq!(herself(Act::RemoveAdmin).await.unwrap(), Changed::LastAdmin);
    assert_eq!(herself(Act::Disable).await.unwrap(), Changed::Oneself);
    assert_eq!(herself(Act::Delete).await.unwrap(), Changed::Oneself);
    // One who cannot sign in is none.
    let bob = admin(store, "bob@example.org").await;
    store.admins.change(Actor::CommandLine, Act::Disable, bob.id).await.unwrap();
    assert_eq!(herself(Act::RemoveAdmin).await.unwrap(), Changed::LastAdmin);
    store.admins.change(Actor::CommandLine, Act::Enable, bob.id).await.unwrap();
    assert_eq!(herself(Act::RemoveAdmin).await.unwrap(), Changed::Done);
    assert!(!store.admins.is(ada.id).await.unwrap());
    assert_eq!(
        store.admins.change(Actor::CommandLine, Act::RemoveAdmin, bob.id).await.unwrap(),
        Changed::Done,
        "whoever has the data folder can make another"
    );
}

#[tokio::test]
async fn deletion_takes_everything_and_leaves_lines_that_lead_to_nobody() {
    let mut world = Fixture::new().await;
    let store = world.store.clone();
    let (ada, mia) = (admin(&store, "zebra-ada@example.org").await, account(&store, "zebra-mia@example.org").await);
    let token = signed_in(&store, &mia).await;
    let owner = store.sign_ins.resume(&token).await.unwrap().unwrap().owner;
    world.upload_with(owner, b"a mix", Some(b"a record")).await;
    world.finish(world.claim().await).await;
    let seen = store.admins.find(mia.id).await.unwrap().unwrap();
    assert_eq!(seen.held, Held { tracks: 1, bytes: 5 + 8 + 8 });
    assert_eq!((seen.sessions, seen.admin_since), (1, None));
    assert!(seen.last_sign_in.is_some());
    store.admins.change(Actor::Admin(ada.id), Act::Disable, mia.id).await.unwrap();
    assert_eq!(store.admins.change(Actor::Admin(ada.id), Act::Delete, mia.id).await.unwrap(), Changed::Done);
    assert_eq!(world.files("blobs"), 0);
    let gone = ("zebra-ada@example.org".to_owned(), "delete".to_owned(), None);
    assert_eq!(log(&store).await[0], gone);

    // The administrator's own account goes as well: what she did stays together, under a number that is hers no more.
    store.accounts.delete(ada.id).await.unwrap();
    let lines = store.audits.latest(2).await.unwrap();
    assert!(matches!(lines[0].actor, Doer::Admin(_, None)) && lines[0].actor == lines[1].actor);
    drop(store);
    world.reopen().await;
    let bytes = std::fs::read(world.dir.path().join("balanced.sqlite")).unwrap();
    for trace in [mia.id.to_string(), ada.id.to_string(), "zebra".to_owned()] {
        assert!(!bytes.windows(trace.len()).any(|window| window == trace.as_bytes()), "{trace} is in the file");
    }
}

#[tokio::test]
async fn the_log_can_be_added_to_and_nothing_else() {
    let world = Fixture::new().await;
    let store = &world.store;
    let ada = admin(store, "ada@example.org").await;
    let file = world.dir.path().join("balanced.sqlite");
    let direct = sqlx::SqlitePool::connect(&format!("sqlite:{}", file.display())).await.unwrap();
    for forgery in [
        "DELETE FROM audit",
        "DELETE FROM audit WHERE id = 1",
        "UPDATE audit SET actor = 'command-line', action = 'enable'",
        "UPDATE audit SET at = at - 1",
        "UPDATE audit SET account_id = NULL",
        "UPDATE audit SET id = 7",
    ] {
        let refused = sqlx::query(forgery).execute(&direct).await.unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{forgery}: {refused}");
    }
    direct.close().await;
    assert_eq!(store.audits.count().await.unwrap(), 1);
    // Its time comes after a year.
    store.admins.change(Actor::Admin(ada.id), Act::EndSessions, ada.id).await.unwrap();
    world.pass(HOUR * 24 * 364);
    store.sweep(Retention::default()).await.unwrap();
    assert_eq!(store.audits.count().await.unwrap(), 2);
    store.accounts.delete(ada.id).await.unwrap();
    world.pass(HOUR * 24 * 2);
    store.sweep(Retention::default()).await.unwrap();
    assert_eq!(store.audits.count().await.unwrap(), 0);
}

#[tokio::test]
async fn a_search_finds_what_was_typed_and_takes_nothing_for_a_pattern() {
    let world = Fixture::new().await;
    let store = &world.store;
    for number in 0..25 {
        account(store, &format!("user{number:02}@example.org")).await;
        world.pass(std::time::Duration::from_millis(5));
    }
    let odd = account(store, "a_b%c@example.net").await;
    let found = async |text: &str| {
        let page = store.admins.search(text, 10, 0).await.unwrap();
        (page.total, page.accounts.into_iter().map(|seen| seen.account.email.to_string()).collect::<Vec<_>>())
    };
    assert_eq!(found("a_b%c@").await, (1, vec!["a_b%c@example.net".to_owned()]));
    assert_eq!(found(" A_B ").await.0, 1, "however it is written");
    assert_eq!(found(&odd.id.to_string()).await.0, 1, "by its id");
    for pattern in ["user__@", "user%1", "' OR 1=1 --", "\\", "x' UNION SELECT 1,2,3 --", "%%%"] {
        assert_eq!(found(pattern).await.0, 0, "{pattern}");
    }
    let (total, first) = found("").await;
    assert_eq!((total, first.len(), first[0].as_str()), (26, 10, "a_b%c@example.net"));
    let last = store.admins.search("user", 10, 20).await.unwrap();
    assert_eq!((last.total, last.accounts.len()), (25, 5));
    assert_eq!(last.accounts[4].account.email, email("user00@example.org"));
    assert!(store.admins.search("", 10, u64::MAX).await.unwrap().accounts.is_empty());
}
