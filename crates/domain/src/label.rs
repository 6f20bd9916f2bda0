//! Short names and route patterns: what is counted, in words that cannot carry anything personal.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The name of a feature, a stage, an experiment or one of its arms: lower-case letters, digits and hyphens, 1 to 40 of
/// them.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label(Arc<str>);

/// The text is no [`Label`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to {} lower-case letters, digits and hyphens", Label::MAX_BYTES)]
pub struct NotALabel;

impl Label {
    /// Longest label, bytes.
    pub const MAX_BYTES: usize = 40;

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Label {
    type Err = NotALabel;

    fn from_str(text: &str) -> Result<Self, NotALabel> {
        let fits = (1..=Self::MAX_BYTES).contains(&text.len());
        let plain = text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        // A number of a thousand and more could be somebody's.
        let nobodys = !text.as_bytes().windows(4).any(|four| four.iter().all(u8::is_ascii_digit));
        if fits && plain && nobodys { Ok(Self(text.into())) } else { Err(NotALabel) }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Label({self})")
    }
}

/// The pattern of an address, such as `/tracks/{id}`: never the address itself.
///
/// A segment that is not made of a few letters, hyphens and dots becomes `{id}`, whoever wrote it, so that no id, name
/// or token can be kept by way of a route.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Route(Arc<str>);

impl Route {
    /// Longest route, bytes; what goes beyond is cut at a segment.
    pub const MAX_BYTES: usize = 120;

    /// Segments longer than this are taken for ids.
    const MAX_SEGMENT_BYTES: usize = 24;

    /// What no route answers.
    pub fn unknown() -> Self {
        Self("(elsewhere)".into())
    }

    /// The pattern of a path or of a pattern; without query and fragment.
    pub fn of(path: &str) -> Self {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let Some(rest) = path.strip_prefix('/') else {
            return Self::unknown();
        };
        let mut pattern = String::new();
        for segment in rest.split('/') {
            let kept = if Self::is_word(segment) { segment } else { "{id}" };
            // A parameter's name in a pattern is nobody's, but it says no more than `{id}` does.
            if pattern.len() + 1 + kept.len() > Self::MAX_BYTES {
                break;
            }
            pattern.push('/');
            pattern.push_str(kept);
        }
        Self(pattern.into())
    }

    fn is_word(segment: &str) -> bool {
        segment.len() <= Self::MAX_SEGMENT_BYTES
            && segment.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'-' | b'.' | b'_'))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Route({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_label_is_a_plain_word_and_no_number_of_anybody() {
        for text in ["play", "download-wav24", "b"] {
            assert_eq!(text.parse::<Label>().unwrap().as_str(), text);
        }
        let long = "x".repeat(41);
        for text in ["", "Play", "a b", "user@host", "call-5551234", "ä", &long] {
            assert_eq!(text.parse::<Label>(), Err(NotALabel), "{text}");
        }
    }

    #[test]
    fn a_path_and_its_pattern_are_one_route() {
        for (path, route) in [
            ("/", "/"),
            ("/tracks", "/tracks"),
            ("/tracks/{id}", "/tracks/{id}"),
            ("/tracks/0123456789abcdef0123456789abcdef/preview.flac", "/tracks/{id}/preview.flac"),
            ("/tracks/{id}/download/{kind}?x=1#y", "/tracks/{id}/download/{id}"),
            ("/.well-known/gpc.json", "/.well-known/gpc.json"),
            ("/Max Mustermann", "/{id}"),
            ("no path", "(elsewhere)"),
        ] {
            assert_eq!(Route::of(path).as_str(), route, "{path}");
        }
    }

    proptest! {
        #[test]
        fn a_route_has_no_digit_and_is_its_own_route(path in "(/|.){0,8}(/.{0,30}){0,8}") {
            let route = Route::of(&path);
            prop_assert!(!route.as_str().contains(|c: char| c.is_numeric() || c.is_whitespace() || c == '@'));
            prop_assert!(route.as_str().len() <= Route::MAX_BYTES);
            prop_assert!(route == Route::unknown() || Route::of(route.as_str()) == route);
        }
    }
}
