//! The pages of administrators: what they can do there, and that nobody else can.

use crate::common::factor::{app, halfway, second};
use crate::common::member::{Browser, PASSWORD, account, bench, location, mail, no_mail, signed_in};
use crate::common::stripe::StubStripe;
use crate::common::{Bench, genuine, get};
use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use domain::{Account, Act, Actor, Position};
use store::{Changed, Doer, SignIns};

async fn make_admin(bench: &Bench, account: &Account) {
    let made = bench.store.admins.change(Actor::CommandLine, Act::MakeAdmin, account.id).await;
    assert_eq!(made.expect("the database"), Changed::Done);
}

/// Somebody who is signed in and an administrator, with a second step.
pub(crate) async fn admin<'b>(bench: &'b Bench, email: &str) -> (Browser<'b>, Account) {
    let (mut browser, account) = signed_in(bench, email).await;
    make_admin(bench, &account).await;
    app(&mut browser).await;
    (browser, account)
}

#[tokio::test]
async fn a_password_alone_opens_nothing_here_and_the_page_says_what_does() {
    let bench = StubStripe::start().await.bench().await;
    let (mut ada, adas) = signed_in(&bench, "ada@example.org").await;
    make_admin(&bench, &adas).await;
    let mias = account(&bench, "mia@example.org").await;
    let before = bench.store.audits.count().await.expect("the database");
    for path in admins_addresses(&mias.id.to_string()) {
        let answer = ada.get(&path).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        let text = answer.text();
        assert!(text.contains("This needs your second step") && text.contains("href=\"/account#factors\""), "{text}");
        assert!(!text.contains("mia@example.org"), "{path}");
    }
    assert_eq!(act(&mut ada, &mias, Act::Delete, PASSWORD).await.status, StatusCode::FORBIDDEN);
    assert_eq!(ada.post("/admin/policy-notice", &[("password", PASSWORD)]).await.status, StatusCode::FORBIDDEN);
    let invited = ada.post("/admin/accounts/new", &[("email", "new@example.org"), ("password", PASSWORD)]).await;
    assert_eq!(invited.status, StatusCode::FORBIDDEN);
    let given = credits(&mut ada, &mias, ["give", "1", "a test", "has-0", PASSWORD]).await;
    assert_eq!(given.status, StatusCode::FORBIDDEN);
    assert_eq!(bench.store.audits.count().await.expect("the database"), before);
    assert!(ada.get("/account").await.text().contains("id=\"factors\""), "the way that the page names is there");

    let (phone, _) = app(&mut ada).await;
    assert_eq!(ada.get("/admin").await.status, StatusCode::OK, "in the browser that set it up");
    let mut elsewhere = Browser::of(&bench);
    halfway(&mut elsewhere, "ada@example.org").await;
    assert_eq!(elsewhere.get("/admin").await.status, StatusCode::NOT_FOUND, "halfway in is not in");
    second(&mut elsewhere, "code", &phone.shows(0)).await;
    assert_eq!(elsewhere.get("/admin").await.status, StatusCode::OK);
    bench.store.admins.change(Actor::CommandLine, Act::RemoveFactors, adas.id).await.expect("the database");
    assert_eq!(elsewhere.get("/admin").await.status, StatusCode::FORBIDDEN, "and shut when it is gone");
}

