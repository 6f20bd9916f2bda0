//! GET /: the page with one thing to do.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::list::Line;
use crate::app::AppState;
use crate::choices::Form;
use crate::consent::Need;
use crate::history;
use crate::language::Language;
use crate::page::{Here, Problem, Shell, page};
use crate::registry::UploadDraft;
use crate::till::Till;
use crate::usage::{Counted, experiment};
use crate::visit::Visit;
use crate::visitor::Visitor;
use crate::wishes::{Reference, Wishes};
use crate::words;

#[derive(Template)]
#[template(path = "upload.html")]
struct UploadPage<'a> {
    shell: Shell,
    max_bytes: u64,
    max_size: String,
    wishes: Wishes<'a>,
    message: Option<&'a str>,
    /// What stands in the way of an upload, where the visitor blocked all cookies.
    blocked: Option<String>,
    language: Language,
    /// The first words: which ones is an experiment.
    lead: &'a str,
    /// The latest uploads of this visitor, where the browser remembers them.
    recent: Vec<Line>,
    /// What a download costs, where it costs something.
    price: Option<String>,
}

/// More of the latest uploads would push the form's own business away.
const RECENT: usize = 3;

pub(crate) async fn get(
    State(state): State<AppState>,
    visit: Visit,
    visitor: Option<Visitor>,
    counted: Counted,
) -> Result<Response, Problem> {
    let mut recent = Vec::new();
    if let Some(Visitor { owner }) = visitor {
        for id in history::of(&visit.jar).into_iter().take(RECENT) {
            if let Some(track) = state.store.tracks.find(owner, id).await? {
                recent.extend(Line::of(&state, owner, &track).await?);
            }
        }
    }
    let form = Form::starting(&visit.preferences);
    // A draft that may not be kept is asked for where it would begin.
    let _ = visit.jar.ask::<UploadDraft>();
    Ok(render(&state, &visit, &counted, StatusCode::OK, &form, None, recent))
}

/// The form as it was filled in, with what is wrong said in place.
pub(super) fn show(
    state: &AppState,
    visit: &Visit,
    counted: &Counted,
    status: StatusCode,
    form: &Form,
    message: &str,
) -> Response {
    render(state, visit, counted, status, form, Some(message), Vec::new())
}

fn render(
    state: &AppState,
    visit: &Visit,
    counted: &Counted,
    status: StatusCode,
    form: &Form,
    message: Option<&str>,
    recent: Vec<Line>,
) -> Response {
    let max_bytes = state.limits.upload.max_bytes;
    // Before the shell, so that a visitor who wants to be asked about it is asked on this very page.
    let lead = experiment::LEAD.show(counted);
    page(
        status,
        &UploadPage {
            shell: state.shell(visit, Here::Elsewhere),
            max_bytes,
            max_size: words::limit(max_bytes),
            wishes: Wishes::of(form, &state.site.extras, Reference::Upload),
            message,
            blocked: visit.jar.essential().is_err().then(|| Need::Upload.message(visit.language)),
            language: visit.language,
            lead,
            recent,
            price: state.till.as_ref().and_then(Till::lowest_price),
        },
    )
}
