//! GET and POST /account/delete: the end of an account, at once and for good.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::client::{Client, Sent, SignedIn};
use super::factors::stale_with_factor;
use super::form::{Form, Input};
use super::identity::{self, Gone};
use super::letters::{Letter, post as post_letter};
use super::private;
use super::prove::{Proof, prove};
use crate::app::AppState;
use crate::page::{Here, Problem, message};
use crate::visit::Visit;

/// What becomes of money.
const MONEY: &str = "A subscription ends with the account, and masters that you paid for and did not use are gone. What \
    bookkeeping needs of your payments stays, linked to nobody here.";

fn form(state: &AppState) -> Form {
    Form {
        note: state.till.is_some().then(|| MONEY.to_owned()),
        inputs: vec![Input::password()],
        small: "Your tracks, masters, sessions and settings are removed at once and cannot be brought back. What this site \
                stored in this browser goes with them; other browsers are signed out and cleared when they come back. What \
                you decided about cookies stays on record, linked to nobody.",
        ways: vec![
            ("/account/export.zip".to_owned(), "Download everything first"),
            (super::HOME.to_owned(), "Keep my account"),
        ],
        ..Form::new(
            "Delete your account",
            "With everything in it. A last mail confirms it.",
            "/account/delete",
            "Delete my account",
        )
    }
}

pub(crate) async fn get(State(state): State<AppState>, visit: Visit, _: SignedIn) -> Response {
    form(&state).answer(&state, &visit, StatusCode::OK, None)
}

pub(crate) async fn post(
    State(state): State<AppState>,
    mut visit: Visit,
    client: Client,
    SignedIn(member): SignedIn,
    Sent { fields, .. }: Sent,
) -> Result<Response, Problem> {
    let account = &member.account;
    if let Some(first) = stale_with_factor(&state, &member, "/account/delete").await? {
        return Ok(first);
    }
    let typed = fields.get("password").unwrap_or_default();
    match prove(&state, &client, &account.email, Some(account), typed).await? {
        Proof::Wait(wait) => return Ok(form(&state).wait(&state, &visit, wait)),
        Proof::Wrong => {
            let message = "That is not your password. Nothing was deleted.";
            return Ok(form(&state).answer(&state, &visit, StatusCode::UNAUTHORIZED, Some(message)));
        }
        Proof::Right(..) => {}
    }
    let gone = identity::forget(&state, account).await?;
    state.store.accounts.delete(account.id).await?;
    post_letter(&state, &Letter::deleted(account)).await;
    tracing::info!(account = %account.id, "an account was deleted: {}", account.id);
    state.usage.around(&visit.jar, cookie_policy::Jar::erase).await;
    visit.member = None;
    let text = match gone {
        Gone::Wholly => {
            "Your account, your tracks and all else that was yours are gone from this server, and what this site stored \
             from this browser. A last mail confirms it."
        }
        Gone::StaysThere => {
            "Your account, your tracks and all else that was yours are gone from this server, and what this site stored \
             from this browser. Your address and password stay at Supabase, which checks them for this site, until \
             whoever runs the site removes them there: write to them; the address is at the foot of the page."
        }
    };
    Ok(private(message(&state, &visit, Here::Elsewhere, "Your account is deleted", text, ("/", "To the first page"))))
}
