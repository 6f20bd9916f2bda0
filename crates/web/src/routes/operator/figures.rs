//! What the operator's page shows, gathered from the store and ready to be written down.

use std::time::Duration;

use domain::{Histogram, Metric};
use store::{ErrorGroup, ServerErrorGroup, Store};

use super::draw::{WIDTH, bar, elapsed, percent, range};
use crate::usage::experiment::{self, Arm};
use crate::words::moment;

/// Lines of a list.
const LONGEST_LIST: usize = 12;

/// Where figures come from, said beside each list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// Visitors who agreed to `usage-stats`.
    Consenting,
    /// The server alone; nothing is stored on any device.
    Server,
}

impl Source {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Consenting => "Visitors who agreed",
            Self::Server => "Nothing stored on a device",
        }
    }

    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Consenting => "on",
            Self::Server => "server",
        }
    }
}

/// Half and 95 % of some times.
pub(super) struct Times {
    pub(super) name: String,
    pub(super) hint: &'static str,
    pub(super) count: u64,
    pub(super) median: String,
    pub(super) p95: String,
    pub(super) median_bar: String,
    pub(super) p95_bar: String,
}

/// Something that was counted.
pub(super) struct Tally {
    pub(super) name: String,
    pub(super) count: u64,
    /// Of these, the part that the other column tells.
    pub(super) part: u64,
    pub(super) bar: String,
    pub(super) part_bar: String,
}

/// A fault, again and again.
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) place: String,
    pub(super) count: u64,
    /// How many visitors it met, where that is known.
    pub(super) visitors: Option<u64>,
    pub(super) first: String,
    pub(super) last: String,
}

/// An arm of the experiment.
pub(super) struct ArmLine {
    pub(super) name: &'static str,
    pub(super) visitors: u64,
    pub(super) conversions: u64,
    pub(super) share: String,
    pub(super) range: String,
    pub(super) low: String,
    pub(super) length: String,
    pub(super) at: String,
    pub(super) verdict: Option<String>,
}

/// All of it.
pub(super) struct Figures {
    pub(super) visitors: u64,
    pub(super) requests: u64,
    pub(super) median: Option<String>,
    pub(super) p95: Option<String>,
    pub(super) failures: u64,
    pub(super) decisions: u64,
    pub(super) pages: Vec<Times>,
    pub(super) browsers: Vec<Times>,
    pub(super) stages: Vec<Times>,
    pub(super) features: Vec<Tally>,
    pub(super) server_faults: Vec<Fault>,
    pub(super) browser_faults: Vec<Fault>,
    pub(super) experiment: String,
    pub(super) arms: Vec<ArmLine>,
    pub(super) choices: Vec<Tally>,
}

impl Figures {
    /// Reads the figures of the last `span`.
    pub(super) async fn gather(store: &Store, span: Duration) -> store::Result<Self> {
        let requests = store.health.requests(span).await?;
        let mut all = Histogram::default();
        for (bucket, count) in requests.values().flat_map(Histogram::buckets) {
            all.add(bucket, count);
        }
        let pages = requests.into_iter().map(|(route, times)| (route.to_string(), times)).collect();
        let stages = store.health.stages(span).await?;
        let stages = stages.into_iter().map(|(stage, times)| (stage.to_string(), times)).collect();
        let server_faults = store.health.errors(span).await?;
        let browser_faults = store.usage.errors(span).await?;
        let choices = store.consents.by_choice(span).await?;
        let features = store.usage.features(span).await?;
        let label = experiment::LEAD.label();
        let arms = experiment::LEAD.results(&store.usage.experiment(&label).await?);
        Ok(Self {
            visitors: store.usage.visitors(span).await?,
            requests: all.count(),
            median: all.quantile(0.5).map(elapsed),
            p95: all.quantile(0.95).map(elapsed),
            failures: server_faults.iter().map(|fault| fault.count).sum(),
            decisions: choices.iter().map(|choice| choice.decisions).sum(),
            pages: slowest(pages),
            browsers: in_browsers(store.usage.page_times(span).await?),
            stages: slowest(stages),
            features: counts(features.into_iter().map(|used| (used.feature.to_string(), used.uses, used.visitors))),
            server_faults: server_faults.into_iter().take(LONGEST_LIST).map(Fault::on_server).collect(),
            browser_faults: browser_faults.into_iter().take(LONGEST_LIST).map(Fault::in_browsers).collect(),
            experiment: label.to_string(),
            arms: ArmLine::all(&arms),
            choices: counts(choices.into_iter().map(|choice| {
                let name = match choice.choice.as_str() {
                    "accept-all" => "Accept All",
                    "block-all" => "Block All",
                    "selective" => "Selective",
                    "prompt" => "Prompt",
                    other => other,
                };
                (name.to_owned(), choice.decisions, choice.under_signal)
            })),
        })
    }
}

