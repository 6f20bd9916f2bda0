//! Names of visitors' files: shown to them as they wrote them, and never used as a path.

use std::fmt;

/// A file's display name: any script and emoji, no directory, no control characters, bounded.
///
/// Quotes, ampersands and the like stay: whoever puts the name into HTML or a header escapes it there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName(String);

impl FileName {
    /// Longest name kept, bytes of UTF-8: what common file systems allow.
    pub const MAX_BYTES: usize = 255;
    const NAMELESS: &str = "untitled";
    /// Longest ending that is kept when a long name is shortened, bytes.
    const MAX_EXTENSION_BYTES: usize = 16;

    /// Makes any text harmless: the last component of a path of either kind of slash, without control characters and
    /// those that reverse the direction of writing (they can hide an ending), shortened in the middle if need be.
    pub fn from_untrusted(text: &str) -> Self {
        let last = text.rsplit(['/', '\\']).next().unwrap_or_default();
        let visible: String = last.chars().filter(|&c| !c.is_control() && !redirects(c)).collect();
        match visible.trim() {
            "" | "." | ".." => Self(Self::NAMELESS.to_owned()),
            name => Self(shorten(name)),
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without its ending.
    pub fn stem(&self) -> &str {
        split(&self.0).0
    }

    /// The name of a file made from this one: `mix.wav` with ` (master)` and `flac` is `mix (master).flac`.
    #[must_use]
    pub fn download_name(&self, addition: &str, extension: &str) -> Self {
        let tail_bytes = addition.len() + extension.len() + 1;
        let stem = truncate(self.stem(), Self::MAX_BYTES.saturating_sub(tail_bytes));
        Self::from_untrusted(&format!("{stem}{addition}.{extension}"))
    }

    /// The name in printable ASCII without quotes, backslash and percent sign: for the `filename=` of a header, beside
    /// a `filename*=` that carries the whole name.
    pub fn to_ascii(&self) -> String {
        let plain = |c: char| c == ' ' || (c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '\\' | '%' | '/'));
        self.0.chars().map(|c| if plain(c) { c } else { '_' }).collect()
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Bidirectional controls and line separators. The zero-width joiner stays: emoji are made with it.
pub(crate) fn redirects(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Stem and ending with its dot; a name that only starts with a dot has no ending.
fn split(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(at) if at > 0 => name.split_at(at),
        _ => (name, ""),
    }
}

fn shorten(name: &str) -> String {
    if name.len() <= FileName::MAX_BYTES {
        return name.to_owned();
    }
    let (stem, extension) = match split(name) {
        (stem, extension) if extension.len() <= FileName::MAX_EXTENSION_BYTES => (stem, extension),
        _ => (name, ""),
    };
    let kept = truncate(stem, FileName::MAX_BYTES - extension.len());
    format!("{}{extension}", kept.trim_end())
}

fn truncate(text: &str, max_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(max_bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> String {
        FileName::from_untrusted(text).as_str().to_owned()
    }

    #[test]
    fn names_are_kept_as_their_owners_wrote_them() {
        for text in ["mix.wav", "Été à \"Rio\" & 'Nice' <3.flac", "👩🏽‍🎤 live 🎸.wav", "夜に駆ける.aiff", ".hidden"]
        {
            assert_eq!(name(text), text);
        }
    }

    #[test]
    fn paths_and_invisible_characters_are_taken_away() {
        assert_eq!(name("../../etc/passwd"), "passwd");
        assert_eq!(name(r"C:\Users\me\mix.wav"), "mix.wav");
        assert_eq!(name("a\0b\r\nSet-Cookie: x.wav"), "abSet-Cookie: x.wav");
        assert_eq!(name("invoice\u{202e}vaw.exe"), "invoicevaw.exe");
        for text in ["", "..", "/", "a/..", " . ", "\u{7f}"] {
            assert_eq!(name(text), "untitled", "{text:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let long = name(&format!("{}.wav", "ü".repeat(400)));
        assert!(long.len() <= FileName::MAX_BYTES && long.ends_with("ü.wav"));
    }

    #[test]
    fn downloads_are_named_after_the_mix() {
        let mix = FileName::from_untrusted("My \"mix\" 🎸.final.wav");
        let master = mix.download_name(" (master)", "flac");
        assert_eq!(master.as_str(), "My \"mix\" 🎸.final (master).flac");
        assert_eq!(master.to_ascii(), "My _mix_ _.final (master).flac");
        let long = FileName::from_untrusted(&"x".repeat(300)).download_name(" (master)", "flac");
        assert!(long.as_str().ends_with("x (master).flac") && long.as_str().len() <= FileName::MAX_BYTES);
    }

    proptest! {
        #[test]
        fn any_text_becomes_one_harmless_component(text in any::<String>()) {
            let kept = FileName::from_untrusted(&text);
            prop_assert!(!kept.as_str().is_empty() && kept.as_str().len() <= FileName::MAX_BYTES);
            prop_assert!(!kept.as_str().contains(['/', '\\', '\0', '\r', '\n']));
            prop_assert!(kept.as_str() != "." && kept.as_str() != "..");
            prop_assert!(kept.to_ascii().bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'"'));
            prop_assert_eq!(FileName::from_untrusted(kept.as_str()), kept);
        }
    }
}
