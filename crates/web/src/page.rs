//! Pages and problems as responses.

use std::any::Any;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use cookie_policy::{Consent, Kind, Life, Withheld};

use crate::app::AppState;
use crate::consent::Bar;
use crate::preferences::{Preferences, Theme};
use crate::usage::{self, Cause};
use crate::visit::{Asked, Visit};

/// What every page shows around its content.
#[derive(Clone)]
pub(crate) struct Shell {
    /// Which entry of the navigation is the page at hand.
    pub(crate) here: Here,
    /// Whether the browser is signed in to an account.
    pub(crate) is_member: bool,
    /// Whom visitors can write to.
    pub(crate) contact: String,
    /// How the visitor wants pages to look.
    pub(crate) theme: Theme,
    pub(crate) preferences: Preferences,
    /// What scripts may keep, as [`agreed_storage`] has it.
    pub(crate) stores: String,
    /// What is asked of the visitor before anything else.
    pub(crate) bar: Bar,
    /// Whether scripts are to report what is used, how long it takes and what fails.
    pub(crate) counts: bool,
    /// Whether a script is to measure for how long the page is in view.
    pub(crate) measures_time: bool,
}

impl Shell {
    /// To be made last: what the page asked of the jar before is asked of the visitor on this very page.
    pub(crate) fn new(visit: &Visit, here: Here, contact: &str, measures_time: bool) -> Self {
        Self {
            here,
            is_member: visit.member.is_some(),
            contact: contact.to_owned(),
            theme: visit.theme,
            preferences: visit.preferences.clone(),
            stores: agreed_storage(&visit.jar.consent()),
            bar: Bar::of(visit),
            counts: usage::is_agreed(&visit.jar),
            measures_time,
        }
    }
}

/// The web-storage items that the visitor agreed to, each with its life: `upload-draft:7 visited-pages:30`, in days.
/// Scripts keep nothing else, and nothing longer.
pub(crate) fn agreed_storage(consent: &Consent) -> String {
    let items = consent.registry().items().iter();
    let agreed = items.filter(|item| item.kind != Kind::Cookie && consent.standing(item).is_agreed());
    let days = |life: Life| life.longest_s().unwrap_or_default() / (24 * 3600);
    agreed.map(|item| format!("{}:{}", item.name, days(item.spec.life))).collect::<Vec<_>>().join(" ")
}

/// An entry of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Here {
    Tracks,
    Settings,
    Help,
    Account,
    Elsewhere,
}

/// A page with a status.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => {
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
                // What is asked about cookies speaks the browser's language.
                (header::VARY, HeaderValue::from_static("Accept-Language")),
            ];
            (status, headers, html).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Why a request is not answered with what was asked for, in words for the visitor.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) title: &'static str,
    pub(crate) text: String,
    /// The way on: an address and its words.
    pub(crate) way_on: (&'static str, &'static str),
    /// What went wrong on this side, for the operator alone.
    pub(crate) cause: Option<String>,
}

const HOME: (&str, &str) = ("/", "Master a mix");

impl Problem {
    pub(crate) fn new(status: StatusCode, title: &'static str, text: impl Into<String>) -> Self {
        Self { status, title, text: text.into(), way_on: HOME, cause: None }
    }

    /// There is no such page, or it is somebody else's: the answer is the same, so that nobody learns which.
    pub(crate) fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "There is nothing here",
            "Either the address is wrong, or the track belongs to another browser, or it was deleted. Tracks can be \
             seen only in the browser that uploaded them.",
        )
    }

    /// The fault is the service's; the log says more.
    pub(crate) fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        let causes = domain::causes(error);
        tracing::error!(error = causes, "a request failed: {causes}");
        Self::of_ours(causes)
    }

    /// A handler panicked; the log has it already.
    pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Self {
        let said = panic.downcast_ref::<&str>().copied();
        let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Self::of_ours(format!("panic: {}", said.unwrap_or_default()))
    }

    fn of_ours(cause: String) -> Self {
        let problem = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "That did not work",
            "The fault is on this side, and it has been written to the log. Try again in a moment.",
        );
        Self { cause: Some(cause), ..problem }
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        Self::internal(&error)
    }
}

impl From<Withheld> for Problem {
    /// Where somebody has a session they agreed to what goes with it, so this does not come to pass by itself.
    fn from(withheld: Withheld) -> Self {
        Self::internal(&withheld)
    }
}

#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage<'a> {
    shell: Shell,
    title: &'a str,
    text: &'a str,
    href: &'a str,
    action: &'a str,
}

/// A page that says one thing and leads on.
pub(crate) fn message(
    state: &AppState,
    visit: &Visit,
    here: Here,
    title: &str,
    text: &str,
    (href, action): (&str, &str),
) -> Response {
    page(StatusCode::OK, &MessagePage { shell: state.shell(visit, here), title, text, href, action })
}

impl IntoResponse for Problem {
    /// Plain words; [`problems`] makes a page of it on the way out.
    fn into_response(mut self) -> Response {
        let cause = self.cause.take().map(Cause);
        let mut response = (self.status, format!("{}. {}\n", self.title, self.text)).into_response();
        if let Some(cause) = cause {
            response.extensions_mut().insert(cause);
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Makes a page of each [`Problem`], in the frame that all pages have. Handlers need not know who asks to fail.
pub(crate) async fn problems(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let asked = Asked::of(&parts);
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let (Some(problem), Ok(asked)) = (response.extensions_mut().remove::<Problem>(), asked) else {
        return response;
    };
    let visit = asked.look(&state).await;
    let (href, action) = problem.way_on;
    page(
        problem.status,
        &MessagePage {
            shell: state.shell(&visit, Here::Elsewhere),
            title: problem.title,
            text: &problem.text,
            href,
            action,
        },
    )
}
