//! Forms that act for somebody who has a session or signs in: only those that this site handed to this browser count.
//!
//! A signed double submit: `csrf-token` holds a random number, and a hidden field holds its HMAC over the session, so
//! that neither another site nor a cookie planted from a neighbouring host can make up a pair that fits. It comes on top
//! of the check of `Sec-Fetch-Site` and `Origin` that every request passes, for browsers that send neither.
//!
//! Not here: forms of consent, settings and upload. They have to work before any cookie, and do harm to nobody.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use cookie_policy::{Cookie as _, Jar, Withheld};
use domain::Entropy;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::page::Problem;
use crate::registry::{AuthToken, CsrfToken, SessionIdCookie};
use crate::visitor::jar;
use crate::words;

/// The name of the hidden field.
pub(crate) const FIELD: &str = "csrf";
/// A form of ours is never longer, bytes.
const MAX_FORM_BYTES: usize = 64 * 1024;

/// The hidden field's value for a form on the page at hand. Hands the browser its number first, if it has none.
pub(crate) fn field(jar: &Jar, entropy: &dyn Entropy) -> Result<String, Withheld> {
    // What the form comes back with is what the browser holds by then, and not what it sent now.
    let held = jar.will_hold::<CsrfToken>().filter(|token| is_token(token));
    let token = if let Some(token) = held {
        token
    } else {
        let granted = jar.ask::<CsrfToken>()?;
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes);
        let token = words::hex(&bytes);
        // Hexadecimal digits fit into any cookie.
        if let Ok(value) = CsrfToken::value(&token) {
            jar.set(value, &granted)?;
        }
        token
    };
    Ok(genuine(&token, [jar.will_hold::<SessionIdCookie>(), jar.will_hold::<AuthToken>()]))
}

fn is_token(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The one field that goes with a browser's number and its sessions.
fn genuine(token: &str, sessions: [Option<String>; 2]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(token.as_bytes()).expect("HMAC takes a key of any length");
    for part in sessions {
        let part = part.unwrap_or_default();
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    words::hex(&mac.finalize().into_bytes())
}

/// Compares in constant time.
fn is_genuine(jar: &Jar, sent: &str) -> bool {
    let token = jar.get::<CsrfToken>().filter(|token| is_token(token));
    let sessions = [jar.get::<SessionIdCookie>(), jar.get::<AuthToken>()];
    token.is_some_and(|token| genuine(&token, sessions).as_bytes().ct_eq(sent.as_bytes()).into())
}

/// A form's fields, in the order in which they were sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// What an address holds behind its question mark.
    pub(crate) fn of_query(query: Option<&str>) -> Self {
        Self(form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    /// The first value under a name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    /// Every value under a name.
    pub(crate) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<S: Sync> FromRequest<S> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let bytes = read(request.into_body()).await?;
        Ok(Self(form_urlencoded::parse(&bytes).into_owned().collect()))
    }
}

async fn read(body: Body) -> Result<Bytes, Problem> {
    axum::body::to_bytes(body, MAX_FORM_BYTES).await.map_err(|_| {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "That form is too long",
            "More was sent than any form of this site holds. Go back, open the page again and fill it in once more.",
        )
    })
}

/// A form's fields, once its hidden field proved genuine.
#[derive(Debug, Clone)]
pub(crate) struct Protected(pub(crate) Fields);

impl<S: Sync> FromRequest<S> for Protected {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let jar = jar(&parts)?.clone();
        let fields = Fields::from_request(Request::from_parts(parts, body), state).await?;
        if fields.get(FIELD).is_some_and(|sent| is_genuine(&jar, sent)) {
            Ok(Self(fields))
        } else {
            Err(Problem::new(
                StatusCode::FORBIDDEN,
                "This page was open for too long",
                "Since then its key has changed, so nothing was done. Go back, load the page again, and try once more. \
                 If that does not help, allow cookies for this site in your browser.",
            ))
        }
    }
}
