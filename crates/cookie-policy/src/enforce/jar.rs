//! The visitor's cookies in a handler's hands.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::HeaderValue;
use time::OffsetDateTime;

use super::line::MAX_PAIR;
use super::request::pairs;
use crate::decide::{Consent, Decision, Reason, Standing};
use crate::declare::{Cookie, Declaration, Declared, InCategory, Kind, Party, Registry};

/// Proof that the visitor agreed to an item of category `C`. Only [`Jar::ask`] and [`Jar::essential`] make one.
///
/// The category is in the type, so a functional cookie set on the strength of an essential one does not compile.
pub struct Granted<C: InCategory>(PhantomData<C>);

impl<C: InCategory> fmt::Debug for Granted<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Granted({})", C::CATEGORY.as_str())
    }
}

/// The visitor has not agreed to an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Withheld {
    /// The decision does not cover it.
    #[error("{name} is not agreed to ({reason:?}); work without it, or explain what it is for and offer to allow it")]
    NotAgreed {
        /// The item's name.
        name: &'static str,
        /// Why.
        reason: Reason,
    },
    /// The item's type is not in the registry that the layer was given, or is another origin's.
    #[error("{name} is not among the registry's own items; list its type in `registry!`")]
    Unregistered {
        /// The item's name.
        name: &'static str,
    },
}

/// Text that a browser would not store as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadValue {
    /// Name and value are too long together.
    #[error("{name} with its value has {found} bytes; browsers store at most {MAX_PAIR}")]
    TooLong {
        /// The cookie's name.
        name: &'static str,
        /// The length of name and value, in bytes.
        found: usize,
    },
    /// A byte that a cookie's value cannot hold (RFC 6265, section 4.1.1).
    #[error("the value for {name} has {found:?}; encode it, for example as base64url")]
    Byte {
        /// The cookie's name.
        name: &'static str,
        /// The first character at fault.
        found: char,
    },
}

/// A value for the cookie `K`, checked. It lives as long as is declared; a session where the declaration leaves the
/// choice.
pub struct Value<K> {
    text: String,
    life_s: Option<u32>,
    cookie: PhantomData<fn() -> K>,
}

impl<K: Cookie> Value<K> {
    pub(crate) fn new(text: String) -> Result<Self, BadValue> {
        let name = K::DECLARATION.name;
        if let Some(found) = text.chars().find(|&c| !c.is_ascii_graphic() || matches!(c, '"' | ',' | ';' | '\\')) {
            return Err(BadValue::Byte { name, found });
        }
        let found = name.len() + text.len();
        if found > MAX_PAIR {
            return Err(BadValue::TooLong { name, found });
        }
        let life = K::DECLARATION.spec.life;
        let life_s = life.longest_s().filter(|_| !life.may_be_session());
        Ok(Self { text, life_s, cookie: PhantomData })
    }

    /// Keeps the cookie for the declared span where the declaration leaves the choice between that and the session.
    #[must_use]
    pub fn kept(mut self) -> Self {
        self.life_s = K::DECLARATION.spec.life.longest_s();
        self
    }

    /// Ends a persistent cookie earlier than is declared, for example when a token is renewed without a longer life.
    /// More seconds than declared change nothing; a session cookie stays one.
    #[must_use]
    pub fn at_most_s(mut self, seconds: u32) -> Self {
        self.life_s = self.life_s.map(|life| life.min(seconds.max(1)));
        self
    }
}

impl<K: Cookie> fmt::Debug for Value<K> {
    /// The text stays out of logs: it may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({}, {:?} s)", K::DECLARATION.name, self.life_s)
    }
}

