//! Passkeys: POST /account/passkeys/challenge asks for one; POST /account/passkeys adds the one that was made,
//! /account/passkeys/{id}/rename and /account/passkeys/{id}/remove do what they say; POST /account/sign-in/passkey signs in
//! without a password.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::{AccountId, BrowserMark, Happening, PasskeyId, PasskeyName, PasskeyPurpose, Stay};
use providers::identity::passkeys::{Asked, PasskeyError, Passkeys};
use serde_json::{Value, json};
use store::NewPasskey;

use super::super::activity::note;
use super::super::client::{Client, Sent, SignedIn};
use super::super::letters::post as post_letter;
use super::super::prove::sentence;
use super::super::show::{Done, done, show};
use super::super::{HOME, SIGN_IN, private};
use super::arrive::{Means, arrive, begin};
use super::fresh::stale;
use super::second::halfway;
use super::{codes, letters};
use crate::app::AppState;
use crate::consent::Back;
use crate::csrf::Fields;
use crate::page::Problem;
use crate::registry::CsrfToken;
use crate::visit::Visit;
use crate::visitor;

/// The field of what a device answered; empty where no passkey was asked for.
const ANSWER: &str = "answer";
/// The field of the challenge's id.
const CHALLENGE: &str = "challenge";

/// The form with which a page asks for a passkey. A script shows it, since nothing else can ask a device.
pub(crate) struct PasskeyForm {
    pub(crate) title: &'static str,
    pub(crate) purpose: &'static str,
    pub(crate) action: &'static str,
    /// Where the browser has to be.
    pub(crate) origin: String,
    pub(crate) next: String,
    pub(crate) button: &'static str,
    /// What stands there without scripts.
    pub(crate) without: &'static str,
}

impl PasskeyForm {
    /// The form for a purpose; `None` where the site's address has no name that a passkey could belong to.
    pub(crate) fn of(state: &AppState, purpose: PasskeyPurpose, next: &Back) -> Option<Self> {
        let (title, action, button, without) = match purpose {
            PasskeyPurpose::SignIn => (
                "With a passkey",
                "/account/sign-in/passkey",
                "Sign in with a passkey",
                "Passkeys need scripts. Without them, sign in with your password.",
            ),
            PasskeyPurpose::Second => (
                "With a passkey",
                super::second::ADDRESS,
                "Use a passkey",
                "Passkeys need scripts. Without them, take the app or a recovery code.",
            ),
            PasskeyPurpose::Prove => (
                "With a passkey",
                super::fresh::ADDRESS,
                "Use a passkey",
                "Passkeys need scripts. Without them, take your password.",
            ),
            PasskeyPurpose::Add => (
                "Add a passkey",
                "/account/passkeys",
                "Add a passkey",
                "Passkeys need scripts. Without them, set up an authenticator app.",
            ),
        };
        let origin = state.accounts.passkeys.as_ref()?.origin().to_owned();
        Some(Self { title, purpose: purpose.as_str(), action, origin, next: next.to_string(), button, without })
    }
}

/// What a device's answer comes to.
pub(super) enum Answered {
    /// Right, and whose it is.
    By(AccountId),
    /// Not right, or too late.
    Not,
}

/// What is said of an answer that was not taken.
pub(super) const REFUSED: &str = "That passkey was not taken: it belongs to another account, was removed, or took too long. \
                                  Try again, or choose another way.";

/// Whether somebody answered with a passkey at all.
pub(super) fn is_answered(fields: &Fields) -> bool {
    fields.get(ANSWER).is_some_and(|answer| !answer.is_empty())
}

/// The browser that asks: what it was asked is not answered from another one.
fn mark(visit: &Visit) -> BrowserMark {
    BrowserMark::of(&visit.jar.get::<CsrfToken>().unwrap_or_default())
}

fn passkeys(state: &AppState) -> Result<&Passkeys, Problem> {
    state.accounts.passkeys.as_ref().ok_or_else(Problem::not_found)
}

fn wrong(error: &PasskeyError) {
    tracing::info!(error = domain::causes(error), "a passkey was not taken: {error}");
}

