//! GET /account: who is signed in, with which browsers, and what can be changed.

use std::time::Duration;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::{AddressHash, SignInId};
use store::Member;

use super::activity::{self, Line};
use super::client::SignedIn;
use super::factors::Panel;
use super::form::retry_after;
use super::prove::Proof;
use super::{HOME, private};
use crate::app::AppState;
use crate::csrf;
use crate::page::{Here, Problem, Shell, page};
use crate::visit::Visit;
use crate::words;

/// Attempts to sign in that are shown.
const SHOWN: u32 = 10;

/// What was done just before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    Name,
    Password,
    Session,
    App,
    AppOff,
    Passkey,
    PasskeyName,
    PasskeyGone,
}

impl Done {
    const ALL: [Self; 8] = [
        Self::Name,
        Self::Password,
        Self::Session,
        Self::App,
        Self::AppOff,
        Self::Passkey,
        Self::PasskeyName,
        Self::PasskeyGone,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Password => "password",
            Self::Session => "session",
            Self::App => "app",
            Self::AppOff => "app-off",
            Self::Passkey => "passkey",
            Self::PasskeyName => "passkey-name",
            Self::PasskeyGone => "passkey-gone",
        }
    }

    const fn says(self) -> &'static str {
        match self {
            Self::Name => "Your name is changed.",
            Self::Password => "Your password is changed, and your other browsers are signed out.",
            Self::Session => "That browser is signed out.",
            Self::App => "Your new app counts from now on.",
            Self::AppOff => "Your account asks for no code of an app any more.",
            Self::Passkey => "Your passkey is added.",
            Self::PasskeyName => "Your passkey has another name.",
            Self::PasskeyGone => "That passkey opens your account no more.",
        }
    }
}

struct Session {
    id: SignInId,
    device: String,
    since: String,
    used: String,
    kept: bool,
    here: bool,
}

struct Try {
    device: String,
    at: String,
    succeeded: bool,
}

#[derive(Template)]
#[template(path = "account/show.html")]
struct AccountPage<'a> {
    shell: Shell,
    csrf: String,
    name: &'a str,
    email: &'a str,
    since: String,
    said: Option<&'static str>,
    message: Option<&'a str>,
    sessions: Vec<Session>,
    tries: Vec<Try>,
    factors: Panel,
    activity: Vec<Line>,
    is_admin: bool,
    /// Whether there is something to be bought.
    sells: bool,
}

pub(crate) async fn get(
    State(state): State<AppState>,
    visit: Visit,
    SignedIn(member): SignedIn,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let word = query.as_deref().and_then(|query| query.strip_prefix("done="));
    let done = Done::ALL.into_iter().find(|done| Some(done.word()) == word);
    show(&state, &visit, &member, done, None).await
}

/// Leads back to the page, which says what was done.
pub(super) fn done(done: Done) -> Response {
    private(Redirect::to(&format!("{HOME}?done={}", done.word())).into_response())
}

/// The page for somebody whose password was not proved.
pub(super) async fn refuse(
    state: &AppState,
    visit: &Visit,
    member: &Member,
    proof: &Proof,
) -> Result<Response, Problem> {
    if let Proof::Wait(time) = proof {
        return wait(state, visit, member, *time).await;
    }
    let message = "That is not your password, so nothing was changed.";
    render(state, visit, member, StatusCode::UNAUTHORIZED, None, Some(message)).await
}

/// The page for somebody who tried too often.
pub(super) async fn wait(
    state: &AppState,
    visit: &Visit,
    member: &Member,
    wait: Duration,
) -> Result<Response, Problem> {
    let seconds = wait.as_secs() + 1;
    let message = format!("Too many attempts came one after the other. Wait {seconds} seconds, then try again.");
    let response = render(state, visit, member, StatusCode::TOO_MANY_REQUESTS, None, Some(&message)).await?;
    Ok(retry_after(response, seconds))
}

/// The page, with what was done or what is wrong.
pub(super) async fn show(
    state: &AppState,
    visit: &Visit,
    member: &Member,
    done: Option<Done>,
    message: Option<&str>,
) -> Result<Response, Problem> {
    let status = if message.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    render(state, visit, member, status, done, message).await
}

async fn render(
    state: &AppState,
    visit: &Visit,
    member: &Member,
    status: StatusCode,
    done: Option<Done>,
    message: Option<&str>,
) -> Result<Response, Problem> {
    let account = &member.account;
    let sessions = state.store.sign_ins.list(account.id).await?.into_iter().map(|session| Session {
        id: session.id,
        device: session.device.to_string(),
        since: words::moment(session.created_at),
        used: words::moment(session.used_at),
        kept: session.kept,
        here: session.id == member.sign_in,
    });
    let tries =
        state.store.attempts.latest(AddressHash::of(&account.email), SHOWN).await?.into_iter().map(|tried| Try {
            device: tried.device.to_string(),
            at: words::moment(tried.at),
            succeeded: tried.succeeded,
        });
    let factors = Panel::of(state, account).await?;
    let activity = activity::latest(state, account.id).await?;
    let csrf = csrf::field(&visit.jar, state.entropy.as_ref())?;
    let view = AccountPage {
        csrf,
        name: account.name.as_str(),
        email: account.email.as_str(),
        since: words::moment(account.created_at),
        said: done.map(Done::says),
        message,
        sessions: sessions.collect(),
        tries: tries.collect(),
        factors,
        activity,
        is_admin: state.store.admins.is(account.id).await?,
        sells: state.till.is_some(),
        shell: state.shell(visit, Here::Account),
    };
    Ok(private(page(status, &view)))
}
