//! POST /account/email asks for another address and sends it a link; GET and POST /account/email/confirm are where it
//! leads. The old address is told.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::{Email, Happening, Purpose};

use super::activity::note;
use super::ask::look_into_mail;
use super::client::{Client, Sent, SignedIn};
use super::factors::stale_with_factor;
use super::form::Form;
use super::identity::{self, Link};
use super::letters::{Letter, post as post_letter};
use super::prove::{Proof, prove, sentence};
use super::show::{refuse, show, wait};
use super::{HOME, TOKEN, private};
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
    if !matches!(proof, Proof::Right(..)) {
        return refuse(&state, &visit, &member, &proof).await;
    }
    if let Err(time) = state.accounts.mails_asked.begin(&client.peer.network()) {
        return wait(&state, &visit, &member, time).await;
    }
    identity::ask_for_email(&state, account, &email).await?;
    Ok(look_into_mail(&state, &visit, &email))
}

fn form(link: &Link, email: Option<&Email>) -> Form {
    let address = email.map_or("the address that this mail went to", Email::as_str);
    Form {
        hidden: vec![(TOKEN, link.reveal())],
        ..Form::new(
            "Use this address",
            format!("From then on you sign in with {address}, and our mails go there."),
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
    let link = Link::of(&state, &Fields::of_query(query.as_deref()))?;
    let email = link.address(&state, Purpose::ChangeEmail).await?;
    Ok(form(&link, email.as_ref()).answer(&state, &visit, StatusCode::OK, None))
}

pub(crate) async fn confirm(
    State(state): State<AppState>,
    visit: Visit,
    client: Client,
    sent: Sent,
) -> Result<Response, Problem> {
    let link = Link::of(&state, &sent.fields)?;
    let Some(moved) = identity::move_by_link(&state, &link).await? else {
        let text =
            "One link is used. Another one was sent to your other address: open that as well, and the change is made.";
        return Ok(private(message(&state, &visit, Here::Account, "Half of it is done", text, (HOME, "Your account"))));
    };
    if visit.member.as_ref().is_some_and(|member| member.account.id == moved.account.id) {
        visitor::rotate(&state, &visit.jar, &sent.granted).await?;
    }
    note(&state, moved.account.id, Happening::AddressChanged, client.device).await;
    post_letter(&state, &Letter::moved(&moved.account, &moved.from)).await;
    let text = format!("You sign in with {} from now on. The old address was told.", moved.account.email);
    Ok(private(message(&state, &visit, Here::Account, "Your address was changed", &text, (HOME, "Your account"))))
}
