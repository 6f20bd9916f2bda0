//! Notices to all accounts that the policy has changed: one a version, one mail for each account, and where it stopped it
//! goes on.
//!
//! Who gets it: every account that was there when the notice was begun and is not closed. An address that nobody confirmed
//! has no account. Not here: what the mails say, and how fast they follow each other.

use crate::accounts::AccountRow;
use crate::audits;
use crate::db::Db;
use crate::error::Result;
use crate::mails;
use crate::mails::NewMail;
use crate::row::number;
use domain::{Account, AccountId, Actor, Timestamp};
use std::sync::Arc;

/// The notices.
#[derive(Clone)]
pub struct Notices {
    db: Arc<Db>,
}

/// How far a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoticeProgress {
    /// When it was begun.
    pub begun_at: Timestamp,
    /// When the last mail of it was written.
    pub finished_at: Option<Timestamp>,
    /// Accounts whose mail was written.
    pub written: u64,
    /// Of these mails, how many wait to be sent or could not be.
    pub unsent: u64,
    /// Accounts whose turn has not come yet.
    pub left: u64,
}

/// What came of wanting a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noticed {
    /// It is begun.
    Begun,
    /// It was begun before: there is one for each version.
    Already,
    /// Whoever wanted it is no administrator any more.
    NotAllowed,
}

/// Who gets the notice of `$1`, as far as they have not got it.
macro_rules! left {
    ($what:literal) => {
        concat!(
            "SELECT ",
            $what,
            " FROM account JOIN policy_notice ON policy_notice.version = $1
             WHERE account.disabled_at IS NULL AND account.created_at <= policy_notice.begun_at
             AND NOT EXISTS (SELECT 1 FROM policy_notice_to
                             WHERE policy_notice_to.version = $1 AND policy_notice_to.account_id = account.id)"
        )
    };
}

/// What the keys of a notice's mails begin with.
fn key_of(version: u16) -> String {
    format!("policy-{version}-")
}

impl Notices {
    pub(crate) fn new(db: Arc<Db>) -> Self {
        Self { db }
    }

    /// How many accounts a notice would go to that was begun now.
    pub async fn readers(&self) -> Result<u64> {
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM account WHERE disabled_at IS NULL")
            .fetch_one(&self.db.reader)
            .await?;
        number("count", count)
    }

    /// Begins the notice of a version, and writes down who wanted it.
    pub async fn begin(&self, actor: Actor, version: u16) -> Result<Noticed> {
        let mut tx = self.db.write().await?;
        if !audits::record(&self.db, &mut tx, actor, "policy-notice", None).await? {
            return Ok(Noticed::NotAllowed);
        }
        let begun = sqlx::query("INSERT INTO policy_notice (version, begun_at) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(version)
            .bind(self.db.now().unix_ms())
            .execute(&mut *tx)
            .await?
            .rows_affected();
        if begun == 0 {
            return Ok(Noticed::Already);
        }
        tx.commit().await?;
        Ok(Noticed::Begun)
    }

    /// How far the notice of a version is; `None` if it was never begun.
    pub async fn progress(&self, version: u16) -> Result<Option<NoticeProgress>> {
        let row: Option<(i64, Option<i64>)> =
            sqlx::query_as("SELECT begun_at, finished_at FROM policy_notice WHERE version = $1")
                .bind(version)
                .fetch_optional(&self.db.reader)
                .await?;
        let Some((begun_at, finished_at)) = row else { return Ok(None) };
        let written: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM policy_notice_to WHERE version = $1")
            .bind(version)
            .fetch_one(&self.db.reader)
            .await?;
        let left: i64 = sqlx::query_scalar(left!("COUNT(*)")).bind(version).fetch_one(&self.db.reader).await?;
        Ok(Some(NoticeProgress {
            begun_at: Timestamp::from_unix_ms(begun_at),
            finished_at: finished_at.map(Timestamp::from_unix_ms),
            written: number("count", written)?,
            unsent: self.unsent(version).await?,
            left: if finished_at.is_some() { 0 } else { number("count", left)? },
        }))
    }

    /// Which versions' notices went to an account, and when.
    pub async fn of_account(&self, account: AccountId) -> Result<Vec<(u16, Timestamp)>> {
        let rows: Vec<(i64, i64)> =
            sqlx::query_as("SELECT version, at FROM policy_notice_to WHERE account_id = $1 ORDER BY version")
                .bind(account.to_string())
                .fetch_all(&self.db.reader)
                .await?;
        let read = |(version, at)| Ok((number("policy version", version)?, Timestamp::from_unix_ms(at)));
        rows.into_iter().map(read).collect()
    }

    /// How many mails of a notice wait to be sent, or could not be.
    pub async fn unsent(&self, version: u16) -> Result<u64> {
        let key = key_of(version);
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM mail WHERE substr(key, 1, $1) = $2")
            .bind(i64::try_from(key.len()).unwrap_or(i64::MAX))
            .bind(&key)
            .fetch_one(&self.db.reader)
            .await?;
        number("count", count)
    }

    /// The version whose notice is under way, the oldest first.
    pub async fn under_way(&self) -> Result<Option<u16>> {
        let version: Option<i64> =
            sqlx::query_scalar("SELECT version FROM policy_notice WHERE finished_at IS NULL ORDER BY version LIMIT 1")
                .fetch_optional(&self.db.reader)
                .await?;
        version.map(|version| number("policy version", version)).transpose()
    }

    /// Whose turn it is; `None` if all had theirs, and then the notice is finished.
    pub async fn next(&self, version: u16) -> Result<Option<Account>> {
        let row: Option<AccountRow> =
            sqlx::query_as(left!("account.id, account.email, account.name, account.created_at, account.disabled_at"))
                .bind(version)
                .fetch_optional(&self.db.reader)
                .await?;
        if row.is_none() {
            let mut tx = self.db.write().await?;
            sqlx::query("UPDATE policy_notice SET finished_at = $1 WHERE version = $2 AND finished_at IS NULL")
                .bind(self.db.now().unix_ms())
                .bind(version)
                .execute(&mut *tx)
                .await?;
            tx.commit().await?;
        }
        row.map(Account::try_from).transpose()
    }

    /// Queues an account's mail, unless it got it already, or was closed or deleted meanwhile. Its key is this notice's.
    pub async fn write(&self, version: u16, account: &Account, mail: &NewMail) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let written = sqlx::query(
            "INSERT INTO policy_notice_to (version, account_id, at)
             SELECT $1, id, $2 FROM account WHERE id = $3 AND disabled_at IS NULL ON CONFLICT DO NOTHING",
        )
        .bind(version)
        .bind(self.db.now().unix_ms())
        .bind(account.id.to_string())
        .execute(&mut *tx)
        .await?
        .rows_affected();
        if written == 0 {
            return Ok(false);
        }
        let mail = NewMail { key: format!("{}{}", key_of(version), mail.key), ..mail.clone() };
        mails::insert(&self.db, &mut tx, &mail).await?;
        tx.commit().await?;
        self.db.hub.mail.notify_one();
        Ok(true)
    }
}
