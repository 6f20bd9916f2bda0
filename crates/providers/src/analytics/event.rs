//! Events within the protocol's limits: what these types hold, Google takes.

use std::time::Duration;

use domain::Timestamp;
use serde::ser::{Serialize, SerializeMap as _, SerializeStruct as _, Serializer};

use super::ids::SessionId;

/// Parameters that one event may have, those included that every event has.
pub const MAX_PARAMS: usize = 25;

/// Parameters that are not among an event's own: its time, session and engagement.
const STANDARD_PARAMS: usize = 3;

/// Longest name of an event or a parameter, characters.
const MAX_NAME: usize = 40;

/// Names that Google keeps for what its own scripts collect.
const RESERVED_EVENTS: &[&str] = &[
    "ad_activeview",
    "ad_click",
    "ad_exposure",
    "ad_impression",
    "ad_query",
    "ad_reward",
    "adunit_exposure",
    "app_background",
    "app_clear_data",
    "app_exception",
    "app_remove",
    "app_store_refund",
    "app_store_subscription_cancel",
    "app_store_subscription_convert",
    "app_store_subscription_renew",
    "app_update",
    "app_upgrade",
    "click",
    "dynamic_link_app_open",
    "dynamic_link_app_update",
    "dynamic_link_first_open",
    "error",
    "file_download",
    "first_open",
    "first_visit",
    "form_start",
    "form_submit",
    "in_app_purchase",
    "notification_dismiss",
    "notification_foreground",
    "notification_open",
    "notification_receive",
    "notification_send",
    "os_update",
    "screen_view",
    "scroll",
    "session_start",
    "session_start_with_rollout",
    "user_engagement",
    "video_progress",
    "video_start",
    "view_complete",
    "view_search_results",
];

/// Names that this module sets itself, and those that Google's scripts set.
const RESERVED_PARAMS: &[&str] =
    &["engagement_time_msec", "firebase_conversion", "gclid", "session_id", "session_number", "timestamp_micros"];

const RESERVED_PREFIXES: &[&str] = &["_", "firebase_", "ga_", "google_", "gtag.", "query_id"];

/// A name that Google would not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// The form is wrong.
    #[error(
        "expected 1 to {MAX_NAME} letters (a to z, A to Z), digits and underscores, a letter first, found {found:?}"
    )]
    Form {
        /// The name.
        found: String,
    },
    /// The name, or how it begins, is Google's.
    #[error("Google keeps the name {found:?} for itself; choose another")]
    Reserved {
        /// The name.
        found: String,
    },
}

fn check_name(name: &str, reserved: &[&str]) -> Result<(), BadName> {
    if reserved.contains(&name) || RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
        return Err(BadName::Reserved { found: name.to_owned() });
    }
    let is_word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic());
    if is_word && starts_well && name.len() <= MAX_NAME {
        Ok(())
    } else {
        Err(BadName::Form { found: name.chars().take(2 * MAX_NAME).collect() })
    }
}

/// An event's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventName(String);

impl EventName {
    /// A name that Google takes. `user_engagement` and `session_start` are not among them: Google makes those itself
    /// of `session_id` and `engagement_time_msec`.
    pub fn new(name: &str) -> Result<Self, BadName> {
        check_name(name, RESERVED_EVENTS).map(|()| Self(name.to_owned()))
    }
}

/// A parameter's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParamName(String);

impl ParamName {
    /// A name that Google takes, and that [`Event`] does not set itself.
    pub fn new(name: &str) -> Result<Self, BadName> {
        check_name(name, RESERVED_PARAMS).map(|()| Self(name.to_owned()))
    }
}

/// A value is longer than Google keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected at most {max} characters, found {found}")]
pub struct TooLong {
    /// The limit, characters.
    pub max: usize,
    /// The length, characters.
    pub found: usize,
}

/// A parameter's value of at most `MAX` characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<const MAX: usize = 100>(String);

impl<const MAX: usize> Text<MAX> {
    /// The text as it is.
    pub fn new(text: impl Into<String>) -> Result<Self, TooLong> {
        let text = text.into();
        let found = text.chars().count();
        if found <= MAX { Ok(Self(text)) } else { Err(TooLong { max: MAX, found }) }
    }

    /// As much of the text as there is room for.
    pub fn cut(text: &str) -> Self {
        Self(text.chars().take(MAX).collect())
    }
}

/// A page's address.
pub type PageLocation = Text<1000>;
/// A page's title.
pub type PageTitle = Text<300>;
/// The address of the page before.
pub type PageReferrer = Text<420>;

/// An event has no room for another parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event has room for {} parameters of its own", MAX_PARAMS - STANDARD_PARAMS)]
pub struct TooMany;

/// Something that happened, as Google takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    name: EventName,
    at: Timestamp,
    session: Option<SessionId>,
    engagement: Option<Duration>,
    params: Vec<(ParamName, String)>,
}

impl Event {
    /// An event without parameters of its own.
    pub fn new(name: EventName, at: Timestamp) -> Self {
        Self { name, at, session: None, engagement: None, params: Vec::new() }
    }

    /// A page was looked at.
    pub fn page_view(location: PageLocation, title: PageTitle, referrer: Option<PageReferrer>, at: Timestamp) -> Self {
        let mut event = Self::new(EventName("page_view".to_owned()), at);
        event.put("page_location", location.0);
        event.put("page_title", title.0);
        if let Some(referrer) = referrer {
            event.put("page_referrer", referrer.0);
        }
        event
    }

