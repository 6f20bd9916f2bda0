//! All words of the consent pages, in each language that they speak.
//!
//! What a page says is a typed structure, so that a language without one of its texts does not compile. The words for
//! what is declared (items, purposes, states) are looked up by key, as `cookie-policy` asks for them; a test finds the
//! keys that a language lacks.

mod de;
mod en;
mod policy;
mod policy_de;
mod policy_en;

use std::borrow::Cow;

use cookie_policy::{Amount, TextsHash, Unit};
use time::Date;

pub(crate) use policy::{Card, Group, Policy};

use crate::language::Language;

/// What the consent pages say in one language. `{}` is where a number, a date or a name goes.
pub(crate) struct Words {
    /// The language's own name.
    pub(crate) name: &'static str,
    /// What is shown around all of it.
    pub(crate) frame: Frame,
    pub(crate) choices: Choices,
    pub(crate) banner: Banner,
    pub(crate) notice: Notice,
    pub(crate) prompt: Prompt,
    pub(crate) interstitial: Interstitial,
    pub(crate) unkept: Unkept,
    pub(crate) settings: Settings,
    pub(crate) receipt: Receipt,
    pub(crate) log: Log,
    pub(crate) policy: Policy,
    months: [&'static str; 12],
    /// A date, with `{day}`, `{month}` and `{year}`.
    date: &'static str,
    /// From one amount to another.
    pub(crate) range: &'static str,
    /// Seconds, minutes, hours, days, years; one and several.
    units: [[&'static str; 2]; 5],
    keys: &'static [(&'static str, &'static str)],
}

/// Links that stand on several pages.
pub(crate) struct Frame {
    pub(crate) settings: &'static str,
    pub(crate) policy: &'static str,
    pub(crate) in_language: &'static str,
}

/// The buttons of the first layer, and the names of what was chosen.
pub(crate) struct Choices {
    pub(crate) accept_all: &'static str,
    pub(crate) block_all: &'static str,
    pub(crate) choose: &'static str,
    pub(crate) prompt: &'static str,
    pub(crate) essential_only: &'static str,
}

pub(crate) struct Banner {
    pub(crate) heading: &'static str,
    /// With the spans of functional and analytics items and of the decision itself.
    pub(crate) text: &'static str,
    /// Where the browser asks not to be tracked; with the names of the signals.
    pub(crate) signal: &'static str,
    /// Beside 'Essential only'.
    pub(crate) essential: &'static str,
}

/// The first layer where the policy changed since the visitor decided.
pub(crate) struct Notice {
    pub(crate) heading: &'static str,
    /// With the version that was decided on and the one of today.
    pub(crate) text: &'static str,
    /// After the list of changes.
    pub(crate) until_then: &'static str,
    pub(crate) more: &'static str,
}

pub(crate) struct Prompt {
    pub(crate) heading: &'static str,
    /// For screen readers, with the item's name.
    pub(crate) about: &'static str,
    pub(crate) stays: &'static str,
    pub(crate) against_signal: &'static str,
    pub(crate) allow: &'static str,
    pub(crate) not_now: &'static str,
    pub(crate) never: &'static str,
}

/// What a visitor wants to do that needs essential cookies.
pub(crate) struct Interstitial {
    pub(crate) title: &'static str,
    pub(crate) sign_in: &'static str,
    pub(crate) upload: &'static str,
    pub(crate) payment: &'static str,
    /// Why it does not work now.
    pub(crate) blocked: &'static str,
    pub(crate) offer: &'static str,
    pub(crate) allow: &'static str,
    pub(crate) not_now: &'static str,
}

/// Where the browser itself keeps nothing.
pub(crate) struct Unkept {
    pub(crate) title: &'static str,
    pub(crate) text: &'static str,
    pub(crate) works: &'static str,
    pub(crate) how: &'static str,
    pub(crate) again: &'static str,
}

pub(crate) struct Settings {
    pub(crate) title: &'static str,
    pub(crate) lead: &'static str,
    pub(crate) yours: &'static str,
    pub(crate) undecided: &'static str,
    /// With choice, date, version.
    pub(crate) decided: &'static str,
    /// With the last day on which the decision counts.
    pub(crate) until: &'static str,
    pub(crate) selective: &'static str,
    pub(crate) nothing_but_consent: &'static str,
    pub(crate) withdraw: &'static str,
    pub(crate) withdraw_about: &'static str,
    pub(crate) receipt: &'static str,
    pub(crate) all_at_once: &'static str,
    pub(crate) accept_all_about: &'static str,
    pub(crate) block_all_about: &'static str,
    pub(crate) essential_only_about: &'static str,
    pub(crate) prompt_about: &'static str,
    pub(crate) one_by_one: &'static str,
    pub(crate) one_by_one_about: &'static str,
    pub(crate) essential_about: &'static str,
    pub(crate) signal_heading: &'static str,
    /// With the names of the signals.
    pub(crate) signal: &'static str,
    pub(crate) signal_told: &'static str,
    pub(crate) save: &'static str,
    pub(crate) whole_category: &'static str,
    pub(crate) answer_here: &'static str,
    pub(crate) instead: &'static str,
    pub(crate) google_absent: &'static str,
}

pub(crate) struct Receipt {
    pub(crate) title: &'static str,
    pub(crate) lead: &'static str,
    pub(crate) download: &'static str,
    pub(crate) nothing_yet: &'static str,
    pub(crate) what: &'static str,
    pub(crate) contents: &'static [&'static str],
    pub(crate) check: &'static str,
    pub(crate) check_about: &'static str,
    pub(crate) field: &'static str,
    pub(crate) button: &'static str,
    /// With choice, date, version.
    pub(crate) genuine: &'static str,
    pub(crate) forged: &'static str,
    pub(crate) unreadable: &'static str,
}

/// The change log, generated from the published versions.
pub(crate) struct Log {
    pub(crate) title: &'static str,
    /// With version and date.
    pub(crate) version: &'static str,
    /// A sentence for each version, the first one first.
    pub(crate) summaries: &'static [&'static str],
    pub(crate) significant: &'static str,
    pub(crate) minor: &'static str,
    pub(crate) added: &'static str,
    pub(crate) removed: &'static str,
    pub(crate) longer: &'static str,
    pub(crate) otherwise: &'static str,
    pub(crate) new_party: &'static str,
    pub(crate) first_party: &'static str,
    pub(crate) category: &'static str,
    pub(crate) purposes: &'static str,
    pub(crate) attributes: &'static str,
    pub(crate) document: &'static str,
    pub(crate) feed: &'static str,
}

impl Language {
    /// What the consent pages say.
    pub(crate) const fn words(self) -> &'static Words {
        match self {
            Self::English => &en::WORDS,
            Self::German => &de::WORDS,
        }
    }

