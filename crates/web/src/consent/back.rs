//! Where a form leads back to: an address on this site, whatever was sent.

use std::fmt;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::language::Language;

/// Longer ones are nobody's way back, bytes.
const MAX_BYTES: usize = 1024;

/// An address on this site: a path with a query, that is. Anything else that is sent becomes the first page, so that
/// nobody can send visitors elsewhere through this site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Back(String);

impl Back {
    /// Takes what a form or an address holds.
    pub(crate) fn of(sent: &str) -> Self {
        // `//host` and `/\host` are other sites to a browser; so is what it makes of control characters and spaces.
        let local = sent.starts_with('/')
            && !sent.starts_with("//")
            && sent.len() <= MAX_BYTES
            && sent.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        // A way back to where it was asked for would go in circles.
        let circle = ["/cookies/decide", "/cookies/answer", "/cookies/kept"].iter().any(|path| sent.starts_with(path));
        Self(if local && !circle { sent.to_owned() } else { "/".to_owned() })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// As a value in another address's query.
    pub(crate) fn encoded(&self) -> String {
        utf8_percent_encode(&self.0, NON_ALPHANUMERIC).to_string()
    }

    /// The same page in another language.
    pub(crate) fn in_language(&self, language: Language) -> Self {
        let (address, fragment) = self.0.split_once('#').map_or((self.as_str(), ""), |(address, rest)| (address, rest));
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let mut pairs: Vec<String> =
            query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("lang=")).map(str::to_owned).collect();
        pairs.push(format!("lang={}", language.code()));
        let hash = if fragment.is_empty() { String::new() } else { format!("#{fragment}") };
        Self(format!("{path}?{}{hash}", pairs.join("&")))
    }
}

impl fmt::Display for Back {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_addresses_on_this_site_lead_back() {
        for here in ["/", "/tracks?a=b", "/cookies/settings?lang=de", "/tracks/0123#report"] {
            assert_eq!(Back::of(here).as_str(), here);
        }
        for elsewhere in [
            "",
            "tracks",
            "//evil.test",
            "/\\evil.test",
            "/\t/evil.test",
            "https://evil.test/",
            "javascript:alert(1)",
            "/a b",
            "/\r\nlocation: https://evil.test",
            "/caf\u{e9}",
            "/cookies/kept?back=/cookies/kept",
        ] {
            assert_eq!(Back::of(elsewhere).as_str(), "/", "{elsewhere:?}");
        }
        assert_eq!(Back::of(&format!("/{}", "a".repeat(MAX_BYTES))).as_str(), "/");
    }

    #[test]
    fn the_same_page_in_another_language_keeps_the_rest_of_its_address() {
        let german = |address: &str| Back::of(address).in_language(Language::German).to_string();
        assert_eq!(german("/help"), "/help?lang=de");
        assert_eq!(german("/cookies?lang=en&a=b"), "/cookies?a=b&lang=de");
        assert_eq!(german("/cookies#what"), "/cookies?lang=de#what");
    }

    proptest! {
        #[test]
        fn whatever_is_sent_the_way_back_is_on_this_site(sent in "[/\\\\a-z:.\t\r\n?# \u{e9}]{0,40}") {
            let back = Back::of(&sent);
            prop_assert!(back.as_str().starts_with('/') && !back.as_str().starts_with("//"));
            prop_assert!(back.as_str().bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\'));
        }
    }
}
