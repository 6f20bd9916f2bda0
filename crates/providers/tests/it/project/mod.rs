//! A project of Supabase, played by a server of the test, with a key of each kind.

#![allow(unreachable_pub, reason = "a module of one test")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{Clock as _, OsEntropy, SystemClock};
use providers::identity::supabase::{Config, Patience, Settings, Supabase};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaPublicKeyComponents,
};
use ring::{hmac, pkcs8};
use serde_json::{Value, json};

pub const SUBJECT: &str = "11111111-2222-4333-8444-555555555555";
pub const SECRET: &str = "an older project's secret, of some length";
pub const ANON: &str = "sb_publishable_0123456789";
pub const SERVICE: &str = "sb_secret_hush_0123456789";

/// A key for tests alone; ring makes no RSA keys of its own.
pub const RSA: &[u8] = include_bytes!("rsa-2048.pk8");

type Answer = Arc<dyn Fn(&str) -> Response + Send + Sync>;

/// The project. Answers to `/.well-known/jwks.json` with its keys, and to all else as the test wants it.
pub struct Project {
    pub url: String,
    pub answer: Mutex<Answer>,
    pub jwks: Mutex<Value>,
    pub jwks_asked: AtomicUsize,
    pub asked: Mutex<Vec<String>>,
    pub es256: EcdsaKeyPair,
    pub ed25519: Ed25519KeyPair,
    pub rs256: RsaKeyPair,
}

impl Project {
    pub async fn start() -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let random = SystemRandom::new();
        let es256: pkcs8::Document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let ed25519 = Ed25519KeyPair::generate_pkcs8(&random).expect("a key");
        let project = Arc::new(Self {
            url: format!("http://{}", listener.local_addr().expect("bound")),
            answer: Mutex::new(Arc::new(|_| StatusCode::NOT_FOUND.into_response())),
            jwks: Mutex::new(json!({ "keys": [] })),
            jwks_asked: AtomicUsize::new(0),
            asked: Mutex::default(),
            es256: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, es256.as_ref(), &random).expect("it"),
            ed25519: Ed25519KeyPair::from_pkcs8(ed25519.as_ref()).expect("it"),
            rs256: RsaKeyPair::from_pkcs8(RSA).expect("an RSA key"),
        });
        *project.jwks.lock().expect("no panic") = project.keys();
        let router = Router::new().fallback(serve).with_state(project.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        project
    }

    pub fn keys(&self) -> Value {
        let point = self.es256.public_key().as_ref();
        let RsaPublicKeyComponents { n, e } = RsaPublicKeyComponents::<Vec<u8>>::from(self.rs256.public());
        let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({ "keys": [
            { "kty": "EC", "crv": "P-256", "x": b64(&point[1..33]), "y": b64(&point[33..]), "kid": "ec", "alg": "ES256" },
            { "kty": "RSA", "n": b64(&n), "e": b64(&e), "kid": "rsa", "use": "sig" },
            { "kty": "OKP", "crv": "Ed25519", "x": b64(self.ed25519.public_key().as_ref()), "kid": "ed" },
            { "kty": "oct", "k": b64(SECRET.as_bytes()), "kid": "oct", "alg": "HS256" },
            { "kty": "lattice", "kid": "new" },
        ] })
    }

    pub fn answer(&self, answer: impl Fn(&str) -> Response + Send + Sync + 'static) {
        *self.answer.lock().expect("no panic") = Arc::new(answer);
    }

    /// Answers each request for a session with this token.
    pub fn hand_out(&self, token: &str) {
        let session = session(token);
        self.answer(move |_| json_response(StatusCode::OK, &session));
    }

    pub fn settings(&self) -> Settings<'_> {
        Settings { url: Some(&self.url), anon_key: Some(ANON), service_key: Some(SERVICE), ..Settings::default() }
    }

    pub fn client(&self) -> Supabase {
        client_with(self.settings())
    }

    pub fn claims(&self) -> Value {
        let now = SystemClock.now().unix_ms() / 1000;
        json!({
            "iss": format!("{}/auth/v1", self.url), "aud": "authenticated", "role": "authenticated", "sub": SUBJECT,
            "iat": now - 1, "exp": now + 3600, "session_id": SUBJECT, "is_anonymous": false,
        })
    }

    pub fn claims_but(&self, changed: &Value) -> Value {
        let mut claims = self.claims();
        for (name, value) in changed.as_object().expect("an object") {
            claims[name] = value.clone();
        }
        claims
    }

    pub fn es256(&self, header: &Value, claims: &Value) -> String {
        let text = unsigned(header, claims);
        let signature = self.es256.sign(&SystemRandom::new(), text.as_bytes()).expect("signed");
        signed(&text, signature.as_ref())
    }

    pub fn rs256(&self, header: &Value, claims: &Value) -> String {
        let text = unsigned(header, claims);
        let mut signature = vec![0; self.rs256.public().modulus_len()];
        self.rs256.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).expect("signed");
        signed(&text, &signature)
    }

    pub fn good(&self) -> String {
        self.es256(&json!({ "alg": "ES256", "kid": "ec" }), &self.claims())
    }

    /// What the project asked for last, with method, address and body.
    pub fn last(&self) -> String {
        self.asked.lock().expect("no panic").last().cloned().unwrap_or_default()
    }
}

pub fn client_with(settings: Settings<'_>) -> Supabase {
    let patience = Patience { connect: Duration::from_millis(300), answer: Duration::from_millis(400) };
    let config = Config::check(settings).expect("right");
    Supabase::new(config, patience, Some(&[7; 32]), Arc::new(SystemClock), Arc::new(OsEntropy))
}

async fn serve(State(project): State<Arc<Project>>, request: Request) -> Response {
    let path = request.uri().path_and_query().map_or("", |path| path.as_str()).to_owned();
    if path.ends_with("/jwks.json") {
        project.jwks_asked.fetch_add(1, Ordering::SeqCst);
        let jwks = project.jwks.lock().expect("no panic").clone();
        return json_response(StatusCode::OK, &jwks);
    }
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 65536).await.expect("short");
    let header = |name| parts.headers.get(name).map_or("-", |value| value.to_str().expect("ASCII"));
    project.asked.lock().expect("no panic").push(format!(
        "{} {path} apikey={} authorization={} {}",
        parts.method,
        header("apikey"),
        header("authorization"),
        String::from_utf8_lossy(&body)
    ));
    let answer = project.answer.lock().expect("no panic").clone();
    answer(&path)
}

pub fn json_response(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

pub fn refusal(status: u16, code: &str) -> Response {
    json_response(StatusCode::from_u16(status).expect("a status"), &json!({ "code": code, "message": "told" }))
}

pub fn session(token: &str) -> Value {
    json!({
        "access_token": token, "token_type": "bearer", "expires_in": 3600, "refresh_token": "hush-refresh",
        "user": {
            "id": SUBJECT, "email": "Mia@Example.org", "email_confirmed_at": "2026-01-01T00:00:00Z",
            "user_metadata": { "name": "Mia\nÖz", "full_name": "Mia Öz", "email_verified": true },
        },
    })
}

pub fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

pub fn signed(text: &str, signature: &[u8]) -> String {
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

pub fn hs256(secret: &[u8], header: &Value, claims: &Value) -> String {
    let text = unsigned(header, claims);
    signed(&text, hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), text.as_bytes()).as_ref())
}