fn slowest(mut times: Vec<(String, Histogram)>) -> Vec<Times> {
    let p95 = |times: &Histogram| times.quantile(0.95).unwrap_or_default();
    times.sort_by_key(|(_, times)| std::cmp::Reverse(p95(times)));
    times.truncate(LONGEST_LIST);
    let most = times.first().map_or(Duration::ZERO, |(_, times)| p95(times)).as_secs_f64();
    times
        .into_iter()
        .map(|(name, times)| {
            let (median, p95) = (times.quantile(0.5).unwrap_or_default(), p95(&times));
            Times {
                name,
                hint: "",
                count: times.count(),
                median: elapsed(median),
                p95: elapsed(p95),
                median_bar: bar(median.as_secs_f64(), most),
                p95_bar: bar(p95.as_secs_f64(), most),
            }
        })
        .collect()
}

fn in_browsers(pages: Vec<store::PageTimes>) -> Vec<Times> {
    let most = pages.iter().map(|page| page.p95_ms).max().unwrap_or_default();
    let lines = pages.into_iter().take(LONGEST_LIST).map(|page| Times {
        name: page.route.to_string(),
        hint: match page.metric {
            Metric::FirstByte => "first byte",
            Metric::LargestPaint => "largest paint",
            Metric::Load => "all loaded",
        },
        count: page.count,
        median: elapsed(Duration::from_millis(page.median_ms.into())),
        p95: elapsed(Duration::from_millis(page.p95_ms.into())),
        median_bar: bar(page.median_ms.into(), most.into()),
        p95_bar: bar(page.p95_ms.into(), most.into()),
    });
    lines.collect()
}

fn counts(lines: impl Iterator<Item = (String, u64, u64)>) -> Vec<Tally> {
    let lines: Vec<_> = lines.take(LONGEST_LIST).collect();
    let most = lines.iter().map(|(_, count, _)| *count).max().unwrap_or_default() as f64;
    let line = |(name, count, part): (String, u64, u64)| Tally {
        name,
        count,
        part,
        bar: bar(count as f64, most),
        part_bar: bar(part as f64, most),
    };
    lines.into_iter().map(line).collect()
}

impl Fault {
    fn on_server(group: ServerErrorGroup) -> Self {
        Self {
            message: group.message,
            place: format!("{} \u{b7} {}", group.status, group.route),
            count: group.count,
            visitors: None,
            first: moment(group.first),
            last: moment(group.last),
        }
    }

    fn in_browsers(group: ErrorGroup) -> Self {
        Self {
            message: group.message,
            place: group.route.to_string(),
            count: group.count,
            visitors: Some(group.visitors),
            first: moment(group.first),
            last: moment(group.last),
        }
    }
}

impl ArmLine {
    fn all(arms: &[Arm]) -> Vec<Self> {
        // One scale for all arms, so that they can be compared by eye.
        let highs = arms.iter().filter_map(|arm| Some(arm.share.interval()?.high));
        let most = highs.fold(0.0, f64::max);
        arms.iter()
            .map(|arm| {
                let interval = arm.share.interval();
                let (low, high) = interval.map_or((0.0, 0.0), |interval| (interval.low, interval.high));
                let at = arm.share.value().unwrap_or(0.0);
                let scaled = |share: f64| if most > 0.0 { WIDTH * share / most } else { 0.0 };
                Self {
                    name: arm.name,
                    visitors: arm.share.of,
                    conversions: arm.share.part,
                    share: percent(arm.share.value()),
                    range: range(arm.share),
                    low: format!("{:.1}", scaled(low)),
                    length: format!("{:.1}", scaled(high - low)),
                    at: format!("{:.1}", scaled(at).min(WIDTH - 1.0)),
                    verdict: arm.verdict.map(|verdict| verdict.words(arm.name)),
                }
            })
            .collect()
    }
}
