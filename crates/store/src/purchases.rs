//! Purchases, and what the payment provider says of them: payments, subscriptions, signs of fraud.
//!
//! Not here: how the provider is asked, how what it says is taken over ([`crate::taking`]), and the ledger's own rules
//! ([`crate::Credits`], `domain::Worth`).

use crate::credits::holder_of;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::row::{number, parsed};
use crate::taking::checkout;
use domain::{
    AccountId, CheckoutState, DisputeState, HolderId, Money, Product, ProductKind, Promise, PurchaseId, RemoteId,
    SubscriptionState, Timestamp, TrackId,
};
use sqlx::SqliteConnection;
use std::sync::Arc;
use std::time::Duration;

/// Purchases.
#[derive(Clone)]
pub struct Purchases {
    pub(crate) db: Arc<Db>,
}

/// One purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    /// Its name.
    pub id: PurchaseId,
    /// Whose credits it gives.
    pub holder: HolderId,
    /// Who began it, while they have an account.
    pub account: Option<AccountId>,
    /// What the product was called.
    pub name: String,
    /// How it is paid for.
    pub kind: ProductKind,
    /// What it promises for each payment.
    pub promise: Promise,
    /// The track that its buyer came from.
    pub track: Option<TrackId>,
    /// The provider's checkout.
    pub session: Option<RemoteId>,
    /// The page of that, while it is open.
    pub url: Option<String>,
    /// How it stands.
    pub state: CheckoutState,
    /// When it began.
    pub created_at: Timestamp,
}

#[derive(sqlx::FromRow)]
pub(crate) struct PurchaseRow {
    id: String,
    holder_id: String,
    account_id: Option<String>,
    name: String,
    kind: String,
    credits: i64,
    price_minor: i64,
    currency: String,
    track_id: Option<String>,
    session: Option<String>,
    url: Option<String>,
    state: String,
    failed: bool,
    created_at: i64,
}

/// The columns of a [`PurchaseRow`].
macro_rules! purchase_columns {
    () => {
        "SELECT purchase.id, holder_id, account_id, name, kind, credits, price_minor, currency, track_id, session, url,
                state, failed, purchase.created_at
         FROM purchase JOIN credit_holder ON credit_holder.id = purchase.holder_id "
    };
}

pub(crate) use purchase_columns;

impl TryFrom<PurchaseRow> for Purchase {
    type Error = Error;

    fn try_from(row: PurchaseRow) -> Result<Self> {
        let price = money(row.price_minor, &row.currency)?;
        Ok(Self {
            id: parsed("purchase id", &row.id)?,
            holder: parsed("holder id", &row.holder_id)?,
            account: row.account_id.map(|account| parsed("account id", &account)).transpose()?,
            name: row.name,
            kind: parsed("kind of product", &row.kind)?,
            promise: Promise { credits: number("count of credits", row.credits)?, price },
            track: row.track_id.map(|track| parsed("track id", &track)).transpose()?,
            session: row.session.map(|session| parsed("checkout", &session)).transpose()?,
            url: row.url,
            state: if row.failed { CheckoutState::Failed } else { parsed("state of a checkout", &row.state)? },
            created_at: Timestamp::from_unix_ms(row.created_at),
        })
    }
}

fn money(minor: i64, currency: &str) -> Result<Money> {
    Ok(Money { minor: number("amount", minor)?, currency: parsed("currency", currency)? })
}

/// A purchase that was begun, or taken up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BegunPurchase {
    /// The purchase.
    pub purchase: Purchase,
    /// Checkouts of earlier ones that made room for it: they are to be closed.
    pub superseded: Vec<RemoteId>,
}

/// One payment, for the list that its account's holder sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// The provider's name for it.
    pub charge: RemoteId,
    /// What was bought.
    pub name: String,
    /// How much was paid.
    pub amount: Money,
    /// Whether the money has come.
    pub is_paid: bool,
    /// How the checkout stands that it was tried in, where none of it has come yet; `None` for a subscription, which has
    /// many payments.
    pub checkout: Option<CheckoutState>,
    /// How much was paid back, minor units.
    pub refunded_minor: u64,
    /// How a dispute about it stands.
    pub disputed: Option<DisputeState>,
    /// Whether its credits are held back.
    pub is_held: bool,
    /// The provider's receipt.
    pub receipt_url: Option<String>,
    /// The provider's bill.
    pub invoice_url: Option<String>,
    /// When it was made.
    pub at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct PaymentRow {
    charge: String,
    name: String,
    amount_minor: i64,
    currency: String,
    paid: bool,
    refunded_minor: i64,
    disputed: Option<String>,
    held: i64,
    checkout: Option<String>,
    receipt_url: Option<String>,
    invoice_url: Option<String>,
    at: i64,
}

