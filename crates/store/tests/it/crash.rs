//! kill -9 at random moments of an upload, of a job and of the writing of its result.
//!
//! A child process (this same test binary) uploads and works; the parent kills it, looks at what is on the disk, opens
//! it, and starts the next child. What the child said it had acknowledged has to be there for ever after. This shows
//! that the order of the steps is right; that the disk keeps what `fsync` promised, no test of this kind can show.

use domain::{
    FileName, JobState, OsEntropy, Output, OutputKind, Owner, RunId, SessionToken, Settings, SystemClock, TrackId,
};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;
use store::{Claim, NewTrack, Store};

const FOLDER: &str = "STORE_CRASH_TEST_FOLDER";
const TOKEN: &str = "STORE_CRASH_TEST_TOKEN";
const ROUNDS: u64 = 16;
const HOUR: Duration = Duration::from_hours(1);

/// Bytes that show by themselves whether they are whole: their own SHA-256, then the rest.
fn sealed(rest: &[u8]) -> Vec<u8> {
    [Sha256::digest(rest).as_slice(), rest].concat()
}

fn is_whole(bytes: &[u8]) -> bool {
    bytes.len() >= 32 && bytes[..32] == *Sha256::digest(&bytes[32..])
}

/// What a job makes of an upload: so that a result of a wrong or partial source would be seen.
fn mastered(source: &[u8]) -> Vec<u8> {
    let rest: Vec<u8> = source[32..].iter().rev().copied().collect();
    sealed(&rest)
}

/// Numbers that look random, the same in every run.
fn scramble(seed: u64) -> u64 {
    let x = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^ (x >> 31)
}

async fn open(dir: &Path) -> Store {
    Store::open(dir, Arc::new(SystemClock), Arc::new(OsEntropy)).await.unwrap()
}

async fn owner(store: &Store, token: &SessionToken) -> Owner {
    store.sessions.find(token).await.unwrap().expect("the session is kept").owner()
}

async fn work(store: &Store, claim: &Claim) {
    let source = std::fs::read(store.blobs.path(claim.source)).unwrap();
    let scratch = store.blobs.scratch().unwrap();
    let mut outputs = Vec::new();
    for kind in [OutputKind::Wav16, OutputKind::Wav24] {
        let path = scratch.path().join(kind.as_str());
        std::fs::write(&path, mastered(&source)).unwrap();
        outputs.push(Output { kind, blob: store.blobs.adopt(&path).await.unwrap() });
    }
    store.queue.finish(claim, &outputs).await.unwrap();
}

#[test]
#[ignore = "the child of the test below"]
fn child() {
    let (Ok(dir), Ok(token)) = (std::env::var(FOLDER), std::env::var(TOKEN)) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(async {
        let store = open(Path::new(&dir)).await;
        let owner = owner(&store, &token.parse().unwrap()).await;
        let worker = store.clone();
        tokio::spawn(async move {
            let run = RunId::draw(&OsEntropy);
            loop {
                match worker.queue.claim(run, HOUR).await.unwrap() {
                    Some(claim) => {
                        work(&worker, &claim).await;
                        println!("done {}", claim.track);
                    }
                    None => worker.queue.wait().await,
                }
            }
        });
        for n in 0_u64.. {
            let content = sealed(&scramble(n).to_le_bytes().repeat(1 + scramble(n) as usize % 20_000));
            let mut writer = store.blobs.create(1 << 20).await.unwrap();
            for chunk in content.chunks(4_096) {
                writer.write(chunk).await.unwrap();
            }
            let source = writer.finish().await.unwrap();
            let file_name = FileName::from_untrusted("mix.wav");
            let track = NewTrack { file_name, source, reference: None, settings: Settings::default() };
            let (track, _) = store.tracks.add(owner, &track).await.unwrap();
            println!("kept {track} {}", hex(&Sha256::digest(&content)));
        }
    });
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Runs a child, kills it at a moment that `round` chooses, and returns what it had acknowledged.
fn run_and_kill(dir: &Path, token: &SessionToken, round: u64) -> Vec<(TrackId, String)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["crash::child", "--exact", "--ignored", "--nocapture"])
        .env(FOLDER, dir)
        .env(TOKEN, token.reveal())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let stdout = child.stdout.take().unwrap();
    let (say, hear) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            say.send(line).ok();
        }
    });
    let mut lines = Vec::new();
    // In every other round anything may be interrupted, the opening of the folder, too. In between, the job that was
    // interrupted last gets the time to be done, so that none is interrupted as often as a poisonous one.
    if round % 2 == 1 {
        while !lines.last().is_some_and(|line: &String| line.starts_with("done ")) {
            lines.push(hear.recv_timeout(Duration::from_mins(1)).expect("the child does a job"));
        }
    }
    std::thread::sleep(Duration::from_micros(scramble(round) % 150_000));
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9), "it died of the kill alone");
    reader.join().unwrap();
    lines.extend(hear.try_iter());
    let kept = lines.iter().filter_map(|line| {
        let (track, sha256) = line.strip_prefix("kept ")?.split_once(' ')?;
        // The last line may have been cut by the kill.
        (sha256.len() == 64).then(|| (track.parse().unwrap(), sha256.to_owned()))
    });
    kept.collect()
}

