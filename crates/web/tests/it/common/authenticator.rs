//! A security key made of software: it makes passkeys and answers challenges as WebAuthn has it, and lies where a test
//! wants it to.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Answer;
use super::member::Browser;

/// Where the site of these tests has its passkeys.
pub const ORIGIN: &str = "http://localhost:8080";

const PRESENT: u8 = 1;
const VERIFIED: u8 = 4;
const HAS_KEY: u8 = 64;

/// One passkey in its device. What it says of itself can be changed.
pub struct Device {
    key: EcdsaKeyPair,
    pub id: Vec<u8>,
    pub user: Vec<u8>,
    pub origin: String,
    pub rp: String,
    pub counter: u32,
    pub verifies: bool,
}

pub fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub fn decoded(text: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text.as_str().expect("a text")).expect("base64url")
}

impl Device {
    pub fn new(id: u8) -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).expect("a key");
        let (origin, rp) = (ORIGIN.to_owned(), "localhost".to_owned());
        Self { key, id: vec![id; 32], user: Vec::new(), origin, rp, counter: 0, verifies: true }
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let flags = flags | PRESENT | if self.verifies { VERIFIED } else { 0 };
        [Sha256::digest(&self.rp).as_slice(), &[flags], &self.counter.to_be_bytes()].concat()
    }

    fn client_data(&self, kind: &str, challenge: &Value) -> Vec<u8> {
        let told = json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false });
        told.to_string().into_bytes()
    }

    /// Answers `navigator.credentials.create()`.
    pub fn make(&mut self, options: &Value) -> String {
        self.user = decoded(&options["user"]["id"]);
        let point = self.key.public_key().as_ref();
        // RFC 9053: a map of five, EC2, ES256, P-256, x and y.
        let cose = [b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20", &point[1..33], b"\x22\x58\x20", &point[33..]].concat();
        let mut data = self.data(HAS_KEY);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).expect("short").to_be_bytes());
        data.extend([self.id.as_slice(), &cose].concat());
        let length = u8::try_from(data.len()).expect("short");
        let object = [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".as_slice(), &[length], &data].concat();
        json!({
            "id": encoded(&self.id), "rawId": encoded(&self.id), "type": "public-key", "extensions": {},
            "response": {
                "attestationObject": encoded(&object),
                "clientDataJSON": encoded(&self.client_data("webauthn.create", &options["challenge"])),
            },
        })
        .to_string()
    }

    /// Answers `navigator.credentials.get()`.
    pub fn show(&mut self, options: &Value) -> String {
        self.counter += 1;
        let (data, client) = (self.data(0), self.client_data("webauthn.get", &options["challenge"]));
        let signed = [data.as_slice(), Sha256::digest(&client).as_slice()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).expect("signed");
        json!({
            "id": encoded(&self.id), "rawId": encoded(&self.id), "type": "public-key", "extensions": {},
            "response": {
                "authenticatorData": encoded(&data), "clientDataJSON": encoded(&client),
                "signature": encoded(signature.as_ref()), "userHandle": encoded(&self.user),
            },
        })
        .to_string()
    }
}

/// Asks the site for a challenge. Gives its id, and what the browser is told.
pub async fn challenge(browser: &mut Browser<'_>, purpose: &str) -> (String, Value) {
    let answer = browser.post("/account/passkeys/challenge", &[("for", purpose)]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let told: Value = serde_json::from_slice(&answer.body).expect("JSON");
    (told["challenge"].as_str().expect("an id").to_owned(), told["options"]["publicKey"].clone())
}

/// Adds a passkey to the account that the browser is signed in to.
pub async fn add(browser: &mut Browser<'_>, device: &mut Device, name: &str) -> Answer {
    let (challenge, options) = challenge(browser, "add").await;
    let answer = device.make(&options);
    let fields = [("challenge", challenge.as_str()), ("answer", &answer), ("name", name)];
    browser.post("/account/passkeys", &fields).await
}

/// Signs in with a passkey and nothing else.
pub async fn sign_in(browser: &mut Browser<'_>, device: &mut Device) -> Answer {
    let (challenge, options) = challenge(browser, "sign-in").await;
    let answer = device.show(&options);
    browser.post("/account/sign-in/passkey", &[("challenge", &challenge), ("answer", &answer)]).await
}
