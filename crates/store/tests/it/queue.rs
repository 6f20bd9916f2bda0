//! What workers may rely on: a job is done once, whoever dies.

use crate::common::{Fixture, HOUR};
use domain::{Course, Failure, FailureKind, JobEvent, JobState, OutOfPlace, Output, OutputKind, RunId, Settings};
use proptest::prelude::*;
use std::collections::HashSet;
use std::time::Duration;
use store::{Claim, Error, Lease};

fn refusal() -> Failure {
    Failure { kind: FailureKind::Refused, message: "silence".to_owned() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_job_is_given_to_two_workers() {
    const JOBS: usize = 60;
    let world = Fixture::new().await;
    let (_, owner) = world.visitor().await;
    for _ in 0..JOBS {
        world.upload(owner, b"a mix").await;
    }
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let queue = world.store.queue.clone();
        workers.spawn(async move {
            let run = RunId::draw(&domain::OsEntropy);
            let mut taken = Vec::new();
            while let Some(claim) = queue.claim(run, HOUR).await.unwrap() {
                taken.push(claim);
            }
            taken
        });
    }
    let claims: Vec<Claim> = workers.join_all().await.into_iter().flatten().collect();
    assert_eq!(claims.len(), JOBS);
    assert_eq!(claims.iter().map(|claim| claim.job).collect::<HashSet<_>>().len(), JOBS);
    assert!(claims.iter().all(|claim| claim.attempt.0 == 1));
}

#[tokio::test]
async fn who_waits_longest_is_served_first_even_after_an_interruption() {
    let world = Fixture::new().await;
    let (_, owner) = world.visitor().await;
    let mut tracks = Vec::new();
    for _ in 0..3 {
        tracks.push(world.upload(owner, b"a mix").await);
        world.pass(Duration::from_secs(1));
    }
    let first = world.claim().await;
    assert_eq!(first.track, tracks[0]);
    world.store.queue.hand_back(&first).await.unwrap();
    for track in tracks {
        assert_eq!(world.claim().await.track, track);
    }
    assert!(world.try_claim().await.is_none());
}

#[tokio::test]
async fn a_worker_that_overslept_its_lease_leaves_no_result() {
    let world = Fixture::new().await;
    let (_, owner) = world.visitor().await;
    let track = world.upload(owner, b"a mix").await;
    let queue = &world.store.queue;
    let slow = world.claim().await;
    world.pass(HOUR / 2);
    assert_eq!(queue.interrupt_expired().await.unwrap(), 0);
    assert_eq!(queue.renew(&slow, HOUR, None).await.unwrap(), Lease::Held);
    world.pass(HOUR * 2);
    assert_eq!(queue.interrupt_expired().await.unwrap(), 1);
    assert_eq!(queue.renew(&slow, HOUR, None).await.unwrap(), Lease::Lost);

    let quick = world.claim().await;
    assert_eq!((quick.job, quick.attempt.0), (slow.job, 2));
    let late = world.store.blobs.put(b"late").await.unwrap();
    let outputs = [Output { kind: OutputKind::Wav24, blob: late.clone() }];
    assert!(matches!(queue.finish(&slow, &outputs).await, Err(Error::OutOfPlace(_))));
    assert!(matches!(queue.fail(&slow, refusal()).await, Err(Error::OutOfPlace(_))));
    assert!(matches!(queue.hand_back(&slow).await, Err(Error::OutOfPlace(_))));
    world.finish(quick).await;
    assert!(matches!(queue.finish(&slow, &outputs).await, Err(Error::OutOfPlace(_))));
    let outputs = world.store.jobs.outputs(owner, track).await.unwrap();
    assert_eq!(outputs.len(), 1);
    assert_ne!(outputs[0].blob.id, late.id);
}

#[tokio::test]
async fn a_job_of_a_dead_process_runs_again_at_once_and_a_poisonous_one_ends() {
    let mut world = Fixture::new().await;
    let (token, owner) = world.visitor().await;
    let track = world.upload(owner, b"a mix").await;
    for restart in 1..=Course::MAX_INTERRUPTIONS {
        let claim = world.claim().await;
        assert_eq!(claim.attempt.0, restart);
        assert!(world.try_claim().await.is_none(), "once a restart");
        world.reopen().await;
    }
    assert!(world.try_claim().await.is_none());
    let owner = world.store.sessions.find(&token).await.unwrap().unwrap().owner();
    let job = world.store.jobs.latest(owner, track).await.unwrap().unwrap();
    let JobState::Failed(failure) = job.course.state else { panic!("{job:?}") };
    assert_eq!(failure.kind, FailureKind::Interrupted);
    // Its owner may insist.
    world.store.jobs.ask_again(owner, track, &Settings::default()).await.unwrap().unwrap();
    world.finish(world.claim().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_answers_at_the_same_time_one_counts() {
    let world = Fixture::new().await;
    let (_, owner) = world.visitor().await;
    for _ in 0..20 {
        let track = world.upload(owner, b"a mix").await;
        let claim = world.claim().await;
        let (store, other) = (world.store.clone(), world.store.clone());
        let finish = tokio::spawn(async move { store.queue.finish(&claim, &[]).await });
        let cancel = tokio::spawn(async move { other.jobs.cancel(owner, track).await.unwrap() });
        let (finished, cancelled) = (finish.await.unwrap().is_ok(), cancel.await.unwrap());
        assert!(finished != cancelled, "finished: {finished}, cancelled: {cancelled}");
        let state = world.store.jobs.latest(owner, track).await.unwrap().unwrap().course.state;
        assert_eq!(state, if finished { JobState::Done } else { JobState::Cancelled });
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_kept_whole_is_not_kept_at_all() {
    let world = Fixture::new().await;
    let (_, owner) = world.visitor().await;
    let track = world.upload(owner, b"a mix").await;
    let claim = world.claim().await;
    let blob = world.store.blobs.put(b"x").await.unwrap();
    let twice = [OutputKind::Wav24; 2].map(|kind| Output { kind, blob: blob.clone() });
    assert!(matches!(world.store.queue.finish(&claim, &twice).await, Err(Error::Database(_))));
    let job = world.store.jobs.latest(owner, track).await.unwrap().unwrap();
    assert!(matches!(job.course.state, JobState::Running { .. }));
    assert!(world.store.jobs.outputs(owner, track).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_queued_job_wakes_whoever_waits_for_one() {
    let world = Fixture::new().await;
    let (_, owner) = world.visitor().await;
    let queue = world.store.queue.clone();
    let waiting = tokio::spawn(async move { queue.wait().await });
    tokio::task::yield_now().await;
    world.upload(owner, b"a mix").await;
    tokio::time::timeout(Duration::from_secs(5), waiting).await.unwrap().unwrap();
}

/// What may be done to the one job of the model test. Numbers choose among the claims so far, old ones included.
#[derive(Debug, Clone)]
enum Action {
    Claim,
    Finish(usize),
    Fail(usize),
    HandBack(usize),
    Interrupt(usize),
    Expire,
    Restart,
    Cancel,
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let action = prop_oneof![
        5 => Just(Action::Claim),
        1 => (0_usize..4).prop_map(Action::Finish),
        1 => (0_usize..4).prop_map(Action::Fail),
        3 => (0_usize..4).prop_map(Action::HandBack),
        2 => (0_usize..4).prop_map(Action::Interrupt),
        1 => Just(Action::Expire),
        1 => Just(Action::Restart),
        1 => Just(Action::Cancel),
    ];
    proptest::collection::vec(action, 1..14)
}

async fn the_queue_follows_the_model(actions: Vec<Action>) {
    let mut world = Fixture::new().await;
    let (_, owner) = world.visitor().await;
    let track = world.upload(owner, b"a mix").await;
    let mut model = Course::new();
    let mut claims: Vec<Claim> = Vec::new();
    for action in actions {
        let chosen = |n: usize| claims.iter().rev().nth(n).cloned();
        let queue = &world.store.queue;
        let (event, answer) = match action {
            Action::Claim => {
                let claim = world.try_claim().await;
                let answer = if claim.is_some() { Ok(()) } else { Err(OutOfPlace.into()) };
                claims.extend(claim);
                (JobEvent::Claim, answer)
            }
            Action::Finish(n) => match chosen(n) {
                Some(claim) => (JobEvent::Finish(claim.attempt), queue.finish(&claim, &[]).await),
                None => continue,
            },
            Action::Fail(n) => match chosen(n) {
                Some(claim) => (JobEvent::Fail(claim.attempt, refusal()), queue.fail(&claim, refusal()).await),
                None => continue,
            },
            Action::HandBack(n) => match chosen(n) {
                Some(claim) => (JobEvent::HandBack(claim.attempt), queue.hand_back(&claim).await),
                None => continue,
            },
            Action::Interrupt(n) => match chosen(n) {
                Some(claim) => (JobEvent::Interrupt(claim.attempt), queue.interrupt(&claim).await),
                None => continue,
            },
            Action::Expire => {
                world.pass(HOUR * 2);
                let taken_back = queue.interrupt_expired().await.unwrap();
                let answer = if taken_back == 1 { Ok(()) } else { Err(OutOfPlace.into()) };
                (JobEvent::Interrupt(model.attempt), answer)
            }
            Action::Restart => {
                world.reopen().await;
                let answer =
                    if matches!(model.state, JobState::Running { .. }) { Ok(()) } else { Err(OutOfPlace.into()) };
                (JobEvent::Interrupt(model.attempt), answer)
            }
            Action::Cancel => {
                let cancelled = world.store.jobs.cancel(owner, track).await.unwrap();
                (JobEvent::Cancel, if cancelled { Ok(()) } else { Err(OutOfPlace.into()) })
            }
        };
        match (model.after(event.clone()), answer) {
            (Ok(next), Ok(())) => model = next,
            (Err(OutOfPlace), Err(Error::OutOfPlace(_))) => {}
            (model, store) => panic!("{event:?}: the model says {model:?}, the store {store:?}"),
        }
        let kept = world.store.jobs.latest(owner, track).await.unwrap().unwrap();
        assert_eq!(kept.course, model, "after {event:?}");
        assert_eq!(kept.ended_at.is_some(), model.state.is_final());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_queue_does_what_the_state_machine_says(actions in actions()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(the_queue_follows_the_model(actions));
    }
}
