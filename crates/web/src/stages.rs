//! How far a job is, in words.

use domain::{Job, JobState, Progress, Stage};
use serde::Serialize;
use store::JobStatus;

/// The stations that the page lists; putting the results away belongs to the last.
const STEPS: [(Stage, &str, &str); 7] = [
    (Stage::Decode, "Reading your mix", "Read"),
    (Stage::Analyse, "Listening to it", "Listen"),
    (Stage::Tone, "Balancing the tone", "Tone"),
    (Stage::Solve, "Finding the loudness", "Loudness"),
    (Stage::Limit, "Limiting the peaks", "Limit"),
    (Stage::Encode, "Writing your master", "Write"),
    (Stage::Check, "Measuring what was written", "Check"),
];

/// Where a job is, for the page and its script.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Now {
    pub(crate) label: &'static str,
    /// Index of the station it is at.
    pub(crate) step: usize,
    /// 0 to 1.
    pub(crate) fraction: f32,
}

/// One station of the list.
pub(crate) struct Step {
    pub(crate) label: &'static str,
    pub(crate) is: &'static str,
}

impl Now {
    pub(crate) fn of(state: &JobState, progress: Option<Progress>) -> Self {
        match (state, progress) {
            (JobState::Queued, _) => Self { label: "Waiting for its turn", step: 0, fraction: 0.0 },
            (_, None) => Self { label: STEPS[0].1, step: 0, fraction: 0.0 },
            (_, Some(Progress { stage, fraction })) => {
                let step = STEPS.iter().position(|(each, ..)| *each == stage).unwrap_or(STEPS.len() - 1);
                Self { label: STEPS[step].1, step, fraction: fraction.clamp(0.0, 1.0) }
            }
        }
    }

    pub(crate) fn of_job(job: &Job) -> Self {
        Self::of(&job.course.state, job.progress)
    }

    pub(crate) fn of_status(status: &JobStatus) -> Self {
        Self::of(&status.course.state, status.progress)
    }

    pub(crate) fn percent(&self) -> u32 {
        (self.fraction * 100.0) as u32
    }

    pub(crate) fn steps(&self) -> Vec<Step> {
        let is = |index: usize| match index.cmp(&self.step) {
            std::cmp::Ordering::Less => "done",
            std::cmp::Ordering::Equal => "now",
            std::cmp::Ordering::Greater => "next",
        };
        STEPS.iter().enumerate().map(|(index, (_, _, label))| Step { label, is: is(index) }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Attempt;

    #[test]
    fn every_stage_has_its_place_in_the_list_and_the_places_never_go_back() {
        let running = JobState::Running { attempt: Attempt(1) };
        let steps: Vec<_> = Stage::ALL
            .into_iter()
            .map(|stage| {
                let progress = Progress { stage, fraction: 0.5 };
                Now::of(&running, Some(progress)).step
            })
            .collect();
        assert_eq!(steps, [0, 1, 2, 3, 4, 5, 6, 6]);
    }

    #[test]
    fn a_job_that_waits_says_so() {
        let now = Now::of(&JobState::Queued, None);
        assert_eq!((now.label, now.percent()), ("Waiting for its turn", 0));
    }
}
