//! Events made into requests: one client a request, and no more in it than Google takes.

use serde::Serialize;

use super::event::Event;
use super::ids::ClientId;

/// Events in one request.
const MAX_EVENTS: usize = 25;

/// Longest body of a request, bytes.
const MAX_BODY: usize = 130_000;

/// More than a body has beside its events, bytes.
const FRAME: usize = 200;

/// The body of one request.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) body: String,
    pub(super) events: u64,
}

#[derive(Serialize)]
struct Body<'a> {
    client_id: String,
    consent: AdConsent,
    events: &'a [Event],
}

/// There is no advertising here, so that nobody was asked about it.
#[derive(Serialize)]
struct AdConsent {
    ad_user_data: &'static str,
    ad_personalization: &'static str,
}

const NO_ADS: AdConsent = AdConsent { ad_user_data: "DENIED", ad_personalization: "DENIED" };

/// Sorts events by client, in the order in which they came. Gives the requests, and the number of events that fit
/// into none.
pub(super) fn batches(queued: Vec<(ClientId, Event)>) -> (Vec<Batch>, u64) {
    let mut clients: Vec<(ClientId, Vec<Event>)> = Vec::new();
    for (client, event) in queued {
        match clients.iter_mut().find(|(known, _)| *known == client) {
            Some((_, events)) => events.push(event),
            None => clients.push((client, vec![event])),
        }
    }
    let mut batches = Vec::new();
    let mut lost = 0;
    for (client, events) in &clients {
        let mut rest = events.as_slice();
        while !rest.is_empty() {
            let fitting = fitting(rest);
            let (now, later) = rest.split_at(fitting.max(1));
            rest = later;
            match body(*client, now).filter(|body| body.len() <= MAX_BODY) {
                Some(body) => batches.push(Batch { body, events: now.len() as u64 }),
                None => lost += now.len() as u64,
            }
        }
    }
    (batches, lost)
}

/// How many of the first events go into one request.
fn fitting(events: &[Event]) -> usize {
    let mut bytes = FRAME;
    let fits = |event: &&Event| {
        bytes += serde_json::to_string(event).map_or(MAX_BODY, |json| json.len() + 1);
        bytes <= MAX_BODY
    };
    events.iter().take(MAX_EVENTS).take_while(fits).count()
}

fn body(client: ClientId, events: &[Event]) -> Option<String> {
    serde_json::to_string(&Body { client_id: client.to_string(), consent: NO_ADS, events }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analytics::{EventName, ParamName, Text};
    use domain::Timestamp;
    use proptest::prelude::*;

    fn client(number: u32) -> ClientId {
        format!("GA1.1.{number}.1764000000").parse().expect("right")
    }

    /// An event of about `bytes` bytes.
    fn event(number: usize, bytes: usize) -> Event {
        let mut event = Event::new(EventName::new(&format!("e{number}")).expect("fine"), Timestamp::from_unix_ms(0));
        for i in 0..(bytes / 600).min(22) {
            // Each of these takes six bytes in JSON.
            event = event
                .with(ParamName::new(&format!("p{i}")).expect("fine"), Text::cut(&"\u{1}".repeat(100)))
                .expect("room");
        }
        event
    }

    fn names(batch: &Batch) -> Vec<String> {
        let body: serde_json::Value = serde_json::from_str(&batch.body).expect("JSON");
        let events = body["events"].as_array().expect("events").clone();
        events.iter().map(|event| event["name"].as_str().expect("a name").to_owned()).collect()
    }

    #[test]
    fn each_client_has_requests_of_its_own_and_nobody_consents_to_advertising() {
        let queued = vec![(client(1), event(0, 0)), (client(2), event(1, 0)), (client(1), event(2, 0))];
        let (batches, lost) = batches(queued);
        assert_eq!(lost, 0);
        assert_eq!(batches.iter().map(names).collect::<Vec<_>>(), [vec!["e0", "e2"], vec!["e1"]]);
        let body: serde_json::Value = serde_json::from_str(&batches[0].body).expect("JSON");
        assert_eq!(body["client_id"], "1.1764000000");
        assert_eq!(body["consent"], serde_json::json!({"ad_user_data": "DENIED", "ad_personalization": "DENIED"}));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_event_leaves_once_in_a_request_that_google_takes(
            sizes in proptest::collection::vec((0_u32..3, 0_usize..14_000), 0..60),
        ) {
            let queued: Vec<_> =
                sizes.iter().enumerate().map(|(i, &(who, bytes))| (client(who), event(i, bytes))).collect();
            let (batches, lost) = batches(queued);
            prop_assert_eq!(lost, 0);
            prop_assert_eq!(batches.iter().map(|batch| batch.events).sum::<u64>(), sizes.len() as u64);
            let mut seen: Vec<_> = batches.iter().flat_map(names).collect();
            for batch in &batches {
                prop_assert!(batch.body.len() <= MAX_BODY && (1..=25).contains(&names(batch).len()));
            }
            seen.sort();
            seen.dedup();
            prop_assert_eq!(seen.len(), sizes.len());
        }
    }
}
