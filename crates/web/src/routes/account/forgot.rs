//! GET and POST /account/forgot: sends a link to set another password. The answer is the same whether or not the address
//! has an account.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::ask::ask;
use super::client::{Client, Sent};
use super::form::{Form, Input};
use super::{SIGN_IN, identity};
use crate::app::AppState;
use crate::page::Problem;
use crate::visit::Visit;

fn form(email: &str) -> Form {
    Form {
        inputs: vec![Input::email(email)],
        ways: vec![(SIGN_IN.to_owned(), "Back to signing in")],
        ..Form::new(
            "I forgot my password",
            "If the address has an account, we send it a link to choose a new password. It works for an hour.",
            "/account/forgot",
            "Send me the link",
        )
    }
}

pub(crate) async fn get(State(state): State<AppState>, visit: Visit) -> Response {
    form("").answer(&state, &visit, StatusCode::OK, None)
}

pub(crate) async fn post(
    State(state): State<AppState>,
    visit: Visit,
    client: Client,
    sent: Sent,
) -> Result<Response, Problem> {
    ask(&state, &visit, client, &sent, &form, identity::remind).await
}
