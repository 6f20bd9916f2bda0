//! GET /cookies/changes.atom: the change log as a feed (RFC 4287).

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::Response;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::well_known::document;
use crate::app::AppState;
use crate::consent::documents::{self, Entry};
use crate::consent::texts::Words;
use crate::language::Language;
use crate::page::Problem;

#[derive(Template)]
#[template(path = "cookies/changes.xml")]
struct Feed<'a> {
    language: Language,
    words: &'static Words,
    /// `https://host`, or nothing on the operator's own machine: addresses are relative there.
    origin: &'a str,
    /// What makes the ids unique (RFC 4151): host and the day of the first version.
    authority: String,
    updated: String,
    entries: Vec<(Entry, String)>,
}

pub(crate) async fn get(State(state): State<AppState>, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    let language = Language::of(&uri, &headers);
    let origin = state.site.public_url.as_deref().unwrap_or_default();
    let host = origin.strip_prefix("https://").and_then(|host| host.split(':').next()).unwrap_or("localhost");
    let moment = |version: u16| {
        let document = documents::all().iter().find(|document| document.version == version);
        rfc3339(document.map_or(OffsetDateTime::UNIX_EPOCH, documents::moment))
    };
    let feed = Feed {
        language,
        words: language.words(),
        origin,
        authority: format!("{host},{}", documents::all().first().map_or("", |first| first.date.as_str())),
        updated: rfc3339(documents::moment(documents::newest())),
        entries: documents::log(language)
            .into_iter()
            .map(|entry| {
                let at = moment(entry.version);
                (entry, at)
            })
            .collect(),
    };
    let xml = feed.render().map_err(|error| Problem::internal(&error))?;
    let mut response = document(&headers, "application/atom+xml; charset=utf-8", xml);
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Accept-Language"));
    Ok(response)
}

fn rfc3339(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap_or_default()
}