    /// A page was in view for a while. The name is ours, for `user_engagement` is reserved; Google adds up
    /// `engagement_time_msec` whatever the event is called.
    pub fn page_engagement(location: Option<PageLocation>, visible: Duration, at: Timestamp) -> Self {
        let mut event = Self::new(EventName("page_engagement".to_owned()), at).engaged(visible);
        if let Some(location) = location {
            event.put("page_location", location.0);
        }
        event
    }

    /// A known name, into an event that has room: each of the constructors above sets three at most.
    fn put(&mut self, name: &str, value: String) {
        self.params.push((ParamName(name.to_owned()), value));
    }

    /// Adds a parameter, or changes it.
    pub fn with(mut self, name: ParamName, value: Text) -> Result<Self, TooMany> {
        self.params.retain(|(other, _)| *other != name);
        if self.params.len() == MAX_PARAMS - STANDARD_PARAMS {
            return Err(TooMany);
        }
        self.params.push((name, value.0));
        Ok(self)
    }

    /// Counts the event to a visit. Google begins a visit where it sees a new one.
    #[must_use]
    pub fn in_session(mut self, session: SessionId) -> Self {
        self.session = Some(session);
        self
    }

    /// How long the visitor was occupied since the event before, to the millisecond.
    #[must_use]
    pub fn engaged(mut self, duration: Duration) -> Self {
        self.engagement = Some(duration);
        self
    }

    /// When it happened.
    pub(super) fn at(&self) -> Timestamp {
        self.at
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut event = serializer.serialize_struct("Event", 2)?;
        event.serialize_field("name", &self.name.0)?;
        event.serialize_field("params", &Params(self))?;
        event.end()
    }
}

struct Params<'a>(&'a Event);

impl Serialize for Params<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Event { at, session, engagement, params, .. } = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("timestamp_micros", &at.unix_ms().saturating_mul(1000))?;
        if let Some(session) = session {
            map.serialize_entry("session_id", &session.to_string())?;
        }
        if let Some(engagement) = engagement {
            map.serialize_entry("engagement_time_msec", &(engagement.as_millis() as u64))?;
        }
        for (ParamName(name), value) in params {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const AT: Timestamp = Timestamp::from_unix_ms(1_764_000_000_123);

    fn json(event: &Event) -> serde_json::Value {
        serde_json::to_value(event).expect("plain data")
    }

    #[test]
    fn a_page_view_reads_as_the_protocol_has_it() {
        let session = "GA1.1.77.1764000000".parse().expect("right");
        let event = Event::page_view(
            Text::cut("https://balanced.test/tracks/{id}"),
            Text::cut("A track"),
            Some(Text::cut("https://balanced.test/")),
            AT,
        )
        .in_session(session)
        .engaged(Duration::from_millis(1));
        let expected = serde_json::json!({
            "name": "page_view",
            "params": {
                "timestamp_micros": 1_764_000_000_123_000_i64,
                "session_id": "1764000000",
                "engagement_time_msec": 1,
                "page_location": "https://balanced.test/tracks/{id}",
                "page_title": "A track",
                "page_referrer": "https://balanced.test/",
            },
        });
        assert_eq!(json(&event), expected);
    }

    #[test]
    fn names_that_google_keeps_or_cannot_read_are_refused() {
        for name in ["user_engagement", "session_start", "first_visit", "error", "_x", "ga_x", "google_x", "firebase_x"]
        {
            assert!(matches!(EventName::new(name), Err(BadName::Reserved { .. })), "{name}");
        }
        for name in ["", "1st", "with space", "with-dash", "größe", &"x".repeat(41)] {
            assert!(matches!(EventName::new(name), Err(BadName::Form { .. })), "{name}");
            assert!(matches!(ParamName::new(name), Err(BadName::Form { .. })), "{name}");
        }
        for name in ["session_id", "timestamp_micros", "engagement_time_msec", "_p", "gtag.x"] {
            assert!(matches!(ParamName::new(name), Err(BadName::Reserved { .. })), "{name}");
        }
        assert!(EventName::new(&"x".repeat(40)).is_ok() && EventName::new("track_Mastered2").is_ok());
    }

    #[test]
    fn values_are_measured_in_characters_and_cut_between_them() {
        assert!(Text::<100>::new("ä".repeat(100)).is_ok());
        assert_eq!(Text::<100>::new("ä".repeat(101)), Err(TooLong { max: 100, found: 101 }));
        assert_eq!(PageTitle::cut(&"♪".repeat(400)), PageTitle::new("♪".repeat(300)).expect("fits"));
    }

    #[test]
    fn an_event_has_twenty_five_parameters_at_most_and_each_name_once() {
        let mut event = Event::new(EventName::new("full").expect("fine"), AT).engaged(Duration::ZERO);
        event = event.in_session("GA1.1.77.1764000000".parse().expect("right"));
        for i in 0..22 {
            event = event.with(ParamName::new(&format!("p{i}")).expect("fine"), Text::cut("v")).expect("room");
        }
        assert_eq!(json(&event)["params"].as_object().map(serde_json::Map::len), Some(MAX_PARAMS));
        let changed = event.clone().with(ParamName::new("p3").expect("fine"), Text::cut("w")).expect("the same number");
        assert_eq!(json(&changed)["params"]["p3"], "w");
        assert_eq!(event.with(ParamName::new("p22").expect("fine"), Text::cut("v")), Err(TooMany));
    }

    proptest! {
        #[test]
        fn every_name_that_is_taken_keeps_to_the_rules(name in "[a-zA-Z_.0-9ä-]{0,44}") {
            if EventName::new(&name).is_ok() {
                prop_assert!((1..=40).contains(&name.len()));
                prop_assert!(name.starts_with(|c: char| c.is_ascii_alphabetic()));
                prop_assert!(!name.starts_with("ga_") && !name.contains(['.', '-', 'ä']));
            }
        }
    }
}
