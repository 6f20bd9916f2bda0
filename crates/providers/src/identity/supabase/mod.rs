//! Supabase as the place where passwords are checked and sign-ins by way of other services end: GoTrue's REST API, spoken
//! by the server alone. A browser never gets a token of Supabase's, nor does a log, a page or a cookie.
//!
//! Each answer with a session is believed only once its access token proved to be the project's own ([`Untrusted`]), and
//! its user to be the token's. Refresh tokens are good once: whoever holds [`Tokens`] refreshes them one after the other,
//! or the service ends the session for fear of a thief. Not here: the pages, what is kept, and whose account somebody is;
//! an address that two have in common makes nobody the other.
//!
//! Sources: github.com/supabase/auth (`internal/api`, `openapi.yaml`), RFC 7519, RFC 7636, RFC 8725.

mod config;
mod http;
mod keyring;
mod person;
mod refusal;
mod ring_provider;
mod seal;
mod token;

use std::fmt;
use std::sync::Arc;

use ::http::{Method, StatusCode};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{Clock, Email, Entropy, Password, PersonName, Timestamp};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

pub use config::{Config, ConfigError, OAuth, Settings};
pub use http::Patience;
pub use person::{Person, SignedIn, Tokens};
pub use refusal::{Error, Reason};
pub use seal::Broken;
pub use token::Untrusted;

use http::{As, Http};
use keyring::Keyring;
use person::{RawSession, RawUser};
use seal::Seal;

/// Longest password that the service takes, bytes: bcrypt reads no further.
pub const MAX_PASSWORD_BYTES: usize = 72;

/// What a link in one of the service's mails is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// Confirms the address of somebody new.
    SignUp,
    /// Lets somebody in who forgot their password.
    Recovery,
    /// Moves somebody to another address.
    EmailChange,
}

impl LinkKind {
    const fn name(self) -> &'static str {
        match self {
            Self::SignUp => "signup",
            Self::Recovery => "recovery",
            Self::EmailChange => "email_change",
        }
    }
}

/// The name under which it is kept who somebody is there.
pub const PROVIDER: &str = "supabase";

/// Which sessions a sign-out ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// This one.
    Local,
    /// All of the user's, those of other programs of the project included.
    Global,
}

/// What is drawn for one sign-in by way of another service, and kept on the server until it comes back (RFC 7636).
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier(String);

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(redacted)")
    }
}

impl Verifier {
    fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, self.0.as_bytes()))
    }
}

/// A project of Supabase. Cloning it is cheap, and all clones share connections and keys.
#[derive(Clone)]
pub struct Supabase(Arc<Inner>);

struct Inner {
    config: Config,
    http: Http,
    keyring: Keyring,
    seal: Seal,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl fmt::Debug for Supabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Supabase").field(&self.0.config).finish()
    }
}

impl Supabase {
    /// `secret` is the site's secret key: tokens that are kept are sealed with a key derived from it.
    pub fn new(
        config: Config,
        patience: Patience,
        secret: Option<&[u8]>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let (http, seal) = (Http::new(patience), Seal::new(secret));
        Self(Arc::new(Inner { config, http, keyring: Keyring::default(), seal, clock, entropy }))
    }

    /// The time, as tokens are looked at.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The services of others that one may sign in with.
    pub fn oauth(&self) -> &[OAuth] {
        &self.0.config.oauth
    }

    /// Whether users can be deleted.
    pub fn deletes(&self) -> bool {
        self.0.config.service_key.is_some()
    }

    /// Has a mail sent to an address that somebody wants an account for. The user that this makes has a password that
    /// nobody knows, so that nobody can choose one for somebody else's address; whoever opens the link chooses it.
    /// Answers alike, and sends nothing, where the address has a confirmed user.
    pub async fn sign_up(&self, email: &Email, redirect_to: &str) -> Result<(), Error> {
        let mut secret = [0; 24];
        self.0.entropy.fill(&mut secret);
        // Of each kind one, as some projects ask for.
        let password = format!("{}aA1!", URL_SAFE_NO_PAD.encode(secret));
        let body = self.with_challenge(json!({ "email": email.as_str(), "password": password }));
        let answer: Value = self.post(&with_redirect("/signup", redirect_to), As::Anybody, body).await?;
        if let Ok(session) = serde_json::from_value::<RawSession>(answer) {
            // An address that nobody confirmed would be believed. It is not, and the session is of no use to anybody.
            let session = self.believe(session).await?;
            self.sign_out(&session.tokens, Scope::Local).await?;
            return Err(Error::Unconfirming);
        }
        Ok(())
    }

