//! Tells those who wait in this process what has just changed, so that nobody has to ask the database in a loop.
//!
//! A courtesy, never the truth: what is said here was written before, and whoever misses it finds it in the database.

use domain::{Attempt, Course, JobId, JobState, Progress};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, watch};

/// Where a job stands, and how far its running attempt is.
#[derive(Debug, Clone, PartialEq)]
pub struct JobStatus {
    /// Where it stands.
    pub course: Course,
    /// How far it is, while it runs.
    pub progress: Option<Progress>,
}

#[derive(Default)]
pub(crate) struct Hub {
    /// A job was put into the queue.
    pub(crate) work: Notify,
    /// A mail was queued.
    pub(crate) mail: Notify,
    jobs: Mutex<HashMap<JobId, watch::Sender<Option<JobStatus>>>>,
}

impl Hub {
    pub(crate) fn subscribe(&self, job: JobId) -> watch::Receiver<Option<JobStatus>> {
        let mut jobs = self.jobs();
        jobs.retain(|_, sender| sender.receiver_count() > 0);
        jobs.entry(job).or_insert_with(|| watch::Sender::new(None)).subscribe()
    }

    pub(crate) fn publish(&self, job: JobId, status: JobStatus) {
        if let Some(sender) = self.jobs().get(&job) {
            sender.send_replace(Some(status));
        }
    }

    /// What the database says of a job that nothing has been said of yet.
    pub(crate) fn begin_with(&self, job: JobId, status: &JobStatus) {
        if let Some(sender) = self.jobs().get(&job) {
            sender.send_if_modified(|said| {
                said.get_or_insert_with(|| status.clone());
                false
            });
        }
    }

    /// Adds how far it is to what was last said of a running attempt; says nothing of a job that has moved on.
    pub(crate) fn amend(&self, job: JobId, attempt: Attempt, progress: Progress) {
        let jobs = self.jobs();
        let Some(sender) = jobs.get(&job) else { return };
        sender.send_if_modified(|status| match status {
            Some(status) if status.course.state == JobState::Running { attempt } => {
                status.progress = Some(progress);
                true
            }
            _ => false,
        });
    }

    /// The job is no more: those who wait for it are told that nothing will come.
    pub(crate) fn forget(&self, job: JobId) {
        self.jobs().remove(&job);
    }

    fn jobs(&self) -> MutexGuard<'_, HashMap<JobId, watch::Sender<Option<JobStatus>>>> {
        // No code between lock and unlock can leave the map half changed.
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
