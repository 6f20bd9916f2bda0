//! GET and POST /account/reset: the link in a mail. Opening it changes nothing; the button sets the new password and
//! signs all browsers out.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::{Happening, Purpose};

use super::activity::note;
use super::client::{Client, Sent};
use super::form::{Form, Input};
use super::identity::{self, Link};
use super::letters::{Letter, post as post_letter};
use super::{SIGN_IN, TOKEN, private};
use crate::app::AppState;
use crate::csrf::Fields;
use crate::page::Problem;
use crate::visit::Visit;

fn form(link: &Link) -> Form {
    Form {
        hidden: vec![(TOKEN, link.reveal())],
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
    let link = Link::of(&state, &Fields::of_query(query.as_deref()))?;
    link.address(&state, Purpose::Reset).await?;
    Ok(form(&link).answer(&state, &visit, StatusCode::OK, None))
}

pub(crate) async fn post(
    State(state): State<AppState>,
    visit: Visit,
    client: Client,
    sent: Sent,
) -> Result<Response, Problem> {
    let link = Link::of(&state, &sent.fields)?;
    let account = match identity::reset(&state, &link, sent.fields.get("new").unwrap_or_default()).await? {
        Ok(account) => account,
        Err(wrong) => return Ok(form(&link).wrong(&state, &visit, &wrong)),
    };
    note(&state, account.id, Happening::PasswordChanged, client.device).await;
    post_letter(&state, &Letter::password_changed(&account)).await;
    Ok(private(Redirect::to(&format!("{SIGN_IN}?done=reset")).into_response()))
}
