//! Accounts, seen from outside: what their holders can do, and what nobody else can.

mod common;

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{StatusCode, header};
use common::{Answer, Bench, genuine, get};
use domain::{Account, AddressHash, Device, Email};
use store::WaitingMail;
use web::{Limits, OperatorToken, Site};

const PASSWORD: &str = "violet anvil teaspoon";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

async fn bench() -> Bench {
    Bench::new(Limits::default()).await
}

/// A browser with a jar of its own.
struct Browser<'b> {
    bench: &'b Bench,
    cookies: BTreeMap<String, String>,
    agent: &'static str,
}

impl<'b> Browser<'b> {
    fn of(bench: &'b Bench) -> Self {
        Self { bench, cookies: BTreeMap::new(), agent: FIREFOX }
    }

    fn cookie(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn take(&mut self, answer: &Answer) {
        for line in answer.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().expect("ASCII");
            let (name, value) = line.split(';').next().expect("a pair").split_once('=').expect("a pair");
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    async fn get(&mut self, path: &str) -> Answer {
        let request = get(path, &self.cookie()).header(header::USER_AGENT, self.agent).body(Body::empty());
        let answer = self.bench.send(request.expect("a request")).await;
        self.take(&answer);
        answer
    }

    /// Sends a form as a page handed it to this browser.
    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let (cookie, csrf) = genuine(&self.cookie_without("csrf-token"));
        let mut body = csrf;
        for (name, value) in fields {
            body.push('&');
            body.push_str(&form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish());
        }
        let request = get(path, &cookie).method("POST").header(header::USER_AGENT, self.agent).body(Body::from(body));
        let answer = self.bench.send(request.expect("a request")).await;
        self.take(&answer);
        answer
    }

    fn cookie_without(&self, other: &str) -> String {
        let pairs = self.cookies.iter().filter(|(name, _)| *name != other);
        pairs.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        self.post("/account/sign-in", &[("email", email), ("password", password)]).await
    }
}

/// The next mail that waits; background work is given a moment.
async fn mail(bench: &Bench) -> WaitingMail {
    for _ in 0..400 {
        if let Some(mail) = bench.store.mails.claim().await.expect("the database") {
            return mail;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("no mail came");
}

async fn no_mail(bench: &Bench) {
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert!(bench.store.mails.claim().await.expect("the database").is_none());
}

/// The address of the link in a mail, on this site.
fn link(mail: &WaitingMail) -> String {
    let line = mail.mail.text.lines().find(|line| line.starts_with("http")).expect("a link");
    assert!(mail.mail.html.contains(&format!("href=\"{line}\"")), "in both parts");
    line.strip_prefix("http://127.0.0.1:8080").expect("this site, whatever the request called it").to_owned()
}

fn token(link: &str) -> &str {
    link.split_once("token=").expect("a token").1
}

/// An account that was not signed up for, which takes less time.
async fn account(bench: &Bench, email: &str) -> Account {
    let passwords = providers::identity::local::Passwords::new(std::sync::Arc::new(domain::OsEntropy)).expect("ready");
    let hash = passwords.hash(&domain::Password::choose(PASSWORD).expect("long")).await.expect("hashed");
    let (email, name) = (email.parse().expect("an address"), "Mia".parse().expect("a name"));
    bench.store.accounts.add(&email, &name, &hash).await.expect("the database").expect("the address is free")
}

async fn signed_in<'b>(bench: &'b Bench, email: &str) -> (Browser<'b>, Account) {
    let account = account(bench, email).await;
    let mut browser = Browser::of(bench);
    assert_eq!(browser.sign_in(email, PASSWORD).await.status, StatusCode::SEE_OTHER);
    mail(bench).await;
    (browser, account)
}

fn location(answer: &Answer) -> &str {
    answer.header(header::LOCATION)
}

#[tokio::test]
async fn from_guest_to_account_and_out_again() {
    let bench = bench().await;
    let (track, cookie) = bench.uploaded("Night Drive.wav", b"a mix").await;
    let mut mia = Browser::of(&bench);
    let (name, value) = cookie.split_once('=').expect("a pair");
    mia.cookies.insert(name.to_owned(), value.to_owned());
    assert!(mia.get("/").await.text().contains("href=\"/account/sign-in\""));
    let sent = mia.post("/account/sign-up", &[("email", "Mia@Example.org")]).await;
    assert!(sent.text().contains("Look into your mail") && sent.text().contains("mia@example.org"));
    let mail = mail(&bench).await;
    assert_eq!(mail.mail.to.as_str(), "mia@example.org");
    let link = link(&mail);
    for _ in 0..2 {
        // Whoever only looks, a mail scanner say, changes nothing.
        let form = Browser::of(&bench).get(&link).await;
        assert_eq!(form.status, StatusCode::OK);
        assert!(form.text().contains("autocomplete=\"new-password\""), "{}", form.text());
    }
    let fields = [("token", token(&link)), ("name", "Mia"), ("new", PASSWORD)];
    let made = mia.post("/account/confirm", &fields).await;
    assert_eq!((made.status, location(&made)), (StatusCode::SEE_OTHER, "/tracks"), "{}", made.text());
    assert!(!mia.cookies.contains_key("session-id"), "the guest is no more");
    let tracks = mia.get("/tracks").await.text();
    assert!(tracks.contains("Night Drive.wav") && tracks.contains("until you delete them"), "{tracks}");
    assert_eq!(mia.get(&track).await.status, StatusCode::OK);
    assert_eq!(bench.get(&track, &cookie).await.status, StatusCode::NOT_FOUND, "the guest's cookie opens nothing");
    assert_eq!(mia.post("/account/confirm", &fields).await.status, StatusCode::GONE, "once");
    let page = mia.get("/account").await;
    assert!(page.text().contains("Firefox on Linux") && page.text().contains("mia@example.org"));
    assert!(page.header(header::CACHE_CONTROL).contains("no-store"));

    let before = mia.cookies["auth-token"].clone();
    assert_eq!(location(&mia.post("/account/sign-out", &[]).await), "/account/sign-in");
    assert!(!mia.cookies.contains_key("auth-token"));
    let stolen = bench.get("/account", &format!("auth-token={before}")).await;
    assert_eq!(stolen.status, StatusCode::SEE_OTHER, "the session is over on the server, too");
    assert!(stolen.cookie().starts_with("auth-token="), "and leaves whichever browser has it");
}

#[tokio::test]
async fn nobody_learns_from_an_answer_who_has_an_account() {
    let bench = bench().await;
    account(&bench, "mia@example.org").await;
    let anonymous = |answer: &Answer, address: &str| {
        let text = answer.text().replace(address, "ADDRESS");
        let csrf = text.find("name=\"csrf\" value=\"").map(|at| text[at + 19..at + 83].to_owned());
        (answer.status, csrf.map_or(text.clone(), |csrf| text.replace(&csrf, "CSRF")))
    };
    for path in ["/account/sign-up", "/account/forgot"] {
        let known = Browser::of(&bench).post(path, &[("email", "mia@example.org")]).await;
        let unknown = Browser::of(&bench).post(path, &[("email", "eve@example.org")]).await;
        assert_eq!(anonymous(&known, "mia@example.org"), anonymous(&unknown, "eve@example.org"), "{path}");
    }
    let mut told = BTreeMap::new();
    for _ in 0..3 {
        let mail = mail(&bench).await;
        told.entry(mail.mail.to.to_string()).or_insert_with(Vec::new).push(mail.mail.subject);
    }
    no_mail(&bench).await;
    assert_eq!(told["mia@example.org"].len(), 2, "her mails tell her");
    assert_eq!(told["eve@example.org"], ["Your account at Balanced Mastering"]);
    let known = Browser::of(&bench).sign_in("mia@example.org", "not her password").await;
    let unknown = Browser::of(&bench).sign_in("eve@example.org", "not her password").await;
    assert_eq!(known.status, StatusCode::UNAUTHORIZED);
    assert_eq!(anonymous(&known, "mia@example.org"), anonymous(&unknown, "eve@example.org"));
}

#[tokio::test]
async fn who_is_unknown_takes_a_hash_as_long_as_who_is_known() {
    let bench = bench().await;
    account(&bench, "mia@example.org").await;
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..4 {
        for (who, email) in ["mia@example.org", "eve@example.org"].into_iter().enumerate() {
            let begun = tokio::time::Instant::now();
            let answer = Browser::of(&bench).sign_in(email, "not the password").await;
            times[who].push(begun.elapsed());
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{round}");
        }
    }
    let [known, unknown] = times.map(|times| times.into_iter().min().expect("some"));
    // A hash takes tens of milliseconds, and all else together less than one: without it this would be far off.
    assert!(unknown * 2 > known, "{unknown:?} is not much less than {known:?}");
}

#[tokio::test]
async fn a_session_is_always_a_new_one_and_what_was_planted_opens_nothing() {
    let bench = bench().await;
    let mia = account(&bench, "mia@example.org").await;
    let mut victim = Browser::of(&bench);
    // Somebody handed this browser a session that they know: of their own account, or made up.
    let (eve, _) = signed_in(&bench, "eve@example.org").await;
    for planted in [eve.cookies["auth-token"].clone(), format!("account-{}", "0".repeat(64))] {
        victim.cookies.insert("auth-token".to_owned(), planted.clone());
        victim.sign_in("mia@example.org", PASSWORD).await;
        let held = victim.cookies["auth-token"].clone();
        assert_ne!(held, planted);
        let seen = bench.get("/account", &format!("auth-token={planted}")).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER, "what was planted ended");
        assert!(bench.get("/account", &format!("auth-token={held}")).await.text().contains("mia@example.org"));
    }
    let before = bench.store.sign_ins.list(mia.id).await.expect("the database").len();
    victim.sign_in("mia@example.org", PASSWORD).await;
    let after = bench.store.sign_ins.list(mia.id).await.expect("the database").len();
    assert_eq!(after, before, "the session that the browser had ends with the next sign-in");
}

#[tokio::test]
async fn a_form_from_elsewhere_changes_nothing() {
    let bench = bench().await;
    let (mia, account) = signed_in(&bench, "mia@example.org").await;
    let routes: Vec<_> = web::patterns().into_iter().filter(|path| path.starts_with("/account")).collect();
    assert!(routes.len() >= 14);
    for pattern in routes {
        let path = pattern.replace("{id}", &"0".repeat(32));
        let body = "name=Eve&password=violet+anvil+teaspoon&new=another+long+password&email=eve%40example.org";
        for origin in [Some("https://evil.test"), None] {
            let mut request = get(&path, &mia.cookie()).method("POST");
            if let Some(origin) = origin {
                request = request.header(header::ORIGIN, origin).header("sec-fetch-site", "cross-site");
            }
            let answer = bench.send(request.body(Body::from(body)).expect("a request")).await;
            let refused = [StatusCode::FORBIDDEN, StatusCode::METHOD_NOT_ALLOWED].contains(&answer.status);
            assert!(refused, "{path} {origin:?}: {}", answer.status);
        }
    }
    let after = bench.store.accounts.find(account.id).await.expect("the database");
    assert_eq!(after, Some(account));
}

#[tokio::test]
async fn every_address_with_an_id_is_404_to_another_account() {
    let bench = bench().await;
    let (mut mia, mias) = signed_in(&bench, "mia@example.org").await;
    let form = common::form("mix.wav", b"a mix", &[]);
    let answer = bench.upload(&mia.cookie(), form).await;
    let track = location(&answer)
        .strip_prefix("/tracks/")
        .and_then(|path| path.strip_suffix("?fresh"))
        .expect("hers")
        .to_owned();
    bench.work().await;
    let session = bench.store.sign_ins.list(mias.id).await.expect("the database")[0].id.to_string();
    let (mut eve, _) = signed_in(&bench, "eve@example.org").await;
    let mut asked = 0;
    for pattern in web::patterns().into_iter().filter(|pattern| pattern.contains("{id}")) {
        let id = if pattern.starts_with("/account") { &session } else { &track };
        let path = pattern.replace("{id}", id).replace("{kind}", "wav24");
        for (method, answer) in [("GET", eve.get(&path).await), ("POST", eve.post(&path, &[]).await)] {
            if answer.status != StatusCode::METHOD_NOT_ALLOWED {
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
                asked += 1;
            }
        }
    }
    assert!(asked >= 9, "{asked}");
    assert_eq!(mia.get(&format!("/tracks/{track}")).await.status, StatusCode::OK, "it is there, for her");
    let ended = mia.post(&format!("/account/sessions/{session}/end"), &[]).await;
    assert_eq!(location(&ended), "/account?done=session");
    assert_eq!(mia.get("/account").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn signing_in_leads_on_within_this_site_alone() {
    let bench = bench().await;
    account(&bench, "mia@example.org").await;
    let away = Browser::of(&bench).get("/account").await;
    assert_eq!(location(&away), "/account/sign-in?next=%2Faccount");
    for (next, leads) in [
        ("/account", "/account"),
        ("/tracks?a=b", "/tracks?a=b"),
        ("//evil.test", "/"),
        ("/\\evil.test", "/"),
        ("https://evil.test/", "/"),
        ("/\r\nLocation: https://evil.test", "/"),
        ("javascript:alert(1)", "/"),
    ] {
        let fields = [("email", "mia@example.org"), ("password", PASSWORD), ("next", next)];
        let mut browser = Browser::of(&bench);
        assert_eq!(location(&browser.post("/account/sign-in", &fields).await), leads, "{next:?}");
        let encoded: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        assert_eq!(location(&browser.get(&format!("/account/sign-in?next={encoded}")).await), leads, "{next:?}");
    }
}

#[tokio::test]
async fn nothing_that_is_typed_becomes_a_header_of_a_mail_or_a_part_of_a_page() {
    let bench = bench().await;
    let mut browser = Browser::of(&bench);
    for email in ["mia@example.org\r\nBcc: eve@example.org", "a@b.example,c@d.example", "<script>@example.org", ""] {
        for path in ["/account/sign-up", "/account/forgot", "/account/sign-in"] {
            let answer = browser.post(path, &[("email", email), ("password", PASSWORD)]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {email:?}");
            assert!(!answer.text().contains("<script>@"), "{path}");
        }
    }
    no_mail(&bench).await;
    let (mut mia, account) = signed_in(&bench, "mia@example.org").await;
    for name in ["", "Mia\r\nBcc: eve@example.org", &"x".repeat(81), "Mia\u{202e}"] {
        let answer = mia.post("/account/name", &[("name", name)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{name:?}");
    }
    let script = "<script>alert(1)</script>\"'&{{7*7}}";
    assert_eq!(location(&mia.post("/account/name", &[("name", script)]).await), "/account?done=name");
    let page = mia.get("/account?done=name").await.text();
    assert!(!page.contains("<script>alert"), "{page}");
    assert!(page.contains("&#60;script&#62;") || page.contains("&lt;script&gt;"), "it is shown as it was typed");
    let other = bench.store.accounts.find(account.id).await.expect("the database").expect("hers");
    assert_eq!(other.name.as_str(), script);
    mia.post("/account/password", &[("password", PASSWORD), ("new", "another lantern biscuit")]).await;
    let mail = mail(&bench).await;
    assert_eq!(mail.mail.subject, "Your password was changed");
    assert!(!mail.mail.html.contains("<script>") && mail.mail.text.contains(script));
}

#[tokio::test]
async fn a_forgotten_password_is_reset_once_and_signs_everybody_out() {
    let bench = bench().await;
    let (mut mia, _) = signed_in(&bench, "mia@example.org").await;
    let mut elsewhere = Browser::of(&bench);
    elsewhere.post("/account/forgot", &[("email", "mia@example.org")]).await;
    let mail = mail(&bench).await;
    let link = link(&mail);
    assert!(link.starts_with("/account/reset?token="));
    assert_eq!(elsewhere.get(&link).await.status, StatusCode::OK);
    let weak = elsewhere.post("/account/reset", &[("token", token(&link)), ("new", "password1234")]).await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY, "and the link is still good");
    let fields = [("token", token(&link)), ("new", "another lantern biscuit")];
    let reset = elsewhere.post("/account/reset", &fields).await;
    assert_eq!(location(&reset), "/account/sign-in?done=reset");
    assert_eq!(mia.get("/account").await.status, StatusCode::SEE_OTHER, "signed out");
    assert_eq!(elsewhere.post("/account/reset", &fields).await.status, StatusCode::GONE);
    assert_eq!(elsewhere.get(&link).await.status, StatusCode::GONE);
    assert_eq!(elsewhere.sign_in("mia@example.org", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(elsewhere.sign_in("mia@example.org", "another lantern biscuit").await.status, StatusCode::SEE_OTHER);
    for bad in ["/account/reset", "/account/reset?token=0", "/account/confirm?token=../..", "/account/email/confirm"] {
        assert_eq!(elsewhere.get(bad).await.status, StatusCode::GONE, "{bad}");
    }
}

#[tokio::test]
async fn password_and_address_change_for_whoever_knows_the_password() {
    let bench = bench().await;
    let (mut mia, account) = signed_in(&bench, "mia@example.org").await;
    let mut phone = Browser { agent: "Mozilla/5.0 (iPhone) Safari/604.1", ..Browser::of(&bench) };
    phone.sign_in("mia@example.org", PASSWORD).await;
    let told = mail(&bench).await;
    assert!(told.mail.text.contains("Safari on iPhone"), "{}", told.mail.text);
    phone.post("/account/sign-out", &[]).await;
    phone.sign_in("mia@example.org", PASSWORD).await;
    no_mail(&bench).await;

    let wrong =
        mia.post("/account/password", &[("password", "wrong wrong wrong"), ("new", "another lantern biscuit")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let weak = mia.post("/account/password", &[("password", PASSWORD), ("new", "qwertyuiop[]")]).await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = mia.post("/account/password", &[("password", PASSWORD), ("new", "another lantern biscuit")]).await;
    assert_eq!(location(&done), "/account?done=password");
    assert_eq!(mail(&bench).await.mail.subject, "Your password was changed");
    assert_eq!(mia.get("/account").await.status, StatusCode::OK, "here one stays signed in");
    assert_eq!(phone.get("/account").await.status, StatusCode::SEE_OTHER);

    let fields = |password| [("email", "new@example.org"), ("password", password)];
    assert_eq!(mia.post("/account/email", &fields("wrong wrong wrong")).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(mia.post("/account/email", &fields("another lantern biscuit")).await.status, StatusCode::OK);
    let asked = mail(&bench).await;
    assert_eq!(asked.mail.to.as_str(), "new@example.org");
    let link = link(&asked);
    assert_eq!(mia.get(&link).await.status, StatusCode::OK);
    let address = async || bench.store.accounts.find(account.id).await.expect("the database").expect("hers").email;
    assert_eq!(address().await, account.email, "looking changes nothing");
    let moved = mia.post("/account/email/confirm", &[("token", token(&link))]).await;
    assert!(moved.text().contains("new@example.org"), "{}", moved.text());
    assert_eq!(address().await.as_str(), "new@example.org");
    let notice = mail(&bench).await;
    assert_eq!(notice.mail.to, account.email, "the old address is told");
    assert!(!notice.mail.text.contains("new@example.org"));
}

#[tokio::test]
async fn whoever_tries_many_passwords_has_to_wait_and_so_does_whoever_tries_many_accounts() {
    let bench = bench().await;
    let mia = account(&bench, "mia@example.org").await;
    for _ in 0..5 {
        assert_eq!(
            Browser::of(&bench).sign_in("mia@example.org", "guess guess guess").await.status,
            StatusCode::UNAUTHORIZED
        );
    }
    let waiting = Browser::of(&bench).sign_in("mia@example.org", PASSWORD).await;
    assert_eq!(waiting.status, StatusCode::TOO_MANY_REQUESTS, "even with the right one");
    assert!(waiting.header(header::RETRY_AFTER).parse::<u64>().is_ok_and(|seconds| (1..=2).contains(&seconds)));
    // The same for an address without an account, or this would tell.
    for _ in 0..5 {
        Browser::of(&bench).sign_in("nobody@example.org", "guess guess guess").await;
    }
    let unknown = Browser::of(&bench).sign_in("nobody@example.org", PASSWORD).await;
    assert_eq!(unknown.status, StatusCode::TOO_MANY_REQUESTS);
    let mut refused = 0;
    for number in 0..12 {
        let email = format!("stuffed{number}@example.org");
        let answer = Browser::of(&bench).sign_in(&email, "guess guess guess").await;
        refused += u32::from(answer.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(refused > 0, "one address that tries many accounts is slowed down");
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let hash = AddressHash::of(&mia.email);
    let seen = bench.store.attempts.latest(hash, 99).await.expect("the database");
    assert_eq!(seen.len(), 5, "what had to wait is not an attempt");
    assert_eq!(seen[0].device, Device::of(FIREFOX));
}

#[tokio::test]
async fn one_reader_gets_few_mails_however_many_are_asked_for() {
    let bench = bench().await;
    for _ in 0..10 {
        let answer = Browser::of(&bench).post("/account/sign-up", &[("email", "eve@example.org")]).await;
        assert_eq!(answer.status, StatusCode::OK, "whoever asks cannot tell");
    }
    for _ in 0..3 {
        mail(&bench).await;
    }
    no_mail(&bench).await;
}

#[tokio::test]
async fn all_data_can_be_taken_along_and_then_nothing_is_left() {
    let bench = bench().await;
    let (mut mia, account) = signed_in(&bench, "mia@example.org").await;
    bench.upload(&mia.cookie(), common::form("../Night/..\\Drive.wav", b"the mix's own bytes", &[])).await;
    bench.work().await;
    let export = mia.get("/account/export.zip").await;
    assert_eq!(export.header(header::CONTENT_TYPE), "application/zip");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(export.body)).expect("an archive");
    let names: Vec<String> = archive.file_names().map(|name| name.expect("text").into_owned()).collect();
    assert!(names.iter().all(|name| !name.contains("..") && !name.starts_with('/')), "{names:?}");
    let read = |archive: &mut zip::ZipArchive<_>, name: &str| {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut archive.by_name(name).expect("there"), &mut text).expect("text");
        text
    };
    let told: serde_json::Value = serde_json::from_str(&read(&mut archive, "account.json")).expect("JSON");
    assert_eq!(told["account"]["email"], "mia@example.org");
    assert_eq!(told["signed_in"].as_array().map(Vec::len), Some(1));
    let mix = told["tracks"][0]["file"].as_str().expect("a name");
    assert_eq!(read(&mut archive, mix), "the mix's own bytes");
    assert_eq!(told["tracks"][0]["results"].as_array().map(Vec::len), Some(5));
    assert!(!read(&mut archive, "account.json").contains("argon2"), "nothing that opens the account");

    let mut phone = Browser::of(&bench);
    phone.sign_in("mia@example.org", PASSWORD).await;
    let wrong = mia.post("/account/delete", &[("password", "wrong wrong wrong")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let gone = mia.post("/account/delete", &[("password", PASSWORD)]).await;
    assert!(gone.text().contains("Your account is deleted"), "{}", gone.text());
    assert!(!gone.text().contains("href=\"/account\""));
    assert!(mia.cookies.is_empty(), "{:?}", mia.cookies);
    assert!(gone.headers.contains_key("clear-site-data"));
    assert_eq!(mail(&bench).await.mail.subject, "Your account is deleted");
    assert_eq!(bench.store.accounts.find(account.id).await.expect("the database"), None);
    let away = phone.get("/tracks").await;
    assert!(away.text().contains("Nothing here yet"));
    assert!(!phone.cookies.contains_key("auth-token"), "cleared at its next request");
    assert_eq!(phone.sign_in("mia@example.org", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_closed_account_is_told_so_to_who_knows_its_password_alone() {
    let bench = bench().await;
    let (mut mia, account) = signed_in(&bench, "mia@example.org").await;
    bench.store.accounts.set_disabled(account.id, true).await.expect("the database");
    assert_eq!(mia.get("/account").await.status, StatusCode::SEE_OTHER);
    assert_eq!(mia.sign_in("mia@example.org", "wrong wrong wrong").await.status, StatusCode::UNAUTHORIZED);
    let closed = mia.sign_in("mia@example.org", PASSWORD).await;
    assert_eq!(closed.status, StatusCode::FORBIDDEN);
    assert!(closed.text().contains("This account is closed"));
    mia.post("/account/forgot", &[("email", "mia@example.org")]).await;
    no_mail(&bench).await;
}

#[tokio::test]
async fn operator_and_account_live_in_one_cookie_and_never_open_each_other() {
    let token = "0123456789abcdef0123456789abcdef";
    let operator = OperatorToken::new(token).expect("long enough");
    let bench = Bench::of(Limits::default(), &Site { operator: Some(operator), ..Site::loopback() }, false).await;
    let (mut browser, _) = signed_in(&bench, "mia@example.org").await;
    let members = browser.cookies["auth-token"].clone();
    assert!(members.starts_with("account-"));
    assert_eq!(location(&browser.get("/operator").await), "/operator/sign-in");
    let disguised = members.replace("account-", "operator-");
    assert_eq!(bench.get("/operator", &format!("auth-token={disguised}")).await.status, StatusCode::SEE_OTHER);

    browser.post("/operator/sign-in", &[("token", token)]).await;
    assert!(browser.cookies["auth-token"].starts_with("operator-"));
    assert_eq!(browser.get("/operator").await.status, StatusCode::OK);
    assert_eq!(bench.get("/account", &format!("auth-token={members}")).await.status, StatusCode::SEE_OTHER, "it ended");
    assert_eq!(browser.get("/account").await.status, StatusCode::SEE_OTHER);
    let form = browser.get("/account/sign-in").await;
    assert!(form.text().contains("signed in as operator"), "{}", form.text());
    let operators = browser.cookies["auth-token"].clone();
    browser.sign_in("mia@example.org", PASSWORD).await;
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
    assert_eq!(
        bench.get("/operator", &format!("auth-token={operators}")).await.status,
        StatusCode::SEE_OTHER,
        "it ended"
    );
}

#[tokio::test]
async fn who_wants_to_stay_signed_in_stays_for_seven_days() {
    let bench = bench().await;
    account(&bench, "mia@example.org").await;
    let line = |answer: &Answer| {
        let lines = answer.headers.get_all(header::SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
        lines.into_iter().find(|line| line.starts_with("auth-token=")).expect("a session").to_owned()
    };
    let session = Browser::of(&bench).sign_in("mia@example.org", PASSWORD).await;
    assert!(!line(&session).contains("Max-Age") && line(&session).contains("; HttpOnly"), "{}", line(&session));
    let fields = [("email", "mia@example.org"), ("password", PASSWORD), ("keep", "yes")];
    let kept = Browser::of(&bench).post("/account/sign-in", &fields).await;
    assert!(line(&kept).contains("; Max-Age=604800"), "{}", line(&kept));
}

#[tokio::test]
async fn sign_out_everywhere_leaves_nobody_in() {
    let bench = bench().await;
    let (mut here, _) = signed_in(&bench, "mia@example.org").await;
    let mut there = Browser::of(&bench);
    there.sign_in("mia@example.org", PASSWORD).await;
    here.post("/account/sign-out", &[("everywhere", "yes")]).await;
    assert_eq!(there.get("/account").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn after_block_all_and_without_cookies_it_is_said_what_is_needed() {
    let bench = bench().await;
    let today = (time::OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000)).date();
    let consent = cookie_policy::Consent::new(&web::registry::SITE, None, cookie_policy::Signal::default(), today);
    let blocked = format!("cookie-consent={}", consent.block_all().to_cookie_value(&Site::loopback().key));
    for path in ["/account/sign-up", "/account/sign-in", "/account/forgot"] {
        let page = bench.get(path, &blocked).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        assert!(page.text().contains("auth-token") && page.text().contains("value=\"essential-only\""), "{path}");
        let sent = bench.post(path, &blocked).await;
        assert_eq!(sent.status, StatusCode::FORBIDDEN, "{path}");
        let bare = get(path, "").method("POST").body(Body::from("email=mia%40example.org")).expect("a request");
        let answer = bench.send(bare).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        assert!(answer.text().contains("Your browser did not keep the cookie"), "{path}");
    }
    no_mail(&bench).await;
}

#[tokio::test]
async fn a_decision_about_cookies_is_linked_to_an_account_while_there_is_one() {
    let bench = bench().await;
    let (mut mia, account) = signed_in(&bench, "mia@example.org").await;
    mia.post("/cookies/decide", &[("choice", "essential-only")]).await;
    assert_eq!(bench.store.consents.of_account(account.id).await.expect("the database").len(), 1);
    mia.post("/account/delete", &[("password", PASSWORD)]).await;
    assert!(bench.store.consents.of_account(account.id).await.expect("the database").is_empty());
    assert_eq!(bench.store.consents.count().await.expect("the database"), 1, "the evidence stays");
    let _: Email = account.email;
}
