//! GET /purchases: how many masters are paid for, the subscription, payments with their receipts, and the ledger.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::{Access, CheckoutState, DisputeState, EntryKind, Money, SubscriptionState};
use store::{CreditEntry, Payment, Subscription};

use super::{HOME, Offers, leads_to_payment, private, sign_in_first, till};
use crate::app::AppState;
use crate::consent::Back;
use crate::page::{Here, Problem, Shell, page};
use crate::visit::Visit;
use crate::words;

/// Lines of each list that are shown.
const SHOWN: u32 = 200;

#[derive(Template)]
#[template(path = "pay/purchases.html")]
struct PurchasesPage {
    shell: Shell,
    pay: Offers,
    said: Option<&'static str>,
    is_customer: bool,
    subscriptions: Vec<Running>,
    payments: Vec<Paid>,
    entries: Vec<Entry>,
}

struct Running {
    name: String,
    state: &'static str,
    what: String,
    bad: bool,
}

struct Paid {
    name: String,
    at: String,
    amount: String,
    state: String,
    bad: bool,
    receipt: Option<String>,
    invoice: Option<String>,
}

/// One line of the ledger.
pub(crate) struct Entry {
    pub(crate) at: String,
    pub(crate) what: String,
    pub(crate) credits: String,
}

impl Running {
    fn of(subscription: Subscription) -> Self {
        let Subscription { name, state, ends, period_end } = subscription;
        let until = words::day(period_end);
        let (state, what) = match state {
            SubscriptionState::Active if ends => {
                ("ends", format!("Cancelled. It runs until {until} and is not paid again."))
            }
            SubscriptionState::Active => ("active", format!("Paid until {until}, then for another month.")),
            SubscriptionState::PastDue => (
                "payment failed",
                "The last payment did not come; Stripe tries again. Your payment page says more.".to_owned(),
            ),
            SubscriptionState::Incomplete => ("waiting", "The first payment is on its way.".to_owned()),
            SubscriptionState::Canceled => ("over", "Over. What was paid stays yours.".to_owned()),
        };
        Self { name, state, what, bad: state == "payment failed" }
    }
}

impl Paid {
    fn of(payment: Payment) -> Self {
        let refunded = payment.refunded_minor;
        let (state, bad) = match payment.disputed {
            _ if !payment.is_paid => match payment.checkout {
                Some(CheckoutState::Complete) => ("on its way".to_owned(), false),
                Some(CheckoutState::Failed) => ("failed".to_owned(), true),
                _ => ("not paid".to_owned(), true),
            },
            Some(DisputeState::Open) => ("disputed".to_owned(), true),
            Some(DisputeState::Lost) => ("dispute lost".to_owned(), true),
            _ if payment.is_held => ("being checked".to_owned(), true),
            _ if refunded >= payment.amount.minor => ("paid back".to_owned(), false),
            _ if refunded > 0 => {
                (format!("{} paid back", Money { minor: refunded, currency: payment.amount.currency }), false)
            }
            _ => ("paid".to_owned(), false),
        };
        Self {
            name: payment.name,
            at: words::day(payment.at),
            amount: payment.amount.to_string(),
            state,
            bad,
            receipt: payment.receipt_url,
            invoice: payment.invoice_url,
        }
    }
}

impl Entry {
    pub(crate) fn of(entry: CreditEntry) -> Self {
        let what = match (entry.kind, entry.credits > 0) {
            (EntryKind::Payment, _) => "bought".to_owned(),
            (EntryKind::Period, _) => "a month was paid".to_owned(),
            (EntryKind::Refund, false) => "money was paid back".to_owned(),
            (EntryKind::Refund, true) => "a refund did not go through".to_owned(),
            (EntryKind::Dispute, false) => "a dispute was lost".to_owned(),
            (EntryKind::Dispute, true) => "a dispute was decided anew".to_owned(),
            (EntryKind::Hold, false) => "held while the payment is checked".to_owned(),
            (EntryKind::Hold, true) => "free again".to_owned(),
            (EntryKind::Spent, _) => "a track was paid for".to_owned(),
            (EntryKind::Manual, _) => match entry.by_hand {
                Some((_, reason)) => format!("by hand: {reason}"),
                None => "by hand".to_owned(),
            },
        };
        let sign = if entry.credits > 0 { "+" } else { "\u{2212}" };
        Self { at: words::moment(entry.at), what, credits: format!("{sign}{}", entry.credits.unsigned_abs()) }
    }
}

pub(crate) async fn get(
    State(state): State<AppState>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let till = till(&state)?;
    let Some(member) = &visit.member else {
        return Ok(private(sign_in_first(&Back::of(HOME))));
    };
    let account = member.account.id;
    let store = &state.store;
    let access = Access::of(store.credits.position(account).await?, false);
    let pay = Offers::new(&state, till, &visit, access, None, &Back::of(HOME))?;
    let view = PurchasesPage {
        pay,
        said: (query.as_deref() == Some("done=paid")).then_some("Thank you: your payment came."),
        is_customer: store.purchases.customer(account).await?.is_some(),
        subscriptions: store.purchases.subscriptions(account).await?.into_iter().map(Running::of).collect(),
        payments: store.purchases.payments(account, SHOWN).await?.into_iter().map(Paid::of).collect(),
        entries: store.credits.entries(account, SHOWN).await?.into_iter().map(Entry::of).collect(),
        shell: state.shell(&visit, Here::Account),
    };
    Ok(private(leads_to_payment(till, page(StatusCode::OK, &view))))
}
