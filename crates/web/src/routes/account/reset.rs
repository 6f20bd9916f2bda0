//! GET and POST /account/reset: the link in a mail. Opening it changes nothing; the button sets the new password and
//! signs all browsers out.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::{Happening, LinkToken, Purpose};

use super::activity::note;
use super::client::{Client, Sent};
use super::form::{Form, Input};
use super::letters::{Letter, post as post_letter};
use super::prove::choose;
use super::{SIGN_IN, TOKEN, link, over, private};
use crate::app::AppState;
use crate::csrf::Fields;
use crate::page::Problem;
use crate::visit::Visit;

fn form(token: &LinkToken) -> Form {
    Form {
        hidden: vec![(TOKEN, token.reveal())],
        inputs: vec![Input::new_password()],
        ..Form::new(
            "Choose a new password",
            "All browsers are signed out by it, so that nobody stays in who should not.",
            "/account/reset",
            "Set the new password",
        )
    }
}

pub(crate) async fn get(
    State(state): State<AppState>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let token = link(&Fields::of_query(query.as_deref()))?;
    state.store.links.look(Purpose::Reset, &token).await?.ok_or_else(over)?;
    Ok(form(&token).answer(&state, &visit, StatusCode::OK, None))
}

pub(crate) async fn post(
    State(state): State<AppState>,
    visit: Visit,
    client: Client,
    sent: Sent,
) -> Result<Response, Problem> {
    let token = link(&sent.fields)?;
    let email = state.store.links.look(Purpose::Reset, &token).await?.ok_or_else(over)?.email;
    let hash = match choose(&state, sent.fields.get("new").unwrap_or_default(), &[email.as_str()]).await? {
        Ok(hash) => hash,
        Err(wrong) => return Ok(form(&token).wrong(&state, &visit, &wrong)),
    };
    let account = state.store.accounts.reset_password(&token, &hash).await?.ok_or_else(over)?;
    note(&state, account.id, Happening::PasswordChanged, client.device).await;
    post_letter(&state, &Letter::password_changed(&account)).await;
    Ok(private(Redirect::to(&format!("{SIGN_IN}?done=reset")).into_response()))
}
