//! Takes jobs while there are jobs and free cores.

use crate::attempt::Attempting;
use crate::engine::Engine;
use crate::janitor;
use domain::RunId;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use store::{Retention, Store};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

/// How long a job that is told to stop may take to hear of it.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// How a pool works.
#[derive(Debug, Clone, Copy)]
pub struct PoolOptions {
    /// Jobs at a time.
    pub workers: NonZeroUsize,
    /// For how long a claim is good without being renewed.
    pub lease: Duration,
    /// How often a claim is renewed, progress is written down, and a cancelled job hears of it; a small part of
    /// `lease`.
    pub heartbeat: Duration,
    /// How often the queue is asked although nobody said that there is a job.
    pub poll: Duration,
    /// How often what is over is removed.
    pub sweep_every: Duration,
    /// How long things are kept.
    pub retention: Retention,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            workers: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            lease: Duration::from_mins(1),
            heartbeat: Duration::from_secs(1),
            poll: Duration::from_secs(2),
            sweep_every: Duration::from_mins(10),
            retention: Retention::default(),
        }
    }
}

/// What running jobs are to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Go on.
    Working,
    /// Come to an end; no new ones are begun.
    Finishing,
    /// Stop, and go back into the queue.
    HandingBack,
}

/// Jobs being done. Dropping it stops everything at once, as a crash would; [`Self::shut_down`] is the orderly way.
#[derive(Debug)]
pub struct Pool {
    phase: watch::Sender<Phase>,
    dispatcher: JoinHandle<()>,
    janitor: JoinHandle<()>,
}

impl Pool {
    /// Begins to take jobs. `run` names this start of the process. To be called within a Tokio runtime.
    pub fn start(store: &Store, engine: Arc<dyn Engine>, run: RunId, options: PoolOptions) -> Self {
        let (phase, told) = watch::channel(Phase::Working);
        let dispatcher = tokio::spawn(dispatch(store.clone(), engine, run, options, told));
        let janitor = tokio::spawn(janitor::work(store.clone(), options));
        Self { phase, dispatcher, janitor }
    }

    /// Takes no more jobs, gives those that run `grace` to finish, and then puts them back into the queue. Returns
    /// `false` if one did not stop even then; it will run again after the next start.
    pub async fn shut_down(mut self, grace: Duration) -> bool {
        self.janitor.abort();
        self.phase.send_replace(Phase::Finishing);
        if timeout(grace, &mut self.dispatcher).await.is_ok() {
            return true;
        }
        self.phase.send_replace(Phase::HandingBack);
        timeout(STOP_WITHIN, &mut self.dispatcher).await.is_ok()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.dispatcher.abort();
        self.janitor.abort();
        // A thread cannot be aborted: its observer tells it to stop.
        self.phase.send_replace(Phase::HandingBack);
    }
}

async fn dispatch(
    store: Store,
    engine: Arc<dyn Engine>,
    run: RunId,
    options: PoolOptions,
    mut phase: watch::Receiver<Phase>,
) {
    let free = Arc::new(Semaphore::new(options.workers.get()));
    let mut running = JoinSet::new();
    while *phase.borrow_and_update() == Phase::Working {
        let slot = tokio::select! {
            slot = Arc::clone(&free).acquire_owned() => slot.expect("the semaphore is never closed"),
            _ = phase.changed() => continue,
        };
        while running.try_join_next().is_some() {}
        match store.queue.claim(run, options.lease).await {
            Ok(Some(claim)) => {
                let attempting = Attempting {
                    claim,
                    store: store.clone(),
                    engine: Arc::clone(&engine),
                    phase: phase.clone(),
                    options,
                };
                running.spawn(async move {
                    attempting.see_through().await;
                    drop(slot);
                });
                continue;
            }
            Ok(None) => {}
            Err(error) => {
                tracing::error!(error = %chain(&error), "cannot ask the queue for a job; trying again");
            }
        }
        drop(slot);
        tokio::select! {
            () = store.queue.wait() => {}
            () = sleep(options.poll) => {}
            _ = phase.changed() => {}
        }
    }
    while running.join_next().await.is_some() {}
}

/// An error with its causes, on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}
