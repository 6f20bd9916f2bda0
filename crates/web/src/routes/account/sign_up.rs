//! GET and POST /account/sign-up: asks for an address and sends it a link. The answer is the same whether or not the
//! address has an account; only its reader learns that.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::ask::ask;
use super::client::{Client, Sent};
use super::form::{Form, Input};
use super::{HOME, SIGN_IN, identity};
use crate::app::AppState;
use crate::page::Problem;
use crate::visit::Visit;

fn form(email: &str) -> Form {
    Form {
        inputs: vec![Input::email(email)],
        small: "We send this address one mail with a link. Nothing is kept if you do not open it.",
        ways: vec![(SIGN_IN.to_owned(), "I have an account: sign in")],
        ..Form::new(
            "Make an account",
            "With an account your tracks stay until you delete them, on every device. What you mastered in this browser \
             comes along.",
            "/account/sign-up",
            "Send me the link",
        )
    }
}

pub(crate) async fn get(State(state): State<AppState>, visit: Visit) -> Response {
    if visit.member.is_some() {
        return Redirect::to(HOME).into_response();
    }
    form("").answer(&state, &visit, StatusCode::OK, None)
}

pub(crate) async fn post(
    State(state): State<AppState>,
    visit: Visit,
    client: Client,
    sent: Sent,
) -> Result<Response, Problem> {
    ask(&state, &visit, client, &sent, form, identity::invite).await
}
