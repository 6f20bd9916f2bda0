//! Which kind of browser somebody signed in with, as far as it helps them to know it again.

use std::fmt;
use std::str::FromStr;

/// A browser and its system, `Firefox on Linux`: a few words of our own, never what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Device {
    browser: &'static str,
    system: &'static str,
}

/// The text is no [`Device`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a browser and a system that are known, such as `Firefox on Linux`")]
pub struct NotADevice;

/// What browsers call themselves, the more particular first: nearly all claim to be Safari and Chrome as well.
const BROWSERS: [(&str, &str); 9] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
];
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
];
const SOME_BROWSER: &str = "A browser";
const SOME_SYSTEM: &str = "an unknown system";
/// No more of a `User-Agent` is looked at, bytes.
const LOOKED_AT: usize = 512;

impl Device {
    /// Reads a `User-Agent`; what is not known in it becomes a general word.
    pub fn of(user_agent: &str) -> Self {
        let end = user_agent.floor_char_boundary(LOOKED_AT);
        let found = |known: &[(&str, &'static str)]| {
            known.iter().find(|(mark, _)| user_agent[..end].contains(mark)).map(|(_, name)| *name)
        };
        Self { browser: found(&BROWSERS).unwrap_or(SOME_BROWSER), system: found(&SYSTEMS).unwrap_or(SOME_SYSTEM) }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.browser, self.system)
    }
}

impl FromStr for Device {
    type Err = NotADevice;

    fn from_str(text: &str) -> Result<Self, NotADevice> {
        let (browser, system) = text.split_once(" on ").ok_or(NotADevice)?;
        let known = |name: &str, known: &[(&str, &'static str)], other: &'static str| {
            let mut names = known.iter().map(|(_, name)| *name).chain([other]);
            names.find(|known| *known == name).ok_or(NotADevice)
        };
        Ok(Self { browser: known(browser, &BROWSERS, SOME_BROWSER)?, system: known(system, &SYSTEMS, SOME_SYSTEM)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn common_browsers_are_told_apart() {
        for (sent, said) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
                "Chrome on Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            ("", "A browser on an unknown system"),
        ] {
            assert_eq!(Device::of(sent).to_string(), said);
        }
    }

    proptest! {
        #[test]
        fn nothing_that_was_sent_is_kept(sent in ".{0,80}") {
            let device = Device::of(&sent);
            prop_assert_eq!(device.to_string().parse(), Ok(device));
            prop_assert!(!device.to_string().contains(['<', '&', '"']));
        }
    }
}
