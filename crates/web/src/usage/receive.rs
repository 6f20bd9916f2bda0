//! POST /usage: what a page's script has to report of a visitor who agreed.
//!
//! The script is told by the page whether to report at all; here it is checked again. Nothing that it sends is taken as
//! it is: features are those of a list, paths become patterns of this site, and messages are scrubbed once more.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use domain::{Metric, Route, Scrubbed, UsageEvent};
use serde::Deserialize;

use super::{Counted, Feature};
use crate::app::AppState;
use crate::page::Problem;

/// Longest report, bytes.
const MAX_BYTES: usize = 16 * 1024;
/// Most things in one report.
const MAX_EVENTS: usize = 64;
/// What takes longer was interrupted, by a lid that was closed say; ms.
const LONGEST_MS: f64 = 600_000.0;

#[derive(Debug, Deserialize)]
struct Report {
    /// The page's path.
    page: String,
    events: Vec<Event>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Event {
    Feature(String),
    Timing { metric: String, ms: f64 },
    Error(String),
}

pub(crate) async fn post(
    State(state): State<AppState>,
    counted: Counted,
    request: Request,
) -> Result<StatusCode, Problem> {
    if counted.held().is_none() {
        return Ok(StatusCode::NO_CONTENT);
    }
    let bytes = axum::body::to_bytes(request.into_body(), MAX_BYTES).await.map_err(|_| too_much())?;
    let report: Report = serde_json::from_slice(&bytes).map_err(|error| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "That is no report",
            format!("Expected {{\"page\": .., \"events\": [..]}} as JSON, found: {error}."),
        )
    })?;
    if report.events.len() > MAX_EVENTS {
        return Err(too_much());
    }
    let route = state.usage.route(&report.page);
    for event in report.events {
        if let Some(event) = read(event, &route) {
            counted.record(|| event);
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

fn too_much() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "That is too much at once",
        format!("A report has at most {MAX_EVENTS} events in {MAX_BYTES} bytes. Send less, or send it in parts."),
    )
}

/// `None` for what this site has not: its pages may be older than the service.
fn read(event: Event, route: &Route) -> Option<UsageEvent> {
    match event {
        Event::Feature(name) => Some(UsageEvent::Feature(Feature::reported(&name)?.label())),
        Event::Timing { metric, ms } if *route != Route::unknown() && (0.0..=LONGEST_MS).contains(&ms) => {
            let metric: Metric = metric.parse().ok()?;
            Some(UsageEvent::PageTiming { route: route.clone(), metric, ms: ms.round() as u32 })
        }
        Event::Timing { .. } => None,
        Event::Error(message) => {
            Some(UsageEvent::ClientError { route: route.clone(), message: Scrubbed::of(&message) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_site_has_not_is_passed_over() {
        let (known, unknown) = (Route::of("/help"), Route::unknown());
        let timing = |metric: &str, ms| Event::Timing { metric: metric.to_owned(), ms };
        assert!(read(Event::Feature("play".to_owned()), &unknown).is_some());
        assert!(read(Event::Feature("x".to_owned()), &known).is_none());
        assert!(read(timing("lcp", 12.4), &known).is_some());
        for (event, route) in [
            (timing("lcp", 12.4), &unknown),
            (timing("fps", 12.4), &known),
            (timing("lcp", -1.0), &known),
            (timing("lcp", f64::NAN), &known),
            (timing("lcp", 1e9), &known),
        ] {
            assert!(read(event, route).is_none());
        }
    }

    #[test]
    fn messages_are_scrubbed_here_whatever_the_script_did() {
        let event = read(Event::Error("no track of max@example.org at 12345".to_owned()), &Route::unknown());
        let Some(UsageEvent::ClientError { message, .. }) = event else { panic!("{event:?}") };
        assert_eq!(message.as_str(), "no track of <address> at {number}");
    }
}
