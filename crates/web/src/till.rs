//! Where the payment provider's word is taken over into the store: from webhooks, from the page that buyers come back to,
//! and from the list of what may have been missed.
//!
//! Each of these only says that something happened. What it is worth is asked for in a turn of its own, so that what is
//! taken over is never older than what was taken over before, and the ledger ends as the provider has it.
//!
//! Not here: pages (`routes::payments`), the rules of the ledger (`domain`), how Stripe is spoken to (`providers`).

use std::sync::Arc;
use std::time::Duration;

use domain::{Access, AccountId, CheckoutState, Entropy, Facts, ProductKind, TrackId, causes};
use providers::payments::{About, Notice, Payments, StripeError};
use store::{NewMail, Purchase, Store};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::config::Site;
use crate::routes::account::letters;

/// How often customers that are to be forgotten are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How often the provider is asked for what was missed.
const CATCH_UP_EVERY: Duration = Duration::from_mins(5);
/// Events that are asked for once more, since they may be listed late.
const OVERLAP: Duration = Duration::from_mins(30);
/// How far back is looked the first time, and after a long sleep: Stripe lists no more.
const FURTHEST: Duration = Duration::from_hours(24 * 29);
/// A checkout that is open for so long is asked for: word of its end may have been lost.
const OPEN_FOR: Duration = Duration::from_mins(10);
/// Open checkouts that are asked for in one round.
const MOST_OPEN: u32 = 100;

