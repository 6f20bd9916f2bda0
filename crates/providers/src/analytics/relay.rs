//! The queue between a request and Google, and the task that empties it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::Clock;
use futures_util::stream::{self, StreamExt as _};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::batch::{Batch, batches};
use super::config::Ga4;
use super::event::Event;
use super::ids::ClientId;
use super::post::{Post, Undelivered};

/// Google takes events that happened up to three days ago.
const MAX_AGE: Duration = Duration::from_hours(72);

/// Most events that are made into requests at one time.
const ROUND: usize = 256;

/// Requests at one time.
const ABREAST: usize = 4;

/// How a relay works.
#[derive(Debug, Clone, Copy)]
pub struct RelayOptions {
    /// Events that wait at most; more are dropped. An event takes some hundred bytes.
    pub queue: usize,
    /// How long the first event of a round waits for others of its client.
    pub linger: Duration,
    /// How long a connection may take.
    pub connect_within: Duration,
    /// How long a request may take, connection included.
    pub answer_within: Duration,
    /// How often a request is tried that certainly did not arrive; at least once.
    pub attempts: u32,
    /// The pause before the second attempt; each further one is four times as long.
    pub pause: Duration,
}

impl Default for RelayOptions {
    fn default() -> Self {
        Self {
            queue: 1024,
            linger: Duration::from_secs(2),
            connect_within: Duration::from_secs(3),
            answer_within: Duration::from_secs(5),
            attempts: 3,
            pause: Duration::from_millis(500),
        }
    }
}

/// What became of the events so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Found no room in the queue, or came after the end.
    pub dropped: u64,
    /// Google answered 2xx.
    pub delivered: u64,
    /// Were sent in vain, or were too old.
    pub lost: u64,
}

#[derive(Debug, Default)]
struct Counts {
    dropped: AtomicU64,
    delivered: AtomicU64,
    lost: AtomicU64,
}

impl Counts {
    fn tally(&self) -> Tally {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Tally { dropped: read(&self.dropped), delivered: read(&self.delivered), lost: read(&self.lost) }
    }
}

type Queued = (ClientId, Event);

/// Where events are handed in. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Outbox {
    queue: mpsc::Sender<Queued>,
    counts: Arc<Counts>,
}

impl Outbox {
    /// Hands in an event. Never waits: what does not fit is dropped and counted.
    pub fn send(&self, client: ClientId, event: Event) {
        if self.queue.try_send((client, event)).is_err() {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Events on their way to Google. Dropping it ends that at once; [`Self::shut_down`] is the orderly way.
#[derive(Debug)]
pub struct Relay {
    outbox: Outbox,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Relay {
    /// Begins to relay. To be called within a Tokio runtime.
    pub fn start(config: Ga4, options: RelayOptions, clock: Arc<dyn Clock>) -> Self {
        let post = Post::new(config, options.connect_within, options.answer_within);
        let (queue, waiting) = mpsc::channel(options.queue.max(1));
        let (stop, stopped) = watch::channel(false);
        let counts = Arc::new(Counts::default());
        let courier =
            Courier { waiting, stopped, post, options, clock, counts: counts.clone(), is_down: false, told_dropped: 0 };
        Self { outbox: Outbox { queue, counts }, stop, task: tokio::spawn(courier.work()) }
    }

    /// Where events are handed in.
    pub fn outbox(&self) -> Outbox {
        self.outbox.clone()
    }

    /// What became of the events so far.
    pub fn tally(&self) -> Tally {
        self.outbox.counts.tally()
    }

    /// Takes no more events and gives those that wait `grace` to leave.
    pub async fn shut_down(mut self, grace: Duration) -> Tally {
        self.stop.send_replace(true);
        if timeout(grace, &mut self.task).await.is_err() {
            tracing::warn!("some events for Google Analytics were not sent within {grace:?} and are lost");
        }
        self.tally()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Courier {
    waiting: mpsc::Receiver<Queued>,
    stopped: watch::Receiver<bool>,
    post: Post,
    options: RelayOptions,
    clock: Arc<dyn Clock>,
    counts: Arc<Counts>,
    /// The last round did not arrive, and the log says so.
    is_down: bool,
    told_dropped: u64,
}

impl Courier {
    async fn work(mut self) {
        let mut round = Vec::with_capacity(ROUND);
        while self.gather(&mut round).await {
            self.deliver(&mut round).await;
        }
    }

    /// Fills a round. `false` once there is nothing more to come.
    async fn gather(&mut self, round: &mut Vec<Queued>) -> bool {
        let mut stopped = self.stopped.clone();
        tokio::select! {
            biased;
            () = until(&mut stopped) => {
                self.waiting.close();
                return self.waiting.recv_many(round, ROUND).await > 0;
            }
            received = self.waiting.recv_many(round, ROUND) => if received == 0 { return false },
        }
        let lingered = sleep(self.options.linger);
        tokio::pin!(lingered);
        while round.len() < ROUND {
            let room = ROUND - round.len();
            tokio::select! {
                () = until(&mut stopped) => break,
                () = &mut lingered => break,
                received = self.waiting.recv_many(round, room) => if received == 0 { break },
            }
        }
        true
    }

    async fn deliver(&mut self, round: &mut Vec<Queued>) {
        let now = self.clock.now();
        let before = round.len();
        round.retain(|(_, event)| now.since(event.at()) <= MAX_AGE);
        let too_old = (before - round.len()) as u64;
        let (batches, too_large) = batches(std::mem::take(round));
        self.counts.lost.fetch_add(too_old + too_large, Ordering::Relaxed);

        let this = &*self;
        let failures = stream::iter(batches)
            .map(|batch| this.see_off(batch))
            .buffer_unordered(ABREAST)
            .filter_map(async |result| result.err());
        let failures: Vec<Undelivered> = failures.collect().await;
        self.tell(failures.first());
    }

    /// Sends one request until it arrives or that is not worth while any more.
    async fn see_off(&self, batch: Batch) -> Result<(), Undelivered> {
        let mut stopped = self.stopped.clone();
        let mut pause = self.options.pause;
        let mut attempt = 1;
        loop {
            let problem = match self.post.send(batch.body.clone()).await {
                Ok(()) => {
                    self.counts.delivered.fetch_add(batch.events, Ordering::Relaxed);
                    return Ok(());
                }
                Err(problem) => problem,
            };
            let is_last = attempt >= self.options.attempts || *stopped.borrow();
            if is_last || !problem.is_worth_another_try() {
                self.counts.lost.fetch_add(batch.events, Ordering::Relaxed);
                return Err(problem);
            }
            tokio::select! {
                () = sleep(pause) => {}
                () = until(&mut stopped) => {}
            }
            pause = pause.saturating_mul(4);
            attempt += 1;
        }
    }

    /// Says what changed, and not again with every round.
    fn tell(&mut self, problem: Option<&Undelivered>) {
        match problem {
            Some(problem) if !self.is_down => {
                tracing::warn!(%problem, "Google Analytics does not get its events, which are dropped: {problem}");
            }
            None if self.is_down => tracing::info!("Google Analytics gets its events again"),
            _ => {}
        }
        self.is_down = problem.is_some();
        let dropped = self.counts.dropped.load(Ordering::Relaxed);
        if dropped > self.told_dropped {
            let count = dropped - self.told_dropped;
            tracing::warn!(count, "{count} events for Google Analytics found no room in the queue and were dropped");
            self.told_dropped = dropped;
        }
    }
}

/// Ends when the relay is told to stop, or nobody can tell it any more.
async fn until(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stop| *stop).await;
}
