//! The languages that the consent pages speak, and how a browser asks for one (RFC 9110, section 12.5.4).
//!
//! No cookie remembers a language: the browser says it with every request, and an address may say another.

use axum::http::{HeaderMap, Uri, header};

/// A language of the consent pages. The rest of the site is English.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Language {
    English,
    German,
}

impl Language {
    /// All of them, the first one being for everybody who speaks none of the others.
    pub(crate) const ALL: [Self; 2] = [Self::English, Self::German];

    /// The language's code, as `lang` attributes and addresses have it.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    fn of_code(code: &str) -> Option<Self> {
        let primary = code.split('-').next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| primary.eq_ignore_ascii_case(language.code()))
    }

    /// `?lang=` in the address, else what the browser prefers, else English.
    pub(crate) fn of(uri: &Uri, headers: &HeaderMap) -> Self {
        let asked = uri.query().unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("lang="));
        asked.and_then(Self::of_code).unwrap_or_else(|| {
            headers
                .get(header::ACCEPT_LANGUAGE)
                .and_then(|value| value.to_str().ok())
                .map_or(Self::English, Self::preferred)
        })
    }

    /// The first of ours among those with the greatest weight.
    fn preferred(accept: &str) -> Self {
        let mut best = (Self::English, 0.0);
        for range in accept.split(',').take(32) {
            let mut parts = range.split(';').map(str::trim);
            let code = parts.next().unwrap_or_default();
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
            let language = if code == "*" { Some(Self::English) } else { Self::of_code(code) };
            if let Some(language) = language
                && weight > best.1
            {
                best = (language, weight);
            }
        }
        best.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str, accept: &str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, accept.parse().expect("a header"));
        Language::of(&address.parse().expect("an address"), &headers)
    }

    #[test]
    fn the_browser_says_which_language_it_prefers() {
        assert_eq!(of("/cookies", "de-AT,de;q=0.9,en;q=0.8"), Language::German);
        assert_eq!(of("/cookies", "en-GB,en;q=0.9,de;q=0.8"), Language::English);
        assert_eq!(of("/cookies", "fr, de;q=0.5, en;q=0.4"), Language::German);
        assert_eq!(of("/cookies", "fr"), Language::English);
        assert_eq!(of("/cookies", "de;q=0, *"), Language::English);
        assert_eq!(of("/cookies", ";;q=,,q=NaN"), Language::English);
    }

    #[test]
    fn the_address_beats_the_browser() {
        assert_eq!(of("/cookies?lang=en", "de"), Language::English);
        assert_eq!(of("/cookies?a=b&lang=de", "en"), Language::German);
        assert_eq!(of("/cookies?lang=xx", "de"), Language::German);
    }
}