/// A cookie that waits for the response.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) item: &'static Declaration,
    /// Value and life in seconds; `None` deletes.
    pub(super) set: Option<(String, Option<u32>)>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) consent: Consent,
    pub(super) outgoing: Vec<Outgoing>,
    /// A decision was made, or withdrawn, in this request.
    pub(super) decided: bool,
    /// A question was queued in this request.
    pub(super) asked: bool,
    pub(super) erase: bool,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) now: OffsetDateTime,
    pub(super) unagreed: u64,
    /// The response depends on decision or cookies.
    pub(super) depends: AtomicBool,
    presented: Vec<HeaderValue>,
    state: Mutex<State>,
}

/// The visitor's cookies and decision, as one request sees them. The layer puts it into the request's extensions;
/// clones share what they hold.
#[derive(Clone, Debug)]
pub struct Jar(pub(super) Arc<Shared>);

impl Jar {
    pub(super) fn new(consent: Consent, now: OffsetDateTime, presented: Vec<HeaderValue>, unagreed: u64) -> Self {
        let state = State { consent, outgoing: Vec::new(), decided: false, asked: false, erase: false };
        let depends = AtomicBool::new(false);
        Self(Arc::new(Shared { now, unagreed, depends, presented, state: Mutex::new(state) }))
    }

    /// A panic in a handler leaves no half-made state behind, for each method makes one change.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reading(&self) -> MutexGuard<'_, State> {
        self.0.depends.store(true, Ordering::Relaxed);
        self.state()
    }

    /// The visitor's standing, with what was decided in this request. From here come new decisions:
    /// `jar.decide(jar.consent().block_all())`.
    pub fn consent(&self) -> Consent {
        self.reading().consent.clone()
    }

    /// The value that the browser sent, if the cookie is agreed to. Where it sent several, the first, which is the one
    /// with the narrowest path.
    pub fn get<K: Cookie>(&self) -> Option<String> {
        let consent = &self.reading().consent;
        let item = own(consent.registry(), &K::DECLARATION).ok()?;
        if !consent.standing(item).is_agreed() {
            return None;
        }
        let mut pairs = self.0.presented.iter().flat_map(|line| pairs(line.as_bytes()));
        let (_, value) = pairs.find(|(name, _)| *name == item.name.as_bytes())?;
        std::str::from_utf8(value).ok().map(str::to_owned)
    }

    /// The value that the browser holds once it has this response: what was set or deleted in this request, or else
    /// [what it sent](Self::get).
    pub fn will_hold<K: Cookie>(&self) -> Option<String> {
        let outgoing = {
            let state = self.reading();
            let found = state.outgoing.iter().find(|outgoing| outgoing.item.name == K::DECLARATION.name);
            found.map(|outgoing| outgoing.set.as_ref().map(|(text, _)| text.clone()))
        };
        outgoing.unwrap_or_else(|| self.get::<K>())
    }

    /// Whether the visitor agrees to this cookie or web-storage item. Where they want to be asked and have not
    /// answered, the question is queued for the page to show.
    pub fn ask<D: Declared>(&self) -> Result<Granted<D::Category>, Withheld> {
        let mut state = self.reading();
        let item = registered(state.consent.registry(), &D::DECLARATION)?;
        match state.consent.standing(item) {
            Standing::Agreed(_) => Ok(Granted(PhantomData)),
            Standing::Withheld(reason) => {
                state.queue(item);
                Err(Withheld::NotAgreed { name: item.name, reason })
            }
        }
    }

    /// Whether the visitor agrees to this cookie or web-storage item. Unlike [`Self::ask`] it asks them nothing.
    pub fn agrees<D: Declared>(&self) -> bool {
        let consent = &self.reading().consent;
        registered(consent.registry(), &D::DECLARATION).is_ok_and(|item| consent.standing(item).is_agreed())
    }

    /// Whether essential cookies may be set. They may not after Block All.
    pub fn essential(&self) -> Result<Granted<crate::Essential>, Withheld> {
        let state = self.reading();
        let mut essential = state.consent.registry().items().iter();
        let withheld = essential.find_map(|item| match state.consent.standing(item) {
            Standing::Withheld(reason) if item.category == crate::Category::Essential => {
                Some(Withheld::NotAgreed { name: item.name, reason })
            }
            _ => None,
        });
        withheld.map_or(Ok(Granted(PhantomData)), Err)
    }

    /// Sets a cookie in the response. The last call for a cookie counts.
    ///
    /// The witness shows that its category was asked about. Whether this very cookie is agreed to is looked up again,
    /// because visitors choose cookie by cookie.
    pub fn set<K: Cookie>(&self, value: Value<K>, granted: &Granted<K::Category>) -> Result<(), Withheld> {
        let Granted(PhantomData) = granted;
        let mut state = self.reading();
        let item = own(state.consent.registry(), &K::DECLARATION)?;
        if let Standing::Withheld(reason) = state.consent.standing(item) {
            state.queue(item);
            return Err(Withheld::NotAgreed { name: item.name, reason });
        }
        state.put(Outgoing { item, set: Some((value.text, value.life_s)) });
        Ok(())
    }

    /// Deletes a cookie, which needs nobody's leave.
    pub fn expire<K: Cookie>(&self) {
        let mut state = self.state();
        if let Ok(item) = own(state.consent.registry(), &K::DECLARATION) {
            state.put(Outgoing { item, set: None });
        }
    }

    /// Takes a new decision: the consent cookie is written, and every declared cookie that is no longer agreed to is
    /// deleted. Where no web storage is agreed to any more, the browser is told to clear it.
    pub fn decide(&self, decision: Decision) {
        let mut state = self.reading();
        state.consent = state.consent.with(Some(decision));
        state.decided = true;
    }

    /// Forgets the decision. The visitor is asked again, and only essential cookies stay.
    pub fn forget(&self) {
        let mut state = self.reading();
        state.consent = state.consent.with(None);
        state.decided = true;
    }

    /// Erases everything that the site stored in the browser, the decision included: for the end of an account.
    pub fn erase(&self) {
        let mut state = self.reading();
        state.consent = state.consent.with(None);
        state.erase = true;
    }
}

