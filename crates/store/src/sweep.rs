//! Removes what is over: sessions that ended, tracks, counts and records that are old, and bytes that nothing names.

use crate::Store;
use crate::error::Result;
use crate::health::day;
use crate::provider_sessions::ProviderSessions;
use crate::purchases::Purchases;
use std::collections::HashSet;
use std::time::{Duration, SystemTime};

/// A blob is written first and named in the database afterwards: for so long it may be without a name.
const ORPHAN_GRACE: Duration = Duration::from_hours(1);

/// How long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Tracks of visitors without an account, since their upload.
    pub guest_tracks: Duration,
    /// What consenting visitors did. Not longer than their cookie lives.
    pub usage: Duration,
    /// Times and failures of the service.
    pub health: Duration,
    /// Records of consent decisions, for as long as somebody may ask for evidence.
    pub consents: Duration,
    /// Attempts to sign in, and mails that could not be sent.
    pub attempts: Duration,
    /// What happened to accounts, and from which networks.
    pub activity: Duration,
    /// What administrators did.
    pub audits: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        let days = |days: u64| Duration::from_hours(24 * days);
        Self {
            guest_tracks: days(1),
            usage: days(30),
            health: days(90),
            consents: days(3 * 365),
            attempts: days(30),
            activity: days(90),
            audits: days(365),
        }
    }
}

/// What a sweep removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Sessions that had ended, those of accounts and the operator's included, and links and beginnings that were good no
    /// more.
    pub sessions: u64,
    /// Tracks older than they are kept; those of ended sessions go with these, uncounted.
    pub tracks: u64,
    /// Events of visitors, days of times, failures, attempts, lost mails and records of decisions that were older than they
    /// are kept.
    pub records: u64,
    /// Blobs that nothing named.
    pub blobs: u64,
}

impl Store {
    /// Removes what is over. To be called now and then.
    pub async fn sweep(&self, retention: Retention) -> Result<Swept> {
        let now = self.db.now();
        let before = |kept: Duration| (now - kept).unix_ms();
        let mut tx = self.db.write().await?;
        let mut sessions = 0;
        for ended in [
            "DELETE FROM session WHERE expires_at <= $1 AND account_id IS NULL",
            "DELETE FROM sign_in WHERE idle_after <= $1",
            "DELETE FROM operator_session WHERE idle_after <= $1",
            "DELETE FROM link WHERE expires_at <= $1",
            "DELETE FROM half_sign_in WHERE expires_at <= $1",
            "DELETE FROM totp_setup WHERE expires_at <= $1",
            "DELETE FROM passkey_challenge WHERE expires_at <= $1",
            "DELETE FROM oauth_flow WHERE expires_at <= $1",
            "DELETE FROM used_link WHERE expires_at <= $1",
        ] {
            sessions += sqlx::query(ended).bind(now.unix_ms()).execute(&mut *tx).await?.rows_affected();
        }
        let tracks = sqlx::query(
            "DELETE FROM track WHERE created_at <= $1
             AND session_id IN (SELECT id FROM session WHERE account_id IS NULL)",
        )
        .bind(before(retention.guest_tracks))
        .execute(&mut *tx)
        .await?
        .rows_affected();
        // The log lets go of nothing that is younger.
        sqlx::query("UPDATE audit_horizon SET at = MAX(at, $1)")
            .bind(before(retention.audits))
            .execute(&mut *tx)
            .await?;
        let mut records = 0;
        for (old, until) in [
            ("DELETE FROM usage_event WHERE at <= $1", before(retention.usage)),
            ("DELETE FROM timing WHERE day <= $1", day(now - retention.health)),
            ("DELETE FROM server_error WHERE last_at <= $1", before(retention.health)),
            ("DELETE FROM consent_decision WHERE at <= $1", before(retention.consents)),
            ("DELETE FROM sign_in_attempt WHERE at <= $1", before(retention.attempts)),
            ("DELETE FROM mail WHERE given_up_at <= $1", before(retention.attempts)),
            ("DELETE FROM activity WHERE at <= $1", before(retention.activity)),
            ("DELETE FROM known_network WHERE seen_at <= $1", before(retention.activity)),
            ("DELETE FROM audit WHERE at <= $1", before(retention.audits)),
            (
                "DELETE FROM administrator WHERE (until <= $1 OR account_id IS NULL)
                 AND NOT EXISTS (SELECT 1 FROM audit WHERE audit.actor = administrator.id)",
                before(retention.audits),
            ),
            (
                "DELETE FROM provider_session WHERE sign_in IS NULL AND created_at <= $1",
                before(ProviderSessions::GIVEN_UP_AFTER),
            ),
            ("DELETE FROM remote_event WHERE at <= $1", before(Purchases::EVENTS_KEPT)),
        ] {
            records += sqlx::query(old).bind(until).execute(&mut *tx).await?.rows_affected();
        }
        tx.commit().await?;
        let blobs = self.sweep_blobs(ORPHAN_GRACE).await?;
        Ok(Swept { sessions, tracks, records, blobs })
    }

    /// Removes blobs that nothing names and that were written more than `grace` ago.
    pub(crate) async fn sweep_blobs(&self, grace: Duration) -> Result<u64> {
        // Listed before the names are read: what is written in between is not in the list.
        let blobs = self.blobs.list().await?;
        let named: HashSet<String> =
            sqlx::query_scalar("SELECT blob FROM track_blob").fetch_all(&self.db.reader).await?.into_iter().collect();
        let oldest_spared =
            SystemTime::UNIX_EPOCH + Duration::from_millis((self.db.now() - grace).unix_ms().try_into().unwrap_or(0));
        let mut removed = 0;
        for (id, modified) in blobs {
            if (grace.is_zero() || modified <= oldest_spared) && !named.contains(&id.to_string()) {
                self.blobs.delete(id).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}
