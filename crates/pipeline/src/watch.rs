//! Tells the observer how far a job is, and takes the time of each stage while at it.

use std::ops::ControlFlow;

use crate::stopwatch::Stopwatch;
use crate::{Control, Error, Observer, Progress, Stage, Timings};

pub(crate) struct Watch<'a> {
    observer: Observer<'a>,
    stopwatch: Stopwatch,
    stage: Stage,
    furthest: f32,
    cancelled: bool,
}

impl<'a> Watch<'a> {
    pub(crate) fn start(observer: Observer<'a>) -> Self {
        Self { observer, stopwatch: Stopwatch::start(), stage: Stage::Decode, furthest: 0.0, cancelled: false }
    }

    /// A stage is `within` done, 0 to 1. The time since the stage before began is counted for that one.
    pub(crate) fn tell(&mut self, stage: Stage, within: f32) -> ControlFlow<()> {
        if stage != self.stage {
            self.stopwatch.lap(self.stage);
            self.stage = stage;
        }
        // A search goes back to an earlier stage; a bar that goes back would look broken.
        self.furthest = self.furthest.max(Progress::at(stage, within).fraction);
        if !self.cancelled {
            self.cancelled = (self.observer)(Progress { stage, fraction: self.furthest }) == Control::Cancel;
        }
        if self.cancelled { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// What a part of the job tells that is watched on its own.
    pub(crate) fn pass_on(&mut self, progress: Progress) -> ControlFlow<()> {
        self.furthest = self.furthest.max(progress.fraction);
        self.tell(progress.stage, 0.0)
    }

    /// As [`Watch::tell`], for work that ends with an error.
    pub(crate) fn go_on(&mut self, stage: Stage, within: f32) -> Result<(), Error> {
        let _ = self.tell(stage, within);
        self.still_wanted()
    }

    /// A place to stop, for work that cannot be stopped in its middle.
    pub(crate) fn still_wanted(&self) -> Result<(), Error> {
        if self.cancelled { Err(Error::Cancelled) } else { Ok(()) }
    }

    pub(crate) fn engine(&mut self, stage: mastering::Stage, within: f32) {
        let stage = match stage {
            mastering::Stage::Analyse => Stage::Analyse,
            mastering::Stage::Tone => Stage::Tone,
            mastering::Stage::Solve => Stage::Solve,
            mastering::Stage::Limit => Stage::Limit,
        };
        let _ = self.tell(stage, within);
    }

    pub(crate) fn stop(mut self) -> Timings {
        self.stopwatch.lap(self.stage);
        self.stopwatch.stop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancelled_job_is_not_asked_again_and_stops_at_the_next_place() {
        let mut asked = 0;
        let mut observer = |_: Progress| {
            asked += 1;
            Control::Cancel
        };
        let mut watch = Watch::start(&mut observer);
        assert!(watch.still_wanted().is_ok());
        assert!(watch.tell(Stage::Decode, 0.5).is_break());
        assert!(watch.tell(Stage::Decode, 0.6).is_break());
        assert!(matches!(watch.still_wanted(), Err(Error::Cancelled)));
        assert_eq!(asked, 1);
    }

    #[test]
    fn the_bar_never_goes_back() {
        let mut seen = Vec::new();
        let mut observer = |progress: Progress| {
            seen.push(progress.fraction);
            Control::Continue
        };
        let mut watch = Watch::start(&mut observer);
        for (stage, within) in [(Stage::Solve, 0.9), (Stage::Tone, 0.1), (Stage::Limit, 0.1)] {
            let _ = watch.tell(stage, within);
        }
        assert!(seen.is_sorted(), "{seen:?}");
    }
}
