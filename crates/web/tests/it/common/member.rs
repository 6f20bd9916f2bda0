//! Somebody with an account, as tests of accounts need them: a browser with a jar, and the mails that come.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{StatusCode, header};
use domain::Account;
use store::WaitingMail;
use web::Limits;

use super::{Answer, Bench, genuine, get};

pub const PASSWORD: &str = "violet anvil teaspoon";
pub const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

pub async fn bench() -> Bench {
    Bench::new(Limits::default()).await
}

/// A browser with a jar of its own.
pub struct Browser<'b> {
    pub bench: &'b Bench,
    pub cookies: BTreeMap<String, String>,
    pub agent: &'static str,
}

impl<'b> Browser<'b> {
    pub fn of(bench: &'b Bench) -> Self {
        Self { bench, cookies: BTreeMap::new(), agent: FIREFOX }
    }

    pub fn cookie(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    pub fn take(&mut self, answer: &Answer) {
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

    pub async fn get(&mut self, path: &str) -> Answer {
        let request = get(path, &self.cookie()).header(header::USER_AGENT, self.agent).body(Body::empty());
        let answer = self.bench.send(request.expect("a request")).await;
        self.take(&answer);
        answer
    }

    /// Sends a form as a page handed it to this browser.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
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

    pub async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        self.post("/account/sign-in", &[("email", email), ("password", password)]).await
    }
}

/// The next mail that waits; background work is given a moment.
pub async fn mail(bench: &Bench) -> WaitingMail {
    for _ in 0..400 {
        if let Some(mail) = bench.store.mails.claim().await.expect("the database") {
            // Or it would come again once time has passed.
            bench.store.mails.sent(&mail).await.expect("the database");
            return mail;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("no mail came");
}

pub async fn no_mail(bench: &Bench) {
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert!(bench.store.mails.claim().await.expect("the database").is_none());
}

/// The address of the link in a mail, on this site.
pub fn link(mail: &WaitingMail) -> String {
    let line = mail.mail.text.lines().find(|line| line.starts_with("http")).expect("a link");
    let escaped = line.replace('&', "&#38;");
    assert!(mail.mail.html.contains(&format!("href=\"{escaped}\"")), "in both parts");
    line.strip_prefix("http://127.0.0.1:8080").expect("this site, whatever the request called it").to_owned()
}

pub fn token(link: &str) -> &str {
    link.split_once("token=").expect("a token").1
}

/// An account that was not signed up for, which takes less time.
pub async fn account(bench: &Bench, email: &str) -> Account {
    let passwords =
        providers::identity::local::Passwords::new(std::sync::Arc::new(domain::OsEntropy), None).expect("ready");
    let hash = passwords.hash(&domain::Password::choose(PASSWORD).expect("long")).await.expect("hashed");
    let (email, name) = (email.parse().expect("an address"), "Mia".parse().expect("a name"));
    bench.store.accounts.add(&email, &name, &hash).await.expect("the database").expect("the address is free")
}

pub async fn signed_in<'b>(bench: &'b Bench, email: &str) -> (Browser<'b>, Account) {
    let account = account(bench, email).await;
    let mut browser = Browser::of(bench);
    assert_eq!(browser.sign_in(email, PASSWORD).await.status, StatusCode::SEE_OTHER);
    mail(bench).await;
    (browser, account)
}

pub fn location(answer: &Answer) -> &str {
    answer.header(header::LOCATION)
}
