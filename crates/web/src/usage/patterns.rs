//! The site's own address patterns, so that a path from outside becomes one of them or nothing.

use std::collections::HashMap;

use domain::Route;

/// The patterns, by number; the last number is for what none of them answers.
pub(super) struct Patterns {
    known: Vec<&'static str>,
    numbers: HashMap<&'static str, usize>,
}

impl Patterns {
    pub(super) fn new(patterns: &[&'static str]) -> Self {
        let numbers = patterns.iter().enumerate().map(|(number, pattern)| (*pattern, number)).collect();
        Self { known: patterns.to_vec(), numbers }
    }

    /// How many numbers there are.
    pub(super) fn count(&self) -> usize {
        self.known.len() + 1
    }

    /// The number of a pattern that the router matched.
    pub(super) fn number(&self, pattern: Option<&str>) -> usize {
        pattern.and_then(|pattern| self.numbers.get(pattern)).copied().unwrap_or(self.known.len())
    }

    /// What a number stands for in the database.
    pub(super) fn route(&self, number: usize) -> Route {
        self.known.get(number).map_or_else(Route::unknown, |pattern| Route::of(pattern))
    }

    /// The pattern that a path falls under. Segments that the patterns name come before those that they leave open.
    pub(super) fn find(&self, path: &str) -> Route {
        let fits = |pattern: &&&str| {
            let (mut asked, mut known) = (path.split('/'), pattern.split('/'));
            loop {
                match (asked.next(), known.next()) {
                    (None, None) => return true,
                    (Some(asked), Some(known)) if asked == known || (known.starts_with('{') && !asked.is_empty()) => {}
                    _ => return false,
                }
            }
        };
        let opens = |pattern: &&&str| pattern.matches('{').count();
        self.known.iter().filter(fits).min_by_key(opens).map_or_else(Route::unknown, |pattern| Route::of(pattern))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_from_outside_becomes_a_pattern_of_the_site_or_nothing() {
        let patterns = Patterns::new(&["/", "/tracks", "/tracks/{id}", "/help/{topic}", "/help/loudness"]);
        for (path, route) in [
            ("/", "/"),
            ("/tracks/0123456789abcdef0123456789abcdef", "/tracks/{id}"),
            ("/tracks/{id}", "/tracks/{id}"),
            ("/tracks/", "(elsewhere)"),
            ("/help/loudness", "/help/loudness"),
            ("/help/peaks", "/help/{id}"),
            ("/made/up", "(elsewhere)"),
            ("", "(elsewhere)"),
        ] {
            assert_eq!(patterns.find(path).as_str(), route, "{path}");
        }
    }

    #[test]
    fn what_no_pattern_answers_has_a_number_too() {
        let patterns = Patterns::new(&["/", "/tracks"]);
        assert_eq!(patterns.number(Some("/tracks")), 1);
        assert_eq!(patterns.number(Some("/other")), patterns.count() - 1);
        assert_eq!(patterns.route(patterns.number(None)), Route::unknown());
    }
}
