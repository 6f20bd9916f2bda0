//! GET /settings: what can be set, as it is set.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::Style;
use mastering::presets::PRESETS;

use super::{keep, theme};
use crate::app::AppState;
use crate::choices::style_words;
use crate::page::{Here, Shell, page};
use crate::preferences::{Contrast, Format, Motion, Start, TextSize, Theme};
use crate::visit::Visit;
use crate::words;

#[derive(Template)]
#[template(path = "settings/show.html")]
struct SettingsPage {
    shell: Shell,
    kept: bool,
    theme_address: &'static str,
    address: &'static str,
    themes: Vec<Choice>,
    starts: Vec<Choice>,
    lufs: String,
    styles: Vec<Choice>,
    formats: Vec<Choice>,
    groups: [Group; 3],
}

/// One of several values, as a radio button, an option or a button.
struct Choice {
    value: String,
    name: String,
    chosen: bool,
}

/// A question with few answers.
struct Group {
    name: &'static str,
    legend: &'static str,
    choices: Vec<Choice>,
}

fn choices<T: Copy + PartialEq>(
    all: &[T],
    chosen: T,
    value: fn(T) -> &'static str,
    name: fn(T) -> &'static str,
) -> Vec<Choice> {
    let choice = |&one: &T| Choice { value: value(one).to_owned(), name: name(one).to_owned(), chosen: one == chosen };
    all.iter().map(choice).collect()
}

fn starts(chosen: Option<&Start>) -> Vec<Choice> {
    let number = matches!(chosen, Some(Start::Lufs(_)));
    let chosen = chosen.map(Start::word).unwrap_or_default();
    let none = Choice { value: String::new(), name: "What the site suggests".to_owned(), chosen: chosen.is_empty() };
    let presets = PRESETS.iter().map(|preset| Choice {
        value: preset.id.to_owned(),
        name: format!("{}, {} LUFS", preset.name, words::level(preset.loudness_lufs)),
        chosen: preset.id == chosen,
    });
    let own = Choice { value: keep::NUMBER.to_owned(), name: "My own number".to_owned(), chosen: number };
    std::iter::once(none).chain(presets).chain([own]).collect()
}

pub(crate) async fn get(State(state): State<AppState>, visit: Visit, RawQuery(query): RawQuery) -> Response {
    let preferences = &visit.preferences;
    let groups = [
        Group {
            name: "motion",
            legend: "Movement",
            choices: choices(Motion::ALL, preferences.motion, Motion::word, |motion| match motion {
                Motion::System => "As the system says",
                Motion::Reduced => "None",
            }),
        },
        Group {
            name: "contrast",
            legend: "Contrast",
            choices: choices(Contrast::ALL, preferences.contrast, Contrast::word, |contrast| match contrast {
                Contrast::System => "As the system says",
                Contrast::More => "More",
            }),
        },
        Group {
            name: "text",
            legend: "Text",
            choices: choices(TextSize::ALL, preferences.text_size, TextSize::word, |size| match size {
                TextSize::Normal => "As the browser says",
                TextSize::Large => "Larger",
                TextSize::Larger => "Much larger",
            }),
        },
    ];
    let themes = choices(Theme::ALL, visit.theme, Theme::word, |theme| match theme {
        Theme::System => "As the system says",
        Theme::Light => "Light",
        Theme::Dark => "Dark",
    });
    let view = SettingsPage {
        kept: query.as_deref() == Some("kept"),
        theme_address: theme::ADDRESS,
        address: keep::ADDRESS,
        themes,
        starts: starts(preferences.start.as_ref()),
        lufs: match &preferences.start {
            Some(Start::Lufs(target)) => target.lufs().to_string(),
            _ => "-14".to_owned(),
        },
        styles: choices(&Style::ALL, preferences.style, Style::id, |style| style_words(style).0),
        formats: choices(Format::ALL, preferences.format, Format::word, Format::name),
        groups,
        shell: state.shell(&visit, Here::Settings),
    };
    page(StatusCode::OK, &view)
}
