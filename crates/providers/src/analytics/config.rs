//! Where the events go, and as whom. Checked once, at the start.

use std::fmt;

use http::Uri;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::https::{may_hear_a_secret, without_user};

/// Where Google collects unless told otherwise.
pub const WORLD_BASE_URL: &str = "https://www.google-analytics.com";

/// Where Google collects in the European Union.
pub const EU_BASE_URL: &str = "https://region1.google-analytics.com";

/// The data stream that events go to, and the secret that lets them in. The secret shows in no `Debug` and no error.
#[derive(Clone)]
pub struct Ga4 {
    measurement_id: String,
    base: String,
    secret: String,
    endpoint: Uri,
}

/// A setting is missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// One of the two that belong together.
    #[error("Google Analytics needs both ga4_measurement_id and ga4_api_secret; {missing} is not set")]
    Half {
        /// The one that is not set.
        missing: &'static str,
    },
    /// Not a web stream's id.
    #[error("expected ga4_measurement_id as the web stream shows it, like `G-ABCD123456`, found `{found}`")]
    MeasurementId {
        /// What was set.
        found: String,
    },
    /// Not a secret. What was set is not repeated.
    #[error(
        "expected ga4_api_secret as Google shows it, 1 to 100 printable characters without spaces (Admin > Data \
         streams > the web stream > Measurement Protocol API secrets)"
    )]
    ApiSecret,
    /// Not an address that a secret may be sent to.
    #[error(
        "expected ga4_base_url as `https://host`, for example {WORLD_BASE_URL} or {EU_BASE_URL} (http is for this \
         machine alone), found `{found}`"
    )]
    BaseUrl {
        /// What was set, without a password that may stand in it.
        found: String,
    },
}

impl Ga4 {
    /// Checks the settings; `None` where neither id nor secret is set, and nothing is to be relayed.
    ///
    /// The base URL is [`WORLD_BASE_URL`] where none is set.
    pub fn check(
        measurement_id: Option<&str>,
        api_secret: Option<&str>,
        base_url: Option<&str>,
    ) -> Result<Option<Self>, ConfigError> {
        let (id, secret) = match (measurement_id, api_secret) {
            (None, None) => return Ok(None),
            (Some(_), None) => return Err(ConfigError::Half { missing: "ga4_api_secret" }),
            (None, Some(_)) => return Err(ConfigError::Half { missing: "ga4_measurement_id" }),
            (Some(id), Some(secret)) => (id, secret),
        };
        if !is_measurement_id(id) {
            return Err(ConfigError::MeasurementId { found: id.to_owned() });
        }
        if !(1..=100).contains(&secret.len()) || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ConfigError::ApiSecret);
        }
        let base = base_url.unwrap_or(WORLD_BASE_URL).trim_end_matches('/');
        let bad_base = || ConfigError::BaseUrl { found: without_user(base) };
        if !may_hear_a_secret(base) {
            return Err(bad_base());
        }
        let encoded = utf8_percent_encode(secret, NON_ALPHANUMERIC);
        let endpoint = format!("{base}/mp/collect?measurement_id={id}&api_secret={encoded}");
        let endpoint = endpoint.parse().map_err(|_| bad_base())?;
        Ok(Some(Self { measurement_id: id.to_owned(), base: base.to_owned(), secret: secret.to_owned(), endpoint }))
    }

    /// With the secret in it: for the request alone.
    pub(super) fn endpoint(&self) -> &Uri {
        &self.endpoint
    }

    /// `text` without the secret, should a library have put it there.
    pub(super) fn redact(&self, text: &str) -> String {
        let encoded = utf8_percent_encode(&self.secret, NON_ALPHANUMERIC).to_string();
        text.replace(&encoded, "..").replace(&self.secret, "..")
    }
}

impl fmt::Debug for Ga4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ga4")
            .field("measurement_id", &self.measurement_id)
            .field("base_url", &self.base)
            .finish_non_exhaustive()
    }
}

fn is_measurement_id(text: &str) -> bool {
    text.strip_prefix("G-").is_some_and(|rest| {
        (4..=20).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: Option<&str> = Some("G-TEST12345");
    const SECRET: &str = "s3cret-Value_1.2~3+4/5=";

    fn check(base: &str) -> Result<Option<Ga4>, ConfigError> {
        Ga4::check(ID, Some(SECRET), Some(base))
    }

    #[test]
    fn without_settings_nothing_is_relayed_and_half_of_them_is_an_error() {
        assert!(Ga4::check(None, None, None).expect("fine").is_none());
        for (id, secret, missing) in [(ID, None, "ga4_api_secret"), (None, Some(SECRET), "ga4_measurement_id")] {
            assert_eq!(Ga4::check(id, secret, None).expect_err("refused"), ConfigError::Half { missing });
        }
    }

    #[test]
    fn the_address_is_googles_unless_told_otherwise() {
        let endpoint = |base| Ga4::check(ID, Some(SECRET), base).expect("fine").expect("set").endpoint().to_string();
        let tail = "/mp/collect?measurement_id=G-TEST12345&api_secret=s3cret%2DValue%5F1%2E2%7E3%2B4%2F5%3D";
        assert_eq!(endpoint(None), format!("{WORLD_BASE_URL}{tail}"));
        assert_eq!(endpoint(Some(EU_BASE_URL)), format!("{EU_BASE_URL}{tail}"));
        assert_eq!(endpoint(Some("http://127.0.0.1:9/ga/")), format!("http://127.0.0.1:9/ga{tail}"));
    }

    #[test]
    fn the_secret_goes_to_https_alone_except_on_this_machine() {
        for base in ["https://example.org", "http://localhost:8000", "http://[::1]:8000", "http://127.8.9.1"] {
            assert!(check(base).is_ok(), "{base}");
        }
        for base in
            ["http://example.org", "http://10.0.0.1", "ftp://localhost", "example.org", "", "https://", "https://a?b=c"]
        {
            assert!(matches!(check(base), Err(ConfigError::BaseUrl { .. })), "{base}");
        }
        let told = check("https://me:hunter2@example.org").expect_err("refused").to_string();
        assert!(!told.contains("hunter2"), "{told}");
    }

    #[test]
    fn ids_and_secrets_that_google_does_not_give_are_refused_without_repeating_the_secret() {
        for id in ["UA-12345-1", "G-", "G-abc12345", "G-ABC 1234", "G-ABCDEFGHIJKLMNOPQRSTU"] {
            let error = Ga4::check(Some(id), Some(SECRET), None).expect_err("refused");
            assert_eq!(error, ConfigError::MeasurementId { found: id.to_owned() });
        }
        for secret in ["", "with a space", "with\nline", &"x".repeat(101)] {
            let error = Ga4::check(ID, Some(secret), None).expect_err("refused");
            assert_eq!(error, ConfigError::ApiSecret);
            assert!(secret.is_empty() || !error.to_string().contains(secret));
        }
    }

    #[test]
    fn the_secret_does_not_show() {
        let shown = format!("{:?}", check("https://example.org"));
        assert!(shown.contains("G-TEST12345") && !shown.contains("s3cret"), "{shown}");
        let config = check("https://example.org").expect("fine").expect("set");
        assert_eq!(config.redact(&format!("no answer from {SECRET}")), "no answer from ..");
    }
}
