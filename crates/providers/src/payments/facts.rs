//! Stripe's objects as facts, from answers in the version of the API that is spoken here.

use std::str::FromStr;

use domain::{
    CheckoutState, Dispute, DisputeState, Facts, Money, PaymentFacts, PurchaseId, RemoteId, Signal, SubscriptionFacts,
    SubscriptionState, Timestamp,
};
use serde_json::Value;

use super::client::StripeError;

/// The key of our metadata on Stripe's objects: which purchase it is.
pub(super) const PURCHASE: &str = "purchase";
/// Longest text of Stripe's that is kept, characters.
const MAX_CHARS: usize = 200;
/// Longest address that is kept, bytes.
const MAX_URL_BYTES: usize = 2048;

/// A name that has to be there, or the object is none.
pub(super) fn id(value: &Value) -> Result<RemoteId, StripeError> {
    optional_id(value).ok_or(StripeError::Unreadable("id"))
}

/// The name of something that is named or written out.
pub(super) fn optional_id(value: &Value) -> Option<RemoteId> {
    value.as_str().or_else(|| value["id"].as_str())?.parse().ok()
}

fn amount(value: &Value) -> Result<u64, StripeError> {
    value.as_u64().ok_or(StripeError::Unreadable("amount"))
}

fn moment(value: &Value) -> Result<Timestamp, StripeError> {
    let seconds = value.as_i64().ok_or(StripeError::Unreadable("time"))?;
    Ok(Timestamp::from_unix_ms(seconds.saturating_mul(1000)))
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or("unknown").chars().filter(|c| !c.is_control()).take(MAX_CHARS).collect()
}

/// An address of Stripe's that is shown to the buyer: https, or it is not shown.
fn url(value: &Value) -> Option<String> {
    let is_shown = |url: &&str| {
        url.len() <= MAX_URL_BYTES && url.starts_with("https://") && url.bytes().all(|byte| byte.is_ascii_graphic())
    };
    value.as_str().filter(is_shown).map(str::to_owned)
}

fn purchase(value: &Value) -> Option<PurchaseId> {
    PurchaseId::from_str(value["metadata"][PURCHASE].as_str()?).ok()
}

/// A payment with its bill and subscription written out, its disputes and warnings. `None` if it is for nothing of this
/// site's.
pub(super) fn payment(charge: &Value, disputes: &Value, warnings: &Value) -> Result<Option<PaymentFacts>, StripeError> {
    let invoice = &charge["invoice"];
    let of_bill = || {
        let told = invoice["subscription_details"]["metadata"][PURCHASE].as_str()?;
        PurchaseId::from_str(told).ok()
    };
    let Some(purchase) = purchase(charge).or_else(|| purchase(&invoice["subscription"])).or_else(of_bill) else {
        return Ok(None);
    };
    let currency = charge["currency"].as_str().and_then(|code| code.parse().ok());
    let currency = currency.ok_or(StripeError::Unreadable("currency"))?;
    let name = id(&charge["id"])?;
    let disputes: Vec<Dispute> = list(disputes)?.iter().map(dispute).collect::<Result<_, _>>()?;
    let mut signals: Vec<Signal> = disputes
        .iter()
        .map(|dispute| Signal {
            id: dispute.id.clone(),
            kind: "dispute",
            detail: format!("{}, {}", dispute.reason, dispute.state.as_str()),
        })
        .collect();
    let warnings = list(warnings)?;
    for warning in warnings {
        let detail = word(&warning["fraud_type"]);
        signals.push(Signal { id: id(&warning["id"])?, kind: "early-fraud-warning", detail });
    }
    let risk = &charge["outcome"]["risk_level"];
    if matches!(risk.as_str(), Some("elevated" | "highest")) {
        let detail = match charge["outcome"]["risk_score"].as_u64() {
            Some(score) => format!("{}, {score}", word(risk)),
            None => word(risk),
        };
        signals.push(Signal { id: name.clone(), kind: "risk", detail });
    }
    let review = &charge["review"];
    if let Some(id) = optional_id(review) {
        let stands = if review["open"].as_bool() == Some(false) { "closed" } else { "open" };
        let why = word(if review["closed_reason"].is_string() { &review["closed_reason"] } else { &review["reason"] });
        signals.push(Signal { id, kind: "review", detail: format!("{stands}, {why}") });
    }
    Ok(Some(PaymentFacts {
        purchase,
        invoice: optional_id(invoice),
        amount: Money { minor: amount(&charge["amount"])?, currency },
        // Captured, too: what is only reserved has not come.
        is_paid: charge["status"] == "succeeded" && charge["captured"].as_bool() == Some(true),
        refunded_minor: amount(&charge["amount_refunded"])?,
        disputes,
        is_warned: !warnings.is_empty(),
        signals,
        receipt_url: url(&charge["receipt_url"]),
        invoice_url: url(&invoice["hosted_invoice_url"]),
        at: moment(&charge["created"])?,
        charge: name,
    }))
}

