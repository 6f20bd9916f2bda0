//! An administrator invites somebody on the site, or makes their account.

use crate::admin::admin;
use crate::common::gotrue::GoTrue;
use crate::common::member::{Browser, PASSWORD, bench, link, location, mail, no_mail, signed_in, token};
use crate::common::{Answer, Bench};
use axum::http::StatusCode;
use domain::{Act, Actor};
use store::{Changed, Doer};

const ADDRESS: &str = "/admin/accounts/new";
const NEW: &str = "new@example.org";
const FIRST: &str = "another lantern biscuit";

async fn send(browser: &mut Browser<'_>, email: &str, first: &str, own: &str) -> Answer {
    browser.post(ADDRESS, &[("email", email), ("new", first), ("password", own)]).await
}

async fn found(bench: &Bench, email: &str) -> Option<domain::Account> {
    bench.store.accounts.find_by_email(&email.parse().expect("an address")).await.expect("the database")
}

#[tokio::test]
async fn whoever_is_invited_chooses_a_password_that_nobody_else_knows() {
    let bench = bench().await;
    let (mut ada, adas) = admin(&bench, "ada@example.org").await;
    assert!(ada.get("/admin").await.text().contains("href=\"/admin/accounts/new\""));
    let form = ada.get(ADDRESS).await.text();
    assert!(form.contains("name=\"new\" value=\"\" autocomplete=\"new-password\""), "it may stay empty: {form}");

    let sent = send(&mut ada, " New@Example.org", "", PASSWORD).await;
    assert_eq!(location(&sent), "/admin?done=invite");
    assert!(ada.get(location(&sent)).await.text().contains("The invitation is on its way."));
    assert!(found(&bench, NEW).await.is_none(), "there is none before they want it");
    let invitation = mail(&bench).await;
    assert_eq!(invitation.mail.to.as_str(), NEW);
    assert_eq!(invitation.mail.subject, "An account for you at Balanced Mastering");
    let address = link(&invitation);
    let mut new = Browser::of(&bench);
    assert!(new.get(&address).await.text().contains(NEW));
    let fields = [("token", token(&address)), ("name", "Nora"), ("new", FIRST)];
    assert_eq!(location(&new.post("/account/confirm", &fields).await), "/tracks");
    assert_eq!(found(&bench, NEW).await.expect("theirs").name.as_str(), "Nora");
    assert_eq!(new.get("/admin").await.status, StatusCode::NOT_FOUND, "an account like any other");

    let line = &bench.store.audits.latest(1).await.expect("the database")[0];
    assert_eq!((line.action.as_str(), line.account), ("invite", None));
    assert!(matches!(&line.actor, Doer::Admin(_, Some(email)) if *email == adas.email));
}

#[tokio::test]
async fn whom_no_mail_reaches_gets_a_first_password() {
    let bench = bench().await;
    let (mut ada, _) = admin(&bench, "ada@example.org").await;
    let made = send(&mut ada, NEW, FIRST, PASSWORD).await;
    let account = found(&bench, NEW).await.expect("made");
    assert_eq!(location(&made), format!("/admin/accounts/{}?done=create", account.id));
    let page = ada.get(location(&made)).await.text();
    assert!(page.contains("should change the password that you know") && page.contains(NEW), "{page}");
    assert_eq!(account.name.as_str(), "new");
    no_mail(&bench).await;
    assert_eq!(location(&Browser::of(&bench).sign_in(NEW, FIRST).await), "/tracks");
    let line = &bench.store.audits.latest(1).await.expect("the database")[0];
    assert_eq!((line.action.as_str(), line.account), ("create", Some(account.id)));
}

