//! The ledger of credits: what was paid for, what it was spent on, and what may be downloaded.
//!
//! Entries are only ever added; triggers in the database refuse all else. Whose they are is a [`HolderId`], whose link to
//! an account is cut when that is deleted: the ledger stays whole, and nobody's.
//!
//! Not here: purchases and what the payment provider says of them ([`crate::Purchases`]).

use crate::audits;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::row::parsed;
use domain::{
    Access, AccountId, Actor, Adjustment, EntryKind, HolderId, Label, Owner, Position, RemoteId, Timestamp, TrackId,
    Worth,
};
use sqlx::SqliteConnection;
use std::sync::Arc;

/// The ledger of credits.
#[derive(Clone)]
pub struct Credits {
    db: Arc<Db>,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditEntry {
    /// When it was written.
    pub at: Timestamp,
    /// Why.
    pub kind: EntryKind,
    /// How many came, or with a minus went.
    pub credits: i64,
    /// The payment that it is about.
    pub charge: Option<RemoteId>,
    /// The track that it was spent on.
    pub track: Option<TrackId>,
    /// Who gave or took it by hand, and why.
    pub by_hand: Option<(Label, String)>,
}

/// What came of giving or taking credits by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adjusted {
    /// It is done, and in the log; the account stands there now.
    Done(Position),
    /// More would be taken than is there.
    TooFew(Position),
    /// The account does not stand any more as it was seen.
    Moved(Position),
    /// There is no such account.
    NoAccount,
    /// Whoever wanted it is no administrator any more.
    NotAllowed,
}

#[derive(sqlx::FromRow)]
struct EntryRow {
    at: i64,
    kind: String,
    credits: i64,
    charge: Option<String>,
    track_id: Option<String>,
    author: Option<String>,
    reason: Option<String>,
}

impl TryFrom<EntryRow> for CreditEntry {
    type Error = Error;

    fn try_from(row: EntryRow) -> Result<Self> {
        let by_hand =
            row.author.zip(row.reason).map(|(author, reason)| Result::Ok((parsed("author", &author)?, reason)));
        Ok(Self {
            at: Timestamp::from_unix_ms(row.at),
            kind: parsed("kind of entry", &row.kind)?,
            credits: row.credits,
            charge: row.charge.map(|charge| parsed("payment", &charge)).transpose()?,
            track: row.track_id.map(|track| parsed("track id", &track)).transpose()?,
            by_hand: by_hand.transpose()?,
        })
    }
}

impl Credits {
    pub(crate) fn new(db: Arc<Db>) -> Self {
        Self { db }
    }

    /// Where an account stands.
    pub async fn position(&self, account: AccountId) -> Result<Position> {
        let sum = sqlx::query_scalar(
            "SELECT COALESCE(SUM(credit_entry.credits), 0) FROM credit_entry
             JOIN credit_holder ON credit_holder.id = credit_entry.holder_id WHERE credit_holder.account_id = $1",
        )
        .bind(account.to_string())
        .fetch_one(&self.db.reader)
        .await?;
        Ok(Position::of_sum(sum))
    }

    /// What an account's holder may do with a track of theirs. Whether it is theirs is not asked.
    pub async fn access(&self, account: AccountId, track: TrackId) -> Result<Access> {
        // Both in one look, so that no entry comes between.
        let (sum, is_paid): (i64, bool) = sqlx::query_as(
            "SELECT COALESCE(SUM(credit_entry.credits), 0), COALESCE(MAX(credit_entry.track_id = $2), 0)
             FROM credit_entry JOIN credit_holder ON credit_holder.id = credit_entry.holder_id
             WHERE credit_holder.account_id = $1",
        )
        .bind(account.to_string())
        .bind(track.to_string())
        .fetch_one(&self.db.reader)
        .await?;
        Ok(Access::of(Position::of_sum(sum), is_paid))
    }

    /// Spends a credit on a track, once however often it is asked for. `None` if the account has no such track;
    /// otherwise what may be done with it now.
    pub async fn spend(&self, account: AccountId, owner: Owner, track: TrackId) -> Result<Option<Access>> {
        let mut tx = self.db.write().await?;
        let theirs: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM track JOIN session ON session.id = track.session_id
             WHERE track.id = $1 AND session.id = $2 AND session.account_id = $3",
        )
        .bind(track.to_string())
        .bind(owner.session().to_string())
        .bind(account.to_string())
        .fetch_optional(&mut *tx)
        .await?;
        if theirs.is_none() {
            return Ok(None);
        }
        let holder = holder_of(&self.db, &mut tx, account).await?;
        let access = spend(&self.db, &mut tx, holder, track).await?;
        tx.commit().await?;
        Ok(Some(access))
    }

    /// Gives credits by hand, or takes them, and writes a line into the audit log. Never more is taken than is there. With
    /// `seen` only where the account still stands as whoever does it saw it, so that a form that is sent twice counts
    /// once. The reason is kept for as long as the ledger: it is to name nobody.
    pub async fn adjust(
        &self,
        actor: Actor,
        account: AccountId,
        adjustment: &Adjustment,
        seen: Option<Position>,
    ) -> Result<Adjusted> {
        let credits = adjustment.credits();
        let mut tx = self.db.write().await?;
        let action = if credits > 0 { "give-credits" } else { "take-credits" };
        // First the line: it says whether this may be done at all, and goes with the rest where it is not.
        if !audits::record(&self.db, &mut tx, actor, action, Some(account)).await? {
            return Ok(Adjusted::NotAllowed);
        }
        let there: Option<i64> = sqlx::query_scalar("SELECT 1 FROM account WHERE id = $1")
            .bind(account.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        if there.is_none() {
            return Ok(Adjusted::NoAccount);
        }
        let holder = holder_of(&self.db, &mut tx, account).await?;
        let before = Position::of_sum(sum_of(&mut tx, holder).await?);
        if seen.is_some_and(|seen| seen != before) {
            return Ok(Adjusted::Moved(before));
        }
        let Some(after) = adjustment.after(before) else { return Ok(Adjusted::TooFew(before)) };
        let author = match actor {
            Actor::CommandLine => "command-line",
            // Which one, the audit log knows, for a year.
            Actor::Admin(_) => "administrator",
        };
        sqlx::query(
            "INSERT INTO credit_entry (at, holder_id, kind, credits, author, reason) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(self.db.now().unix_ms())
        .bind(holder.to_string())
        .bind(EntryKind::Manual.as_str())
        .bind(credits)
        .bind(author)
        .bind(adjustment.reason().as_str())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Adjusted::Done(after))
    }

    /// The latest entries of an account, the newest first.
    pub async fn entries(&self, account: AccountId, most: u32) -> Result<Vec<CreditEntry>> {
        let rows: Vec<EntryRow> = sqlx::query_as(
            "SELECT credit_entry.at, kind, credits, charge, track_id, author, reason FROM credit_entry
             JOIN credit_holder ON credit_holder.id = credit_entry.holder_id
             WHERE credit_holder.account_id = $1 ORDER BY credit_entry.id DESC LIMIT $2",
        )
        .bind(account.to_string())
        .bind(most)
        .fetch_all(&self.db.reader)
        .await?;
        rows.into_iter().map(CreditEntry::try_from).collect()
    }
}

