//! GET /admin: accounts, found by address or name, page by page.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::{Act, Email};

use super::super::private;
use super::{Admin, PER_PAGE, Paging, new, shell};
use crate::app::AppState;
use crate::csrf::Fields;
use crate::page::{Problem, Shell, page};
use crate::visit::Visit;
use crate::words;

/// One account in the list.
struct Line {
    id: String,
    email: String,
    name: String,
    since: String,
    tracks: u64,
    size: String,
    is_admin: bool,
    is_disabled: bool,
}

#[derive(Template)]
#[template(path = "admin/accounts.html")]
struct AccountsPage<'a> {
    shell: Shell,
    said: Option<&'static str>,
    asked: &'a str,
    /// The same as an address has it, before what else stands there.
    query: String,
    total: u64,
    lines: Vec<Line>,
    paging: Paging,
}

fn query_of(asked: &str) -> String {
    if asked.is_empty() {
        return String::new();
    }
    form_urlencoded::Serializer::new(String::new()).append_pair("q", asked).finish() + "&"
}

pub(crate) async fn get(
    State(state): State<AppState>,
    visit: Visit,
    _: Admin,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let fields = Fields::of_query(query.as_deref());
    let asked: String = fields.get("q").unwrap_or_default().trim().chars().take(Email::MAX_BYTES).collect();
    let page_asked = Paging::asked(&fields);
    let found = state.store.admins.search(&asked, PER_PAGE, Paging::skipped(page_asked)).await?;
    let lines = found.accounts.into_iter().map(|seen| Line {
        id: seen.account.id.to_string(),
        email: seen.account.email.to_string(),
        name: seen.account.name.to_string(),
        since: words::moment(seen.account.created_at),
        tracks: seen.held.tracks,
        size: words::size(seen.held.bytes),
        is_admin: seen.admin_since.is_some(),
        is_disabled: seen.account.disabled_at.is_some(),
    });
    let view = AccountsPage {
        shell: shell(&state, &visit),
        said: match fields.get("done") {
            Some(done) if done == Act::Delete.as_str() => Some("The account is deleted."),
            Some(new::INVITED) => Some("The invitation is on its way. Its link works once, within 24 hours."),
            _ => None,
        },
        query: query_of(&asked),
        asked: &asked,
        total: found.total,
        lines: lines.collect(),
        paging: Paging::of(page_asked, found.total),
    };
    Ok(private(page(StatusCode::OK, &view)))
}
