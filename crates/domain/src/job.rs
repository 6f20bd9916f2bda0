//! The course of a job: a state machine without storage.
//!
//! ```text
//!            claim                     finish
//!   Queued ---------> Running{attempt} ------> Done
//!     ^                |   |   |  fail
//!     |   hand back,   |   |   +--------------> Failed
//!     +--- interrupt --+   |                      ^
//!                          +-- interrupt, for the last time
//!   Queued, Running -- cancel --> Cancelled
//! ```
//!
//! Two numbers steer it. The *attempt* goes up with every claim and is the fence: an answer that names an older attempt
//! comes from a worker that was given up on, and changes nothing. *Interruptions* count only the attempts that ended
//! without an answer (the process died, or its lease ran out); a job that does this [`Course::MAX_INTERRUPTIONS`] times
//! is taken to be the cause and fails, so that a poisonous file cannot kill the service for ever. A worker that hands a
//! job back because it shuts down is not held against the job.

use crate::id::{JobId, TrackId};
use crate::settings::Settings;
use crate::world::Timestamp;
use std::fmt;
use std::str::FromStr;

/// How many times the job had been claimed, this claim included; 0 before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attempt(pub u32);

/// Where a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobState {
    /// Waits for a worker.
    Queued,
    /// A worker has it.
    Running {
        /// Which claim this is.
        attempt: Attempt,
    },
    /// Its outputs are there.
    Done,
    /// It has no outputs and will not be tried again.
    Failed(Failure),
    /// Its owner wants it no longer.
    Cancelled,
}

impl JobState {
    /// Whether nothing more will happen.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Done | Self::Failed(_) | Self::Cancelled)
    }
}

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Whose turn it is.
    pub kind: FailureKind,
    /// In words for the musician.
    pub message: String,
}

/// Whose turn it is after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The file or the settings cannot be mastered: the musician can change that.
    Refused,
    /// The work ended without an answer too often.
    Interrupted,
    /// The service could not do it: the operator's log says why.
    Internal,
}

impl FailureKind {
    const ALL: [Self; 3] = [Self::Refused, Self::Interrupted, Self::Internal];

    /// Its name in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Interrupted => "interrupted",
            Self::Internal => "internal",
        }
    }
}

impl FromStr for FailureKind {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownName { of: "failure" })
    }
}

/// Something that happens to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobEvent {
    /// A worker takes it.
    Claim,
    /// The worker of this attempt has stored all outputs.
    Finish(Attempt),
    /// The worker of this attempt says that it cannot be done.
    Fail(Attempt, Failure),
    /// The worker of this attempt stops before the end, in good order.
    HandBack(Attempt),
    /// The worker of this attempt is gone without a word.
    Interrupt(Attempt),
    /// The owner wants it no longer.
    Cancel,
}

/// The event does not belong here: a late answer, or one too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the job has moved on: this attempt is no longer the one that counts")]
pub struct OutOfPlace;

/// The part of a job that events change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    /// Where it stands.
    pub state: JobState,
    /// How many times it was claimed.
    pub attempt: Attempt,
    /// How many of these claims ended without an answer.
    pub interruptions: u32,
}

impl Course {
    /// After so many attempts without an answer a job fails.
    pub const MAX_INTERRUPTIONS: u32 = 3;

    /// Of a job that was just asked for.
    pub const fn new() -> Self {
        Self { state: JobState::Queued, attempt: Attempt(0), interruptions: 0 }
    }

    /// What becomes of the job.
    pub fn after(&self, event: JobEvent) -> Result<Self, OutOfPlace> {
        let ours = |attempt| self.state == JobState::Running { attempt };
        let becomes = |state| Ok(Self { state, ..*self });
        match event {
            JobEvent::Claim if self.state == JobState::Queued => {
                let attempt = Attempt(self.attempt.0 + 1);
                Ok(Self { state: JobState::Running { attempt }, attempt, ..*self })
            }
            JobEvent::Finish(attempt) if ours(attempt) => becomes(JobState::Done),
            JobEvent::Fail(attempt, failure) if ours(attempt) => becomes(JobState::Failed(failure)),
            JobEvent::HandBack(attempt) if ours(attempt) => becomes(JobState::Queued),
            JobEvent::Interrupt(attempt) if ours(attempt) => {
                let interruptions = self.interruptions + 1;
                let state =
                    if interruptions < Self::MAX_INTERRUPTIONS { JobState::Queued } else { interrupted(interruptions) };
                Ok(Self { state, interruptions, ..*self })
            }
            JobEvent::Cancel if !self.state.is_final() => becomes(JobState::Cancelled),
            _ => Err(OutOfPlace),
        }
    }
}

impl Default for Course {
    fn default() -> Self {
        Self::new()
    }
}

fn interrupted(times: u32) -> JobState {
    JobState::Failed(Failure {
        kind: FailureKind::Interrupted,
        message: format!(
            "Mastering this file was interrupted {times} times, so it is not tried again by itself. Your upload is kept: \
             you can start it once more."
        ),
    })
}