    /// The other languages, for the link to them.
    pub(crate) fn others(self) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |language| *language != self)
    }

    /// The word for a key of the tables; the key itself where a language lacks it, which a test rules out.
    pub(crate) fn key(self, key: &str) -> String {
        use cookie_policy::Texts as _;
        self.text(key).map_or_else(|| key.to_owned(), Cow::into_owned)
    }

    /// A date in words: 24 November 2026.
    pub(crate) fn date(self, date: Date) -> String {
        let words = self.words();
        words
            .date
            .replace("{day}", &date.day().to_string())
            .replace("{month}", words.months[usize::from(u8::from(date.month())) - 1])
            .replace("{year}", &date.year().to_string())
    }

    /// A fingerprint of what a visitor reads before deciding, on the first layer and in the settings.
    pub(crate) fn texts_hash(self) -> TextsHash {
        let Words { choices, banner, notice, prompt, settings, keys, .. } = self.words();
        let first = [
            choices.accept_all,
            choices.block_all,
            choices.choose,
            choices.prompt,
            choices.essential_only,
            banner.heading,
            banner.text,
            banner.signal,
            banner.essential,
            notice.heading,
            notice.text,
            notice.until_then,
            prompt.heading,
            prompt.against_signal,
            prompt.allow,
            prompt.not_now,
            prompt.never,
            settings.accept_all_about,
            settings.block_all_about,
            settings.essential_only_about,
            settings.prompt_about,
            settings.one_by_one_about,
            settings.essential_about,
            settings.signal,
            settings.signal_told,
        ];
        TextsHash::of(first.into_iter().chain(keys.iter().flat_map(|(key, text)| [*key, *text])))
    }
}

