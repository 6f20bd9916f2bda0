//! The published versions of the policy, the founding one first, and what each one changed.
//!
//! Each version is kept as the file that was published; the newest one is what [`crate::registry::SITE`] declares, as a
//! test demands. So nobody changes a promise without publishing it, and the change log is computed, not written.

use std::sync::LazyLock;

use cookie_policy::{Amount, Change, Diff, Life, PolicyDocument, Texts as _, diff};
use time::format_description::well_known::Iso8601;
use time::{Date, OffsetDateTime, Time};

use super::texts::fill;
use crate::language::Language;

const FILES: [&str; 2] = [include_str!("../../policy/1.json"), include_str!("../../policy/2.json")];

static DOCUMENTS: LazyLock<Vec<PolicyDocument>> = LazyLock::new(|| {
    let read =
        |text: &&str| serde_json::from_str(text).expect("a published version is a policy document, as a test shows");
    FILES.iter().map(read).collect()
});

/// All versions, the first one first.
pub(crate) fn all() -> &'static [PolicyDocument] {
    &DOCUMENTS
}

/// The newest one.
pub(crate) fn newest() -> &'static PolicyDocument {
    all().last().expect("there is a first version")
}

/// The file of a version, as it was published.
pub(crate) fn file(version: u16) -> Option<&'static str> {
    let place = all().iter().position(|document| document.version == version)?;
    Some(FILES[place])
}

/// The day on which a version took effect.
pub(crate) fn date(document: &PolicyDocument) -> Date {
    Date::parse(&document.date, &Iso8601::DATE).expect("a published version has a date, as a test shows")
}

/// The same as a moment: midnight, UTC.
pub(crate) fn moment(document: &PolicyDocument) -> OffsetDateTime {
    date(document).with_time(Time::MIDNIGHT).assume_utc()
}

/// What changed since a version; nothing where there is no such version.
pub(crate) fn since(version: u16) -> Option<Diff> {
    let old = all().iter().find(|document| document.version == version)?;
    Some(diff(old, newest()))
}

/// A version in the change log.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) version: u16,
    /// "Version 2, 24 November 2026".
    pub(crate) heading: String,
    pub(crate) summary: &'static str,
    /// What became of each item.
    pub(crate) changes: Vec<ItemChange>,
    /// Whether visitors were asked again; nothing for the first version.
    pub(crate) weight: Option<&'static str>,
}

/// What became of one item, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ItemChange {
    pub(crate) name: String,
    pub(crate) what: String,
}

/// The change log, the newest version first.
pub(crate) fn log(language: Language) -> Vec<Entry> {
    let words = &language.words().log;
    let mut entries: Vec<_> = all()
        .iter()
        .zip(words.summaries)
        .map(|(document, summary)| {
            let before = all().iter().take_while(|other| other.version < document.version).last();
            let found = before.map(|before| diff(before, document));
            let date = date(document);
            Entry {
                version: document.version,
                heading: fill(words.version, &[&document.version.to_string(), &language.date(date)]),
                summary,
                changes: found.as_ref().map(|diff| in_words(diff, language)).unwrap_or_default(),
                weight: found.map(|diff| if diff.is_significant() { words.significant } else { words.minor }),
            }
        })
        .collect();
    entries.reverse();
    entries
}

/// The changes in words.
pub(crate) fn in_words(diff: &Diff, language: Language) -> Vec<ItemChange> {
    let change = |(name, change): &(String, Change)| ItemChange { name: name.clone(), what: what(change, language) };
    diff.changes.iter().map(change).collect()
}

fn what(change: &Change, language: Language) -> String {
    let words = &language.words().log;
    match change {
        Change::Added => words.added.to_owned(),
        Change::Removed => words.removed.to_owned(),
        Change::LivesLonger(from, to) => fill(words.longer, &[&life(*to, language), &life(*from, language)]),
        Change::LivesOtherwise(from, to) => fill(words.otherwise, &[&life(*to, language), &life(*from, language)]),
        Change::NewParty(_, to) => fill(words.new_party, &[&to.to_string()]),
        Change::BackToFirstParty => words.first_party.to_owned(),
        Change::Category(from, to) => {
            let name = |category: &cookie_policy::Category| language.key(&format!("category.{}", category.as_str()));
            fill(words.category, &[&name(to), &name(from)])
        }
        Change::Purposes => words.purposes.to_owned(),
        Change::Attributes => words.attributes.to_owned(),
    }
}

