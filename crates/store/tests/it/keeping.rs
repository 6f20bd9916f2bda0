//! What a visitor may rely on: uploads, ownership, sessions, and the course of their jobs.

use crate::common::{Fixture, HOUR};
use domain::{
    Failure, FailureKind, FileName, JobState, Output, OutputKind, Progress, ReferenceFile, SessionToken, Settings,
    Stage, TrackId,
};
use std::time::Duration;
use store::{Error, NewTrack, Retention, Store};
use tokio::io::AsyncReadExt;

fn keeping_tracks(guest_tracks: Duration) -> Retention {
    Retention { guest_tracks, ..Retention::default() }
}

async fn read(store: &Store, id: domain::BlobId, range: Option<std::ops::Range<u64>>) -> Vec<u8> {
    let mut reader = store.blobs.read(id, range).await.unwrap().expect("the blob is there");
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).await.unwrap();
    bytes
}

#[tokio::test]
async fn an_acknowledged_upload_is_there_after_reopening() {
    let mut world = Fixture::new().await;
    let (token, owner) = world.visitor().await;
    let track = world.upload(owner, b"a mix").await;
    world.reopen().await;
    let owner = world.store.sessions.find(&token).await.unwrap().unwrap().owner();
    let found = world.store.tracks.find(owner, track).await.unwrap().unwrap();
    assert_eq!(found.file_name.as_str(), "mix 🎸.wav");
    assert_eq!(read(&world.store, found.source.id, None).await, b"a mix");
    let job = world.store.jobs.latest(owner, track).await.unwrap().unwrap();
    assert_eq!(job.course.state, JobState::Queued);
}

#[tokio::test]
async fn a_blob_gives_any_range_of_its_bytes() {
    let world = Fixture::new().await;
    let blob = world.store.blobs.put(b"0123456789").await.unwrap();
    assert_eq!(blob.bytes, 10);
    assert_eq!(read(&world.store, blob.id, Some(2..5)).await, b"234");
    assert_eq!(read(&world.store, blob.id, Some(8..99)).await, b"89");
    assert_eq!(read(&world.store, blob.id, Some(50..99)).await, b"");
    world.store.blobs.delete(blob.id).await.unwrap();
    assert!(world.store.blobs.read(blob.id, None).await.unwrap().is_none());
    world.store.blobs.delete(blob.id).await.unwrap();
}

#[tokio::test]
async fn an_upload_that_is_too_large_or_given_up_leaves_nothing() {
    let world = Fixture::new().await;
    let mut writer = world.store.blobs.create(8).await.unwrap();
    writer.write(b"12345").await.unwrap();
    assert!(matches!(writer.write(b"6789").await, Err(Error::TooLarge { max_bytes: 8 })));
    assert!(matches!(writer.finish().await, Err(Error::TooLarge { .. })));
    let mut writer = world.store.blobs.create(8).await.unwrap();
    writer.write(b"12345").await.unwrap();
    drop(writer);
    assert_eq!(world.files("tmp") + world.files("blobs"), 0);
}

#[tokio::test]
async fn nobody_sees_or_touches_the_track_of_somebody_else() {
    let world = Fixture::new().await;
    let (_, mine) = world.visitor().await;
    let (_, theirs) = world.visitor().await;
    let track = world.upload(mine, b"a mix").await;
    let store = &world.store;
    assert!(store.tracks.find(theirs, track).await.unwrap().is_none());
    assert!(store.tracks.list(theirs).await.unwrap().is_empty());
    assert!(!store.tracks.delete(theirs, track).await.unwrap());
    assert!(store.jobs.latest(theirs, track).await.unwrap().is_none());
    assert!(!store.jobs.cancel(theirs, track).await.unwrap());
    let again = store.jobs.ask_again(theirs, track, &Settings::default()).await.unwrap();
    assert!(again.is_none());
    assert!(store.jobs.watch(theirs, track).await.unwrap().is_none());
    world.finish(world.claim().await).await;
    assert!(store.jobs.output(theirs, track, OutputKind::Wav24).await.unwrap().is_none());
    assert!(store.jobs.output(mine, track, OutputKind::Wav24).await.unwrap().is_some());
    assert!(store.tracks.find(mine, TrackId::draw(&domain::OsEntropy)).await.unwrap().is_none());
}

#[tokio::test]
async fn a_session_ends_by_the_servers_clock_and_lives_on_while_used() {
    let world = Fixture::new().await;
    let (token, session) = world.store.sessions.begin(HOUR * 2).await.unwrap();
    world.pass(Duration::from_mins(30));
    let untouched = world.store.sessions.resume(&token, HOUR * 2).await.unwrap().unwrap();
    assert_eq!(untouched, session);
    world.pass(HOUR);
    let resumed = world.store.sessions.resume(&token, HOUR * 2).await.unwrap().unwrap();
    assert!(resumed.expires_at > session.expires_at);
    world.pass(HOUR * 2);
    assert!(world.store.sessions.resume(&token, HOUR * 2).await.unwrap().is_none());
    assert!(world.store.sessions.find(&token).await.unwrap().is_none());
    let stranger = SessionToken::draw(&domain::OsEntropy);
    assert!(world.store.sessions.find(&stranger).await.unwrap().is_none());
}

