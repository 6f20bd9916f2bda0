//! What the upload form offers, and what comes back from it.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use domain::{CeilingDbtp, Extra, Loudness, Matching, PresetId, Settings, Sound, SoundWish, Style, TargetLufs, Track};
use mastering::presets::{self, DEFAULT, PRESETS, Preset};

use crate::extras;
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

/// A number that can be set by hand; whoever leaves it alone gets a good master.
pub(crate) struct Control {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) hint: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) range: RangeInclusive<f64>,
    pub(crate) step: &'static str,
    /// Where it stands when nobody has touched it.
    usual: Option<f64>,
}

const fn tone(name: &'static str, label: &'static str, hint: &'static str) -> Control {
    Control { name, label, hint, unit: "dB", range: SoundWish::TONE_DB, step: "0.5", usual: Some(0.0) }
}

const CONTROLS: [Control; 9] = [
    Control {
        name: "intensity",
        label: "Intensity",
        hint: "How much is done: 0 is loudness alone, 100 everything.",
        unit: "%",
        range: SoundWish::INTENSITY_PERCENT,
        step: "5",
        usual: Some(80.0),
    },
    Control {
        name: "width",
        label: "Width",
        hint: "The sides against the middle: 0 is mono, 100 as it is.",
        unit: "%",
        range: SoundWish::WIDTH_PERCENT,
        step: "5",
        usual: Some(100.0),
    },
    Control {
        name: "balance",
        label: "Balance",
        hint: "Right against left, where a mix leans to one side.",
        unit: "dB",
        range: SoundWish::BALANCE_DB,
        step: "0.5",
        usual: Some(0.0),
    },
    Control {
        name: "dynamics",
        label: "Dynamics",
        hint: "How firmly a boomy note or a harsh passage is held: 0 not at all, 100 gently, 200 twice that.",
        unit: "%",
        range: SoundWish::DYNAMICS_PERCENT,
        step: "10",
        usual: Some(100.0),
    },
    Control {
        name: "saturation",
        label: "Saturation",
        hint: "Rounds peaks off and adds overtones: 0 none, 30 a little, 100 a lot.",
        unit: "%",
        range: SoundWish::SATURATION_PERCENT,
        step: "5",
        usual: Some(0.0),
    },
    Control {
        name: "ceiling",
        label: "True-peak ceiling",
        hint: "No reconstructed peak goes above it. Empty: what the destination asks for.",
        unit: "dBTP",
        range: CeilingDbtp::MIN..=CeilingDbtp::MAX,
        step: "0.1",
        usual: None,
    },
    tone("low", "Bass", "Below about 200 Hz."),
    tone("mid", "Mids", "About 300 Hz to 3 kHz."),
    tone("high", "Treble", "Above about 4 kHz."),
];

/// What a style does, in a few words.
pub(crate) fn style_words(style: Style) -> (&'static str, &'static str) {
    match style {
        Style::Balanced => ("Balanced", "As finished music usually sounds."),
        Style::Warm => ("Warm", "Fuller below, softer on top."),
        Style::Bright => ("Bright", "More presence and air."),
        Style::Punchy => ("Punchy", "More kick and attack, less mud."),
        Style::Open => ("Open", "Airy, lean, slightly wider."),
    }
}

/// The form's fields as text, as sent or as first shown.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Form {
    pub(crate) loudness: String,
    pub(crate) destination: String,
    pub(crate) lufs: String,
    pub(crate) style: String,
    pub(crate) extras: BTreeSet<Extra>,
    /// The first that was sent and is none.
    no_extra: Option<String>,
    /// What to take from a reference, where there is one.
    pub(crate) matching: Matching,
    /// In the order of [`CONTROLS`].
    controls: [String; CONTROLS.len()],
}

impl Default for Form {
    fn default() -> Self {
        Self {
            loudness: DEFAULT.id.to_owned(),
            destination: String::new(),
            lufs: "-14".to_owned(),
            style: Style::default().id().to_owned(),
            extras: BTreeSet::new(),
            no_extra: None,
            matching: Matching { tone: true, width: true, ..Matching::default() },
            controls: CONTROLS.map(|control| control.usual.map(|usual| usual.to_string()).unwrap_or_default()),
        }
    }
}

