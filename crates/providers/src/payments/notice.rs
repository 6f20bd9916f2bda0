//! Words of Stripe's: whether one is genuine, and what it is about.
//!
//! A signature is `t=<seconds>,v1=<HMAC-SHA256 of "<seconds>.<body>">`, with several `v1` while a secret is changed. One that
//! is older than five minutes is nobody's: whoever recorded it may be sending it again.

use std::time::Duration;

use domain::{RemoteEvent, RemoteId, Timestamp};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// How old a signature may be, and how far ahead the sender's clock.
pub(super) const TOLERANCE: Duration = Duration::from_mins(5);
/// Signatures that are looked at; there are two while a secret is changed.
const MOST_SIGNATURES: usize = 8;

/// Something that happened at Stripe's, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What happened.
    pub event: RemoteEvent,
    /// What is to be asked for.
    pub about: About,
}

/// What a word is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A payment.
    Charge(RemoteId),
    /// A checkout.
    Checkout(RemoteId),
    /// A bill.
    Invoice(RemoteId),
    /// A subscription.
    Subscription(RemoteId),
    /// Nothing that matters here.
    Nothing,
}

/// The word is not to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    /// No signature, or none that can be read.
    #[error("expected a signature `t=..,v1=..`")]
    Unsigned,
    /// Signed too long ago, or in the future.
    #[error("expected a signature of the last {} minutes", TOLERANCE.as_secs() / 60)]
    Stale,
    /// Signed by somebody else, or changed since.
    #[error("the signature is not that of this endpoint's secret: is stripe_webhook_secret the right one?")]
    Wrong,
    /// Genuine, and no event.
    #[error("expected an event of Stripe's")]
    NoEvent,
}

/// Whether a body is what somebody who knows the secret signed lately.
pub(super) fn verify(secret: &str, header: &str, body: &[u8], now: Timestamp) -> Result<(), Forged> {
    let (mut time, mut signatures) = (None, Vec::new());
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", seconds)) if time.is_none() => time = Some(seconds),
            Some(("v1", signature)) if signatures.len() < MOST_SIGNATURES => signatures.push(signature),
            _ => {}
        }
    }
    let time = time.ok_or(Forged::Unsigned)?;
    let seconds: i64 = time.parse().map_err(|_| Forged::Unsigned)?;
    if signatures.is_empty() {
        return Err(Forged::Unsigned);
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    let expected = mac.finalize().into_bytes().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    // All are compared, each in constant time.
    let genuine = signatures
        .iter()
        .fold(subtle::Choice::from(0), |any, signature| any | expected.as_bytes().ct_eq(signature.as_bytes()));
    if !bool::from(genuine) {
        return Err(Forged::Wrong);
    }
    let at = Timestamp::from_unix_ms(seconds.saturating_mul(1000));
    if now.since(at) > TOLERANCE || at.since(now) > TOLERANCE {
        return Err(Forged::Stale);
    }
    Ok(())
}

