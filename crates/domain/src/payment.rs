//! What the payment provider says of a payment, a checkout and a subscription: facts, as they stand when it is asked.
//!
//! Not here: what they are worth (`credit`), and how they are asked for.

use crate::id::PurchaseId;
use crate::job::UnknownName;
use crate::money::Money;
use crate::world::Timestamp;
use std::fmt;
use std::str::FromStr;

/// The provider's name for something of its own: a payment, a customer, an event.
///
/// Letters, digits and underscores alone, so that it is safe in an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RemoteId(String);

/// The text is no [`RemoteId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to {} letters, digits and underscores", RemoteId::MAX_BYTES)]
pub struct NotARemoteId;

impl RemoteId {
    /// Longest name, bytes: the provider's own promise.
    pub const MAX_BYTES: usize = 255;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RemoteId {
    type Err = NotARemoteId;

    fn from_str(text: &str) -> Result<Self, NotARemoteId> {
        let fits = (1..=Self::MAX_BYTES).contains(&text.len());
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if fits && plain { Ok(Self(text.to_owned())) } else { Err(NotARemoteId) }
    }
}

impl fmt::Display for RemoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a dispute about a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisputeState {
    /// It is not decided: the money may be gone.
    Open,
    /// The payment stands.
    Won,
    /// The money is gone.
    Lost,
}

impl DisputeState {
    /// Its name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }
}

impl FromStr for DisputeState {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let all = [Self::Open, Self::Won, Self::Lost];
        all.into_iter().find(|state| state.as_str() == text).ok_or(UnknownName { of: "dispute" })
    }
}

/// A dispute: the holder of the card wants the money back by way of their bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// Its name.
    pub id: RemoteId,
    /// How it stands.
    pub state: DisputeState,
    /// How much of the payment it is about, minor units.
    pub amount_minor: u64,
    /// Why, in the provider's own word.
    pub reason: String,
}

/// Something that says of a payment that the card may not have been its user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// The provider's name for it; for a risk, the payment's.
    pub id: RemoteId,
    /// What it is: `early-fraud-warning`, `review`, `risk`, `dispute` or `amount`.
    pub kind: &'static str,
    /// What it says, in the provider's own words.
    pub detail: String,
}

/// One payment, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentFacts {
    /// Its name.
    pub charge: RemoteId,
    /// What it pays for.
    pub purchase: PurchaseId,
    /// The bill of a month, where it is one.
    pub invoice: Option<RemoteId>,
    /// How much was paid.
    pub amount: Money,
    /// Whether the money has come.
    pub is_paid: bool,
    /// How much was paid back, minor units.
    pub refunded_minor: u64,
    /// What is disputed of it.
    pub disputes: Vec<Dispute>,
    /// Whether the card's network warned that it may be fraud.
    pub is_warned: bool,
    /// What it says of fraud, the above included.
    pub signals: Vec<Signal>,
    /// The provider's receipt, an address.
    pub receipt_url: Option<String>,
    /// The provider's bill, an address.
    pub invoice_url: Option<String>,
    /// When it was made.
    pub at: Timestamp,
}

/// One subscription, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionFacts {
    /// Its name.
    pub id: RemoteId,
    /// The purchase that began it.
    pub purchase: PurchaseId,
    /// How it stands.
    pub state: SubscriptionState,
    /// Whether it ends with the month that is paid.
    pub ends: bool,
    /// Until when the month goes.
    pub period_end: Timestamp,
}

/// How a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriptionState {
    /// The first payment is on its way.
    Incomplete,
    /// Paid.
    Active,
    /// A payment failed and is tried again.
    PastDue,
    /// Over.
    Canceled,
}

impl SubscriptionState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Incomplete, Self::Active, Self::PastDue, Self::Canceled];

    /// Its name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::Active => "active",
            Self::PastDue => "past-due",
            Self::Canceled => "canceled",
        }
    }

    /// Whether a second one beside it would be paid twice.
    pub const fn is_running(self) -> bool {
        matches!(self, Self::Active | Self::PastDue | Self::Incomplete)
    }
}

impl FromStr for SubscriptionState {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(UnknownName { of: "subscription" })
    }
}

/// How a checkout stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckoutState {
    /// It can still be paid.
    Open,
    /// It was gone through; the money may still be on its way.
    Complete,
    /// It was gone through, and the money will not come.
    Failed,
    /// It can be paid no more.
    Expired,
}

impl CheckoutState {
    /// Its name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Complete => "complete",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }
}

impl FromStr for CheckoutState {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let all = [Self::Open, Self::Complete, Self::Failed, Self::Expired];
        all.into_iter().find(|state| state.as_str() == text).ok_or(UnknownName { of: "checkout" })
    }
}

/// All that is known of one thing that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// A payment.
    pub payment: Option<PaymentFacts>,
    /// A subscription.
    pub subscription: Option<SubscriptionFacts>,
    /// A checkout: of which purchase, and how it stands.
    pub checkout: Option<(PurchaseId, CheckoutState)>,
}

/// Word of something that happened at the provider's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteEvent {
    /// Its name: the same event has the same one however often it comes.
    pub id: RemoteId,
    /// What happened, in the provider's own word.
    pub kind: String,
    /// When.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_of_the_providers_is_safe_in_an_address() {
        for good in ["ch_1NirD82eZvKYlo2CIvbtLWuY", "evt_1", "0"] {
            assert!(good.parse::<RemoteId>().is_ok(), "{good}");
        }
        let long = "x".repeat(256);
        for bad in ["", "ch_1/../customers", "ch 1", "ch_1?expand=x", "ch_1\r\nHost: x", "ch-1", &long] {
            assert_eq!(bad.parse::<RemoteId>(), Err(NotARemoteId), "{bad}");
        }
    }

    #[test]
    fn states_survive_their_text_form() {
        for state in SubscriptionState::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        for state in [CheckoutState::Open, CheckoutState::Complete, CheckoutState::Failed, CheckoutState::Expired] {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        for state in [DisputeState::Open, DisputeState::Won, DisputeState::Lost] {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_name_panic(text in ".{0,300}") {
            let _ = text.parse::<RemoteId>();
        }
    }
}