/// Why something could not be taken over.
#[derive(Debug, thiserror::Error)]
pub enum TillError {
    /// The provider did not say.
    #[error("the payment provider was asked in vain")]
    Stripe(#[from] StripeError),
    /// The store did not take it.
    #[error("what was paid could not be kept")]
    Store(#[from] store::Error),
}

/// Who takes the money.
#[derive(Clone)]
pub struct Till {
    pub(crate) payments: Payments,
    store: Store,
    entropy: Arc<dyn Entropy>,
    origin: Arc<str>,
}

impl Till {
    /// The till of a site; `None` where nothing is sold.
    pub fn of(store: &Store, site: &Site, entropy: &Arc<dyn Entropy>) -> Option<Self> {
        let payments = site.payments.clone()?;
        Some(Self { payments, store: store.clone(), entropy: entropy.clone(), origin: site.origin().into() })
    }

    /// An address of this site.
    pub(crate) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// What one master costs at least when it is downloaded, where single ones are sold.
    pub(crate) fn lowest_price(&self) -> Option<String> {
        let singles = self.payments.products.iter().filter(|product| product.kind == ProductKind::Single);
        singles.map(|product| product.price).min_by_key(|price| price.minor).map(|price| price.to_string())
    }

    /// What somebody may do with a track of theirs.
    pub(crate) async fn access(&self, account: Option<AccountId>, track: TrackId) -> store::Result<Access> {
        match account {
            Some(account) => self.store.credits.access(account, track).await,
            None => Ok(Access::Unpaid),
        }
    }

    /// Takes over what a word of the provider's is about, once.
    pub async fn take(&self, notice: &Notice) -> Result<(), TillError> {
        if self.store.purchases.is_heeded(&notice.event.id).await? {
            return Ok(());
        }
        let _turn = self.payments.stripe.turn().await;
        let facts = self.payments.stripe.facts_of(&notice.about).await?;
        let letter = self.letter(&facts).await?;
        self.store.purchases.apply(Some(&notice.event), &facts, letter.as_ref()).await?;
        Ok(())
    }

    /// Asks how a purchase stands, and takes that over.
    pub(crate) async fn look(&self, purchase: &Purchase) -> Result<(), TillError> {
        let Some(session) = &purchase.session else { return Ok(()) };
        let _turn = self.payments.stripe.turn().await;
        let facts = self.payments.stripe.facts_of(&About::Checkout(session.clone())).await?;
        if facts.checkout.is_none() {
            // The provider knows no such checkout any more.
            return Ok(self.store.purchases.expire(purchase.id).await?);
        }
        let letter = self.letter(&facts).await?;
        self.store.purchases.apply(None, &facts, letter.as_ref()).await?;
        Ok(())
    }

    /// The mail that confirms a payment, or that says that none will come.
    async fn letter(&self, facts: &Facts) -> store::Result<Option<NewMail>> {
        if let Some((purchase, CheckoutState::Failed)) = facts.checkout {
            let Some(purchase) = self.store.purchases.find(purchase).await? else { return Ok(None) };
            let Some(account) = purchase.account else { return Ok(None) };
            let page = self.address(&format!("/purchases/{}", purchase.id));
            let account = self.store.accounts.find(account).await?;
            return Ok(account.and_then(|account| {
                letters::failed(self.entropy.as_ref(), &account, &purchase.name, purchase.promise.price, page)
            }));
        }
        let Some(payment) = facts.payment.as_ref().filter(|payment| payment.is_paid) else { return Ok(None) };
        let Some(purchase) = self.store.purchases.find(payment.purchase).await? else { return Ok(None) };
        let Some(account) = purchase.account else { return Ok(None) };
        let account = self.store.accounts.find(account).await?;
        let page = self.address("/purchases");
        Ok(account.and_then(|account| {
            let credits = purchase.promise.credits;
            letters::bought(self.entropy.as_ref(), &account, &purchase.name, payment.amount, credits, page)
        }))
    }

    /// Makes up for words that were lost.
    pub async fn catch_up(&self) -> Result<(), TillError> {
        let now = self.payments.stripe.now();
        let heard = self.store.purchases.heard_till().await?;
        let since = heard.map_or(now - FURTHEST, |till| (till - OVERLAP).max(now - FURTHEST));
        let mut is_whole = true;
        for notice in self.payments.stripe.notices_since(since).await? {
            match self.take(&notice).await {
                // One that cannot be read is not to hold up the others; it is tried again in the next round.
                Err(TillError::Stripe(error @ (StripeError::Unreadable(_) | StripeError::Refused { .. }))) => {
                    let (event, cause) = (&notice.event.id, causes(&error));
                    tracing::error!(%event, cause, "an event of Stripe's could not be taken over: {event}: {cause}");
                    is_whole = false;
                }
                taken => taken?,
            }
        }
        if is_whole {
            self.store.purchases.set_heard_till(now).await?;
        }
        for purchase in self.store.purchases.waiting(OPEN_FOR, MOST_OPEN).await? {
            if purchase.session.is_some() {
                self.look(&purchase).await?;
            } else if purchase.state == CheckoutState::Open {
                self.store.purchases.expire(purchase.id).await?;
            }
        }
        Ok(())
    }

    /// Has the provider forget customers whose accounts are deleted.
    pub async fn say_farewell(&self) -> store::Result<()> {
        while let Some(farewell) = self.store.farewells.claim().await? {
            match self.payments.stripe.forget(&farewell.customer).await {
                Ok(()) => self.store.farewells.done(&farewell).await?,
                Err(error) => {
                    let pause = self.store.farewells.failed(&farewell).await?;
                    let cause = causes(&error);
                    tracing::warn!(cause, "Stripe did not forget a customer, and is told again in {pause:?}: {cause}");
                }
            }
        }
        Ok(())
    }

    /// Does both, again and again, until the service stops.
    pub(crate) async fn keep_up(self, mut closing: watch::Receiver<bool>) {
        let mut next = Instant::now();
        loop {
            if Instant::now() >= next {
                next = Instant::now() + CATCH_UP_EVERY;
                if let Err(error) = self.catch_up().await {
                    let cause = causes(&error);
                    tracing::warn!(cause, "Stripe was asked in vain for what was missed: {cause}");
                }
            }
            if let Err(error) = self.say_farewell().await {
                tracing::error!(error = causes(&error), "customers to be forgotten could not be read");
            }
            tokio::select! {
                () = sleep(LOOK_EVERY) => {}
                _ = closing.wait_for(|closing| *closing) => return,
            }
        }
    }
}