/// An event as Stripe writes it, in whichever version: its names, and the name of what it is about.
pub(super) fn read(event: &Value) -> Option<Notice> {
    let id = event["id"].as_str()?.parse().ok()?;
    let kind = event["type"].as_str().filter(|kind| kind.len() <= 100 && kind.is_ascii())?;
    let at = Timestamp::from_unix_ms(event["created"].as_i64()?.saturating_mul(1000));
    let object = &event["data"]["object"];
    let own = || object["id"].as_str()?.parse::<RemoteId>().ok();
    let charge = || match &object["charge"] {
        Value::String(id) => id.parse::<RemoteId>().ok(),
        expanded => expanded["id"].as_str()?.parse().ok(),
    };
    let is_of = |beginnings: &[&str]| beginnings.iter().any(|beginning| kind.starts_with(beginning));
    let about = if is_of(&["charge.dispute.", "charge.refund.", "refund.", "radar.early_fraud_warning.", "review."]) {
        charge().map(About::Charge)
    } else if is_of(&["charge."]) {
        own().map(About::Charge)
    } else if is_of(&["checkout.session."]) {
        own().map(About::Checkout)
    } else if is_of(&["invoice."]) {
        own().map(About::Invoice)
    } else if is_of(&["customer.subscription."]) {
        own().map(About::Subscription)
    } else {
        None
    };
    let event = RemoteEvent { id, kind: kind.to_owned(), at };
    Some(Notice { event, about: about.unwrap_or(About::Nothing) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const SECRET: &str = "whsec_test_secret";
    const NOW: Timestamp = Timestamp::from_unix_ms(1_700_000_000_000);

    fn signed(secret: &str, seconds: i64, body: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
        mac.update(format!("{seconds}.{body}").as_bytes());
        mac.finalize().into_bytes().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    }

    #[test]
    fn a_signature_as_another_program_makes_it_is_genuine() {
        // `printf '1700000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test_secret`
        let header = format!("t=1700000000,v1={OPENSSL}");
        assert_eq!(verify(SECRET, &header, br#"{"id":"evt_1"}"#, NOW), Ok(()));
    }
    const OPENSSL: &str = "248a374f50f943a28b0f6ab50faf9a7e7e29b710fa26df9fb1618b9bf8ea9c9a";

    #[test]
    fn what_is_changed_old_unsigned_or_signed_by_somebody_else_is_forged() {
        let body = r#"{"id":"evt_1"}"#;
        let at = 1_700_000_000;
        let good = signed(SECRET, at, body);
        let check = |header: &str, body: &str| verify(SECRET, header, body.as_bytes(), NOW);
        assert_eq!(check(&format!("t={at},v1={good}"), body), Ok(()));
        assert_eq!(check(&format!("t={at},v1={},v1={good},v0=x", "0".repeat(64)), body), Ok(()), "secrets are changed");
        assert_eq!(check(&format!("t={at},v1={good}"), r#"{"id":"evt_2"}"#), Err(Forged::Wrong));
        assert_eq!(check(&format!("t={},v1={good}", at + 1), body), Err(Forged::Wrong), "the time is signed, too");
        assert_eq!(check(&format!("t={at},v1={}", signed("whsec_other", at, body)), body), Err(Forged::Wrong));
        assert_eq!(check(&format!("t={at},v0={good}"), body), Err(Forged::Unsigned), "no other scheme counts");
        for header in ["", "v1=x", "t=,v1=x", "t=now,v1=x", "t=1700000000", ",,,", "t=1=2,v1"] {
            assert_eq!(check(header, body), Err(Forged::Unsigned), "{header}");
        }
        for (seconds, answer) in [
            (at - 300, Ok(())),
            (at - 301, Err(Forged::Stale)),
            (at + 300, Ok(())),
            (at + 301, Err(Forged::Stale)),
            (i64::MAX, Err(Forged::Stale)),
            (i64::MIN, Err(Forged::Stale)),
        ] {
            assert_eq!(check(&format!("t={seconds},v1={}", signed(SECRET, seconds, body)), body), answer, "{seconds}");
        }
    }

    #[test]
    fn an_event_says_what_is_to_be_asked_for() {
        let event = |kind: &str, object: Value| {
            let notice = read(&json!({"id": "evt_1", "type": kind, "created": 7, "data": {"object": object}}));
            notice.expect("an event").about
        };
        let id = |text: &str| text.parse().expect("a name");
        let charge = About::Charge(id("ch_1"));
        assert_eq!(event("charge.refunded", json!({"id": "ch_1"})), charge);
        assert_eq!(event("charge.dispute.created", json!({"id": "dp_1", "charge": "ch_1"})), charge);
        assert_eq!(event("refund.failed", json!({"id": "re_1", "charge": {"id": "ch_1"}})), charge);
        assert_eq!(event("radar.early_fraud_warning.created", json!({"id": "issfr_1", "charge": "ch_1"})), charge);
        assert_eq!(event("review.opened", json!({"id": "prv_1", "charge": null})), About::Nothing);
        assert_eq!(event("checkout.session.completed", json!({"id": "cs_1"})), About::Checkout(id("cs_1")));
        assert_eq!(event("invoice.paid", json!({"id": "in_1"})), About::Invoice(id("in_1")));
        assert_eq!(event("customer.subscription.updated", json!({"id": "sub_1"})), About::Subscription(id("sub_1")));
        assert_eq!(event("customer.created", json!({"id": "cus_1"})), About::Nothing);
        assert_eq!(event("charge.refunded", json!({"id": "../v1/accounts"})), About::Nothing);
        for none in [json!(null), json!({"id": "evt_1"}), json!({"id": "evt 1", "type": "x", "created": 1}), json!([])]
        {
            assert_eq!(read(&none), None);
        }
    }

    proptest! {
        #[test]
        fn no_header_and_no_body_makes_it_panic_or_believe(header in ".{0,80}", body in prop::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(verify(SECRET, &header, &body, NOW).is_err());
            if let Ok(value) = serde_json::from_slice::<Value>(&body) {
                let _ = read(&value);
            }
        }
    }
}
