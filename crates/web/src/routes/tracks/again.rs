//! POST /tracks/{id}/again: another version of a master, with other wishes; or the same work once more, after it failed
//! through no fault of the file.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Redirect;
use domain::Settings;

use super::{quota, track_id};
use crate::app::AppState;
use crate::choices::Form;
use crate::csrf::{Fields, Protected};
use crate::page::Problem;
use crate::visit::Visit;
use crate::visitor::Visitor;

pub(crate) async fn post(
    State(state): State<AppState>,
    Path(id): Path<String>,
    visit: Visit,
    Visitor { owner }: Visitor,
    Protected(fields): Protected,
) -> Result<Redirect, Problem> {
    let id = track_id(&id)?;
    let job = state.store.jobs.latest(owner, id).await?.ok_or_else(Problem::not_found)?;
    // A second click finds the work under way: it is left alone.
    if job.course.state.is_final() {
        let quota = state.limits.quota(visit.member.is_some());
        let held = state.store.tracks.held(owner).await?;
        if held.bytes >= quota.bytes {
            return Err(quota::problem(held, quota, visit.member.is_some()));
        }
        let track = state.store.tracks.find(owner, id).await?.ok_or_else(Problem::not_found)?;
        let settings = if fields.get("loudness").is_some() {
            wished(&fields, track.reference.is_some())?
        } else if fields.get("without") == Some("reference") {
            Settings { matching: None, ..job.settings }
        } else {
            job.settings
        };
        state.store.jobs.ask_again(owner, id, &settings).await?.ok_or_else(Problem::not_found)?;
    }
    Ok(Redirect::to(&format!("/tracks/{id}")))
}

fn wished(fields: &Fields, has_reference: bool) -> Result<Settings, Problem> {
    let mut form = Form::default();
    for (name, value) in fields.iter() {
        form.set(name, value.to_owned());
    }
    let wrong = |message| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "That cannot be made", message);
    let parsed = if has_reference { form.parse_matching() } else { form.parse() };
    parsed.map_err(|message| wrong(format!("{message} Go back and change it: nothing was done yet.")))
}
