//! Receipts and the ledger.

use crate::common::{GPC, NOW, SITE, day, key, visitor};
use cookie_policy::{BadReceipt, Key, LedgerEntry, Receipt, Record, TextsHash, Told};

fn record() -> Record {
    let consent = visitor(None, GPC);
    let decided = consent.with(consent.selective(["theme-mode", "_ga"], Told::OfSignal).ok());
    Record::of(&decided, TextsHash::of(["We store little.", "Accept all", "Block all"])).unwrap()
}

fn receipt() -> Receipt {
    Receipt::sign(record(), "Balanced Mastering", day(0), &key()).unwrap()
}

#[test]
fn a_receipt_says_what_was_decided_and_verifies_as_downloaded() {
    let json = receipt().to_json().unwrap();
    assert_eq!(Receipt::verify(&json, &key()).unwrap(), receipt());
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let signed = &value["signed"];
    assert_eq!(signed["date"], "2026-02-03");
    assert_eq!(signed["policy_hash"], SITE.hash());
    assert_eq!(signed["choice"], "selective");
    assert_eq!(signed["signal"]["gpc"], true);
    let ga = signed["items"].as_array().unwrap().iter().find(|item| item["name"] == "_ga").unwrap();
    assert_eq!(ga["standing"], "agreed");
    assert_eq!(ga["why"], "named-despite-signal");
}

#[test]
fn a_receipt_that_was_changed_in_any_way_is_refused() {
    let json = receipt().to_json().unwrap();
    for (from, to) in [
        ("2026-02-03", "2026-02-04"),
        ("\"agreed\"", "\"withheld\""),
        ("theme-mode", "theme-mood"),
        ("\"choice\"", "\"note\": \"and more\", \"choice\""),
        ("\"gpc\": true", "\"gpc\": false"),
    ] {
        let changed = json.replacen(from, to, 1);
        assert_ne!(changed, json, "{from}");
        assert!(Receipt::verify(&changed, &key()).is_err(), "{from}");
    }
    let other = Key::new(&[9; 32]).unwrap();
    assert!(matches!(Receipt::verify(&json, &other), Err(BadReceipt::Forged)));
    assert!(matches!(Receipt::verify("{}", &key()), Err(BadReceipt::Unreadable(_))));
    let compact = serde_json::to_string(&receipt()).unwrap();
    assert!(Receipt::verify(&compact, &key()).is_ok(), "spaces do not matter");
}

#[test]
fn a_receipt_does_not_tell_two_visitors_apart() {
    assert_eq!(receipt().to_json().unwrap(), receipt().to_json().unwrap());
}

#[test]
fn a_decision_cookie_is_no_receipt_though_one_key_signs_both() {
    let mut forged = receipt();
    let cookie = visitor(None, GPC).accept_all().to_cookie_value(&key());
    forged.signature = cookie.rsplit('.').next().unwrap().to_owned();
    assert!(matches!(Receipt::verify(&forged.to_json().unwrap(), &key()), Err(BadReceipt::Forged)));
}

#[test]
fn a_ledger_entry_keeps_the_moment_and_reads_back() {
    let entry = LedgerEntry { at: NOW, record: record() };
    let json = serde_json::to_string(&entry).unwrap();
    assert!(json.contains(r#""at":"2026-02-03T10:20:30Z""#), "{json}");
    assert_eq!(serde_json::from_str::<LedgerEntry>(&json).unwrap(), entry);
    assert!(Record::of(&visitor(None, GPC), TextsHash::of([])).is_none(), "no decision, no record");
}

#[test]
fn the_hash_of_the_texts_tells_where_one_ends() {
    assert_ne!(TextsHash::of(["ab", "c"]), TextsHash::of(["a", "bc"]));
    assert_eq!(TextsHash::of(["ab", "c"]).as_str().len(), 64);
}

#[test]
fn the_key_is_long_enough_and_shows_nowhere() {
    assert_eq!(Key::new(&[0; 31]).unwrap_err().found, 31);
    assert_eq!(format!("{:?}", key()), "Key(..)");
}
