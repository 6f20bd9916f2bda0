//! Settings: what is not given with each call. From `balanced.toml`, then from variables that start with `BALANCED_`.
//!
//! `BALANCED_LIMITS__MAX_MINUTES=60` is `max_minutes = 60` under `[limits]`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::{Quota, SystemClock};
use figment::Figment;
use figment::providers::{Env, Format as _, Serialized, Toml};
use providers::analytics::{ConfigError, Ga4};
use providers::identity::breached::Breached;
use providers::identity::supabase;
use providers::mail::Mailer;
use providers::payments::{Payments, ProductSettings};
use serde::{Deserialize, Serialize};

const FILE: &str = "balanced.toml";
const MIB: u64 = 1 << 20;

/// All settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Folder of the service's database and files.
    pub(crate) data: PathBuf,
    pub(crate) limits: Limits,
    pub(crate) serve: Serve,
    pub(crate) analytics: Analytics,
    pub(crate) mail: MailSettings,
    pub(crate) quota: QuotaSettings,
    pub(crate) accounts: AccountSettings,
    pub(crate) identity: IdentitySettings,
    pub(crate) payments: PaymentSettings,
}

/// The site.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Serve {
    /// Where to listen.
    pub(crate) listen: SocketAddr,
    /// Whom visitors can write to.
    pub(crate) contact: Option<String>,
    /// How browsers reach the site, `https://host`.
    pub(crate) public_url: Option<String>,
    /// Signs what browsers keep; at least 32 bytes, from a random source.
    pub(crate) secret_key: Option<String>,
    /// Opens the operator's page; at least 32 bytes, from a random source. Unset, one is drawn and kept in the data folder.
    pub(crate) operator_token: Option<String>,
    /// Largest upload, MiB.
    pub(crate) max_upload_mib: u64,
    /// How long tracks of visitors without an account are kept, hours.
    pub(crate) guest_hours: u64,
    /// Networks of the operator's own proxies, `10.0.0.0/8`: what these say of where a request came from is believed.
    pub(crate) trusted_proxies: Vec<String>,
    /// The header in which they say it: `x-forwarded-for` or `forwarded`.
    pub(crate) proxy_header: String,
}

impl Default for Serve {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            contact: None,
            public_url: None,
            secret_key: None,
            operator_token: None,
            max_upload_mib: 1024,
            guest_hours: 24,
            trusted_proxies: Vec::new(),
            proxy_header: "x-forwarded-for".to_owned(),
        }
    }
}

impl std::fmt::Debug for Serve {
    /// Without the secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Serve")
            .field("listen", &self.listen)
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

/// Who hears of page views. With nothing set, nobody, and `_ga` and `_gid` are never set.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "these are the settings' own names, under `[analytics]`")]
pub(crate) struct Analytics {
    /// The web stream of Google Analytics 4, `G-ABCD123456`.
    pub(crate) ga4_measurement_id: Option<String>,
    /// The web stream's secret for the Measurement Protocol.
    pub(crate) ga4_api_secret: Option<String>,
    /// Where Google collects; in the European Union `https://region1.google-analytics.com`.
    pub(crate) ga4_base_url: Option<String>,
}

impl Analytics {
    /// What to relay to; `None` where nothing is set.
    pub(crate) fn ga4(&self) -> Result<Option<Ga4>, ConfigError> {
        let Self { ga4_measurement_id, ga4_api_secret, ga4_base_url } = self;
        Ga4::check(ga4_measurement_id.as_deref(), ga4_api_secret.as_deref(), ga4_base_url.as_deref())
    }
}

impl std::fmt::Debug for Analytics {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Analytics").field("ga4_measurement_id", &self.ga4_measurement_id).finish_non_exhaustive()
    }
}

/// The way that mails take. With no server set, they go into the folder `mail` in the data folder.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailSettings {
    /// The mail server, `smtps://user:password@host`.
    pub(crate) smtp: Option<String>,
    /// Whom mails come from, `Name <name@example.org>`.
    pub(crate) from: Option<String>,
    /// How many mails of a policy notice are written in a minute, 1 to 6000: mail servers refuse those who write too fast.
    pub(crate) notices_per_minute: u32,
}

impl Default for MailSettings {
    fn default() -> Self {
        Self { smtp: None, from: None, notices_per_minute: 60 }
    }
}

