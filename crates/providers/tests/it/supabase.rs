//! Supabase, played by a server of the test: which tokens are believed, what becomes of faults, and what stays secret.

use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::project::{
    ANON, Project, SECRET, SERVICE, SUBJECT, client_with, hs256, json_response, refusal, session, signed, unsigned,
};
use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{Clock as _, Email, Password, SystemClock};
use providers::identity::supabase::{Error, LinkKind, Reason, Scope, Settings, Supabase, Tokens, Untrusted};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use tokio::time::Instant;

fn mia() -> (Email, Password) {
    ("mia@example.org".parse().expect("an address"), Password::choose("violet anvil teaspoon").expect("long"))
}

async fn sign_in(client: &Supabase) -> Result<Tokens, Error> {
    let (email, password) = mia();
    client.sign_in(&email, &password).await.map(|signed_in| signed_in.tokens)
}

#[tokio::test]
async fn a_token_of_each_kind_that_projects_sign_with_is_believed() {
    let project = Project::start().await;
    let claims = project.claims();
    let ed = |claims: &Value| {
        let text = unsigned(&json!({ "alg": "EdDSA", "kid": "ed" }), claims);
        signed(&text, project.ed25519.sign(text.as_bytes()).as_ref())
    };
    for token in [project.good(), project.rs256(&json!({ "alg": "RS256", "kid": "rsa" }), &claims), ed(&claims)] {
        project.hand_out(&token);
        sign_in(&project.client()).await.expect("believed");
    }
    project.hand_out(&hs256(SECRET.as_bytes(), &json!({ "alg": "HS256" }), &claims));
    let client = client_with(Settings { jwt_secret: Some(SECRET), ..project.settings() });
    let (email, password) = mia();
    let signed_in = client.sign_in(&email, &password).await.expect("believed");
    assert_eq!(signed_in.person.subject, SUBJECT);
    assert_eq!(signed_in.person.email, Some(email), "in one spelling");
    assert!(signed_in.person.is_confirmed);
    assert_eq!(signed_in.person.name.expect("the one that is a name").as_str(), "Mia Öz");
    assert!(
        project.last().contains(r#"{"email":"mia@example.org","password":"violet anvil teaspoon"}"#),
        "{}",
        project.last()
    );
}

#[tokio::test]
async fn an_algorithm_is_the_keys_and_not_what_a_token_says() {
    let project = Project::start().await;
    let claims = project.claims();
    let keys = project.keys();
    let public = keys["keys"][1]["n"].as_str().expect("RSA").as_bytes().to_vec();
    let spki = project.rs256.public().as_ref().to_vec();
    let none = |alg: &str| format!("{}.", unsigned(&json!({ "alg": alg }), &claims));
    let with_secret = client_with(Settings { jwt_secret: Some(SECRET), ..project.settings() });
    let cases = [
        ("none", none("none"), Untrusted::Algorithm),
        ("None", none("None"), Untrusted::Algorithm),
        ("no algorithm", format!("{}.", unsigned(&json!({}), &claims)), Untrusted::Algorithm),
        (
            "HS256 with the modulus",
            hs256(&public, &json!({ "alg": "HS256", "kid": "rsa" }), &claims),
            Untrusted::Signature,
        ),
        ("HS256 with the key", hs256(&spki, &json!({ "alg": "HS256", "kid": "rsa" }), &claims), Untrusted::Signature),
        ("HS512", hs256(SECRET.as_bytes(), &json!({ "alg": "HS512" }), &claims), Untrusted::Algorithm),
        ("PS256", project.rs256(&json!({ "alg": "PS256", "kid": "rsa" }), &claims), Untrusted::Algorithm),
        (
            "ES256 with the other kid",
            project.es256(&json!({ "alg": "ES256", "kid": "rsa" }), &claims),
            Untrusted::Unknown,
        ),
        ("RS256 with the EC kid", project.rs256(&json!({ "alg": "RS256", "kid": "ec" }), &claims), Untrusted::Unknown),
        (
            "empty signature",
            format!("{}.", unsigned(&json!({ "alg": "ES256", "kid": "ec" }), &claims)),
            Untrusted::Signature,
        ),
        (
            "zero signature",
            signed(&unsigned(&json!({ "alg": "ES256", "kid": "ec" }), &claims), &[0; 64]),
            Untrusted::Signature,
        ),
        ("two parts", unsigned(&json!({ "alg": "ES256" }), &claims), Untrusted::Form),
        ("four parts", format!("{}.x", project.good()), Untrusted::Form),
        ("too long", format!("{}{}", project.good(), "x".repeat(40_000)), Untrusted::Form),
        ("nothing", String::new(), Untrusted::Form),
    ];
    for (what, token, expected) in cases {
        project.hand_out(&token);
        assert_eq!(sign_in(&with_secret).await, Err(Error::Untrusted(expected)), "{what}");
    }
    let changed = project.claims_but(&json!({ "sub": "99999999-2222-4333-8444-555555555555" }));
    let good = project.good();
    let signature = good.rsplit('.').next().expect("three parts");
    let header = good.split('.').next().expect("three parts");
    project.hand_out(&format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(changed.to_string())));
    assert_eq!(sign_in(&with_secret).await, Err(Error::Untrusted(Untrusted::Signature)));
}

