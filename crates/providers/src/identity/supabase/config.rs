//! Which project of Supabase, with which keys. Checked once, at the start.

use std::fmt;

use crate::https::{may_hear_a_secret, without_user};

/// Shortest secret that signs tokens with HMAC-SHA-256, bytes (RFC 7518, section 3.2).
const MIN_SECRET_BYTES: usize = 32;
/// Longest key, bytes: the older ones are tokens.
const MAX_KEY_BYTES: usize = 4096;

/// What an operator sets.
#[derive(Clone, Copy, Default)]
pub struct Settings<'s> {
    /// The project's address, `https://abcdefgh.supabase.co`.
    pub url: Option<&'s str>,
    /// Its publishable key, or the older one called `anon`.
    pub anon_key: Option<&'s str>,
    /// Its secret key, or the older one called `service_role`. Deletes users; without it they stay at Supabase.
    pub service_key: Option<&'s str>,
    /// The secret of projects that still sign tokens with HS256.
    pub jwt_secret: Option<&'s str>,
    /// Who signs tokens, where that is not the project's address with `/auth/v1`.
    pub issuer: Option<&'s str>,
    /// Services of others that one may sign in with, by Supabase's names.
    pub oauth: &'s [String],
}

/// A project of Supabase, checked. Its keys show in no `Debug` and no error.
#[derive(Clone)]
pub struct Config {
    pub(super) base: String,
    pub(super) issuer: String,
    pub(super) anon_key: String,
    pub(super) service_key: Option<String>,
    pub(super) jwt_secret: Option<String>,
    pub(super) oauth: Vec<OAuth>,
}

/// A setting is missing or wrong. What was set as a key is never repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// One without which nothing works.
    #[error("Supabase needs both supabase_url and supabase_anon_key; {missing} is not set")]
    Missing {
        /// Its name.
        missing: &'static str,
    },
    /// Not an address that passwords may be sent to.
    #[error(
        "expected {name} as `https://host`, for example https://abcdefgh.supabase.co (http is for this machine alone), \
         found `{found}`"
    )]
    Url {
        /// The setting.
        name: &'static str,
        /// What was set, without a password that may stand in it.
        found: String,
    },
    /// No key of this kind.
    #[error("expected {name} as the project's page shows it (Settings > API keys): {expected}")]
    Key {
        /// The setting.
        name: &'static str,
        /// What it looks like.
        expected: &'static str,
    },
    /// A secret that could be guessed.
    #[error("expected supabase_jwt_secret with at least {MIN_SECRET_BYTES} bytes, found {found}")]
    ShortSecret {
        /// Its length, bytes.
        found: usize,
    },
    /// A service that Supabase does not know.
    #[error("expected supabase_oauth to list some of {}; found `{found}`", known())]
    OAuth {
        /// What was set.
        found: String,
    },
}

/// A service of somebody else that one may sign in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OAuth {
    name: &'static str,
    label: &'static str,
}

impl OAuth {
    /// Those that answer with a confirmed address.
    const KNOWN: [Self; 12] = [
        Self { name: "apple", label: "Apple" },
        Self { name: "azure", label: "Microsoft" },
        Self { name: "bitbucket", label: "Bitbucket" },
        Self { name: "discord", label: "Discord" },
        Self { name: "facebook", label: "Facebook" },
        Self { name: "github", label: "GitHub" },
        Self { name: "gitlab", label: "GitLab" },
        Self { name: "google", label: "Google" },
        Self { name: "keycloak", label: "Keycloak" },
        Self { name: "linkedin_oidc", label: "LinkedIn" },
        Self { name: "spotify", label: "Spotify" },
        Self { name: "twitch", label: "Twitch" },
    ];

    fn find(name: &str) -> Option<Self> {
        Self::KNOWN.into_iter().find(|known| known.name == name)
    }

    /// Supabase's name for it.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// What people call it.
    pub fn label(self) -> &'static str {
        self.label
    }
}

fn known() -> String {
    OAuth::KNOWN.map(OAuth::name).join(", ")
}