impl MailSettings {
    /// The way that mails take, from a service with this data folder.
    pub(crate) fn mailer(&self, data: &Path) -> Result<Mailer, providers::mail::ConfigError> {
        Mailer::check(data, self.smtp.as_deref(), self.from.as_deref())
    }
}

impl std::fmt::Debug for MailSettings {
    /// Without the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailSettings").field("from", &self.from).finish_non_exhaustive()
    }
}

/// How much is kept for one visitor, what was made of their mixes included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuotaSettings {
    /// Tracks without an account.
    pub(crate) guest_tracks: u64,
    /// The files of these, MiB.
    pub(crate) guest_mib: u64,
    /// Tracks with one.
    pub(crate) account_tracks: u64,
    /// The files of these, MiB.
    pub(crate) account_mib: u64,
}

impl Default for QuotaSettings {
    fn default() -> Self {
        let (guest, account) = (Quota::GUEST, Quota::ACCOUNT);
        Self {
            guest_tracks: guest.tracks,
            guest_mib: guest.bytes / MIB,
            account_tracks: account.tracks,
            account_mib: account.bytes / MIB,
        }
    }
}

impl QuotaSettings {
    pub(crate) fn guest(&self) -> Quota {
        Quota { tracks: self.guest_tracks, bytes: self.guest_mib.saturating_mul(MIB) }
    }

    pub(crate) fn account(&self) -> Quota {
        Quota { tracks: self.account_tracks, bytes: self.account_mib.saturating_mul(MIB) }
    }
}

/// What is asked of accounts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountSettings {
    /// Whether administrators get to /admin with a second step alone.
    pub(crate) admin_second_step: bool,
    /// The SHA-1 list of Pwned Passwords in one file, ordered by hash: what is in it cannot be chosen.
    pub(crate) breached_passwords: Option<PathBuf>,
}

impl Default for AccountSettings {
    fn default() -> Self {
        Self { admin_second_step: true, breached_passwords: None }
    }
}

impl AccountSettings {
    /// The list of stolen passwords, where there is one.
    pub(crate) fn breached(&self) -> Result<Option<Breached>, String> {
        let opened = self.breached_passwords.as_deref().map(Breached::open).transpose();
        opened.map_err(|error| format!("accounts.breached_passwords: {}", domain::causes(&error)))
    }
}

/// Who checks passwords. With nothing set, this program does.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentitySettings {
    pub(crate) provider: Provider,
    /// The project's address, `https://abcdefgh.supabase.co`.
    pub(crate) supabase_url: Option<String>,
    /// Its publishable key, or the older one called `anon`.
    pub(crate) supabase_anon_key: Option<String>,
    /// Its secret key, or the older one called `service_role`: deletes users there with their accounts here.
    pub(crate) supabase_service_key: Option<String>,
    /// The secret of projects that still sign tokens with HS256.
    pub(crate) supabase_jwt_secret: Option<String>,
    /// Who signs tokens, where that is not the project's address with `/auth/v1`.
    pub(crate) supabase_issuer: Option<String>,
    /// Services of others that visitors may sign in with, such as `["google", "github"]`.
    pub(crate) supabase_oauth: Vec<String>,
}

/// Where passwords are checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Provider {
    /// On this machine.
    #[default]
    Local,
    /// At Supabase.
    Supabase,
}

impl IdentitySettings {
    /// The project of Supabase to ask; `None` where this machine checks passwords.
    pub(crate) fn supabase(&self) -> Result<Option<supabase::Config>, String> {
        let settings = supabase::Settings {
            url: self.supabase_url.as_deref(),
            anon_key: self.supabase_anon_key.as_deref(),
            service_key: self.supabase_service_key.as_deref(),
            jwt_secret: self.supabase_jwt_secret.as_deref(),
            issuer: self.supabase_issuer.as_deref(),
            oauth: &self.supabase_oauth,
        };
        match self.provider {
            Provider::Supabase => {
                supabase::Config::check(settings).map(Some).map_err(|error| format!("identity: {error}"))
            }
            Provider::Local if settings.url.is_some() || settings.anon_key.is_some() => {
                Err("identity: settings of Supabase are there, but identity.provider is not \"supabase\"".to_owned())
            }
            Provider::Local => Ok(None),
        }
    }
}

impl std::fmt::Debug for IdentitySettings {
    /// Without the keys.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdentitySettings")
            .field("provider", &self.provider)
            .field("supabase_oauth", &self.supabase_oauth)
            .finish_non_exhaustive()
    }
}

