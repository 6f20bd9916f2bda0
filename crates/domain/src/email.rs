//! Addresses for mail, in one spelling each.

use std::fmt;
use std::str::FromStr;

/// An e-mail address that can be written to, in lower case, so that one person has one account however they spell it.
///
/// ASCII alone (an internationalised domain in its `xn--` form), no quoted local parts, no comments, no spaces and no
/// line breaks: what is in here cannot become a second header or a second recipient. Whether anybody reads what is sent
/// there, only a mail can tell.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Email(String);

/// The text is no [`Email`]. Does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected an e-mail address such as name@example.org, in plain letters, at most {} characters",
    Email::MAX_BYTES
)]
pub struct NotAnEmail;

impl Email {
    /// Longest address, bytes (RFC 5321, section 4.5.3.1.3, without the angle brackets).
    pub const MAX_BYTES: usize = 254;
    /// Longest part before the `@`, bytes (RFC 5321, section 4.5.3.1.1).
    const MAX_LOCAL_BYTES: usize = 64;
    /// Longest part of a host's name, bytes (RFC 1035, section 2.3.4).
    const MAX_LABEL_BYTES: usize = 63;

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = NotAnEmail;

    /// Spaces round the address do not count: keyboards add them.
    fn from_str(text: &str) -> Result<Self, NotAnEmail> {
        let text = text.trim_matches(' ').to_ascii_lowercase();
        let (local, domain) = text.rsplit_once('@').ok_or(NotAnEmail)?;
        let labels: Vec<&str> = domain.split('.').collect();
        let fits = text.len() <= Self::MAX_BYTES && local.len() <= Self::MAX_LOCAL_BYTES;
        let local_is_good = local.split('.').all(|part| !part.is_empty() && part.bytes().all(is_atext));
        let domain_is_good = labels.len() >= 2 && labels.iter().all(|label| is_label(label));
        // A last label of digits would be an address of a machine.
        let is_named = labels.last().is_some_and(|last| !last.bytes().all(|byte| byte.is_ascii_digit()));
        if fits && local_is_good && domain_is_good && is_named { Ok(Self(text)) } else { Err(NotAnEmail) }
    }
}

/// What may stand before the `@` without quotes (RFC 5322, section 3.2.3).
fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

fn is_label(label: &str) -> bool {
    let fits = (1..=Email::MAX_LABEL_BYTES).contains(&label.len());
    let plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    fits && plain && !label.starts_with('-') && !label.ends_with('-')
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Email {
    /// Without the address: logs are not to name people by accident.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_address_has_one_spelling() {
        for text in ["mia@example.org", " Mia@Example.ORG ", "MIA@EXAMPLE.ORG"] {
            assert_eq!(text.parse::<Email>().unwrap().as_str(), "mia@example.org");
        }
        for good in ["a@b.co", "first.last+tag@sub.example.org", "o'neil@xn--bcher-kva.example", "x@1.example"] {
            assert!(good.parse::<Email>().is_ok(), "{good}");
        }
    }

    #[test]
    fn what_would_be_more_than_one_plain_address_is_none() {
        let long = format!("{}@example.org", "a".repeat(65));
        for bad in [
            "",
            "mia",
            "@example.org",
            "mia@",
            "mia@localhost",
            "mia@127.0.0.1",
            "mia@[127.0.0.1]",
            "mia@example..org",
            "mia@-example.org",
            ".mia@example.org",
            "mi a@example.org",
            "\"mia\"@example.org",
            "mia@example.org,eve@example.org",
            "mia@example.org;eve@example.org",
            "Mia <mia@example.org>",
            "mia@example.org\r\nBcc: eve@example.org",
            "mia\n@example.org",
            "mia@example.org\0",
            "m\u{ef}a@example.org",
            "\u{a0}mia@example.org",
            &long,
        ] {
            assert_eq!(bad.parse::<Email>(), Err(NotAnEmail), "{bad:?}");
        }
        assert_eq!(format!("{:?}", "mia@example.org".parse::<Email>().unwrap()), "Email(redacted)");
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_is_one_line_of_plain_text_and_is_its_own_spelling(text in "[a-zA-Z0-9@. \r\n,;<>\"\\\\:é-]{0,40}") {
            if let Ok(email) = text.parse::<Email>() {
                prop_assert!(email.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert!(!email.as_str().contains(['<', '>', ',', ';', ':', '"', '\\', '(', ')']));
                prop_assert_eq!(email.as_str().parse::<Email>(), Ok(email.clone()));
            }
        }
    }
}
