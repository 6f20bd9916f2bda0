//! What the upload form offers, and what comes back from it.

use domain::{CeilingDbtp, Loudness, PresetId, Settings, TargetLufs};
use mastering::presets::{self, DEFAULT, PRESETS, Preset};

use crate::preferences::{Preferences, Start};
use crate::words;

/// The value of the choice 'my own number'.
const NUMBER: &str = "number";
/// The value of the choice 'somewhere else'.
const ELSEWHERE: &str = "elsewhere";

/// The destinations that most people want, with what sets each apart; all others are in a list.
const CARDS: [(&str, &str); 4] = [
    ("spotify", "Where most people will hear it."),
    ("apple-music", "Quieter, with more room for the loud parts."),
    ("youtube", "Turns loud masters down, and quiet ones not up."),
    ("club", "Loud, for systems that turn nothing down."),
];

/// One destination on the form.
pub(crate) struct Card {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) level: String,
    pub(crate) why: &'static str,
}

impl Card {
    fn of(preset: &'static Preset, why: &'static str) -> Self {
        Self { id: preset.id, name: preset.name, level: format!("{} LUFS", words::level(preset.loudness_lufs)), why }
    }
}

/// The destinations with a card each.
pub(crate) fn cards() -> Vec<Card> {
    CARDS.iter().filter_map(|(id, why)| presets::find(id).map(|preset| Card::of(preset, why))).collect()
}

/// All other destinations.
pub(crate) fn elsewhere() -> Vec<Card> {
    PRESETS
        .iter()
        .filter(|preset| !CARDS.iter().any(|(id, _)| *id == preset.id))
        .map(|preset| Card::of(preset, ""))
        .collect()
}

/// The form's fields as text, as sent or as first shown.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Form {
    pub(crate) loudness: String,
    pub(crate) destination: String,
    pub(crate) lufs: String,
    pub(crate) ceiling: String,
}

impl Default for Form {
    fn default() -> Self {
        Self {
            loudness: DEFAULT.id.to_owned(),
            destination: String::new(),
            lufs: "-14".to_owned(),
            ceiling: String::new(),
        }
    }
}

impl Form {
    /// As the visitor's own settings have it.
    pub(crate) fn starting(preferences: &Preferences) -> Self {
        let mut form = Self::default();
        match &preferences.start {
            None => {}
            Some(Start::Lufs(target)) => {
                NUMBER.clone_into(&mut form.loudness);
                form.lufs = target.lufs().to_string();
            }
            Some(Start::Destination(preset)) if CARDS.iter().any(|(id, _)| *id == preset.as_str()) => {
                preset.as_str().clone_into(&mut form.loudness);
            }
            Some(Start::Destination(preset)) => {
                ELSEWHERE.clone_into(&mut form.loudness);
                preset.as_str().clone_into(&mut form.destination);
            }
        }
        form
    }

    /// Takes over a field that was sent; unknown ones are no concern of ours.
    pub(crate) fn set(&mut self, name: &str, value: String) {
        match name {
            "loudness" => self.loudness = value,
            "destination" => self.destination = value,
            "lufs" => self.lufs = value,
            "ceiling" => self.ceiling = value,
            _ => {}
        }
    }

    /// Whether the part that is folded away has something in it.
    pub(crate) fn more_open(&self) -> bool {
        !self.ceiling.trim().is_empty()
    }

    /// What was asked for, or what to change about it.
    pub(crate) fn parse(&self) -> Result<Settings, String> {
        let loudness = if self.loudness == NUMBER {
            let lufs = number(&self.lufs).ok_or_else(|| {
                format!("\u{201c}{}\u{201d} is not a loudness. Write a number of LUFS, such as -14.", self.lufs.trim())
            })?;
            let target = TargetLufs::try_from(lufs).map_err(|_| {
                format!(
                    "{} LUFS is out of reach: choose a loudness from {} to {} LUFS.",
                    words::tenth(lufs),
                    words::level(TargetLufs::MIN),
                    words::level(TargetLufs::MAX)
                )
            })?;
            Loudness::Exact(target)
        } else {
            let id = if self.loudness == ELSEWHERE { &self.destination } else { &self.loudness };
            presets::find(id)
                .and_then(|preset| PresetId::try_from(preset.id.to_owned()).ok())
                .map(Loudness::Preset)
                .ok_or("Choose where the master is going, or type a loudness of your own.")?
        };
        Ok(Settings { loudness, ceiling_dbtp: self.ceiling()?, ..Settings::default() })
    }

