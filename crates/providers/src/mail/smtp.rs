//! Mails by the operator's mail server (SMTP, RFC 5321), over TLS.

use std::fmt;
use std::time::Duration;

use domain::Timestamp;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

use super::SendError;
use super::message::{ConfigError, Mail, Sender, message};

/// How long a mail server may take for one mail.
pub(super) const WITHIN: Duration = Duration::from_mins(1);

/// A mail server. Its address, which may hold a password, shows in no `Debug`.
#[derive(Clone)]
pub struct Smtp {
    server: AsyncSmtpTransport<Tokio1Executor>,
    sender: Sender,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("sender", &self.sender).finish_non_exhaustive()
    }
}

impl Smtp {
    /// Checks the settings. Connects to nothing yet.
    pub fn check(url: &str, sender: Sender) -> Result<Self, ConfigError> {
        if !is_private(url) {
            return Err(ConfigError::Url);
        }
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|_| ConfigError::Url)?;
        Ok(Self { server: server.timeout(Some(WITHIN / 3)).build(), sender })
    }

    pub(super) async fn send(&self, mail: &Mail<'_>, at: Timestamp) -> Result<(), SendError> {
        let message = message(mail, &self.sender, at)?;
        let sent = tokio::time::timeout(WITHIN, self.server.send(message)).await;
        sent.map_err(|_| SendError::Late)?.map(drop).map_err(SendError::Smtp)
    }
}

/// Whether nobody on the way reads along: TLS, or this machine.
fn is_private(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("smtp://") else {
        return url.starts_with("smtps://");
    };
    let (authority, query) = rest.split_once('?').unwrap_or((rest, ""));
    let host = authority.trim_end_matches('/').rsplit('@').next().unwrap_or_default();
    let is_here = ["localhost", "127.0.0.1", "[::1]"]
        .iter()
        .any(|here| host.strip_prefix(here).is_some_and(|port| port.is_empty() || port.starts_with(':')));
    is_here || query.split('&').any(|pair| pair == "tls=required")
}

#[cfg(test)]
mod tests {
    use super::super::message::tests::mail;
    use super::*;
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio::net::TcpListener;

    fn sender() -> Sender {
        Sender::parse("Balanced <post@example.org>").expect("an address")
    }

    #[test]
    fn a_server_is_spoken_to_over_tls_or_on_this_machine() {
        for good in [
            "smtps://user:secret@mail.example.org",
            "smtp://user:secret@mail.example.org:587?tls=required",
            "smtp://127.0.0.1:2525",
            "smtp://localhost",
        ] {
            assert!(Smtp::check(good, sender()).is_ok(), "{good}");
        }
        for bad in [
            "",
            "mail.example.org",
            "https://mail.example.org",
            "smtp://user:secret@mail.example.org",
            "smtp://mail.example.org?tls=opportunistic",
            "smtp://127.0.0.1.evil.example",
            "smtp://localhost@mail.example.org",
        ] {
            assert_eq!(Smtp::check(bad, sender()).err(), Some(ConfigError::Url), "{bad}");
        }
        let smtp = Smtp::check("smtps://user:secret@mail.example.org", sender()).expect("right");
        assert!(!format!("{smtp:?}").contains("secret"));
    }

    /// A server that takes one mail, answering the end of its data with `verdict`; gives what it was told.
    async fn server(verdict: &'static str) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("smtp://{}", listener.local_addr().expect("an address"));
        let told = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a client");
            let mut stream = BufReader::new(stream);
            stream.write_all(b"220 ready\r\n").await.expect("said");
            let (mut told, mut in_data) = (String::new(), false);
            loop {
                let mut line = String::new();
                if stream.read_line(&mut line).await.expect("text") == 0 {
                    return told;
                }
                told.push_str(&line);
                let answer = match line.trim_end() {
                    "." if in_data => {
                        in_data = false;
                        verdict
                    }
                    _ if in_data => continue,
                    "DATA" => {
                        in_data = true;
                        "354 go on"
                    }
                    "QUIT" => "221 bye",
                    _ => "250 fine",
                };
                stream.write_all(format!("{answer}\r\n").as_bytes()).await.expect("said");
            }
        });
        (url, told)
    }

    #[tokio::test]
    async fn a_mail_goes_to_its_recipient_and_to_nobody_else() {
        let (url, told) = server("250 taken").await;
        let to = "mia@example.org".parse().expect("an address");
        let smtp = Smtp::check(&url, sender()).expect("on this machine");
        smtp.send(&mail(&to, "Hello"), Timestamp::from_unix_ms(0)).await.expect("sent");
        drop(smtp);
        let told = told.await.expect("heard");
        assert_eq!(told.matches("RCPT TO:").count(), 1, "{told}");
        assert!(told.contains("MAIL FROM:<post@example.org>") && told.contains("RCPT TO:<mia@example.org>"), "{told}");
    }

    #[tokio::test]
    async fn what_is_refused_for_good_is_told_from_what_may_be_tried_again() {
        let to = "mia@example.org".parse().expect("an address");
        for (verdict, for_good) in [("550 no such user", true), ("451 come back later", false)] {
            let (url, _told) = server(verdict).await;
            let smtp = Smtp::check(&url, sender()).expect("on this machine");
            let error = smtp.send(&mail(&to, "Hello"), Timestamp::from_unix_ms(0)).await.expect_err("refused");
            assert_eq!(error.is_for_good(), for_good, "{verdict}");
        }
        let smtp = Smtp::check("smtp://127.0.0.1:1", sender()).expect("on this machine");
        let error = smtp.send(&mail(&to, "Hello"), Timestamp::from_unix_ms(0)).await.expect_err("nobody is there");
        assert!(!error.is_for_good());
    }
}
