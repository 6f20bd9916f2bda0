//! The business: who owns which track, what is asked for it, how the work on it goes, who holds an account,
//! and what was paid for.
//!
//! Everything here is a value: parsed once at the edge, then known to be right. Time and randomness come in through
//! [`Clock`] and [`Entropy`]. What is counted of visitors cannot name them: labels, route patterns and [`Scrubbed`] texts
//! have no room for more. Not here: SQL (that is `store`), HTTP (that is `web`), sound (that is `pipeline`).

mod account;
mod activity;
mod adjustment;
mod admin;
mod causes;
mod credit;
mod device;
mod email;
mod factor;
mod file_name;
mod hex;
mod id;
mod job;
mod label;
mod money;
mod output;
mod password;
mod payment;
mod product;
mod scrub;
mod session;
mod settings;
mod timing;
mod track;
mod usage;
mod world;

pub use account::{Account, AddressHash, LinkId, LinkToken, NotAName, PersonName, Purpose};
pub use activity::{Happening, NetworkMark};
pub use adjustment::{Adjustment, NotAReason, NotAnAdjustment, Reason};
pub use admin::{Act, Actor, NotAnAct};
pub use causes::causes;
pub use credit::{Access, EntryKind, Position, Promise, Worth};
pub use device::{Device, NotADevice};
pub use email::{Email, NotAnEmail};
pub use factor::{
    BrowserMark, NotAPasskeyName, NotARecoveryCode, PasskeyName, PasskeyPurpose, RecoveryCode, RecoveryId, TotpKey,
    TotpStep,
};
pub use file_name::FileName;
pub use hex::NotHex;
pub use id::{
    AccountId, AdminId, BlobId, ChallengeId, HolderId, JobId, PasskeyId, ProviderSessionId, PurchaseId, RunId,
    SignInId, TrackId,
};
pub use job::{
    Attempt, Course, Failure, FailureKind, Job, JobEvent, JobState, OutOfPlace, Progress, Stage, UnknownName,
};
pub use label::{Label, NotALabel, Route};
pub use money::{Currency, Money, NotACurrency, NotAPrice};
pub use output::{Output, OutputKind};
pub use password::{NotAPassword, Password};
pub use payment::{
    CheckoutState, Dispute, DisputeState, Facts, NotARemoteId, PaymentFacts, RemoteEvent, RemoteId, Signal,
    SubscriptionFacts, SubscriptionState,
};
pub use product::{Product, ProductError, ProductKind, Products};
pub use scrub::Scrubbed;
pub use session::{NotASignInToken, Owner, Session, SessionId, SessionKind, SessionToken, SignInToken, Stay};
pub use settings::{
    CeilingDbtp, Extra, InvalidSetting, Loudness, Matching, PresetId, Settings, Sound, SoundWish, Style, TargetLufs,
};
pub use timing::{Bucket, Histogram};
pub use track::{Quota, ReferenceFile, StoredBlob, Track, UploadLimits};
pub use usage::{Fingerprint, Metric, UsageEvent, UsageId, VisitorKey};
pub use world::{Clock, Entropy, OsEntropy, SystemClock, Timestamp};
