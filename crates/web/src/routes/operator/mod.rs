//! The operator's page and the way in. For nobody's search engine, and in nobody's count.

pub(crate) mod draw;
pub(crate) mod figures;
pub(crate) mod show;
pub(crate) mod sign_in;
pub(crate) mod sign_out;

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use cookie_policy::Jar;
use domain::{SessionKind, SessionToken, SignInToken};

use crate::app::AppState;
use crate::operator::OperatorToken;
use crate::page::{Here, Problem, Shell};
use crate::visit::Visit;
use crate::visitor;

/// Where signing in leads to.
const HOME: &str = "/operator";
/// Where somebody who is not signed in is sent.
const SIGN_IN: &str = "/operator/sign-in";

/// The secret to be known here; without one there is no operator's page.
fn secret(state: &AppState) -> Result<&OperatorToken, Problem> {
    state.site.operator.as_ref().ok_or_else(Problem::not_found)
}

/// The token of the operator's session, if the browser holds a valid one.
async fn signed_in(state: &AppState, jar: &Jar) -> Result<Option<SessionToken>, Problem> {
    match visitor::token(jar) {
        Some(SignInToken { kind: SessionKind::Operator, secret }) => {
            Ok(state.store.operators.resume(&secret).await?.then_some(secret))
        }
        _ => Ok(None),
    }
}

/// What surrounds the operator's pages. Who looks after the service is not one of its visitors.
fn shell(state: &AppState, visit: &Visit) -> Shell {
    Shell { counts: false, ..state.shell(visit, Here::Elsewhere) }
}

/// Nothing of this is for a search engine, nor to be found in a browser's cache.
fn private(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
