//! A mail as a message (RFC 5322): one recipient, text and HTML.

use std::time::{Duration, UNIX_EPOCH};

use domain::{Email, Timestamp};
use lettre::Message;
use lettre::message::{Mailbox, MultiPart};

/// A mail to be sent.
#[derive(Clone, Copy)]
pub struct Mail<'a> {
    /// Names this mail and no other; lower-case letters, digits and hyphens.
    pub key: &'a str,
    /// Whom it is for.
    pub to: &'a Email,
    /// Its subject.
    pub subject: &'a str,
    /// What it says.
    pub text: &'a str,
    /// The same as HTML.
    pub html: &'a str,
}

/// A mail cannot be written as a message.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// Its key would not be a message's name, nor a file's.
    #[error("a mail's key has 1 to 100 lower-case letters, digits and hyphens")]
    Key,
    /// Its subject would be more than one header.
    #[error("a mail's subject is one line")]
    Subject,
    /// Its recipient has no address that the library takes.
    #[error("a mail's address cannot be written")]
    Address(#[from] lettre::address::AddressError),
    /// The library refuses it.
    #[error("a mail cannot be put together")]
    Build(#[from] lettre::error::Error),
}

/// What is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A server and nobody to write as.
    #[error("mail.smtp is set, and mail.from is not: set the address that mails come from")]
    NoSender,
    /// Not an address.
    #[error("expected mail.from as `Name <name@example.org>` or `name@example.org`")]
    Sender,
    /// Not a server. What was set is not repeated: it may hold a password.
    #[error(
        "expected mail.smtp as `smtps://user:password@host`, or `smtp://user:password@host:587?tls=required`; only a \
         server on this machine may do without TLS"
    )]
    Url,
}

/// Whom mails come from.
#[derive(Debug, Clone)]
pub struct Sender(pub(super) Mailbox);

impl Sender {
    /// Reads `Name <name@example.org>` or `name@example.org`.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let mailbox: Mailbox = text.parse().map_err(|_| ConfigError::Sender)?;
        if text.chars().any(char::is_control) { Err(ConfigError::Sender) } else { Ok(Self(mailbox)) }
    }
}

impl Default for Sender {
    /// For the operator's own machine.
    fn default() -> Self {
        Self(Mailbox::new(
            Some("Balanced Mastering".to_owned()),
            lettre::Address::new("balanced", "localhost").expect("both parts are plain"),
        ))
    }
}

/// Writes a mail as a message. Its name and date are the mail's, so that sending it twice sends the same one.
pub(super) fn message(mail: &Mail<'_>, sender: &Sender, at: Timestamp) -> Result<Message, MessageError> {
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    if !(1..=100).contains(&mail.key.len()) || !mail.key.bytes().all(plain) {
        return Err(MessageError::Key);
    }
    if mail.subject.chars().any(char::is_control) {
        return Err(MessageError::Subject);
    }
    let date = UNIX_EPOCH + Duration::from_millis(at.unix_ms().try_into().unwrap_or_default());
    let message = Message::builder()
        .from(sender.0.clone())
        .to(Mailbox::new(None, mail.to.as_str().parse()?))
        .subject(mail.subject)
        .date(date)
        .message_id(Some(format!("<{}@{}>", mail.key, sender.0.email.domain())))
        .multipart(MultiPart::alternative_plain_html(mail.text.to_owned(), mail.html.to_owned()))?;
    Ok(message)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn mail<'a>(to: &'a Email, subject: &'a str) -> Mail<'a> {
        Mail { key: "confirm-0123", to, subject, text: "Hello \u{1f3b8}\n.\nlast", html: "<p>Hello</p>" }
    }

    fn written(mail: &Mail<'_>) -> Result<String, MessageError> {
        let message = message(mail, &Sender::default(), Timestamp::from_unix_ms(1_763_164_800_000))?;
        Ok(String::from_utf8(message.formatted()).expect("ASCII"))
    }

    #[test]
    fn a_message_has_one_recipient_a_date_a_name_and_both_parts() {
        let to = "mia@example.org".parse().expect("an address");
        let text = written(&mail(&to, "Willkommen, größtes Ohr")).expect("written");
        for line in [
            "From: \"Balanced Mastering\" <balanced@localhost>\r\n",
            "To: mia@example.org\r\n",
            "Date: Sat, 15 Nov 2025 00:00:00 +0000\r\n",
            "Message-ID: <confirm-0123@localhost>\r\n",
            "Content-Type: multipart/alternative;",
            "Content-Type: text/plain; charset=utf-8\r\n",
            "Content-Type: text/html; charset=utf-8\r\n",
        ] {
            assert!(text.contains(line), "{line} is in {text}");
        }
        assert_eq!(text.matches("\r\nTo:").count(), 1);
    }

    #[test]
    fn nothing_becomes_a_second_header() {
        let to = "mia@example.org".parse().expect("an address");
        let split = mail(&to, "Hello\r\nBcc: eve@example.org");
        assert!(matches!(written(&split), Err(MessageError::Subject)));
        let key = Mail { key: "x>\r\nBcc: eve", ..mail(&to, "Hello") };
        assert!(matches!(written(&key), Err(MessageError::Key)));
        for bad in ["", "nobody", "a@b\r\nBcc: c@d.example", "A <a@b.example>\nBcc: c@d.example"] {
            assert!(Sender::parse(bad).is_err(), "{bad:?}");
        }
        assert!(Sender::parse("Balanced <post@example.org>").is_ok());
    }
}
