//! Browsers that are signed in to an account. A session ends by the server's clock, whatever the browser keeps
//! ([`Stay`]).

use crate::accounts::AccountRow;
use crate::db::Db;
use crate::error::Result;
use crate::row::parsed;
use domain::{Account, AccountId, Device, Owner, SessionToken, SignInId, Stay, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// Browsers that are signed in to an account.
#[derive(Clone)]
pub struct SignIns {
    db: Arc<Db>,
}

/// Somebody who is signed in: who, with which of their browsers, and whose tracks they see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The account.
    pub account: Account,
    /// The browser.
    pub sign_in: SignInId,
    /// The account, as the owner of tracks.
    pub owner: Owner,
    /// They proved a few minutes ago who they are, and may change how they sign in.
    pub is_fresh: bool,
}

/// One browser in the list that its account's holder sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Its name in the list; opens nothing.
    pub id: SignInId,
    /// What it is.
    pub device: Device,
    /// When it was signed in.
    pub created_at: Timestamp,
    /// When it was last used, to ten minutes.
    pub used_at: Timestamp,
    /// Whether it stays signed in when it is closed.
    pub kept: bool,
}

#[derive(sqlx::FromRow)]
struct MemberRow {
    public_id: String,
    idle_after: i64,
    expires_at: i64,
    kept: bool,
    used_at: i64,
    proved_at: i64,
    shelf: String,
    #[sqlx(flatten)]
    account: AccountRow,
}

impl SignIns {
    /// For so long after they proved who they are somebody may change how they sign in.
    pub const FRESH: Duration = Duration::from_mins(10);
    /// Use is written down only once this much time has passed, so that reading pages does not wear the disk.
    const TOUCHED_AFTER: Duration = Duration::from_mins(10);
    /// Browsers of one account at a time; the one that was signed in first makes room.
    const MOST: i64 = 100;

    pub(crate) fn new(db: Arc<Db>) -> Self {
        Self { db }
    }

