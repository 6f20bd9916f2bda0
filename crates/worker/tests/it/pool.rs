//! What the pool does with jobs, whatever engine does them.

use domain::{
    FailureKind, FileName, JobState, OsEntropy, OutputKind, Owner, RunId, Settings, Stage, SystemClock, TrackId,
};
use pipeline::{Control, Error, Observer, Progress};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;
use store::{NewTrack, Retention, Store};
use tokio::io::AsyncReadExt;
use tokio::time::timeout;
use worker::{Engine, Made, Order, Pool, PoolOptions};

const SOON: Duration = Duration::from_secs(20);

/// Does what the upload says: turns it to capitals, or fails in the way that it names.
#[derive(Default)]
struct Scripted {
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
    begun: AtomicUsize,
}

impl Engine for Scripted {
    fn master(&self, order: &Order, observer: Observer<'_>) -> Result<Made, Error> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        let now = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(now, Ordering::SeqCst);
        let made = play(order, observer);
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        made
    }
}

fn play(order: &Order, observer: Observer<'_>) -> Result<Made, Error> {
    let script = std::fs::read_to_string(&order.source).unwrap();
    match script.as_str() {
        "panic" => panic!("as the script says"),
        "refuse" => return Err(Error::Refused("there is no sound in it".to_owned())),
        "nothing made" => {
            return Ok(Made { files: vec![(OutputKind::Wav24, order.folder.join("missing"))], stages: Vec::new() });
        }
        "for ever" => loop {
            if observer(Progress { stage: pipeline::Stage::Solve, fraction: 0.5 }) == Control::Cancel {
                return Err(Error::Cancelled);
            }
            thread::sleep(Duration::from_millis(2));
        },
        _ => {}
    }
    for step in 0..10 {
        observer(Progress { stage: pipeline::Stage::Limit, fraction: step as f32 / 10.0 });
        thread::sleep(Duration::from_millis(5));
    }
    let path = order.folder.join("master.wav");
    std::fs::write(&path, script.to_uppercase()).unwrap();
    std::fs::write(order.folder.join("left over"), "x").unwrap();
    Ok(Made { files: vec![(OutputKind::Wav24, path)], stages: vec![(Stage::Limit, Duration::from_millis(70))] })
}

fn options(workers: usize) -> PoolOptions {
    PoolOptions {
        workers: NonZeroUsize::new(workers).unwrap(),
        lease: Duration::from_secs(30),
        heartbeat: Duration::from_millis(20),
        // So long that a test which relied on it would run out of time: jobs are to be taken at once.
        poll: Duration::from_hours(1),
        sweep_every: Duration::from_hours(1),
        retention: Retention { guest_tracks: Duration::from_hours(1), ..Retention::default() },
    }
}

struct World {
    store: Store,
    dir: tempfile::TempDir,
    engine: Arc<Scripted>,
    owner: Owner,
}

