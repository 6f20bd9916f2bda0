//! Pages and problems as responses.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// What every page shows around its content.
#[derive(Debug, Clone)]
pub(crate) struct Shell {
    /// Which entry of the navigation is the page at hand.
    pub(crate) here: Here,
    /// Whom visitors can write to.
    pub(crate) contact: Option<String>,
}

/// An entry of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Here {
    Tracks,
    Help,
    Elsewhere,
}

/// A page with a status.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, [(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))], html)
            .into_response(),
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
}

const HOME: (&str, &str) = ("/", "Master a mix");

impl Problem {
    pub(crate) fn new(status: StatusCode, title: &'static str, text: impl Into<String>) -> Self {
        Self { status, title, text: text.into(), way_on: HOME }
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
        let mut causes = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            causes.push_str(": ");
            causes.push_str(&cause.to_string());
            source = cause.source();
        }
        tracing::error!(error = causes, "a request failed: {causes}");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "That did not work",
            "The fault is on this side, and it has been written to the log. Try again in a moment.",
        )
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        Self::internal(&error)
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

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (href, action) = self.way_on;
        page(
            self.status,
            &MessagePage {
                shell: Shell { here: Here::Elsewhere, contact: None },
                title: self.title,
                text: &self.text,
                href,
                action,
            },
        )
    }
}