/// The items of a list; one that goes on would be cut, and a wrong sum follow from it.
pub(super) fn list(value: &Value) -> Result<&Vec<Value>, StripeError> {
    let whole = value["has_more"].as_bool() == Some(false);
    value["data"].as_array().filter(|_| whole).ok_or(StripeError::Unreadable("whole list"))
}

fn dispute(value: &Value) -> Result<Dispute, StripeError> {
    let state = match value["status"].as_str().ok_or(StripeError::Unreadable("status"))? {
        "won" | "warning_closed" | "prevented" => DisputeState::Won,
        "lost" => DisputeState::Lost,
        // Those that Stripe may add are not decided, as far as is known here.
        _ => DisputeState::Open,
    };
    let amount_minor = amount(&value["amount"])?;
    Ok(Dispute { id: id(&value["id"])?, state, amount_minor, reason: word(&value["reason"]) })
}

/// A subscription. `None` if it is for nothing of this site's.
pub(super) fn subscription(value: &Value) -> Result<Option<SubscriptionFacts>, StripeError> {
    let Some(purchase) = purchase(value) else { return Ok(None) };
    let state = match value["status"].as_str().ok_or(StripeError::Unreadable("status"))? {
        "active" | "trialing" => SubscriptionState::Active,
        "canceled" | "incomplete_expired" => SubscriptionState::Canceled,
        "incomplete" => SubscriptionState::Incomplete,
        _ => SubscriptionState::PastDue,
    };
    let ends = value["cancel_at_period_end"].as_bool() == Some(true) || value["cancel_at"].is_i64();
    let period_end = moment(&value["current_period_end"])?;
    Ok(Some(SubscriptionFacts { id: id(&value["id"])?, purchase, state, ends, period_end }))
}

/// How a checkout stands, with its subscription written out, and the payment and the bill that are to be asked for.
pub(super) fn checkout(value: &Value) -> Result<(Facts, Option<RemoteId>), StripeError> {
    let Some(purchase) = value["client_reference_id"].as_str().and_then(|id| PurchaseId::from_str(id).ok()) else {
        return Ok((Facts::default(), None));
    };
    let state = match value["status"].as_str() {
        Some("complete") if is_given_up(&value["payment_intent"]) => CheckoutState::Failed,
        Some("complete") => CheckoutState::Complete,
        Some("expired") => CheckoutState::Expired,
        Some("open") => CheckoutState::Open,
        _ => return Err(StripeError::Unreadable("status")),
    };
    let subscribed = value["subscription"].is_object();
    let subscription = if subscribed { subscription(&value["subscription"])? } else { None };
    let charge = optional_id(&value["payment_intent"]["latest_charge"]);
    let charge = charge.or_else(|| optional_id(&value["invoice"]["charge"]));
    Ok((Facts { payment: None, subscription, checkout: Some((purchase, state)) }, charge))
}

