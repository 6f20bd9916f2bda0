//! GET /admin/audit: what administrators did, the latest first.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use store::{AuditLine, Doer};

use super::super::private;
use super::{Admin, PER_PAGE, Paging, shell};
use crate::app::AppState;
use crate::csrf::Fields;
use crate::page::{Problem, Shell, page};
use crate::visit::Visit;
use crate::words;

struct Line {
    at: String,
    action: String,
    by: String,
    /// Id and address of the account, while there is one.
    whom: Option<(String, String)>,
}

impl From<AuditLine> for Line {
    fn from(line: AuditLine) -> Self {
        let by = match line.actor {
            Doer::CommandLine => "the command line".to_owned(),
            Doer::Admin(_, Some(email)) => email.to_string(),
            // Who it was can still be told from whom else.
            Doer::Admin(id, None) => format!("somebody without an account ({})", &id.to_string()[..8]),
        };
        let whom = line.account.zip(line.email).map(|(id, email)| (id.to_string(), email.to_string()));
        Self { at: words::moment(line.at), action: line.action.to_string(), by, whom }
    }
}

#[derive(Template)]
#[template(path = "admin/audit.html")]
struct AuditPage {
    shell: Shell,
    lines: Vec<Line>,
    paging: Paging,
}

pub(crate) async fn get(
    State(state): State<AppState>,
    visit: Visit,
    _: Admin,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let asked = Paging::asked(&Fields::of_query(query.as_deref()));
    let lines = state.store.audits.page(PER_PAGE, Paging::skipped(asked)).await?;
    let total = state.store.audits.count().await?;
    let view = AuditPage {
        shell: shell(&state, &visit),
        lines: lines.into_iter().map(Line::from).collect(),
        paging: Paging::of(asked, total),
    };
    Ok(private(page(StatusCode::OK, &view)))
}
