//! Paying: what it costs, the way to the payment provider's page and back, and what was bought.
//!
//! Prices are shown where something is sold ([`crate::Till`]); elsewhere these addresses do not exist. Paying needs an
//! account, and so it needs its cookies. A download that is not paid for is answered by [`required`].
//!
//! Not here: what was paid and what it is worth (the store, `domain`).

mod buy;
mod offers;
mod portal;
mod prices;
mod purchase;
mod purchases;
mod unlock;
mod webhook;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use store::Member;

pub(crate) use offers::{Offers, masters, required};
pub(crate) use purchases::Entry;

use crate::app::{AppState, ContentPolicy};
use crate::consent::{Back, Need, interstitial};
use crate::csrf::{Fields, Protected};
use crate::page::Problem;
use crate::till::Till;
use crate::visit::Visit;

/// What was bought.
const HOME: &str = "/purchases";
/// What it costs.
const PRICES: &str = "/prices";

/// All addresses of this part of the site.
pub(crate) fn routes() -> [(&'static str, MethodRouter<AppState>); 6] {
    [
        (PRICES, get(prices::get)),
        (HOME, get(purchases::get).post(buy::post)),
        ("/purchases/{id}", get(purchase::get)),
        ("/purchases/portal", post(portal::post)),
        ("/tracks/{id}/unlock", post(unlock::post)),
        ("/stripe/webhook", post(webhook::post)),
    ]
}

/// Where nothing is sold, there is nothing here.
fn till(state: &AppState) -> Result<&Till, Problem> {
    state.till.as_ref().ok_or_else(Problem::not_found)
}

/// Nothing of this is for a search engine, nor to be found in a browser's cache.
fn private(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A page whose forms lead to the payment provider's pages: browsers hold the way that a form is redirected against the
/// page's own policy, too.
pub(crate) fn leads_to_payment(till: &Till, mut response: Response) -> Response {
    let pages = till.payments.stripe.pages().join(" ");
    let policy = crate::app::POLICY.replace("form-action 'self'", &format!("form-action 'self' {pages}"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.extensions_mut().insert(ContentPolicy(policy));
    }
    response
}

/// A form of this part of the site: from somebody who is signed in, and this site's own.
struct Order {
    member: Member,
    fields: Fields,
}

impl axum::extract::FromRequest<AppState> for Order {
    type Rejection = Response;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Response> {
        use axum::extract::FromRequestParts as _;
        till(state).map_err(Problem::into_response)?;
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, state).await.map_err(Problem::into_response)?;
        // Block All is taken at its word: first the visitor has to want it otherwise.
        if visit.jar.essential().is_err() {
            return Err(interstitial(state, &visit, Need::Payment, &Back::of(PRICES)));
        }
        let Some(member) = visit.member else {
            return Err(private(sign_in_first(&Back::of(PRICES))));
        };
        let sent = Protected::from_request(Request::from_parts(parts, body), state).await;
        let Protected(fields) = sent.map_err(Problem::into_response)?;
        Ok(Self { member, fields })
    }
}

/// To the sign-in, and back to where somebody wanted to be.
fn sign_in_first(back: &Back) -> Response {
    axum::response::Redirect::to(&format!("/account/sign-in?next={}", back.encoded())).into_response()
}

/// The payment provider cannot be asked. Nothing was paid.
fn out_of_order(error: &(dyn std::error::Error + 'static)) -> Problem {
    let causes = domain::causes(error);
    tracing::error!(error = causes, "nobody can pay: {causes}");
    Problem {
        way_on: (HOME, "Your purchases"),
        cause: Some(causes),
        ..Problem::new(
            StatusCode::BAD_GATEWAY,
            "The payment page cannot be reached",
            "Nothing was paid. Stripe, who takes payments for this site, does not answer as it should. Try again in some \
             minutes.",
        )
    }
}
