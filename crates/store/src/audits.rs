//! What administrators did, for whoever asks later. Without names and addresses.
//!
//! A line names the account that something was done with by a link, which is cut when the account is deleted; and who did
//! it by the number of their right to ([`domain::AdminId`]), which outlives their account and leads to nobody then.
//! Triggers of the database refuse to change a line, and to remove one before its time.

use crate::db::Db;
use crate::error::{Error, Result};
use crate::row::{number, parsed};
use domain::{AccountId, Actor, AdminId, Email, Label, Timestamp};
use sqlx::SqliteConnection;
use std::sync::Arc;

/// The log of what administrators did.
#[derive(Clone)]
pub struct Audits {
    db: Arc<Db>,
}

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLine {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: Doer,
    /// What, such as `disable`.
    pub action: Label,
    /// With which account, while there is one.
    pub account: Option<AccountId>,
    /// Its address today, which the log does not hold.
    pub email: Option<Email>,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doer {
    /// Whoever may write to the data folder.
    CommandLine,
    /// An administrator, with the address that they have today; none once their account is deleted.
    Admin(AdminId, Option<Email>),
}

/// What the column says of the command line.
const COMMAND_LINE: &str = "command-line";

#[derive(sqlx::FromRow)]
struct Row {
    at: i64,
    actor: String,
    action: String,
    account_id: Option<String>,
    email: Option<String>,
    actor_email: Option<String>,
}

impl TryFrom<Row> for AuditLine {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let address = |text: Option<String>| text.map(|text| parsed("address", &text)).transpose();
        let actor = if row.actor == COMMAND_LINE {
            Doer::CommandLine
        } else {
            Doer::Admin(parsed("administrator's id", &row.actor)?, address(row.actor_email)?)
        };
        Ok(Self {
            at: Timestamp::from_unix_ms(row.at),
            actor,
            action: parsed("action", &row.action)?,
            account: row.account_id.map(|account| parsed("account id", &account)).transpose()?,
            email: address(row.email)?,
        })
    }
}

impl Audits {
    pub(crate) fn new(db: Arc<Db>) -> Self {
        Self { db }
    }

    /// Writes down what is done. `false` if who does it is no administrator, and then nothing may be done.
    pub async fn record(&self, actor: Actor, action: &Label, account: Option<AccountId>) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let recorded = record(&self.db, &mut tx, actor, action.as_str(), account).await?;
        tx.commit().await?;
        Ok(recorded)
    }

    /// The latest lines, the newest first.
    pub async fn latest(&self, most: u32) -> Result<Vec<AuditLine>> {
        self.page(most, 0).await
    }

    /// The same, without the first `skipped` of them.
    pub async fn page(&self, most: u32, skipped: u64) -> Result<Vec<AuditLine>> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT audit.at, audit.actor, audit.action, audit.account_id, account.email, own.email AS actor_email
             FROM audit LEFT JOIN account ON account.id = audit.account_id
             LEFT JOIN administrator ON administrator.id = audit.actor
             LEFT JOIN account AS own ON own.id = administrator.account_id
             ORDER BY audit.id DESC LIMIT $1 OFFSET $2",
        )
        .bind(most)
        .bind(i64::try_from(skipped).unwrap_or(i64::MAX))
        .fetch_all(&self.db.reader)
        .await?;
        rows.into_iter().map(AuditLine::try_from).collect()
    }

    /// What was done with one account, for its holder: when and what, not by whom. The latest first.
    pub async fn of_account(&self, account: AccountId) -> Result<Vec<(Timestamp, Label)>> {
        let rows: Vec<(i64, String)> =
            sqlx::query_as("SELECT at, action FROM audit WHERE account_id = $1 ORDER BY id DESC LIMIT 1000")
                .bind(account.to_string())
                .fetch_all(&self.db.reader)
                .await?;
        rows.into_iter().map(|(at, action)| Ok((Timestamp::from_unix_ms(at), parsed("action", &action)?))).collect()
    }

    /// How many lines there are.
    pub async fn count(&self) -> Result<u64> {
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM audit").fetch_one(&self.db.reader).await?;
        number("count", count)
    }
}

/// Writes down what is done, in the transaction that does it: nothing is done without a line. `false` if who does it is
/// no administrator, or is closed out.
pub(crate) async fn record(
    db: &Db,
    tx: &mut SqliteConnection,
    actor: Actor,
    action: &str,
    account: Option<AccountId>,
) -> Result<bool> {
    let actor = match actor {
        Actor::CommandLine => Some(COMMAND_LINE.to_owned()),
        Actor::Admin(id) => {
            sqlx::query_scalar(
                "SELECT administrator.id FROM administrator JOIN account ON account.id = administrator.account_id
                 WHERE account.id = $1 AND account.disabled_at IS NULL AND administrator.until IS NULL",
            )
            .bind(id.to_string())
            .fetch_optional(&mut *tx)
            .await?
        }
    };
    let Some(actor) = actor else { return Ok(false) };
    sqlx::query(
        "INSERT INTO audit (at, actor, action, account_id) VALUES ($1, $2, $3, (SELECT id FROM account WHERE id = $4))",
    )
    .bind(db.now().unix_ms())
    .bind(actor)
    .bind(action)
    .bind(account.map(|account| account.to_string()))
    .execute(&mut *tx)
    .await?;
    Ok(true)
}