/// What is sold, and by way of whom. With nothing set, all downloads are free.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PaymentSettings {
    /// Stripe's secret key.
    pub(crate) stripe_secret_key: Option<String>,
    /// The secret of the webhook's endpoint at Stripe.
    pub(crate) stripe_webhook_secret: Option<String>,
    /// Where Stripe is asked; for tests.
    pub(crate) stripe_base_url: Option<String>,
    /// The host of Stripe's pages, where it is one of the operator's own.
    pub(crate) checkout_domain: Option<String>,
    /// What is sold, in the order in which it is offered.
    pub(crate) products: Vec<ProductSettings>,
}

impl PaymentSettings {
    /// What is sold; `None` where nothing is set.
    pub(crate) fn payments(&self) -> Result<Option<Payments>, providers::payments::ConfigError> {
        Payments::check(
            self.stripe_secret_key.as_deref(),
            self.stripe_webhook_secret.as_deref(),
            self.stripe_base_url.as_deref(),
            self.checkout_domain.as_deref(),
            &self.products,
            Arc::new(SystemClock),
        )
    }
}

impl std::fmt::Debug for PaymentSettings {
    /// Without the secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PaymentSettings").field("products", &self.products).finish_non_exhaustive()
    }
}

/// How large a mix may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    /// Longest track, minutes.
    pub(crate) max_minutes: f64,
    /// Most memory that a decoded track may take, MiB.
    pub(crate) max_decoded_mib: u64,
}

impl Default for Settings {
    fn default() -> Self {
        let limits = pipeline::Limits::default();
        Self {
            data: PathBuf::from("balanced-data"),
            limits: Limits {
                max_minutes: limits.max_duration_s / 60.0,
                max_decoded_mib: limits.max_decoded_bytes / MIB,
            },
            serve: Serve::default(),
            analytics: Analytics::default(),
            mail: MailSettings::default(),
            quota: QuotaSettings::default(),
            accounts: AccountSettings::default(),
            identity: IdentitySettings::default(),
            payments: PaymentSettings::default(),
        }
    }
}

impl Settings {
    pub(crate) fn limits(&self) -> pipeline::Limits {
        pipeline::Limits {
            max_duration_s: self.limits.max_minutes * 60.0,
            max_decoded_bytes: self.limits.max_decoded_mib.saturating_mul(MIB),
            ..pipeline::Limits::default()
        }
    }
}

