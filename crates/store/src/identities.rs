//! Who an account's holder is at an identity provider, and what of a sign-in there is under way.
//!
//! The provider's id of somebody decides whose account is theirs. An address never does: that two have it in common makes
//! nobody the other. Not here: sessions at the provider ([`crate::ProviderSessions`]), and what the provider says.

use crate::accounts::{AccountRow, insert};
use crate::db::Db;
use crate::error::Result;
use domain::{Account, AccountId, Email, LinkId, PersonName};
use std::sync::Arc;
use std::time::Duration;

/// Accounts by the provider's ids of their holders.
#[derive(Clone)]
pub struct Identities {
    db: Arc<Db>,
}

/// A sign-in by way of another service, from the moment when the browser left until it is back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthFlow {
    /// SHA-256 of what the browser held when it left: no other browser may end it.
    pub browser: String,
    /// What proves to the provider that whoever ends it began it, sealed.
    pub verifier: String,
    /// Where the visitor wanted to go.
    pub next: String,
    /// Whether to stay signed in.
    pub kept: bool,
}

/// A link that was used up at the provider, while its form here did not go through yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedLink {
    /// What it was for.
    pub purpose: String,
    /// Whose it is, by the provider's id.
    pub subject: String,
    /// The session that it gave, sealed.
    pub tokens: String,
}

impl Identities {
    /// How long a visitor may take at another service.
    pub const FLOW: Duration = Duration::from_mins(10);
    /// How long the form of a link that was used up may be sent again.
    pub const USED_LINK: Duration = Duration::from_mins(30);
    /// Sign-ins under way at a time; the oldest make room.
    const MOST_FLOWS: i64 = 10_000;

    pub(crate) fn new(db: Arc<Db>) -> Self {
        Self { db }
    }

    /// The account of whom the provider knows by this id.
    pub async fn find(&self, provider: &str, subject: &str) -> Result<Option<Account>> {
        let row: Option<AccountRow> = sqlx::query_as(
            "SELECT account.id, email, name, account.created_at, disabled_at FROM account
             JOIN identity ON identity.account_id = account.id WHERE provider = $1 AND subject = $2",
        )
        .bind(provider)
        .bind(subject)
        .fetch_optional(&self.db.reader)
        .await?;
        row.map(Account::try_from).transpose()
    }

    /// Whom the provider knows an account's holder as.
    pub async fn subject(&self, provider: &str, account: AccountId) -> Result<Option<String>> {
        let subject = sqlx::query_scalar("SELECT subject FROM identity WHERE provider = $1 AND account_id = $2")
            .bind(provider)
            .bind(account.to_string())
            .fetch_optional(&self.db.reader)
            .await?;
        Ok(subject)
    }

    /// Makes an account for somebody whose address the provider vouches for. `None` if the address has an account: its
    /// holder may be somebody else. Who has one by now gets that.
    pub async fn add(
        &self,
        (provider, subject): (&str, &str),
        email: &Email,
        name: &PersonName,
        password_hash: &str,
    ) -> Result<Option<Account>> {
        let mut tx = self.db.write().await?;
        let Some(account) = insert(&self.db, &mut tx, email, name, password_hash).await? else {
            drop(tx);
            return self.find(provider, subject).await;
        };
        let linked = sqlx::query(
            "INSERT INTO identity (provider, subject, account_id, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (provider, subject) DO NOTHING",
        )
        .bind(provider)
        .bind(subject)
        .bind(account.id.to_string())
        .bind(self.db.now().unix_ms())
        .execute(&mut *tx)
        .await?
        .rows_affected();
        if linked == 0 {
            // Somebody was quicker, with another address.
            drop(tx);
            return self.find(provider, subject).await;
        }
        tx.commit().await?;
        Ok(Some(account))
    }

    /// Takes the address that the provider has of somebody for the account's own. `false` if it is another account's.
    pub async fn follow(&self, account: AccountId, email: &Email) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let moved = sqlx::query(
            "UPDATE account SET email = $1 WHERE id = $2
             AND NOT EXISTS (SELECT 1 FROM account WHERE email = $1 AND id <> $2)",
        )
        .bind(email.as_str())
        .bind(account.to_string())
        .execute(&mut *tx)
        .await?
        .rows_affected();
        if moved == 1 {
            // They were sent to the old one.
            sqlx::query("DELETE FROM link WHERE account_id = $1").bind(account.to_string()).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(moved == 1)
    }

    /// Keeps what is needed when a browser comes back from another service.
    pub async fn begin_flow(&self, state: LinkId, flow: &OAuthFlow) -> Result<()> {
        let mut tx = self.db.write().await?;
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO oauth_flow (state, browser, verifier, next, kept, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
             RETURNING id",
        )
        .bind(state.to_string())
        .bind(&flow.browser)
        .bind(&flow.verifier)
        .bind(&flow.next)
        .bind(flow.kept)
        .bind((self.db.now() + Self::FLOW).unix_ms())
        .fetch_one(&mut *tx)
        .await?;
        sqlx::query("DELETE FROM oauth_flow WHERE id <= $1").bind(id - Self::MOST_FLOWS).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes it, once: for the browser that began it, and not too late.
    pub async fn take_flow(&self, state: LinkId, browser: &str) -> Result<Option<OAuthFlow>> {
        let mut tx = self.db.write().await?;
        let row: Option<(String, String, String, bool)> = sqlx::query_as(
            "DELETE FROM oauth_flow WHERE state = $1 AND browser = $2 AND expires_at > $3
             RETURNING browser, verifier, next, kept",
        )
        .bind(state.to_string())
        .bind(browser)
        .bind(self.db.now().unix_ms())
        .fetch_optional(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(row.map(|(browser, verifier, next, kept)| OAuthFlow { browser, verifier, next, kept }))
    }

    /// Keeps the session that a link gave, since the link gives none a second time.
    pub async fn keep_link(&self, link: &str, used: &UsedLink) -> Result<()> {
        let mut tx = self.db.write().await?;
        sqlx::query(
            "INSERT INTO used_link (id, purpose, subject, tokens, expires_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(link)
        .bind(&used.purpose)
        .bind(&used.subject)
        .bind(&used.tokens)
        .bind((self.db.now() + Self::USED_LINK).unix_ms())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// What a link gave when it was used up.
    pub async fn used_link(&self, link: &str, purpose: &str) -> Result<Option<UsedLink>> {
        let row: Option<(String, String)> =
            sqlx::query_as("SELECT subject, tokens FROM used_link WHERE id = $1 AND purpose = $2 AND expires_at > $3")
                .bind(link)
                .bind(purpose)
                .bind(self.db.now().unix_ms())
                .fetch_optional(&self.db.reader)
                .await?;
        Ok(row.map(|(subject, tokens)| UsedLink { purpose: purpose.to_owned(), subject, tokens }))
    }

    /// The form went through. `false` if it did before.
    pub async fn forget_link(&self, link: &str) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let forgotten =
            sqlx::query("DELETE FROM used_link WHERE id = $1").bind(link).execute(&mut *tx).await?.rows_affected();
        tx.commit().await?;
        Ok(forgotten == 1)
    }
}
