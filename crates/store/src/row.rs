//! From columns to values. A value that cannot be read is an error: nothing is guessed.

use crate::error::{Error, Result};
use domain::{
    Attempt, Course, Failure, FileName, Job, JobState, Progress, ReferenceFile, StoredBlob, Timestamp, Track,
};
use std::str::FromStr;

pub(crate) fn parsed<T>(what: &'static str, text: &str) -> Result<T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    text.parse().map_err(|source| Error::Corrupt { what, source: Box::new(source) })
}

pub(crate) fn number<T>(what: &'static str, value: i64) -> Result<T>
where
    T: TryFrom<i64, Error: std::error::Error + Send + Sync + 'static>,
{
    value.try_into().map_err(|source| Error::Corrupt { what, source: Box::new(source) })
}

/// A blob's three columns: id, bytes, SHA-256.
#[derive(sqlx::FromRow)]
pub(crate) struct BlobRow {
    pub(crate) blob: String,
    pub(crate) bytes: i64,
    pub(crate) sha256: Vec<u8>,
}

impl TryFrom<BlobRow> for StoredBlob {
    type Error = Error;

    fn try_from(row: BlobRow) -> Result<Self> {
        let sha256 = row
            .sha256
            .as_slice()
            .try_into()
            .map_err(|source| Error::Corrupt { what: "SHA-256", source: Box::new(source) })?;
        Ok(Self { id: parsed("blob id", &row.blob)?, bytes: number("length", row.bytes)?, sha256 })
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct TrackRow {
    pub(crate) id: String,
    pub(crate) file_name: String,
    pub(crate) created_at: i64,
    #[sqlx(flatten)]
    pub(crate) source: BlobRow,
    #[sqlx(flatten)]
    pub(crate) reference: ReferenceRow,
}

/// What a track shall sound like: all four columns, or none.
#[derive(sqlx::FromRow)]
pub(crate) struct ReferenceRow {
    #[sqlx(rename = "reference_name")]
    name: Option<String>,
    #[sqlx(rename = "reference_blob")]
    blob: Option<String>,
    #[sqlx(rename = "reference_bytes")]
    bytes: Option<i64>,
    #[sqlx(rename = "reference_sha256")]
    sha256: Option<Vec<u8>>,
}

impl ReferenceRow {
    pub(crate) fn read(self) -> Result<Option<ReferenceFile>> {
        let Self { name, blob, bytes, sha256 } = self;
        let all = name.zip(blob).zip(bytes.zip(sha256));
        all.map(|((name, blob), (bytes, sha256))| {
            let source = BlobRow { blob, bytes, sha256 }.try_into()?;
            Ok(ReferenceFile { file_name: FileName::from_untrusted(&name), source })
        })
        .transpose()
    }
}

impl TryFrom<TrackRow> for Track {
    type Error = Error;

    fn try_from(row: TrackRow) -> Result<Self> {
        Ok(Self {
            id: parsed("track id", &row.id)?,
            file_name: FileName::from_untrusted(&row.file_name),
            source: row.source.try_into()?,
            reference: row.reference.read()?,
            created_at: Timestamp::from_unix_ms(row.created_at),
        })
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct CourseRow {
    pub(crate) state: String,
    pub(crate) attempt: i64,
    pub(crate) interruptions: i64,
    pub(crate) failure_kind: Option<String>,
    pub(crate) failure_message: Option<String>,
}

impl TryFrom<CourseRow> for Course {
    type Error = Error;

    fn try_from(row: CourseRow) -> Result<Self> {
        let attempt = Attempt(number("attempt", row.attempt)?);
        let state = match row.state.as_str() {
            "queued" => JobState::Queued,
            "running" => JobState::Running { attempt },
            "done" => JobState::Done,
            "failed" => JobState::Failed(Failure {
                kind: parsed("failure", &row.failure_kind.unwrap_or_default())?,
                message: row.failure_message.unwrap_or_default(),
            }),
            "cancelled" => JobState::Cancelled,
            other => {
                return Err(Error::Corrupt { what: "job state", source: format!("found `{other}`").into() });
            }
        };
        Ok(Self { state, attempt, interruptions: number("count of interruptions", row.interruptions)? })
    }
}

pub(crate) fn state_name(state: &JobState) -> &'static str {
    match state {
        JobState::Queued => "queued",
        JobState::Running { .. } => "running",
        JobState::Done => "done",
        JobState::Failed(_) => "failed",
        JobState::Cancelled => "cancelled",
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct JobRow {
    id: String,
    track_id: String,
    settings: String,
    stage: Option<String>,
    fraction: Option<f64>,
    created_at: i64,
    started_at: Option<i64>,
    ended_at: Option<i64>,
    #[sqlx(flatten)]
    course: CourseRow,
}

impl TryFrom<JobRow> for Job {
    type Error = Error;

    fn try_from(row: JobRow) -> Result<Self> {
        let progress = match (row.stage, row.fraction) {
            (Some(stage), Some(fraction)) => {
                Some(Progress { stage: parsed("stage", &stage)?, fraction: fraction as f32 })
            }
            _ => None,
        };
        Ok(Self {
            id: parsed("job id", &row.id)?,
            track: parsed("track id", &row.track_id)?,
            settings: settings(&row.settings)?,
            course: row.course.try_into()?,
            progress,
            created_at: Timestamp::from_unix_ms(row.created_at),
            started_at: row.started_at.map(Timestamp::from_unix_ms),
            ended_at: row.ended_at.map(Timestamp::from_unix_ms),
        })
    }
}

pub(crate) fn settings(json: &str) -> Result<domain::Settings> {
    serde_json::from_str(json).map_err(|source| Error::Corrupt { what: "job's settings", source: Box::new(source) })
}
