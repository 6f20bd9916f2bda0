//! Accounts: made by a confirmed address, ended with all that is theirs.

use crate::blobs::Blobs;
use crate::db::Db;
use crate::error::Result;
use crate::links;
use crate::purchases;
use crate::row::parsed;
use crate::tracks::forget;
use domain::{Account, AccountId, AddressHash, Email, LinkToken, PersonName, Purpose, SessionId, SignInId, Timestamp};
use sqlx::SqliteConnection;
use std::sync::Arc;

/// The accounts.
#[derive(Clone)]
pub struct Accounts {
    db: Arc<Db>,
    blobs: Blobs,
}

/// An account whose address was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The account, with its new address.
    pub account: Account,
    /// The address that it had.
    pub from: Email,
}

#[derive(sqlx::FromRow)]
pub(crate) struct AccountRow {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) created_at: i64,
    pub(crate) disabled_at: Option<i64>,
}

impl TryFrom<AccountRow> for Account {
    type Error = crate::Error;

    fn try_from(row: AccountRow) -> Result<Self> {
        Ok(Self {
            id: parsed("account id", &row.id)?,
            email: parsed("address", &row.email)?,
            name: parsed("name", &row.name)?,
            created_at: Timestamp::from_unix_ms(row.created_at),
            disabled_at: row.disabled_at.map(Timestamp::from_unix_ms),
        })
    }
}

impl Accounts {
    pub(crate) fn new(db: Arc<Db>, blobs: Blobs) -> Self {
        Self { db, blobs }
    }

    /// Makes an account for an address that is known to be its holder's. `None` if the address has one.
    pub async fn add(&self, email: &Email, name: &PersonName, password_hash: &str) -> Result<Option<Account>> {
        let mut tx = self.db.write().await?;
        let account = insert(&self.db, &mut tx, email, name, password_hash).await?;
        tx.commit().await?;
        Ok(account)
    }

    /// Makes an account for the address that a link was sent to, which is used up by it. `None` if the link is no good,
    /// or the address has an account already.
    pub async fn confirm(&self, link: &LinkToken, name: &PersonName, password_hash: &str) -> Result<Option<Account>> {
        let mut tx = self.db.write().await?;
        let Some(link) = links::redeem(&self.db, &mut tx, Purpose::Confirm, link).await? else {
            return Ok(None);
        };
        let account = insert(&self.db, &mut tx, &link.email, name, password_hash).await?;
        tx.commit().await?;
        Ok(account)
    }

    /// One account.
    pub async fn find(&self, id: AccountId) -> Result<Option<Account>> {
        let row: Option<AccountRow> =
            sqlx::query_as("SELECT id, email, name, created_at, disabled_at FROM account WHERE id = $1")
                .bind(id.to_string())
                .fetch_optional(&self.db.reader)
                .await?;
        row.map(Account::try_from).transpose()
    }

    /// The account with this address.
    pub async fn find_by_email(&self, email: &Email) -> Result<Option<Account>> {
        let row: Option<AccountRow> =
            sqlx::query_as("SELECT id, email, name, created_at, disabled_at FROM account WHERE email = $1")
                .bind(email.as_str())
                .fetch_optional(&self.db.reader)
                .await?;
        row.map(Account::try_from).transpose()
    }

    /// The hash of an account's password.
    pub async fn password_hash(&self, id: AccountId) -> Result<Option<String>> {
        let hash = sqlx::query_scalar("SELECT password_hash FROM account WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(&self.db.reader)
            .await?;
        Ok(hash)
    }

    /// The first `most` accounts, the oldest first.
    pub async fn list(&self, most: u32) -> Result<Vec<Account>> {
        let rows: Vec<AccountRow> = sqlx::query_as(
            "SELECT id, email, name, created_at, disabled_at FROM account ORDER BY created_at, id LIMIT $1",
        )
        .bind(most)
        .fetch_all(&self.db.reader)
        .await?;
        rows.into_iter().map(Account::try_from).collect()
    }

    /// Calls the holder otherwise. `false` if there is no such account.
    pub async fn rename(&self, id: AccountId, name: &PersonName) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let renamed = sqlx::query("UPDATE account SET name = $1 WHERE id = $2")
            .bind(name.as_str())
            .bind(id.to_string())
            .execute(&mut *tx)
            .await?
            .rows_affected();
        tx.commit().await?;
        Ok(renamed == 1)
    }