/// Reads the settings; the message says which one is wrong and where it came from.
pub(crate) fn load(file: Option<&Path>) -> Result<Settings, String> {
    if let Some(file) = file
        && !file.is_file()
    {
        return Err(format!("there is no settings file `{}`", file.display()));
    }
    let file = file.unwrap_or_else(|| Path::new(FILE));
    let mut figment = Figment::from(Serialized::defaults(Settings::default()));
    if file.is_file() {
        figment = figment.merge(Toml::file_exact(file));
    }
    let settings: Settings = figment
        .merge(Env::prefixed("BALANCED_").split("__"))
        .extract()
        .map_err(|error| format!("settings: {error}"))?;
    if settings.limits.max_minutes.is_nan() || settings.limits.max_minutes <= 0.0 {
        return Err("settings: limits.max_minutes has to be more than 0".to_owned());
    }
    if settings.serve.guest_hours == 0 {
        return Err("settings: serve.guest_hours has to be at least 1".to_owned());
    }
    if !(1..=6000).contains(&settings.mail.notices_per_minute) {
        return Err("settings: mail.notices_per_minute has to be 1 to 6000".to_owned());
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load_text(text: &str) -> Result<Settings, String> {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("settings.toml");
        std::fs::write(&file, text).expect("written");
        load(Some(&file))
    }

    #[test]
    fn a_file_changes_what_it_names_and_nothing_else() {
        let settings = load_text("[limits]\nmax_minutes = 10").expect("read");
        assert!((settings.limits().max_duration_s - 600.0).abs() < 1e-9);
        assert_eq!(settings.data, Settings::default().data);
    }

    #[test]
    fn google_analytics_is_off_until_both_its_settings_are_there() {
        let ga4 = |text: &str| load_text(text).expect("read").analytics.ga4();
        assert!(ga4("").expect("nothing set").is_none());
        let half = "[analytics]\nga4_measurement_id = 'G-TEST12345'";
        assert!(ga4(half).expect_err("refused").to_string().contains("ga4_api_secret is not set"));
        let whole = format!("{half}\nga4_api_secret = 'hush'\nga4_base_url = 'https://region1.google-analytics.com'");
        assert!(ga4(&whole).expect("right").is_some());
        assert!(!format!("{:?}", load_text(&whole)).contains("hush"));
    }

    #[test]
    fn mails_go_to_a_folder_until_a_server_is_set() {
        let mailer = |text: &str| load_text(text).expect("read").mail.mailer(Path::new("data"));
        assert!(matches!(mailer(""), Ok(Mailer::Folder(folder)) if folder.path() == Path::new("data/mail")));
        let half = "[mail]\nsmtp = 'smtps://user:hush@mail.example.org'";
        assert!(mailer(half).expect_err("refused").to_string().contains("mail.from"));
        let whole = format!("{half}\nfrom = 'Balanced <post@example.org>'");
        assert!(matches!(mailer(&whole), Ok(Mailer::Smtp(_))));
        assert!(!format!("{:?}", load_text(&whole)).contains("hush"));
    }

    #[test]
    fn passwords_are_checked_here_until_a_project_of_supabase_is_named() {
        let identity = |text: &str| load_text(text).expect("read").identity.supabase();
        assert!(identity("").expect("nothing set").is_none());
        let keys = "supabase_url = 'https://abcdefgh.supabase.co'\nsupabase_anon_key = 'sb_publishable_hush123456'";
        let told = identity(&format!("[identity]\n{keys}")).expect_err("refused");
        assert!(told.contains("identity.provider"), "{told}");
        let told = identity("[identity]\nprovider = 'supabase'").expect_err("refused");
        assert!(told.contains("supabase_url is not set"), "{told}");
        let whole = format!("[identity]\nprovider = 'supabase'\n{keys}\nsupabase_oauth = ['google']");
        assert!(identity(&whole).expect("right").is_some());
        assert!(!format!("{:?}", load_text(&whole)).contains("hush"));
        assert!(load_text("[identity]\nprovider = 'ldap'").is_err());
    }

    #[test]
    fn administrators_need_a_second_step_and_a_list_of_stolen_passwords_is_looked_at_first() {
        let accounts = |text: &str| load_text(text).expect("read").accounts;
        assert!(accounts("").admin_second_step && accounts("").breached().expect("none set").is_none());
        assert!(!accounts("[accounts]\nadmin_second_step = false").admin_second_step);
        let missing = accounts("[accounts]\nbreached_passwords = '/nowhere/pwned.txt'").breached();
        let told = missing.expect_err("refused");
        assert!(told.starts_with("accounts.breached_passwords: ") && told.contains("/nowhere/pwned.txt"), "{told}");
    }

    #[test]
    fn nothing_is_sold_until_all_that_it_takes_is_there() {
        let payments = |text: &str| load_text(text).expect("read").payments.payments();
        assert!(payments("").expect("nothing set").is_none());
        let half = "[payments]\nstripe_secret_key = 'sk_test_hush_hush'";
        assert!(payments(half).expect_err("refused").to_string().contains("stripe_webhook_secret is not set"));
        let single = "[[payments.products]]\nid = 'single'\nname = 'One master'\nkind = 'single'\nprice = '9.00 EUR'";
        let whole = format!("{half}\nstripe_webhook_secret = 'whsec_hush_hush'\n{single}");
        let sold = payments(&whole).expect("right").expect("set");
        assert_eq!(sold.products.find("single").expect("there").price.to_string(), "9.00 EUR");
        assert!(!format!("{:?}", load_text(&whole)).contains("hush"));
        assert!(load_text(&format!("{whole}\ncurrency = 'EUR'")).is_err());
    }

    #[test]
    fn a_misspelt_setting_is_named() {
        let problem = load_text("[limits]\nmax_minuts = 10").expect_err("refused");
        assert!(problem.contains("max_minuts"), "{problem}");
        assert!(load(Some(Path::new("nowhere.toml"))).is_err());
        assert!(load_text("[limits]\nmax_minutes = -1").is_err());
        assert!(load_text("[serve]\nguest_hours = 0").is_err());
        assert!(load_text("[mail]\nnotices_per_minute = 0").is_err());
    }
}
