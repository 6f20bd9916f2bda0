//! Supabase's auth server, as far as tests of the site need it: what it answers, and what it remembers. The one that the
//! real client was held against is `e2e/lib/stub-gotrue.mjs`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{Clock, Entropy, OsEntropy, SystemClock};
use hmac::{Hmac, KeyInit as _, Mac as _};
use providers::identity::Identity;
use providers::identity::supabase::{Config, Patience, Settings, Supabase};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use web::{Limits, Site};

use super::Bench;

const SECRET: &str = "the project signs with this secret of its own";

#[derive(Clone)]
pub struct User {
    pub id: String,
    pub email: String,
    pub password: String,
    pub is_confirmed: bool,
    pub is_banned: bool,
    pub new_email: Option<String>,
    pub name: String,
}

struct Session {
    user: String,
    refresh: Vec<String>,
}

#[derive(Default)]
pub struct Memory {
    pub users: BTreeMap<String, User>,
    sessions: BTreeMap<String, Session>,
    links: BTreeMap<String, (String, String)>,
    codes: BTreeMap<String, (String, String)>,
    /// Answers everything with this status.
    pub fault: Option<u16>,
    /// Answers the next request that sets a password with this reason.
    pub password_fault: Option<&'static str>,
    /// Takes addresses for confirmed that nobody confirmed.
    pub takes_unconfirmed: bool,
    /// How long access tokens are good, seconds.
    pub lifetime_s: i64,
    /// What was asked for, with bodies.
    pub asked: Vec<String>,
    /// The secrets of the links that were mailed, with their readers.
    pub mails: Vec<(String, String)>,
    /// Every token that was handed out.
    pub tokens: Vec<String>,
}

pub struct GoTrue {
    pub url: String,
    memory: Mutex<Memory>,
}

