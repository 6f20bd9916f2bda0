//! One request for a page: who asks, and in which way they want to see pages.
//!
//! Not here: which tracks are theirs ([`crate::visitor`]), and what a page shows.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{Method, Uri};
use cookie_policy::Jar;
use store::Member;

use crate::app::AppState;
use crate::language::Language;
use crate::page::Problem;
use crate::preferences::{Preferences, Theme};
use crate::visitor::{self, jar};

/// One request for a page.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    /// The visitor's cookies and what they agreed to.
    pub(crate) jar: Jar,
    /// In which language they are asked for consent.
    pub(crate) language: Language,
    /// The page's address on this site, with its query: where forms of consent and looks lead back to.
    pub(crate) path: String,
    pub(crate) theme: Theme,
    pub(crate) preferences: Preferences,
    /// The account that the browser is signed in to.
    pub(crate) member: Option<Member>,
}

/// What a [`Visit`] is made from. Making this one looks into no cookie, so that the answer to it may still be anybody's.
#[derive(Debug)]
pub(crate) struct Asked {
    jar: Jar,
    language: Language,
    path: String,
}

impl Asked {
    pub(crate) fn of(parts: &Parts) -> Result<Self, Problem> {
        let jar = jar(parts)?.clone();
        let language = Language::of(&parts.uri, &parts.headers);
        Ok(Self { jar, language, path: page_path(&parts.method, &parts.uri) })
    }

    /// The visit of whoever asked, who is signed in or not.
    pub(crate) fn visit(self, member: Option<Member>) -> Visit {
        let Self { jar, language, path } = self;
        Visit { theme: Theme::of(&jar), preferences: Preferences::of(&jar), jar, language, path, member }
    }

    /// The same, and finds out who asked.
    pub(crate) async fn look(self, state: &AppState) -> Visit {
        // Whoever cannot be found out is shown the page of somebody who is not signed in.
        let member = visitor::look_up(state, &self.jar).await.unwrap_or_default();
        self.visit(member)
    }
}

impl FromRequestParts<AppState> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let asked = Asked::of(parts)?;
        Ok(asked.visit(visitor::member(parts, state).await?))
    }
}

/// What answers a form has no address that a browser could ask for again: the way back from it is the first page.
fn page_path(method: &Method, uri: &Uri) -> String {
    let path = uri.path_and_query().filter(|_| matches!(*method, Method::GET | Method::HEAD));
    path.map_or("/", PathAndQuery::as_str).to_owned()
}