#[tokio::test]
async fn whoever_proved_who_they_are_long_ago_does_so_once_more_before_anything_is_done() {
    let bench = StubStripe::start().await.bench().await;
    let (mut ada, adas) = signed_in(&bench, "ada@example.org").await;
    make_admin(&bench, &adas).await;
    let (phone, _) = app(&mut ada).await;
    let mias = account(&bench, "mia@example.org").await;
    let before = bench.store.audits.count().await.expect("the database");
    bench.pass(SignIns::FRESH);
    for wanted in Act::ALL {
        let first = act(&mut ada, &mias, wanted, PASSWORD).await;
        let back = percent(&format!("/admin/accounts/{}/{wanted}", mias.id)).replace('-', "%2D");
        assert_eq!(location(&first), format!("/account/prove?next={back}"), "the password alone is not enough");
    }
    let given = credits(&mut ada, &mias, ["give", "1", "a test", "has-0", PASSWORD]).await;
    assert!(location(&given).starts_with("/account/prove?next=%2Fadmin"));
    let notice = ada.post("/admin/policy-notice", &[("password", PASSWORD)]).await;
    assert_eq!(location(&notice), "/account/prove?next=%2Fadmin%2Fpolicy%2Dnotice");
    let invited = ada.post("/admin/accounts/new", &[("email", "new@example.org"), ("password", PASSWORD)]).await;
    assert_eq!(location(&invited), "/account/prove?next=%2Fadmin%2Faccounts%2Fnew");
    assert_eq!(bench.store.audits.count().await.expect("the database"), before);
    let page = format!("/admin/accounts/{}/disable", mias.id);
    let fields = [("password", PASSWORD), ("code", &phone.shows(0)), ("next", &page)];
    assert_eq!(location(&ada.post("/account/prove", &fields).await), page);
    assert_eq!(act(&mut ada, &mias, Act::Disable, PASSWORD).await.status, StatusCode::SEE_OTHER);
    assert_eq!(bench.store.audits.count().await.expect("the database"), before + 1);
}

#[tokio::test]
async fn an_operator_may_let_administrators_in_by_password_alone() {
    let site = web::Site { admin_second_step: false, ..web::Site::loopback() };
    let bench = Bench::of(web::Limits::default(), &site, false).await;
    let (mut ada, adas) = signed_in(&bench, "ada@example.org").await;
    make_admin(&bench, &adas).await;
    assert_eq!(ada.get("/admin").await.status, StatusCode::OK);
}

fn admins_addresses(id: &str) -> Vec<String> {
    let patterns: Vec<_> = web::patterns().into_iter().filter(|pattern| pattern.starts_with("/admin")).collect();
    assert!(patterns.len() >= 4, "{patterns:?}");
    let acts = Act::ALL.map(Act::as_str);
    let filled = |pattern: &str| acts.map(|act| pattern.replace("{id}", id).replace("{act}", act));
    let mut addresses: Vec<_> = patterns.into_iter().flat_map(filled).collect();
    addresses.sort();
    addresses.dedup();
    addresses
}

/// Sends the form of an act.
async fn act(browser: &mut Browser<'_>, account: &Account, act: Act, password: &str) -> crate::common::Answer {
    let path = format!("/admin/accounts/{}/{act}", account.id);
    browser.post(&path, &[("password", password)]).await
}

#[tokio::test]
async fn to_everybody_else_there_is_nothing_here() {
    let bench = StubStripe::start().await.bench().await;
    let (mut ada, _) = admin(&bench, "ada@example.org").await;
    let (mia, mias) = signed_in(&bench, "mia@example.org").await;
    let (closed, closeds) = admin(&bench, "closed@example.org").await;
    bench.store.admins.change(Actor::CommandLine, Act::Disable, closeds.id).await.expect("the database");
    let (former, formers) = admin(&bench, "former@example.org").await;
    bench.store.admins.change(Actor::CommandLine, Act::RemoveAdmin, formers.id).await.expect("the database");
    let nothing = ada.get("/no/such/page").await;
    let before = bench.store.audits.count().await.expect("the database");
    let mut asked = 0;
    for path in admins_addresses(&mias.id.to_string()) {
        let strangers = [
            ("a member", &mia),
            ("who is closed out", &closed),
            ("who was one", &former),
            ("a guest", &Browser::of(&bench)),
        ];
        for (who, stranger) in strangers {
            let mut browser = Browser { cookies: stranger.cookies.clone(), ..Browser::of(&bench) };
            let answer = browser.get(&path).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path} by {who}");
            let title = |text: &str| text.split("<title>").nth(1).map(|rest| rest[..30].to_owned());
            assert_eq!(title(&answer.text()), title(&nothing.text()), "{path} by {who}");
            if path.contains("/accounts/") && path.matches('/').count() == 4 {
                let mut browser = Browser { cookies: stranger.cookies.clone(), ..Browser::of(&bench) };
                let answer = browser.post(&path, &[("password", PASSWORD)]).await;
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "POST {path} by {who}");
            }
            asked += 1;
        }
        assert_ne!(ada.get(&path).await.status, StatusCode::NOT_FOUND, "{path} is there, for her");
    }
    assert!(asked >= 4 * 9, "{asked}");
    assert_eq!(bench.store.audits.count().await.expect("the database"), before);
    let account = bench.store.accounts.find(mias.id).await.expect("the database").expect("hers");
    assert_eq!(account.disabled_at, None);
    assert!(!Browser { cookies: mia.cookies, ..Browser::of(&bench) }.get("/account").await.text().contains("/admin"));
    assert!(ada.get("/account").await.text().contains("href=\"/admin\""));
}