/// Holds an answer against its challenge, which is used up, and against the passkey that it names. `account` is who it has
/// to be of, where that is known.
pub(super) async fn answered(
    state: &AppState,
    (visit, client): (&Visit, &Client),
    (purpose, account): (PasskeyPurpose, Option<AccountId>),
    fields: &Fields,
) -> Result<Answered, Problem> {
    let passkeys = passkeys(state)?;
    let Some(waiting) = waiting(state, visit, (purpose, account), fields).await? else { return Ok(Answered::Not) };
    let answer = fields.get(ANSWER).unwrap_or_default();
    let (credential, claimed) = match Passkeys::claims(answer) {
        Ok(claims) => claims,
        Err(error) => {
            wrong(&error);
            return Ok(Answered::Not);
        }
    };
    let Some(known) = state.store.passkeys.find(&credential).await? else { return Ok(Answered::Not) };
    // WebAuthn, section 7.2, step 6: who was known before has to be its owner; who was not has to be named by it.
    let is_theirs = match account {
        Some(account) => known.account == account && claimed.is_none_or(|claimed| claimed == account),
        None => claimed == Some(known.account),
    };
    if !is_theirs {
        return Ok(Answered::Not);
    }
    let is_copied = match passkeys.check(&waiting, answer, &known.key) {
        Ok(shown) => !state.store.passkeys.used(known.id, &shown.key, shown.counter).await?,
        Err(PasskeyError::Copied) => true,
        Err(error) => {
            wrong(&error);
            return Ok(Answered::Not);
        }
    };
    if is_copied {
        tracing::warn!(account = %known.account, "a passkey was refused, since there is a copy of it: {}", known.account);
        note(state, known.account, Happening::PasskeyRefused, client.device).await;
        if let Some(account) = state.store.accounts.find(known.account).await? {
            post_letter(state, &letters::passkey_copied(&account)).await;
        }
        return Ok(Answered::Not);
    }
    Ok(Answered::By(known.account))
}

/// What an answer is to be held against, once.
async fn waiting(
    state: &AppState,
    visit: &Visit,
    (purpose, account): (PasskeyPurpose, Option<AccountId>),
    fields: &Fields,
) -> Result<Option<String>, Problem> {
    match fields.get(CHALLENGE).and_then(|id| id.parse().ok()) {
        Some(id) => Ok(state.store.passkeys.take(id, purpose, account, mark(visit)).await?),
        None => Ok(None),
    }
}

pub(crate) async fn challenge(
    State(state): State<AppState>,
    visit: Visit,
    client: Client,
    Sent { fields, .. }: Sent,
) -> Result<Response, Problem> {
    let passkeys = passkeys(&state)?;
    let wanted = fields.get("for").unwrap_or_default();
    let purpose =
        PasskeyPurpose::ALL.into_iter().find(|known| known.as_str() == wanted).ok_or_else(Problem::not_found)?;
    let failed = |error: PasskeyError| Problem::internal(&error);
    let (account, asked) = match purpose {
        PasskeyPurpose::SignIn => {
            if state.accounts.challenges_asked.begin(&client.peer.network()).is_err() {
                return Err(Problem::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "Too many passkeys were asked for",
                    "Many were asked for from your network. Wait a minute, then try again.",
                ));
            }
            (None, passkeys.ask(&[]).map_err(failed)?)
        }
        PasskeyPurpose::Second => {
            let (_, half) = halfway(&state, &visit).await?.ok_or_else(Problem::not_found)?;
            (Some(half.account.id), of_account(&state, passkeys, half.account.id).await?)
        }
        PasskeyPurpose::Prove => {
            let member = visit.member.as_ref().ok_or_else(Problem::not_found)?;
            (Some(member.account.id), of_account(&state, passkeys, member.account.id).await?)
        }
        PasskeyPurpose::Add => {
            // Whoever is not fresh is led to prove it by the form that this belongs to.
            let member = visit.member.as_ref().filter(|member| member.is_fresh).ok_or_else(Problem::not_found)?;
            let account = &member.account;
            let known = state.store.passkeys.keys(account.id).await?;
            let asked = passkeys.ask_to_make(account.id, account.email.as_str(), account.name.as_str(), &known);
            (Some(account.id), asked.map_err(failed)?)
        }
    };
    let id = state.store.passkeys.ask(purpose, account, mark(&visit), &asked.state).await?;
    let options: Value = serde_json::from_str(&asked.options).map_err(|error| Problem::internal(&error))?;
    let told = json!({ "challenge": id.to_string(), "options": options }).to_string();
    Ok(private(([(header::CONTENT_TYPE, "application/json")], told).into_response()))
}

/// Asks for one of an account's passkeys.
async fn of_account(state: &AppState, passkeys: &Passkeys, account: AccountId) -> Result<Asked, Problem> {
    let known = state.store.passkeys.keys(account).await?;
    if known.is_empty() {
        return Err(Problem::not_found());
    }
    passkeys.ask(&known).map_err(|error| Problem::internal(&error))
}

