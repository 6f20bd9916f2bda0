//! POST /account/password: another password, for whoever knows the one that is set. Other browsers are signed out.

use axum::extract::State;
use axum::response::Response;
use domain::Happening;

use super::HOME;
use super::activity::note;
use super::client::{Client, Sent, SignedIn};
use super::factors::stale_with_factor;
use super::identity;
use super::letters::{Letter, post as post_letter};
use super::prove::{Proof, prove};
use super::show::{Done, done, refuse, show};
use crate::app::AppState;
use crate::page::Problem;
use crate::visit::Visit;
use crate::visitor;

pub(crate) async fn post(
    State(state): State<AppState>,
    visit: Visit,
    client: Client,
    SignedIn(member): SignedIn,
    Sent { fields, granted }: Sent,
) -> Result<Response, Problem> {
    let account = &member.account;
    if let Some(first) = stale_with_factor(&state, &member, HOME).await? {
        return Ok(first);
    }
    let typed = fields.get("password").unwrap_or_default();
    let proof = prove(&state, &client, &account.email, Some(account), typed).await?;
    if !matches!(proof, Proof::Right(..)) {
        return refuse(&state, &visit, &member, &proof).await;
    }
    let new = fields.get("new").unwrap_or_default();
    if let Err(wrong) = identity::change_password(&state, &member, typed, new).await? {
        return show(&state, &visit, &member, None, Some(&wrong)).await;
    }
    visitor::rotate(&state, &visit.jar, &granted).await?;
    note(&state, account.id, Happening::PasswordChanged, client.device).await;
    post_letter(&state, &Letter::password_changed(account)).await;
    Ok(done(Done::Password))
}
