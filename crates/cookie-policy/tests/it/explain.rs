//! The policy page's data, the policy as JSON, and what a new version changes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::common::{GPC, QUIET, SITE, UploadDraft, visitor};
use cookie_policy::{
    Amount, Category, Change, Consent, CookieConsent, Declared, DocumentParty, Kind, Life, PolicyDocument, Registry,
    SCHEMA, Texts, Told, Unit, declare, diff, missing, registry, tables,
};

/// A language in which each text is its own key.
struct Keys(BTreeMap<String, String>);

impl Keys {
    fn all() -> Self {
        let nothing = Self(BTreeMap::new());
        let holes = |key: &String| {
            matches!(key.as_str(), "party.processor" | "party.third" | "life.capped")
                || matches!(key.as_str(), "life.persistent" | "life.session-or")
        };
        let text = |key: &String| {
            if holes(key) { format!("{key} {{}}") } else { key.clone() }
        };
        Self(missing(&SITE, &nothing).into_iter().map(|key| (key.clone(), text(&key))).collect())
    }
}

impl Texts for Keys {
    fn text(&self, key: &str) -> Option<Cow<'_, str>> {
        self.0.get(key).map(|text| Cow::Borrowed(text.as_str()))
    }

    fn amount(&self, Amount { count, unit }: Amount) -> String {
        format!("{count} {unit:?}")
    }
}

#[test]
fn every_key_that_a_language_lacks_is_found_before_a_page_is() {
    let mut keys = Keys::all();
    assert!(missing(&SITE, &keys).is_empty());
    assert!(tables(&SITE, &keys, Some(&visitor(None, QUIET))).is_ok());
    for key in keys.0.clone().into_keys() {
        let text = keys.0.remove(&key).unwrap();
        assert_eq!(missing(&SITE, &keys), [key.as_str()]);
        keys.0.insert(key, text);
    }
    keys.0.remove("item.theme-mode");
    assert_eq!(tables(&SITE, &keys, None).unwrap_err().0, "item.theme-mode");
}

#[test]
fn the_tables_list_every_declared_item_once_under_its_category() {
    let tables = tables(&SITE, &Keys::all(), None).unwrap();
    assert_eq!(tables.iter().map(|t| t.category).collect::<Vec<_>>(), Category::ALL);
    let mut names: Vec<_> = tables.iter().flat_map(|t| &t.rows).map(|row| row.name).collect();
    names.sort_unstable();
    let mut declared: Vec<_> = SITE.items().iter().map(|item| item.name).collect();
    declared.sort_unstable();
    assert_eq!(names, declared);
}

#[test]
fn a_row_says_purpose_life_party_and_what_browsers_and_the_visitor_make_of_it() {
    let consent = visitor(None, GPC);
    let consent = consent.with(consent.selective(["_ga"], Told::OfSignal).ok());
    let tables = tables(&SITE, &Keys::all(), Some(&consent)).unwrap();
    let row = tables.iter().flat_map(|t| &t.rows).find(|row| row.name == "_ga").unwrap();
    assert_eq!(row.life, "life.persistent 2 Years");
    assert_eq!(row.capped.as_deref(), Some("life.capped 400 Days"));
    assert_eq!(row.party, "party.processor Google");
    assert_eq!(row.purposes, ["purpose.performance", "purpose.feature-usage"]);
    assert_eq!(row.state.as_ref().unwrap().text, "state.named-despite-signal");
}

#[test]
fn spans_are_said_as_people_say_them() {
    for (seconds, count, unit) in [
        (86_400, 24, Unit::Hours),
        (7 * 86_400, 7, Unit::Days),
        (180 * 86_400, 180, Unit::Days),
        (730 * 86_400, 2, Unit::Years),
        (90, 90, Unit::Seconds),
        (120, 2, Unit::Minutes),
        (0, 0, Unit::Seconds),
    ] {
        assert_eq!(Amount::of_seconds(seconds), Amount { count, unit });
    }
}

#[test]
fn the_json_keeps_to_its_published_schema_and_reads_back() {
    let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
    let (mut compiler, mut schemas) = (boon::Compiler::new(), boon::Schemas::new());
    compiler.add_resource("policy.json", schema).unwrap();
    let index = compiler.compile("policy.json", &mut schemas).unwrap();
    let document = PolicyDocument::of(&SITE);
    let json = document.to_json().unwrap();
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(schemas.validate(&value, index).is_ok(), "{json}");
    assert_eq!(serde_json::from_str::<PolicyDocument>(&json).unwrap(), document);

    for (pointer, wrong) in [
        ("/items/0/category", serde_json::json!("advertising")),
        ("/items/0/life", serde_json::json!({"kind": "session", "seconds": 5})),
        ("/items/0/party", serde_json::json!({"kind": "third"})),
        ("/hash", serde_json::json!("abc")),
    ] {
        let mut value = value.clone();
        *value.pointer_mut(pointer).unwrap() = wrong;
        assert!(schemas.validate(&value, index).is_err(), "{pointer}");
    }
}

