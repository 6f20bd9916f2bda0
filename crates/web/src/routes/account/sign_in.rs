//! GET and POST /account/sign-in: whoever knows the password gets a session of their own, always a new one, unless the
//! account asks for more ([`super::factors`]).

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::{Email, PasskeyPurpose, SessionKind, SignInToken, Stay};

use super::client::{Client, Sent};
use super::factors::{Means, PasskeyForm, arrive, let_halfway};
use super::form::{Form, Input};
use super::identity::oauth;
use super::private;
use super::prove::{Proof, compare, sentence};
use crate::app::AppState;
use crate::consent::Back;
use crate::csrf::Fields;
use crate::page::Problem;
use crate::visit::Visit;
use crate::visitor;

pub(super) const NEXT: &str = "next";
/// Where signing in leads to unless somebody was on the way to another page.
pub(super) const TRACKS: &str = "/tracks";

fn form(state: &AppState, visit: &Visit, next: &Back, email: &str, keep: bool) -> Form {
    let sign_up = match next.as_str() {
        TRACKS => "/account/sign-up".to_owned(),
        _ => format!("/account/sign-up?{NEXT}={}", next.encoded()),
    };
    let is_operator = matches!(visitor::token(&visit.jar), Some(SignInToken { kind: SessionKind::Operator, .. }));
    Form {
        note: is_operator
            .then(|| "This browser is signed in as operator. Signing in to an account ends that.".to_owned()),
        hidden: vec![(NEXT, next.to_string())],
        inputs: vec![Input::email(email), Input::password()],
        keep: Some(keep),
        passkey: PasskeyForm::of(state, PasskeyPurpose::SignIn, next),
        others: oauth::ways(state),
        small: "Signing in sets one cookie, auth-token: until the browser is closed, or for 7 days if you tick the box.",
        ways: vec![(sign_up, "Make an account"), ("/account/forgot".to_owned(), "I forgot my password")],
        ..Form::new("Sign in", "To your tracks, on every device.", super::SIGN_IN, "Sign in")
    }
}

/// Where somebody wanted to go.
pub(super) fn next(sent: Option<&str>) -> Back {
    sent.map_or_else(|| Back::of(TRACKS), Back::of)
}

pub(crate) async fn get(State(state): State<AppState>, visit: Visit, RawQuery(query): RawQuery) -> Response {
    let fields = Fields::of_query(query.as_deref());
    let next = next(fields.get(NEXT));
    if visit.member.is_some() {
        return private(Redirect::to(next.as_str()).into_response());
    }
    let mut form = form(&state, &visit, &next, "", false);
    form.note = match fields.get("done") {
        Some("reset") => Some("Your new password is set. Sign in with it.".to_owned()),
        Some("late") => Some("The second step took too long, or too many codes were wrong. Start again.".to_owned()),
        Some("passkey") => Some("That passkey was not taken. Try again, or sign in with your password.".to_owned()),
        _ => form.note,
    };
    form.answer(&state, &visit, StatusCode::OK, None)
}

pub(crate) async fn post(
    State(state): State<AppState>,
    visit: Visit,
    client: Client,
    Sent { fields, granted }: Sent,
) -> Result<Response, Problem> {
    let next = next(fields.get(NEXT));
    let typed = fields.get("email").unwrap_or_default();
    let keep = fields.get("keep").is_some();
    let form = form(&state, &visit, &next, typed, keep);
    let email: Email = match typed.parse() {
        Ok(email) => email,
        Err(error) => return Ok(form.wrong(&state, &visit, &sentence(&error))),
    };
    let found = state.store.accounts.find_by_email(&email).await?;
    let password = fields.get("password").unwrap_or_default();
    let (begun, account) = match compare(&state, &client, &email, found.as_ref(), password).await? {
        Proof::Wait(wait) => return Ok(form.wait(&state, &visit, wait)),
        Proof::Wrong => {
            let message = "Address and password do not belong together. If you have no account yet, make one.";
            return Ok(form.answer(&state, &visit, StatusCode::UNAUTHORIZED, Some(message)));
        }
        Proof::Right(begun, account) => (begun, *account),
    };
    if account.disabled_at.is_some() {
        let message = "This account is closed. Write to whoever runs the site; the address is at the foot of the page.";
        return Ok(form.answer(&state, &visit, StatusCode::FORBIDDEN, Some(message)));
    }
    let stay = if keep { Stay::Kept } else { Stay::Session };
    if state.store.factors.of(account.id).await?.any() {
        return let_halfway(&state, &visit, &granted, &account, stay, (&begun, &next)).await;
    }
    arrive(&state, &visit, &granted, (&account, Means::Password), stay, (client, Some(&begun))).await?;
    Ok(private(Redirect::to(next.as_str()).into_response()))
}