    fn ceiling(&self) -> Result<Option<CeilingDbtp>, String> {
        if self.ceiling.trim().is_empty() {
            return Ok(None);
        }
        number(&self.ceiling).and_then(|dbtp| CeilingDbtp::try_from(dbtp).ok()).map(Some).ok_or_else(|| {
            format!(
                "\u{201c}{}\u{201d} is not a ceiling: choose one from {} to {} dBTP.",
                self.ceiling.trim(),
                words::level(CeilingDbtp::MIN),
                words::level(CeilingDbtp::MAX)
            )
        })
    }
}

/// A number as people type it: with a decimal comma or a real minus sign, too.
fn number(text: &str) -> Option<f64> {
    text.trim().replace(',', ".").replace('\u{2212}', "-").parse().ok().filter(|number: &f64| number.is_finite())
}

/// What a job was asked for, in a sentence.
pub(crate) fn asked(settings: &Settings) -> String {
    match &settings.loudness {
        Loudness::Automatic => "At the loudness that suits it.".to_owned(),
        Loudness::Exact(target) => format!("To exactly {} LUFS.", words::level(target.lufs())),
        Loudness::Preset(id) => match presets::find(id.as_str()) {
            Some(preset) => format!("For {}, {} LUFS.", preset.name, words::level(preset.loudness_lufs)),
            None => "For a destination of your choice.".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(loudness: &str, lufs: &str, ceiling: &str) -> Form {
        Form { loudness: loudness.into(), destination: String::new(), lufs: lufs.into(), ceiling: ceiling.into() }
    }

    #[test]
    fn a_number_is_reached_exactly_however_it_is_typed() {
        for text in ["-9.5", " -9,5 ", "\u{2212}9.5"] {
            let settings = form(NUMBER, text, "").parse().expect("a loudness");
            assert_eq!(settings.loudness, Loudness::Exact(TargetLufs::try_from(-9.5).expect("in range")));
            assert_eq!(settings.ceiling_dbtp, None);
        }
    }

    #[test]
    fn what_is_wrong_with_a_field_is_said_with_the_range_that_would_do() {
        let wrong = |loudness, lufs, ceiling| form(loudness, lufs, ceiling).parse().expect_err("wrong");
        assert!(wrong(NUMBER, "loud", "").contains("loud"));
        assert!(wrong(NUMBER, "3", "").contains("\u{2212}40 to \u{2212}4 LUFS"));
        assert!(wrong(NUMBER, "-14", "1").contains("\u{2212}12 to 0 dBTP"));
        assert!(wrong(NUMBER, "NaN", "").contains("NaN"));
        assert!(wrong("no-such-place", "-14", "").contains("Choose where"));
    }

    #[test]
    fn the_form_starts_where_the_visitor_set_it_to() {
        for word in ["apple-music", "ebu-r128", "-11.5"] {
            let preferences = Preferences { start: Start::of_word(word), ..Preferences::default() };
            let settings = Form::starting(&preferences).parse().expect("a form that can be sent");
            let starts = match settings.loudness {
                Loudness::Preset(preset) => preset.as_str().to_owned(),
                Loudness::Exact(target) => target.lufs().to_string(),
                Loudness::Automatic => String::new(),
            };
            assert_eq!(starts, word);
        }
    }

    #[test]
    fn the_form_as_first_shown_is_a_form_that_can_be_sent() {
        assert!(Form::default().parse().is_ok());
    }

    #[test]
    fn every_destination_that_is_offered_is_understood() {
        assert_eq!(cards().len(), CARDS.len());
        assert_eq!(cards().len() + elsewhere().len(), PRESETS.len());
        for card in cards() {
            let settings = form(card.id, "", "-2").parse().expect("offered");
            assert!(asked(&settings).contains(card.name));
        }
        for card in elsewhere() {
            let mut form = form(ELSEWHERE, "", "");
            form.set("destination", card.id.to_owned());
            assert!(asked(&form.parse().expect("offered")).contains(card.name));
        }
    }
}