/// How long an item stays, in words.
pub(crate) fn life(life: Life, language: Language) -> String {
    let key = match life {
        Life::Session => "life.session",
        Life::Persistent { .. } => "life.persistent",
        Life::SessionOr { .. } => "life.session-or",
    };
    let amount = life.longest_s().map(|seconds| language.amount(Amount::of_seconds(seconds)));
    language.key(key).replace("{}", &amount.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use cookie_policy::{Access, Category, DocumentParty, Kind, Registry, SameSite};
    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::registry::SITE;
    use crate::words;

    #[test]
    fn what_is_declared_is_what_was_published_last() {
        let declared = PolicyDocument::of(&SITE);
        assert_eq!(
            newest(),
            &declared,
            "the registry changed. Publish it: raise its version and date, add policy/<version>.json with this text, and a \
             sentence for the change log in every language:\n{}",
            declared.to_json().expect("JSON")
        );
        assert_eq!(FILES[FILES.len() - 1].trim_end(), declared.to_json().expect("JSON"));
    }

    #[test]
    fn versions_count_up_and_have_their_days_and_their_sentences() {
        for (place, document) in all().iter().enumerate() {
            assert_eq!(usize::from(document.version), place + 1);
            assert_eq!(date(document).to_string(), document.date);
        }
        assert!(all().is_sorted_by(|a, b| a.date < b.date));
        for language in Language::ALL {
            assert_eq!(language.words().log.summaries.len(), all().len(), "{language:?}");
        }
    }

    #[test]
    fn the_first_version_is_the_founding_text_to_the_letter() {
        const DAY: u32 = 86_400;
        let kept = |days: u32| Life::Persistent { seconds: days * DAY };
        let founding = [
            ("auth-token", Category::Essential, Life::SessionOr { seconds: 7 * DAY }),
            ("session-id", Category::Essential, Life::Session),
            ("csrf-token", Category::Essential, Life::Session),
            ("user-preferences", Category::Functional, kept(30)),
            ("theme-mode", Category::Functional, kept(90)),
            ("upload-history", Category::Functional, kept(7)),
            ("_ga", Category::Analytics, kept(730)),
            ("_gid", Category::Analytics, kept(1)),
            ("usage-stats", Category::Analytics, kept(30)),
        ];
        let first = &all()[0];
        assert_eq!((first.version, first.date.as_str()), (1, "2025-11-15"));
        let found: Vec<_> = first.items.iter().map(|item| (item.name.as_str(), item.category, item.life)).collect();
        assert_eq!(found, founding);
    }

    #[test]
    fn the_second_version_is_significant_and_adds_three_items() {
        let found = since(1).expect("a first version");
        assert!(found.is_significant());
        let names: Vec<_> = found.changes.iter().map(|(name, change)| (name.as_str(), change)).collect();
        let added = ["cookie-consent", "upload-draft", "visited-pages"].map(|name| (name, &Change::Added));
        assert_eq!(names, added);
        // An old agreement must not cover what is new. The consent cookie needs none.
        assert_eq!(found.since_not_raised, ["cookie-consent"]);
        assert_eq!(since(2).expect("today's").changes, []);
        assert_eq!(since(3), None);
    }

    #[test]
    fn the_log_tells_each_change_in_each_language() {
        let english = log(Language::English);
        assert_eq!(english.iter().map(|entry| entry.version).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(english[0].changes[0], ItemChange { name: "cookie-consent".into(), what: "is new".into() });
        assert!(english[0].weight.expect("a change").contains("asked again"));
        assert_eq!(english[1].heading, "Version 1, 15 November 2025");
        assert!(english[1].changes.is_empty() && english[1].weight.is_none());
        assert_eq!(log(Language::German)[1].heading, "Version 1, 15. November 2025");
    }

    #[test]
    fn every_kind_of_change_has_its_words() {
        let (week, month) = (Life::days(7), Life::days(30));
        let google = DocumentParty::Processor { name: "Google".into() };
        for (change, english) in [
            (Change::LivesLonger(week, month), "stays longer: 30\u{a0}days instead of 7\u{a0}days"),
            (Change::LivesOtherwise(month, week), "stays differently: 7\u{a0}days instead of 30\u{a0}days"),
            (Change::NewParty(DocumentParty::First {}, google), "has to do with somebody new: first for Google"),
            (
                Change::Category(Category::Functional, Category::Analytics),
                "changed its category: Analytics instead of Functional",
            ),
        ] {
            assert_eq!(what(&change, Language::English), english);
            assert!(!what(&change, Language::German).contains("{}"));
        }
    }

    /// What `Registry::canonical` writes, from the published file.
    fn canonical(document: &PolicyDocument) -> String {
        let mut items: Vec<_> = document.items.iter().collect();
        items.sort_by_key(|item| &item.name);
        let mut text = String::from("cookie-policy registry 1\n");
        for item in items {
            let (kind, access) = (item.kind, item.access);
            let same_site = item.same_site.map_or("Lax", SameSite::as_str);
            let path = item.path.as_deref().unwrap_or("/");
            let (category, purposes, life, party) =
                (item.category.as_str(), item.purposes.join(","), item.life, &item.party);
            let name = &item.name;
            writeln!(
                text,
                "{name}\t{kind:?}\t{category}\t{purposes}\t{life}\t{party}\t{access:?}\t{same_site}\t{path}"
            )
            .expect("a string");
        }
        text
    }

    #[test]
    fn every_published_version_has_the_hash_of_what_it_says() {
        let registry: &Registry = &SITE;
        assert_eq!(canonical(newest()), registry.canonical());
        for document in all() {
            assert_eq!(words::hex(&Sha256::digest(canonical(document))), document.hash, "version {}", document.version);
            assert!(document.items.iter().all(|item| item.kind == Kind::Cookie || item.access == Access::Script));
        }
    }
}
