//! How long each stage took. The one place of the project that reads the monotonic clock.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::Stage;

/// Wall-clock time by stage, ms; `total` is the whole, and a little more than the sum.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timings(BTreeMap<String, f64>);

impl Timings {
    /// The whole, ms.
    pub fn total_ms(&self) -> f64 {
        self.0.get(TOTAL).copied().unwrap_or(0.0)
    }

    /// One stage, ms; `None` if the job did not pass it.
    pub fn stage_ms(&self, stage: Stage) -> Option<f64> {
        self.0.get(stage.key()).copied()
    }
}

const TOTAL: &str = "total";

/// Runs from its creation; a lap is time spent in a stage.
pub(crate) struct Stopwatch {
    started: Instant,
    lap_started: Instant,
    spent: BTreeMap<&'static str, Duration>,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        let started = now();
        Self { started, lap_started: started, spent: BTreeMap::new() }
    }

    /// Counts the time since the last lap for `stage`; a stage that is passed twice adds up.
    pub(crate) fn lap(&mut self, stage: Stage) {
        let now = now();
        *self.spent.entry(stage.key()).or_default() += now - self.lap_started;
        self.lap_started = now;
    }

    pub(crate) fn stop(self) -> Timings {
        let total = now() - self.started;
        let all = self.spent.into_iter().chain([(TOTAL, total)]);
        Timings(all.map(|(key, spent)| (key.to_owned(), in_ms(spent))).collect())
    }
}

fn in_ms(spent: Duration) -> f64 {
    // A tenth of a millisecond is what a run repeats to; more digits would only look exact.
    (spent.as_secs_f64() * 10_000.0).round() / 10.0
}

#[expect(clippy::disallowed_methods, reason = "this is the stopwatch: timings are reported and decide nothing")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_add_up_and_the_total_is_no_less_than_their_sum() {
        let mut watch = Stopwatch::start();
        for stage in [Stage::Decode, Stage::Encode, Stage::Encode] {
            std::thread::sleep(Duration::from_millis(3));
            watch.lap(stage);
        }
        let timings = watch.stop();
        let decode = timings.stage_ms(Stage::Decode).expect("passed");
        let encode = timings.stage_ms(Stage::Encode).expect("passed");
        assert!(decode >= 3.0 && encode >= 6.0, "{timings:?}");
        assert!(timings.total_ms() + 0.2 >= decode + encode, "{timings:?}");
        assert_eq!(timings.stage_ms(Stage::Solve), None);
    }
}
