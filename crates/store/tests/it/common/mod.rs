//! A data folder in a temporary place, with a clock that the test moves.
#![allow(unreachable_pub, reason = "shared by the modules of one test program")]

use domain::{
    Clock, FileName, OsEntropy, Output, OutputKind, Owner, ReferenceFile, RunId, SessionToken, Settings, SystemClock,
    Timestamp, TrackId,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use store::{Claim, NewTrack, Store};

pub const HOUR: Duration = Duration::from_hours(1);

/// The real time, plus what the test lets pass.
struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(SystemClock.now().unix_ms() + self.0.load(Ordering::Relaxed))
    }
}

pub struct Fixture {
    pub store: Store,
    pub dir: tempfile::TempDir,
    clock: Arc<TestClock>,
    run: RunId,
}

impl Fixture {
    pub async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(0)));
        let store = Store::open(dir.path(), clock.clone(), Arc::new(OsEntropy)).await.unwrap();
        Self { store, dir, clock, run: RunId::draw(&OsEntropy) }
    }

    /// Ends the process, as far as the store can tell, and starts another.
    pub async fn reopen(&mut self) {
        // The lock goes with the last handle, so the old store has to be dropped before the new one opens.
        let elsewhere = tempfile::tempdir().unwrap();
        let placeholder = Store::open(elsewhere.path(), self.clock.clone(), Arc::new(OsEntropy)).await.unwrap();
        std::mem::replace(&mut self.store, placeholder).close().await;
        self.store = self.open_beside().await.unwrap();
        self.run = RunId::draw(&OsEntropy);
    }

    pub async fn open_beside(&self) -> store::Result<Store> {
        Store::open(self.dir.path(), self.clock.clone(), Arc::new(OsEntropy)).await
    }

    pub fn pass(&self, time: Duration) {
        self.clock.0.fetch_add(time.as_millis().try_into().unwrap(), Ordering::Relaxed);
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub async fn visitor(&self) -> (SessionToken, Owner) {
        let (token, session) = self.store.sessions.begin(HOUR * 48).await.unwrap();
        (token, session.owner())
    }

    pub async fn upload(&self, owner: Owner, bytes: &[u8]) -> TrackId {
        self.upload_with(owner, bytes, None).await
    }

    pub async fn upload_with(&self, owner: Owner, bytes: &[u8], reference: Option<&[u8]>) -> TrackId {
        let source = self.store.blobs.put(bytes).await.unwrap();
        let file_name = FileName::from_untrusted("mix 🎸.wav");
        let reference = match reference {
            Some(bytes) => {
                let source = self.store.blobs.put(bytes).await.unwrap();
                Some(ReferenceFile { file_name: FileName::from_untrusted("record.wav"), source })
            }
            None => None,
        };
        let track = NewTrack { file_name, source, reference, settings: Settings::default() };
        self.store.tracks.add(owner, &track).await.unwrap().0
    }

    pub async fn try_claim(&self) -> Option<Claim> {
        self.store.queue.claim(self.run, HOUR).await.unwrap()
    }

    pub async fn claim(&self) -> Claim {
        self.try_claim().await.expect("a job waits")
    }

    /// Answers a claim with one output.
    pub async fn finish(&self, claim: Claim) {
        let blob = self.store.blobs.put(b"a master").await.unwrap();
        let outputs = [Output { kind: OutputKind::Wav24, blob }];
        self.store.queue.finish(&claim, &outputs).await.unwrap();
    }

    /// How many files are in a folder of the data folder.
    pub fn files(&self, folder: &str) -> usize {
        std::fs::read_dir(self.dir.path().join(folder)).unwrap().count()
    }
}
