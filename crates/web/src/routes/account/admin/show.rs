//! GET /admin/accounts/{id}: what there is to know of an account, and what can be done with it.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::{Act, Position};

use super::super::private;
use super::act::{done, title};
use super::{Admin, account_id, new, shell};
use crate::app::AppState;
use crate::page::{Problem, Shell, page};
use crate::visit::Visit;
use crate::words;

#[derive(Template)]
#[template(path = "admin/account.html")]
struct AccountPage {
    shell: Shell,
    said: Option<&'static str>,
    id: String,
    email: String,
    name: String,
    since: String,
    disabled: Option<String>,
    admin: Option<String>,
    last_sign_in: Option<String>,
    sessions: u64,
    tracks: u64,
    size: String,
    /// Where they stand, where something is sold.
    credits: Option<String>,
    /// Whether whoever looks is its holder.
    is_own: bool,
    /// What can be done now: its name in the address and its words.
    acts: Vec<(Act, &'static str)>,
}

pub(crate) async fn get(
    State(state): State<AppState>,
    Path(id): Path<String>,
    visit: Visit,
    Admin(member): Admin,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let seen = state.store.admins.find(account_id(&id)?).await?.ok_or_else(Problem::not_found)?;
    let account = seen.account;
    let factors = state.store.factors.of(account.id).await?;
    let (is_admin, is_disabled, is_own) =
        (seen.admin_since.is_some(), account.disabled_at.is_some(), account.id == member.account.id);
    let makes_sense = |act: &Act| match act {
        Act::Disable => !is_disabled && !is_own,
        Act::Enable => is_disabled,
        Act::EndSessions => seen.sessions > 0,
        Act::RemoveFactors => factors.any(),
        Act::MakeAdmin => !is_admin,
        Act::RemoveAdmin => is_admin,
        Act::Delete => !is_own,
    };
    let credits = match &state.till {
        Some(_) => Some(match state.store.credits.position(account.id).await? {
            Position::Has(credits) => credits.to_string(),
            Position::Owes(credits) => format!("owes {credits}"),
        }),
        None => None,
    };
    let word = query.as_deref().and_then(|query| query.strip_prefix("done="));
    let view = AccountPage {
        shell: shell(&state, &visit),
        said: match word {
            Some(new::CREATED) => Some("The account is made. Its holder should change the password that you know."),
            _ => word.and_then(|word| word.parse().ok()).map(done),
        },
        id: account.id.to_string(),
        since: words::moment(account.created_at),
        disabled: account.disabled_at.map(words::moment),
        admin: seen.admin_since.map(words::moment),
        last_sign_in: seen.last_sign_in.map(words::moment),
        sessions: seen.sessions,
        tracks: seen.held.tracks,
        size: words::size(seen.held.bytes),
        credits,
        is_own,
        acts: Act::ALL.into_iter().filter(makes_sense).map(|act| (act, title(act))).collect(),
        email: account.email.to_string(),
        name: account.name.to_string(),
    };
    Ok(private(page(StatusCode::OK, &view)))
}
