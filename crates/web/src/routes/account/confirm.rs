//! GET and POST /account/confirm: the link in a mail. Opening it changes nothing; the button makes the account.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::{AddressHash, Email, LinkToken, PersonName, Purpose, Stay};
use store::Attempt;

use super::client::{Client, Sent};
use super::enter::enter;
use super::form::{Form, Input};
use super::prove::{choose, sentence};
use super::sign_in::{NEXT, next};
use super::{TOKEN, link, over, private};
use crate::app::AppState;
use crate::consent::Back;
use crate::csrf::Fields;
use crate::page::Problem;
use crate::visit::Visit;

fn form(token: &LinkToken, email: &Email, name: &str, next: &Back) -> Form {
    Form {
        hidden: vec![(TOKEN, token.reveal()), (NEXT, next.to_string())],
        inputs: vec![Input::name(name), Input::new_password()],
        small: "This signs you in and sets one cookie, auth-token, until the browser is closed.",
        ..Form::new(
            "Choose a password",
            format!("For your account with the address {email}."),
            "/account/confirm",
            "Make my account",
        )
    }
}

async fn address(state: &AppState, token: &LinkToken) -> Result<Email, Problem> {
    Ok(state.store.links.look(Purpose::Confirm, token).await?.ok_or_else(over)?.email)
}

pub(crate) async fn get(
    State(state): State<AppState>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let fields = Fields::of_query(query.as_deref());
    let token = link(&fields)?;
    let email = address(&state, &token).await?;
    Ok(form(&token, &email, "", &next(fields.get(NEXT))).answer(&state, &visit, StatusCode::OK, None))
}

pub(crate) async fn post(
    State(state): State<AppState>,
    visit: Visit,
    client: Client,
    Sent { fields, granted }: Sent,
) -> Result<Response, Problem> {
    let token = link(&fields)?;
    let email = address(&state, &token).await?;
    let typed = fields.get("name").unwrap_or_default();
    let next = next(fields.get(NEXT));
    let form = form(&token, &email, typed, &next);
    let name: PersonName = match typed.parse() {
        Ok(name) => name,
        Err(error) => return Ok(form.wrong(&state, &visit, &sentence(&error))),
    };
    let about = [name.as_str(), email.as_str()];
    let hash = match choose(&state, fields.get("new").unwrap_or_default(), &about).await? {
        Ok(hash) => hash,
        Err(wrong) => return Ok(form.wrong(&state, &visit, &wrong)),
    };
    let account = state.store.accounts.confirm(&token, &name, &hash).await?.ok_or_else(over)?;
    // From here on this kind of browser is known.
    if let Attempt::Begun(begun) = state.store.attempts.begin(AddressHash::of(&email), client.device).await? {
        state.store.attempts.succeeded(&begun).await?;
    }
    enter(&state, &visit, &granted, account.id, Stay::Session, client).await?;
    tracing::info!(account = %account.id, "an account was made: {}", account.id);
    Ok(private(Redirect::to(next.as_str()).into_response()))
}
