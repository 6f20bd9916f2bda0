//! One attempt at a job, from its claim to its answer.

use crate::engine::{Engine, Made, Order};
use crate::pool::{Phase, PoolOptions, chain};
use domain::{Bucket, Failure, FailureKind, Label, Output, Progress, Stage};
use pipeline::Control;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::{Claim, HealthReport, Lease, Scratch, Store};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// Those who watch are told of every two-hundredth of a job: finer than a progress bar shows, and without a clock.
const STEP: f32 = 0.005;
const OUR_FAULT: &str = "Something went wrong on our side. Your upload is kept: you can start the master once more.";

pub(crate) struct Attempting {
    pub(crate) claim: Claim,
    pub(crate) store: Store,
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) phase: watch::Receiver<Phase>,
    pub(crate) options: PoolOptions,
}

/// What the thread that does the work shares with the task that keeps the claim alive.
#[derive(Default)]
struct Shared {
    latest: Mutex<Option<Progress>>,
    lost: AtomicBool,
}

/// How an attempt ended.
enum Ended {
    Made(Made),
    Failed(Failure),
    /// The observer said so, or the engine did of its own accord.
    Stopped,
}

impl Attempting {
    /// Does the job and answers for it. An answer that cannot be given is logged: the lease then runs out by itself.
    pub(crate) async fn see_through(self) {
        let shared = Arc::new(Shared::default());
        tracing::info!(job = %self.claim.job, attempt = self.claim.attempt.0, "job begun");
        let answered = tokio::select! {
            answered = self.work(&shared) => answered,
            never = self.keep_alive(&shared) => match never {},
        };
        match answered {
            Ok(()) => {}
            Err(store::Error::OutOfPlace(_)) => {
                tracing::info!(job = %self.claim.job, "job was cancelled or given to another attempt; result dropped");
            }
            Err(error) => {
                tracing::error!(job = %self.claim.job, error = %chain(&error), "cannot write down how the job ended");
            }
        }
    }

    async fn work(&self, shared: &Arc<Shared>) -> store::Result<()> {
        let queue = &self.store.queue;
        // Shared with the thread, so that the folder outlives whichever of the two ends first.
        let scratch = Arc::new(self.store.blobs.scratch()?);
        match self.run_engine(shared, &scratch).await {
            Ended::Made(made) => self.keep(made).await,
            Ended::Failed(failure) => {
                tracing::info!(job = %self.claim.job, kind = failure.kind.as_str(), "job failed");
                queue.fail(&self.claim, failure).await
            }
            Ended::Stopped if shared.lost.load(Ordering::Relaxed) => {
                tracing::info!(job = %self.claim.job, "job stopped: it is no longer wanted");
                Ok(())
            }
            Ended::Stopped => {
                tracing::info!(job = %self.claim.job, "job handed back");
                queue.hand_back(&self.claim).await
            }
        }
    }

    async fn run_engine(&self, shared: &Arc<Shared>, scratch: &Arc<Scratch>) -> Ended {
        let reference = self.claim.reference.as_ref();
        let order = Order {
            reference: reference.map(|file| (self.store.blobs.path(file.source.id), file.file_name.clone())),
            source: self.store.blobs.path(self.claim.source),
            file_name: self.claim.file_name.clone(),
            settings: self.claim.settings.clone(),
            folder: scratch.path().to_owned(),
        };
        let engine = Arc::clone(&self.engine);
        let mut observe = self.observer(shared);
        let scratch = Arc::clone(scratch);
        let done = spawn_blocking(move || {
            let done = engine.master(&order, &mut observe);
            drop(scratch);
            done
        });
        let job = self.claim.job;
        match done.await {
            Ok(Ok(made)) => Ended::Made(made),
            Ok(Err(pipeline::Error::Refused(message))) => {
                Ended::Failed(Failure { kind: FailureKind::Refused, message })
            }
            Ok(Err(pipeline::Error::Cancelled)) => Ended::Stopped,
            Ok(Err(pipeline::Error::Failed(error))) => {
                tracing::error!(%job, error = %chain(&error), "the engine failed");
                Ended::Failed(our_fault())
            }
            Err(error) => {
                tracing::error!(%job, %error, "the engine panicked");
                Ended::Failed(our_fault())
            }
        }
    }

