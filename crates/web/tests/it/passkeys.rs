//! Passkeys: what their holders can do, and what nobody else can.

use crate::common::authenticator::{Device, ORIGIN, add, challenge, decoded, sign_in};
use crate::common::factor::{app, codes, halfway};
use crate::common::member::{Browser, PASSWORD, account, bench, location, mail, no_mail, signed_in};
use axum::http::StatusCode;
use serde_json::Value;
use store::{Passkeys, SignIns};

const MIA: &str = "mia@example.org";
const EVE: &str = "eve@example.org";
const REFUSED: &str = "/account/sign-in?done=passkey";

#[tokio::test]
async fn a_passkey_is_added_signs_in_alone_and_is_the_second_step_after_the_password() {
    let bench = bench().await;
    let (mut mia, account) = signed_in(&bench, MIA).await;
    let held = mia.cookies["auth-token"].clone();
    let mut key = Device::new(1);
    let added = add(&mut mia, &mut key, "Key ring").await;
    assert_eq!(codes(&added.text()).len(), 10, "the first factor comes with paper: {}", added.text());
    assert_eq!(mail(&bench).await.mail.subject, "A passkey was added");
    assert_ne!(mia.cookies["auth-token"], held);
    assert!(mia.get("/account").await.text().contains("Key ring"));

    let mut alone = Browser::of(&bench);
    assert!(alone.get("/account/sign-in").await.text().contains(&format!("data-origin=\"{ORIGIN}\"")));
    assert_eq!(location(&sign_in(&mut alone, &mut key).await), "/tracks");
    assert!(alone.get("/account").await.text().contains(MIA));

    let mut after = Browser::of(&bench);
    halfway(&mut after, MIA).await;
    let (id, options) = challenge(&mut after, "second").await;
    assert_eq!(decoded(&options["allowCredentials"][0]["id"]), key.id);
    let answer = key.show(&options);
    let fields = [("challenge", id.as_str()), ("answer", &answer), ("next", "/account")];
    assert_eq!(location(&after.post("/account/sign-in/second", &fields).await), "/account");

    // Proving again who one is takes the passkey, and no password.
    bench.pass(SignIns::FRESH);
    let (id, options) = challenge(&mut after, "prove").await;
    let answer = key.show(&options);
    let fields = [("challenge", id.as_str()), ("answer", &answer), ("next", "/account")];
    assert_eq!(location(&after.post("/account/prove", &fields).await), "/account");

    let listed = bench.store.passkeys.list(account.id).await.expect("the database");
    assert!(listed[0].used_at.is_some());
    let path = format!("/account/passkeys/{}", listed[0].id);
    assert_eq!(after.post(&format!("{path}/rename"), &[("name", "")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let renamed = after.post(&format!("{path}/rename"), &[("name", "<b>Mine</b>")]).await;
    assert_eq!(location(&renamed), "/account?done=passkey-name");
    let page = after.get("/account").await.text();
    assert!(!page.contains("<b>Mine") && page.contains("Mine"), "{page}");
    assert_eq!(location(&after.post(&format!("{path}/remove"), &[]).await), "/account?done=passkey-gone");
    assert_eq!(mail(&bench).await.mail.subject, "A passkey was removed");
    assert_eq!(location(&sign_in(&mut Browser::of(&bench), &mut key).await), REFUSED);
    assert_eq!(bench.store.factors.of(account.id).await.expect("the database"), store::FactorsSet::default());
    assert_eq!(location(&Browser::of(&bench).sign_in(MIA, PASSWORD).await), "/tracks");
}

#[tokio::test]
async fn the_device_is_asked_to_see_its_holder_and_to_remember_them() {
    let bench = bench().await;
    let (mut mia, account) = signed_in(&bench, MIA).await;
    add(&mut mia, &mut Device::new(1), "").await;
    let (_, asked) = challenge(&mut mia, "add").await;
    assert_eq!((&asked["rp"]["id"], &asked["attestation"]), (&Value::from("localhost"), &Value::from("none")));
    assert_eq!(asked["authenticatorSelection"]["userVerification"], "required");
    assert_eq!(asked["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(decoded(&asked["excludeCredentials"][0]["id"]), [1; 32], "not the same one twice");
    assert!(decoded(&asked["challenge"]).len() >= 16);
    let listed = bench.store.passkeys.list(account.id).await.expect("the database");
    assert_eq!(listed[0].name.as_str(), "Firefox on Linux", "a name of its own where none was given");
    let (_, asked) = challenge(&mut Browser::of(&bench), "sign-in").await;
    assert_eq!((&asked["rpId"], &asked["userVerification"]), (&Value::from("localhost"), &Value::from("required")));
    assert!(asked["allowCredentials"].as_array().is_none_or(Vec::is_empty), "whoever asks learns of no passkey");
}

#[tokio::test]
async fn an_answer_is_taken_once_in_time_and_from_the_browser_that_was_asked() {
    let bench = bench().await;
    let (mut mia, _) = signed_in(&bench, MIA).await;
    let mut key = Device::new(1);
    add(&mut mia, &mut key, "Key ring").await;
    let post = async |browser: &mut Browser<'_>, id: &str, answer: &str| {
        let answer = browser.post("/account/sign-in/passkey", &[("challenge", id), ("answer", answer)]).await;
        location(&answer).to_owned()
    };
    let mut here = Browser::of(&bench);
    let (id, options) = challenge(&mut here, "sign-in").await;
    let answer = key.show(&options);
    assert_eq!(post(&mut here, &id, &answer).await, "/tracks");
    assert_eq!(post(&mut Browser::of(&bench), &id, &answer).await, REFUSED, "replayed");
    let (other, _) = challenge(&mut here, "sign-in").await;
    assert_eq!(post(&mut here, &other, &answer).await, REFUSED, "held against another challenge");
    assert_eq!(post(&mut here, &other, &key.show(&options)).await, REFUSED, "that one is used up by it");
    // Somebody else's browser holds another secret, so what it is handed is no answer of its own.
    let (id, options) = challenge(&mut here, "sign-in").await;
    let answer = key.show(&options);
    let cookie = format!("csrf-token={}", "f".repeat(32));
    let field = crate::common::field_for(&"f".repeat(32), "");
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let body = format!("csrf={field}&challenge={id}&answer={}", encode(&answer));
    let request =
        crate::common::get("/account/sign-in/passkey", &cookie).method("POST").body(axum::body::Body::from(body));
    assert_eq!(location(&bench.send(request.expect("a request")).await), REFUSED, "handed to another browser");
    assert_eq!(post(&mut here, &id, &answer).await, "/tracks");
    let (id, options) = challenge(&mut here, "sign-in").await;
    bench.pass(Passkeys::ANSWER_WITHIN);
    assert_eq!(post(&mut here, &id, &key.show(&options)).await, REFUSED, "too late");
    for (id, answer) in [("", ""), ("0", "{}"), (&"0".repeat(32), "null"), (&"0".repeat(32), &"x".repeat(40_000))] {
        assert_eq!(post(&mut here, id, answer).await, REFUSED);
    }
    let (id, _) = challenge(&mut here, "sign-in").await;
    assert_eq!(post(&mut here, &id, &"x".repeat(40_000)).await, REFUSED);
}

#[tokio::test]
async fn what_was_asked_for_one_purpose_serves_no_other() {
    let bench = bench().await;
    let (mut mia, _) = signed_in(&bench, MIA).await;
    let mut key = Device::new(1);
    add(&mut mia, &mut key, "Key ring").await;
    let (id, options) = challenge(&mut mia, "prove").await;
    let fields = [("challenge", id.as_str()), ("answer", &key.show(&options))];
    assert_eq!(location(&mia.post("/account/sign-in/passkey", &fields).await), REFUSED);
    let (id, options) = challenge(&mut mia, "sign-in").await;
    let fields = [("challenge", id.as_str()), ("answer", &key.show(&options))];
    assert_eq!(mia.post("/account/prove", &fields).await.status, StatusCode::UNAUTHORIZED);
    for (purpose, mut browser) in
        [("second", Browser::of(&bench)), ("prove", Browser::of(&bench)), ("add", Browser::of(&bench))]
    {
        let answer = browser.post("/account/passkeys/challenge", &[("for", purpose)]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{purpose}");
    }
    assert_eq!(mia.post("/account/passkeys/challenge", &[("for", "everything")]).await.status, StatusCode::NOT_FOUND);
    bench.pass(SignIns::FRESH);
    let stale = mia.post("/account/passkeys/challenge", &[("for", "add")]).await;
    assert_eq!(stale.status, StatusCode::NOT_FOUND, "an open browser on a table adds no key");
    assert!(location(&mia.post("/account/passkeys", &[]).await).starts_with("/account/prove"));
}

/// What is wrong, and how a device comes to say it.
type Lie = (&'static str, fn(&mut Device));

#[tokio::test]
async fn a_device_that_lies_is_not_believed() {
    let bench = bench().await;
    let (mut mia, _) = signed_in(&bench, MIA).await;
    let lies: [Lie; 6] = [
        ("another site", |key| key.origin = "https://evil.test".to_owned()),
        ("another port", |key| key.origin = "http://localhost:9090".to_owned()),
        ("the number instead of the name", |key| key.origin = "http://127.0.0.1:8080".to_owned()),
        ("a site below", |key| key.origin = "http://a.localhost:8080".to_owned()),
        ("a key for another site", |key| key.rp = "evil.test".to_owned()),
        ("nobody was seen", |key| key.verifies = false),
    ];
    for (what, lie) in lies {
        let mut key = Device::new(9);
        lie(&mut key);
        assert_eq!(add(&mut mia, &mut key, "").await.status, StatusCode::UNPROCESSABLE_ENTITY, "added: {what}");
    }
    let mut key = Device::new(1);
    add(&mut mia, &mut key, "Key ring").await;
    for (what, lie) in lies {
        lie(&mut key);
        assert_eq!(location(&sign_in(&mut Browser::of(&bench), &mut key).await), REFUSED, "{what}");
        (key.origin, key.rp, key.verifies) = (ORIGIN.to_owned(), "localhost".to_owned(), true);
    }
    let mut forged = Device::new(1);
    (forged.user, forged.counter) = (key.user.clone(), 99);
    assert_eq!(location(&sign_in(&mut Browser::of(&bench), &mut forged).await), REFUSED, "another key of that name");
    assert_eq!(location(&sign_in(&mut Browser::of(&bench), &mut key).await), "/tracks", "the truth");
}

#[tokio::test]
async fn a_copied_key_is_noticed_by_its_counter() {
    let bench = bench().await;
    let (mut mia, _) = signed_in(&bench, MIA).await;
    let mut key = Device::new(1);
    add(&mut mia, &mut key, "Key ring").await;
    mail(&bench).await;
    key.counter = 10;
    assert_eq!(location(&sign_in(&mut Browser::of(&bench), &mut key).await), "/tracks");
    for counter in [10, 5, 0] {
        key.counter = counter;
        assert_eq!(location(&sign_in(&mut Browser::of(&bench), &mut key).await), REFUSED, "{counter}");
        assert_eq!(mail(&bench).await.mail.subject, "A passkey was refused");
    }
    key.counter = 11;
    assert_eq!(location(&sign_in(&mut Browser::of(&bench), &mut key).await), "/tracks");
}

#[tokio::test]
async fn nobodys_passkey_opens_somebody_elses_account() {
    let bench = bench().await;
    let (mut mia, mias) = signed_in(&bench, MIA).await;
    let (mut eve, eves) = signed_in(&bench, EVE).await;
    let (mut mine, mut hers) = (Device::new(1), Device::new(2));
    add(&mut mia, &mut mine, "Key ring").await;
    add(&mut eve, &mut hers, "Skeleton key").await;
    // Eve knows Mia's password, and has her own key.
    let mut thief = Browser::of(&bench);
    halfway(&mut thief, MIA).await;
    for user in [hers.user.clone(), mine.user.clone()] {
        let (id, options) = challenge(&mut thief, "second").await;
        let honest = std::mem::replace(&mut hers.user, user);
        let fields = [("challenge", id.as_str()), ("answer", &hers.show(&options))];
        assert_eq!(thief.post("/account/sign-in/second", &fields).await.status, StatusCode::UNAUTHORIZED);
        hers.user = honest;
    }
    // A key that says it is another's, and one that does not say whose.
    for user in [mine.user.clone(), Vec::new(), vec![0; 64]] {
        let honest = std::mem::replace(&mut hers.user, user);
        assert_eq!(location(&sign_in(&mut Browser::of(&bench), &mut hers).await), REFUSED);
        hers.user = honest;
    }
    // The same credential in a second account would be a way into the first one's sign-in.
    let mut taken = Device::new(1);
    let answer = add(&mut eve, &mut taken, "Mine now").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().contains("belongs to an account already"));
    let id = bench.store.passkeys.list(mias.id).await.expect("the database")[0].id;
    for act in ["rename", "remove"] {
        let answer = eve.post(&format!("/account/passkeys/{id}/{act}"), &[("name", "Eve")]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{act}");
    }
    assert_eq!(bench.store.passkeys.list(mias.id).await.expect("the database")[0].name.as_str(), "Key ring");
    bench.store.accounts.set_disabled(eves.id, true).await.expect("the database");
    assert_eq!(location(&sign_in(&mut Browser::of(&bench), &mut hers).await), REFUSED, "a closed account");
}

#[tokio::test]
async fn wrong_passkeys_in_the_second_step_use_its_tries_up_and_guesses_at_codes_do_not_keep_a_passkey_out() {
    let bench = bench().await;
    let (mut mia, _) = signed_in(&bench, MIA).await;
    let (phone, _) = app(&mut mia).await;
    let mut key = Device::new(1);
    assert_eq!(location(&add(&mut mia, &mut key, "Key ring").await), "/account?done=passkey");
    mail(&bench).await;
    let mut thief = Browser::of(&bench);
    halfway(&mut thief, MIA).await;
    for _ in 1..store::Halves::TRIES {
        let fields = [("challenge", "0"), ("answer", "{}")];
        assert_eq!(thief.post("/account/sign-in/second", &fields).await.status, StatusCode::UNAUTHORIZED);
    }
    let last = thief.post("/account/sign-in/second", &[("challenge", "0"), ("answer", "{}")]).await;
    assert_eq!(location(&last), "/account/sign-in?done=late");
    no_mail(&bench).await;
    halfway(&mut thief, MIA).await;
    for _ in 0..store::Factors::FREE {
        crate::common::factor::second(&mut thief, "code", &phone.misreads()).await;
    }
    let mut holder = Browser::of(&bench);
    assert_eq!(location(&sign_in(&mut holder, &mut key).await), "/tracks");
}

#[tokio::test]
async fn what_is_kept_of_a_passkey_signs_nobody_in_and_goes_with_the_account() {
    let bench = bench().await;
    let (mut mia, mias) = signed_in(&bench, MIA).await;
    let mut key = Device::new(1);
    add(&mut mia, &mut key, "Key ring").await;
    let zip = mia.get("/account/export.zip").await.text();
    assert!(zip.contains("\"Key ring\"") && !zip.contains("cred_id") && !zip.contains("\"challenge\""), "{zip}");
    account(&bench, EVE).await;
    let gone = mia.post("/account/delete", &[("password", PASSWORD)]).await;
    assert!(gone.text().contains("Your account is deleted"), "{}", gone.text());
    assert!(bench.store.passkeys.list(mias.id).await.expect("the database").is_empty());
    assert_eq!(location(&sign_in(&mut Browser::of(&bench), &mut key).await), REFUSED);
}
