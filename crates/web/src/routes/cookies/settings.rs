//! GET /cookies/settings: what may be stored in this browser, item by item, and every way to change it.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use cookie_policy::{Category, Choice, Consent, MEMORY_DAYS, Party, Table, tables};
use time::Duration;

use crate::app::AppState;
use crate::consent::texts::{Words, fill};
use crate::consent::{Asked, Back, Bar, choice_name, signal_names};
use crate::csrf::Fields;
use crate::language::Language;
use crate::page::{Here, Problem, Shell, page};
use crate::registry::SITE;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "cookies/settings.html")]
struct SettingsPage {
    shell: Shell,
    language: Language,
    words: &'static Words,
    /// The address of this page.
    here: Back,
    /// Where answers lead: whence the visitor came, or here.
    back: Back,
    yours: Option<Yours>,
    /// What the page says of the browser's signal, if there is one.
    signal: Option<String>,
    tables: Vec<Table>,
    /// The questions of a visitor who wants to be asked; otherwise items are ticked in a list.
    asks: Option<Vec<Asked>>,
    /// Whether `_ga` and `_gid` can be set here at all.
    has_google: bool,
}

/// The decision that counts.
struct Yours {
    decided: String,
    until: String,
    blocked_all: bool,
    can_withdraw: bool,
}

pub(crate) async fn get(
    State(state): State<AppState>,
    RawQuery(query): RawQuery,
    visit: Visit,
) -> Result<Response, Problem> {
    let fields = Fields::of_query(query.as_deref());
    let language = visit.language;
    let consent = visit.jar.consent();
    let here = Back::of("/cookies/settings").in_language(language);
    let back = match fields.get("back").unwrap_or_default() {
        "" => here.clone(),
        back => Back::of(back),
    };
    let tables = tables(&SITE, &language, Some(&consent)).map_err(|error| Problem::internal(&error))?;
    let has_google = state.analytics.is_configured();
    let wants_questions = consent.decision().is_some_and(|decision| decision.choice() == Choice::Prompt);
    let asks = (wants_questions && fields.get("list").unwrap_or_default().is_empty()).then(|| {
        let questions = SITE.items().iter().filter_map(|item| consent.question(item.name));
        let state = |name| tables.iter().flat_map(|table| &table.rows).find(|row| row.name == name)?.state.clone();
        questions
            .map(|question| {
                let is_absent = !has_google && question.party != Party::First;
                let absent = is_absent.then_some(language.words().settings.google_absent);
                Asked { state: state(question.name), absent, ..Asked::of(&question, language) }
            })
            .collect()
    });
    let signal = consent.signal();
    // The whole page is the first layer, and more: it is not asked twice.
    let mut shell = state.shell(&visit, Here::Elsewhere);
    shell.bar = Bar::Nothing;
    let view = SettingsPage {
        shell,
        language,
        words: language.words(),
        here: Back::of(&visit.path),
        back,
        yours: yours(&consent, language),
        signal: signal.is_on().then(|| fill(language.words().settings.signal, &[&signal_names(signal)])),
        tables,
        asks,
        has_google,
    };
    Ok(page(StatusCode::OK, &view))
}

fn yours(consent: &Consent, language: Language) -> Option<Yours> {
    let words = &language.words().settings;
    let decision = consent.decision()?;
    let mut optional = consent.registry().items().iter().filter(|item| item.category != Category::Essential);
    let has_agreed = optional.any(|item| consent.standing(item).is_agreed());
    let choice = match decision.choice() {
        Choice::Selective if !has_agreed => language.words().choices.essential_only,
        choice => choice_name(choice, language),
    };
    let version = decision.policy_version().to_string();
    let last_day = decision.date().saturating_add(Duration::days(i64::from(MEMORY_DAYS)));
    Some(Yours {
        decided: fill(words.decided, &[choice, &language.date(decision.date()), &version]),
        until: fill(words.until, &[&language.date(last_day)]),
        blocked_all: decision.choice() == Choice::BlockAll,
        can_withdraw: has_agreed || decision.choice() == Choice::AcceptAll,
    })
}