#[tokio::test]
async fn an_administrator_sees_who_has_what_and_nothing_of_their_music() {
    let bench = bench().await;
    let (mut ada, _) = admin(&bench, "ada@example.org").await;
    let (mia, mias) = signed_in(&bench, "mia@example.org").await;
    let uploaded = bench.upload(&mia.cookie(), crate::common::form("Secret Song.wav", b"a mix", &[])).await;
    assert_eq!(uploaded.status, StatusCode::SEE_OTHER);
    let track = location(&uploaded).trim_start_matches("/tracks/").trim_end_matches("?fresh").to_owned();
    let list = ada.get("/admin").await;
    assert!(list.header(header::CACHE_CONTROL).contains("no-store"));
    assert!(list.text().contains("mia@example.org") && list.text().contains("2 accounts"), "{}", list.text());
    let page = ada.get(&format!("/admin/accounts/{}", mias.id)).await.text();
    assert!(
        page.contains("mia@example.org") && page.contains("1 track, 5 bytes") && page.contains("1 browser"),
        "{page}"
    );
    for (text, secret) in [(list.text(), "Secret Song"), (page.clone(), "Secret Song"), (page, track.as_str())] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert_eq!(ada.get(&format!("/tracks/{track}")).await.status, StatusCode::NOT_FOUND, "nor can she open it");
    for bad in ["0", "../../etc/passwd", "%00", "' OR 1=1 --"] {
        let path = format!("/admin/accounts/{}", percent(bad));
        assert_eq!(ada.get(&path).await.status, StatusCode::NOT_FOUND, "{bad}");
    }
    assert_eq!(ada.get(&format!("/admin/accounts/{}/dance", mias.id)).await.status, StatusCode::NOT_FOUND);
    assert_eq!(ada.get(&format!("/admin/accounts/{}", "0".repeat(32))).await.status, StatusCode::NOT_FOUND);
}