#[tokio::test]
async fn a_secret_that_is_published_and_a_key_that_a_token_brings_sign_nothing() {
    let project = Project::start().await;
    let claims = project.claims();
    // No secret is set: the service is asked about tokens with HS256, and knows nothing of this one.
    let session = session(&hs256(SECRET.as_bytes(), &json!({ "alg": "HS256", "kid": "oct" }), &claims));
    project.answer(move |path| match path {
        "/auth/v1/user" => refusal(403, "bad_jwt"),
        _ => json_response(StatusCode::OK, &session),
    });
    let error = sign_in(&project.client()).await.expect_err("not believed");
    assert_eq!(error.reason(), Some(&Reason::BadToken));

    let own = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).expect("a key");
    let own =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, own.as_ref(), &SystemRandom::new()).expect("it");
    let point = own.public_key().as_ref();
    let jwk = json!({ "kty": "EC", "crv": "P-256",
        "x": URL_SAFE_NO_PAD.encode(&point[1..33]), "y": URL_SAFE_NO_PAD.encode(&point[33..]) });
    for header in [
        json!({ "alg": "ES256", "kid": "mine", "jwk": jwk }),
        json!({ "alg": "ES256", "kid": "mine", "jku": "https://evil.example/jwks.json" }),
        json!({ "alg": "ES256", "kid": "ec", "jwk": jwk }),
    ] {
        let text = unsigned(&header, &claims);
        let signature = own.sign(&SystemRandom::new(), text.as_bytes()).expect("signed");
        project.hand_out(&signed(&text, signature.as_ref()));
        let error = sign_in(&project.client()).await.expect_err("not believed");
        assert!(matches!(error, Error::Untrusted(Untrusted::Unknown | Untrusted::Signature)), "{header}: {error:?}");
    }
}

#[tokio::test]
async fn without_the_secret_the_service_says_whether_an_older_token_is_its_own() {
    let project = Project::start().await;
    let hand_out = |claims: &Value, user: Response| {
        let user = Mutex::new(Some(user));
        let session = session(&hs256(SECRET.as_bytes(), &json!({ "alg": "HS256" }), claims));
        project.answer(move |path| match path {
            "/auth/v1/user" => user.lock().expect("no panic").take().expect("asked once"),
            _ => json_response(StatusCode::OK, &session),
        });
    };
    let user = |id: &str| json_response(StatusCode::OK, &json!({ "id": id, "email": "mia@example.org" }));
    hand_out(&project.claims(), user(SUBJECT));
    assert!(sign_in(&project.client()).await.is_ok());
    hand_out(&project.claims(), user("99999999-2222-4333-8444-555555555555"));
    assert_eq!(sign_in(&project.client()).await, Err(Error::Untrusted(Untrusted::Subject)));
    hand_out(&project.claims_but(&json!({ "iss": "https://other.example" })), user(SUBJECT));
    assert_eq!(sign_in(&project.client()).await, Err(Error::Untrusted(Untrusted::Issuer)));
}

