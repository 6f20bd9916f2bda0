//! GET and POST /account/forgot: sends a link to set another password. The answer is the same whether or not the address
//! has an account.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::Purpose;

use super::SIGN_IN;
use super::ask::ask;
use super::client::{Client, Sent};
use super::form::{Form, Input};
use super::letters::post_link;
use crate::app::AppState;
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

pub(crate) async fn post(State(state): State<AppState>, visit: Visit, client: Client, sent: Sent) -> Response {
    ask(&state, &visit, client, &sent, (&form, "a link to reset a password"), |state, email| async move {
        let account = state.store.accounts.find_by_email(&email).await?;
        if let Some(account) = account.filter(|account| account.disabled_at.is_none()) {
            post_link(&state, Purpose::Reset, &email, Some(&account)).await?;
        }
        Ok(())
    })
}
