//! What an operator sets, checked before anything is started.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use cookie_policy::Key;
use domain::{Extra, Quota, UploadLimits};
use providers::identity::Identity;
use providers::identity::breached::Breached;
use providers::identity::seal::Seal;
use providers::mail::Mailer;
use providers::payments::Payments;

use crate::analytics::Analytics;
use crate::operator::OperatorToken;
use crate::proxies::Proxies;

/// Until the service has an address.
const LOCAL_URL: &str = "http://127.0.0.1:8080";

/// The service's settings, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Who runs it, and how browsers reach it.
    pub site: Site,
    /// What is accepted.
    pub limits: Limits,
    /// Who hears of page views.
    pub analytics: Analytics,
    /// The way that mails take.
    pub mailer: Mailer,
    /// How many mails of a policy notice are written in a minute.
    pub notices_per_minute: u32,
    /// Whose word counts about where a request came from.
    pub proxies: Proxies,
}

/// Who runs the service, and how browsers reach it.
#[derive(Debug, Clone)]
pub struct Site {
    /// Whom visitors can write to; `None` on the operator's own machine alone.
    pub contact: Option<String>,
    /// The origin that browsers see, `https://host`; `None` on the operator's own machine alone.
    pub public_url: Option<String>,
    /// How a browser on this machine reaches it: what links in mails begin with where there is no public address.
    pub local_url: String,
    /// Signs what the browser keeps of the visitor's decisions.
    pub key: Key,
    /// Opens the operator's page; without it there is none.
    pub operator: Option<OperatorToken>,
    /// Seals the keys of authenticator apps.
    pub seal: Seal,
    /// Who checks passwords.
    pub identity: Identity,
    /// What can be made of a master beside the files that always are: nothing else is offered.
    pub extras: BTreeSet<Extra>,
    /// What is sold; without it all downloads are free.
    pub payments: Option<Payments>,
    /// Whether administrators get to what is theirs with a second step alone.
    pub admin_second_step: bool,
    /// Passwords that cannot be chosen, since they were stolen somewhere.
    pub breached: Option<Breached>,
}

impl Site {
    /// For the operator's own machine: placeholders, which the pages show as such.
    #[expect(clippy::missing_panics_doc, reason = "the text is long enough, as a test shows")]
    pub fn loopback() -> Self {
        let key = Key::new(b"only for this machine, so no secret is needed").expect("the text has more than 32 bytes");
        Self {
            contact: None,
            public_url: None,
            local_url: LOCAL_URL.to_owned(),
            key,
            operator: None,
            seal: Seal::new(b"a placeholder of no use as a key"),
            identity: Identity::Local,
            extras: BTreeSet::new(),
            payments: None,
            admin_second_step: true,
            breached: None,
        }
    }

    /// What an address in a mail begins with. What a request says of its host is not asked: anybody can write that.
    pub(crate) fn origin(&self) -> &str {
        self.public_url.as_deref().unwrap_or(&self.local_url)
    }

    /// Whether browsers come over TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.public_url.is_some()
    }
}

/// What is accepted from visitors.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How large and how long an upload may be.
    pub upload: UploadLimits,
    /// Uploads at one time from one visitor.
    pub uploads_per_visitor: usize,
    /// Uploads at one time from all visitors.
    pub uploads_in_all: usize,
    /// How long a connection may say nothing in the middle of an upload, or take nothing of an answer.
    pub silence: Duration,
    /// How long a visitor's session lasts since it was last used.
    pub session: Duration,
    /// How long a track of a visitor without an account is kept since its upload.
    pub kept: Duration,
    /// How much is kept for a visitor without an account.
    pub guest_quota: Quota,
    /// How much is kept for an account.
    pub account_quota: Quota,
}

impl Limits {
    /// How much is kept for whoever this is.
    pub(crate) fn quota(&self, is_member: bool) -> Quota {
        if is_member { self.account_quota } else { self.guest_quota }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            upload: UploadLimits::default(),
            uploads_per_visitor: 3,
            uploads_in_all: 64,
            silence: Duration::from_secs(30),
            session: Duration::from_hours(7 * 24),
            kept: Duration::from_hours(24),
            guest_quota: Quota::GUEST,
            account_quota: Quota::ACCOUNT,
        }
    }
}

