//! POST /account/recovery-codes: ten new recovery codes in place of the old ones, shown once.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::{Account, Happening, RecoveryCode};

use super::super::activity::note;
use super::super::client::{Client, Sent, SignedIn};
use super::super::letters::post as post_letter;
use super::super::{HOME, private};
use super::fresh::stale;
use super::letters;
use crate::app::AppState;
use crate::page::{Here, Problem, Shell, page};
use crate::visit::Visit;
use crate::visitor;

#[derive(Template)]
#[template(path = "account/codes.html")]
struct CodesPage<'a> {
    shell: Shell,
    codes: Vec<String>,
    email: &'a str,
    /// They come with the first factor.
    is_first: bool,
}

/// Makes ten codes and shows them, this once.
pub(super) async fn make(
    state: &AppState,
    visit: &Visit,
    account: &Account,
    is_first: bool,
) -> Result<Response, Problem> {
    let codes: Vec<_> = (0..RecoveryCode::COUNT).map(|_| RecoveryCode::draw(state.entropy.as_ref())).collect();
    let ids: Vec<_> = codes.iter().map(|code| code.id(account.id)).collect();
    state.store.factors.set_codes(account.id, &ids).await?;
    let view = CodesPage {
        codes: codes.iter().map(RecoveryCode::reveal).collect(),
        email: account.email.as_str(),
        is_first,
        shell: state.shell(visit, Here::Account),
    };
    Ok(private(page(StatusCode::OK, &view)))
}

pub(crate) async fn post(
    State(state): State<AppState>,
    visit: Visit,
    client: Client,
    SignedIn(member): SignedIn,
    Sent { granted, .. }: Sent,
) -> Result<Response, Problem> {
    if let Some(first) = stale(&member, HOME) {
        return Ok(first);
    }
    if !state.store.factors.of(member.account.id).await?.any() {
        // There is nothing that they could stand in for.
        return Ok(private(Redirect::to(HOME).into_response()));
    }
    visitor::rotate(&state, &visit.jar, &granted).await?;
    note(&state, member.account.id, Happening::CodesMade, client.device).await;
    post_letter(&state, &letters::codes_made(&member.account)).await;
    make(&state, &visit, &member.account, false).await
}
