//! Credits: what payments are worth, what is written into the ledger for it, and what somebody may download.
//!
//! One credit pays for one track, for good: every format of it, every later version. A payment's worth follows from what
//! the provider says of it as it stands ([`Worth::of`]), and what is missing in the ledger is written as a new entry
//! ([`Worth::entries_since`]). So the ledger ends the same in whatever order news comes, however often, and however much of
//! it is lost, as long as the last word is heard.
//!
//! A refund or a lost dispute may take back credits that are used up. Then the holder owes them ([`Position::Owes`]), and
//! downloads wait until they are paid for.

use crate::job::UnknownName;
use crate::money::Money;
use crate::payment::{DisputeState, PaymentFacts};
use std::fmt;
use std::str::FromStr;

/// Why an entry stands in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntryKind {
    /// A payment came.
    Payment,
    /// A month of a subscription was paid.
    Period,
    /// Money went back, or, with a plus, did not after all.
    Refund,
    /// A dispute was lost.
    Dispute,
    /// Credits are held back while a dispute or a warning is open; with a plus they are free again.
    Hold,
    /// A track was paid for.
    Spent,
    /// Given or taken by hand.
    Manual,
}

impl EntryKind {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::Payment, Self::Period, Self::Refund, Self::Dispute, Self::Hold, Self::Spent, Self::Manual];

    /// Its name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Period => "period",
            Self::Refund => "refund",
            Self::Dispute => "dispute",
            Self::Hold => "hold",
            Self::Spent => "spent",
            Self::Manual => "manual",
        }
    }
}

impl FromStr for EntryKind {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownName { of: "ledger entry" })
    }
}

impl fmt::Display for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a purchase promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    /// Credits for each payment of it.
    pub credits: u32,
    /// What each payment has to be.
    pub price: Money,
}

impl Promise {
    /// Whether a payment is what was asked for. Taxes and the like may come on top.
    pub fn is_kept_by(&self, paid: Money) -> bool {
        paid.currency == self.price.currency && paid.minor >= self.price.minor
    }
}

/// What one payment is worth, credits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Worth {
    /// Given for it.
    pub given: u32,
    /// Taken back with refunds.
    pub refunded: u32,
    /// Taken back with lost disputes.
    pub lost: u32,
    /// Held back.
    pub held: u32,
}

impl Worth {
    /// Of a payment as it stands. `is_cleared` where somebody looked at the warning of fraud and found nothing in it.
    ///
    /// Credits go back in proportion to the money, rounded in the holder's favour: the last one with the last cent.
    pub fn of(promise: Promise, facts: &PaymentFacts, is_cleared: bool) -> Self {
        if !facts.is_paid || !promise.is_kept_by(facts.amount) {
            return Self::default();
        }
        let given = promise.credits;
        let share = |minor: u64| {
            let back = u128::from(given) * u128::from(minor.min(facts.amount.minor));
            (back / u128::from(facts.amount.minor.max(1))) as u32
        };
        let of_state = |state| facts.disputes.iter().filter(move |dispute| dispute.state == state);
        let lost_minor = of_state(DisputeState::Lost).fold(0, |sum: u64, one| sum.saturating_add(one.amount_minor));
        let refunded = share(facts.refunded_minor);
        let lost = share(facts.refunded_minor.saturating_add(lost_minor)) - refunded;
        // What was disputed and won is settled, the warning before it included.
        let is_settled = is_cleared || of_state(DisputeState::Won).next().is_some();
        let is_held = of_state(DisputeState::Open).next().is_some() || (facts.is_warned && !is_settled);
        let held = if is_held { given - refunded - lost } else { 0 };
        Self { given, refunded, lost, held }
    }

    /// Credits that are left of it, used up or not.
    pub fn net(self) -> u32 {
        self.given - self.refunded - self.lost - self.held
    }

    /// What has to be written where `written` stands already: one entry for each part that changed.
    pub fn entries_since(self, written: Self, is_period: bool) -> Vec<(EntryKind, i64)> {
        let paid = if is_period { EntryKind::Period } else { EntryKind::Payment };
        let change = |now: u32, before: u32| i64::from(now) - i64::from(before);
        [
            (paid, change(self.given, written.given)),
            (EntryKind::Refund, -change(self.refunded, written.refunded)),
            (EntryKind::Dispute, -change(self.lost, written.lost)),
            (EntryKind::Hold, -change(self.held, written.held)),
        ]
        .into_iter()
        .filter(|(_, credits)| *credits != 0)
        .collect()
    }
}