/// What is missing or wrong before the service may be reached from other machines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Settings that only a service on the operator's own machine may leave out.
    #[error(
        "{listen} can be reached from other machines, so these have to be set first: {}. On this machine alone, listen on 127.0.0.1",
        missing.join(", ")
    )]
    Missing {
        /// The address.
        listen: SocketAddr,
        /// What is missing, with the names of the settings.
        missing: Vec<&'static str>,
    },
    /// An address that browsers would not trust with a session.
    #[error("expected the public address as `https://host`, found `{found}`")]
    PublicUrl {
        /// What was set.
        found: String,
    },
    /// A key that could be guessed.
    #[error("expected a secret key of at least {} bytes, found {found}", Key::MIN_BYTES)]
    ShortKey {
        /// Its length, bytes.
        found: usize,
    },
}

impl Site {
    /// Checks what the operator set against where the service will listen: on loopback everything may be left out, on
    /// any other address nothing.
    pub fn check(
        listen: SocketAddr,
        contact: Option<String>,
        public_url: Option<String>,
        secret_key: Option<&str>,
    ) -> Result<Self, ConfigError> {
        if !listen.ip().is_loopback() {
            let missing: Vec<_> = [
                (contact.is_none(), "serve.contact (BALANCED_SERVE__CONTACT)"),
                (public_url.is_none(), "serve.public_url (BALANCED_SERVE__PUBLIC_URL)"),
                (secret_key.is_none(), "serve.secret_key (BALANCED_SERVE__SECRET_KEY)"),
            ]
            .into_iter()
            .filter_map(|(is_missing, name)| is_missing.then_some(name))
            .collect();
            if !missing.is_empty() {
                return Err(ConfigError::Missing { listen, missing });
            }
        }
        if let Some(found) = &public_url
            && !is_https_origin(found)
        {
            return Err(ConfigError::PublicUrl { found: found.clone() });
        }
        let key = match secret_key {
            Some(secret) => {
                Key::new(secret.as_bytes()).map_err(|short| ConfigError::ShortKey { found: short.found })?
            }
            None => Self::loopback().key,
        };
        Ok(Self {
            contact,
            public_url: public_url.map(|url| url.trim_end_matches('/').to_owned()),
            local_url: LOCAL_URL.to_owned(),
            key,
            operator: None,
            seal: Self::loopback().seal,
            identity: Identity::Local,
            extras: BTreeSet::new(),
            payments: None,
            admin_second_step: true,
            breached: None,
        })
    }
}

fn is_https_origin(url: &str) -> bool {
    url.strip_prefix("https://").map(|rest| rest.trim_end_matches('/')).is_some_and(|host| {
        !host.is_empty() && !host.contains(['/', '?', '#', '@']) && !host.contains(char::is_whitespace)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public() -> SocketAddr {
        SocketAddr::from(([0, 0, 0, 0], 8080))
    }

    #[test]
    fn on_loopback_nothing_has_to_be_set() {
        let site = Site::check(SocketAddr::from(([127, 0, 0, 1], 8080)), None, None, None).expect("placeholders");
        assert_eq!(site.contact, None);
        assert!(!site.is_https());
    }

    #[test]
    fn a_public_address_names_everything_that_is_missing() {
        let error = Site::check(public(), Some("a@example.org".into()), None, None).expect_err("refused").to_string();
        assert!(error.contains("BALANCED_SERVE__PUBLIC_URL"), "{error}");
        assert!(error.contains("BALANCED_SERVE__SECRET_KEY"), "{error}");
        assert!(!error.contains("BALANCED_SERVE__CONTACT"), "{error}");
    }

    #[test]
    fn a_public_address_without_tls_or_with_a_short_key_is_refused() {
        let check =
            |url: &str, key: &str| Site::check(public(), Some("a@example.org".into()), Some(url.into()), Some(key));
        let long = "0123456789abcdef0123456789abcdef";
        for url in ["http://example.org", "https://", "https://a b", "https://example.org/path"] {
            assert!(matches!(check(url, long), Err(ConfigError::PublicUrl { .. })), "{url}");
        }
        assert!(matches!(check("https://example.org", "short"), Err(ConfigError::ShortKey { found: 5 })));
        assert!(check("https://example.org/", long).expect("right").is_https());
    }
}
