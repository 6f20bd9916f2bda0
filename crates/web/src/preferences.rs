//! What a visitor set for themselves: how pages look, and what the upload form starts with.
//!
//! Kept in two functional cookies, `theme-mode` and `user-preferences`. Where they are not agreed to, the system's own
//! settings count and nothing is kept. Not here: the page on which they are set (`routes::settings`).

use cookie_policy::Jar;
use domain::{OutputKind, PresetId, Style, TargetLufs};
use mastering::presets;

use crate::registry::{ThemeMode, UserPreferences};

/// Declares a setting with few values, each with the word under which the cookie, the form and the page know it.
macro_rules! setting {
    ($(#[$meta:meta])* $name:ident { $(#[$first_meta:meta])* $first:ident = $first_word:literal, $($(#[$other_meta:meta])* $other:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub(crate) enum $name {
            $(#[$first_meta])*
            #[default]
            $first,
            $($(#[$other_meta])* $other),+
        }

        impl $name {
            pub(crate) const ALL: &[Self] = &[Self::$first, $(Self::$other),+];

            pub(crate) const fn word(self) -> &'static str {
                match self {
                    Self::$first => $first_word,
                    $(Self::$other => $word),+
                }
            }

            pub(crate) fn of_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.word() == word)
            }

            /// Whether it is anything but what a visitor without a choice gets.
            pub(crate) fn is_chosen(self) -> bool {
                self != Self::default()
            }
        }
    };
}

setting! {
    /// Light or dark.
    Theme {
        /// As `prefers-color-scheme` says.
        System = "system",
        Light = "light",
        Dark = "dark",
    }
}

setting! {
    /// Whether things may move on the page.
    Motion {
        /// As `prefers-reduced-motion` says.
        System = "system",
        Reduced = "reduced",
    }
}

setting! {
    /// How much text stands out.
    Contrast {
        /// As `prefers-contrast` says.
        System = "system",
        More = "more",
    }
}

setting! {
    /// How large text is, beside what the browser is set to.
    TextSize {
        Normal = "normal",
        Large = "large",
        Larger = "larger",
    }
}

setting! {
    /// Which download stands first.
    Format {
        Wav24 = "wav24",
        Wav16 = "wav16",
        Flac = "flac",
    }
}

impl Format {
    pub(crate) const fn output(self) -> OutputKind {
        match self {
            Self::Wav24 => OutputKind::Wav24,
            Self::Wav16 => OutputKind::Wav16,
            Self::Flac => OutputKind::Flac24,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Wav24 => "WAV 24 bit",
            Self::Wav16 => "WAV 16 bit",
            Self::Flac => "FLAC 24 bit",
        }
    }
}

/// Where the upload form starts: a destination, or a number.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Start {
    Destination(PresetId),
    Lufs(TargetLufs),
}

impl Start {
    /// Reads a preset's id or a number of LUFS.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        if let Some(preset) = presets::find(word) {
            return PresetId::try_from(preset.id.to_owned()).ok().map(Self::Destination);
        }
        word.parse().ok().and_then(|lufs: f64| TargetLufs::try_from(lufs).ok()).map(Self::Lufs)
    }

    pub(crate) fn word(&self) -> String {
        match self {
            Self::Destination(preset) => preset.as_str().to_owned(),
            Self::Lufs(target) => target.lufs().to_string(),
        }
    }
}

/// What `user-preferences` holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Preferences {
    pub(crate) start: Option<Start>,
    pub(crate) style: Style,
    pub(crate) format: Format,
    pub(crate) motion: Motion,
    pub(crate) contrast: Contrast,
    pub(crate) text_size: TextSize,
}

impl Preferences {
    /// The visitor's, or nothing special where they have none or agreed to none.
    pub(crate) fn of(jar: &Jar) -> Self {
        jar.get::<UserPreferences>().map(|text| Self::read(&text)).unwrap_or_default()
    }

    /// What is not understood is as if it were not there: a cookie is whatever the browser sends.
    fn read(text: &str) -> Self {
        let mut read = Self::default();
        for (name, value) in text.split('&').filter_map(|pair| pair.split_once('=')) {
            read.set(name, value);
        }
        read
    }

    /// Takes over one field, from the cookie or from the form, where it is one and its value means something.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        match name {
            "start" => self.start = Start::of_word(value),
            "style" => self.style = Style::of_id(value).unwrap_or_default(),
            "format" => self.format = Format::of_word(value).unwrap_or_default(),
            "motion" => self.motion = Motion::of_word(value).unwrap_or_default(),
            "contrast" => self.contrast = Contrast::of_word(value).unwrap_or_default(),
            "text" => self.text_size = TextSize::of_word(value).unwrap_or_default(),
            _ => {}
        }
    }

    /// As the cookie keeps it: the fields that differ from the default, of characters that a cookie can hold.
    pub(crate) fn to_cookie_value(&self) -> String {
        let start = self.start.as_ref().map(|start| ("start", start.word()));
        let others = [
            ("style", self.style.id(), self.style != Style::default()),
            ("format", self.format.word(), self.format.is_chosen()),
            ("motion", self.motion.word(), self.motion.is_chosen()),
            ("contrast", self.contrast.word(), self.contrast.is_chosen()),
            ("text", self.text_size.word(), self.text_size.is_chosen()),
        ];
        let others = others.into_iter().filter(|(.., chosen)| *chosen).map(|(name, word, _)| (name, word.to_owned()));
        start.into_iter().chain(others).map(|(name, word)| format!("{name}={word}")).collect::<Vec<_>>().join("&")
    }
}

impl Theme {
    /// The visitor's, or the system's where they have none or agreed to none.
    pub(crate) fn of(jar: &Jar) -> Self {
        jar.get::<ThemeMode>().and_then(|word| Self::of_word(&word)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_preferences() -> impl Strategy<Value = Preferences> {
        let start = prop_oneof![
            Just(None),
            (0..presets::PRESETS.len()).prop_map(|index| Start::of_word(presets::PRESETS[index].id)),
            (-400_i32..-40).prop_map(|tenths| Start::of_word(&(f64::from(tenths) / 10.0).to_string())),
        ];
        let indices = (0..5_usize, 0..3_usize, 0..2_usize, 0..2_usize, 0..3_usize);
        (start, indices).prop_map(|(start, (style, format, motion, contrast, text))| Preferences {
            start,
            style: Style::ALL[style],
            format: Format::ALL[format],
            motion: Motion::ALL[motion],
            contrast: Contrast::ALL[contrast],
            text_size: TextSize::ALL[text],
        })
    }

    proptest! {
        #[test]
        fn what_is_kept_is_read_again(preferences in any_preferences()) {
            let text = preferences.to_cookie_value();
            prop_assert_eq!(Preferences::read(&text), preferences);
            prop_assert!(text.chars().all(|c| c.is_ascii_graphic() && !";,\"\\".contains(c)), "{}", text);
        }

        #[test]
        fn whatever_a_browser_sends_is_read(text in ".{0,200}") {
            let read = Preferences::read(&text);
            prop_assert_eq!(Preferences::read(&read.to_cookie_value()), read);
        }
    }

    #[test]
    fn somebody_without_settings_keeps_nothing() {
        assert_eq!(Preferences::default().to_cookie_value(), "");
    }
}
