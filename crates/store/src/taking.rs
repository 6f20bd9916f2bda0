//! What the payment provider says, taken over with what follows from it in the ledger: one transaction, and once for each
//! word.
//!
//! Not here: the purchases themselves ([`crate::purchases`]), and what a payment is worth (`domain::Worth`).

use crate::credits;
use crate::db::Db;
use crate::error::Result;
use crate::mails::{self, NewMail};
use crate::purchases::{Purchase, PurchaseRow, Purchases, purchase_columns};
use crate::row::parsed;
use domain::{
    CheckoutState, DisputeState, Facts, PaymentFacts, PurchaseId, RemoteEvent, RemoteId, SubscriptionFacts, Worth,
};
use sqlx::SqliteConnection;

impl Purchases {
    /// Takes over what the provider says, with what follows from it, and with the word that it came with: all or
    /// nothing, and nothing if the word was heeded before. `letter` is sent where credits come by it, or where it turns out
    /// that none will. Gives whether credits came.
    pub async fn apply(&self, event: Option<&RemoteEvent>, facts: &Facts, letter: Option<&NewMail>) -> Result<bool> {
        let now = self.db.now();
        let mut tx = self.db.write().await?;
        if let Some(event) = event {
            let is_new =
                sqlx::query("INSERT INTO remote_event (id, kind, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
                    .bind(event.id.as_str())
                    .bind(&event.kind)
                    .bind(now.unix_ms())
                    .execute(&mut *tx)
                    .await?
                    .rows_affected();
            if is_new == 0 {
                return Ok(false);
            }
        }
        let mut is_news = false;
        if let Some((purchase, state)) = facts.checkout {
            is_news = checkout(&mut tx, purchase, state).await? && state == CheckoutState::Failed;
        }
        if let Some(subscription) = &facts.subscription {
            subscribe(&mut tx, subscription).await?;
        }
        let mut came = false;
        if let Some(payment) = &facts.payment {
            came = pay(&self.db, &mut tx, payment).await?;
        }
        is_news |= came;
        if is_news && let Some(letter) = letter {
            mails::insert_anyhow(&mut tx, letter, now).await?;
        }
        tx.commit().await?;
        if is_news {
            self.db.hub.mail.notify_one();
        }
        Ok(came)
    }

    /// Somebody looked at a warning of fraud and found nothing in it: the payment's credits are free again, unless a
    /// dispute is open. `false` if there is no such payment.
    pub async fn clear_warning(&self, charge: &RemoteId) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let row: Option<(String, Option<String>)> = sqlx::query_as(
            "UPDATE payment SET cleared = 1 WHERE charge = $1
             RETURNING (SELECT holder_id FROM purchase WHERE purchase.id = purchase_id), disputed",
        )
        .bind(charge.as_str())
        .fetch_optional(&mut *tx)
        .await?;
        let Some((holder, disputed)) = row else { return Ok(false) };
        if disputed.as_deref() != Some(DisputeState::Open.as_str()) {
            let worth = Worth { held: 0, ..credits::written(&mut tx, charge).await? };
            credits::settle(&self.db, &mut tx, parsed("holder id", &holder)?, charge, worth, false).await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}

/// Takes over how a checkout stands. Gives whether it stood otherwise before.
pub(crate) async fn checkout(tx: &mut SqliteConnection, purchase: PurchaseId, state: CheckoutState) -> Result<bool> {
    // Who paid has paid, whatever was thought of it before; and what is over is not opened again.
    let changed = sqlx::query(
        "UPDATE purchase SET state = CASE $1 WHEN 'failed' THEN 'complete' ELSE $1 END, failed = ($1 = 'failed'),
                url = CASE WHEN $1 = 'open' THEN url END
         WHERE id = $2 AND ($1 IN ('complete', 'failed') OR state = 'open')
           AND (state <> CASE $1 WHEN 'failed' THEN 'complete' ELSE $1 END OR failed <> ($1 = 'failed'))",
    )
    .bind(state.as_str())
    .bind(purchase.to_string())
    .execute(&mut *tx)
    .await?
    .rows_affected();
    Ok(changed > 0)
}

async fn subscribe(tx: &mut SqliteConnection, facts: &SubscriptionFacts) -> Result<()> {
    // One of another service on the same account of the provider's has no purchase here.
    sqlx::query(
        "INSERT INTO subscription (id, purchase_id, state, ends, period_end)
         SELECT $1, id, $3, $4, $5 FROM purchase WHERE id = $2
         ON CONFLICT (id) DO UPDATE
         SET state = excluded.state, ends = excluded.ends, period_end = excluded.period_end",
    )
    .bind(facts.id.as_str())
    .bind(facts.purchase.to_string())
    .bind(facts.state.as_str())
    .bind(facts.ends)
    .bind(facts.period_end.unix_ms())
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Takes over a payment and settles its worth. Gives whether credits came that had not before.
async fn pay(db: &Db, tx: &mut SqliteConnection, facts: &PaymentFacts) -> Result<bool> {
    let row: Option<PurchaseRow> = sqlx::query_as(concat!(purchase_columns!(), "WHERE purchase.id = $1"))
        .bind(facts.purchase.to_string())
        .fetch_optional(&mut *tx)
        .await?;
    let Some(row) = row else { return Ok(false) };
    let purchase = Purchase::try_from(row)?;
    let is = |state| facts.disputes.iter().any(|dispute| dispute.state == state);
    let disputed = [DisputeState::Open, DisputeState::Lost, DisputeState::Won].into_iter().find(|state| is(*state));
    let is_cleared: bool = sqlx::query_scalar(
        "INSERT INTO payment (charge, purchase_id, invoice, amount_minor, currency, paid, refunded_minor, disputed, warned,
                              receipt_url, invoice_url, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (charge) DO UPDATE SET paid = excluded.paid, refunded_minor = excluded.refunded_minor,
             disputed = excluded.disputed, warned = excluded.warned, receipt_url = excluded.receipt_url,
             invoice_url = excluded.invoice_url
         RETURNING cleared",
    )
    .bind(facts.charge.as_str())
    .bind(facts.purchase.to_string())
    .bind(facts.invoice.as_ref().map(RemoteId::as_str))
    .bind(facts.amount.minor.cast_signed())
    .bind(facts.amount.currency.as_str())
    .bind(facts.is_paid)
    .bind(facts.refunded_minor.cast_signed())
    .bind(disputed.map(DisputeState::as_str))
    .bind(facts.is_warned)
    // Receipts and bills name a person: of one whose account is deleted none is kept.
    .bind(facts.receipt_url.as_ref().filter(|_| purchase.account.is_some()))
    .bind(facts.invoice_url.as_ref().filter(|_| purchase.account.is_some()))
    .bind(facts.at.unix_ms())
    .fetch_one(&mut *tx)
    .await?;
    for signal in &facts.signals {
        sqlx::query(
            "INSERT INTO fraud_signal (id, kind, charge, detail, at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (id, kind) DO UPDATE SET detail = excluded.detail",
        )
        .bind(signal.id.as_str())
        .bind(signal.kind)
        .bind(facts.charge.as_str())
        .bind(&signal.detail)
        .bind(db.now().unix_ms())
        .execute(&mut *tx)
        .await?;
    }
    if facts.is_paid && !purchase.promise.is_kept_by(facts.amount) {
        // Nothing is given for it, and somebody is to look.
        sqlx::query(
            "INSERT INTO fraud_signal (id, kind, charge, detail, at) VALUES ($1, 'amount', $1, $2, $3)
             ON CONFLICT (id, kind) DO NOTHING",
        )
        .bind(facts.charge.as_str())
        .bind(format!("{} instead of {}", facts.amount, purchase.promise.price))
        .bind(db.now().unix_ms())
        .execute(&mut *tx)
        .await?;
    }
    let worth = Worth::of(purchase.promise, facts, is_cleared);
    let is_period = facts.invoice.is_some();
    let came = credits::settle(db, tx, purchase.holder, &facts.charge, worth, is_period).await?;
    if facts.is_paid {
        checkout(tx, purchase.id, CheckoutState::Complete).await?;
    }
    // Whoever came from a track wants that one.
    if came && let (Some(track), Some(account)) = (purchase.track, purchase.account) {
        let theirs: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM track JOIN session ON session.id = track.session_id
             WHERE track.id = $1 AND session.account_id = $2",
        )
        .bind(track.to_string())
        .bind(account.to_string())
        .fetch_optional(&mut *tx)
        .await?;
        let is_first: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM payment WHERE purchase_id = $1 AND paid")
            .bind(purchase.id.to_string())
            .fetch_one(&mut *tx)
            .await?;
        // The months after the first one are for whatever comes.
        if theirs.is_some() && is_first == 1 {
            credits::spend(db, tx, purchase.holder, track).await?;
        }
    }
    Ok(came)
}
