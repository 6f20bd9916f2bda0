//! GET and POST /account/sign-up: asks for an address and sends it a link. The answer is the same whether or not the
//! address has an account; only its reader learns that.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::ask::ask;
use super::client::{Client, Sent};
use super::form::{Form, Input};
use super::sign_in::{NEXT, TRACKS, next};
use super::{HOME, SIGN_IN, identity};
use crate::app::AppState;
use crate::consent::Back;
use crate::csrf::Fields;
use crate::page::Problem;
use crate::visit::Visit;

fn form(email: &str, next: &Back) -> Form {
    let sign_in = match next.as_str() {
        TRACKS => SIGN_IN.to_owned(),
        _ => format!("{SIGN_IN}?next={}", next.encoded()),
    };
    Form {
        hidden: vec![(NEXT, next.to_string())],
        inputs: vec![Input::email(email)],
        small: "We send this address one mail with a link. Nothing is kept if you do not open it.",
        ways: vec![(sign_in, "I have an account: sign in")],
        ..Form::new(
            "Make an account",
            "With an account your tracks stay until you delete them, on every device. What you mastered in this browser \
             comes along.",
            "/account/sign-up",
            "Send me the link",
        )
    }
}

pub(crate) async fn get(State(state): State<AppState>, visit: Visit, RawQuery(query): RawQuery) -> Response {
    if visit.member.is_some() {
        return Redirect::to(HOME).into_response();
    }
    let back = next(Fields::of_query(query.as_deref()).get(NEXT));
    form("", &back).answer(&state, &visit, StatusCode::OK, None)
}

pub(crate) async fn post(
    State(state): State<AppState>,
    visit: Visit,
    client: Client,
    sent: Sent,
) -> Result<Response, Problem> {
    let back = next(sent.fields.get(NEXT));
    let form = |email: &str| form(email, &back);
    let next = back.clone();
    ask(&state, &visit, client, &sent, &form, |state, email| identity::invite(state, email, next)).await
}