    /// Passes on how far the engine is, and tells it whether to go on.
    fn observer(&self, shared: &Arc<Shared>) -> impl FnMut(pipeline::Progress) -> Control + use<> {
        let (queue, claim) = (self.store.queue.clone(), self.claim.clone());
        let (phase, shared) = (self.phase.clone(), Arc::clone(shared));
        let mut told: Option<Progress> = None;
        move |progress| {
            let progress = Progress { stage: stage(progress.stage), fraction: progress.fraction };
            if told.is_none_or(|told| told.stage != progress.stage || progress.fraction - told.fraction >= STEP) {
                told = Some(progress);
                *shared.latest.lock().unwrap_or_else(PoisonError::into_inner) = told;
                queue.tell(&claim, progress);
            }
            if shared.lost.load(Ordering::Relaxed) || *phase.borrow() == Phase::HandingBack {
                Control::Cancel
            } else {
                Control::Continue
            }
        }
    }

    /// Puts the files away and gives them to their owner, all or none.
    async fn keep(&self, made: Made) -> store::Result<()> {
        self.store.queue.tell(&self.claim, Progress { stage: Stage::Keep, fraction: 1.0 });
        let mut outputs = Vec::with_capacity(made.files.len());
        let mut kept = Ok(());
        for (kind, path) in &made.files {
            match self.store.blobs.adopt(path).await {
                Ok(blob) => outputs.push(Output { kind: *kind, blob }),
                Err(error) => {
                    kept = Err(error);
                    break;
                }
            }
        }
        let answered = match kept {
            Ok(()) => self.store.queue.finish(&self.claim, &outputs).await,
            Err(error) => {
                tracing::error!(job = %self.claim.job, error = %chain(&error), "cannot keep what was made");
                self.store.queue.fail(&self.claim, our_fault()).await.and(Err(error))
            }
        };
        if answered.is_ok() {
            tracing::info!(job = %self.claim.job, "job done");
            self.count(&made.stages).await;
            return Ok(());
        }
        // After any other error it is not known for sure that nothing names them: the next sweep will know.
        if let Err(store::Error::OutOfPlace(_)) = answered {
            for Output { blob, .. } in outputs {
                self.store.blobs.delete(blob.id).await?;
            }
        }
        answered
    }

    /// Counts how long the stages took, without whose job it was. What cannot be counted is no loss to anybody.
    async fn count(&self, stages: &[(Stage, Duration)]) {
        let mut report = HealthReport::default();
        for (stage, time) in stages {
            let label: Label = stage.as_str().parse().expect("a stage's name is a label, as a test shows");
            report.stages.entry(label).or_default().add(Bucket::of(*time), 1);
        }
        if let Err(error) = self.store.health.add(&report).await {
            tracing::warn!(error = %chain(&error), "how long the job took is not counted");
        }
    }

    async fn keep_alive(&self, shared: &Shared) -> std::convert::Infallible {
        loop {
            sleep(self.options.heartbeat).await;
            let latest = *shared.latest.lock().unwrap_or_else(PoisonError::into_inner);
            match self.store.queue.renew(&self.claim, self.options.lease, latest).await {
                Ok(Lease::Held) => {}
                Ok(Lease::Lost) => {
                    shared.lost.store(true, Ordering::Relaxed);
                    return std::future::pending().await;
                }
                // The lease outlives many heartbeats.
                Err(error) => {
                    tracing::warn!(job = %self.claim.job, error = %chain(&error), "cannot renew the claim; trying again");
                }
            }
        }
    }
}

fn our_fault() -> Failure {
    Failure { kind: FailureKind::Internal, message: OUR_FAULT.to_owned() }
}

/// What the business calls a stage of the pipeline.
pub(crate) fn stage(stage: pipeline::Stage) -> Stage {
    match stage {
        pipeline::Stage::Decode => Stage::Decode,
        pipeline::Stage::Analyse => Stage::Analyse,
        pipeline::Stage::Tone => Stage::Tone,
        pipeline::Stage::Solve => Stage::Solve,
        pipeline::Stage::Limit => Stage::Limit,
        pipeline::Stage::Encode => Stage::Encode,
        pipeline::Stage::Check => Stage::Check,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_can_be_counted_under_its_name() {
        for stage in Stage::ALL {
            assert!(stage.as_str().parse::<Label>().is_ok(), "{stage:?}");
        }
    }
}