impl Form {
    /// As the visitor's own settings have it.
    pub(crate) fn starting(preferences: &Preferences) -> Self {
        let mut form = Self { style: preferences.style.id().to_owned(), ..Self::default() };
        if let Some(start) = &preferences.start {
            form.start(start);
        }
        form
    }

    /// As it was filled in for a job, to be changed for another one.
    pub(crate) fn of(settings: &Settings) -> Self {
        let sound = settings.sound.controls();
        let in_control = |name: &str| match name {
            "intensity" => Some(sound.intensity_percent),
            "width" => Some(sound.width_percent),
            "balance" => Some(sound.balance_db),
            "dynamics" => Some(sound.dynamics_percent),
            "saturation" => Some(sound.saturation_percent),
            "ceiling" => settings.ceiling_dbtp.map(CeilingDbtp::dbtp),
            "low" => Some(sound.low_db),
            "mid" => Some(sound.mid_db),
            "high" => Some(sound.high_db),
            _ => None,
        };
        let mut form = Self {
            style: sound.style.id().to_owned(),
            extras: settings.extras.clone(),
            matching: settings.matching.unwrap_or_default(),
            controls: CONTROLS
                .map(|control| in_control(control.name).map(|value| value.to_string()).unwrap_or_default()),
            ..Self::default()
        };
        match &settings.loudness {
            Loudness::Automatic => {}
            Loudness::Preset(preset) => form.start(&Start::Destination(preset.clone())),
            Loudness::Exact(target) => form.start(&Start::Lufs(*target)),
        }
        form
    }

    fn start(&mut self, start: &Start) {
        match start {
            Start::Lufs(target) => {
                NUMBER.clone_into(&mut self.loudness);
                self.lufs = target.lufs().to_string();
            }
            Start::Destination(preset) if CARDS.iter().any(|(id, _)| *id == preset.as_str()) => {
                preset.as_str().clone_into(&mut self.loudness);
            }
            Start::Destination(preset) => {
                ELSEWHERE.clone_into(&mut self.loudness);
                preset.as_str().clone_into(&mut self.destination);
            }
        }
    }

    /// Takes over a field that was sent; unknown ones are no concern of ours.
    pub(crate) fn set(&mut self, name: &str, value: String) {
        match name {
            "loudness" => self.loudness = value,
            "destination" => self.destination = value,
            "lufs" => self.lufs = value,
            "style" => self.style = value,
            "extra" => match Extra::of_id(&value) {
                Some(extra) => _ = self.extras.insert(extra),
                None => _ = self.no_extra.get_or_insert(value),
            },
            "match" => match value.as_str() {
                "tone" => self.matching.tone = true,
                "width" => self.matching.width = true,
                "loudness" => self.matching.loudness = true,
                "dynamics" => self.matching.dynamics = true,
                // Stands before the boxes, which are silent where they are not ticked.
                _ => self.matching = Matching::default(),
            },
            _ => {
                let mut controls = CONTROLS.iter().zip(&mut self.controls);
                if let Some((_, control)) = controls.find(|(control, _)| control.name == name) {
                    *control = value;
                }
            }
        }
    }

    /// Whether the part that is folded away has something in it.
    pub(crate) fn more_open(&self) -> bool {
        self.controls != Self::default().controls || !self.extras.is_empty()
    }

    /// What is folded away: each control with what is in it.
    pub(crate) fn controls(&self) -> impl Iterator<Item = (&'static Control, &str)> {
        CONTROLS.iter().zip(self.controls.iter().map(String::as_str))
    }

