//! Uploads: what was received, from whom, and what is accepted at all.

use crate::file_name::FileName;
use crate::id::{BlobId, TrackId};
use crate::world::Timestamp;
use std::time::Duration;

/// A file that is durably stored: its bytes and its directory entry survive a loss of power.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBlob {
    /// Its name in the store.
    pub id: BlobId,
    /// Its length, bytes.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

/// A finished track that a mix shall sound like, uploaded with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceFile {
    /// The name that the visitor's file had, made harmless.
    pub file_name: FileName,
    /// The uploaded bytes.
    pub source: StoredBlob,
}

/// An uploaded mix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// Its name.
    pub id: TrackId,
    /// The name that the visitor's file had, made harmless.
    pub file_name: FileName,
    /// The uploaded bytes.
    pub source: StoredBlob,
    /// What it shall sound like, where that was uploaded with it.
    pub reference: Option<ReferenceFile>,
    /// When the upload was acknowledged.
    pub created_at: Timestamp,
}

/// What an upload may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadLimits {
    /// Longest file, bytes.
    pub max_bytes: u64,
    /// Longest track; what a small file unpacks to counts, not what its header promises.
    pub max_duration: Duration,
}

/// How much is kept for one visitor or account, what was made of their mixes included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Tracks.
    pub tracks: u64,
    /// All files of these, bytes.
    pub bytes: u64,
}

impl Quota {
    /// Without an account, for a day. A song with all its files takes about 250 MB.
    pub const GUEST: Self = Self { tracks: 20, bytes: 8 << 30 };
    /// With one.
    pub const ACCOUNT: Self = Self { tracks: 200, bytes: 50 << 30 };
}

impl Default for UploadLimits {
    /// 1 GiB and 30 minutes: 30 minutes of 96 kHz 24-bit stereo are 1.04 GB.
    fn default() -> Self {
        Self { max_bytes: 1 << 30, max_duration: Duration::from_mins(30) }
    }
}