    /// Has a mail sent to somebody who forgot their password. Answers alike where the address has no user.
    pub async fn recover(&self, email: &Email, redirect_to: &str) -> Result<(), Error> {
        let body = self.with_challenge(json!({ "email": email.as_str() }));
        self.post::<Value>(&with_redirect("/recover", redirect_to), As::Anybody, body).await.map(drop)
    }

    /// Uses up the link of a mail. `None` where a second link, in a mail to the other address, has to be used as well.
    pub async fn verify(&self, kind: LinkKind, token_hash: &str) -> Result<Option<SignedIn>, Error> {
        let body = json!({ "type": kind.name(), "token_hash": token_hash });
        let answer: Value = self.post("/verify", As::Anybody, body).await?;
        if answer.get("access_token").is_none() && answer.get("msg").is_some() {
            return Ok(None);
        }
        self.believe(read(answer)?).await.map(Some)
    }

    /// Whether the project takes addresses for confirmed that nobody confirmed: anybody could have a user with anybody's.
    pub async fn takes_unconfirmed(&self) -> Result<bool, Error> {
        let Inner { config, http, .. } = &*self.0;
        let settings: Value = http.ask(config, (Method::GET, "/settings"), As::Anybody, None).await?;
        Ok(settings["mailer_autoconfirm"].as_bool().unwrap_or(false))
    }

    /// Signs in with address and password.
    pub async fn sign_in(&self, email: &Email, password: &Password) -> Result<SignedIn, Error> {
        let body = json!({ "email": email.as_str(), "password": password.reveal() });
        let session = self.post("/token?grant_type=password", As::Anybody, body).await?;
        self.believe(session).await
    }

    /// Exchanges tokens for new ones; the old ones are good no more.
    pub async fn refresh(&self, tokens: &Tokens) -> Result<SignedIn, Error> {
        let body = json!({ "refresh_token": tokens.refresh });
        let session = self.post("/token?grant_type=refresh_token", As::Anybody, body).await?;
        self.believe(session).await
    }

    /// Begins a sign-in by way of another service: what to keep, and where to send the browser.
    pub fn authorize(&self, oauth: OAuth, redirect_to: &str) -> (Verifier, String) {
        let verifier = self.verifier();
        let address = format!(
            "{}/authorize?provider={}&redirect_to={}&code_challenge={}&code_challenge_method=s256",
            self.0.config.base,
            oauth.name(),
            encoded(redirect_to),
            verifier.challenge(),
        );
        (verifier, address)
    }

    /// Ends a sign-in by way of another service, with the code that the browser brought back.
    pub async fn exchange(&self, code: &str, verifier: &Verifier) -> Result<SignedIn, Error> {
        let body = json!({ "auth_code": code, "code_verifier": verifier.0 });
        let session = self.post("/token?grant_type=pkce", As::Anybody, body).await?;
        self.believe(session).await
    }

    /// Who these tokens are, asked of the service.
    pub async fn person(&self, tokens: &Tokens) -> Result<Person, Error> {
        self.user(&tokens.access).await.map(Person::from)
    }

    /// Sets a password, and what somebody is called where that is given. All other sessions end by it at the service.
    pub async fn set_password(
        &self,
        tokens: &Tokens,
        current: Option<&Password>,
        new: &Password,
        name: Option<&PersonName>,
    ) -> Result<(), Error> {
        let mut body = json!({ "password": new.reveal() });
        if let Some(current) = current {
            body["current_password"] = json!(current.reveal());
        }
        if let Some(name) = name {
            body["data"] = json!({ "name": name.as_str() });
        }
        self.put::<Value>("/user", As::User(&tokens.access), body).await.map(drop)
    }

    /// Has links sent by which somebody moves to another address.
    pub async fn ask_for_email(&self, tokens: &Tokens, email: &Email, redirect_to: &str) -> Result<(), Error> {
        let body = self.with_challenge(json!({ "email": email.as_str() }));
        self.put::<Value>(&with_redirect("/user", redirect_to), As::User(&tokens.access), body).await.map(drop)
    }

    /// Ends sessions at the service. What is over already is no error.
    pub async fn sign_out(&self, tokens: &Tokens, scope: Scope) -> Result<(), Error> {
        let path = match scope {
            Scope::Local => "/logout?scope=local",
            Scope::Global => "/logout?scope=global",
        };
        match self.send(Method::POST, path, As::User(&tokens.access), None).await {
            Err(error) if error.ends_session() => Ok(()),
            done => done.map(drop),
        }
    }