declare! {
    cookie Theme = "theme-mode" in Functional { purposes: &["preferences"], life: Life::days(90) }
    cookie ThemeLonger = "theme-mode" in Functional { purposes: &["preferences"], life: Life::days(91), since: 2 }
    cookie ThemeForgotten = "theme-mode" in Functional { purposes: &["preferences"], life: Life::days(91) }
    cookie ThemeShorter = "theme-mode" in Functional { purposes: &["preferences", "night"], life: Life::Session }
    cookie ThemeMeasured = "theme-mode" in Analytics { purposes: &["preferences"], life: Life::days(90), since: 2 }
    cookie ThemeShared = "theme-mode" in Functional {
        purposes: &["preferences"], life: Life::days(90), party: cookie_policy::Party::Processor("Acme"), since: 2,
    }
    cookie ThemeOpen = "theme-mode" in Functional {
        purposes: &["preferences"], life: Life::days(90), access: cookie_policy::Access::Script,
    }
    local_storage ThemeMoved = "theme-mode" in Functional { purposes: &["preferences"], life: Life::days(90), since: 2 }
}

static OLD: Registry = registry! { version: 1, date: "2026-01-31", items: [CookieConsent, Theme] };

macro_rules! next {
    ($($item:ty),*) => {{
        static NEW: Registry = registry! { version: 2, date: "2026-02-28", items: [CookieConsent, $($item),*] };
        diff(&PolicyDocument::of(&OLD), &PolicyDocument::of(&NEW))
    }};
}

#[test]
fn new_items_longer_lives_new_parties_and_other_categories_are_significant() {
    let (d90, d91) = (Life::days(90), Life::days(91));
    let acme = DocumentParty::Processor { name: "Acme".into() };
    for (diff, expected) in [
        (next!(ThemeLonger), vec![Change::LivesLonger(d90, d91)]),
        (next!(ThemeShared), vec![Change::NewParty(DocumentParty::First {}, acme)]),
        (next!(ThemeMeasured), vec![Change::Category(Category::Functional, Category::Analytics)]),
        (next!(ThemeMoved), vec![Change::Added, Change::Removed]),
        (next!(Theme, UploadDraft), vec![Change::Added]),
    ] {
        assert!(diff.is_significant());
        assert_eq!(diff.changes.into_iter().map(|(_, change)| change).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn everything_else_is_for_the_change_log() {
    for (diff, expected) in [
        (next!(Theme), vec![]),
        (next!(), vec![Change::Removed]),
        (next!(ThemeShorter), vec![Change::LivesOtherwise(Life::days(90), Life::Session), Change::Purposes]),
        (next!(ThemeOpen), vec![Change::Attributes]),
    ] {
        assert!(!diff.is_significant() && diff.since_not_raised.is_empty());
        assert_eq!(diff.changes.into_iter().map(|(_, change)| change).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn a_significant_change_that_an_old_yes_would_still_cover_is_named() {
    assert_eq!(next!(ThemeForgotten).since_not_raised, ["theme-mode"]);
    assert!(next!(ThemeLonger).since_not_raised.is_empty());
}

static REORDERED: Registry = registry! { version: 9, date: "2027-01-31", items: [Theme, CookieConsent] };
static LONGER: Registry = registry! { version: 2, date: "2026-01-31", items: [CookieConsent, ThemeLonger] };

#[test]
fn the_hash_changes_with_the_promises_and_with_nothing_else() {
    assert_eq!(OLD.hash(), REORDERED.hash());
    assert_ne!(OLD.hash(), LONGER.hash());
    assert_eq!(
        OLD.canonical().lines().collect::<Vec<_>>(),
        [
            "cookie-policy registry 1",
            "cookie-consent\tCookie\tessential\tconsent\t15552000 s\tfirst\tHttpOnly\tLax\t/",
            "theme-mode\tCookie\tfunctional\tpreferences\t7776000 s\tfirst\tHttpOnly\tLax\t/",
        ]
    );
    // Locks the canonical text: sites lock their policies' versions to this hash.
    assert_eq!(OLD.hash(), "d64ed65323ad4b51fec29c9221cfe376ed4a83cb5929df55e32adeb875500bcc");
}

#[test]
fn declared_storage_is_never_a_cookie() {
    assert_eq!(UploadDraft::DECLARATION.kind, Kind::LocalStorage);
    let consent = Consent::new(&OLD, None, QUIET, crate::common::day(0));
    assert!(consent.question("cookie-consent").is_none());
}