/// Where somebody stands: the sum of their ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// So many credits can be used.
    Has(u64),
    /// So many credits were used and taken back afterwards.
    Owes(u64),
}

impl Position {
    /// Of a ledger with this sum.
    pub fn of_sum(sum: i64) -> Self {
        match u64::try_from(sum) {
            Ok(credits) => Self::Has(credits),
            Err(_) => Self::Owes(sum.unsigned_abs()),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verb, count) = match self {
            Self::Has(0) => return f.write_str("has no credit"),
            Self::Has(count) => ("has", count),
            Self::Owes(count) => ("owes", count),
        };
        write!(f, "{verb} {count} credit{}", if *count == 1 { "" } else { "s" })
    }
}

/// What somebody may do with a master.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It is paid for.
    Open,
    /// A credit would pay for it; so many are there.
    Payable(u64),
    /// There is no credit.
    Unpaid,
    /// So many credits are owed: until then nothing can be downloaded, paid for or not.
    Owing(u64),
}

impl Access {
    /// Of a track that a credit was or was not spent on, whose owner stands there.
    pub fn of(position: Position, is_paid: bool) -> Self {
        match position {
            Position::Owes(credits) => Self::Owing(credits),
            Position::Has(_) if is_paid => Self::Open,
            Position::Has(0) => Self::Unpaid,
            Position::Has(credits) => Self::Payable(credits),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payment::Dispute;
    use crate::world::{OsEntropy, Timestamp};
    use proptest::prelude::*;

    fn facts(minor: u64) -> PaymentFacts {
        PaymentFacts {
            charge: "ch_1".parse().unwrap(),
            purchase: crate::PurchaseId::draw(&OsEntropy),
            invoice: None,
            amount: Money { minor, currency: "EUR".parse().unwrap() },
            is_paid: true,
            refunded_minor: 0,
            disputes: Vec::new(),
            is_warned: false,
            signals: Vec::new(),
            receipt_url: None,
            invoice_url: None,
            at: Timestamp::from_unix_ms(0),
        }
    }

    fn promise(credits: u32) -> Promise {
        Promise { credits, price: "60.00 EUR".parse().unwrap() }
    }

    fn dispute(state: DisputeState, amount_minor: u64) -> Dispute {
        Dispute { id: "dp_1".parse().unwrap(), state, amount_minor, reason: "fraudulent".to_owned() }
    }

    #[test]
    fn where_somebody_stands_is_said_in_words() {
        let said = [Position::Has(0), Position::Has(1), Position::Has(3), Position::Owes(1), Position::Owes(2)];
        let words = ["has no credit", "has 1 credit", "has 3 credits", "owes 1 credit", "owes 2 credits"];
        assert_eq!(said.map(|position| position.to_string()), words);
    }

    #[test]
    fn credits_go_back_with_the_money_and_the_last_one_with_the_last_cent() {
        let net = |refunded_minor| Worth::of(promise(10), &PaymentFacts { refunded_minor, ..facts(6000) }, false).net();
        assert_eq!([0, 599, 600, 5999, 6000, 9000].map(net), [10, 10, 9, 1, 0, 0]);
        let single = PaymentFacts { refunded_minor: 5999, ..facts(6000) };
        assert_eq!(Worth::of(promise(1), &single, false).net(), 1);
    }

    #[test]
    fn what_was_not_paid_or_not_what_was_asked_for_is_worth_nothing() {
        assert_eq!(Worth::of(promise(10), &PaymentFacts { is_paid: false, ..facts(6000) }, false), Worth::default());
        assert_eq!(Worth::of(promise(10), &facts(5999), false), Worth::default());
        let mut dollars = facts(6000);
        dollars.amount.currency = "USD".parse().unwrap();
        assert_eq!(Worth::of(promise(10), &dollars, false), Worth::default());
        assert_eq!(Worth::of(promise(10), &facts(7140), false).net(), 10, "with tax on top");
    }

    #[test]
    fn a_dispute_holds_everything_and_its_end_decides() {
        let with = |state| PaymentFacts { refunded_minor: 600, disputes: vec![dispute(state, 3000)], ..facts(6000) };
        let worth = |state| Worth::of(promise(10), &with(state), false);
        assert_eq!(worth(DisputeState::Open), Worth { given: 10, refunded: 1, lost: 0, held: 9 });
        assert_eq!(worth(DisputeState::Won), Worth { given: 10, refunded: 1, lost: 0, held: 0 });
        assert_eq!(worth(DisputeState::Lost), Worth { given: 10, refunded: 1, lost: 5, held: 0 });
    }

    #[test]
    fn a_warning_holds_until_it_is_cleared_paid_back_or_a_dispute_is_won() {
        let warned = PaymentFacts { is_warned: true, ..facts(6000) };
        assert_eq!(Worth::of(promise(10), &warned, false).net(), 0);
        assert_eq!(Worth::of(promise(10), &warned, true).net(), 10);
        let won = PaymentFacts { disputes: vec![dispute(DisputeState::Won, 6000)], ..warned.clone() };
        assert_eq!(Worth::of(promise(10), &won, false).net(), 10);
        let back = PaymentFacts { refunded_minor: 6000, ..warned };
        assert_eq!(Worth::of(promise(10), &back, false), Worth { given: 10, refunded: 10, lost: 0, held: 0 });
    }

    #[test]
    fn nothing_can_be_downloaded_while_credits_are_owed() {
        assert_eq!(Access::of(Position::of_sum(0), true), Access::Open);
        assert_eq!(Access::of(Position::of_sum(0), false), Access::Unpaid);
        assert_eq!(Access::of(Position::of_sum(3), false), Access::Payable(3));
        for is_paid in [true, false] {
            assert_eq!(Access::of(Position::of_sum(-1), is_paid), Access::Owing(1));
        }
        assert_eq!(Position::of_sum(i64::MIN), Position::Owes(1 << 63));
    }

    fn any_facts() -> impl Strategy<Value = (PaymentFacts, bool)> {
        let state = prop_oneof![Just(DisputeState::Open), Just(DisputeState::Won), Just(DisputeState::Lost)];
        let disputes = prop::collection::vec((state, 0..=20_000_u64), 0..3);
        (5_000..8_000_u64, any::<bool>(), 0..=20_000_u64, disputes, any::<bool>(), any::<bool>()).prop_map(
            |(minor, is_paid, refunded_minor, disputes, is_warned, is_cleared)| {
                let disputes = disputes.into_iter().map(|(state, minor)| dispute(state, minor)).collect();
                (PaymentFacts { is_paid, refunded_minor, disputes, is_warned, ..facts(minor) }, is_cleared)
            },
        )
    }

    /// What the entries of one payment add up to, part by part.
    fn summed(entries: &[(EntryKind, i64)]) -> Worth {
        let sum =
            |kind: EntryKind| entries.iter().filter(|(of, _)| *of == kind).map(|(_, credits)| credits).sum::<i64>();
        Worth {
            given: sum(EntryKind::Payment).try_into().unwrap(),
            refunded: (-sum(EntryKind::Refund)).try_into().unwrap(),
            lost: (-sum(EntryKind::Dispute)).try_into().unwrap(),
            held: (-sum(EntryKind::Hold)).try_into().unwrap(),
        }
    }

    proptest! {
        #[test]
        fn no_payment_is_worth_more_than_it_promised_or_less_than_nothing(
            (facts, cleared) in any_facts(), credits in 1..=1000_u32,
        ) {
            let Worth { given, refunded, lost, held } = Worth::of(promise(credits), &facts, cleared);
            prop_assert!(given == 0 || given == credits);
            prop_assert!(u64::from(refunded) + u64::from(lost) + u64::from(held) <= u64::from(given));
        }

        #[test]
        fn whatever_came_before_the_ledger_ends_with_the_last_word(
            news in prop::collection::vec(any_facts(), 1..12), credits in 1..=1000_u32,
        ) {
            let mut entries = Vec::new();
            for (facts, cleared) in &news {
                let worth = Worth::of(promise(credits), facts, *cleared);
                let written = summed(&entries);
                entries.extend(worth.entries_since(written, false));
                // The same word once more changes nothing.
                prop_assert_eq!(worth.entries_since(summed(&entries), false), vec![]);
            }
            let (last, cleared) = &news[news.len() - 1];
            prop_assert_eq!(summed(&entries), Worth::of(promise(credits), last, *cleared));
            let sum: i64 = entries.iter().map(|(_, credits)| credits).sum();
            prop_assert_eq!(sum, i64::from(summed(&entries).net()));
        }
    }
}
