//! What is kept: sessions, accounts, tracks, jobs and their outputs in a database, bytes in a folder; mails on their way,
//! decisions about cookies, what consenting visitors use, and how the service fares.
//!
//! Five promises, and where they are kept:
//! - *Acknowledged means durable.* A blob is on the disk, under its final name, before a row names it; a track and its
//!   first job appear in one transaction ([`Tracks::add`]).
//! - *Nothing partial is visible.* Bytes are written beside and renamed when whole ([`BlobWriter::finish`]); what a
//!   crash leaves is removed by [`Store::open`] and [`Store::sweep`].
//! - *A track is its owner's alone.* Every question about a track takes the [`domain::Owner`] who asks, and answers
//!   `None` alike to one that does not exist and to one that belongs to somebody else.
//! - *What is counted is nobody's.* No table of [`Consents`], [`Usage`] and [`Health`] refers to a session, a track or an
//!   address, and each has its end ([`Retention`]).
//! - *What was deleted is gone.* With an account go its tracks, bytes, sessions, links, mails and attempts
//!   ([`Accounts::delete`]); of a secret that opens something its hash alone was ever here,
//!   and of the key of an authenticator app its sealed bytes.
//!
//! Not here: HTTP, sound, and rules of the business (those are `domain`'s; the queue applies them).

mod accounts;
mod activities;
mod admins;
mod attempts;
mod audits;
mod blobs;
mod consents;
mod credits;
mod db;
mod error;
mod factors;
mod farewells;
mod halves;
mod health;
mod hub;
mod identities;
mod jobs;
mod links;
mod mails;
mod notices;
mod operators;
mod passkeys;
mod provider_sessions;
mod purchases;
mod queue;
mod row;
mod sessions;
mod sign_ins;
mod sweep;
mod taking;
mod tracks;
mod usage;

pub use accounts::{Accounts, Moved};
pub use activities::{Activities, Activity};
pub use admins::{Admins, Changed, Overview, Page};
pub use attempts::{Attempt, Attempts, Begun, Tried};
pub use audits::{AuditLine, Audits, Doer};
pub use blobs::{BlobReader, BlobWriter, Blobs, Scratch};
pub use consents::{ChoiceCount, ConsentDecision, Consents};
pub use credits::{Adjusted, CreditEntry, Credits};
pub use error::{Error, Result};
pub use factors::{CodeTry, Factors, FactorsSet};
pub use farewells::{Farewell, Farewells};
pub use halves::{Half, Halves};
pub use health::{Health, HealthReport, ServerError, ServerErrorGroup};
pub use hub::JobStatus;
pub use identities::{Identities, OAuthFlow, UsedLink};
pub use jobs::{JobWatch, Jobs};
pub use links::{Link, Links};
pub use mails::{Mails, NewMail, WaitingMail};
pub use notices::{NoticeProgress, Noticed, Notices};
pub use operators::Operators;
pub use passkeys::{KnownPasskey, NewPasskey, Passkey, Passkeys};
pub use provider_sessions::{Due, ProviderSessions, Task};
pub use purchases::{BegunPurchase, Payment, Purchase, Purchases, Subscription};
pub use queue::{Claim, Lease, Queue};
pub use sessions::Sessions;
pub use sign_ins::{Member, SignIn, SignIns};
pub use sweep::{Retention, Swept};
pub use tracks::{Held, NewTrack, Tracks};
pub use usage::{ArmResult, ErrorGroup, FeatureUse, PageTimes, Usage};

use domain::{Clock, Entropy, Timestamp};
use std::path::Path;
use std::sync::Arc;

