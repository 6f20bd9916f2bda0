//! GET and POST /admin/accounts/{id}/{act}: says what will come of it, asks for the administrator's own password, does it.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::{Account, Act, Actor};
use store::Changed;

use super::super::client::{Client, Sent};
use super::super::factors::stale_with_factor;
use super::super::form::{Form, Input};
use super::super::identity;
use super::super::letters::{Letter, post as post_letter};
use super::super::private;
use super::{Admin, HOME, Unproved, account_id};
use crate::app::AppState;
use crate::page::Problem;
use crate::visit::Visit;

/// What it is called.
pub(super) const fn title(act: Act) -> &'static str {
    match act {
        Act::Disable => "Close the account",
        Act::Enable => "Open the account again",
        Act::EndSessions => "Sign out everywhere",
        Act::RemoveFactors => "Take the second step away",
        Act::MakeAdmin => "Make an administrator",
        Act::RemoveAdmin => "Remove as administrator",
        Act::Delete => "Delete the account",
    }
}

/// What is said when it is done.
pub(super) const fn done(act: Act) -> &'static str {
    match act {
        Act::Disable => "The account is closed, and its browsers are signed out.",
        Act::Enable => "The account is open again.",
        Act::EndSessions => "All browsers of the account are signed out.",
        Act::RemoveFactors => "The password alone opens the account again.",
        Act::MakeAdmin => "They may administer accounts from now on.",
        Act::RemoveAdmin => "They may not administer accounts any more.",
        Act::Delete => "The account is deleted.",
    }
}

/// What comes of it.
const fn small(act: Act) -> &'static str {
    match act {
        Act::Disable => "Nobody can sign in to it, and its browsers are signed out. Nothing of it is removed.",
        Act::Enable => "Its holder can sign in again, with the password that they had.",
        Act::EndSessions => "Its holder has to sign in again, everywhere.",
        Act::RemoveFactors => {
            "Authenticator app, passkeys and recovery codes open nothing any more, and a mail tells its holder. Only for \
             whom you know to be the holder, and to have lost them."
        }
        Act::MakeAdmin => "They see all accounts, can close and delete them, and make others administrators, too.",
        Act::RemoveAdmin => "Their account stays as it is.",
        Act::Delete => {
            "Its tracks, masters, sessions and settings are removed at once and cannot be brought back. A last mail tells \
             its holder."
        }
    }
}

fn form(act: Act, account: &Account) -> Form {
    let page = format!("{HOME}/accounts/{}", account.id);
    Form {
        inputs: vec![Input { label: "Your own password", ..Input::password() }],
        small: small(act),
        ways: vec![(page.clone(), "Leave it as it is")],
        ..Form::new(title(act), format!("For {}.", account.email), format!("{page}/{act}"), title(act))
    }
}

async fn asked(state: &AppState, id: &str, act: &str) -> Result<(Account, Act), Problem> {
    let act = act.parse().map_err(|_| Problem::not_found())?;
    let account = state.store.accounts.find(account_id(id)?).await?.ok_or_else(Problem::not_found)?;
    Ok((account, act))
}

pub(crate) async fn get(
    State(state): State<AppState>,
    Path((id, act)): Path<(String, String)>,
    visit: Visit,
    _: Admin,
) -> Result<Response, Problem> {
    let (account, act) = asked(&state, &id, &act).await?;
    Ok(form(act, &account).answer(&state, &visit, StatusCode::OK, None))
}

pub(crate) async fn post(
    State(state): State<AppState>,
    Path((id, act)): Path<(String, String)>,
    visit: Visit,
    client: Client,
    Admin(member): Admin,
    Sent { fields, .. }: Sent,
) -> Result<Response, Problem> {
    let (account, act) = asked(&state, &id, &act).await?;
    if let Some(first) = stale_with_factor(&state, &member, &format!("{HOME}/accounts/{}/{act}", account.id)).await? {
        return Ok(first);
    }
    let form = form(act, &account);
    let own = &member.account;
    if let Err(unproved) = Unproved::unless_own_password(&state, &client, own, &fields, "done").await? {
        return Ok(unproved.on(form.answer(&state, &visit, unproved.status, Some(&unproved.message))));
    }
    if act == Act::Delete && account.id != own.id {
        identity::forget(&state, &account).await?;
    }
    match state.store.admins.change(Actor::Admin(own.id), act, account.id).await? {
        Changed::Done if act == Act::Delete => {
            post_letter(&state, &Letter::deleted(&account)).await;
        }
        Changed::Done if act == Act::RemoveFactors => {
            post_letter(&state, &Letter::factors_removed(&account)).await;
        }
        Changed::Done | Changed::Already => {}
        Changed::NoAccount | Changed::NotAllowed => return Err(Problem::not_found()),
        Changed::LastAdmin => {
            let message = "You are the only administrator. Make somebody else one first.";
            return Ok(form.wrong(&state, &visit, message));
        }
        Changed::Oneself => {
            let message =
                "This is your own account. Another administrator can close it, and you can delete it on its page.";
            return Ok(form.wrong(&state, &visit, message));
        }
    }
    tracing::info!(by = %own.id, %act, account = %account.id, "an administrator did something with an account: {act}");
    // Whoever has just signed themselves out, or is no administrator any more, has no way back to the page.
    let is_own = account.id == own.id;
    let leads = match act {
        Act::Delete => format!("{HOME}?done={act}"),
        Act::RemoveAdmin | Act::EndSessions if is_own => super::super::HOME.to_owned(),
        _ => format!("{HOME}/accounts/{}?done={act}", account.id),
    };
    Ok(private(Redirect::to(&leads).into_response()))
}