fn percent(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[tokio::test]
async fn closing_ends_the_sessions_and_the_way_in_until_it_is_opened_again() {
    let bench = bench().await;
    let (mut ada, adas) = admin(&bench, "ada@example.org").await;
    let (mut mia, mias) = signed_in(&bench, "mia@example.org").await;
    let closed = act(&mut ada, &mias, Act::Disable, PASSWORD).await;
    assert_eq!(location(&closed), format!("/admin/accounts/{}?done=disable", mias.id));
    assert!(
        ada.get(location(&closed)).await.text().contains("The account is closed, and its browsers are signed out.")
    );
    assert_eq!(mia.get("/account").await.status, StatusCode::SEE_OTHER, "signed out");
    // Whoever does not know the password learns nothing of it.
    let guess = mia.sign_in("mia@example.org", "not her password").await;
    let unknown = mia.sign_in("nobody@example.org", "not her password").await;
    assert_eq!((guess.status, unknown.status), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    assert_ne!(mia.sign_in("mia@example.org", PASSWORD).await.status, StatusCode::SEE_OTHER);
    mia.post("/account/forgot", &[("email", "mia@example.org")]).await;
    no_mail(&bench).await;
    assert!(ada.get("/admin").await.text().contains("closed"));
    assert_eq!(act(&mut ada, &mias, Act::Enable, PASSWORD).await.status, StatusCode::SEE_OTHER);
    assert_eq!(mia.sign_in("mia@example.org", PASSWORD).await.status, StatusCode::SEE_OTHER);
    let line = &bench.store.audits.latest(1).await.expect("the database")[0];
    assert_eq!((line.action.as_str(), line.account), ("enable", Some(mias.id)));
    assert!(matches!(&line.actor, Doer::Admin(_, Some(email)) if *email == adas.email));
    let log = ada.get("/admin/audit").await.text();
    assert!(log.contains("by ada@example.org") && log.contains("by the command line"), "{log}");
}

#[tokio::test]
async fn nothing_is_done_without_the_administrators_own_password() {
    let bench = bench().await;
    let (mut ada, _) = admin(&bench, "ada@example.org").await;
    let mias = account(&bench, "mia@example.org").await;
    let before = bench.store.audits.count().await.expect("the database");
    for password in ["", "not her password"] {
        for wanted in Act::ALL {
            // Too many wrong ones have to wait, which is as good.
            let answer = act(&mut ada, &mias, wanted, password).await;
            let refused = [StatusCode::UNAUTHORIZED, StatusCode::TOO_MANY_REQUESTS].contains(&answer.status);
            assert!(refused, "{wanted}: {}", answer.status);
        }
    }
    assert_eq!(bench.store.audits.count().await.expect("the database"), before);
    let page = ada.get(&format!("/admin/accounts/{}/delete", mias.id)).await.text();
    assert!(page.contains("autocomplete=\"current-password\"") && page.contains("For mia@example.org."), "{page}");
}

#[tokio::test]
async fn a_form_from_elsewhere_does_nothing() {
    let bench = bench().await;
    let (ada, _) = admin(&bench, "ada@example.org").await;
    let mias = account(&bench, "mia@example.org").await;
    let path = format!("/admin/accounts/{}/delete", mias.id);
    let (cookie, genuine) = genuine(&ada.cookie().replace("csrf-token=", "other="));
    let body = "password=violet+anvil+teaspoon";
    for (lines, body, expected) in [
        (vec![("origin", "https://evil.test"), ("sec-fetch-site", "cross-site")], format!("{genuine}&{body}"), 403),
        (vec![], body.to_owned(), 403),
        (vec![], format!("csrf={}&{body}", "0".repeat(64)), 403),
    ] {
        let mut request = get(&path, &cookie).method(Method::POST);
        for (name, value) in lines {
            request = request.header(name, value);
        }
        let answer = bench.send(request.body(Body::from(body)).expect("a request")).await;
        assert_eq!(answer.status.as_u16(), expected);
    }
    assert!(bench.store.accounts.find(mias.id).await.expect("the database").is_some());
}

#[tokio::test]
async fn administrators_make_and_remove_each_other_and_the_last_one_stays() {
    let bench = bench().await;
    let (mut ada, adas) = admin(&bench, "ada@example.org").await;
    let (mut bob, bobs) = signed_in(&bench, "bob@example.org").await;
    app(&mut bob).await;
    let alone = act(&mut ada, &adas, Act::RemoveAdmin, PASSWORD).await;
    assert_eq!(alone.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(alone.text().contains("You are the only administrator"));
    for own in [Act::Disable, Act::Delete] {
        assert_eq!(act(&mut ada, &adas, own, PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{own}");
    }
    let page = ada.get(&format!("/admin/accounts/{}", adas.id)).await.text();
    assert!(!page.contains("/delete\"") && !page.contains("/disable\""), "{page}");
    assert_eq!(act(&mut ada, &bobs, Act::MakeAdmin, PASSWORD).await.status, StatusCode::SEE_OTHER);
    assert_eq!(bob.get("/admin").await.status, StatusCode::OK);
    assert_eq!(location(&act(&mut ada, &adas, Act::RemoveAdmin, PASSWORD).await), "/account");
    assert_eq!(ada.get("/admin").await.status, StatusCode::NOT_FOUND);
    assert_eq!(act(&mut ada, &bobs, Act::Disable, PASSWORD).await.status, StatusCode::NOT_FOUND, "not any more");
}

#[tokio::test]
async fn deletion_takes_all_and_tells_its_holder() {
    let bench = bench().await;
    let (mut ada, _) = admin(&bench, "ada@example.org").await;
    let (mut mia, mias) = signed_in(&bench, "mia@example.org").await;
    let gone = act(&mut ada, &mias, Act::Delete, PASSWORD).await;
    assert_eq!(location(&gone), "/admin?done=delete");
    assert!(ada.get(location(&gone)).await.text().contains("The account is deleted."));
    let farewell = mail(&bench).await;
    assert_eq!(
        (farewell.mail.to.as_str(), farewell.mail.subject.as_str()),
        ("mia@example.org", "Your account is deleted")
    );
    assert_eq!(mia.get("/account").await.status, StatusCode::SEE_OTHER);
    assert_eq!(act(&mut ada, &mias, Act::Delete, PASSWORD).await.status, StatusCode::NOT_FOUND);
    let log = ada.get("/admin/audit").await.text();
    assert!(log.contains("<strong>delete</strong>") && !log.contains("mia@example.org"), "{log}");
}

#[tokio::test]
async fn who_lost_their_second_step_gets_in_by_password_again_and_is_told() {
    let bench = bench().await;
    let (mut ada, _) = admin(&bench, "ada@example.org").await;
    let (mut mia, mias) = signed_in(&bench, "mia@example.org").await;
    let page = format!("/admin/accounts/{}", mias.id);
    assert!(!ada.get(&page).await.text().contains("Take the second step away"), "there is none");
    app(&mut mia).await;
    assert!(ada.get(&page).await.text().contains("Take the second step away"));
    halfway(&mut Browser::of(&bench), "mia@example.org").await;

    let taken = act(&mut ada, &mias, Act::RemoveFactors, PASSWORD).await;
    assert!(ada.get(location(&taken)).await.text().contains("The password alone opens the account again."));
    let told = mail(&bench).await.mail;
    assert_eq!((told.to.as_str(), told.subject.as_str()), ("mia@example.org", "Your second step was taken away"));
    assert_eq!(location(&Browser::of(&bench).sign_in("mia@example.org", PASSWORD).await), "/tracks");
}

#[tokio::test]
async fn what_was_done_with_an_account_is_in_its_holders_export() {
    let bench = bench().await;
    let (mut mia, mias) = signed_in(&bench, "mia@example.org").await;
    make_admin(&bench, &mias).await;
    let (phone, _) = app(&mut mia).await;
    assert_eq!(act(&mut mia, &mias, Act::EndSessions, PASSWORD).await.status, StatusCode::SEE_OTHER);
    halfway(&mut mia, "mia@example.org").await;
    second(&mut mia, "code", &phone.shows(0)).await;
    let version = web::PolicyNotice::newest().version();
    bench.store.notices.begin(Actor::Admin(mias.id), version).await.expect("the database");
    let notice = web::PolicyNotice::newest().letter("https://x.example", &mias.email, &mias.name, &domain::OsEntropy);
    bench.store.notices.write(version, &mias, &notice.expect("written")).await.expect("the database");
    let export = mia.get("/account/export.zip").await.text();
    for part in [
        "\"administrator_since\": \"",
        "\"what\": \"end-sessions\"",
        "\"what\": \"make-admin\"",
        "\"policy_notices\": [\n",
    ] {
        assert!(export.contains(part), "{part} is in {export}");
    }
}

/// Sends the form for credits; `seen` is where the account stood on the page.
async fn credits(browser: &mut Browser<'_>, of: &Account, fields: [&str; 5]) -> crate::common::Answer {
    let fields: Vec<_> = ["way", "credits", "reason", "seen", "password"].into_iter().zip(fields).collect();
    browser.post(&format!("/admin/accounts/{}/credits", of.id), &fields).await
}

#[tokio::test]
async fn credits_are_given_and_taken_with_a_reason_once_and_never_more_than_are_there() {
    let bench = StubStripe::start().await.bench().await;
    let (mut ada, adas) = admin(&bench, "ada@example.org").await;
    let (mut mia, mias) = signed_in(&bench, "mia@example.org").await;
    let page = format!("/admin/accounts/{}/credits", mias.id);
    let shown = ada.get(&format!("/admin/accounts/{}", mias.id)).await.text();
    assert!(shown.contains("<dt>Credits</dt><dd>0</dd>") && shown.contains(&format!("href=\"{page}\"")), "{shown}");
    assert!(ada.get(&page).await.text().contains("name=\"seen\" value=\"has-0\""));

    let given = credits(&mut ada, &mias, ["give", "3", "the <upload> broke", "has-0", PASSWORD]).await;
    assert_eq!(location(&given), format!("{page}?done=given"));
    let shown = ada.get(location(&given)).await.text();
    assert!(shown.contains("The credits are given.") && shown.contains("has 3 credits"), "{shown}");
    assert!(shown.contains("+3") && shown.contains("by hand: the &#60;upload&#62; broke"), "{shown}");
    let twice = credits(&mut ada, &mias, ["give", "3", "the upload broke", "has-0", PASSWORD]).await;
    assert_eq!(twice.status, StatusCode::CONFLICT);
    assert!(twice.text().contains("have changed since") && twice.text().contains("value=\"has-3\""));
    let taken = credits(&mut ada, &mias, ["take", "1", "given twice", "has-3", PASSWORD]).await;
    assert_eq!(location(&taken), format!("{page}?done=taken"));
    for (fields, status, says) in [
        (["take", "3", "all", "has-2", PASSWORD], StatusCode::UNPROCESSABLE_ENTITY, "More would be taken"),
        (["give", "0", "none", "has-2", PASSWORD], StatusCode::UNPROCESSABLE_ENTITY, "1 to 10000 credits"),
        (["give", "99999", "many", "has-2", PASSWORD], StatusCode::UNPROCESSABLE_ENTITY, "1 to 10000 credits"),
        (["give", "1", " ", "has-2", PASSWORD], StatusCode::UNPROCESSABLE_ENTITY, "a reason of 1 to 200"),
        (["keep", "1", "a test", "has-2", PASSWORD], StatusCode::UNPROCESSABLE_ENTITY, "to give or to take"),
        (["give", "1", "a test", "has-2", "not her password"], StatusCode::UNAUTHORIZED, "not your password"),
    ] {
        let refused = credits(&mut ada, &mias, fields).await;
        assert_eq!(refused.status, status, "{fields:?}");
        assert!(refused.text().contains(says), "{fields:?}: {}", refused.text());
        assert!(!refused.text().contains(PASSWORD), "what was typed there does not come back");
    }
    assert_eq!(bench.store.credits.position(mias.id).await.expect("the database"), Position::Has(2));
    let by_mia = credits(&mut mia, &mias, ["give", "1", "for me", "has-2", PASSWORD]).await;
    assert_eq!(by_mia.status, StatusCode::NOT_FOUND);
    let hers = mia.get("/purchases").await.text();
    assert!(hers.contains("2 masters paid for") && hers.contains("by hand: given twice"), "{hers}");
    let lines = bench.store.audits.latest(2).await.expect("the database");
    assert_eq!(lines.iter().map(|line| line.action.as_str()).collect::<Vec<_>>(), ["take-credits", "give-credits"]);
    for line in lines {
        assert!(matches!(&line.actor, Doer::Admin(_, Some(email)) if *email == adas.email), "{line:?}");
        assert_eq!(line.account, Some(mias.id));
    }
}

#[tokio::test]
async fn where_nothing_is_sold_nobody_has_credits() {
    let bench = bench().await;
    let (mut ada, adas) = admin(&bench, "ada@example.org").await;
    let page = format!("/admin/accounts/{}", adas.id);
    assert!(!ada.get(&page).await.text().contains("redit"));
    assert_eq!(ada.get(&format!("{page}/credits")).await.status, StatusCode::NOT_FOUND);
    let given = credits(&mut ada, &adas, ["give", "1", "a test", "has-0", PASSWORD]).await;
    assert_eq!(given.status, StatusCode::NOT_FOUND);
    assert_eq!(bench.store.credits.position(adas.id).await.expect("the database"), Position::Has(0));
}

#[tokio::test]
async fn a_notice_is_begun_with_the_password_alone_and_shows_how_far_it_is() {
    let bench = bench().await;
    let (mut ada, _) = admin(&bench, "ada@example.org").await;
    let page = ada.get("/admin/policy-notice").await.text();
    assert!(page.contains("One account will get the mail below") && page.contains("no unsubscribing"), "{page}");
    let wrong = ada.post("/admin/policy-notice", &[("password", "not her password")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.text().contains("nothing was sent"));
    let (mut mia, _) = signed_in(&bench, "mia@example.org").await;
    let by_mia = mia.post("/admin/policy-notice", &[("password", PASSWORD)]).await;
    assert_eq!(by_mia.status, StatusCode::NOT_FOUND);
    assert!(bench.store.notices.under_way().await.expect("the database").is_none());
    for _ in 0..2 {
        let begun = ada.post("/admin/policy-notice", &[("password", PASSWORD)]).await;
        assert_eq!(location(&begun), "/admin/policy-notice");
    }
    let page = ada.get("/admin/policy-notice").await.text();
    assert!(page.contains("On its way") && page.contains("0 of 2 mails are written"), "{page}");
    assert!(!page.contains("type=\"password\""), "and it is not to be begun twice");
    let log = bench.store.audits.latest(9).await.expect("the database");
    assert_eq!(log.iter().filter(|line| line.action.as_str() == "policy-notice").count(), 1);
}

#[tokio::test]
async fn what_is_searched_for_is_text_and_nothing_else() {
    let bench = bench().await;
    let (mut ada, _) = admin(&bench, "ada@example.org").await;
    let mias = account(&bench, "mia@example.org").await;
    let script = "<script>alert(1)</script>\"'";
    bench.store.accounts.rename(mias.id, &script.parse().expect("a name")).await.expect("the database");
    for (query, total) in [
        ("mia@example", "One account with"),
        ("%", "0 accounts with"),
        ("_______________", "0 accounts with"),
        ("' OR 1=1 --", "0 accounts with"),
        ("x'; DROP TABLE account; --", "0 accounts with"),
        (script, "One account with"),
        ("\"><svg onload=alert(1)>", "0 accounts with"),
    ] {
        let page = ada.get(&format!("/admin?q={}", percent(query))).await;
        assert_eq!(page.status, StatusCode::OK, "{query}");
        let page = page.text();
        assert!(page.contains(total), "{query}: {page}");
        assert!(!page.contains("<script>alert") && !page.contains("<svg onload"), "{query}");
    }
    assert!(!ada.get(&format!("/admin/accounts/{}", mias.id)).await.text().contains("<script>alert"));
    let endless = "x".repeat(20_000);
    assert!(ada.get(&format!("/admin?q={endless}")).await.text().len() < 10_000, "and it is cut");
    for odd in [
        "/admin?page=0",
        "/admin?page=-1",
        "/admin?page=99999999999999999999",
        "/admin?page=4294967295",
        "/admin?q=%00%ff",
    ] {
        assert_eq!(ada.get(odd).await.status, StatusCode::OK, "{odd}");
    }
}

#[tokio::test]
async fn a_long_list_comes_page_by_page_with_what_was_searched_for() {
    let bench = bench().await;
    let (mut ada, _) = admin(&bench, "ada@example.org").await;
    for number in 0..51 {
        let (email, name) =
            (format!("a&b{number}@example.net").parse().expect("an address"), "B".parse().expect("a name"));
        bench.store.accounts.add(&email, &name, "$argon2id$").await.expect("the database").expect("free");
    }
    let first = ada.get("/admin?q=a%26b").await.text();
    assert!(first.contains("51 accounts") && first.contains("Page 1 of 2"), "{first}");
    let older = first.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a way on");
    let older = older.replace("&#38;", "&").replace("&amp;", "&");
    let second = ada.get(&format!("/admin{older}")).await.text();
    assert!(
        second.contains("Page 2 of 2") && second.matches("<li><span><a href=\"/admin/accounts/").count() == 1,
        "{older}: {second}"
    );
}
