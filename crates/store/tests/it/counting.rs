//! What is counted, of whom, for how long, and how it is forgotten.

use crate::common::{Fixture, HOUR};
use domain::{
    AccountId, Bucket, Histogram, Label, Metric, OsEntropy, Route, Scrubbed, SessionToken, Stay, UsageEvent, VisitorKey,
};
use std::time::Duration;
use store::{ArmResult, ChoiceCount, ConsentDecision, Error, FeatureUse, HealthReport, Retention, ServerError, Usage};

const DAY: Duration = Duration::from_hours(24);
const MONTH: Duration = Duration::from_hours(30 * 24);

fn label(text: &str) -> Label {
    text.parse().unwrap()
}

fn visitor(world: &Fixture) -> VisitorKey {
    world.store.usage.draw().key()
}

fn used(name: &str) -> UsageEvent {
    UsageEvent::Feature(label(name))
}

fn took(route: &str, ms: u32) -> UsageEvent {
    UsageEvent::PageTiming { route: Route::of(route), metric: Metric::Load, ms }
}

async fn record(world: &Fixture, visitor: VisitorKey, events: impl IntoIterator<Item = UsageEvent>) -> u64 {
    let events: Vec<_> = events.into_iter().map(|event| (visitor, event)).collect();
    world.store.usage.record(&events).await.unwrap()
}

#[tokio::test]
async fn features_are_listed_by_use_with_the_number_of_visitors() {
    let world = Fixture::new().await;
    let (one, other) = (visitor(&world), visitor(&world));
    record(&world, one, [used("play"), used("upload"), used("play")]).await;
    record(&world, other, [used("play")]).await;
    let features = world.store.usage.features(MONTH).await.unwrap();
    let expected = [("play", 3, 2), ("upload", 1, 1)].map(|(name, uses, visitors)| FeatureUse {
        feature: label(name),
        uses,
        visitors,
    });
    assert_eq!(features, expected);
    assert_eq!(world.store.usage.visitors(MONTH).await.unwrap(), 2);
}

#[tokio::test]
async fn median_and_95th_percentile_are_the_nearest_ranks() {
    let world = Fixture::new().await;
    let someone = visitor(&world);
    record(&world, someone, (1..=100).rev().map(|ms| took("/", ms))).await;
    record(&world, someone, [took("/help", 7)]).await;
    let times = world.store.usage.page_times(MONTH).await.unwrap();
    let numbers: Vec<_> =
        times.iter().map(|page| (page.route.as_str(), page.count, page.median_ms, page.p95_ms)).collect();
    assert_eq!(numbers, [("/", 100, 50, 95), ("/help", 1, 7, 7)]);
}

#[tokio::test]
async fn equal_faults_are_one_group_however_their_particulars_differ() {
    let world = Fixture::new().await;
    let (one, other) = (visitor(&world), visitor(&world));
    let fault =
        |message: &str| UsageEvent::ClientError { route: Route::of("/tracks/{id}"), message: Scrubbed::of(message) };
    record(&world, one, [fault("no channel 12345"), fault("no channel 67890")]).await;
    world.pass(HOUR);
    record(&world, other, [fault("no channel 55555"), fault("out of memory")]).await;
    let groups = world.store.usage.errors(MONTH).await.unwrap();
    let [often, once] = groups.as_slice() else { panic!("{groups:?}") };
    assert_eq!((often.message.as_str(), often.count, often.visitors), ("no channel {number}", 3, 2));
    assert_eq!(often.route.as_str(), "/tracks/{id}");
    assert!(often.last.since(often.first) >= HOUR);
    assert_eq!((once.message.as_str(), once.count), ("out of memory", 1));
}

#[tokio::test]
async fn a_visitor_who_changes_their_mind_is_forgotten_whole_and_alone() {
    let world = Fixture::new().await;
    let (one, other) = (visitor(&world), visitor(&world));
    let experiment = label("lead");
    let seen = || UsageEvent::Exposure { experiment: label("lead"), arm: label("b") };
    record(&world, one, [used("play"), took("/", 5), seen()]).await;
    record(&world, other, [used("play"), seen()]).await;
    assert_eq!(world.store.usage.forget(one).await.unwrap(), 3);
    assert_eq!(world.store.usage.forget(one).await.unwrap(), 0);
    assert_eq!(world.store.usage.visitors(MONTH).await.unwrap(), 1);
    assert_eq!(world.store.usage.experiment(&experiment).await.unwrap()[0].visitors, 1);
    // Nor is anything of them left in the file.
    let mut folder = std::fs::read_dir(world.dir.path()).unwrap();
    let database = folder.find_map(|entry| entry.ok().filter(|entry| entry.file_name() == "balanced.sqlite"));
    let (path, key) = (database.unwrap().path(), one.to_string());
    world.store.clone().close().await;
    let bytes = std::fs::read(path).unwrap();
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(&other.to_string()), "the test can fail");
    assert!(!holds(&key));
}

