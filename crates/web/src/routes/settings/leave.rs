//! Leave to keep a setting: given before, given with the form, or asked for by name.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use cookie_policy::{Answer, Cookie, Granted, Told};

use crate::app::AppState;
use crate::consent::{Asked, Back};
use crate::csrf::Fields;
use crate::page::{Here, Problem, Shell, page};
use crate::routes::cookies::{refused, take};
use crate::visit::Visit;

/// The field that says yes to the cookie that a setting needs.
const ALLOW: &str = "allow";

#[derive(Template)]
#[template(path = "settings/ask.html")]
struct AskPage<'a> {
    shell: Shell,
    question: Asked,
    language: &'static str,
    words: &'static crate::consent::texts::Words,
    /// Where the form goes once more, with what was filled in.
    action: &'a str,
    fields: Vec<(&'a str, &'a str)>,
    back: &'a str,
}

/// Leave to set `K`, or the page that asks for it.
pub(super) async fn leave<K: Cookie>(
    state: &AppState,
    visit: &Visit,
    fields: &Fields,
    action: &str,
    back: &Back,
) -> Result<Granted<K::Category>, Response> {
    let name = K::DECLARATION.name;
    let problem = |problem: Problem| problem.into_response();
    if fields.get(ALLOW) == Some(name) {
        // The page that sends this says whatever there is to say of a signal.
        let decision = visit.jar.consent().answer(name, Answer::Allow, Told::OfSignal);
        take(state, visit, decision.map_err(|error| problem(refused(&error)))?).await;
    }
    if visit.jar.agrees::<K>() {
        return visit.jar.ask::<K>().map_err(|withheld| problem(withheld.into()));
    }
    // Only essential items are not asked for, and no setting needs one.
    let Some(question) = visit.jar.consent().question(name) else {
        return Err(problem(Problem::not_found()));
    };
    let ask = AskPage {
        shell: state.shell(visit, Here::Settings),
        question: Asked::of(&question, visit.language),
        language: visit.language.code(),
        words: visit.language.words(),
        action,
        fields: fields.iter().filter(|(name, _)| *name != ALLOW).collect(),
        back: back.as_str(),
    };
    Err(page(StatusCode::CONFLICT, &ask))
}
