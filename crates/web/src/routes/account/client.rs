//! Who sent a form, and from where.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use cookie_policy::{Essential, Granted};
use domain::Device;
use store::Member;

use super::{HOME, SIGN_IN};
use crate::app::AppState;
use crate::consent::{Back, Need, interstitial};
use crate::csrf::{Fields, Protected};
use crate::page::Problem;
use crate::registry::CsrfToken;
use crate::throttle::Peer;
use crate::visit::Visit;
use crate::visitor::member;

/// Where a request came from, and with what kind of browser.
#[derive(Debug, Clone, Copy)]
pub(super) struct Client {
    pub(super) peer: Peer,
    pub(super) device: Device,
}

impl<S: Sync> FromRequestParts<S> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let peer = Peer::from_request_parts(parts, state).await?;
        let named = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        Ok(Self { peer, device: Device::of(named.unwrap_or_default()) })
    }
}

/// Somebody who is signed in. Everybody else is sent to sign in first, and comes back to the page that they wanted.
pub(super) struct SignedIn(pub(super) Member);

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        if let Some(member) = member(parts, state).await.map_err(Problem::into_response)? {
            return Ok(Self(member));
        }
        // What answers a form has no address to come back to.
        let wanted = if parts.method == Method::POST { HOME } else { parts.uri.path() };
        let next = Back::of(wanted).encoded();
        Err(super::private(Redirect::to(&format!("{SIGN_IN}?next={next}")).into_response()))
    }
}

/// A form of this part of the site, once it is known that its cookies may be set and that it is this site's own.
pub(super) struct Sent {
    pub(super) fields: Fields,
    pub(super) granted: Granted<Essential>,
}

impl FromRequest<AppState> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, state).await.map_err(Problem::into_response)?;
        let Ok(granted) = visit.jar.essential() else {
            return Err(interstitial(state, &visit, Need::SignIn, &Back::of(SIGN_IN)));
        };
        if visit.jar.get::<CsrfToken>().is_none() {
            return Err(no_cookies().into_response());
        }
        let sent = Protected::from_request(Request::from_parts(parts, body), state).await;
        let Protected(fields) = sent.map_err(Problem::into_response)?;
        Ok(Self { fields, granted })
    }
}

/// Said instead of sending somebody in circles.
fn no_cookies() -> Problem {
    Problem {
        way_on: (SIGN_IN, "Try again"),
        ..Problem::new(
            StatusCode::FORBIDDEN,
            "Your browser did not keep the cookie",
            "An account needs two cookies, csrf-token while you fill in a form and auth-token while you are signed in. \
             This browser keeps none from this site. Allow them for this site, then try again.",
        )
    }
}
