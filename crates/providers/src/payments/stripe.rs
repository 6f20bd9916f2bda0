//! What is asked of Stripe: a page to pay on, what became of it, and to forget somebody.

use std::fmt;
use std::sync::Arc;

use domain::{Clock, Email, Facts, HolderId, ProductKind, Promise, PurchaseId, RemoteId, Timestamp};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::sync::{Mutex, MutexGuard};

use super::client::{Client, StripeError};
use super::config::{Access, origin};
use super::facts::{self, PURCHASE, id, optional_id};
use super::notice::{self, About, Forged, Notice};

/// Events that are listed at a time: the most that Stripe gives.
const PAGE: usize = 100;
/// Pages of events that are asked for in one go.
const MOST_PAGES: usize = 200;
/// Checkouts and subscriptions of one customer that are ended when they are to be forgotten.
const MOST_OF_ONE: &str = "100";

/// Stripe, asked for this service. Cheap to clone.
#[derive(Clone)]
pub struct Stripe {
    shared: Arc<Shared>,
}

struct Shared {
    client: Client,
    clock: Arc<dyn Clock>,
    turn: Mutex<()>,
}

impl fmt::Debug for Stripe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stripe").field(&self.shared.client.access).finish()
    }
}

/// A checkout that is to be made.
#[derive(Debug)]
pub struct NewCheckout<'a> {
    /// Which purchase it is: the same one is made once, however often it is asked for.
    pub purchase: PurchaseId,
    /// Who buys.
    pub customer: &'a RemoteId,
    /// What the page calls it.
    pub name: &'a str,
    /// How it is paid for.
    pub kind: ProductKind,
    /// What it costs.
    pub promise: Promise,
    /// Where the receipt goes.
    pub email: &'a Email,
    /// Where the buyer comes back to.
    pub back: &'a str,
    /// From when on it can be paid no more: half an hour from now at the earliest.
    pub expires_at: Timestamp,
}

/// A page to pay on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// Its name.
    pub id: RemoteId,
    /// Its address, one that [`Stripe::is_page`].
    pub url: String,
}

impl Stripe {
    pub(super) fn new(access: Access, clock: Arc<dyn Clock>) -> Self {
        Self { shared: Arc::new(Shared { client: Client::new(access), clock, turn: Mutex::new(()) }) }
    }

    fn client(&self) -> &Client {
        &self.shared.client
    }

