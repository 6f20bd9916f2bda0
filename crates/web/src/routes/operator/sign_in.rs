//! GET and POST /operator/sign-in: whoever knows the operator's token is let in.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use domain::{SessionKind, SignInToken, Stay};

use super::{HOME, SIGN_IN, private, secret, shell, signed_in};
use crate::app::AppState;
use crate::consent::{Back, Need, interstitial};
use crate::csrf::{self, Protected};
use crate::page::{Problem, Shell, page};
use crate::registry::CsrfToken;
use crate::throttle::Peer;
use crate::visit::Visit;
use crate::visitor;

#[derive(Template)]
#[template(path = "operator/sign-in.html")]
struct SignInPage {
    shell: Shell,
    csrf: String,
    kept: bool,
    message: Option<String>,
}

pub(crate) async fn get(State(state): State<AppState>, visit: Visit) -> Result<Response, Problem> {
    secret(&state)?;
    if signed_in(&state, &visit.jar).await?.is_some() {
        return Ok(Redirect::to(HOME).into_response());
    }
    Ok(form(&state, &visit, StatusCode::OK, false, None))
}

fn form(state: &AppState, visit: &Visit, status: StatusCode, kept: bool, message: Option<String>) -> Response {
    // Block All is taken at its word: first the visitor has to want it otherwise.
    let Ok(csrf) = csrf::field(&visit.jar, state.entropy.as_ref()) else {
        return interstitial(state, visit, Need::SignIn, &Back::of(SIGN_IN));
    };
    private(page(status, &SignInPage { shell: shell(state, visit), csrf, kept, message }))
}

pub(crate) async fn post(
    State(state): State<AppState>,
    visit: Visit,
    peer: Peer,
    sent: Result<Protected, Problem>,
) -> Result<Response, Problem> {
    let secret = secret(&state)?;
    let Ok(granted) = visit.jar.essential() else {
        return Ok(interstitial(&state, &visit, Need::SignIn, &Back::of(SIGN_IN)));
    };
    if visit.jar.get::<CsrfToken>().is_none() {
        return Err(no_cookies());
    }
    let Protected(fields) = sent?;
    let kept = fields.get("keep").is_some();
    let from = peer.network();
    if let Err(wait) = state.operator_tries.begin(&from) {
        let seconds = wait.as_secs() + 1;
        let message = format!("Too many wrong tokens came from your address. Wait {seconds} seconds, then try again.");
        let mut response = form(&state, &visit, StatusCode::TOO_MANY_REQUESTS, kept, Some(message));
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        return Ok(response);
    }
    if !secret.is(fields.get("token").unwrap_or_default()) {
        tracing::warn!(%from, "somebody tried to sign in as operator with a wrong token");
        let message = "That is not the operator's token. It is in the place that the program names when it starts.";
        return Ok(form(&state, &visit, StatusCode::UNAUTHORIZED, kept, Some(message.to_owned())));
    }
    state.operator_tries.clear(&from);
    let stay = if kept { Stay::Kept } else { Stay::Session };
    let secret = state.store.operators.begin(stay).await?;
    visitor::hand_over(&state, &visit.jar, &granted, SignInToken { kind: SessionKind::Operator, secret }, stay).await?;
    tracing::info!(%from, "the operator signed in");
    Ok(private(Redirect::to(&format!("{HOME}?{}", super::show::FRESH)).into_response()))
}

/// Said instead of sending somebody in circles.
pub(super) fn no_cookies() -> Problem {
    Problem {
        way_on: (SIGN_IN, "Try again"),
        ..Problem::new(
            StatusCode::FORBIDDEN,
            "Your browser did not keep the cookie",
            "Signing in needs two cookies, csrf-token while you do it and auth-token while you are signed in. This browser \
             keeps none from this site. Allow them for this site, then try again.",
        )
    }
}
