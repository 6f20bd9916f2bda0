//! The page between a visitor and something that needs an essential cookie, where they blocked all.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::back::Back;
use super::texts::Words;
use crate::app::AppState;
use crate::language::Language;
use crate::page::{Here, Shell, page};
use crate::visit::Visit;

/// What a visitor wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    SignIn,
    Upload,
    Payment,
}

impl Need {
    /// What it needs, and why.
    pub(crate) const fn words(self, language: Language) -> &'static str {
        let words = &language.words().interstitial;
        match self {
            Self::SignIn => words.sign_in,
            Self::Upload => words.upload,
            Self::Payment => words.payment,
        }
    }

    /// The same for a script, which shows it where the visitor is.
    pub(crate) fn message(self, language: Language) -> String {
        format!("{} {}", self.words(language), language.words().interstitial.blocked)
    }
}

#[derive(Template)]
#[template(path = "cookies/interstitial.html")]
struct InterstitialPage {
    shell: Shell,
    language: Language,
    words: &'static Words,
    need: &'static str,
    back: Back,
    home: Back,
}

/// Says what is needed and offers to allow the essential cookies; `back` is where the visitor goes on from.
///
/// Nothing leads here by itself, and nothing leads on from here by itself, so nobody is sent in circles.
pub(crate) fn interstitial(state: &AppState, visit: &Visit, need: Need, back: &Back) -> Response {
    let language = visit.language;
    let page_ = InterstitialPage {
        shell: state.shell(visit, Here::Elsewhere),
        language,
        words: language.words(),
        need: need.words(language),
        back: back.clone(),
        home: Back::of("/"),
    };
    page(StatusCode::FORBIDDEN, &page_)
}
