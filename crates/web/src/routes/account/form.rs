//! A page with one form on it, as most pages of an account are.

use std::borrow::Cow;
use std::time::Duration;

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::factors::PasskeyForm;
use super::{SIGN_IN, private};
use crate::app::AppState;
use crate::consent::{Back, Need, interstitial};
use crate::csrf;
use crate::page::{Here, Shell, page};
use crate::visit::Visit;

/// What somebody fills in.
pub(super) struct Input {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    /// The input's type.
    pub(super) kind: &'static str,
    /// What password managers and browsers are to make of it.
    pub(super) autocomplete: &'static str,
    pub(super) value: String,
    pub(super) hint: &'static str,
    pub(super) required: bool,
}

impl Input {
    const fn plain() -> Self {
        Self { name: "", label: "", kind: "text", autocomplete: "off", value: String::new(), hint: "", required: true }
    }

    pub(super) fn email(value: &str) -> Self {
        let (name, label) = ("email", "E-mail address");
        Self { name, label, kind: "email", autocomplete: "email", value: value.to_owned(), ..Self::plain() }
    }

    pub(super) fn name(value: &str) -> Self {
        let (name, label) = ("name", "What we call you");
        Self { name, label, kind: "text", autocomplete: "name", value: value.to_owned(), ..Self::plain() }
    }

    pub(super) fn password() -> Self {
        let (name, label) = ("password", "Password");
        Self { name, label, kind: "password", autocomplete: "current-password", ..Self::plain() }
    }

    pub(super) fn new_password() -> Self {
        let hint = "At least 12 characters. Three or four words that do not belong together are a good one.";
        Self { name: "new", label: "New password", autocomplete: "new-password", hint, ..Self::password() }
    }
}

/// A page with one form.
#[derive(Template)]
#[template(path = "account/form.html")]
struct FormPage<'a> {
    shell: Shell,
    csrf: String,
    form: &'a Form,
    message: Option<&'a str>,
}

/// What the page says and asks.
pub(super) struct Form {
    pub(super) title: &'static str,
    pub(super) lead: String,
    /// Good news, or what is to be known before.
    pub(super) note: Option<String>,
    pub(super) action: Cow<'static, str>,
    pub(super) hidden: Vec<(&'static str, String)>,
    pub(super) inputs: Vec<Input>,
    /// Whether to stay signed in, where that is asked.
    pub(super) keep: Option<bool>,
    /// Other services that can be used instead: where the form goes then, and what its button says.
    pub(super) others: Vec<(String, String)>,
    pub(super) button: &'static str,
    pub(super) small: &'static str,
    /// Where a passkey does instead.
    pub(super) passkey: Option<PasskeyForm>,
    /// Other ways: an address and its words.
    pub(super) ways: Vec<(String, &'static str)>,
}

impl Form {
    pub(super) fn new(
        title: &'static str,
        lead: impl Into<String>,
        action: impl Into<Cow<'static, str>>,
        button: &'static str,
    ) -> Self {
        Self {
            title,
            lead: lead.into(),
            note: None,
            action: action.into(),
            hidden: Vec::new(),
            inputs: Vec::new(),
            keep: None,
            others: Vec::new(),
            button,
            small: "",
            passkey: None,
            ways: Vec::new(),
        }
    }

    /// The page, with what is wrong said in place.
    pub(super) fn answer(
        &self,
        state: &AppState,
        visit: &Visit,
        status: StatusCode,
        message: Option<&str>,
    ) -> Response {
        // Block All is taken at its word: first the visitor has to want it otherwise.
        let Ok(csrf) = csrf::field(&visit.jar, state.entropy.as_ref()) else {
            return interstitial(state, visit, Need::SignIn, &Back::of(SIGN_IN));
        };
        private(page(status, &FormPage { shell: state.shell(visit, Here::Account), csrf, form: self, message }))
    }

    pub(super) fn wrong(&self, state: &AppState, visit: &Visit, message: &str) -> Response {
        self.answer(state, visit, StatusCode::UNPROCESSABLE_ENTITY, Some(message))
    }

    /// The page for somebody who tried too often.
    pub(super) fn wait(&self, state: &AppState, visit: &Visit, wait: Duration) -> Response {
        let seconds = wait.as_secs() + 1;
        let message = format!("Too many attempts came one after the other. Wait {seconds} seconds, then try again.");
        retry_after(self.answer(state, visit, StatusCode::TOO_MANY_REQUESTS, Some(&message)), seconds)
    }
}

pub(super) fn retry_after(mut response: Response, seconds: u64) -> Response {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}