#[tokio::test]
async fn nobody_is_made_or_invited_by_what_is_wrong() {
    let bench = bench().await;
    let (mut ada, _) = admin(&bench, "ada@example.org").await;
    let (mut mia, _) = signed_in(&bench, "mia@example.org").await;
    let before = bench.store.audits.count().await.expect("the database");
    for (email, first, own, status, says) in [
        ("new", "", PASSWORD, StatusCode::UNPROCESSABLE_ENTITY, "Expected an e-mail address"),
        ("", "", PASSWORD, StatusCode::UNPROCESSABLE_ENTITY, "Expected an e-mail address"),
        ("a@example.org\r\nBcc: b@example.org", "", PASSWORD, StatusCode::UNPROCESSABLE_ENTITY, "Expected an e-mail"),
        ("mia@example.org", "", PASSWORD, StatusCode::CONFLICT, "has an account already"),
        ("MIA@example.org", FIRST, PASSWORD, StatusCode::CONFLICT, "has an account already"),
        (NEW, "short", PASSWORD, StatusCode::UNPROCESSABLE_ENTITY, "12"),
        (NEW, "password1234", PASSWORD, StatusCode::UNPROCESSABLE_ENTITY, "role=\"alert\""),
        (NEW, "", "not her password", StatusCode::UNAUTHORIZED, "nothing was done"),
        (NEW, FIRST, "", StatusCode::UNAUTHORIZED, "nothing was done"),
    ] {
        let refused = send(&mut ada, email, first, own).await;
        assert_eq!(refused.status, status, "{email:?} {first:?}: {}", refused.text());
        let text = refused.text();
        assert!(text.contains(says), "{email:?} {first:?}: {text}");
        assert!(!text.contains(PASSWORD) && !text.contains(FIRST), "what was typed there does not come back");
    }
    assert_eq!(send(&mut mia, NEW, "", PASSWORD).await.status, StatusCode::NOT_FOUND);
    assert_eq!(send(&mut Browser::of(&bench), NEW, "", PASSWORD).await.status, StatusCode::NOT_FOUND);
    no_mail(&bench).await;
    assert!(found(&bench, NEW).await.is_none());
    assert_eq!(bench.store.audits.count().await.expect("the database"), before);
}

#[tokio::test]
async fn nobodys_mailbox_is_filled_with_invitations() {
    let bench = bench().await;
    let (mut ada, _) = admin(&bench, "ada@example.org").await;
    let mut sent = 0;
    let refused = loop {
        let answer = send(&mut ada, NEW, "", PASSWORD).await;
        if answer.status != StatusCode::SEE_OTHER {
            break answer;
        }
        sent += 1;
        assert!(sent < 20, "there is an end to it");
    };
    assert!(sent >= 1);
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(!refused.header(axum::http::header::RETRY_AFTER).is_empty());
}

#[tokio::test]
async fn where_passwords_are_checked_elsewhere_the_invitation_comes_from_there() {
    let gotrue = GoTrue::start().await;
    let site = web::Site { admin_second_step: false, ..gotrue.site(None) };
    let bench = Bench::of(web::Limits::default(), &site, false).await;
    gotrue.add("ada@example.org", PASSWORD, true);
    let mut ada = Browser::of(&bench);
    assert_eq!(ada.sign_in("ada@example.org", PASSWORD).await.status, StatusCode::SEE_OTHER);
    let adas = found(&bench, "ada@example.org").await.expect("hers");
    let made = bench.store.admins.change(Actor::CommandLine, Act::MakeAdmin, adas.id).await;
    assert_eq!(made.expect("the database"), Changed::Done);
    mail(&bench).await;

    assert!(!ada.get(ADDRESS).await.text().contains("name=\"new\""), "no password is set from here");
    let sent = send(&mut ada, NEW, FIRST, PASSWORD).await;
    assert_eq!(location(&sent), "/admin?done=invite", "{}", sent.text());
    assert!(found(&bench, NEW).await.is_none());
    no_mail(&bench).await;
    let secret = gotrue.link(NEW).await;
    let mut new = Browser::of(&bench);
    let fields = [("token", secret.as_str()), ("name", "Nora"), ("new", FIRST)];
    assert_eq!(location(&new.post("/account/confirm", &fields).await), "/tracks");
    assert_eq!(found(&bench, NEW).await.expect("theirs").name.as_str(), "Nora");
}