/// Everything that is kept, by kind. Cloning it is cheap and gives another handle on the same data folder.
#[derive(Clone)]
pub struct Store {
    /// Visitors.
    pub sessions: Sessions,
    /// Who has an account.
    pub accounts: Accounts,
    /// Browsers that are signed in to one.
    pub sign_ins: SignIns,
    /// Who has one by way of an identity provider.
    pub identities: Identities,
    /// Their sessions there.
    pub provider_sessions: ProviderSessions,
    /// Who tried to sign in.
    pub attempts: Attempts,
    /// What happened to accounts.
    pub activities: Activities,
    /// What is asked for after the password.
    pub factors: Factors,
    /// Keys in somebody's devices.
    pub passkeys: Passkeys,
    /// Who was asked for it.
    pub halves: Halves,
    /// Links in mails.
    pub links: Links,
    /// Mails on their way.
    pub mails: Mails,
    /// Who may administer accounts, and doing it.
    pub admins: Admins,
    /// Notices that the policy has changed.
    pub notices: Notices,
    /// What administrators did.
    pub audits: Audits,
    /// Their uploads.
    pub tracks: Tracks,
    /// The work on these, as their owners see it.
    pub jobs: Jobs,
    /// The work, as workers see it.
    pub queue: Queue,
    /// Bytes.
    pub blobs: Blobs,
    /// Decisions about cookies.
    pub consents: Consents,
    /// What consenting visitors did.
    pub usage: Usage,
    /// How the service fares.
    pub health: Health,
    /// Who operates it.
    pub operators: Operators,
    /// What was bought.
    pub purchases: Purchases,
    /// What was paid for, and what it was spent on.
    pub credits: Credits,
    /// Customers whom the payment provider is to forget.
    pub farewells: Farewells,
    db: Arc<db::Db>,
}

impl Store {
    /// Opens a data folder, made if it is not there, and takes it for this process alone.
    ///
    /// Brings its tables up to date, removes what a crash left behind, and puts the jobs that a dead process had begun
    /// back into the queue: since the folder is locked, whoever had begun them lives no more.
    pub async fn open(dir: &Path, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Result<Self> {
        let lock = db::lock(dir)?;
        let blobs = Blobs::open(dir, Arc::clone(&entropy))?;
        let store = Self::of(Arc::new(db::Db::open(dir, Some(lock), clock, entropy).await?), blobs);
        store.queue.interrupt_all().await?;
        store.sweep_blobs(std::time::Duration::ZERO).await?;
        Ok(store)
    }

    /// Opens a data folder beside the process that has it, to look things up and to administer accounts. Takes no jobs,
    /// and leaves alone what the other process has begun.
    pub async fn open_beside(dir: &Path, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Result<Self> {
        let blobs = Blobs::beside(dir, Arc::clone(&entropy));
        Ok(Self::of(Arc::new(db::Db::open(dir, None, clock, entropy).await?), blobs))
    }

    fn of(db: Arc<db::Db>, blobs: Blobs) -> Self {
        Self {
            sessions: Sessions::new(Arc::clone(&db)),
            accounts: Accounts::new(Arc::clone(&db), blobs.clone()),
            sign_ins: SignIns::new(Arc::clone(&db)),
            identities: Identities::new(Arc::clone(&db)),
            provider_sessions: ProviderSessions::new(Arc::clone(&db)),
            attempts: Attempts::new(Arc::clone(&db)),
            activities: Activities::new(Arc::clone(&db)),
            factors: Factors::new(Arc::clone(&db)),
            passkeys: Passkeys::new(Arc::clone(&db)),
            halves: Halves::new(Arc::clone(&db)),
            links: Links::new(Arc::clone(&db)),
            mails: Mails::new(Arc::clone(&db)),
            admins: Admins::new(Arc::clone(&db), blobs.clone()),
            notices: Notices::new(Arc::clone(&db)),
            audits: Audits::new(Arc::clone(&db)),
            tracks: Tracks::new(Arc::clone(&db), blobs.clone()),
            jobs: Jobs::new(Arc::clone(&db)),
            queue: Queue::new(Arc::clone(&db)),
            blobs,
            consents: Consents::new(Arc::clone(&db)),
            usage: Usage::new(Arc::clone(&db)),
            health: Health::new(Arc::clone(&db)),
            operators: Operators::new(Arc::clone(&db)),
            purchases: Purchases::new(Arc::clone(&db)),
            credits: Credits::new(Arc::clone(&db)),
            farewells: Farewells::new(Arc::clone(&db)),
            db,
        }
    }

    /// The time, by the clock that all of this is kept by.
    pub fn now(&self) -> Timestamp {
        self.db.now()
    }

    /// Whether the database answers: for health checks.
    pub async fn check(&self) -> Result<()> {
        sqlx::query("SELECT 1 FROM session LIMIT 1").fetch_optional(&self.db.reader).await?;
        Ok(())
    }

    /// Waits for what is being written and closes the database; the folder may then be opened by another process.
    pub async fn close(self) {
        self.db.close().await;
    }
}