/// One subscription, for its account's holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// What was subscribed to.
    pub name: String,
    /// How it stands.
    pub state: SubscriptionState,
    /// Whether it ends with the month that is paid.
    pub ends: bool,
    /// Until when that goes.
    pub period_end: Timestamp,
}

impl Purchases {
    /// Words that were heeded are remembered for so long: the provider sends none again after three days, and lists none
    /// after thirty.
    pub(crate) const EVENTS_KEPT: Duration = Duration::from_hours(24 * 40);

    pub(crate) fn new(db: Arc<Db>) -> Self {
        Self { db }
    }

    /// Begins a purchase, or takes up the one of the same product that this account has begun and not finished. `fresh`
    /// is how long that can be taken up.
    pub async fn begin(
        &self,
        account: AccountId,
        product: &Product,
        track: Option<TrackId>,
        fresh: Duration,
    ) -> Result<BegunPurchase> {
        let now = self.db.now();
        let mut tx = self.db.write().await?;
        let holder = holder_of(&self.db, &mut tx, account).await?;
        // One at another price than it was, or whose page is about to close, makes room.
        let superseded: Vec<Option<String>> = sqlx::query_scalar(
            "UPDATE purchase SET state = 'expired', url = NULL WHERE holder_id = $1 AND product = $2 AND state = 'open'
             AND (created_at <= $3 OR price_minor <> $4 OR currency <> $5 OR credits <> $6 OR kind <> $7)
             RETURNING session",
        )
        .bind(holder.to_string())
        .bind(product.id.as_str())
        .bind((now - fresh).unix_ms())
        .bind(product.price.minor.cast_signed())
        .bind(product.price.currency.as_str())
        .bind(i64::from(product.credits))
        .bind(product.kind.as_str())
        .fetch_all(&mut *tx)
        .await?;
        sqlx::query(
            "INSERT INTO purchase (id, holder_id, product, name, kind, credits, price_minor, currency, state, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9) ON CONFLICT DO NOTHING",
        )
        .bind(PurchaseId::draw(self.db.entropy.as_ref()).to_string())
        .bind(holder.to_string())
        .bind(product.id.as_str())
        .bind(&product.name)
        .bind(product.kind.as_str())
        .bind(i64::from(product.credits))
        .bind(product.price.minor.cast_signed())
        .bind(product.price.currency.as_str())
        .bind(now.unix_ms())
        .execute(&mut *tx)
        .await?;
        sqlx::query("UPDATE purchase SET track_id = $1 WHERE holder_id = $2 AND product = $3 AND state = 'open'")
            .bind(track.map(|track| track.to_string()))
            .bind(holder.to_string())
            .bind(product.id.as_str())
            .execute(&mut *tx)
            .await?;
        let row: PurchaseRow =
            sqlx::query_as(concat!(purchase_columns!(), "WHERE holder_id = $1 AND product = $2 AND state = 'open'"))
                .bind(holder.to_string())
                .bind(product.id.as_str())
                .fetch_one(&mut *tx)
                .await?;
        tx.commit().await?;
        let superseded = superseded.into_iter().flatten().map(|session| parsed("checkout", &session));
        Ok(BegunPurchase { purchase: row.try_into()?, superseded: superseded.collect::<Result<_>>()? })
    }

