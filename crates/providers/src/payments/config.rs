//! What is sold, and as whom Stripe knows the service. Checked once, at the start.

use std::fmt;
use std::sync::Arc;

use domain::{Clock, Label, Money, Product, ProductError, ProductKind, Products};
use http::Uri;
use serde::{Deserialize, Serialize};

use super::stripe::Stripe;
use crate::https::{may_hear_a_secret, without_user};

/// Where Stripe is asked unless told otherwise.
const BASE_URL: &str = "https://api.stripe.com";
/// Where Stripe's own pages are.
const PAGES: [&str; 2] = ["https://checkout.stripe.com", "https://billing.stripe.com"];

/// What is sold, and who takes the money.
#[derive(Debug, Clone)]
pub struct Payments {
    /// What can be bought.
    pub products: Products,
    /// Who takes the money.
    pub stripe: Stripe,
}

/// One product, as an operator writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductSettings {
    /// Its name in addresses of forms, such as `single`.
    pub id: String,
    /// What visitors read, such as `One master`.
    pub name: String,
    /// `single`, `pack` or `monthly`.
    pub kind: String,
    /// Masters that it pays for; each month, where it is monthly. One unless set.
    #[serde(default = "one")]
    pub credits: u32,
    /// What it costs, such as `9.00 EUR`.
    pub price: String,
}

fn one() -> u32 {
    1
}

/// A setting is missing or wrong. Secrets are not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// One of those that belong together.
    #[error(
        "payments need stripe_secret_key, stripe_webhook_secret and at least one of products; {missing} is not set"
    )]
    Part {
        /// The one that is not set.
        missing: &'static str,
    },
    /// Not a key of the kind that is needed.
    #[error(
        "expected payments.stripe_secret_key as Stripe shows it, `sk_live_..`, `sk_test_..`, or `rk_..` for a restricted \
         one (Developers > API keys)"
    )]
    SecretKey,
    /// Not a webhook's secret.
    #[error(
        "expected payments.stripe_webhook_secret as Stripe shows it for the endpoint, `whsec_..` (Developers > Webhooks)"
    )]
    WebhookSecret,
    /// Not an address that a secret may be sent to.
    #[error(
        "expected payments.stripe_base_url as `https://host`, such as {BASE_URL} (http is for this machine alone), found `{found}`"
    )]
    BaseUrl {
        /// What was set, without a password that may stand in it.
        found: String,
    },
    /// Not a host.
    #[error("expected payments.checkout_domain as a host such as pay.example.org, found `{found}`")]
    Domain {
        /// What was set.
        found: String,
    },
    /// A product's id, kind or price.
    #[error("payments.products, `{id}`: {problem}")]
    Product {
        /// Which product.
        id: String,
        /// What is wrong with it.
        problem: String,
    },
    /// What does not fit together.
    #[error("payments.products: {0}")]
    Products(#[from] ProductError),
}

/// As whom Stripe knows the service. The secrets show in no `Debug` and no error.
#[derive(Clone)]
pub(super) struct Access {
    pub(super) secret_key: String,
    pub(super) webhook_secret: String,
    pub(super) base: String,
    /// Origins of pages that visitors may be sent to.
    pub(super) pages: Vec<String>,
}

impl Access {
    /// `text` without the secrets, should a library have put one there.
    pub(super) fn redact(&self, text: &str) -> String {
        text.replace(&self.secret_key, "..").replace(&self.webhook_secret, "..")
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("base", &self.base).field("pages", &self.pages).finish_non_exhaustive()
    }
}

impl Payments {
    /// Checks the settings; `None` where nothing is set, and all downloads are free.
    pub fn check(
        secret_key: Option<&str>,
        webhook_secret: Option<&str>,
        base_url: Option<&str>,
        checkout_domain: Option<&str>,
        products: &[ProductSettings],
        clock: Arc<dyn Clock>,
    ) -> Result<Option<Self>, ConfigError> {
        let (secret_key, webhook_secret) = match (secret_key, webhook_secret, products.is_empty()) {
            (None, None, true) => return Ok(None),
            (Some(key), Some(secret), false) => (key, secret),
            (None, ..) => return Err(ConfigError::Part { missing: "stripe_secret_key" }),
            (_, None, _) => return Err(ConfigError::Part { missing: "stripe_webhook_secret" }),
            (.., true) => return Err(ConfigError::Part { missing: "products" }),
        };
        if !is_secret(secret_key, &["sk_live_", "sk_test_", "rk_live_", "rk_test_"]) {
            return Err(ConfigError::SecretKey);
        }
        if !is_secret(webhook_secret, &["whsec_"]) {
            return Err(ConfigError::WebhookSecret);
        }
        let base = base_url.unwrap_or(BASE_URL).trim_end_matches('/');
        if !may_hear_a_secret(base) {
            return Err(ConfigError::BaseUrl { found: without_user(base) });
        }
        let mut pages: Vec<String> = match (base == BASE_URL, origin(base)) {
            (false, Some(own)) => vec![own],
            _ => PAGES.map(str::to_owned).to_vec(),
        };
        if let Some(domain) = checkout_domain {
            let page = format!("https://{domain}");
            if origin(&page).as_ref() != Some(&page) || !may_hear_a_secret(&page) {
                return Err(ConfigError::Domain { found: domain.to_owned() });
            }
            pages.push(page);
        }
        let products = Products::check(products.iter().map(product).collect::<Result<_, _>>()?)?;
        let access = Access {
            secret_key: secret_key.to_owned(),
            webhook_secret: webhook_secret.to_owned(),
            base: base.to_owned(),
            pages,
        };
        Ok(Some(Self { products, stripe: Stripe::new(access, clock) }))
    }
}

