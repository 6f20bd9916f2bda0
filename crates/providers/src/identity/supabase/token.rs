//! Access tokens: who signed them, for whom, and until when.
//!
//! A token is believed if a key of the project's own signed it with the one algorithm that this key has, for this
//! audience, by this issuer, and now lies within its time. Keys come from the project's JWKS, or are the secret that the
//! operator set; never from the token. Not here: how the JWKS is fetched, and tokens of projects that sign with a secret
//! which is not set ([`Untrusted::Unknown`]; the service itself is asked about those).

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::Timestamp;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::Value;

use super::ring_provider;

/// Longest token, bytes: a user's metadata is in it.
const MAX_BYTES: usize = 32 * 1024;
/// By so much may two clocks differ.
const LEEWAY: Duration = Duration::from_secs(30);
/// Keys of a project that are looked at.
const MAX_KEYS: usize = 16;
/// Whom the tokens of users are for.
const AUDIENCE: &str = "authenticated";

/// Why a token is not believed. Never with the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// No token at all.
    #[error("expected a signed token of three parts, found something else")]
    Form,
    /// Signed with something that nobody uses here, or with nothing.
    #[error("expected a token signed with ES256, RS256, EdDSA or HS256, found another algorithm")]
    Algorithm,
    /// Signed with a key that is not the project's, as far as is known.
    #[error("the key that signed the token is not one of the project's")]
    Unknown,
    /// Changed on the way, or signed with another key.
    #[error("the signature is not that of the token")]
    Signature,
    /// Somebody else's project.
    #[error("the token is from another issuer; supabase_issuer says whose are believed")]
    Issuer,
    /// Not for the users of the project.
    #[error("the token is not for signed-in users")]
    Audience,
    /// Too late.
    #[error("the token has expired")]
    Expired,
    /// Too early.
    #[error("the token is not valid yet; is this machine's clock right?")]
    Early,
    /// Signed in as nobody, or as somebody else than the answer says.
    #[error("the token is not that of the user who was named with it")]
    Subject,
}

/// What a token says, once it is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claims {
    pub(super) subject: String,
    pub(super) expires_at: Timestamp,
}

#[derive(Deserialize)]
struct Raw {
    sub: Option<String>,
    iss: Option<String>,
    aud: Option<Audience>,
    role: Option<String>,
    exp: Option<f64>,
    nbf: Option<f64>,
    iat: Option<f64>,
    is_anonymous: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn has(&self, wanted: &str) -> bool {
        match self {
            Self::One(one) => one == wanted,
            Self::Several(several) => several.iter().any(|one| one == wanted),
        }
    }
}

/// A key, and the one algorithm that it is for.
#[derive(Clone)]
struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    opens: DecodingKey,
}

/// The keys of a project.
#[derive(Clone, Default)]
pub(super) struct Keys(Vec<Key>);

impl Keys {
    /// The public keys of a JWKS. What is no signing key of a known kind is left out, secrets above all: a secret that is
    /// published signs nothing that is believed.
    pub(super) fn of_jwks(text: &[u8]) -> Option<Self> {
        let set: JwkSet = serde_json::from_slice(text).ok()?;
        Some(Self(set.keys.iter().take(MAX_KEYS).filter_map(public).collect()))
    }

    /// The key that a token names.
    fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&Key> {
        let mut fitting = self.0.iter().filter(|key| key.algorithm == algorithm);
        match id {
            Some(_) => fitting.find(|key| key.id.as_deref() == id),
            // Without a name it has to be clear which one is meant.
            None => fitting.next().filter(|_| fitting.next().is_none()),
        }
    }
}

fn public(jwk: &Jwk) -> Option<Key> {
    let (algorithm, name) = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(point) if point.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(point) if point.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        _ => return None,
    };
    let is_for_signatures = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let says_so = jwk.common.key_algorithm.is_none_or(|named| named == name);
    let opens = DecodingKey::from_jwk(jwk).ok().filter(|_| is_for_signatures && says_so)?;
    Some(Key { id: jwk.common.key_id.clone(), algorithm, opens })
}

/// Believes a token, or says why not. `secret` is for tokens signed with HS256, and for these alone.
pub(super) fn believe(
    token: &str,
    keys: &Keys,
    secret: Option<&str>,
    issuer: &str,
    now: Timestamp,
) -> Result<Claims, Untrusted> {
    ring_provider::install();
    if token.len() > MAX_BYTES {
        return Err(Untrusted::Form);
    }
    if token.split('.').count() != 3 {
        return Err(Untrusted::Form);
    }
    // An algorithm that is not known to the library, `none` among them, does not get past here.
    let header = decode_header(token).map_err(|_| Untrusted::Algorithm)?;
    let key = match header.alg {
        Algorithm::HS256 => DecodingKey::from_secret(secret.ok_or(Untrusted::Unknown)?.as_bytes()),
        Algorithm::ES256 | Algorithm::RS256 | Algorithm::EdDSA => {
            keys.find(header.kid.as_deref(), header.alg).ok_or(Untrusted::Unknown)?.opens.clone()
        }
        _ => return Err(Untrusted::Algorithm),
    };
    // The library would ask the system's clock: what a token says is looked at below, with the clock that is passed in.
    let mut validation = Validation::new(header.alg);
    validation.required_spec_claims.clear();
    (validation.validate_exp, validation.validate_nbf, validation.validate_aud) = (false, false, false);
    let data = decode::<Raw>(token, &key, &validation).map_err(|_| Untrusted::Signature)?;
    look(data.claims, issuer, now)
}

/// What a token says, of which nobody checked the signature: only for tokens that their own issuer has just accepted.
pub(super) fn look_unproved(token: &str, issuer: &str, now: Timestamp) -> Result<Claims, Untrusted> {
    let claims = claims_unproved(token).ok_or(Untrusted::Form)?;
    look(serde_json::from_value(claims).map_err(|_| Untrusted::Form)?, issuer, now)
}

/// The claims of anything that looks like a token.
pub(super) fn claims_unproved(token: &str) -> Option<Value> {
    let claims = token.split('.').nth(1).filter(|_| token.len() <= MAX_BYTES)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

fn look(claims: Raw, issuer: &str, now: Timestamp) -> Result<Claims, Untrusted> {
    let moment = |seconds: f64| Timestamp::from_unix_ms((seconds * 1000.0) as i64);
    let expires_at = moment(claims.exp.ok_or(Untrusted::Expired)?);
    if claims.iss.as_deref() != Some(issuer) {
        return Err(Untrusted::Issuer);
    }
    // The keys called anon and service_role are tokens as well, signed with the same secret.
    if !claims.aud.is_some_and(|audience| audience.has(AUDIENCE)) || claims.role.as_deref() != Some(AUDIENCE) {
        return Err(Untrusted::Audience);
    }
    if now >= expires_at + LEEWAY {
        return Err(Untrusted::Expired);
    }
    if [claims.nbf, claims.iat].into_iter().flatten().any(|start| moment(start) > now + LEEWAY) {
        return Err(Untrusted::Early);
    }
    let subject = claims.sub.filter(|subject| is_uuid(subject)).ok_or(Untrusted::Subject)?;
    if claims.is_anonymous == Some(true) {
        return Err(Untrusted::Subject);
    }
    Ok(Claims { subject, expires_at })
}

/// As the service writes it, in lower case: one person has one name.
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

/// Whether a token says of itself that it was signed with a secret.
pub(super) fn is_hs256(token: &str) -> bool {
    token.len() <= MAX_BYTES && decode_header(token).is_ok_and(|header| header.alg == Algorithm::HS256)
}