#[tokio::test]
async fn whatever_was_acknowledged_survives_and_every_job_is_done_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let (token, _) = store.sessions.begin(HOUR).await.unwrap();
    store.close().await;
    let mut acknowledged: HashMap<TrackId, String> = HashMap::new();
    let mut interrupted = 0;

    for round in 0..ROUNDS {
        acknowledged.extend(run_and_kill(dir.path(), &token, round));

        for file in std::fs::read_dir(dir.path().join("blobs")).unwrap() {
            let path = file.unwrap().path();
            assert!(is_whole(&std::fs::read(&path).unwrap()), "round {round}: {} is partial", path.display());
        }
        let store = open(dir.path()).await;
        let owner = owner(&store, &token).await;
        assert_eq!(std::fs::read_dir(dir.path().join("tmp")).unwrap().count(), 0);
        let mut named = 0;
        for track in store.tracks.list(owner).await.unwrap() {
            let job = store.jobs.latest(owner, track.id).await.unwrap().unwrap();
            assert!(matches!(job.course.state, JobState::Queued | JobState::Done), "{job:?}");
            let outputs = store.jobs.outputs(owner, track.id).await.unwrap();
            assert_eq!(outputs.len(), if job.course.state == JobState::Done { 2 } else { 0 });
            named += 1 + outputs.len();
        }
        for (track, sha256) in &acknowledged {
            let track = store.tracks.find(owner, *track).await.unwrap().expect("what was acknowledged is kept");
            assert_eq!(hex(&track.source.sha256), *sha256);
            let bytes = std::fs::read(store.blobs.path(track.source.id)).unwrap();
            assert_eq!(hex(&Sha256::digest(&bytes)), *sha256);
        }
        let blobs = std::fs::read_dir(dir.path().join("blobs")).unwrap().count();
        assert_eq!(blobs, named, "every blob has a row, and every row its blob");
        store.close().await;
    }

    let store = open(dir.path()).await;
    let owner = owner(&store, &token).await;
    while let Some(claim) = store.queue.claim(RunId::draw(&OsEntropy), HOUR).await.unwrap() {
        work(&store, &claim).await;
    }
    let tracks = store.tracks.list(owner).await.unwrap();
    for track in &tracks {
        let job = store.jobs.latest(owner, track.id).await.unwrap().unwrap();
        assert_eq!(job.course.state, JobState::Done);
        interrupted += job.course.interruptions;
        let source = std::fs::read(store.blobs.path(track.source.id)).unwrap();
        for output in store.jobs.outputs(owner, track.id).await.unwrap() {
            let made = std::fs::read(store.blobs.path(output.blob.id)).unwrap();
            assert_eq!(made, mastered(&source));
        }
    }
    println!("{} acknowledged, {} kept, {interrupted} jobs interrupted", acknowledged.len(), tracks.len());
    assert!(acknowledged.len() as u64 >= ROUNDS / 2 && interrupted > 0, "the test did not test anything");
}
