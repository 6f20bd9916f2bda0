//! POST /account/email asks for another address and sends it a link; GET and POST /account/email/confirm are where it
//! leads. The old address is told.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::{Email, Happening, LinkToken, Purpose};

use super::activity::note;
use super::ask::look_into_mail;
use super::client::{Client, Sent, SignedIn};
use super::factors::stale_with_factor;
use super::form::Form;
use super::letters::{Letter, post as post_letter, post_exists, post_link};
use super::prove::{Proof, prove, sentence};
use super::show::{refuse, show, wait};
use super::{HOME, TOKEN, link, over, private};
use crate::app::AppState;
use crate::csrf::Fields;
use crate::page::{Here, Problem, message};
use crate::visit::Visit;
use crate::visitor;

pub(crate) async fn post(
    State(state): State<AppState>,
    visit: Visit,
    client: Client,
    SignedIn(member): SignedIn,
    Sent { fields, .. }: Sent,
) -> Result<Response, Problem> {
    let account = &member.account;
    if let Some(first) = stale_with_factor(&state, &member, HOME).await? {
        return Ok(first);
    }
    let email: Email = match fields.get("email").unwrap_or_default().parse() {
        Ok(email) => email,
        Err(error) => return show(&state, &visit, &member, None, Some(&sentence(&error))).await,
    };
    let typed = fields.get("password").unwrap_or_default();
    let proof = prove(&state, &client, &account.email, Some(account), typed).await?;
    if !matches!(proof, Proof::Right(_)) {
        return refuse(&state, &visit, &member, &proof).await;
    }
    if let Err(time) = state.accounts.mails_asked.begin(&client.peer.network()) {
        return wait(&state, &visit, &member, time).await;
    }
    // Whether the address has an account is for its reader alone to know.
    match state.store.accounts.find_by_email(&email).await? {
        Some(other) => post_exists(&state, &other).await,
        None => post_link(&state, Purpose::ChangeEmail, &email, Some(account)).await?,
    }
    Ok(look_into_mail(&state, &visit, &email))
}

fn form(token: &LinkToken, email: &Email) -> Form {
    Form {
        hidden: vec![(TOKEN, token.reveal())],
        ..Form::new(
            "Use this address",
            format!("From then on you sign in with {email}, and our mails go there."),
            "/account/email/confirm",
            "Use this address",
        )
    }
}

pub(crate) async fn look(
    State(state): State<AppState>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let token = link(&Fields::of_query(query.as_deref()))?;
    let email = state.store.links.look(Purpose::ChangeEmail, &token).await?.ok_or_else(over)?.email;
    Ok(form(&token, &email).answer(&state, &visit, StatusCode::OK, None))
}

pub(crate) async fn confirm(
    State(state): State<AppState>,
    visit: Visit,
    client: Client,
    sent: Sent,
) -> Result<Response, Problem> {
    let token = link(&sent.fields)?;
    let moved = state.store.accounts.change_email(&token).await?.ok_or_else(over)?;
    if visit.member.as_ref().is_some_and(|member| member.account.id == moved.account.id) {
        visitor::rotate(&state, &visit.jar, &sent.granted).await?;
    }
    note(&state, moved.account.id, Happening::AddressChanged, client.device).await;
    post_letter(&state, &Letter::moved(&moved.account, &moved.from)).await;
    let text = format!("You sign in with {} from now on. The old address was told.", moved.account.email);
    Ok(private(message(&state, &visit, Here::Account, "Your address was changed", &text, (HOME, "Your account"))))
}
