//! Administering accounts: who may, what there is to see, and doing it. What is done and its line in the audit log are
//! one transaction, in which it is also looked whether whoever does it still may.
//!
//! Not here: an account's music. An administrator sees how many tracks there are and how large, and nothing of them.

use crate::accounts::{AccountRow, insert, remove, set_disabled};
use crate::audits;
use crate::blobs::Blobs;
use crate::db::Db;
use crate::error::Result;
use crate::factors;
use crate::row::number;
use crate::tracks::held;
use crate::{Accounts, Held};
use domain::{Account, AccountId, Act, Actor, AddressHash, AdminId, Email, PersonName, Timestamp};
use sqlx::SqliteConnection;
use std::sync::Arc;

/// Who may administer accounts, and doing it.
#[derive(Clone)]
pub struct Admins {
    db: Arc<Db>,
    accounts: Accounts,
}

/// What came of something that an administrator wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// It is done, and in the log.
    Done,
    /// It was so before; the log says nothing of it.
    Already,
    /// There is no such account.
    NoAccount,
    /// Whoever wanted it is no administrator any more.
    NotAllowed,
    /// The last administrator would be gone, and nobody could make another on the site.
    LastAdmin,
    /// Nobody closes or deletes their own account by way of administering it.
    Oneself,
}

/// What an administrator sees of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// Who it is.
    pub account: Account,
    /// Since when they administer accounts.
    pub admin_since: Option<Timestamp>,
    /// When somebody last signed in to it, as far as that is still known.
    pub last_sign_in: Option<Timestamp>,
    /// Browsers that are signed in to it.
    pub sessions: u64,
    /// What is kept for it.
    pub held: Held,
}

/// Some of many accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// These, the latest first.
    pub accounts: Vec<Overview>,
    /// How many there are in all that were asked for.
    pub total: u64,
}

#[derive(sqlx::FromRow)]
struct Row {
    admin_since: Option<i64>,
    signed_in_at: Option<i64>,
    sessions: i64,
    shelf: String,
    #[sqlx(flatten)]
    account: AccountRow,
}

/// What is asked of an account, with the rest of the question; `$1` is now.
macro_rules! overview {
    ($rest:literal) => {
        concat!(
            "SELECT account.id, account.email, account.name, account.created_at, account.disabled_at,
                    administrator.since AS admin_since, session.id AS shelf,
                    (SELECT MAX(created_at) FROM sign_in WHERE account_id = account.id) AS signed_in_at,
                    (SELECT COUNT(*) FROM sign_in WHERE account_id = account.id AND idle_after > $1) AS sessions
             FROM account JOIN session ON session.account_id = account.id
             LEFT JOIN administrator ON administrator.account_id = account.id AND administrator.until IS NULL ",
            $rest
        )
    };
}

impl Admins {
    pub(crate) fn new(db: Arc<Db>, blobs: Blobs) -> Self {
        Self { accounts: Accounts::new(Arc::clone(&db), blobs), db }
    }