pub(crate) async fn sign_in(
    State(state): State<AppState>,
    visit: Visit,
    client: Client,
    Sent { fields, granted }: Sent,
) -> Result<Response, Problem> {
    let refused = || private(Redirect::to(&format!("{SIGN_IN}?done=passkey")).into_response());
    let Answered::By(id) = answered(&state, (&visit, &client), (PasskeyPurpose::SignIn, None), &fields).await? else {
        return Ok(refused());
    };
    let account = state.store.accounts.find(id).await?.filter(|account| account.disabled_at.is_none());
    let Some(account) = account else { return Ok(refused()) };
    let next = fields.get("next").map_or_else(|| Back::of("/tracks"), Back::of);
    let stay = if fields.get("keep").is_some() { Stay::Kept } else { Stay::Session };
    let begun = begin(&state, &account, client).await?;
    arrive(&state, &visit, &granted, (&account, Means::Passkey), stay, (client, begun.as_ref())).await?;
    Ok(private(Redirect::to(next.as_str()).into_response()))
}

pub(crate) async fn add(
    State(state): State<AppState>,
    visit: Visit,
    client: Client,
    SignedIn(member): SignedIn,
    Sent { fields, granted }: Sent,
) -> Result<Response, Problem> {
    if let Some(first) = stale(&member, HOME) {
        return Ok(first);
    }
    let account = &member.account;
    let refused = "No passkey was added: it took too long, or the device did not do what was asked. Try again.";
    let Some(waiting) = waiting(&state, &visit, (PasskeyPurpose::Add, Some(account.id)), &fields).await? else {
        return show(&state, &visit, &member, None, Some(refused)).await;
    };
    let made = match passkeys(&state)?.made(&waiting, fields.get(ANSWER).unwrap_or_default()) {
        Ok(made) => made,
        Err(error) => {
            wrong(&error);
            return show(&state, &visit, &member, None, Some(refused)).await;
        }
    };
    let name = fields.get("name").and_then(|name| name.parse::<PasskeyName>().ok());
    let name = match name {
        Some(name) => name,
        None => client.device.to_string().parse().map_err(|error| Problem::internal(&error))?,
    };
    let before = state.store.factors.of(account.id).await?;
    let new = NewPasskey { credential: &made.credential, key: &made.key, counter: made.counter, name: &name };
    if state.store.passkeys.add(account.id, &new).await?.is_none() {
        let most = format!(
            "No passkey was added: this one belongs to an account already, or you have {} of them, which is the most.",
            store::Passkeys::MOST
        );
        return show(&state, &visit, &member, None, Some(&most)).await;
    }
    if !before.any() {
        // They came in without it.
        state.store.sign_ins.end_others(account.id, member.sign_in).await?;
    }
    visitor::rotate(&state, &visit.jar, &granted).await?;
    note(&state, account.id, Happening::PasskeyAdded, client.device).await;
    post_letter(&state, &letters::passkey_added(account, &name)).await;
    if before.codes_left == 0 { codes::make(&state, &visit, account, true).await } else { Ok(done(Done::Passkey)) }
}

pub(crate) async fn rename(
    State(state): State<AppState>,
    Path(id): Path<String>,
    visit: Visit,
    SignedIn(member): SignedIn,
    Sent { fields, .. }: Sent,
) -> Result<Response, Problem> {
    let id: PasskeyId = id.parse().map_err(|_| Problem::not_found())?;
    let account = member.account.id;
    if !state.store.passkeys.list(account).await?.iter().any(|passkey| passkey.id == id) {
        return Err(Problem::not_found());
    }
    match fields.get("name").unwrap_or_default().parse::<PasskeyName>() {
        Ok(name) => {
            state.store.passkeys.rename(account, id, &name).await?;
            Ok(done(Done::PasskeyName))
        }
        Err(error) => show(&state, &visit, &member, None, Some(&sentence(&error))).await,
    }
}

pub(crate) async fn remove(
    State(state): State<AppState>,
    Path(id): Path<String>,
    visit: Visit,
    client: Client,
    SignedIn(member): SignedIn,
    Sent { granted, .. }: Sent,
) -> Result<Response, Problem> {
    let id: PasskeyId = id.parse().map_err(|_| Problem::not_found())?;
    if let Some(first) = stale(&member, HOME) {
        return Ok(first);
    }
    let name = state.store.passkeys.remove(member.account.id, id).await?.ok_or_else(Problem::not_found)?;
    visitor::rotate(&state, &visit.jar, &granted).await?;
    note(&state, member.account.id, Happening::PasskeyRemoved, client.device).await;
    post_letter(&state, &letters::passkey_removed(&member.account, &name)).await;
    Ok(done(Done::PasskeyGone))
}
