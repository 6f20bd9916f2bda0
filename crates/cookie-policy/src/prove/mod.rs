//! Evidence of a decision: a signed receipt for the visitor, a plain record for the site's ledger.
//!
//! Nothing here says who decided. A site that keeps records beside its accounts makes, and cuts, that link itself.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use time::{Date, OffsetDateTime};

use crate::decide::{Choice, Consent, Signal, Standing};
use crate::declare::{Kind, hex};
use crate::key::{Key, Use, from_base64, to_base64};

/// A fingerprint of the texts that the visitor was shown, so that it can be told later what they agreed to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TextsHash(String);

impl TextsHash {
    /// SHA-256 over the texts in the order in which they were shown. Each one counts with its length, so that words
    /// cannot move from one text to the next unnoticed.
    pub fn of<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let mut hash = Sha256::new();
        for text in texts {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        }
        Self(hex(&hash.finalize()))
    }

    /// 64 lower-case hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What held for one item after the decision.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RecordItem {
    /// The item's name.
    pub name: String,
    /// Where it is kept.
    pub kind: Kind,
    /// Whether it may be stored, and why.
    #[serde(flatten)]
    pub standing: Standing,
}

/// A decision in full, as receipt and ledger hold it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Record {
    /// The policy's version that the visitor saw.
    pub policy_version: u16,
    /// [`Registry::hash`](crate::Registry::hash) of that policy.
    pub policy_hash: String,
    /// The choice on the first layer.
    pub choice: Choice,
    /// What the browser said.
    pub signal: Signal,
    /// Every declared item.
    pub items: Vec<RecordItem>,
    /// The texts that were shown.
    pub texts_hash: TextsHash,
}

impl Record {
    /// Records the decision that `consent` holds; `None` without one.
    pub fn of(consent: &Consent, texts_hash: TextsHash) -> Option<Self> {
        let decision = consent.decision()?;
        let items = consent.registry().items().iter().map(|item| RecordItem {
            name: item.name.to_owned(),
            kind: item.kind,
            standing: consent.standing(item),
        });
        Some(Self {
            policy_version: decision.policy_version(),
            policy_hash: consent.registry().hash(),
            choice: decision.choice(),
            signal: consent.signal(),
            items: items.collect(),
            texts_hash,
        })
    }
}

/// A line of the site's ledger. Storing it is the site's business.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// When it was decided.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What was decided.
    #[serde(flatten)]
    pub record: Record,
}

/// A decision with the site's signature, for the visitor to keep. It is dated to the day and has no identifier.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// What is signed.
    pub signed: Signed,
    /// HMAC-SHA256 by the site's key over `signed` as compact JSON, in base64url.
    pub signature: String,
}

/// The signed part of a [`Receipt`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Signed {
    /// The format's version: 1.
    pub format: u16,
    /// The site, as it calls itself.
    pub site: String,
    /// The day on which it was decided, in UTC.
    pub date: Date,
    /// What was decided.
    #[serde(flatten)]
    pub record: Record,
}

/// Why a receipt is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum BadReceipt {
    /// It is not a receipt.
    #[error("this is not a receipt in JSON; pass the file as it was downloaded")]
    Unreadable(#[source] serde_json::Error),
    /// It was not made by this site, or was changed.
    #[error("the signature is not this site's for this text: it was changed, or signed with another key")]
    Forged,
}

impl Receipt {
    /// Signs a record.
    ///
    /// # Errors
    /// None that a record can cause; `serde_json` has it in its signature.
    pub fn sign(record: Record, site: &str, date: Date, key: &Key) -> Result<Self, serde_json::Error> {
        let signed = Signed { format: 1, site: site.to_owned(), date, record };
        let signature = to_base64(&key.sign(Use::Receipt, &serde_json::to_vec(&signed)?));
        Ok(Self { signed, signature })
    }

    /// The file that the visitor downloads, indented for people.
    ///
    /// # Errors
    /// None that a receipt can cause; `serde_json` has it in its signature.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }

    /// Reads a receipt and checks its signature. Spaces and line ends may differ; nothing else may.
    ///
    /// # Errors
    /// [`BadReceipt`].
    pub fn verify(json: &str, key: &Key) -> Result<Self, BadReceipt> {
        let receipt: Self = serde_json::from_str(json).map_err(BadReceipt::Unreadable)?;
        // A line that was added by hand is not in `receipt`, so that its signature alone would not show it.
        let whole: serde_json::Value = serde_json::from_str(json).map_err(BadReceipt::Unreadable)?;
        if serde_json::to_value(&receipt).map_err(BadReceipt::Unreadable)? != whole {
            return Err(BadReceipt::Forged);
        }
        let message = serde_json::to_vec(&receipt.signed).map_err(BadReceipt::Unreadable)?;
        let signature = from_base64(receipt.signature.as_bytes()).ok_or(BadReceipt::Forged)?;
        if key.verify(Use::Receipt, &message, &signature) { Ok(receipt) } else { Err(BadReceipt::Forged) }
    }
}