impl cookie_policy::Texts for Language {
    fn text(&self, key: &str) -> Option<Cow<'_, str>> {
        self.words().keys.iter().find(|(name, _)| *name == key).map(|(_, text)| Cow::Borrowed(*text))
    }

    fn amount(&self, amount: Amount) -> String {
        let unit = match amount.unit {
            Unit::Seconds => 0,
            Unit::Minutes => 1,
            Unit::Hours => 2,
            Unit::Days => 3,
            Unit::Years => 4,
        };
        let [one, several] = self.words().units[unit];
        format!("{}\u{a0}{}", amount.count, if amount.count == 1 { one } else { several })
    }
}

/// Puts `values` where `text` has `{}`, in order.
pub(crate) fn fill(text: &str, values: &[&str]) -> String {
    let mut parts = text.split("{}");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for (part, value) in parts.zip(values) {
        filled.push_str(value);
        filled.push_str(part);
    }
    filled
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use cookie_policy::{Texts as _, missing};
    use time::Month;

    use super::*;
    use crate::registry::SITE;

    #[test]
    fn no_language_lacks_a_word_for_what_is_declared() {
        for language in Language::ALL {
            assert_eq!(missing(&SITE, &language), Vec::<String>::new(), "{language:?}");
        }
    }

    #[test]
    fn all_languages_have_the_same_keys_each_once_and_none_is_empty() {
        let keys = |language: Language| language.words().keys.iter().map(|(key, _)| *key).collect::<BTreeSet<_>>();
        for language in Language::ALL {
            assert_eq!(keys(language), keys(Language::English), "{language:?}");
            assert_eq!(keys(language).len(), language.words().keys.len(), "{language:?}");
            assert!(language.words().keys.iter().all(|(_, text)| !text.trim().is_empty()), "{language:?}");
        }
    }

    #[test]
    fn all_languages_leave_the_same_places_open() {
        let places = |language: Language| {
            let Words { banner, notice, prompt, settings, receipt, log, .. } = language.words();
            [
                banner.text,
                banner.signal,
                notice.text,
                prompt.about,
                settings.decided,
                settings.until,
                settings.signal,
                receipt.genuine,
                log.version,
                log.longer,
                log.otherwise,
                log.new_party,
                log.category,
            ]
            .map(|text| text.matches("{}").count())
        };
        assert_eq!(places(Language::German), places(Language::English));
        for (key, text) in Language::English.words().keys {
            let german = Language::German.text(key).expect("the same keys");
            assert_eq!(german.matches("{}").count(), text.matches("{}").count(), "{key}");
        }
    }

    #[test]
    fn dates_and_spans_are_said_as_people_say_them() {
        let date = Date::from_calendar_date(2026, Month::March, 4).expect("a day");
        assert_eq!(Language::English.date(date), "4 March 2026");
        assert_eq!(Language::German.date(date), "4. M\u{e4}rz 2026");
        assert_eq!(Language::English.amount(Amount::of_seconds(2 * 365 * 86_400)), "2\u{a0}years");
        assert_eq!(Language::German.amount(Amount::of_seconds(86_400)), "24\u{a0}Stunden");
    }

    #[test]
    fn how_long_things_are_kept_is_what_the_store_does() {
        let retention = store::Retention::default();
        let (years, days) = (retention.consents.as_secs() / 86_400 / 365, retention.usage.as_secs() / 86_400);
        let tried = retention.attempts.as_secs() / 86_400;
        for (language, consents, attempts, usage) in [
            (
                Language::English,
                format!("after {years} years"),
                format!("for {tried} days"),
                format!("after {days} days"),
            ),
            (
                Language::German,
                format!("nach {years} Jahren"),
                format!("{tried} Tage aufbewahrt"),
                format!("nach {days} Tagen"),
            ),
        ] {
            let [.., decisions, tries, counts] = language.words().policy.retained else {
                panic!("three points at least")
            };
            assert!(tries.text.contains(&attempts), "{language:?}");
            assert!(decisions.text.contains(&consents) && counts.text.contains(&usage), "{language:?}");
        }
    }

    #[test]
    fn another_wording_is_another_fingerprint() {
        assert_ne!(Language::English.texts_hash(), Language::German.texts_hash());
    }

    #[test]
    fn values_take_their_places_in_order() {
        assert_eq!(fill("{} of {}", &["1", "2"]), "1 of 2");
        assert_eq!(fill("nothing", &["1"]), "nothing");
    }
}
