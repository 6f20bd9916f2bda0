//! GET and POST /admin/policy-notice: tells all accounts that the policy has changed, once for each version, and shows how
//! far that is.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::Actor;
use store::{Member, Noticed};

use super::super::client::{Client, Sent};
use super::super::factors::stale_with_factor;
use super::super::private;
use super::{Admin, Unproved, shell};
use crate::app::AppState;
use crate::csrf;
use crate::notices::PolicyNotice;
use crate::page::{Problem, Shell, page};
use crate::visit::Visit;
use crate::words;

/// Where it is.
pub(super) const ADDRESS: &str = "/admin/policy-notice";

/// How far it is, in words.
struct Progress {
    begun: String,
    finished: Option<String>,
    written: u64,
    all: u64,
    unsent: u64,
}

#[derive(Template)]
#[template(path = "admin/notice.html")]
struct NoticePage<'a> {
    shell: Shell,
    csrf: String,
    heading: &'a str,
    subject: &'a str,
    /// The mail to whoever looks.
    preview: &'a str,
    readers: u64,
    progress: Option<Progress>,
    message: Option<&'a str>,
}

pub(crate) async fn get(
    State(state): State<AppState>,
    visit: Visit,
    Admin(member): Admin,
) -> Result<Response, Problem> {
    show(&state, &visit, &member, StatusCode::OK, None).await
}

async fn show(
    state: &AppState,
    visit: &Visit,
    member: &Member,
    status: StatusCode,
    message: Option<&str>,
) -> Result<Response, Problem> {
    let notice = PolicyNotice::newest();
    let account = &member.account;
    let mail = notice
        .letter(state.site.origin(), &account.email, &account.name, state.entropy.as_ref())
        .map_err(|error| Problem::internal(&error))?;
    let progress = state.store.notices.progress(notice.version()).await?.map(|progress| Progress {
        begun: words::moment(progress.begun_at),
        finished: progress.finished_at.map(words::moment),
        written: progress.written,
        all: progress.written + progress.left,
        unsent: progress.unsent,
    });
    let csrf = csrf::field(&visit.jar, state.entropy.as_ref())?;
    let view = NoticePage {
        csrf,
        heading: notice.heading(),
        subject: &mail.subject,
        preview: mail.text.trim(),
        readers: state.store.notices.readers().await?,
        progress,
        message,
        shell: shell(state, visit),
    };
    Ok(private(page(status, &view)))
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
    if let Err(unproved) = Unproved::unless_own_password(&state, &client, own, &fields, "sent").await? {
        let page = show(&state, &visit, &member, unproved.status, Some(&unproved.message)).await?;
        return Ok(unproved.on(page));
    }
    let version = PolicyNotice::newest().version();
    match state.store.notices.begin(Actor::Admin(own.id), version).await? {
        Noticed::NotAllowed => Err(Problem::not_found()),
        Noticed::Begun | Noticed::Already => Ok(private(Redirect::to(ADDRESS).into_response())),
    }
}