    /// Sets another password and signs all browsers out but `stays`; links that would set one more are void.
    pub async fn set_password(&self, id: AccountId, password_hash: &str, stays: Option<SignInId>) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let changed = set_password(&mut tx, id, password_hash, stays).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Sets another password by way of a link, which is used up, and signs all browsers out. `None` if the link is no
    /// good.
    pub async fn reset_password(&self, link: &LinkToken, password_hash: &str) -> Result<Option<Account>> {
        let mut tx = self.db.write().await?;
        let Some(account) = links::redeem(&self.db, &mut tx, Purpose::Reset, link).await?.and_then(|link| link.account)
        else {
            return Ok(None);
        };
        set_password(&mut tx, account, password_hash, None).await?;
        tx.commit().await?;
        self.find(account).await
    }

    /// Takes the address that a link was sent to for the account's own; links that were sent to the old one are void.
    /// `None` if the link is no good, or the address has an account already.
    pub async fn change_email(&self, link: &LinkToken) -> Result<Option<Moved>> {
        let mut tx = self.db.write().await?;
        let Some(link) = links::redeem(&self.db, &mut tx, Purpose::ChangeEmail, link).await? else {
            return Ok(None);
        };
        let Some(id) = link.account else { return Ok(None) };
        let from: String = sqlx::query_scalar("SELECT email FROM account WHERE id = $1")
            .bind(id.to_string())
            .fetch_one(&mut *tx)
            .await?;
        let moved = sqlx::query(
            "UPDATE account SET email = $1 WHERE id = $2 AND NOT EXISTS (SELECT 1 FROM account WHERE email = $1)",
        )
        .bind(link.email.as_str())
        .bind(id.to_string())
        .execute(&mut *tx)
        .await?
        .rows_affected();
        sqlx::query("DELETE FROM link WHERE account_id = $1").bind(id.to_string()).execute(&mut *tx).await?;
        tx.commit().await?;
        if moved == 0 {
            return Ok(None);
        }
        let from = parsed("address", &from)?;
        Ok(self.find(id).await?.map(|account| Moved { account, from }))
    }

    /// Closes an account to its holder, whose browsers are signed out, or opens it again. `false` if there is none.
    pub async fn set_disabled(&self, id: AccountId, disabled: bool) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let changed = set_disabled(&self.db, &mut tx, id, disabled).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Removes an account and all that is its holder's: tracks with their bytes, signed-in browsers, links, mails that
    /// wait, attempts to sign in. Decisions about cookies and the ledger of credits stay, linked to nobody. `false` if there is no such account.
    pub async fn delete(&self, id: AccountId) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let Some(gone) = remove(&mut tx, id, self.db.now()).await? else { return Ok(false) };
        tx.commit().await?;
        self.forget(&gone).await?;
        Ok(true)
    }

    /// Lets go of what an account left behind that is no more.
    pub(crate) async fn forget(&self, gone: &Gone) -> Result<()> {
        forget(&self.db, &self.blobs, &gone.jobs, &gone.blobs).await
    }
}

/// What rows named that are gone.
pub(crate) struct Gone {
    jobs: Vec<String>,
    blobs: Vec<String>,
}