    /// Deletes a user for good. `false` where that is not configured; who is gone already is no error.
    pub async fn delete(&self, subject: &str) -> Result<bool, Error> {
        let Some(key) = &self.0.config.service_key else { return Ok(false) };
        if !token::is_uuid(subject) {
            return Err(Error::refused(StatusCode::NOT_FOUND, Reason::NoUser));
        }
        let body = json!({ "should_soft_delete": false });
        let path = format!("/admin/users/{subject}");
        match self.send(Method::DELETE, &path, As::Operator(key), Some(body)).await {
            Err(error) if error.reason() == Some(&Reason::NoUser) => Ok(true),
            done => done.map(|_| true),
        }
    }

    /// Tokens as they may be kept, for the row with this name.
    #[expect(clippy::missing_panics_doc, reason = "two texts and a number are JSON")]
    pub fn seal(&self, tokens: &Tokens, place: &str) -> String {
        let text = serde_json::to_string(tokens).expect("two texts and a number are JSON");
        self.0.seal.seal(&text, place, self.0.entropy.as_ref())
    }

    /// What [`Self::seal`] sealed.
    pub fn open(&self, sealed: &str, place: &str) -> Result<Tokens, Broken> {
        serde_json::from_str(&self.0.seal.open(sealed, place)?).map_err(|_| Broken)
    }

    /// A verifier as it may be kept, likewise.
    pub fn seal_verifier(&self, verifier: &Verifier, place: &str) -> String {
        self.0.seal.seal(&verifier.0, place, self.0.entropy.as_ref())
    }

    /// What [`Self::seal_verifier`] sealed.
    pub fn open_verifier(&self, sealed: &str, place: &str) -> Result<Verifier, Broken> {
        self.0.seal.open(sealed, place).map(Verifier)
    }

    fn verifier(&self) -> Verifier {
        let mut secret = [0; 32];
        self.0.entropy.fill(&mut secret);
        Verifier(URL_SAFE_NO_PAD.encode(secret))
    }

    /// Mails whose template is still the service's own would lead back with tokens in the address. With a challenge,
    /// whose secret nobody keeps, they lead back with a code that opens nothing.
    fn with_challenge(&self, mut body: Value) -> Value {
        body["code_challenge"] = json!(self.verifier().challenge());
        body["code_challenge_method"] = json!("s256");
        body
    }

    async fn believe(&self, session: RawSession) -> Result<SignedIn, Error> {
        let claims = self.claims(&session.access_token).await?;
        if claims.subject != session.user.id {
            return Err(Untrusted::Subject.into());
        }
        let tokens = Tokens::new(session.access_token, session.refresh_token, claims.expires_at);
        Ok(SignedIn { person: session.user.into(), tokens })
    }

    async fn claims(&self, token: &str) -> Result<token::Claims, Error> {
        let Inner { config, http, keyring, clock, .. } = &*self.0;
        let secret = config.jwt_secret.as_deref();
        let believe = |keys: &token::Keys| token::believe(token, keys, secret, &config.issuer, clock.now());
        let is_secretly_signed = token::is_hs256(token);
        // Keys are not asked for where none is needed.
        let keys = if is_secretly_signed { token::Keys::default() } else { keyring.keys(http, config, false).await };
        match believe(&keys) {
            Err(Untrusted::Unknown) if !is_secretly_signed => Ok(believe(&keyring.keys(http, config, true).await)?),
            Err(Untrusted::Unknown) => {
                // Signed with a secret that the operator did not tell: its issuer says whether it is its own.
                let user = self.user(token).await?;
                let claims = token::look_unproved(token, &config.issuer, clock.now())?;
                if claims.subject == user.id { Ok(claims) } else { Err(Untrusted::Subject.into()) }
            }
            believed => Ok(believed?),
        }
    }

    async fn user(&self, access: &str) -> Result<RawUser, Error> {
        let Inner { config, http, .. } = &*self.0;
        http.ask(config, (Method::GET, "/user"), As::User(access), None).await
    }

    async fn post<T: serde::de::DeserializeOwned>(&self, path: &str, who: As<'_>, body: Value) -> Result<T, Error> {
        self.0.http.ask(&self.0.config, (Method::POST, path), who, Some(body)).await
    }

    async fn put<T: serde::de::DeserializeOwned>(&self, path: &str, who: As<'_>, body: Value) -> Result<T, Error> {
        self.0.http.ask(&self.0.config, (Method::PUT, path), who, Some(body)).await
    }

    async fn send(&self, method: Method, path: &str, who: As<'_>, body: Option<Value>) -> Result<Vec<u8>, Error> {
        self.0.http.send(&self.0.config, (method, path), who, body).await
    }
}

fn read<T: serde::de::DeserializeOwned>(answer: Value) -> Result<T, Error> {
    serde_json::from_value(answer).map_err(|_| Error::Down("the answer is not what it should be".to_owned()))
}

fn with_redirect(path: &str, redirect_to: &str) -> String {
    format!("{path}?redirect_to={}", encoded(redirect_to))
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
