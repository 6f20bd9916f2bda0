//! GET and POST /account/prove: whoever is about to change how they sign in proves once more who they are, unless they did
//! minutes ago. An open browser on a table is not enough.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::{PasskeyPurpose, SessionKind, SignInToken};
use store::{FactorsSet, Member};

use super::super::client::{Client, Sent, SignedIn};
use super::super::form::retry_after;
use super::super::prove::{Proof, prove};
use super::super::{HOME, private};
use super::check::{Checked, NOTHING, WRONG, check, too_many};
use super::passkeys::{PasskeyForm, REFUSED, is_answered};
use crate::app::AppState;
use crate::consent::Back;
use crate::csrf::{self, Fields};
use crate::page::{Here, Problem, Shell, page};
use crate::visit::Visit;
use crate::visitor;

pub(super) const ADDRESS: &str = "/account/prove";
const NEXT: &str = "next";

#[derive(Template)]
#[template(path = "account/prove.html")]
struct ProvePage<'a> {
    shell: Shell,
    csrf: String,
    next: &'a str,
    email: &'a str,
    set: FactorsSet,
    passkey: Option<PasskeyForm>,
    message: Option<&'a str>,
}

/// Where somebody goes first who proved too long ago who they are; they come back to `next`.
pub(super) fn stale(member: &Member, next: &str) -> Option<Response> {
    let ask = || private(Redirect::to(&format!("{ADDRESS}?{NEXT}={}", Back::of(next).encoded())).into_response());
    (!member.is_fresh).then(ask)
}

/// The same for what asks for the password itself: with a second factor that is not enough.
pub(in super::super) async fn stale_with_factor(
    state: &AppState,
    member: &Member,
    next: &str,
) -> Result<Option<Response>, Problem> {
    let set = state.store.factors.of(member.account.id).await?;
    Ok(if set.any() { stale(member, next) } else { None })
}

fn next(sent: Option<&str>) -> Back {
    Back::of(sent.unwrap_or(HOME))
}

async fn show(
    state: &AppState,
    visit: &Visit,
    member: &Member,
    next: &Back,
    (status, message): (StatusCode, Option<&str>),
) -> Result<Response, Problem> {
    let csrf = csrf::field(&visit.jar, state.entropy.as_ref())?;
    let set = state.store.factors.of(member.account.id).await?;
    let (email, shell) = (member.account.email.as_str(), state.shell(visit, Here::Account));
    let passkey = (set.passkeys > 0).then(|| PasskeyForm::of(state, PasskeyPurpose::Prove, next)).flatten();
    Ok(private(page(status, &ProvePage { shell, csrf, next: next.as_str(), email, set, passkey, message })))
}

pub(crate) async fn get(
    State(state): State<AppState>,
    visit: Visit,
    SignedIn(member): SignedIn,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let next = next(Fields::of_query(query.as_deref()).get(NEXT));
    show(&state, &visit, &member, &next, (StatusCode::OK, None)).await
}

pub(crate) async fn post(
    State(state): State<AppState>,
    visit: Visit,
    client: Client,
    SignedIn(member): SignedIn,
    Sent { fields, granted }: Sent,
) -> Result<Response, Problem> {
    let account = &member.account;
    let next = next(fields.get(NEXT));
    let again = async |status, message: &str| show(&state, &visit, &member, &next, (status, Some(message))).await;
    let typed = fields.get("password").unwrap_or_default();
    // A passkey has seen its holder: it is what one has and what one is, and needs no password beside it.
    let has_passkey = is_answered(&fields);
    if !has_passkey {
        match prove(&state, &client, &account.email, Some(account), typed).await? {
            Proof::Right(..) => {}
            Proof::Wrong => return again(StatusCode::UNAUTHORIZED, "That is not your password.").await,
            Proof::Wait(wait) => {
                let seconds = wait.as_secs() + 1;
                let message =
                    format!("Too many attempts came one after the other. Wait {seconds} seconds, then try again.");
                return Ok(retry_after(again(StatusCode::TOO_MANY_REQUESTS, &message).await?, seconds));
            }
        }
    }
    if has_passkey || state.store.factors.of(account.id).await?.any() {
        match check(&state, (&visit, &client), (PasskeyPurpose::Prove, account), &fields).await? {
            Checked::Right(_) => {}
            Checked::Refused => return again(StatusCode::UNAUTHORIZED, REFUSED).await,
            Checked::Nothing => return again(StatusCode::UNPROCESSABLE_ENTITY, NOTHING).await,
            Checked::Wrong => return again(StatusCode::UNAUTHORIZED, WRONG).await,
            Checked::Wait(wait) => {
                let (seconds, message) = too_many(wait);
                return Ok(retry_after(again(StatusCode::TOO_MANY_REQUESTS, &message).await?, seconds));
            }
        }
    }
    if let Some(SignInToken { kind: SessionKind::Account, secret }) = visitor::token(&visit.jar) {
        state.store.sign_ins.proved(&secret).await?;
    }
    visitor::rotate(&state, &visit.jar, &granted).await?;
    Ok(private(Redirect::to(next.as_str()).into_response()))
}