    /// The provider made a checkout for a purchase.
    pub async fn opened(&self, purchase: PurchaseId, session: &RemoteId, url: &str) -> Result<()> {
        let mut tx = self.db.write().await?;
        sqlx::query("UPDATE purchase SET session = $1, url = $2 WHERE id = $3 AND state = 'open'")
            .bind(session.as_str())
            .bind(url)
            .bind(purchase.to_string())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// One purchase, whoever's it is: for what the provider says of it.
    pub async fn find(&self, purchase: PurchaseId) -> Result<Option<Purchase>> {
        let row: Option<PurchaseRow> = sqlx::query_as(concat!(purchase_columns!(), "WHERE purchase.id = $1"))
            .bind(purchase.to_string())
            .fetch_optional(&self.db.reader)
            .await?;
        row.map(Purchase::try_from).transpose()
    }

    /// One purchase of that account.
    pub async fn of_account(&self, account: AccountId, purchase: PurchaseId) -> Result<Option<Purchase>> {
        Ok(self.find(purchase).await?.filter(|purchase| purchase.account == Some(account)))
    }

    /// Whether the money for a purchase has come.
    pub async fn is_paid(&self, purchase: PurchaseId) -> Result<bool> {
        let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM payment WHERE purchase_id = $1 AND paid LIMIT 1")
            .bind(purchase.to_string())
            .fetch_optional(&self.db.reader)
            .await?;
        Ok(found.is_some())
    }

    /// Purchases that are open for `age` and longer, at most `most` of them: word of their end may have been lost.
    pub async fn waiting(&self, age: Duration, most: u32) -> Result<Vec<Purchase>> {
        let rows: Vec<PurchaseRow> = sqlx::query_as(concat!(
            purchase_columns!(),
            "WHERE state = 'open' AND purchase.created_at <= $1 ORDER BY purchase.created_at LIMIT $2"
        ))
        .bind((self.db.now() - age).unix_ms())
        .bind(most)
        .fetch_all(&self.db.reader)
        .await?;
        rows.into_iter().map(Purchase::try_from).collect()
    }

    /// A purchase that the provider never heard of, or knows no more, can be paid no more.
    pub async fn expire(&self, purchase: PurchaseId) -> Result<()> {
        let mut tx = self.db.write().await?;
        checkout(&mut tx, purchase, CheckoutState::Expired).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The provider's name for an account's holder.
    pub async fn customer(&self, account: AccountId) -> Result<Option<RemoteId>> {
        let customer: Option<Option<String>> =
            sqlx::query_scalar("SELECT customer FROM credit_holder WHERE account_id = $1")
                .bind(account.to_string())
                .fetch_optional(&self.db.reader)
                .await?;
        customer.flatten().map(|customer| parsed("customer", &customer)).transpose()
    }

    /// Remembers that name.
    pub async fn set_customer(&self, holder: HolderId, customer: &RemoteId) -> Result<()> {
        let mut tx = self.db.write().await?;
        // Whose account was deleted just now is to be forgotten by the provider, too.
        let kept = sqlx::query("UPDATE credit_holder SET customer = $1 WHERE id = $2 AND account_id IS NOT NULL")
            .bind(customer.as_str())
            .bind(holder.to_string())
            .execute(&mut *tx)
            .await?
            .rows_affected();
        if kept == 0 {
            farewell(&mut tx, customer.as_str(), self.db.now()).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Whether this account has a subscription that goes on.
    pub async fn is_subscribed(&self, account: AccountId) -> Result<bool> {
        Ok(self.subscriptions(account).await?.iter().any(|subscription| subscription.state.is_running()))
    }

    /// Its subscriptions, the latest first.
    pub async fn subscriptions(&self, account: AccountId) -> Result<Vec<Subscription>> {
        let rows: Vec<(String, String, bool, i64)> = sqlx::query_as(
            "SELECT purchase.name, subscription.state, subscription.ends, subscription.period_end FROM subscription
             JOIN purchase ON purchase.id = subscription.purchase_id
             JOIN credit_holder ON credit_holder.id = purchase.holder_id
             WHERE credit_holder.account_id = $1 ORDER BY purchase.created_at DESC, subscription.id LIMIT 100",
        )
        .bind(account.to_string())
        .fetch_all(&self.db.reader)
        .await?;
        rows.into_iter()
            .map(|(name, state, ends, period_end)| {
                let state = parsed("state of a subscription", &state)?;
                Ok(Subscription { name, state, ends, period_end: Timestamp::from_unix_ms(period_end) })
            })
            .collect()
    }

    /// Its payments, the latest first.
    pub async fn payments(&self, account: AccountId, most: u32) -> Result<Vec<Payment>> {
        let rows: Vec<PaymentRow> = sqlx::query_as(
            "SELECT payment.charge, purchase.name, amount_minor, payment.currency, paid, refunded_minor, disputed,
                    (SELECT COALESCE(SUM(credits), 0) FROM credit_entry
                     WHERE credit_entry.charge = payment.charge AND credit_entry.kind = 'hold') AS held,
                    receipt_url, invoice_url, payment.at,
                    CASE WHEN kind <> 'monthly' AND NOT EXISTS (SELECT 1 FROM payment AS other
                                                                WHERE other.purchase_id = purchase.id AND other.paid)
                         THEN CASE WHEN failed THEN 'failed' ELSE state END END AS checkout
             FROM payment JOIN purchase ON purchase.id = payment.purchase_id
             JOIN credit_holder ON credit_holder.id = purchase.holder_id
             WHERE credit_holder.account_id = $1 ORDER BY payment.at DESC, payment.charge LIMIT $2",
        )
        .bind(account.to_string())
        .bind(most)
        .fetch_all(&self.db.reader)
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(Payment {
                    charge: parsed("payment", &row.charge)?,
                    name: row.name,
                    amount: money(row.amount_minor, &row.currency)?,
                    is_paid: row.paid,
                    refunded_minor: number("amount", row.refunded_minor)?,
                    disputed: row.disputed.map(|state| parsed("state of a dispute", &state)).transpose()?,
                    is_held: row.held < 0,
                    checkout: row.checkout.map(|state| parsed("state of a checkout", &state)).transpose()?,
                    receipt_url: row.receipt_url,
                    invoice_url: row.invoice_url,
                    at: Timestamp::from_unix_ms(row.at),
                })
            })
            .collect()
    }

    /// What the provider said of fraud about a payment: kinds and details, the earliest first.
    pub async fn signals(&self, charge: &RemoteId) -> Result<Vec<(String, String)>> {
        let rows = sqlx::query_as("SELECT kind, detail FROM fraud_signal WHERE charge = $1 ORDER BY at, id, kind")
            .bind(charge.as_str())
            .fetch_all(&self.db.reader)
            .await?;
        Ok(rows)
    }

    /// Whether a word of the provider's was heeded.
    pub async fn is_heeded(&self, event: &RemoteId) -> Result<bool> {
        let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM remote_event WHERE id = $1")
            .bind(event.as_str())
            .fetch_optional(&self.db.reader)
            .await?;
        Ok(found.is_some())
    }

    /// Until when all words of the provider's were asked for.
    pub async fn heard_till(&self) -> Result<Option<Timestamp>> {
        let till: Option<i64> =
            sqlx::query_scalar("SELECT heard_till FROM remote_cursor").fetch_optional(&self.db.reader).await?;
        Ok(till.map(Timestamp::from_unix_ms))
    }

    /// All words until then were asked for and heeded.
    pub async fn set_heard_till(&self, till: Timestamp) -> Result<()> {
        let mut tx = self.db.write().await?;
        sqlx::query(
            "INSERT INTO remote_cursor (only, heard_till) VALUES (1, $1)
             ON CONFLICT (only) DO UPDATE SET heard_till = MAX(heard_till, excluded.heard_till)",
        )
        .bind(till.unix_ms())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }
}

/// The provider is to forget a customer.
async fn farewell(tx: &mut SqliteConnection, customer: &str, now: Timestamp) -> Result<()> {
    sqlx::query("INSERT INTO farewell (customer, due_at, tries) VALUES ($1, $2, 0)")
        .bind(customer)
        .bind(now.unix_ms())
        .execute(&mut *tx)
        .await?;
    Ok(())
}

/// Parts an account that is about to be deleted from what it paid: what bookkeeping needs stays, nobody's, and the
/// provider is to forget the customer, with which its subscriptions end.
pub(crate) async fn part(tx: &mut SqliteConnection, account: AccountId, now: Timestamp) -> Result<()> {
    let account = account.to_string();
    let customer: Option<Option<String>> =
        sqlx::query_scalar("SELECT customer FROM credit_holder WHERE account_id = $1")
            .bind(&account)
            .fetch_optional(&mut *tx)
            .await?;
    if let Some(customer) = customer.flatten() {
        farewell(tx, &customer, now).await?;
    }
    for part in [
        "UPDATE payment SET receipt_url = NULL, invoice_url = NULL WHERE purchase_id IN
         (SELECT purchase.id FROM purchase JOIN credit_holder ON credit_holder.id = holder_id WHERE account_id = $1)",
        "UPDATE purchase SET track_id = NULL, url = NULL, state = CASE state WHEN 'open' THEN 'expired' ELSE state END
         WHERE holder_id IN (SELECT id FROM credit_holder WHERE account_id = $1)",
        "UPDATE credit_holder SET account_id = NULL, customer = NULL WHERE account_id = $1",
    ] {
        sqlx::query(part).bind(&account).execute(&mut *tx).await?;
    }
    Ok(())
}
