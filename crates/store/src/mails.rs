//! Mails on their way: queued before anything depends on them, tried again when they cannot be sent, removed when they
//! were. Not here: how a mail is sent (a provider does) and what it says.

use crate::db::Db;
use crate::error::{Error, Result};
use crate::row::{number, parsed};
use domain::{Email, Timestamp};
use sqlx::SqliteConnection;
use std::sync::Arc;
use std::time::Duration;

/// Mails on their way.
#[derive(Clone)]
pub struct Mails {
    db: Arc<Db>,
}

/// A mail to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct NewMail {
    /// Names this mail and no other: queueing it a second time does nothing.
    pub key: String,
    /// Whom it is for.
    pub to: Email,
    /// Its subject, one line.
    pub subject: String,
    /// What it says, as plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

impl std::fmt::Debug for NewMail {
    /// Without what it says: it may hold a link that signs somebody in.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewMail").field("key", &self.key).field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// A mail that somebody has taken to send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingMail {
    id: i64,
    /// The mail.
    pub mail: NewMail,
    /// When it was queued.
    pub created_at: Timestamp,
    tries: u32,
}

#[derive(sqlx::FromRow)]
struct MailRow {
    id: i64,
    key: String,
    recipient: String,
    subject: String,
    text: String,
    html: String,
    created_at: i64,
    tries: i64,
}

impl TryFrom<MailRow> for WaitingMail {
    type Error = Error;

    fn try_from(row: MailRow) -> Result<Self> {
        let MailRow { id, key, recipient, subject, text, html, created_at, tries } = row;
        Ok(Self {
            id,
            mail: NewMail { key, to: parsed("address", &recipient)?, subject, text, html },
            created_at: Timestamp::from_unix_ms(created_at),
            tries: number("count of tries", tries)?,
        })
    }
}

impl Mails {
    /// Pauses after each failure; after the last one it is given up.
    const PAUSES: [Duration; 7] = [
        Duration::from_secs(30),
        Duration::from_mins(2),
        Duration::from_mins(10),
        Duration::from_hours(1),
        Duration::from_hours(3),
        Duration::from_hours(6),
        Duration::from_hours(12),
    ];
    /// How long sending may take before it counts as failed.
    pub const LEASE: Duration = Duration::from_mins(5);
    /// Mails that wait at a time; more are a flood.
    pub const MOST: u64 = 20_000;

    pub(crate) fn new(db: Arc<Db>) -> Self {
        Self { db }
    }

    /// Queues a mail. [`Error::TooManyMails`] where [`Self::MOST`] wait already.
    pub async fn queue(&self, mail: &NewMail) -> Result<()> {
        let mut tx = self.db.write().await?;
        insert(&self.db, &mut tx, mail).await?;
        tx.commit().await?;
        self.db.hub.mail.notify_one();
        Ok(())
    }

    /// Takes the mail that is due for longest. Whoever does not [answer](Self::sent) within [`Self::LEASE`] has failed.
    pub async fn claim(&self) -> Result<Option<WaitingMail>> {
        let now = self.db.now();
        let mut tx = self.db.write().await?;
        let row: Option<MailRow> = sqlx::query_as(
            "UPDATE mail SET tries = tries + 1, due_at = $2 WHERE id =
             (SELECT id FROM mail WHERE due_at <= $1 AND given_up_at IS NULL ORDER BY due_at, id LIMIT 1)
             RETURNING id, key, recipient, subject, text, html, created_at, tries",
        )
        .bind(now.unix_ms())
        .bind((now + Self::LEASE).unix_ms())
        .fetch_optional(&mut *tx)
        .await?;
        tx.commit().await?;
        row.map(WaitingMail::try_from).transpose()
    }

    /// It is sent, and nothing of it stays.
    pub async fn sent(&self, mail: &WaitingMail) -> Result<()> {
        let mut tx = self.db.write().await?;
        sqlx::query("DELETE FROM mail WHERE id = $1").bind(mail.id).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// It could not be sent. Gives the pause until it is tried again; `None` if it was given up.
    pub async fn failed(&self, mail: &WaitingMail, for_good: bool) -> Result<Option<Duration>> {
        let now = self.db.now();
        let pause = Self::PAUSES.get(mail.tries.saturating_sub(1) as usize).copied().filter(|_| !for_good);
        let mut tx = self.db.write().await?;
        match pause {
            Some(pause) => sqlx::query("UPDATE mail SET due_at = $1 WHERE id = $2").bind((now + pause).unix_ms()),
            // What it says is of no more use, and may hold a link.
            None => {
                sqlx::query("UPDATE mail SET given_up_at = $1, text = '', html = '' WHERE id = $2").bind(now.unix_ms())
            }
        }
        .bind(mail.id)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(pause)
    }

    /// Ends when a mail was queued in this process.
    pub async fn queued(&self) {
        self.db.hub.mail.notified().await;
    }
}

/// Queues a mail within a transaction. [`Error::TooManyMails`] where [`Mails::MOST`] wait already.
pub(crate) async fn insert(db: &Db, tx: &mut SqliteConnection, mail: &NewMail) -> Result<()> {
    let waiting: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM mail").fetch_one(&mut *tx).await?;
    if waiting >= Mails::MOST.cast_signed() {
        return Err(Error::TooManyMails { most: Mails::MOST });
    }
    insert_anyhow(tx, mail, db.now()).await
}

/// The same however many wait: for a transaction that must not fail for a mail's sake.
pub(crate) async fn insert_anyhow(tx: &mut SqliteConnection, mail: &NewMail, now: Timestamp) -> Result<()> {
    sqlx::query(
        "INSERT INTO mail (key, recipient, subject, text, html, created_at, due_at, tries)
         VALUES ($1, $2, $3, $4, $5, $6, $6, 0) ON CONFLICT (key) DO NOTHING",
    )
    .bind(&mail.key)
    .bind(mail.to.as_str())
    .bind(&mail.subject)
    .bind(&mail.text)
    .bind(&mail.html)
    .bind(now.unix_ms())
    .execute(&mut *tx)
    .await?;
    Ok(())
}