#[tokio::test]
async fn a_token_is_for_this_project_these_users_and_this_time() {
    let project = Project::start().await;
    let client = project.client();
    let now = SystemClock.now().unix_ms() / 1000;
    let cases = [
        (json!({ "iss": "https://abcdefgh.supabase.co/auth/v1" }), Untrusted::Issuer),
        (json!({ "iss": null }), Untrusted::Issuer),
        (json!({ "aud": "someone-else" }), Untrusted::Audience),
        (json!({ "aud": ["someone-else"] }), Untrusted::Audience),
        (json!({ "aud": null }), Untrusted::Audience),
        (json!({ "role": "service_role" }), Untrusted::Audience),
        (json!({ "role": "anon" }), Untrusted::Audience),
        (json!({ "exp": now - 31 }), Untrusted::Expired),
        (json!({ "exp": null }), Untrusted::Expired),
        (json!({ "nbf": now + 60 }), Untrusted::Early),
        (json!({ "iat": now + 60 }), Untrusted::Early),
        (json!({ "sub": null }), Untrusted::Subject),
        (json!({ "sub": "" }), Untrusted::Subject),
        (json!({ "sub": "../admin" }), Untrusted::Subject),
        (json!({ "sub": SUBJECT.replace('1', "A") }), Untrusted::Subject),
        (json!({ "sub": "99999999-2222-4333-8444-555555555555" }), Untrusted::Subject),
        (json!({ "is_anonymous": true }), Untrusted::Subject),
    ];
    for (changed, expected) in cases {
        project.hand_out(&project.es256(&json!({ "alg": "ES256", "kid": "ec" }), &project.claims_but(&changed)));
        assert_eq!(sign_in(&client).await, Err(Error::Untrusted(expected)), "{changed}");
    }
    for fine in [json!({ "aud": ["x", "authenticated"] }), json!({ "exp": now - 10 }), json!({ "nbf": now + 10 })] {
        project.hand_out(&project.es256(&json!({ "alg": "ES256", "kid": "ec" }), &project.claims_but(&fine)));
        assert!(sign_in(&client).await.is_ok(), "{fine}");
    }
}

#[tokio::test]
async fn keys_are_fetched_once_and_an_invented_name_costs_no_more() {
    let project = Project::start().await;
    let client = project.client();
    project.hand_out(&project.good());
    for _ in 0..3 {
        sign_in(&client).await.expect("believed");
    }
    assert_eq!(project.jwks_asked.load(Ordering::SeqCst), 1);
    for kid in ["a", "b", "c"] {
        project.hand_out(&project.es256(&json!({ "alg": "ES256", "kid": kid }), &project.claims()));
        assert_eq!(sign_in(&client).await, Err(Error::Untrusted(Untrusted::Unknown)));
    }
    assert_eq!(project.jwks_asked.load(Ordering::SeqCst), 1, "it was fetched just now");
    *project.jwks.lock().expect("no panic") = json!({ "keys": "none" });
    project.hand_out(&project.good());
    assert!(sign_in(&client).await.is_ok(), "what is known stays");
}

