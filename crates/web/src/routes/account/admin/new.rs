//! GET and POST /admin/accounts/new: invites somebody by mail, or makes their account with a first password where no mail
//! reaches them. Where passwords are checked at Supabase, invitations come from there and no password is set here.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::{Actor, Email, Label, PersonName};

use super::super::client::{Client, Sent};
use super::super::factors::stale_with_factor;
use super::super::form::{Form, Input};
use super::super::prove::{choose, sentence};
use super::super::{identity, private};
use super::{Admin, HOME, Unproved};
use crate::app::AppState;
use crate::page::Problem;
use crate::visit::Visit;

/// Where it is.
pub(super) const ADDRESS: &str = "/admin/accounts/new";
/// What the list is told to say afterwards.
pub(super) const INVITED: &str = "invite";
/// What the account's page is told to say afterwards.
pub(super) const CREATED: &str = "create";

const TAKEN: &str = "That address has an account already.";

fn form(state: &AppState, email: &str) -> Form {
    let mut inputs = vec![Input { autocomplete: "off", ..Input::email(email) }];
    if state.accounts.identity.supabase().is_none() {
        inputs.push(Input {
            label: "First password (may stay empty)",
            hint: "Only for somebody whom no mail reaches: you tell them, and they change it. At least 12 characters.",
            required: false,
            ..Input::new_password()
        });
    }
    inputs.push(Input { label: "Your own password", ..Input::password() });
    Form {
        inputs,
        ways: vec![(HOME.to_owned(), "Back to the accounts")],
        ..Form::new(
            "New account",
            "They get a mail with a link that works once, within 24 hours, and choose what they are called and a password \
             that nobody else knows. There is no account until they do.",
            ADDRESS,
            "Make the account",
        )
    }
}

pub(crate) async fn get(State(state): State<AppState>, visit: Visit, _: Admin) -> Response {
    form(&state, "").answer(&state, &visit, StatusCode::OK, None)
}

pub(crate) async fn post(
    State(state): State<AppState>,
    visit: Visit,
    client: Client,
    Admin(member): Admin,
    Sent { fields, .. }: Sent,
) -> Result<Response, Problem> {
    if let Some(first) = stale_with_factor(&state, &member, ADDRESS).await? {
        return Ok(first);
    }
    let own = &member.account;
    let typed = fields.get("email").unwrap_or_default().trim();
    let form = form(&state, typed);
    let email: Email = match typed.parse() {
        Ok(email) => email,
        Err(error) => return Ok(form.wrong(&state, &visit, &sentence(&error))),
    };
    if let Err(unproved) = Unproved::unless_own_password(&state, &client, own, &fields, "done").await? {
        return Ok(unproved.on(form.answer(&state, &visit, unproved.status, Some(&unproved.message))));
    }
    if state.store.accounts.find_by_email(&email).await?.is_some() {
        return Ok(form.answer(&state, &visit, StatusCode::CONFLICT, Some(TAKEN)));
    }
    let password = fields.get("new").filter(|password| !password.is_empty());
    let leads = if let Some(password) = password.filter(|_| state.accounts.identity.supabase().is_none()) {
        let name = PersonName::of_address(&email);
        let hash = match choose(&state, password, &[name.as_str(), email.as_str()]).await? {
            Ok(hash) => hash,
            Err(wrong) => return Ok(form.wrong(&state, &visit, &wrong)),
        };
        let Some(account) = state.store.admins.create(Actor::Admin(own.id), &email, &name, &hash).await? else {
            // Somebody was quicker, with the address or with this administrator's right to.
            return Ok(form.answer(&state, &visit, StatusCode::CONFLICT, Some(TAKEN)));
        };
        tracing::info!(by = %own.id, account = %account.id, "an administrator made an account");
        format!("{HOME}/accounts/{}?done={CREATED}", account.id)
    } else {
        let action: Label = INVITED.parse().expect("a plain word is a label");
        if !state.store.audits.record(Actor::Admin(own.id), &action, None).await? {
            return Err(Problem::not_found());
        }
        if let Err(wait) = identity::ask_in(&state, &email).await? {
            return Ok(form.wait(&state, &visit, wait));
        }
        tracing::info!(by = %own.id, "an administrator invited somebody");
        format!("{HOME}?done={INVITED}")
    };
    Ok(private(Redirect::to(&leads).into_response()))
}