fn product(settings: &ProductSettings) -> Result<Product, ConfigError> {
    let ProductSettings { id, name, kind, credits, price } = settings;
    let wrong = |problem: String| ConfigError::Product { id: id.clone(), problem };
    let kind: ProductKind =
        kind.parse().map_err(|_| wrong(format!("expected the kind single, pack or monthly, found `{kind}`")))?;
    let price: Money = price.parse().map_err(|error| wrong(format!("{error}, found `{price}`")))?;
    let label: Label = id.parse().map_err(|error| wrong(format!("as its id {error}")))?;
    Ok(Product { id: label, name: name.clone(), kind, credits: *credits, price })
}

fn is_secret(text: &str, beginnings: &[&str]) -> bool {
    let rest = beginnings.iter().find_map(|beginning| text.strip_prefix(beginning));
    rest.is_some_and(|rest| {
        (8..=255).contains(&rest.len())
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+/=-".contains(&byte))
    })
}

/// Scheme, host and port of an address.
pub(super) fn origin(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
    Some(format!("{}://{authority}", uri.scheme_str()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::SystemClock;

    const KEY: Option<&str> = Some("sk_test_0123456789abcdef");
    const HOOK: Option<&str> = Some("whsec_0123456789abcdef");

    fn single() -> ProductSettings {
        let text = |text: &str| text.to_owned();
        ProductSettings {
            id: text("single"),
            name: text("One master"),
            kind: text("single"),
            credits: 1,
            price: text("9.00 EUR"),
        }
    }

    fn check(
        key: Option<&str>,
        hook: Option<&str>,
        base: Option<&str>,
        domain: Option<&str>,
        products: &[ProductSettings],
    ) -> Result<Option<Payments>, ConfigError> {
        Payments::check(key, hook, base, domain, products, Arc::new(SystemClock))
    }

    #[test]
    fn nothing_set_is_nothing_sold_and_a_part_of_it_says_what_is_missing() {
        assert!(check(None, None, None, None, &[]).expect("fine").is_none());
        assert!(check(KEY, HOOK, None, None, &[single()]).expect("fine").is_some());
        for (key, hook, products, missing) in [
            (KEY, HOOK, vec![], "products"),
            (KEY, None, vec![single()], "stripe_webhook_secret"),
            (None, HOOK, vec![single()], "stripe_secret_key"),
            (None, None, vec![single()], "stripe_secret_key"),
        ] {
            assert_eq!(check(key, hook, None, None, &products).expect_err("refused"), ConfigError::Part { missing });
        }
    }

    #[test]
    fn keys_that_stripe_does_not_give_are_refused_and_not_repeated() {
        for key in ["pk_test_0123456789abcdef", "sk_test_", "sk_test_with a space", "0123456789"] {
            let error = check(Some(key), HOOK, None, None, &[single()]).expect_err("refused");
            assert_eq!(error, ConfigError::SecretKey);
            let told = error.to_string();
            assert!(key == "sk_test_" || !told.contains(key), "{told}");
        }
        let error = check(KEY, Some("sk_test_0123456789abcdef"), None, None, &[single()]).expect_err("refused");
        assert_eq!(error, ConfigError::WebhookSecret);
        let shown = format!("{:?}", check(KEY, HOOK, None, None, &[single()]));
        assert!(!shown.contains("0123456789abcdef") && shown.contains('9'), "{shown}");
    }

    #[test]
    fn visitors_are_sent_to_stripes_pages_alone() {
        let stripe = |base, domain| check(KEY, HOOK, base, domain, &[single()]).expect("fine").expect("set").stripe;
        let real = stripe(None, None);
        for (url, is_page) in [
            ("https://checkout.stripe.com/c/pay/cs_1", true),
            ("https://billing.stripe.com/p/session/x", true),
            ("http://checkout.stripe.com/c/pay/cs_1", false),
            ("https://checkout.stripe.com.evil.test/", false),
            ("https://checkout.stripe.com@evil.test/", false),
            ("https://pay.example.org/c/pay/cs_1", false),
            ("//checkout.stripe.com/", false),
            ("javascript:alert(1)", false),
        ] {
            assert_eq!(real.is_page(url), is_page, "{url}");
        }
        assert!(stripe(None, Some("pay.example.org")).is_page("https://pay.example.org/c/pay/cs_1"));
        assert!(stripe(Some("http://127.0.0.1:9"), None).is_page("http://127.0.0.1:9/pay"));
        assert!(!stripe(Some("http://127.0.0.1:9"), None).is_page("https://checkout.stripe.com/"));
        for domain in ["https://pay.example.org", "pay.example.org/x", "a@b", ""] {
            let found = check(KEY, HOOK, None, Some(domain), &[single()]).expect_err("refused");
            assert_eq!(found, ConfigError::Domain { found: domain.to_owned() });
        }
        assert!(matches!(
            check(KEY, HOOK, Some("http://10.0.0.1"), None, &[single()]),
            Err(ConfigError::BaseUrl { .. })
        ));
    }

    #[test]
    fn a_wrong_product_is_named_with_what_is_wrong() {
        let refused =
            |product: ProductSettings| check(KEY, HOOK, None, None, &[product]).expect_err("refused").to_string();
        let price = refused(ProductSettings { price: "9,00 EUR".to_owned(), ..single() });
        assert!(price.contains("`single`") && price.contains("found `9,00 EUR`"), "{price}");
        let kind = refused(ProductSettings { kind: "yearly".to_owned(), ..single() });
        assert!(kind.contains("found `yearly`"), "{kind}");
        assert!(refused(ProductSettings { credits: 2, ..single() }).contains("gives 1 credit"));
        assert!(refused(ProductSettings { id: "One Master".to_owned(), ..single() }).contains("lower-case"));
    }
}