#[tokio::test]
async fn whatever_is_wrong_with_the_service_is_known_soon_and_told_apart() {
    let project = Project::start().await;
    let client = project.client();
    project.answer(|_| {
        let forever = Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
        Response::new(forever)
    });
    let began = Instant::now();
    assert!(matches!(sign_in(&client).await, Err(Error::Down(_))), "too slow");
    assert!(began.elapsed() < Duration::from_secs(3));
    project.answer(|_| {
        let endless = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 65536]));
        Response::new(Body::from_stream(endless))
    });
    let began = Instant::now();
    assert!(matches!(sign_in(&client).await, Err(Error::Down(_))), "too much");
    assert!(began.elapsed() < Duration::from_secs(3));
    for body in ["", "{", "null", "[]", "<html>", r#"{"access_token":"x"}"#, r#"{"access_token":1,"refresh_token":2}"#]
    {
        project.answer(move |_| body.into_response());
        assert!(matches!(sign_in(&client).await, Err(Error::Down(_))), "{body}");
    }
    project.answer(|_| refusal(500, "unexpected_failure"));
    assert!(matches!(sign_in(&client).await, Err(Error::Down(_))));
    project.answer(|_| (StatusCode::FOUND, [(header::LOCATION, "http://127.0.0.1:9/")]).into_response());
    assert!(matches!(sign_in(&client).await, Err(Error::Down(_))), "a redirection is not followed");
    project.answer(|_| StatusCode::SERVICE_UNAVAILABLE.into_response());
    assert!(matches!(sign_in(&client).await, Err(Error::Unreachable(_))));
    project.answer(|_| (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "7")]).into_response());
    assert_eq!(sign_in(&client).await, Err(Error::Busy(Duration::from_secs(7))));
    project.answer(|_| refusal(400, "invalid_credentials"));
    assert_eq!(sign_in(&client).await.expect_err("wrong").reason(), Some(&Reason::Credentials));
    let nobody = client_with(Settings { url: Some("http://127.0.0.1:9"), ..project.settings() });
    let error = sign_in(&nobody).await.expect_err("nobody is there");
    assert!(matches!(error, Error::Unreachable(_)) && error.is_passing() && !error.ends_session(), "{error}");
}

