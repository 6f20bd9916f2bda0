//! GET /cookies: the policy, with the tables that are enforced and what holds in the reader's own browser.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use cookie_policy::{Table, tables};
use providers::identity::Identity;

use crate::app::AppState;
use crate::consent::documents::{self, Entry};
use crate::consent::texts::{Card, Group, Words, fill};
use crate::consent::{Back, served_by};
use crate::language::Language;
use crate::page::{Here, Problem, Shell, page};
use crate::registry::SITE;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "cookies/policy.html")]
struct PolicyPage {
    shell: Shell,
    language: Language,
    words: &'static Words,
    here: Back,
    version: String,
    last_updated: String,
    tables: Vec<Table>,
    parties: [Party; 3],
    log: Vec<Entry>,
    contact: Option<String>,
}

/// A third party, with what is true of it on this site.
struct Party {
    card: &'static Card,
    here: &'static str,
}

/// One purpose: its name, what is promised, and the names of the items that serve it.
struct Purpose {
    name: String,
    promise: &'static str,
    items: Vec<&'static str>,
}

impl PolicyPage {
    fn purposes(&self, group: &Group) -> Vec<Purpose> {
        let keys = group.area.purposes().into_iter().zip(group.promises);
        keys.map(|(key, promise)| Purpose {
            name: self.language.key(&format!("purpose.{key}")),
            promise,
            items: served_by(&SITE, key),
        })
        .collect()
    }
}

pub(crate) async fn get(State(state): State<AppState>, visit: Visit) -> Result<Response, Problem> {
    let language = visit.language;
    let words = language.words();
    let newest = documents::newest();
    let date = language.date(documents::date(newest));
    let tables = tables(&SITE, &language, Some(&visit.jar.consent())).map_err(|error| Problem::internal(&error))?;
    let (stripe, supabase, google) = (&words.policy.stripe, &words.policy.supabase, &words.policy.google);
    let view = PolicyPage {
        shell: state.shell(&visit, Here::Elsewhere),
        language,
        words,
        here: Back::of(&visit.path),
        version: fill(words.policy.version, &[&newest.version.to_string(), &date]),
        last_updated: fill(words.policy.last_updated, &[&date]),
        tables,
        parties: [
            Party {
                card: stripe,
                here: if state.till.is_some() { words.policy.stripe_configured } else { stripe.here },
            },
            Party {
                card: supabase,
                here: match state.accounts.identity {
                    Identity::Local => supabase.here,
                    Identity::Supabase(_) => words.policy.supabase_configured,
                },
            },
            Party {
                card: google,
                here: if state.analytics.is_configured() { words.policy.google_configured } else { google.here },
            },
        ],
        log: documents::log(language),
        contact: state.site.contact.clone(),
    };
    Ok(page(StatusCode::OK, &view))
}