impl State {
    fn put(&mut self, outgoing: Outgoing) {
        self.outgoing.retain(|other| other.item.name != outgoing.item.name);
        self.outgoing.push(outgoing);
    }

    pub(super) fn queue(&mut self, item: &Declaration) {
        if let Some(decision) = self.consent.ask(item) {
            self.consent = self.consent.with(Some(decision));
            self.asked = true;
        }
    }
}

fn registered(registry: &'static Registry, item: &Declaration) -> Result<&'static Declaration, Withheld> {
    registry.find(item.name).ok_or(Withheld::Unregistered { name: item.name })
}

/// A registered cookie that this server sets itself; the consent cookie is the layer's.
fn own(registry: &'static Registry, item: &Declaration) -> Result<&'static Declaration, Withheld> {
    let own = registered(registry, item)?;
    let settable = own.kind == Kind::Cookie && !own.is_consent() && !matches!(own.spec.party, Party::Third(_));
    if settable { Ok(own) } else { Err(Withheld::Unregistered { name: own.name }) }
}

#[cfg(feature = "axum")]
impl<S: Sync> axum_core::extract::FromRequestParts<S> for Jar {
    type Rejection = NoLayer;

    async fn from_request_parts(parts: &mut http::request::Parts, _: &S) -> Result<Self, NoLayer> {
        parts.extensions.get::<Self>().cloned().ok_or(NoLayer)
    }
}

/// The service is not wrapped in the layer.
#[cfg(feature = "axum")]
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the request carries no cookie jar; wrap the finished service in `PolicyLayer`")]
pub struct NoLayer;

#[cfg(feature = "axum")]
impl axum_core::response::IntoResponse for NoLayer {
    fn into_response(self) -> axum_core::response::Response {
        (http::StatusCode::INTERNAL_SERVER_ERROR, self.to_string()).into_response()
    }
}