#[tokio::test]
async fn what_is_secret_shows_nowhere() {
    let project = Project::start().await;
    let client = project.client();
    project.hand_out(&project.good());
    let (email, password) = mia();
    let signed_in = client.sign_in(&email, &password).await.expect("believed");
    let refreshed = client.refresh(&signed_in.tokens).await.expect("believed");
    assert!(project.last().contains("POST /auth/v1/token?grant_type=refresh_token apikey=sb_publishable_"));
    assert!(project.last().contains(r#"{"refresh_token":"hush-refresh"}"#));
    let sealed = client.seal(&refreshed.tokens, "row");
    assert_eq!(client.open(&sealed, "row"), Ok(refreshed.tokens.clone()));
    assert!(client.open(&sealed, "another row").is_err());
    let access = project.good();
    let shown = format!("{client:?} {signed_in:?} {sealed}");
    for secret in ["hush", SERVICE, ANON, &access[..40], "violet", "mia@"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
    project.answer(|_| refusal(400, "a token: eyJhbGciOi.hush"));
    let error = client.refresh(&refreshed.tokens).await.expect_err("refused");
    assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
}

#[tokio::test]
async fn a_sign_up_gives_nobody_a_password_and_no_browser_a_token() {
    let project = Project::start().await;
    let client = project.client();
    project.answer(|_| json_response(StatusCode::OK, &json!({ "id": SUBJECT, "email": "mia@example.org" })));
    let (email, _) = mia();
    client.sign_up(&email, "https://example.org/account/confirm").await.expect("a mail");
    let (first, asked) = (project.last(), project.last());
    assert!(asked.contains("/signup?redirect_to=https%3A%2F%2Fexample%2Eorg%2Faccount%2Fconfirm"), "{asked}");
    assert!(asked.contains(r#""code_challenge_method":"s256""#), "with it, even the service's own mails hand out none");
    client.sign_up(&email, "https://example.org/account/confirm").await.expect("a mail");
    assert_ne!(project.last(), first, "the password is another one each time");
    // A project that takes any address for confirmed.
    project.hand_out(&project.good());
    let error = client.sign_up(&email, "https://example.org/account/confirm").await;
    assert_eq!(error, Err(Error::Unconfirming));
    assert!(project.last().starts_with("POST /auth/v1/logout?scope=local"), "{}", project.last());
}

#[tokio::test]
async fn links_codes_and_ends_are_asked_for_as_the_service_has_it() {
    let project = Project::start().await;
    let client = project.client();
    project.answer(|_| json_response(StatusCode::OK, &json!({ "msg": "Confirmation link accepted.", "code": "200" })));
    assert_eq!(client.verify(LinkKind::EmailChange, "pkce_0123").await, Ok(None), "half of it");
    assert!(project.last().ends_with(r#"{"token_hash":"pkce_0123","type":"email_change"}"#), "{}", project.last());
    project.answer(|_| refusal(403, "otp_expired"));
    let over = client.verify(LinkKind::Recovery, "pkce_0123").await.expect_err("over");
    assert_eq!(over.reason(), Some(&Reason::LinkOver));

    project.hand_out(&project.good());
    let tokens = sign_in(&client).await.expect("believed");
    let google = ["google".to_owned()];
    let oauth = client_with(Settings { oauth: &google, ..project.settings() });
    let (verifier, address) = oauth.authorize(oauth.oauth()[0], "https://example.org/back?state=1&x=2");
    let other = oauth.authorize(oauth.oauth()[0], "https://example.org/back").0;
    assert_ne!(verifier, other);
    assert_eq!(format!("{verifier:?}"), "Verifier(redacted)");
    assert!(
        address.starts_with(&format!("{}/auth/v1/authorize?provider=google&redirect_to=https%3A%2F%2F", project.url))
    );
    assert!(address.contains("state%3D1%26x%3D2&code_challenge="), "{address}");
    oauth.exchange("the-code", &verifier).await.expect("believed");
    let asked = project.last();
    let sent: Value = serde_json::from_str(&asked[asked.find('{').expect("a body")..]).expect("JSON");
    let sent = sent["code_verifier"].as_str().expect("a text").to_owned();
    let challenge = URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, sent.as_bytes()));
    assert!(
        address.contains(&format!("code_challenge={challenge}&code_challenge_method=s256")),
        "RFC 7636, section 4.2"
    );
    assert!((43..=128).contains(&sent.len()) && !address.contains(&sent));
    let place = oauth.seal_verifier(&verifier, "row");
    assert_eq!(oauth.open_verifier(&place, "row"), Ok(verifier));

    project.answer(|_| StatusCode::NO_CONTENT.into_response());
    client.sign_out(&tokens, Scope::Global).await.expect("out");
    assert!(
        project
            .last()
            .contains("POST /auth/v1/logout?scope=global apikey=sb_publishable_0123456789 authorization=Bearer ey")
    );
    project.answer(|_| refusal(403, "session_not_found"));
    client.sign_out(&tokens, Scope::Local).await.expect("it is over, which is what was wanted");
    project.answer(|_| refusal(403, "bad_jwt"));
    assert!(client.sign_out(&tokens, Scope::Local).await.is_err(), "nothing was ended");

    project.answer(|_| json_response(StatusCode::OK, &json!({})));
    assert_eq!(client.delete(SUBJECT).await, Ok(true));
    assert!(
        project.last().contains(&format!(
            "DELETE /auth/v1/admin/users/{SUBJECT} apikey={SERVICE} authorization=Bearer {SERVICE}"
        ))
    );
    project.answer(|_| refusal(404, "user_not_found"));
    assert_eq!(client.delete(SUBJECT).await, Ok(true), "gone already");
    assert!(client.delete("../../signup").await.is_err());
    let without = client_with(Settings { service_key: None, ..project.settings() });
    assert!(!without.deletes());
    assert_eq!(without.delete(SUBJECT).await, Ok(false));
}
