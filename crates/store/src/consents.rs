//! The ledger of consent decisions: what was decided, when, and about which texts. Not by whom.
//!
//! A row is evidence that the question was asked and how it was answered. It has no identifier of the visitor; for the
//! holder of an account it has a link to it, which is cut when the account is deleted.

use crate::db::Db;
use crate::error::{Error, Result};
use crate::row::{number, parsed};
use domain::{AccountId, Label, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// The ledger of consent decisions.
#[derive(Clone)]
pub struct Consents {
    db: Arc<Db>,
}

/// One decision, to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentDecision {
    /// The policy's version that was decided on.
    pub policy_version: u16,
    /// The choice on the first layer, such as `accept-all`.
    pub choice: Label,
    /// Whether the browser sent `DNT: 1`.
    pub dnt: bool,
    /// Whether the browser sent `Sec-GPC: 1`.
    pub gpc: bool,
    /// SHA-256 of the texts that were shown, as hexadecimal digits.
    pub texts_hash: String,
    /// The decision in full, JSON, at most [`Consents::MAX_RECORD_BYTES`].
    pub record: String,
    /// Whose it is, where it was made by somebody who was signed in.
    pub account: Option<AccountId>,
}

/// How many decided in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChoiceCount {
    /// The choice on the first layer.
    pub choice: Label,
    /// How many decisions.
    pub decisions: u64,
    /// How many of these came from browsers that ask not to be measured.
    pub under_signal: u64,
}

impl Consents {
    /// Longest record, bytes.
    pub const MAX_RECORD_BYTES: usize = 16 << 10;
    /// More decisions than this in a day are a flood, which is not to fill the disk.
    pub const MAX_PER_DAY: u64 = 50_000;

    pub(crate) fn new(db: Arc<Db>) -> Self {
        Self { db }
    }

    /// Records a decision. [`Error::TooMany`] once there are [`Self::MAX_PER_DAY`] within 24 hours.
    pub async fn record(&self, decision: &ConsentDecision) -> Result<()> {
        if decision.record.len().max(decision.texts_hash.len()) > Self::MAX_RECORD_BYTES {
            return Err(Error::TooLarge { max_bytes: Self::MAX_RECORD_BYTES as u64 });
        }
        let now = self.db.now();
        let mut tx = self.db.write().await?;
        // Ids grow with time, so that two look-ups count a day's rows.
        let in_a_day: i64 = sqlx::query_scalar(
            "SELECT COALESCE(1 + (SELECT MAX(id) FROM consent_decision)
                               - (SELECT id FROM consent_decision WHERE at > $1 ORDER BY at, id LIMIT 1), 0)",
        )
        .bind((now - Duration::from_hours(24)).unix_ms())
        .fetch_one(&mut *tx)
        .await?;
        if in_a_day >= Self::MAX_PER_DAY.cast_signed() {
            return Err(Error::TooMany { what: "consent decisions", max_per_day: Self::MAX_PER_DAY });
        }
        sqlx::query(
            "INSERT INTO consent_decision (at, policy_version, choice, dnt, gpc, texts_hash, record, account_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(now.unix_ms())
        .bind(i64::from(decision.policy_version))
        .bind(decision.choice.as_str())
        .bind(decision.dnt)
        .bind(decision.gpc)
        .bind(&decision.texts_hash)
        .bind(&decision.record)
        .bind(decision.account.map(|account| account.to_string()))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Cuts the link between an account and its decisions, which stay. Returns how many there were.
    pub async fn unlink_account(&self, account: AccountId) -> Result<u64> {
        let mut tx = self.db.write().await?;
        let unlinked = sqlx::query("UPDATE consent_decision SET account_id = NULL WHERE account_id = $1")
            .bind(account.to_string())
            .execute(&mut *tx)
            .await?
            .rows_affected();
        tx.commit().await?;
        Ok(unlinked)
    }

    /// The decisions of an account's holder, the latest first: when, and the decision in full.
    pub async fn of_account(&self, account: AccountId) -> Result<Vec<(Timestamp, String)>> {
        let rows: Vec<(i64, String)> =
            sqlx::query_as("SELECT at, record FROM consent_decision WHERE account_id = $1 ORDER BY id DESC LIMIT 1000")
                .bind(account.to_string())
                .fetch_all(&self.db.reader)
                .await?;
        Ok(rows.into_iter().map(|(at, record)| (Timestamp::from_unix_ms(at), record)).collect())
    }

    /// How many decisions are on record.
    pub async fn count(&self) -> Result<u64> {
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM consent_decision").fetch_one(&self.db.reader).await?;
        number("count", count)
    }

    /// How many decided how within the last `span`, the most frequent choice first.
    pub async fn by_choice(&self, span: Duration) -> Result<Vec<ChoiceCount>> {
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(
            "SELECT choice, COUNT(*), SUM(dnt OR gpc) FROM consent_decision WHERE at > $1
             GROUP BY choice ORDER BY COUNT(*) DESC, choice",
        )
        .bind((self.db.now() - span).unix_ms())
        .fetch_all(&self.db.reader)
        .await?;
        rows.into_iter()
            .map(|(choice, decisions, under_signal)| {
                Ok(ChoiceCount {
                    choice: parsed("choice", &choice)?,
                    decisions: number("count", decisions)?,
                    under_signal: number("count", under_signal)?,
                })
            })
            .collect()
    }
}