fn random(bytes: usize) -> String {
    let mut random = vec![0; bytes];
    OsEntropy.fill(&mut random);
    random.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn uuid() -> String {
    let text = random(16);
    format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
}

fn refusal(status: u16, code: &str) -> Response {
    reply(status, &json!({ "code": code, "message": code }))
}

fn reply(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

impl GoTrue {
    pub async fn start() -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let memory = Mutex::new(Memory { lifetime_s: 3600, ..Memory::default() });
        let gotrue = Arc::new(Self { url, memory });
        let router = Router::new().fallback(serve).with_state(gotrue.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        gotrue
    }

    /// A site that asks it.
    pub async fn bench(self: &Arc<Self>) -> Bench {
        Bench::of(Limits::default(), &self.site(Some("sb_secret_0123456789")), false).await
    }

    pub fn site(&self, service_key: Option<&str>) -> Site {
        let oauth = ["google".to_owned()];
        let settings = Settings {
            url: Some(&self.url),
            anon_key: Some("sb_publishable_0123456789"),
            service_key,
            jwt_secret: Some(SECRET),
            issuer: None,
            oauth: &oauth,
        };
        let patience = Patience { connect: Duration::from_millis(500), answer: Duration::from_secs(5) };
        let config = Config::check(settings).expect("right");
        let supabase = Supabase::new(config, patience, None, Arc::new(SystemClock), Arc::new(OsEntropy));
        Site { identity: Identity::Supabase(supabase), ..Site::loopback() }
    }

    pub fn with<T>(&self, work: impl FnOnce(&mut Memory) -> T) -> T {
        work(&mut self.memory.lock().expect("no panic"))
    }

    /// A user who is there already.
    pub fn add(&self, email: &str, password: &str, is_confirmed: bool) -> User {
        let user = User {
            id: uuid(),
            email: email.to_owned(),
            password: password.to_owned(),
            is_confirmed,
            is_banned: false,
            new_email: None,
            name: String::new(),
        };
        self.with(|memory| memory.users.insert(user.id.clone(), user.clone()));
        user
    }

    pub fn user(&self, email: &str) -> Option<User> {
        self.with(|memory| memory.users.values().find(|user| user.email == email).cloned())
    }

    pub fn change(&self, id: &str, change: impl FnOnce(&mut User)) {
        self.with(|memory| change(memory.users.get_mut(id).expect("a user")));
    }

    pub fn sessions(&self) -> usize {
        self.with(|memory| memory.sessions.len())
    }

    /// The secret of the last link that was mailed to an address; background work is given a moment.
    pub async fn link(&self, email: &str) -> String {
        for _ in 0..400 {
            let found = self.with(|memory| memory.mails.iter().rfind(|(to, _)| to == email).cloned());
            if let Some((_, secret)) = found {
                return secret;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no mail came");
    }

    /// What a browser does that was sent to `address`: signs in as this user, and gets the way back, a path on the site.
    pub fn authorized(&self, address: &str, user: &User) -> String {
        let query = address.strip_prefix(&format!("{}/auth/v1/authorize?", self.url)).expect("the project");
        let query: BTreeMap<_, _> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        assert_eq!((query["provider"].as_str(), query["code_challenge_method"].as_str()), ("google", "s256"));
        let code = uuid();
        self.with(|memory| memory.codes.insert(code.clone(), (query["code_challenge"].clone(), user.id.clone())));
        let path = query["redirect_to"].strip_prefix("http://127.0.0.1:8080").expect("this site").to_owned();
        format!("{path}&code={code}")
    }
}

async fn serve(State(gotrue): State<Arc<GoTrue>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 65536).await.expect("short");
    let path = parts.uri.path().trim_start_matches("/auth/v1").to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let bearer = parts.headers.get(header::AUTHORIZATION).map(|value| value.to_str().expect("ASCII").to_owned());
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    gotrue.with(|memory| {
        memory.asked.push(format!("{} {path}?{query} {body}", parts.method));
        if let Some(status) = memory.fault {
            return refusal(status, "unexpected_failure");
        }
        memory.answer(&gotrue.url, (parts.method.as_str(), &path, &query), bearer.as_deref(), &body)
    })
}

impl Memory {
    fn answer(
        &mut self,
        url: &str,
        (method, path, query): (&str, &str, &str),
        bearer: Option<&str>,
        body: &Value,
    ) -> Response {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let by_email = |memory: &Self, email: &str| memory.users.values().find(|user| user.email == email).cloned();
        match (method, path, query) {
            ("GET", "/settings", _) => reply(200, &json!({ "mailer_autoconfirm": self.takes_unconfirmed })),
            ("POST", "/signup", _) => {
                let email = text("email");
                let known = by_email(self, &email);
                if !known.as_ref().is_some_and(|user| user.is_confirmed) {
                    let id = known.map_or_else(uuid, |user| user.id);
                    let (password, name) = (text("password"), String::new());
                    let (is_confirmed, is_banned, new_email) = (false, false, None);
                    let user = User {
                        id: id.clone(),
                        email: email.clone(),
                        password,
                        is_confirmed,
                        is_banned,
                        new_email,
                        name,
                    };
                    self.users.insert(id.clone(), user);
                    self.mail("signup", &id, &email);
                }
                reply(200, &json!({ "id": uuid(), "email": email }))
            }
            ("POST", "/recover", _) => {
                if let Some(user) = by_email(self, &text("email")) {
                    self.mail("recovery", &user.id, &user.email);
                }
                reply(200, &json!({}))
            }
            ("POST", "/verify", _) => {
                let Some((kind, id)) = self.links.remove(&text("token_hash")) else {
                    return refusal(403, "otp_expired");
                };
                if kind != text("type") {
                    return refusal(403, "otp_expired");
                }
                let user = self.users.get_mut(&id).expect("a user");
                user.is_confirmed = true;
                if let Some(email) = user.new_email.take() {
                    user.email = email;
                }
                self.session(url, &id)
            }
            ("POST", "/token", "grant_type=password") => match by_email(self, &text("email")) {
                Some(user) if user.is_banned => refusal(400, "user_banned"),
                Some(user) if user.password == text("password") && !user.is_confirmed => {
                    refusal(400, "email_not_confirmed")
                }
                Some(user) if user.password == text("password") => self.session(url, &user.id),
                _ => refusal(400, "invalid_credentials"),
            },
            ("POST", "/token", "grant_type=refresh_token") => self.refresh(url, &text("refresh_token")),
            ("POST", "/token", "grant_type=pkce") => {
                let Some((challenge, id)) = self.codes.get(&text("auth_code")).cloned() else {
                    return refusal(404, "flow_state_not_found");
                };
                if URL_SAFE_NO_PAD.encode(Sha256::digest(text("code_verifier"))) != challenge {
                    return refusal(400, "bad_code_verifier");
                }
                self.codes.remove(&text("auth_code"));
                self.session(url, &id)
            }
            ("DELETE", _, _) if path.starts_with("/admin/users/") => {
                let id = path.trim_start_matches("/admin/users/");
                if self.users.remove(id).is_none() {
                    return refusal(404, "user_not_found");
                }
                self.sessions.retain(|_, session| session.user != id);
                reply(200, &json!({}))
            }
            _ => match self.bearer(bearer) {
                Err((status, code)) => refusal(status, code),
                Ok((session, id)) => self.authenticated(path, query, (&session, &id), body),
            },
        }
    }

    fn authenticated(&mut self, path: &str, query: &str, (session, id): (&str, &str), body: &Value) -> Response {
        match path {
            "/logout" => {
                let everywhere = query == "scope=global";
                self.sessions.retain(|other, ended| other != session && !(everywhere && ended.user == id));
                StatusCode::NO_CONTENT.into_response()
            }
            "/user" => {
                if let Some(password) = body["password"].as_str() {
                    if let Some(fault) = self.password_fault.take() {
                        return refusal(422, fault);
                    }
                    password.clone_into(&mut self.users.get_mut(id).expect("a user").password);
                    self.sessions.retain(|other, ended| other == session || ended.user != id);
                }
                if let Some(email) = body["email"].as_str() {
                    if self.users.values().any(|user| user.email == email) {
                        return refusal(422, "email_exists");
                    }
                    self.users.get_mut(id).expect("a user").new_email = Some(email.to_owned());
                    self.mail("email_change", id, email);
                }
                reply(200, &shown(&self.users[id]))
            }
            _ => refusal(404, "not_found"),
        }
    }

    fn mail(&mut self, kind: &str, id: &str, to: &str) {
        let secret = format!("pkce_{}", random(28));
        self.links.insert(secret.clone(), (kind.to_owned(), id.to_owned()));
        self.mails.push((to.to_owned(), secret));
    }

    fn session(&mut self, url: &str, user: &str) -> Response {
        let id = uuid();
        self.sessions.insert(id.clone(), Session { user: user.to_owned(), refresh: vec![random(12)] });
        self.handed_out(url, &id)
    }

    fn refresh(&mut self, url: &str, token: &str) -> Response {
        let found = self.sessions.iter().find(|(_, session)| session.refresh.iter().any(|old| old == token));
        let Some(id) = found.map(|(id, _)| id.clone()) else { return refusal(400, "refresh_token_not_found") };
        let session = self.sessions.get_mut(&id).expect("it");
        if self.users[&session.user].is_banned {
            return refusal(400, "user_banned");
        }
        if session.refresh.last().is_none_or(|last| last != token) {
            self.sessions.remove(&id);
            return refusal(400, "refresh_token_already_used");
        }
        session.refresh.push(random(12));
        self.handed_out(url, &id)
    }

    fn handed_out(&mut self, url: &str, id: &str) -> Response {
        let session = &self.sessions[id];
        let now = SystemClock.now().unix_ms() / 1000;
        let claims = json!({
            "iss": format!("{url}/auth/v1"), "aud": "authenticated", "role": "authenticated", "sub": session.user,
            "iat": now, "exp": now + self.lifetime_s, "session_id": id,
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&json!({ "alg": "HS256", "typ": "JWT" })), part(&claims));
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length");
        mac.update(text.as_bytes());
        let access = format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
        let refresh = session.refresh.last().expect("one").clone();
        let user = shown(&self.users[&session.user]);
        self.tokens.extend([access.clone(), refresh.clone()]);
        reply(200, &json!({ "access_token": access, "refresh_token": refresh, "token_type": "bearer", "user": user }))
    }

    fn bearer(&self, bearer: Option<&str>) -> Result<(String, String), (u16, &'static str)> {
        let claims = bearer.and_then(|bearer| bearer.split('.').nth(1)).ok_or((401, "no_authorization"))?;
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).expect("base64")).expect("JSON");
        if claims["exp"].as_i64().expect("a time") <= SystemClock.now().unix_ms() / 1000 {
            return Err((403, "bad_jwt"));
        }
        let (session, user) =
            (claims["session_id"].as_str().expect("a session"), claims["sub"].as_str().expect("a user"));
        if !self.users.contains_key(user) {
            return Err((403, "user_not_found"));
        }
        if !self.sessions.contains_key(session) {
            return Err((403, "session_not_found"));
        }
        Ok((session.to_owned(), user.to_owned()))
    }
}

fn shown(user: &User) -> Value {
    let confirmed = user.is_confirmed.then_some("2026-01-01T00:00:00Z");
    json!({
        "id": user.id, "email": user.email, "email_confirmed_at": confirmed,
        "user_metadata": { "name": user.name, "email_verified": true },
    })
}