/// Removes an account within a transaction. `None` if there is none.
pub(crate) async fn remove(tx: &mut SqliteConnection, id: AccountId, now: Timestamp) -> Result<Option<Gone>> {
    let text = id.to_string();
    let email: Option<String> =
        sqlx::query_scalar("SELECT email FROM account WHERE id = $1").bind(&text).fetch_optional(&mut *tx).await?;
    let Some(email) = email else { return Ok(None) };
    let jobs: Vec<String> = sqlx::query_scalar(
        "SELECT job.id FROM job JOIN track ON track.id = job.track_id JOIN session ON session.id = track.session_id
             WHERE session.account_id = $1",
    )
    .bind(&text)
    .fetch_all(&mut *tx)
    .await?;
    let blobs: Vec<String> = sqlx::query_scalar(
        "SELECT blob FROM track_blob JOIN track ON track.id = track_blob.track_id
             JOIN session ON session.id = track.session_id WHERE session.account_id = $1",
    )
    .bind(&text)
    .fetch_all(&mut *tx)
    .await?;
    // Links to an address that the account was to move to name its holder as well.
    let addresses: Vec<String> = sqlx::query_scalar("SELECT email FROM link WHERE account_id = $1 UNION SELECT $2")
        .bind(&text)
        .bind(&email)
        .fetch_all(&mut *tx)
        .await?;
    for address in &addresses {
        sqlx::query("DELETE FROM mail WHERE recipient = $1").bind(address).execute(&mut *tx).await?;
    }
    sqlx::query("DELETE FROM link WHERE email = $1").bind(&email).execute(&mut *tx).await?;
    let hash = AddressHash::of(&parsed("address", &email)?);
    sqlx::query("DELETE FROM sign_in_attempt WHERE address = $1").bind(hash.to_string()).execute(&mut *tx).await?;
    sqlx::query("UPDATE consent_decision SET account_id = NULL WHERE account_id = $1")
        .bind(&text)
        .execute(&mut *tx)
        .await?;
    purchases::part(tx, id, now).await?;
    sqlx::query("DELETE FROM account WHERE id = $1").bind(&text).execute(&mut *tx).await?;
    Ok(Some(Gone { jobs, blobs }))
}

/// Closes an account or opens it again, within a transaction. `false` if there is none.
pub(crate) async fn set_disabled(db: &Db, tx: &mut SqliteConnection, id: AccountId, disabled: bool) -> Result<bool> {
    let changed = sqlx::query("UPDATE account SET disabled_at = $1 WHERE id = $2")
        .bind(disabled.then(|| db.now().unix_ms()))
        .bind(id.to_string())
        .execute(&mut *tx)
        .await?
        .rows_affected();
    if disabled {
        for over in ["DELETE FROM sign_in WHERE account_id = $1", "DELETE FROM link WHERE account_id = $1"] {
            sqlx::query(over).bind(id.to_string()).execute(&mut *tx).await?;
        }
    }
    Ok(changed == 1)
}

pub(crate) async fn insert(
    db: &Db,
    tx: &mut SqliteConnection,
    email: &Email,
    name: &PersonName,
    password_hash: &str,
) -> Result<Option<Account>> {
    let now = db.now();
    let account = Account {
        id: AccountId::draw(db.entropy.as_ref()),
        email: email.clone(),
        name: name.clone(),
        created_at: now,
        disabled_at: None,
    };
    let inserted = sqlx::query(
        "INSERT INTO account (id, email, name, password_hash, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (email) DO NOTHING",
    )
    .bind(account.id.to_string())
    .bind(email.as_str())
    .bind(name.as_str())
    .bind(password_hash)
    .bind(now.unix_ms())
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if inserted == 0 {
        return Ok(None);
    }
    sqlx::query("INSERT INTO session (id, created_at, expires_at, account_id) VALUES ($1, $2, $3, $4)")
        .bind(SessionId::draw_shelf(db.entropy.as_ref()).to_string())
        .bind(now.unix_ms())
        .bind(i64::MAX)
        .bind(account.id.to_string())
        .execute(&mut *tx)
        .await?;
    // Other links to make an account for this address have nothing left to do.
    sqlx::query("DELETE FROM link WHERE email = $1 AND purpose = 'confirm'")
        .bind(email.as_str())
        .execute(&mut *tx)
        .await?;
    Ok(Some(account))
}

async fn set_password(
    tx: &mut SqliteConnection,
    id: AccountId,
    password_hash: &str,
    stays: Option<SignInId>,
) -> Result<bool> {
    let id = id.to_string();
    let changed = sqlx::query("UPDATE account SET password_hash = $1 WHERE id = $2")
        .bind(password_hash)
        .bind(&id)
        .execute(&mut *tx)
        .await?
        .rows_affected();
    sqlx::query("DELETE FROM sign_in WHERE account_id = $1 AND public_id IS NOT $2")
        .bind(&id)
        .bind(stays.map(|stays| stays.to_string()))
        .execute(&mut *tx)
        .await?;
    // Nor does whoever was halfway in with the old one get any further.
    for over in ["DELETE FROM link WHERE account_id = $1", "DELETE FROM half_sign_in WHERE account_id = $1"] {
        sqlx::query(over).bind(&id).execute(&mut *tx).await?;
    }
    Ok(changed == 1)
}