#[tokio::test]
async fn nothing_is_taken_from_a_session_that_has_ended() {
    let world = Fixture::new().await;
    let (token, owner) = world.visitor().await;
    let source = world.store.blobs.put(b"late").await.unwrap();
    world.store.sessions.end(token.id()).await.unwrap();
    let track = NewTrack {
        file_name: FileName::from_untrusted("x.wav"),
        source,
        reference: None,
        settings: Settings::default(),
    };
    assert!(matches!(world.store.tracks.add(owner, &track).await, Err(Error::SessionEnded)));
}

#[tokio::test]
async fn a_deleted_track_takes_its_bytes_and_its_running_job_along() {
    let world = Fixture::new().await;
    let (_, owner) = world.visitor().await;
    let track = world.upload(owner, b"a mix").await;
    let mut watch = world.store.jobs.watch(owner, track).await.unwrap().unwrap();
    watch.next().await.unwrap();
    let claim = world.claim().await;
    assert!(world.store.tracks.delete(owner, track).await.unwrap());
    assert!(watch.next().await.is_none_or(|status| !status.course.state.is_final()));
    assert_eq!(watch.next().await, None);
    let lease = world.store.queue.renew(&claim, HOUR, None).await.unwrap();
    assert_eq!(lease, store::Lease::Lost);
    assert!(matches!(world.store.queue.finish(&claim, &[]).await, Err(Error::OutOfPlace(_))));
    assert_eq!(world.files("blobs"), 0);
}

#[tokio::test]
async fn a_reference_is_kept_with_its_track_handed_to_the_worker_and_gone_with_it() {
    let mut world = Fixture::new().await;
    let (token, owner) = world.visitor().await;
    let source = world.store.blobs.put(b"a mix").await.unwrap();
    let record = world.store.blobs.put(b"a record").await.unwrap();
    let reference =
        Some(ReferenceFile { file_name: FileName::from_untrusted("../the record 🎸.flac"), source: record });
    let file_name = FileName::from_untrusted("mix.wav");
    let new = NewTrack { file_name, source, reference: reference.clone(), settings: Settings::default() };
    let (track, _) = world.store.tracks.add(owner, &new).await.unwrap();
    let plain = world.upload(owner, b"another mix").await;

    // A restart removes what nothing names.
    world.reopen().await;
    let owner = world.store.sessions.find(&token).await.unwrap().unwrap().owner();
    let found = world.store.tracks.find(owner, track).await.unwrap().unwrap();
    assert_eq!(found.reference, reference);
    let listed = world.store.tracks.list(owner).await.unwrap();
    assert!(listed.iter().any(|one| one.reference == reference) && listed.iter().any(|one| one.reference.is_none()));
    assert_eq!(read(&world.store, found.reference.unwrap().source.id, None).await, b"a record");
    assert_eq!(world.claim().await.reference, reference);

    assert!(world.store.tracks.delete(owner, track).await.unwrap());
    assert_eq!(world.files("blobs"), 1, "the mix of the other track alone");
    let other = world.claim().await;
    assert_eq!((other.track, other.reference), (plain, None));
}

#[tokio::test]
async fn a_sweep_removes_what_is_over_and_nothing_else() {
    let world = Fixture::new().await;
    let (_, owner) = world.visitor().await;
    let old = world.upload(owner, b"old").await;
    world.finish(world.claim().await).await;
    world.store.sessions.begin(Duration::from_secs(1)).await.unwrap();
    world.pass(HOUR * 3);
    let new = world.upload(owner, b"new").await;
    let swept = world.store.sweep(keeping_tracks(HOUR * 2)).await.unwrap();
    // The old track's upload and its one output: their files' times are real, and lie hours before the test's clock.
    assert_eq!((swept.sessions, swept.tracks), (1, 1));
    assert!(world.store.tracks.find(owner, old).await.unwrap().is_none());
    assert!(world.store.tracks.find(owner, new).await.unwrap().is_some());
    assert_eq!(swept.blobs, 2);
    assert_eq!(world.files("blobs"), 1);
}

#[tokio::test]
async fn a_blob_without_a_row_is_spared_while_its_row_may_still_come() {
    let mut world = Fixture::new().await;
    let blob = world.store.blobs.put(b"on its way").await.unwrap();
    let swept = world.store.sweep(keeping_tracks(HOUR)).await.unwrap();
    assert_eq!(swept.blobs, 0);
    assert!(world.store.blobs.read(blob.id, None).await.unwrap().is_some());
    // After a restart nobody is left who could still name it.
    world.reopen().await;
    assert!(world.store.blobs.read(blob.id, None).await.unwrap().is_none());
}