impl Config {
    /// Checks the settings.
    pub fn check(settings: Settings<'_>) -> Result<Self, ConfigError> {
        let missing = |missing| ConfigError::Missing { missing };
        let url = address("supabase_url", settings.url.ok_or(missing("supabase_url"))?)?;
        let anon_key = settings.anon_key.ok_or(missing("supabase_anon_key"))?;
        if !is_key(anon_key) || is_secret(anon_key) {
            let expected =
                "the publishable one, `sb_publishable_..`, or the older one called anon; never the secret one";
            return Err(ConfigError::Key { name: "supabase_anon_key", expected });
        }
        if settings.service_key.is_some_and(|key| !is_key(key) || key == anon_key || key.starts_with("sb_publishable_"))
        {
            let expected = "the secret one, `sb_secret_..`, or the older one called service_role";
            return Err(ConfigError::Key { name: "supabase_service_key", expected });
        }
        if let Some(found) = settings.jwt_secret.map(str::len).filter(|length| *length < MIN_SECRET_BYTES) {
            return Err(ConfigError::ShortSecret { found });
        }
        let base = format!("{url}/auth/v1");
        let issuer = settings.issuer.map_or_else(|| Ok(base.clone()), |issuer| address("supabase_issuer", issuer))?;
        let named = settings.oauth.iter().map(|name| {
            OAuth::find(name.trim()).ok_or_else(|| ConfigError::OAuth { found: name.chars().take(40).collect() })
        });
        Ok(Self {
            base,
            issuer,
            anon_key: anon_key.to_owned(),
            service_key: settings.service_key.map(str::to_owned),
            jwt_secret: settings.jwt_secret.map(str::to_owned),
            oauth: named.collect::<Result<_, _>>()?,
        })
    }

    /// `text` without the keys, should a library have put one there.
    pub(super) fn redact(&self, text: &str) -> String {
        let keys = [Some(&self.anon_key), self.service_key.as_ref(), self.jwt_secret.as_ref()];
        keys.into_iter().flatten().fold(text.to_owned(), |text, key| text.replace(key.as_str(), ".."))
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("base", &self.base)
            .field("issuer", &self.issuer)
            .field("deletes", &self.service_key.is_some())
            .field("oauth", &self.oauth)
            .finish_non_exhaustive()
    }
}

fn address(name: &'static str, found: &str) -> Result<String, ConfigError> {
    let url = found.trim_end_matches('/');
    if may_hear_a_secret(url) { Ok(url.to_owned()) } else { Err(ConfigError::Url { name, found: without_user(found) }) }
}

fn is_key(text: &str) -> bool {
    (16..=MAX_KEY_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether somebody took the wrong one of two keys: the secret one does everything to everybody.
fn is_secret(key: &str) -> bool {
    let says_so = || {
        let claims = super::token::claims_unproved(key)?;
        Some(claims.get("role")?.as_str()? == "service_role")
    };
    key.starts_with("sb_secret_") || says_so().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;

    const SETTINGS: Settings<'static> = Settings {
        url: Some("https://abcdefgh.supabase.co"),
        anon_key: Some("sb_publishable_0123456789"),
        service_key: Some("sb_secret_hush0123456789"),
        jwt_secret: Some("hush-hush-hush-hush-hush-hush-hush-hush"),
        issuer: None,
        oauth: &[],
    };

    fn told(settings: Settings<'_>) -> String {
        Config::check(settings).expect_err("refused").to_string()
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        assert!(told(Settings { url: None, ..SETTINGS }).contains("supabase_url is not set"));
        assert!(told(Settings { anon_key: None, ..SETTINGS }).contains("supabase_anon_key is not set"));
        for url in ["http://supabase.example.org", "supabase.co", "https://", "https://a?b=c", "ftp://localhost"] {
            assert!(told(Settings { url: Some(url), ..SETTINGS }).contains("https://host"), "{url}");
        }
        assert!(!told(Settings { url: Some("https://me:hunter2@example.org"), ..SETTINGS }).contains("hunter2"));
        assert!(told(Settings { jwt_secret: Some("short"), ..SETTINGS }).contains("found 5"));
        let oauth = ["google".to_owned(), "myspace".to_owned()];
        let told = told(Settings { oauth: &oauth, ..SETTINGS });
        assert!(told.contains("`myspace`") && told.contains("github"), "{told}");
    }

    #[test]
    fn a_secret_key_in_the_public_one_s_place_is_noticed() {
        let token = |role: &str| {
            let part = |json: String| URL_SAFE_NO_PAD.encode(json);
            format!("{}.{}.c2ln", part(r#"{"alg":"HS256"}"#.into()), part(format!(r#"{{"role":"{role}"}}"#)))
        };
        let anon = |key: &str| Config::check(Settings { anon_key: Some(key), ..SETTINGS });
        assert!(anon(&token("anon")).is_ok());
        for key in [token("service_role"), "sb_secret_0123456789".to_owned(), "with a space in the middle".to_owned()] {
            assert!(matches!(anon(&key), Err(ConfigError::Key { name: "supabase_anon_key", .. })), "{key}");
        }
        let service = |key| Config::check(Settings { service_key: Some(key), ..SETTINGS });
        assert!(service("sb_publishable_0123456789").is_err());
    }

    #[test]
    fn no_key_shows() {
        let config = Config::check(SETTINGS).expect("right");
        let shown = format!("{config:?}");
        assert!(shown.contains("abcdefgh") && !shown.contains("hush") && !shown.contains("sb_"), "{shown}");
        assert_eq!(config.redact("no answer to sb_secret_hush0123456789"), "no answer to ..");
        assert_eq!(config.issuer, "https://abcdefgh.supabase.co/auth/v1");
    }
}