#[tokio::test]
async fn an_experiment_counts_each_visitor_once_and_what_came_after_the_page() {
    let world = Fixture::new().await;
    let experiment = label("lead");
    let seen = |arm: &str| UsageEvent::Exposure { experiment: label("lead"), arm: label(arm) };
    let goal = || UsageEvent::Goal { experiment: label("lead") };
    let (a, b, early) = (visitor(&world), visitor(&world), visitor(&world));
    assert_eq!(record(&world, a, [seen("control"), goal(), seen("control"), goal()]).await, 2);
    record(&world, b, [seen("short")]).await;
    record(&world, early, [goal(), seen("short")]).await;
    let arms = world.store.usage.experiment(&experiment).await.unwrap();
    let expected = [("control", 1, 1), ("short", 2, 0)].map(|(arm, visitors, conversions)| ArmResult {
        arm: label(arm),
        visitors,
        conversions,
    });
    assert_eq!(arms, expected);
    assert!(world.store.usage.experiment(&label("other")).await.unwrap().is_empty());
}

#[tokio::test]
async fn one_visitor_cannot_fill_the_table() {
    let world = Fixture::new().await;
    let (greedy, modest) = (visitor(&world), visitor(&world));
    let kept = record(&world, greedy, (0..Usage::MAX_PER_VISITOR + 50).map(|_| used("play"))).await;
    assert_eq!(kept, Usage::MAX_PER_VISITOR);
    assert_eq!(record(&world, greedy, [used("play")]).await, 0);
    assert_eq!(record(&world, modest, [used("play")]).await, 1);
    world.pass(DAY + HOUR);
    assert_eq!(record(&world, greedy, [used("play")]).await, 1);
}

#[tokio::test]
async fn what_is_counted_is_kept_for_its_time_and_no_longer() {
    let world = Fixture::new().await;
    let someone = visitor(&world);
    record(&world, someone, [used("play")]).await;
    let mut report = HealthReport::default();
    report.requests.entry(Route::of("/")).or_default().add(Bucket(80), 1);
    let error = ServerError { route: Route::of("/"), status: 500, message: Scrubbed::of("the disk is full") };
    report.errors.insert(error, 2);
    world.store.health.add(&report).await.unwrap();
    world.store.consents.record(&decision("accept-all", false)).await.unwrap();

    let mut removed = Vec::new();
    for days in [29, 2, 61, 1000, 10] {
        world.pass(DAY * days);
        removed.push(world.store.sweep(Retention::default()).await.unwrap().records);
    }
    // 30 days, 90 days (times and failures), three years.
    assert_eq!(removed, [0, 1, 2, 0, 1]);
}

#[tokio::test]
async fn times_of_requests_add_up_by_route_and_day() {
    let world = Fixture::new().await;
    let report = |times: &[u64]| {
        let mut histogram = Histogram::default();
        for ms in times {
            histogram.add(Bucket::of(Duration::from_millis(*ms)), 1);
        }
        HealthReport { requests: [(Route::of("/tracks/{id}"), histogram)].into(), ..HealthReport::default() }
    };
    world.store.health.add(&report(&[10, 20, 400])).await.unwrap();
    world.store.health.add(&report(&[10])).await.unwrap();
    world.pass(DAY * 2);
    world.store.health.add(&report(&[900])).await.unwrap();
    let count = async |span| {
        let routes = world.store.health.requests(span).await.unwrap();
        routes.values().map(Histogram::count).sum::<u64>()
    };
    assert_eq!(count(MONTH).await, 5);
    assert_eq!(count(DAY).await, 1);
    let routes = world.store.health.requests(MONTH).await.unwrap();
    let median = routes[&Route::of("/tracks/{id}")].quantile(0.5).unwrap();
    assert!((0.019..0.021).contains(&median.as_secs_f64()), "{median:?}");
}