#[tokio::test]
async fn a_second_process_is_told_that_the_folder_is_taken() {
    let world = Fixture::new().await;
    let error = world.open_beside().await.err().expect("refused");
    assert!(matches!(error, Error::InUse { .. }), "{error}");
}

#[tokio::test]
async fn a_job_is_followed_from_the_queue_to_its_end() {
    let world = Fixture::new().await;
    let (_, owner) = world.visitor().await;
    let track = world.upload(owner, b"a mix").await;
    let mut watch = world.store.jobs.watch(owner, track).await.unwrap().unwrap();
    assert_eq!(watch.next().await.unwrap().course.state, JobState::Queued);
    let claim = world.claim().await;
    assert!(matches!(watch.next().await.unwrap().course.state, JobState::Running { .. }));
    let progress = Progress { stage: Stage::Limit, fraction: 0.5 };
    world.store.queue.tell(&claim, progress);
    assert_eq!(watch.next().await.unwrap().progress, Some(progress));
    world.store.queue.renew(&claim, HOUR, Some(progress)).await.unwrap();
    let job = world.store.jobs.latest(owner, track).await.unwrap().unwrap();
    assert_eq!(job.progress, Some(progress));
    world.finish(claim).await;
    assert_eq!(watch.next().await.unwrap().course.state, JobState::Done);
    assert_eq!(watch.next().await, None);
}

#[tokio::test]
async fn who_begins_to_follow_a_running_job_hears_of_its_progress() {
    let world = Fixture::new().await;
    let (_, owner) = world.visitor().await;
    let track = world.upload(owner, b"a mix").await;
    let claim = world.claim().await;
    let mut watch = world.store.jobs.watch(owner, track).await.unwrap().unwrap();
    assert!(matches!(watch.next().await.unwrap().course.state, JobState::Running { .. }));
    world.store.queue.tell(&claim, Progress { stage: Stage::Tone, fraction: 0.3 });
    assert_eq!(watch.next().await.unwrap().progress.unwrap().stage, Stage::Tone);
}

#[tokio::test]
async fn another_master_with_other_settings_replaces_the_one_that_was_under_way() {
    let world = Fixture::new().await;
    let (_, owner) = world.visitor().await;
    let track = world.upload(owner, b"a mix").await;
    let first = world.claim().await;
    let second = world.store.jobs.ask_again(owner, track, &Settings::default()).await.unwrap().unwrap();
    assert!(matches!(world.store.queue.finish(&first, &[]).await, Err(Error::OutOfPlace(_))));
    let claim = world.claim().await;
    assert_eq!(claim.job, second);
    world.finish(claim).await;
    assert_eq!(world.store.jobs.outputs(owner, track).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_failure_is_kept_in_the_words_it_was_told_in() {
    let world = Fixture::new().await;
    let (_, owner) = world.visitor().await;
    let track = world.upload(owner, b"silence").await;
    let claim = world.claim().await;
    let failure =
        Failure { kind: FailureKind::Refused, message: "There is no sound in it: \"'; DROP TABLE job; --".to_owned() };
    world.store.queue.fail(&claim, failure.clone()).await.unwrap();
    let job = world.store.jobs.latest(owner, track).await.unwrap().unwrap();
    assert_eq!(job.course.state, JobState::Failed(failure));
    assert!(job.ended_at.is_some());
}

#[tokio::test]
async fn files_of_an_encoder_are_taken_in_without_copying() {
    let world = Fixture::new().await;
    let scratch = world.store.blobs.scratch().unwrap();
    let path = scratch.path().join("master.flac");
    std::fs::write(&path, b"fLaC").unwrap();
    let blob = world.store.blobs.adopt(&path).await.unwrap();
    assert!(!path.exists());
    assert_eq!(read(&world.store, blob.id, None).await, b"fLaC");
    assert_eq!(blob, domain::StoredBlob { id: blob.id, ..world.store.blobs.put(b"fLaC").await.unwrap() });
    std::fs::write(scratch.path().join("left over"), b"x").unwrap();
    drop(scratch);
    assert_eq!(world.files("tmp"), 0);
    let output = Output { kind: OutputKind::Flac24, blob };
    assert_eq!(output.kind.to_string().parse(), Ok(OutputKind::Flac24));
}

#[tokio::test]
async fn of_many_wishes_in_one_moment_the_last_counts() {
    let world = Fixture::new().await;
    let (_, owner) = world.visitor().await;
    let track = world.upload(owner, b"a mix").await;
    for target in [-16.0, -14.0, -12.0, -9.0] {
        let target = domain::TargetLufs::try_from(target).unwrap();
        let settings = Settings { loudness: domain::Loudness::Exact(target), ..Settings::default() };
        world.store.jobs.ask_again(owner, track, &settings).await.unwrap().unwrap();
        let job = world.store.jobs.latest(owner, track).await.unwrap().unwrap();
        assert_eq!(job.settings, settings);
    }
    world.claim().await;
    assert!(world.try_claim().await.is_none(), "the others were cancelled");
}
