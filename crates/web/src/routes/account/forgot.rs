//! GET and POST /account/forgot: sends a link to set another password. The answer is the same whether or not the address
//! has an account.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{Email, Purpose};

use super::SIGN_IN;
use super::client::{Client, Sent};
use super::form::{Form, Input};
use super::letters::post_link;
use super::prove::sentence;
use super::sign_up::look_into_mail;
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
    let typed = sent.fields.get("email").unwrap_or_default();
    let email: Email = match typed.parse() {
        Ok(email) => email,
        Err(error) => return form(typed).wrong(&state, &visit, &sentence(&error)),
    };
    if let Err(wait) = state.accounts.mails_asked.begin(&client.peer.network()) {
        return form(typed).wait(&state, &visit, wait);
    }
    let (background, to) = (state.clone(), email.clone());
    // In the background: how long it takes would tell whether there is an account.
    tokio::spawn(async move {
        let done = async {
            let account = background.store.accounts.find_by_email(&to).await?;
            if let Some(account) = account.filter(|account| account.disabled_at.is_none()) {
                post_link(&background, Purpose::Reset, &to, Some(&account)).await?;
            }
            Ok::<_, store::Error>(())
        };
        if let Err(error) = done.await {
            tracing::error!(%error, "a link to reset a password failed: {error}");
        }
    });
    look_into_mail(&state, &visit, &email)
}
