//! The way out: every `Set-Cookie` line is checked, and the jar's own are written.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use http::{HeaderMap, HeaderValue, Response, header};
use pin_project_lite::pin_project;

use super::check::{Violation, check, forgets};
use super::jar::{Jar, State};
use super::{Mode, Site, headers, line};
use crate::decide::{Choice, Reason, Standing};
use crate::declare::{CONSENT_COOKIE, DAY_S, Kind, MEMORY_DAYS};

pin_project! {
    /// The response on its way out through the policy.
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        site: Arc<Site>,
        jar: Jar,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(inner: F, site: Arc<Site>, jar: Jar) -> Self {
        Self { inner, site, jar }
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.inner.poll(cx))?;
        enforce(response.headers_mut(), this.site, this.jar);
        Poll::Ready(Ok(response))
    }
}

fn enforce(headers: &mut HeaderMap, site: &Site, jar: &Jar) {
    let mut state = jar.state();
    let foreign = headers.contains_key(header::SET_COOKIE);
    if foreign {
        filter(headers, site, jar, &mut state);
    }
    let mut lines = own_lines(site, &state);
    lines.extend(deletions(site, jar.0.unagreed, &state));
    if state.erase {
        headers::clear_site_data(headers, true);
    } else if state.decided && stores_nothing(&state) {
        headers::clear_site_data(headers, false);
    }
    let sets_cookie = !lines.is_empty() || headers.contains_key(header::SET_COOKIE);
    for line in lines {
        let value = HeaderValue::from_str(&line).expect("names and values were checked to be header text");
        headers.append(header::SET_COOKIE, value);
    }
    if sets_cookie || foreign || jar.0.depends.load(Ordering::Relaxed) {
        headers::vary(headers);
        headers::cache_control(headers, sets_cookie);
    }
}

/// Takes out the lines that break the policy.
fn filter(headers: &mut HeaderMap, site: &Site, jar: &Jar, state: &mut State) {
    let mut foreign = headers.get_all(header::SET_COOKIE).iter();
    if !state.decided && foreign.any(|line| forgets(line.as_bytes(), jar.0.now)) {
        state.consent = state.consent.with(None);
        state.decided = true;
    }
    let verdicts: Vec<_> = headers
        .get_all(header::SET_COOKIE)
        .iter()
        .map(|line| check(line.as_bytes(), &state.consent, jar.0.now, site.secure))
        .collect();
    if verdicts.iter().all(Result::is_ok) {
        return;
    }
    let lines: Vec<HeaderValue> = headers.get_all(header::SET_COOKIE).iter().cloned().collect();
    headers.remove(header::SET_COOKIE);
    for (line, verdict) in lines.into_iter().zip(verdicts) {
        match verdict {
            Ok(()) => {
                headers.append(header::SET_COOKIE, line);
            }
            Err(violation) => report(site, state, &violation),
        }
    }
}

fn report(site: &Site, state: &mut State, violation: &Violation) {
    // Whoever chose to be asked has a cookie withheld until the answer. That is the policy at work, not a breach.
    if let Violation::Withheld(name, Reason::Unanswered | Reason::NotNow) = violation {
        tracing::debug!(cookie = name, "withheld {name} until the visitor answers");
        if let Some(item) = site.registry.find(name) {
            state.queue(item);
        }
        return;
    }
    match site.mode {
        Mode::Strip => tracing::error!(%violation, "kept a cookie from leaving: {violation}"),
        Mode::Panic => panic!("cookie policy: {violation}"),
    }
}

/// What handlers set through the jar and, where a decision or a question is new, the consent cookie.
fn own_lines(site: &Site, state: &State) -> Vec<String> {
    let mut lines = Vec::new();
    for outgoing in &state.outgoing {
        let agreed = !state.erase && state.consent.standing(outgoing.item).is_agreed();
        match &outgoing.set {
            Some((value, life_s)) if agreed => {
                lines.push(line::to_set(outgoing.item, value, *life_s, site.secure));
            }
            _ => lines.push(line::to_expire(outgoing.item, site.secure)),
        }
    }
    let changed = state.decided || state.asked;
    let decision = state.consent.decision().filter(|_| changed && !state.erase);
    if let (Some(decision), Some(item)) = (decision, site.registry.find(CONSENT_COOKIE)) {
        let age_days = (state.consent.today() - decision.date()).whole_days().max(0) as u32;
        let life_s = u32::from(MEMORY_DAYS).saturating_sub(age_days).max(1) * DAY_S;
        lines.push(line::to_set(item, &decision.to_cookie_value(&site.key), Some(life_s), site.secure));
    }
    lines
}

/// Deletes what the browser holds without agreement: after a decision everything that is not agreed to, else what it
/// just sent.
fn deletions(site: &Site, unagreed: u64, state: &State) -> Vec<String> {
    if unagreed == 0 && !state.decided && !state.erase {
        return Vec::new();
    }
    let items = site.registry.items().iter().enumerate().filter(|(i, item)| {
        let gone = if item.is_consent() {
            state.consent.decision().is_none() && (state.decided || state.erase)
        } else {
            let sent = unagreed & 1 << i != 0;
            state.erase || (sent || state.decided) && !state.consent.standing(item).is_agreed()
        };
        let already = state.outgoing.iter().any(|outgoing| outgoing.item.name == item.name);
        gone && item.is_own_cookie() && !already
    });
    items.map(|(_, item)| line::to_expire(item, site.secure)).collect()
}

/// Whether everything goes: after Block All, and where web storage is declared but none of it agreed to.
fn stores_nothing(state: &State) -> bool {
    if state.consent.decision().is_some_and(|decision| decision.choice() == Choice::BlockAll) {
        return true;
    }
    let mut storage = state.consent.registry().items().iter().filter(|item| item.kind != Kind::Cookie).peekable();
    storage.peek().is_some() && storage.all(|item| matches!(state.consent.standing(item), Standing::Withheld(_)))
}