#[tokio::test]
async fn failures_are_grouped_and_the_oldest_group_makes_room() {
    let world = Fixture::new().await;
    let failed = |messages: &[String]| {
        let errors = messages.iter().map(|message| {
            let error = ServerError { route: Route::of("/"), status: 500, message: Scrubbed::of(message) };
            (error, 1)
        });
        HealthReport { errors: errors.collect(), ..HealthReport::default() }
    };
    let letters = ('a'..='z').flat_map(|one| ('a'..='z').map(move |other| format!("{one}{other}")));
    let many: Vec<_> = letters.take(499).collect();
    for messages in [&["the first".to_owned()], many.as_slice(), &["ab".to_owned(), "the last".to_owned()]] {
        world.store.health.add(&failed(messages)).await.unwrap();
        world.pass(HOUR);
    }
    let groups = world.store.health.errors(MONTH).await.unwrap();
    assert_eq!((groups.len(), groups[0].message.as_str(), groups[0].count), (100, "ab", 2));
    assert_eq!(groups[1].message, "the last");
    let all = world.store.sweep(Retention { health: Duration::ZERO, ..Retention::default() }).await.unwrap();
    assert_eq!(all.records, 500);
}

fn decision(choice: &str, gpc: bool) -> ConsentDecision {
    ConsentDecision {
        policy_version: 2,
        choice: label(choice),
        dnt: false,
        gpc,
        texts_hash: "00".repeat(32),
        record: "{}".to_owned(),
        account: None,
    }
}

#[tokio::test]
async fn decisions_are_counted_by_choice_and_signal() {
    let world = Fixture::new().await;
    for (choice, gpc) in [("accept-all", false), ("block-all", true), ("block-all", false)] {
        world.store.consents.record(&decision(choice, gpc)).await.unwrap();
    }
    let expected = [("block-all", 2, 1), ("accept-all", 1, 0)].map(|(choice, decisions, under_signal)| ChoiceCount {
        choice: label(choice),
        decisions,
        under_signal,
    });
    assert_eq!(world.store.consents.by_choice(DAY).await.unwrap(), expected);
    world.pass(DAY * 2);
    assert!(world.store.consents.by_choice(DAY).await.unwrap().is_empty());
    assert_eq!(world.store.consents.count().await.unwrap(), 3);
}

#[tokio::test]
async fn the_end_of_an_account_cuts_its_link_and_keeps_the_evidence() {
    let world = Fixture::new().await;
    let account = AccountId::draw(&OsEntropy);
    let linked = ConsentDecision { account: Some(account), ..decision("prompt", false) };
    world.store.consents.record(&linked).await.unwrap();
    assert_eq!(world.store.consents.unlink_account(AccountId::draw(&OsEntropy)).await.unwrap(), 0);
    assert_eq!(world.store.consents.unlink_account(account).await.unwrap(), 1);
    assert_eq!(world.store.consents.unlink_account(account).await.unwrap(), 0);
    assert_eq!(world.store.consents.count().await.unwrap(), 1);
}

#[tokio::test]
async fn a_record_that_is_no_record_is_refused() {
    let world = Fixture::new().await;
    let huge = ConsentDecision { record: " ".repeat(1 << 20), ..decision("prompt", false) };
    assert!(matches!(world.store.consents.record(&huge).await, Err(Error::TooLarge { .. })));
    assert_eq!(world.store.consents.count().await.unwrap(), 0);
}

#[tokio::test]
async fn an_operators_session_ends_after_a_week_or_a_day_without_use() {
    let world = Fixture::new().await;
    let operators = &world.store.operators;
    let kept = operators.begin(Stay::Kept).await.unwrap();
    let idle = operators.begin(Stay::Session).await.unwrap();
    let busy = operators.begin(Stay::Session).await.unwrap();
    for _ in 0..6 {
        world.pass(HOUR * 23);
        assert!(operators.resume(&busy).await.unwrap());
    }
    assert!(!operators.resume(&idle).await.unwrap());
    assert!(operators.resume(&kept).await.unwrap());
    world.pass(DAY + HOUR * 7);
    assert!(!operators.resume(&busy).await.unwrap());
    assert!(!operators.resume(&kept).await.unwrap());
    let swept = world.store.sweep(Retention::default()).await.unwrap();
    assert_eq!(swept.sessions, 3);
}

#[tokio::test]
async fn who_signs_out_is_out_and_a_made_up_token_opens_nothing() {
    let world = Fixture::new().await;
    let operators = &world.store.operators;
    let (mine, other) = (operators.begin(Stay::Kept).await.unwrap(), operators.begin(Stay::Kept).await.unwrap());
    operators.end(&mine).await.unwrap();
    assert!(!operators.resume(&mine).await.unwrap());
    assert!(operators.resume(&other).await.unwrap());
    assert!(!operators.resume(&SessionToken::draw(&OsEntropy)).await.unwrap());
    assert_eq!(operators.end_all().await.unwrap(), 1);
    assert!(!operators.resume(&other).await.unwrap());
    // A visitor's session is none of an operator's.
    let (token, _) = world.visitor().await;
    assert!(!operators.resume(&token).await.unwrap());
}
