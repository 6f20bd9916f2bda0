//! GET and POST /account/confirm: the link in a mail. Opening it changes nothing; the button makes the account.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::{Email, PersonName, Purpose, Stay};

use super::client::{Client, Sent};
use super::enter::enter;
use super::factors::begin;
use super::form::{Form, Input};
use super::identity::{self, Link};
use super::prove::sentence;
use super::sign_in::{NEXT, next};
use super::{SIGN_IN, TOKEN, private};
use crate::app::AppState;
use crate::consent::Back;
use crate::csrf::Fields;
use crate::page::Problem;
use crate::visit::Visit;

fn form(link: &Link, email: Option<&Email>, name: &str, next: &Back) -> Form {
    let lead = email
        .map_or_else(|| "For your account.".to_owned(), |email| format!("For your account with the address {email}."));
    Form {
        hidden: vec![(TOKEN, link.reveal()), (NEXT, next.to_string())],
        inputs: vec![Input::name(name), Input::new_password()],
        small: "This signs you in and sets one cookie, auth-token, until the browser is closed.",
        ..Form::new("Choose a password", lead, "/account/confirm", "Make my account")
    }
}

pub(crate) async fn get(
    State(state): State<AppState>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let fields = Fields::of_query(query.as_deref());
    let link = Link::of(&state, &fields)?;
    let email = link.address(&state, Purpose::Confirm).await?;
    Ok(form(&link, email.as_ref(), "", &next(fields.get(NEXT))).answer(&state, &visit, StatusCode::OK, None))
}

pub(crate) async fn post(
    State(state): State<AppState>,
    visit: Visit,
    client: Client,
    Sent { fields, granted }: Sent,
) -> Result<Response, Problem> {
    let link = Link::of(&state, &fields)?;
    let email = link.address(&state, Purpose::Confirm).await?;
    let typed = fields.get("name").unwrap_or_default();
    let next = next(fields.get(NEXT));
    let form = form(&link, email.as_ref(), typed, &next);
    let name: PersonName = match typed.parse() {
        Ok(name) => name,
        Err(error) => return Ok(form.wrong(&state, &visit, &sentence(&error))),
    };
    let account = match identity::confirm(&state, &link, &name, fields.get("new").unwrap_or_default()).await? {
        Ok(account) => account,
        Err(wrong) => return Ok(form.wrong(&state, &visit, &wrong)),
    };
    if state.store.factors.of(account.id).await?.any() {
        // An account that was there already, and asks for more than a link.
        return Ok(private(Redirect::to(SIGN_IN).into_response()));
    }
    // From here on this kind of browser is known.
    if let Some(begun) = begin(&state, &account, client).await? {
        state.store.attempts.succeeded(&begun).await?;
    }
    enter(&state, &visit, &granted, account.id, Stay::Session, client).await?;
    tracing::info!(account = %account.id, "an account was made: {}", account.id);
    Ok(private(Redirect::to(next.as_str()).into_response()))
}
