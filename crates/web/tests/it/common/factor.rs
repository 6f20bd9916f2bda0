//! Second factors, as tests need them: an app that is set up, and what it shows.

use axum::http::StatusCode;
use domain::{TotpKey, TotpStep};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;

use super::Bench;
use super::member::{Browser, PASSWORD, location, mail};

/// What an app shows, worked out as RFC 6238 and RFC 4226 (section 5.3) have it, apart from the library under test.
pub fn code(key: &[u8], step: u64) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("any length");
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest[19] & 15);
    let four: [u8; 4] = digest[offset..offset + 4].try_into().expect("four bytes");
    format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000)
}

/// An app on somebody's phone, whose clock is right.
pub struct Phone<'b> {
    bench: &'b Bench,
    key: Vec<u8>,
}

impl Phone<'_> {
    pub fn step(&self) -> u64 {
        TotpStep::at(self.bench.store.now()).0
    }

    /// The code of now, or of so many steps beside.
    pub fn shows(&self, beside: i64) -> String {
        code(&self.key, self.step().checked_add_signed(beside).expect("after 1970"))
    }

    /// A code that is not right, and is not by accident.
    pub fn misreads(&self) -> String {
        let near: Vec<_> = (-2..=2).map(|beside| self.shows(beside)).collect();
        (0..10).map(|digit| format!("{digit}23456")).find(|wrong| !near.contains(wrong)).expect("one of ten")
    }

    /// Waits until the app shows a code that was not used yet.
    pub fn next(&self) {
        self.bench.pass(std::time::Duration::from_secs(TotpStep::SECONDS));
    }
}

fn base32(text: &str) -> Vec<u8> {
    let (mut bytes, mut waiting, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes().filter(|letter| *letter != b' ') {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == letter).expect("base 32");
        waiting = waiting << 5 | value as u32;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((waiting >> bits) as u8);
            waiting &= (1 << bits) - 1;
        }
    }
    bytes
}

/// What stands between two marks of a page.
pub fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    text.split_once(before).and_then(|(_, rest)| rest.split_once(after)).map(|(found, _)| found).expect("it is there")
}

/// The codes that a page shows.
pub fn codes(page: &str) -> Vec<String> {
    let parts = page.split("<li><code>").skip(1);
    parts.map(|part| part.split_once("</code>").expect("closed").0.to_owned()).collect()
}

/// Sets up an app. Gives it, and the recovery codes.
pub async fn app<'b>(browser: &mut Browser<'b>) -> (Phone<'b>, Vec<String>) {
    assert_eq!(location(&browser.post("/account/app/begin", &[]).await), "/account/app");
    let page = browser.get("/account/app").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    let key = base32(between(&page.text(), "<p class=\"key\"><code>", "</code>"));
    assert_eq!(key.len(), TotpKey::BYTES);
    let phone = Phone { bench: browser.bench, key };
    let told = browser.post("/account/app", &[("code", &phone.shows(0))]).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text());
    assert_eq!(mail(browser.bench).await.mail.subject, "An authenticator app was set up");
    phone.next();
    (phone, codes(&told.text()))
}

/// Signs in up to the second step.
pub async fn halfway(browser: &mut Browser<'_>, email: &str) {
    let answer = browser.sign_in(email, PASSWORD).await;
    assert!(location(&answer).starts_with("/account/sign-in/second?next="), "{}", answer.text());
}

/// Sends a code in the second step.
pub async fn second(browser: &mut Browser<'_>, field: &str, code: &str) -> super::Answer {
    browser.post("/account/sign-in/second", &[("next", "/tracks"), (field, code)]).await
}