/// A job as its owner may see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its name.
    pub id: JobId,
    /// The track that it masters.
    pub track: TrackId,
    /// What was asked for.
    pub settings: Settings,
    /// Where it stands.
    pub course: Course,
    /// How far the running attempt is; `None` before its first word.
    pub progress: Option<Progress>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When the latest attempt began.
    pub started_at: Option<Timestamp>,
    /// When its state became final.
    pub ended_at: Option<Timestamp>,
}

/// How far a running job is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// What it is at.
    pub stage: Stage,
    /// How much of the whole job is done, 0 to 1.
    pub fraction: f32,
}

/// What a running job is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Reading the file.
    Decode,
    /// Measuring the mix.
    Analyse,
    /// Tonal balance.
    Tone,
    /// Finding the drive that gives the loudness.
    Solve,
    /// Limiting.
    Limit,
    /// Writing the files.
    Encode,
    /// Measuring what was written.
    Check,
    /// Putting the results away.
    Keep,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 8] =
        [Self::Decode, Self::Analyse, Self::Tone, Self::Solve, Self::Limit, Self::Encode, Self::Check, Self::Keep];

    /// Its name in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Analyse => "analyse",
            Self::Tone => "tone",
            Self::Solve => "solve",
            Self::Limit => "limit",
            Self::Encode => "encode",
            Self::Check => "check",
            Self::Keep => "keep",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Stage {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == text).ok_or(UnknownName { of: "stage" })
    }
}

/// The text names none of the known values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a known {of}")]
pub struct UnknownName {
    pub(crate) of: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refusal() -> Failure {
        Failure { kind: FailureKind::Refused, message: "silence".to_owned() }
    }

    fn events() -> impl Strategy<Value = JobEvent> {
        let attempt = (0_u32..6).prop_map(Attempt);
        prop_oneof![
            4 => Just(JobEvent::Claim),
            1 => attempt.clone().prop_map(JobEvent::Finish),
            1 => attempt.clone().prop_map(|attempt| JobEvent::Fail(attempt, refusal())),
            2 => attempt.clone().prop_map(JobEvent::HandBack),
            3 => attempt.prop_map(JobEvent::Interrupt),
            1 => Just(JobEvent::Cancel),
        ]
    }

    #[test]
    fn a_job_is_claimed_and_finished() {
        let running = Course::new().after(JobEvent::Claim).unwrap();
        assert_eq!(running.state, JobState::Running { attempt: Attempt(1) });
        assert_eq!(running.after(JobEvent::Finish(Attempt(1))).unwrap().state, JobState::Done);
    }

    #[test]
    fn a_late_answer_of_an_attempt_that_was_given_up_on_changes_nothing() {
        let second = [JobEvent::Claim, JobEvent::Interrupt(Attempt(1)), JobEvent::Claim]
            .into_iter()
            .fold(Course::new(), |course, event| course.after(event).unwrap());
        assert_eq!(second.after(JobEvent::Finish(Attempt(1))), Err(OutOfPlace));
        assert_eq!(second.after(JobEvent::Fail(Attempt(1), refusal())), Err(OutOfPlace));
        assert!(second.after(JobEvent::Finish(Attempt(2))).is_ok());
    }

    #[test]
    fn a_poisonous_job_fails_with_a_reason_but_shutdowns_are_not_held_against_it() {
        let mut course = Course::new();
        for n in 1..=10 {
            course = course.after(JobEvent::Claim).unwrap().after(JobEvent::HandBack(Attempt(n))).unwrap();
        }
        for n in 11..=13 {
            course = course.after(JobEvent::Claim).unwrap().after(JobEvent::Interrupt(Attempt(n))).unwrap();
        }
        let JobState::Failed(failure) = &course.state else { panic!("{course:?}") };
        assert_eq!(failure.kind, FailureKind::Interrupted);
        assert!(failure.message.contains("3 times"), "{}", failure.message);
    }

    proptest! {
        #[test]
        fn whatever_happens_the_end_is_final_and_the_numbers_only_grow(
            events in proptest::collection::vec(events(), 0..60),
        ) {
            let mut course = Course::new();
            for event in events {
                let before = course.clone();
                match course.after(event.clone()) {
                    Ok(next) => course = next,
                    Err(OutOfPlace) => continue,
                }
                prop_assert!(!before.state.is_final(), "{:?} left {:?}", event, before);
                prop_assert!(course.attempt >= before.attempt);
                prop_assert!(course.interruptions >= before.interruptions);
                prop_assert!(course.interruptions <= Course::MAX_INTERRUPTIONS);
                prop_assert_eq!(event == JobEvent::Claim, course.attempt > before.attempt);
                if let JobState::Running { attempt } = course.state {
                    prop_assert_eq!(attempt, course.attempt);
                    prop_assert_eq!(&event, &JobEvent::Claim);
                }
                if course.interruptions == Course::MAX_INTERRUPTIONS {
                    prop_assert!(course.state.is_final());
                }
            }
        }
    }
}
