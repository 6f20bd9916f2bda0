//! Who is asking: the account that the browser is signed in to, or the guest's session that its cookie opens.
//!
//! `auth-token` holds one session at a time, an account's or the operator's, or says whose password was right
//! ([`SignInToken`]); `session-id` holds a guest's. A guest's tracks come along to the account with the first request that has both.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use cookie_policy::{Cookie as _, Essential, Granted, Jar};
use domain::{Owner, SessionKind, SessionToken, SignInToken, Stay};
use store::Member;

use crate::app::AppState;
use crate::page::Problem;
use crate::registry::{AuthToken, CsrfToken, SessionIdCookie};

/// A visitor with a valid session. As an extractor it answers 404 to everybody else, as if there were nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visitor {
    pub(crate) owner: Owner,
}

impl Visitor {
    async fn find(parts: &mut Parts, state: &AppState) -> Result<Option<Self>, Problem> {
        if let Some(member) = member(parts, state).await? {
            return Ok(Some(Self { owner: member.owner }));
        }
        let Some(token) = guest(jar(parts)?) else {
            return Ok(None);
        };
        let session = state.store.sessions.resume(&token, state.limits.session).await?;
        Ok(session.map(|session| Self { owner: session.owner() }))
    }
}

impl FromRequestParts<AppState> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        Self::find(parts, state).await?.ok_or_else(Problem::not_found)
    }
}

impl OptionalFromRequestParts<AppState> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Option<Self>, Problem> {
        Self::find(parts, state).await
    }
}

/// Who is signed in, as an extension of a request that asked before.
#[derive(Clone)]
struct Known(Option<Member>);

/// The account that the browser is signed in to.
pub(crate) async fn member(parts: &mut Parts, state: &AppState) -> Result<Option<Member>, Problem> {
    if let Some(Known(member)) = parts.extensions.get() {
        return Ok(member.clone());
    }
    let jar = jar(parts)?.clone();
    let member = look_up(state, &jar).await?;
    parts.extensions.insert(Known(member.clone()));
    Ok(member)
}

/// The same where no request is at hand any more.
pub(crate) async fn look_up(state: &AppState, jar: &Jar) -> Result<Option<Member>, Problem> {
    let Some(SignInToken { kind: SessionKind::Account, secret }) = token(jar) else {
        return Ok(None);
    };
    let member = state.store.sign_ins.resume(&secret).await?;
    if let Some(member) = &member {
        bring_along(state, jar, member.owner).await?;
    } else {
        // It ended, or the account was deleted elsewhere: what belongs to it leaves this browser, too.
        jar.expire::<AuthToken>();
        jar.expire::<CsrfToken>();
    }
    Ok(member)
}

/// Takes a guest's tracks along to the account that they are signed in to.
pub(crate) async fn bring_along(state: &AppState, jar: &Jar, to: Owner) -> Result<(), Problem> {
    if let Some(guest) = guest(jar) {
        state.store.sessions.bring_along(&guest, to).await?;
        jar.expire::<SessionIdCookie>();
    }
    Ok(())
}

/// What `auth-token` holds, whether or not it opens anything.
pub(crate) fn token(jar: &Jar) -> Option<SignInToken> {
    jar.get::<AuthToken>()?.parse().ok()
}

fn guest(jar: &Jar) -> Option<SessionToken> {
    jar.get::<SessionIdCookie>()?.parse().ok()
}

/// Hands a browser the session that it has just been signed in to. The one that it had, of whichever kind, ends: a
/// browser is signed in once, and what was planted in it before opens nothing.
pub(crate) async fn hand_over(
    state: &AppState,
    jar: &Jar,
    granted: &Granted<Essential>,
    token: SignInToken,
    stay: Stay,
) -> Result<(), Problem> {
    end(state, jar).await?;
    store_token(jar, granted, &token, stay)
}

/// Gives the session that the browser is signed in to an account with another secret, since what it may do has changed:
/// whoever got hold of the old one holds nothing any more.
pub(crate) async fn rotate(state: &AppState, jar: &Jar, granted: &Granted<Essential>) -> Result<(), Problem> {
    let Some(SignInToken { kind: SessionKind::Account, secret }) = token(jar) else { return Ok(()) };
    let Some((secret, stay)) = state.store.sign_ins.rotate(&secret).await? else { return Ok(()) };
    store_token(jar, granted, &SignInToken { kind: SessionKind::Account, secret }, stay)
}

fn store_token(jar: &Jar, granted: &Granted<Essential>, token: &SignInToken, stay: Stay) -> Result<(), Problem> {
    let value = AuthToken::value(token.reveal()).map_err(|error| Problem::internal(&error))?;
    jar.set(if stay == Stay::Kept { value.kept() } else { value }, granted)?;
    Ok(())
}

/// Ends the session that the browser is signed in with, on the server.
pub(crate) async fn end(state: &AppState, jar: &Jar) -> Result<(), Problem> {
    match token(jar) {
        Some(SignInToken { kind: SessionKind::Account, secret }) => state.store.sign_ins.end(&secret).await?,
        Some(SignInToken { kind: SessionKind::Half, secret }) => {
            state.store.halves.end(&secret).await?;
        }
        Some(SignInToken { kind: SessionKind::Operator, secret }) => state.store.operators.end(&secret).await?,
        None => {}
    }
    Ok(())
}

/// The visitor's cookies, which the policy's layer puts into every request.
pub(crate) fn jar(parts: &Parts) -> Result<&Jar, Problem> {
    parts.extensions.get::<Jar>().ok_or_else(|| Problem::internal(&NoPolicy))
}

#[derive(Debug, thiserror::Error)]
#[error("a request came in past the cookie policy")]
struct NoPolicy;
