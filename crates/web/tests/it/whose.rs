//! Whose is it? Every address with a part that is left open, asked by everybody whom it does not concern: another
//! account, a guest with tracks of their own, and somebody without any cookie. To them there is nothing, whatever the
//! method. The list of addresses is the router's own: a new one fails here until this file says whose it is.

use crate::common::authenticator::{Device, add};
use crate::common::factor::app;
use crate::common::member::{Browser, location, signed_in};
use crate::common::stripe::{StubStripe, send_event};
use crate::common::{Bench, get};
use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use domain::{Act, Actor};

/// What is the same for everybody: these open nothing that is anybody's.
const EVERYBODYS: [&str; 4] =
    ["/account/oauth/{provider}", "/assets/{version}/{name}", "/cookies/versions/{version}", "/help/{topic}"];

/// What Mia has, by the parts that patterns leave open.
struct Hers {
    track: String,
    session: String,
    passkey: String,
    purchase: String,
    account: String,
}

impl Hers {
    /// The address under a pattern that is hers; nothing for a pattern that nobody has thought about yet.
    fn address(&self, pattern: &str) -> Option<String> {
        let id = match pattern.split('/').nth(1)? {
            "tracks" => &self.track,
            "account" if pattern.starts_with("/account/sessions/") => &self.session,
            "account" if pattern.starts_with("/account/passkeys/") => &self.passkey,
            "purchases" => &self.purchase,
            // Not even hers: an administrator's.
            "admin" if pattern.starts_with("/admin/accounts/") => &self.account,
            _ => return None,
        };
        let path = pattern.replace("{id}", id).replace("{kind}", "wav24").replace("{act}", "enable");
        (!path.contains('{')).then_some(path)
    }
}

fn asks_to_sign_in(pattern: &str) -> bool {
    pattern.starts_with("/account/") || pattern.starts_with("/purchases/") || pattern.ends_with("/unlock")
}

fn open_patterns() -> Vec<&'static str> {
    web::patterns().into_iter().filter(|pattern| pattern.contains('{') && !EVERYBODYS.contains(pattern)).collect()
}

/// The methods that the router has a handler for.
async fn methods(bench: &Bench, path: &str) -> Vec<Method> {
    let answer = bench.send(get(path, "").method("TRACE").body(Body::empty()).expect("a request")).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    let allowed = answer.header(header::ALLOW).split(',').map(|method| method.trim().parse().expect("a method"));
    allowed.collect()
}

/// Asks in one way, with a form of this site's own where it is a form.
async fn ask(browser: &mut Browser<'_>, method: &Method, path: &str) -> StatusCode {
    if *method == Method::POST {
        let password = ("password", crate::common::member::PASSWORD);
        let credits = [("way", "give"), ("credits", "1"), ("reason", "a test"), ("seen", "has-0")];
        return browser.post(path, &[&[password, ("name", "Mine")], &credits[..]].concat()).await.status;
    }
    let request = get(path, &browser.cookie()).method(method.clone()).body(Body::empty());
    browser.bench.send(request.expect("a request")).await.status
}

#[tokio::test]
async fn what_has_an_id_is_its_owners_alone() {
    let stripe = StubStripe::start().await;
    let bench = stripe.bench().await;
    let (mut ada, adas) = signed_in(&bench, "ada@example.org").await;
    bench.store.admins.change(Actor::CommandLine, Act::MakeAdmin, adas.id).await.expect("the database");
    app(&mut ada).await;
    let (mut mia, mias) = signed_in(&bench, "mia@example.org").await;
    let uploaded = bench.upload(&mia.cookie(), crate::common::form("mix.wav", b"a mix", &[])).await;
    let track = location(&uploaded).trim_start_matches("/tracks/").trim_end_matches("?fresh").to_owned();
    bench.work().await;
    add(&mut mia, &mut Device::new(1), "Key ring").await;
    let passkey = bench.store.passkeys.list(mias.id).await.expect("the database")[0].id.to_string();
    let led = mia.post("/purchases", &[("product", "single"), ("track", &track)]).await;
    let checkout = stripe.session(location(&led));
    let purchase = stripe.world().sessions[&checkout]["client_reference_id"].as_str().expect("hers").to_owned();
    let (_, events) = stripe.world().pay(&checkout);
    for event in events {
        assert_eq!(send_event(&bench, &event).await, StatusCode::OK, "{event}");
    }
    let session = bench.store.sign_ins.list(mias.id).await.expect("the database")[0].id.to_string();
    let hers = Hers { track, session, passkey, purchase, account: mias.id.to_string() };

    let (eve, _) = signed_in(&bench, "eve@example.org").await;
    let mut guest = Browser::of(&bench);
    let (_, cookie) = bench.uploaded("other.wav", b"another mix").await;
    let (name, value) = cookie.split_once('=').expect("a pair");
    guest.cookies.insert(name.to_owned(), value.to_owned());
    bench.work().await;
    let mut strangers = [("another account", eve), ("a guest", guest), ("nobody", Browser::of(&bench))];

    let mut asked = 0;
    let mut ways_in = Vec::new();
    for pattern in open_patterns() {
        let path = hers.address(pattern).unwrap_or_else(|| panic!("say in this file whose {pattern} is"));
        for method in methods(&bench, &path).await {
            for (who, browser) in &mut strangers {
                let status = ask(browser, &method, &path).await;
                // Who is not signed in is asked to, before anything is looked up.
                let is_sent_away = *who != "another account" && asks_to_sign_in(pattern);
                let expected = if is_sent_away { StatusCode::SEE_OTHER } else { StatusCode::NOT_FOUND };
                assert_eq!(status, expected, "{method} {path} by {who}");
                asked += 1;
            }
            if pattern.starts_with("/admin/") {
                assert_eq!(
                    ask(&mut mia, &method, &path).await,
                    StatusCode::NOT_FOUND,
                    "{method} {path} by whom it is about"
                );
            }
            ways_in.push((method, path.clone()));
        }
    }
    assert!(asked >= 3 * 15, "{asked}");

    // It was all there, and still is, for her: nothing above was 404 for want of anything to find.
    let ends = |path: &str| ["/remove", "/delete", "/end"].iter().position(|end| path.ends_with(end));
    ways_in.sort_by_key(|(method, path)| (*method == Method::POST, ends(path)));
    for (method, path) in ways_in {
        let browser = if path.starts_with("/admin/") { &mut ada } else { &mut mia };
        let status = ask(browser, &method, &path).await;
        assert!(status.is_success() || status.is_redirection(), "{method} {path} by its owner: {status}");
    }
}

#[tokio::test]
async fn what_is_everybodys_is_still_there() {
    let known = web::patterns();
    for pattern in EVERYBODYS {
        assert!(known.contains(&pattern), "{pattern} is gone: take it off this list");
    }
}