    /// Whether somebody may administer accounts now.
    pub async fn is(&self, account: AccountId) -> Result<bool> {
        let found: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM administrator JOIN account ON account.id = administrator.account_id
             WHERE account.id = $1 AND account.disabled_at IS NULL AND administrator.until IS NULL",
        )
        .bind(account.to_string())
        .fetch_optional(&self.db.reader)
        .await?;
        Ok(found.is_some())
    }

    /// What there is to see of one account.
    pub async fn find(&self, account: AccountId) -> Result<Option<Overview>> {
        let row: Option<Row> = sqlx::query_as(overview!("WHERE account.id = $2"))
            .bind(self.db.now().unix_ms())
            .bind(account.to_string())
            .fetch_optional(&self.db.reader)
            .await?;
        match row {
            Some(row) => Ok(Some(self.overview(row).await?)),
            None => Ok(None),
        }
    }

    /// The accounts whose address or name holds a text (or whose id it is), the latest first: `most` of them, without the
    /// first `skipped`. An empty text finds all.
    pub async fn search(&self, text: &str, most: u32, skipped: u64) -> Result<Page> {
        let text = text.trim();
        let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        let pattern = format!("%{escaped}%");
        let total: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM account WHERE email LIKE $1 ESCAPE '\\' OR name LIKE $1 ESCAPE '\\' OR id = $2",
        )
        .bind(&pattern)
        .bind(text)
        .fetch_one(&self.db.reader)
        .await?;
        let rows: Vec<Row> = sqlx::query_as(overview!(
            "WHERE account.email LIKE $2 ESCAPE '\\' OR account.name LIKE $2 ESCAPE '\\' OR account.id = $3
             ORDER BY account.created_at DESC, account.id LIMIT $4 OFFSET $5"
        ))
        .bind(self.db.now().unix_ms())
        .bind(&pattern)
        .bind(text)
        .bind(most)
        .bind(i64::try_from(skipped).unwrap_or(i64::MAX))
        .fetch_all(&self.db.reader)
        .await?;
        let mut accounts = Vec::with_capacity(rows.len());
        for row in rows {
            accounts.push(self.overview(row).await?);
        }
        Ok(Page { accounts, total: number("count", total)? })
    }

    async fn overview(&self, row: Row) -> Result<Overview> {
        let account = Account::try_from(row.account)?;
        let attempt: Option<i64> =
            sqlx::query_scalar("SELECT MAX(at) FROM sign_in_attempt WHERE address = $1 AND succeeded = 1")
                .bind(AddressHash::of(&account.email).to_string())
                .fetch_one(&self.db.reader)
                .await?;
        let mut connection = self.db.reader.acquire().await?;
        Ok(Overview {
            admin_since: row.admin_since.map(Timestamp::from_unix_ms),
            last_sign_in: row.signed_in_at.max(attempt).map(Timestamp::from_unix_ms),
            sessions: number("count", row.sessions)?,
            held: held(&mut connection, &row.shelf).await?,
            account,
        })
    }

    /// Makes an account for an address, with a password whose hash this is. `None` if the address has one.
    pub async fn create(
        &self,
        actor: Actor,
        email: &Email,
        name: &PersonName,
        password_hash: &str,
    ) -> Result<Option<Account>> {
        let mut tx = self.db.write().await?;
        let Some(account) = insert(&self.db, &mut tx, email, name, password_hash).await? else { return Ok(None) };
        if !audits::record(&self.db, &mut tx, actor, "create", Some(account.id)).await? {
            return Ok(None);
        }
        tx.commit().await?;
        Ok(Some(account))
    }

    /// Does something with an account, and writes it down.
    pub async fn change(&self, actor: Actor, act: Act, id: AccountId) -> Result<Changed> {
        let mut tx = self.db.write().await?;
        let found: Option<(Option<i64>, Option<i64>)> = sqlx::query_as(
            "SELECT account.disabled_at, administrator.since FROM account
             LEFT JOIN administrator ON administrator.account_id = account.id AND administrator.until IS NULL
             WHERE account.id = $1",
        )
        .bind(id.to_string())
        .fetch_optional(&mut *tx)
        .await?;
        let Some((disabled_at, admin_since)) = found else { return Ok(Changed::NoAccount) };
        // First the line: it needs the account that may be gone afterwards, and says whether this may be done at all.
        if !audits::record(&self.db, &mut tx, actor, act.as_str(), Some(id)).await? {
            return Ok(Changed::NotAllowed);
        }
        let is_oneself = actor == Actor::Admin(id);
        let mut gone = None;
        match act {
            Act::Disable | Act::Delete if is_oneself => return Ok(Changed::Oneself),
            Act::RemoveAdmin if is_oneself && !others_remain(&mut tx, id).await? => return Ok(Changed::LastAdmin),
            Act::Disable if disabled_at.is_some() => return Ok(Changed::Already),
            Act::Enable if disabled_at.is_none() => return Ok(Changed::Already),
            Act::MakeAdmin if admin_since.is_some() => return Ok(Changed::Already),
            Act::RemoveAdmin if admin_since.is_none() => return Ok(Changed::Already),
            Act::Disable | Act::Enable => {
                set_disabled(&self.db, &mut tx, id, act == Act::Disable).await?;
            }
            Act::EndSessions => {
                sqlx::query("DELETE FROM sign_in WHERE account_id = $1").bind(id.to_string()).execute(&mut *tx).await?;
            }
            Act::RemoveFactors => {
                if !factors::remove_all(&mut tx, id).await? {
                    return Ok(Changed::Already);
                }
            }
            Act::MakeAdmin => self.grant(&mut tx, id).await?,
            Act::RemoveAdmin => {
                sqlx::query("UPDATE administrator SET until = $1 WHERE account_id = $2 AND until IS NULL")
                    .bind(self.db.now().unix_ms())
                    .bind(id.to_string())
                    .execute(&mut *tx)
                    .await?;
            }
            Act::Delete => gone = remove(&mut tx, id, self.db.now()).await?,
        }
        tx.commit().await?;
        if let Some(gone) = gone {
            self.accounts.forget(&gone).await?;
        }
        Ok(Changed::Done)
    }

    async fn grant(&self, tx: &mut SqliteConnection, id: AccountId) -> Result<()> {
        sqlx::query("INSERT INTO administrator (id, account_id, since) VALUES ($1, $2, $3)")
            .bind(AdminId::draw(self.db.entropy.as_ref()).to_string())
            .bind(id.to_string())
            .bind(self.db.now().unix_ms())
            .execute(tx)
            .await?;
        Ok(())
    }
}

/// Whether there is another administrator who can sign in.
async fn others_remain(tx: &mut SqliteConnection, id: AccountId) -> Result<bool> {
    let other: Option<i64> = sqlx::query_scalar(
        "SELECT 1 FROM administrator JOIN account ON account.id = administrator.account_id
         WHERE account.id <> $1 AND account.disabled_at IS NULL AND administrator.until IS NULL LIMIT 1",
    )
    .bind(id.to_string())
    .fetch_optional(tx)
    .await?;
    Ok(other.is_some())
}