/// The number that stands for an account in the ledger; the first time one is drawn.
pub(crate) async fn holder_of(db: &Db, tx: &mut SqliteConnection, account: AccountId) -> Result<HolderId> {
    sqlx::query("INSERT INTO credit_holder (id, account_id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind(HolderId::draw(db.entropy.as_ref()).to_string())
        .bind(account.to_string())
        .bind(db.now().unix_ms())
        .execute(&mut *tx)
        .await?;
    let id: String = sqlx::query_scalar("SELECT id FROM credit_holder WHERE account_id = $1")
        .bind(account.to_string())
        .fetch_one(&mut *tx)
        .await?;
    parsed("holder id", &id)
}

async fn sum_of(tx: &mut SqliteConnection, holder: HolderId) -> Result<i64> {
    let sum = sqlx::query_scalar("SELECT COALESCE(SUM(credits), 0) FROM credit_entry WHERE holder_id = $1")
        .bind(holder.to_string())
        .fetch_one(&mut *tx)
        .await?;
    Ok(sum)
}

/// Spends a credit on a track, where there is one and it was not done before.
pub(crate) async fn spend(db: &Db, tx: &mut SqliteConnection, holder: HolderId, track: TrackId) -> Result<Access> {
    let sum = sum_of(tx, holder).await?;
    let paid: Option<i64> =
        sqlx::query_scalar("SELECT 1 FROM credit_entry WHERE holder_id = $1 AND track_id = $2 AND kind = 'spent'")
            .bind(holder.to_string())
            .bind(track.to_string())
            .fetch_optional(&mut *tx)
            .await?;
    let access = Access::of(Position::of_sum(sum), paid.is_some());
    if !matches!(access, Access::Payable(_)) {
        return Ok(access);
    }
    sqlx::query("INSERT INTO credit_entry (at, holder_id, kind, credits, track_id) VALUES ($1, $2, $3, -1, $4)")
        .bind(db.now().unix_ms())
        .bind(holder.to_string())
        .bind(EntryKind::Spent.as_str())
        .bind(track.to_string())
        .execute(&mut *tx)
        .await?;
    Ok(Access::Open)
}

/// What the ledger holds for a payment.
pub(crate) async fn written(tx: &mut SqliteConnection, charge: &RemoteId) -> Result<Worth> {
    let sums: Vec<(String, i64)> =
        sqlx::query_as("SELECT kind, SUM(credits) FROM credit_entry WHERE charge = $1 GROUP BY kind")
            .bind(charge.as_str())
            .fetch_all(&mut *tx)
            .await?;
    let mut worth = Worth::default();
    for (kind, sum) in sums {
        let (part, sum) = match parsed("kind of entry", &kind)? {
            EntryKind::Payment | EntryKind::Period => (&mut worth.given, sum),
            EntryKind::Refund => (&mut worth.refunded, -sum),
            EntryKind::Dispute => (&mut worth.lost, -sum),
            EntryKind::Hold => (&mut worth.held, -sum),
            EntryKind::Spent | EntryKind::Manual => continue,
        };
        *part = sum.try_into().map_err(|source| Error::Corrupt { what: "sum of credits", source: Box::new(source) })?;
    }
    Ok(worth)
}

/// Writes what a payment is worth by now, as entries for what changed. Gives whether credits came that had not before.
pub(crate) async fn settle(
    db: &Db,
    tx: &mut SqliteConnection,
    holder: HolderId,
    charge: &RemoteId,
    worth: Worth,
    is_period: bool,
) -> Result<bool> {
    let before = written(tx, charge).await?;
    for (kind, credits) in worth.entries_since(before, is_period) {
        sqlx::query("INSERT INTO credit_entry (at, holder_id, kind, credits, charge) VALUES ($1, $2, $3, $4, $5)")
            .bind(db.now().unix_ms())
            .bind(holder.to_string())
            .bind(kind.as_str())
            .bind(credits)
            .bind(charge.as_str())
            .execute(&mut *tx)
            .await?;
    }
    Ok(before.given == 0 && worth.given > 0)
}