impl World {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), Arc::new(SystemClock), Arc::new(OsEntropy)).await.unwrap();
        let owner = store.sessions.begin(Duration::from_hours(1)).await.unwrap().1.owner();
        Self { store, dir, engine: Arc::default(), owner }
    }

    fn pool(&self, workers: usize) -> Pool {
        Pool::start(&self.store, self.engine.clone(), RunId::draw(&OsEntropy), options(workers))
    }

    async fn upload(&self, script: &str) -> TrackId {
        let source = self.store.blobs.put(script.as_bytes()).await.unwrap();
        let file_name = FileName::from_untrusted("mix.wav");
        let track = NewTrack { file_name, source, reference: None, settings: Settings::default() };
        self.store.tracks.add(self.owner, &track).await.unwrap().0
    }

    /// Waits for a state and returns it.
    async fn until(&self, track: TrackId, wanted: impl Fn(&JobState) -> bool) -> JobState {
        let mut watch = self.store.jobs.watch(self.owner, track).await.unwrap().unwrap();
        timeout(SOON, async {
            loop {
                let state = watch.next().await.expect("the state that is waited for comes").course.state;
                if wanted(&state) {
                    return state;
                }
            }
        })
        .await
        .expect("in time")
    }

    async fn end(&self, track: TrackId) -> JobState {
        self.until(track, JobState::is_final).await
    }

    async fn master(&self, track: TrackId) -> String {
        let output = self.store.jobs.output(self.owner, track, OutputKind::Wav24).await.unwrap().expect("an output");
        let mut text = String::new();
        let mut reader = self.store.blobs.read(output.blob.id, None).await.unwrap().unwrap();
        reader.read_to_string(&mut text).await.unwrap();
        text
    }

    fn files(&self, folder: &str) -> usize {
        std::fs::read_dir(self.dir.path().join(folder)).unwrap().count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_queued_while_the_pool_sleeps_is_done_at_once_and_its_progress_is_heard() {
    let world = World::new().await;
    let pool = world.pool(1);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let track = world.upload("a mix").await;
    let mut watch = world.store.jobs.watch(world.owner, track).await.unwrap().unwrap();
    let mut stages = Vec::new();
    while let Some(status) = timeout(SOON, watch.next()).await.unwrap() {
        stages.extend(status.progress.map(|progress| progress.stage));
    }
    assert!(stages.contains(&Stage::Limit), "{stages:?}");
    assert_eq!(world.end(track).await, JobState::Done);
    assert_eq!(world.master(track).await, "A MIX");
    assert!(pool.shut_down(SOON).await);
    assert_eq!(world.files("tmp"), 0, "what the engine left over is removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_job_is_done_and_never_more_at_once_than_there_are_workers() {
    let world = World::new().await;
    let mut tracks = Vec::new();
    for n in 0..12 {
        tracks.push(world.upload(&format!("mix {n}")).await);
    }
    let pool = world.pool(3);
    for (n, track) in tracks.into_iter().enumerate() {
        assert_eq!(world.end(track).await, JobState::Done);
        assert_eq!(world.master(track).await, format!("MIX {n}"));
    }
    assert!(pool.shut_down(SOON).await);
    let stages = world.store.health.stages(Duration::from_hours(24)).await.unwrap();
    let counted: Vec<_> = stages.iter().map(|(stage, times)| (stage.as_str(), times.count())).collect();
    assert_eq!(counted, [("limit", 12)]);
    let most = world.engine.most_at_once.load(Ordering::SeqCst);
    assert!((2..=3).contains(&most), "{most} at once");
    assert_eq!(world.engine.begun.load(Ordering::SeqCst), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_fail_are_told_apart_and_harm_no_other() {
    let world = World::new().await;
    let pool = world.pool(1);
    for (script, kind) in
        [("panic", FailureKind::Internal), ("refuse", FailureKind::Refused), ("nothing made", FailureKind::Internal)]
    {
        let track = world.upload(script).await;
        let JobState::Failed(failure) = world.end(track).await else { panic!("{script} did not fail") };
        assert_eq!(failure.kind, kind, "{script}");
        assert!(!failure.message.contains(world.dir.path().to_str().unwrap()), "{}", failure.message);
    }
    let track = world.upload("a mix").await;
    assert_eq!(world.end(track).await, JobState::Done);
    assert!(pool.shut_down(SOON).await);
    assert_eq!(world.files("tmp"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_or_deleted_job_stops_and_frees_its_worker() {
    let world = World::new().await;
    let pool = world.pool(1);
    let cancelled = world.upload("for ever").await;
    world.until(cancelled, |state| matches!(state, JobState::Running { .. })).await;
    assert!(world.store.jobs.cancel(world.owner, cancelled).await.unwrap());
    let deleted = world.upload("for ever").await;
    world.until(deleted, |state| matches!(state, JobState::Running { .. })).await;
    assert!(world.store.tracks.delete(world.owner, deleted).await.unwrap());
    let track = world.upload("a mix").await;
    assert_eq!(world.end(track).await, JobState::Done);
    assert_eq!(world.end(cancelled).await, JobState::Cancelled);
    assert!(pool.shut_down(SOON).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_lets_short_jobs_finish_and_puts_long_ones_back_without_holding_it_against_them() {
    let world = World::new().await;
    let pool = world.pool(2);
    let short = world.upload("a mix").await;
    let long = world.upload("for ever").await;
    for track in [short, long] {
        world.until(track, |state| *state != JobState::Queued).await;
    }
    let waiting = world.upload("for ever").await;
    assert!(pool.shut_down(Duration::from_millis(500)).await);
    assert_eq!(world.end(short).await, JobState::Done);
    let job = world.store.jobs.latest(world.owner, long).await.unwrap().unwrap();
    assert_eq!((job.course.state, job.course.interruptions), (JobState::Queued, 0));
    let job = world.store.jobs.latest(world.owner, waiting).await.unwrap().unwrap();
    assert_eq!(job.course.state, JobState::Queued);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_vanishes_leaves_its_jobs_to_the_next_start() {
    let world = World::new().await;
    let pool = world.pool(1);
    let track = world.upload("for ever").await;
    world.until(track, |state| matches!(state, JobState::Running { .. })).await;
    drop(pool);
    let World { store, dir, owner, .. } = world;
    store.close().await;
    let store = timeout(SOON, async {
        loop {
            // The engine's thread holds a handle on the folder until it has heard that it is to stop.
            match Store::open(dir.path(), Arc::new(SystemClock), Arc::new(OsEntropy)).await {
                Ok(store) => return store,
                Err(store::Error::InUse { .. }) => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                Err(error) => panic!("{error}"),
            }
        }
    })
    .await
    .unwrap();
    let job = store.jobs.latest(owner, track).await.unwrap().unwrap();
    assert_eq!((job.course.state, job.course.interruptions), (JobState::Queued, 1));
}