/// Whether a payment that was begun is no longer tried: with some ways to pay the bank says so after days.
fn is_given_up(intent: &Value) -> bool {
    matches!(intent["status"].as_str(), Some("requires_payment_method" | "canceled"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const PURCHASED: &str = "0123456789abcdef0123456789abcdef";

    fn charge() -> Value {
        json!({
            "id": "ch_1", "amount": 900, "amount_refunded": 0, "captured": true, "created": 1_700_000_000,
            "currency": "eur", "invoice": null, "metadata": {"purchase": PURCHASED}, "outcome": {"risk_level": "normal"},
            "receipt_url": "https://pay.stripe.com/receipts/x", "review": null, "status": "succeeded",
        })
    }

    fn none() -> Value {
        json!({"data": [], "has_more": false})
    }

    #[test]
    fn a_payment_is_read_with_what_is_said_against_it() {
        let plain = payment(&charge(), &none(), &none()).expect("read").expect("ours");
        assert_eq!(plain.amount.to_string(), "9.00 EUR");
        assert!(plain.is_paid && !plain.is_warned && plain.signals.is_empty() && plain.invoice.is_none());
        let mut risky = charge();
        risky["outcome"] = json!({"risk_level": "elevated", "risk_score": 70});
        risky["review"] = json!({"id": "prv_1", "open": true, "reason": "rule"});
        let disputes = json!({"has_more": false, "data": [
            {"id": "dp_1", "status": "needs_response", "amount": 900, "reason": "fraudulent"},
        ]});
        let warnings = json!({"has_more": false, "data": [{"id": "issfr_1", "fraud_type": "made_with_stolen_card"}]});
        let facts = payment(&risky, &disputes, &warnings).expect("read").expect("ours");
        assert!(facts.is_warned && facts.disputes[0].state == DisputeState::Open);
        let told: Vec<_> = facts.signals.iter().map(|signal| (signal.kind, signal.detail.as_str())).collect();
        assert_eq!(
            told,
            [
                ("dispute", "fraudulent, open"),
                ("early-fraud-warning", "made_with_stolen_card"),
                ("risk", "elevated, 70"),
                ("review", "open, rule"),
            ]
        );
    }

    #[test]
    fn what_is_only_reserved_pending_or_failed_is_not_paid() {
        for (key, value) in [("status", json!("pending")), ("status", json!("failed")), ("captured", json!(false))] {
            let mut charge = charge();
            charge[key] = value;
            assert!(!payment(&charge, &none(), &none()).expect("read").expect("ours").is_paid, "{key}");
        }
    }

    #[test]
    fn a_month_knows_its_purchase_by_its_subscription() {
        let mut month = charge();
        month["metadata"] = json!({});
        assert_eq!(payment(&month, &none(), &none()), Ok(None), "somebody else's");
        month["invoice"] = json!({"id": "in_1", "subscription": {"id": "sub_1", "metadata": {"purchase": PURCHASED}}});
        let facts = payment(&month, &none(), &none()).expect("read").expect("ours");
        assert_eq!((facts.purchase.to_string().as_str(), facts.invoice.is_some()), (PURCHASED, true));
        month["invoice"] = json!({"id": "in_1", "subscription": "sub_1", "subscription_details": {"metadata": {"purchase": PURCHASED}}});
        assert!(payment(&month, &none(), &none()).expect("read").is_some());
    }

    #[test]
    fn an_answer_that_is_not_whole_is_refused_instead_of_guessed_at() {
        for key in ["id", "amount", "amount_refunded", "currency", "created"] {
            let mut charge = charge();
            charge.as_object_mut().expect("an object").remove(key);
            assert!(payment(&charge, &none(), &none()).is_err(), "{key}");
        }
        assert!(payment(&charge(), &json!({"data": [], "has_more": true}), &none()).is_err(), "there is more of it");
        let mut told = charge();
        told["receipt_url"] = json!("javascript:alert(1)");
        assert_eq!(payment(&told, &none(), &none()).expect("read").expect("ours").receipt_url, None);
    }

    #[test]
    fn states_of_subscriptions_and_checkouts_are_read() {
        let of = |status: &str, ends: bool| {
            let value = json!({
                "id": "sub_1", "status": status, "metadata": {"purchase": PURCHASED}, "cancel_at_period_end": ends,
                "current_period_end": 1_700_000_000,
            });
            let facts = subscription(&value).expect("read").expect("ours");
            (facts.state, facts.ends)
        };
        assert_eq!(of("active", true), (SubscriptionState::Active, true));
        assert_eq!(of("past_due", false).0, SubscriptionState::PastDue);
        assert_eq!(of("unpaid", false).0, SubscriptionState::PastDue);
        assert_eq!(of("canceled", false).0, SubscriptionState::Canceled);
        let session = json!({
            "id": "cs_1", "client_reference_id": PURCHASED, "status": "complete", "payment_intent": {"latest_charge": "ch_1"},
        });
        let (facts, charge) = checkout(&session).expect("read");
        assert_eq!(facts.checkout.expect("ours").1, CheckoutState::Complete);
        assert_eq!(charge.expect("paid").as_str(), "ch_1");
        assert_eq!(checkout(&json!({"id": "cs_1", "status": "complete"})).expect("read"), (Facts::default(), None));
        for (status, expected) in [
            ("processing", CheckoutState::Complete),
            ("succeeded", CheckoutState::Complete),
            ("requires_payment_method", CheckoutState::Failed),
            ("canceled", CheckoutState::Failed),
        ] {
            let mut session = session.clone();
            session["payment_intent"] = json!({"status": status, "latest_charge": null});
            assert_eq!(checkout(&session).expect("read").0.checkout.expect("ours").1, expected, "{status}");
            session["status"] = json!("open");
            let open = checkout(&session).expect("read").0.checkout.expect("ours").1;
            assert_eq!(open, CheckoutState::Open, "{status}: another card can be tried");
        }
    }
}
