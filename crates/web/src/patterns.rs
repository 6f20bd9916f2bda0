//! The site's own address patterns, so that a path from outside becomes one of them or nothing.

use std::collections::HashMap;

use domain::Route;

/// The patterns, by number; the last number is for what none of them answers.
pub(crate) struct Patterns {
    known: Vec<&'static str>,
    numbers: HashMap<&'static str, usize>,
}

impl Patterns {
    pub(crate) fn new(known: Vec<&'static str>) -> Self {
        let numbers = known.iter().enumerate().map(|(number, pattern)| (*pattern, number)).collect();
        Self { known, numbers }
    }

    /// How many numbers there are.
    pub(crate) fn count(&self) -> usize {
        self.known.len() + 1
    }

    /// The number of a pattern that the router matched.
    pub(crate) fn number(&self, pattern: Option<&str>) -> usize {
        pattern.and_then(|pattern| self.numbers.get(pattern)).copied().unwrap_or(self.known.len())
    }

    /// What a number stands for in the database.
    pub(crate) fn route(&self, number: usize) -> Route {
        self.known.get(number).map_or_else(Route::unknown, |pattern| Route::of(pattern))
    }

    /// The pattern that a path falls under. Segments that the patterns name come before those that they leave open.
    pub(crate) fn find(&self, path: &str) -> Option<&'static str> {
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
        self.known.iter().filter(fits).min_by_key(opens).copied()
    }

    /// The same as the database names it.
    pub(crate) fn route_of(&self, path: &str) -> Route {
        self.find(path).map_or_else(Route::unknown, Route::of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_from_outside_becomes_a_pattern_of_the_site_or_nothing() {
        let patterns = Patterns::new(vec!["/", "/tracks", "/tracks/{id}", "/help/{topic}", "/help/loudness"]);
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
            assert_eq!(patterns.route_of(path).as_str(), route, "{path}");
        }
    }

    #[test]
    fn a_path_is_known_by_its_pattern_and_a_strange_one_by_none() {
        let patterns =
            Patterns::new(vec!["/", "/tracks", "/tracks/{id}", "/tracks/latest", "/assets/{version}/{name}"]);
        let of = |path| patterns.find(path);
        assert_eq!(of("/"), Some("/"));
        assert_eq!(of("/tracks/0123456789abcdef0123456789abcdef"), Some("/tracks/{id}"));
        assert_eq!(of("/tracks/latest"), Some("/tracks/latest"));
        assert_eq!(of("/tracks/"), None);
        assert_eq!(of("/tracks/a/b"), None);
        assert_eq!(of("/my/secret"), None);
    }

    #[test]
    fn what_no_pattern_answers_has_a_number_too() {
        let patterns = Patterns::new(vec!["/", "/tracks"]);
        assert_eq!(patterns.number(Some("/tracks")), 1);
        assert_eq!(patterns.number(Some("/other")), patterns.count() - 1);
        assert_eq!(patterns.route(patterns.number(None)), Route::unknown());
    }
}
