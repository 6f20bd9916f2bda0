//! GET and POST /account/sign-up: asks for an address and sends it a link. The answer is the same whether or not the
//! address has an account; only its reader learns that.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::{Email, Purpose};

use super::client::{Client, Sent};
use super::form::{Form, Input};
use super::letters::{post_exists, post_link};
use super::prove::sentence;
use super::{HOME, SIGN_IN, private};
use crate::app::AppState;
use crate::page::{Here, message};
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

pub(crate) async fn post(State(state): State<AppState>, visit: Visit, client: Client, sent: Sent) -> Response {
    let typed = sent.fields.get("email").unwrap_or_default();
    let email: Email = match typed.parse() {
        Ok(email) => email,
        Err(error) => return form(typed).wrong(&state, &visit, &sentence(&error)),
    };
    if let Err(wait) = state.accounts.mails_asked.begin(&client.peer.network()) {
        return form(typed).wait(&state, &visit, wait);
    }
    let to = email.clone();
    // In the background: how long it takes would tell whether there is an account.
    let background = state.clone();
    tokio::spawn(async move {
        let done = async {
            match background.store.accounts.find_by_email(&to).await? {
                Some(account) => post_exists(&background, &account).await,
                None => post_link(&background, Purpose::Confirm, &to, None).await?,
            }
            Ok::<_, store::Error>(())
        };
        if let Err(error) = done.await {
            tracing::error!(%error, "a sign-up failed: {error}");
        }
    });
    look_into_mail(&state, &visit, &email)
}

/// What everybody is told who asked for a link, whatever comes of it.
pub(super) fn look_into_mail(state: &AppState, visit: &Visit, email: &Email) -> Response {
    let text = format!(
        "A mail is on its way to {email}. Open the link in it to go on, in this browser if you can. If nothing comes within \
         some minutes, look among the unwanted mails, and whether the address is right."
    );
    private(message(state, visit, Here::Account, "Look into your mail", &text, ("/", "Master a mix meanwhile")))
}