    /// The time, as webhooks are measured by it.
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// For as long as it is held nobody else takes over what Stripe says. What is asked for and taken over in one turn is
    /// never older than what was taken over before.
    pub async fn turn(&self) -> MutexGuard<'_, ()> {
        self.shared.turn.lock().await
    }

    /// Origins of the pages that visitors are sent to.
    pub fn pages(&self) -> &[String] {
        &self.client().access.pages
    }

    /// Whether an address is one of Stripe's pages, and visitors may be sent there.
    pub fn is_page(&self, url: &str) -> bool {
        url.bytes().all(|byte| byte.is_ascii_graphic())
            && origin(url).is_some_and(|origin| self.pages().contains(&origin))
    }

    /// The word that a request holds, if it is Stripe's.
    pub fn heed(&self, signature: &str, body: &[u8]) -> Result<Notice, Forged> {
        notice::verify(&self.client().access.webhook_secret, signature, body, self.now())?;
        let event = serde_json::from_slice(body).map_err(|_| Forged::NoEvent)?;
        notice::read(&event).ok_or(Forged::NoEvent)
    }

    /// A customer with this address: the one that is known, or a new one, made once for a holder.
    pub async fn customer(
        &self,
        holder: HolderId,
        known: Option<&RemoteId>,
        email: &Email,
    ) -> Result<RemoteId, StripeError> {
        let hash = Sha256::digest(email.as_str());
        let hash = format!("{:02x}{:02x}{:02x}{:02x}", hash[0], hash[1], hash[2], hash[3]);
        if let Some(known) = known {
            // The account may have moved to another address. The key is always a new one: an old answer would say that
            // somebody is still there.
            let form = [("email", email.as_str())];
            let key = format!("email-{known}-{}", self.now().unix_ms());
            match self.client().post(&format!("customers/{known}"), &form, &key).await {
                // Somebody removed it at Stripe.
                Err(StripeError::Unknown) => {}
                kept => return kept.map(|_| known.clone()),
            }
        }
        let after = known.map_or("first", RemoteId::as_str);
        let key = format!("customer-{holder}-{hash}-{after}");
        let holder = holder.to_string();
        let form = [("email", email.as_str()), ("metadata[holder]", &holder)];
        id(&self.client().post("customers", &form, &key).await?["id"])
    }

    /// Makes a page to pay on.
    pub async fn checkout(&self, new: &NewCheckout<'_>) -> Result<Checkout, StripeError> {
        let purchase = new.purchase.to_string();
        let amount = new.promise.price.minor.to_string();
        let currency = new.promise.price.currency.as_str().to_ascii_lowercase();
        let expires_at = (new.expires_at.unix_ms() / 1000).to_string();
        let mut form = vec![
            ("customer", new.customer.as_str()),
            ("client_reference_id", &purchase),
            ("line_items[0][quantity]", "1"),
            ("line_items[0][price_data][currency]", &currency),
            ("line_items[0][price_data][unit_amount]", &amount),
            ("line_items[0][price_data][product_data][name]", new.name),
            ("success_url", new.back),
            ("cancel_url", new.back),
            ("expires_at", &expires_at),
        ];
        // What is paid has to be known again by its purchase, each month of a subscription, too.
        if new.kind == ProductKind::Monthly {
            form.extend([
                ("mode", "subscription"),
                ("line_items[0][price_data][recurring][interval]", "month"),
                ("subscription_data[metadata][purchase]", &purchase),
            ]);
        } else {
            form.extend([
                ("mode", "payment"),
                ("payment_intent_data[metadata][purchase]", &purchase),
                ("payment_intent_data[receipt_email]", new.email.as_str()),
                // In another currency nobody could say whether it is the price.
                ("adaptive_pricing[enabled]", "false"),
            ]);
        }
        debug_assert!(form.iter().filter(|(name, _)| name.ends_with(&format!("[{PURCHASE}]"))).count() == 1);
        let made = self.client().post("checkout/sessions", &form, &format!("checkout-{purchase}")).await?;
        let url = made["url"].as_str().filter(|url| self.is_page(url)).ok_or(StripeError::Unreadable("page"))?;
        Ok(Checkout { id: id(&made["id"])?, url: url.to_owned() })
    }

    /// Closes a page to pay on; one that is closed or paid stays as it is.
    pub async fn close(&self, session: &RemoteId) -> Result<(), StripeError> {
        let key = format!("close-{session}");
        match self.client().post(&format!("checkout/sessions/{session}/expire"), &[], &key).await {
            Ok(_) | Err(StripeError::Refused { .. } | StripeError::Unknown) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// A page where a customer sees their bills and ends their subscription.
    pub async fn portal(&self, customer: &RemoteId, back: &str) -> Result<String, StripeError> {
        let form = [("customer", customer.as_str()), ("return_url", back)];
        let key = format!("portal-{customer}-{}", self.now().unix_ms());
        let made = self.client().post("billing_portal/sessions", &form, &key).await?;
        let url = made["url"].as_str().filter(|url| self.is_page(url));
        Ok(url.ok_or(StripeError::Unreadable("page"))?.to_owned())
    }

    /// What a word is about, as it stands.
    pub async fn facts_of(&self, about: &About) -> Result<Facts, StripeError> {
        let asked = match about {
            About::Charge(charge) => self.charge(charge).await,
            About::Checkout(session) => self.session(session).await,
            About::Invoice(invoice) => self.invoice(invoice).await,
            About::Subscription(subscription) => self.subscription(subscription).await,
            About::Nothing => Ok(Facts::default()),
        };
        match asked {
            // It was of the other mode, live or test, or is gone.
            Err(StripeError::Unknown) => Ok(Facts::default()),
            asked => asked,
        }
    }

    async fn charge(&self, charge: &RemoteId) -> Result<Facts, StripeError> {
        let expand = [("expand[]", "invoice.subscription"), ("expand[]", "review")];
        let told = self.client().get(&format!("charges/{charge}"), &expand).await?;
        let of_it = [("charge", charge.as_str()), ("limit", MOST_OF_ONE)];
        let disputes = self.client().get("disputes", &of_it).await?;
        let warnings = self.client().get("radar/early_fraud_warnings", &of_it).await?;
        let subscription = &told["invoice"]["subscription"];
        let subscription = if subscription.is_object() { facts::subscription(subscription)? } else { None };
        Ok(Facts { payment: facts::payment(&told, &disputes, &warnings)?, subscription, checkout: None })
    }

    async fn session(&self, session: &RemoteId) -> Result<Facts, StripeError> {
        let expand = [("expand[]", "payment_intent"), ("expand[]", "subscription"), ("expand[]", "invoice")];
        let told = self.client().get(&format!("checkout/sessions/{session}"), &expand).await?;
        let (facts, charge) = facts::checkout(&told)?;
        self.with_payment(facts, charge).await
    }

    async fn invoice(&self, invoice: &RemoteId) -> Result<Facts, StripeError> {
        let told = self.client().get(&format!("invoices/{invoice}"), &[("expand[]", "subscription")]).await?;
        let subscription = &told["subscription"];
        let subscription = if subscription.is_object() { facts::subscription(subscription)? } else { None };
        self.with_payment(Facts { subscription, ..Facts::default() }, optional_id(&told["charge"])).await
    }

    async fn subscription(&self, subscription: &RemoteId) -> Result<Facts, StripeError> {
        let expand = [("expand[]", "latest_invoice")];
        let told = self.client().get(&format!("subscriptions/{subscription}"), &expand).await?;
        let facts = Facts { subscription: facts::subscription(&told)?, ..Facts::default() };
        self.with_payment(facts, optional_id(&told["latest_invoice"]["charge"])).await
    }

    async fn with_payment(&self, facts: Facts, charge: Option<RemoteId>) -> Result<Facts, StripeError> {
        let payment = match charge {
            Some(charge) => self.charge(&charge).await?.payment,
            None => None,
        };
        Ok(Facts { payment, ..facts })
    }

    /// Everything that happened since then, the earliest first.
    pub async fn notices_since(&self, since: Timestamp) -> Result<Vec<Notice>, StripeError> {
        let since = (since.unix_ms() / 1000).to_string();
        let limit = PAGE.to_string();
        let mut notices = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut query = vec![("created[gte]", since.as_str()), ("limit", &limit)];
            query.extend(after.as_deref().map(|after| ("starting_after", after)));
            let page = self.client().get("events", &query).await?;
            let events = page["data"].as_array().ok_or(StripeError::Unreadable("list"))?;
            notices.extend(events.iter().filter_map(notice::read));
            if page["has_more"].as_bool() != Some(true) {
                // Stripe has the latest first.
                notices.reverse();
                return Ok(notices);
            }
            after = events.last().and_then(|event| event["id"].as_str()).map(str::to_owned);
        }
        Err(StripeError::Unreadable("end of its list of events"))
    }

    /// Ends all that goes on with a customer and has Stripe forget who they are. What was paid stays in Stripe's books.
    pub async fn forget(&self, customer: &RemoteId) -> Result<(), StripeError> {
        let names = |list: Value| -> Result<Vec<RemoteId>, StripeError> {
            list["data"].as_array().ok_or(StripeError::Unreadable("list"))?.iter().map(|one| id(&one["id"])).collect()
        };
        let open = [("customer", customer.as_str()), ("status", "open"), ("limit", MOST_OF_ONE)];
        let open = match self.client().get("checkout/sessions", &open).await {
            // Forgotten already.
            Err(StripeError::Unknown) => return Ok(()),
            open => names(open?)?,
        };
        for session in open {
            self.close(&session).await?;
        }
        // Without a status those that are over are left out.
        let of_it = [("customer", customer.as_str()), ("limit", MOST_OF_ONE)];
        for subscription in names(self.client().get("subscriptions", &of_it).await?)? {
            self.client().delete(&format!("subscriptions/{subscription}")).await?;
        }
        self.client().delete(&format!("customers/{customer}")).await
    }
}
