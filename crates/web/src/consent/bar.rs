//! The bar at the top of a page: the first layer, the notice of a changed policy, or the questions that wait.
//!
//! It is part of the page as the server sends it, in the flow of the page: it covers nothing, traps nothing, and moves
//! nothing when scripts arrive.

use cookie_policy::{
    Amount, BROWSER_CAP_S, Category, Choice, Consent, Kind, MEMORY_DAYS, MustAsk, Question, Registry, Signal, State,
    Texts as _, Unit,
};

use super::back::Back;
use super::documents::{self, ItemChange};
use super::texts::{Words, fill};
use crate::language::Language;
use crate::visit::Visit;

/// What a page asks before anything else.
#[derive(Clone)]
pub(crate) enum Bar {
    /// Everything is answered.
    Nothing,
    Banner(Banner),
    Prompts(Prompts),
}

/// The first layer.
#[derive(Clone)]
pub(crate) struct Banner {
    pub(crate) language: Language,
    pub(crate) back: Back,
    pub(crate) heading: &'static str,
    pub(crate) text: String,
    /// What changed since the visitor decided; nothing where they have not.
    pub(crate) changes: Vec<ItemChange>,
    /// Said where the browser asks not to be tracked.
    pub(crate) signal: Option<String>,
}

/// Questions for single items.
#[derive(Clone)]
pub(crate) struct Prompts {
    pub(crate) language: Language,
    pub(crate) back: Back,
    pub(crate) questions: Vec<Asked>,
}

/// One question in words.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) name: &'static str,
    pub(crate) question: String,
    pub(crate) about: String,
    pub(crate) purposes: String,
    pub(crate) life: String,
    pub(crate) party: Option<String>,
    pub(crate) against_signal: bool,
    /// What holds for it now; on the settings page alone.
    pub(crate) state: Option<State>,
    /// Said where it is not in use on this site; on the settings page alone.
    pub(crate) absent: Option<&'static str>,
}

impl Bar {
    /// What there is to ask. Asked last, when everything that the page would store has been tried.
    pub(crate) fn of(visit: &Visit) -> Self {
        let consent = visit.jar.consent();
        let (language, back) = (visit.language, Back::of(&visit.path));
        if let Some(why) = consent.must_ask() {
            return Self::Banner(Banner::of(&consent, why, language, back));
        }
        let questions: Vec<_> = consent.questions().iter().map(|question| Asked::of(question, language)).collect();
        if questions.is_empty() { Self::Nothing } else { Self::Prompts(Prompts { language, back, questions }) }
    }
}

impl Banner {
    fn of(consent: &Consent, why: MustAsk, language: Language, back: Back) -> Self {
        let words = language.words();
        let (heading, text, changes) = match why {
            MustAsk::NoDecision => (words.banner.heading, introduction(consent.registry(), language), Vec::new()),
            MustAsk::PolicyChanged { seen } => {
                let now = consent.registry().version().to_string();
                let changes = documents::since(seen).map(|diff| documents::in_words(&diff, language));
                (words.notice.heading, fill(words.notice.text, &[&seen.to_string(), &now]), changes.unwrap_or_default())
            }
        };
        let signal = consent.signal();
        let signal = signal.is_on().then(|| fill(words.banner.signal, &[&signal_names(signal)]));
        Self { language, back, heading, text, changes, signal }
    }

    pub(crate) fn words(&self) -> &'static Words {
        self.language.words()
    }
}

impl Prompts {
    pub(crate) fn words(&self) -> &'static Words {
        self.language.words()
    }
}

impl Asked {
    pub(crate) fn of(question: &Question, language: Language) -> Self {
        let words = language.words();
        let purposes = question.purposes.iter().map(|purpose| language.key(&format!("purpose.{purpose}")));
        let party = match question.party {
            cookie_policy::Party::First => None,
            cookie_policy::Party::Processor(who) => Some(language.key("party.processor").replace("{}", who)),
            cookie_policy::Party::Third(who) => Some(who.to_owned()),
        };
        Self {
            name: question.name,
            question: fill(words.prompt.about, &[question.name]),
            about: language.key(&format!("item.{}", question.name)),
            purposes: purposes.collect::<Vec<_>>().join(", "),
            life: match question.life.longest_s() {
                Some(seconds) if question.kind == Kind::Cookie && seconds > BROWSER_CAP_S => {
                    let cap = language.amount(Amount::of_seconds(BROWSER_CAP_S));
                    format!(
                        "{} ({})",
                        documents::life(question.life, language),
                        language.key("life.capped").replace("{}", &cap)
                    )
                }
                _ => documents::life(question.life, language),
            },
            party,
            against_signal: question.against_signal,
            state: None,
            absent: None,
        }
    }
}

/// The banner's sentence, with the spans that the registry declares.
fn introduction(registry: &'static Registry, language: Language) -> String {
    let functional = span(registry, Category::Functional, language);
    let analytics = span(registry, Category::Analytics, language);
    let memory = language.amount(Amount { count: u32::from(MEMORY_DAYS), unit: Unit::Days });
    fill(language.words().banner.text, &[&functional, &analytics, &memory])
}

/// From the shortest to the longest life of a category: "7 to 90 days".
fn span(registry: &'static Registry, category: Category, language: Language) -> String {
    let items = registry.items().iter().filter(|item| item.category == category);
    let lives =
        items.filter_map(|item| item.spec.life.longest_s()).map(|seconds| (seconds, Amount::of_seconds(seconds)));
    let (shortest, longest) = (lives.clone().min_by_key(|life| life.0), lives.max_by_key(|life| life.0));
    let (Some((_, shortest)), Some((_, longest))) = (shortest, longest) else {
        return language.key("life.session");
    };
    if shortest == longest {
        return language.amount(longest);
    }
    let from = if shortest.unit == longest.unit { shortest.count.to_string() } else { language.amount(shortest) };
    fill(language.words().range, &[&from, &language.amount(longest)])
}

/// What the browser sent, by the names that people know.
pub(crate) fn signal_names(signal: Signal) -> String {
    let names = [(signal.dnt, "Do Not Track"), (signal.gpc, "Global Privacy Control")];
    names.into_iter().filter_map(|(sent, name)| sent.then_some(name)).collect::<Vec<_>>().join(", ")
}

/// What was chosen, by the name of its button.
pub(crate) fn choice_name(choice: Choice, language: Language) -> &'static str {
    let words = language.words();
    match choice {
        Choice::AcceptAll => words.choices.accept_all,
        Choice::BlockAll => words.choices.block_all,
        Choice::Selective => words.settings.selective,
        Choice::Prompt => words.choices.prompt,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::SITE;

    #[test]
    fn the_banner_says_how_long_with_the_spans_that_are_enforced() {
        let english = introduction(&SITE, Language::English).replace('\u{a0}', " ");
        assert!(english.contains("(7 to 90 days)"), "{english}");
        assert!(english.contains("(24 hours to 2 years)"), "{english}");
        assert!(english.contains("for 180 days"), "{english}");
        let german = introduction(&SITE, Language::German).replace('\u{a0}', " ");
        assert!(german.contains("(7 bis 90 Tage)") && german.contains("(24 Stunden bis 2 Jahre)"), "{german}");
    }

    #[test]
    fn signals_have_the_names_that_people_know() {
        assert_eq!(signal_names(Signal { dnt: true, gpc: false }), "Do Not Track");
        assert_eq!(signal_names(Signal { dnt: true, gpc: true }), "Do Not Track, Global Privacy Control");
    }
}
