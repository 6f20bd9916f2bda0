//! Who is asking: the session that the browser's cookie opens.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use cookie_policy::Jar;
use domain::{Owner, SessionToken};

use crate::app::AppState;
use crate::page::Problem;
use crate::registry::SessionIdCookie;

/// A visitor with a valid session. As an extractor it answers 404 to everybody else, as if there were nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visitor {
    pub(crate) owner: Owner,
}

impl Visitor {
    async fn find(parts: &Parts, state: &AppState) -> Result<Option<Self>, Problem> {
        let token = jar(parts)?.get::<SessionIdCookie>().and_then(|text| text.parse::<SessionToken>().ok());
        let Some(token) = token else {
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

/// The visitor's cookies, which the policy's layer puts into every request.
pub(crate) fn jar(parts: &Parts) -> Result<&Jar, Problem> {
    parts.extensions.get::<Jar>().ok_or_else(|| Problem::internal(&NoPolicy))
}

#[derive(Debug, thiserror::Error)]
#[error("a request came in past the cookie policy")]
struct NoPolicy;