    /// What is in a control: nothing where it was emptied.
    fn control(&self, name: &str) -> Result<Option<f64>, String> {
        let Some((control, text)) = self.controls().find(|(control, _)| control.name == name) else { return Ok(None) };
        if text.trim().is_empty() {
            return Ok(None);
        }
        number(text).filter(|found| control.range.contains(found)).map(Some).ok_or_else(|| {
            format!(
                "\u{201c}{}\u{201d} will not do for {}: choose a number from {} to {} {}.",
                text.trim(),
                control.label.to_lowercase(),
                words::level(*control.range.start()),
                words::level(*control.range.end()),
                control.unit
            )
        })
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
        let ceiling_dbtp =
            self.control("ceiling")?.map(CeilingDbtp::try_from).transpose().map_err(|e| e.to_string())?;
        if let Some(found) = &self.no_extra {
            return Err(format!(
                "There is no file of the kind \u{201c}{found}\u{201d}: tick those that the form offers."
            ));
        }
        Ok(Settings { loudness, ceiling_dbtp, sound: self.sound()?, extras: self.extras.clone(), matching: None })
    }

    /// The same for a mix that has a reference: what is taken from it, too.
    pub(crate) fn parse_matching(&self) -> Result<Settings, String> {
        let settings = self.parse()?;
        if self.matching.loudness && matches!(settings.loudness, Loudness::Exact(_)) {
            return Err(
                "You asked for a loudness of your own and for that of the reference: choose one of them.".to_owned()
            );
        }
        Ok(Settings { matching: Some(self.matching).filter(|matching| matching.is_any()), ..settings })
    }

    fn sound(&self) -> Result<Sound, String> {
        let usual = SoundWish::default();
        let wish = SoundWish {
            style: Style::of_id(&self.style).ok_or("Choose one of the styles that the form offers.")?,
            intensity_percent: self.control("intensity")?.unwrap_or(usual.intensity_percent),
            low_db: self.control("low")?.unwrap_or(usual.low_db),
            mid_db: self.control("mid")?.unwrap_or(usual.mid_db),
            high_db: self.control("high")?.unwrap_or(usual.high_db),
            width_percent: self.control("width")?.unwrap_or(usual.width_percent),
            balance_db: self.control("balance")?.unwrap_or(usual.balance_db),
            dynamics_percent: self.control("dynamics")?.unwrap_or(usual.dynamics_percent),
            saturation_percent: self.control("saturation")?.unwrap_or(usual.saturation_percent),
        };
        Sound::try_from(wish).map_err(|error| error.to_string())
    }
}

/// A number as people type it: with a decimal comma or a real minus sign, too.
fn number(text: &str) -> Option<f64> {
    text.trim().replace(',', ".").replace('\u{2212}', "-").parse().ok().filter(|number: &f64| number.is_finite())
}

/// What a job takes from which file.
pub(crate) fn matched(track: &Track, settings: &Settings) -> Option<String> {
    let (reference, matching) = track.reference.as_ref().zip(settings.matching)?;
    let parts = [
        (matching.tone, "tone"),
        (matching.width, "width"),
        (matching.loudness, "loudness"),
        (matching.dynamics, "dynamics"),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|(taken, _)| *taken).map(|(_, part)| part).collect();
    Some(format!("Matched to: {} ({}).", reference.file_name, parts.join(", ")))
}

/// What a job was asked for, in a sentence.
pub(crate) fn asked(settings: &Settings) -> String {
    let loudness = match &settings.loudness {
        Loudness::Automatic => "At the loudness that suits it.".to_owned(),
        Loudness::Exact(target) => format!("To exactly {} LUFS.", words::level(target.lufs())),
        Loudness::Preset(id) => match presets::find(id.as_str()) {
            Some(preset) => format!("For {}, {} LUFS.", preset.name, words::level(preset.loudness_lufs)),
            None => "For a destination of your choice.".to_owned(),
        },
    };
    let mut asked = loudness;
    match settings.sound.controls().style {
        Style::Balanced => {}
        style => asked = format!("{asked} {}.", style_words(style).0),
    }
    if !settings.extras.is_empty() {
        let names: Vec<_> = settings.extras.iter().map(|extra| extras::words(*extra).0).collect();
        asked = format!("{asked} Also as {}.", names.join(", "));
    }
    asked
}

#[cfg(test)]
mod tests;