    /// Signs a browser in. The token exists here and in the browser's cookie, nowhere else; it is always a new one, so
    /// that nobody can hand somebody a session that is signed in later.
    pub async fn begin(&self, account: AccountId, stay: Stay, device: Device) -> Result<SessionToken> {
        let token = SessionToken::draw(self.db.entropy.as_ref());
        let now = self.db.now();
        let expires_at = now + Stay::LONGEST;
        let mut tx = self.db.write().await?;
        sqlx::query(
            "INSERT INTO sign_in
             (id, public_id, account_id, device, created_at, used_at, proved_at, idle_after, expires_at, kept)
             VALUES ($1, $2, $3, $4, $5, $5, $5, $6, $7, $8)",
        )
        .bind(token.id().to_string())
        .bind(SignInId::draw(self.db.entropy.as_ref()).to_string())
        .bind(account.to_string())
        .bind(device.to_string())
        .bind(now.unix_ms())
        .bind(stay.idle_after(now, expires_at).unix_ms())
        .bind(expires_at.unix_ms())
        .bind(stay == Stay::Kept)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "DELETE FROM sign_in WHERE account_id = $1 AND id NOT IN
             (SELECT id FROM sign_in WHERE account_id = $1 ORDER BY created_at DESC, rowid DESC LIMIT $2)",
        )
        .bind(account.to_string())
        .bind(Self::MOST)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(token)
    }

    /// Who a token signs in, which thereby counts as used; `None` if nobody, or their account is closed to them.
    pub async fn resume(&self, token: &SessionToken) -> Result<Option<Member>> {
        let id = token.id().to_string();
        let now = self.db.now();
        let row: Option<MemberRow> = sqlx::query_as(
            "SELECT sign_in.public_id, sign_in.idle_after, sign_in.expires_at, sign_in.kept, sign_in.used_at,
                    sign_in.proved_at, session.id AS shelf,
                    account.id, account.email, account.name, account.created_at, account.disabled_at
             FROM sign_in JOIN account ON account.id = sign_in.account_id JOIN session ON session.account_id = account.id
             WHERE sign_in.id = $1 AND account.disabled_at IS NULL AND sign_in.idle_after > $2",
        )
        .bind(&id)
        .bind(now.unix_ms())
        .fetch_optional(&self.db.reader)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let member = Member {
            account: row.account.try_into()?,
            sign_in: parsed("sign-in id", &row.public_id)?,
            owner: Owner::with_shelf(parsed("shelf", &row.shelf)?),
            is_fresh: now.since(Timestamp::from_unix_ms(row.proved_at)) < Self::FRESH,
        };
        if now.since(Timestamp::from_unix_ms(row.used_at)) < Self::TOUCHED_AFTER {
            return Ok(Some(member));
        }
        let stay = if row.kept { Stay::Kept } else { Stay::Session };
        let idle_after = stay.idle_after(now, Timestamp::from_unix_ms(row.expires_at));
        let mut tx = self.db.write().await?;
        // A session that was ended meanwhile stays ended.
        let touched = sqlx::query("UPDATE sign_in SET used_at = $1, idle_after = $2 WHERE id = $3")
            .bind(now.unix_ms())
            .bind(idle_after.unix_ms().max(row.idle_after))
            .bind(&id)
            .execute(&mut *tx)
            .await?
            .rows_affected();
        tx.commit().await?;
        Ok((touched == 1).then_some(member))
    }

    /// Whoever holds this token has just proved again who they are.
    pub async fn proved(&self, token: &SessionToken) -> Result<()> {
        let mut tx = self.db.write().await?;
        sqlx::query("UPDATE sign_in SET proved_at = $1 WHERE id = $2")
            .bind(self.db.now().unix_ms())
            .bind(token.id().to_string())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Gives a session another token: whoever may have got hold of the old one holds nothing any more. Tells how long it
    /// was to stay; `None` if there is no such session.
    pub async fn rotate(&self, token: &SessionToken) -> Result<Option<(SessionToken, Stay)>> {
        let fresh = SessionToken::draw(self.db.entropy.as_ref());
        let mut tx = self.db.write().await?;
        let kept: Option<bool> = sqlx::query_scalar("UPDATE sign_in SET id = $1 WHERE id = $2 RETURNING kept")
            .bind(fresh.id().to_string())
            .bind(token.id().to_string())
            .fetch_optional(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(kept.map(|kept| (fresh, if kept { Stay::Kept } else { Stay::Session })))
    }

    /// The browsers of an account, the latest first.
    pub async fn list(&self, account: AccountId) -> Result<Vec<SignIn>> {
        let rows: Vec<(String, String, i64, i64, bool)> = sqlx::query_as(
            "SELECT public_id, device, created_at, used_at, kept FROM sign_in
             WHERE account_id = $1 AND idle_after > $2 ORDER BY created_at DESC, rowid DESC",
        )
        .bind(account.to_string())
        .bind(self.db.now().unix_ms())
        .fetch_all(&self.db.reader)
        .await?;
        rows.into_iter()
            .map(|(id, device, created_at, used_at, kept)| {
                Ok(SignIn {
                    id: parsed("sign-in id", &id)?,
                    device: parsed("device", &device)?,
                    created_at: Timestamp::from_unix_ms(created_at),
                    used_at: Timestamp::from_unix_ms(used_at),
                    kept,
                })
            })
            .collect()
    }

    /// Signs out the browser that holds this token.
    pub async fn end(&self, token: &SessionToken) -> Result<()> {
        let mut tx = self.db.write().await?;
        sqlx::query("DELETE FROM sign_in WHERE id = $1").bind(token.id().to_string()).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Signs one browser of an account out; `false` if the account has none of that name.
    pub async fn end_one(&self, account: AccountId, sign_in: SignInId) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let ended = sqlx::query("DELETE FROM sign_in WHERE account_id = $1 AND public_id = $2")
            .bind(account.to_string())
            .bind(sign_in.to_string())
            .execute(&mut *tx)
            .await?
            .rows_affected();
        tx.commit().await?;
        Ok(ended == 1)
    }

    /// Signs all browsers of an account out but this one.
    pub async fn end_others(&self, account: AccountId, stays: SignInId) -> Result<u64> {
        let mut tx = self.db.write().await?;
        let ended = sqlx::query("DELETE FROM sign_in WHERE account_id = $1 AND public_id != $2")
            .bind(account.to_string())
            .bind(stays.to_string())
            .execute(&mut *tx)
            .await?
            .rows_affected();
        tx.commit().await?;
        Ok(ended)
    }

    /// Signs all browsers of an account out.
    pub async fn end_all(&self, account: AccountId) -> Result<u64> {
        let mut tx = self.db.write().await?;
        let ended = sqlx::query("DELETE FROM sign_in WHERE account_id = $1")
            .bind(account.to_string())
            .execute(&mut *tx)
            .await?
            .rows_affected();
        tx.commit().await?;
        Ok(ended)
    }
}
