//! What Google Analytics hears of visitors who agreed to it, if the operator switched it on.
//!
//! The server writes `_ga` and `_gid` and tells the relay of each page that was looked at; the browser loads nothing of
//! Google's and speaks to nobody but this site. Of a page only its pattern leaves (`/tracks/{id}`), never an address
//! with an id in it, nor a title, which may have a file's name in it; of the page before the same, of another site its
//! origin. `_ga` alone gives page views without a visit; `_gid` without `_ga` gives nothing.
//!
//! Not here: the queue and the protocol (`providers::analytics`), this site's own statistics (`usage-stats`).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use cookie_policy::{Cookie, Declared, Granted, Jar};
use domain::{Clock, Entropy};
use providers::analytics::{ClientId, Event, Outbox, SessionId, Text};

use crate::app::AppState;
use crate::config::Site;
use crate::patterns::Patterns;
use crate::registry::{Ga, Gid};

/// Google shows a visit only where some time was spent on it; a page that was just asked for has been seen for none.
const LEAST_ENGAGEMENT: Duration = Duration::from_millis(1);

/// Longest time in view that one message may claim; after so long without a sign Google, too, holds a visit for over.
const LONGEST_ENGAGEMENT: Duration = Duration::from_mins(30);

/// Where page views are told to, if anywhere.
#[derive(Clone, Default)]
pub enum Analytics {
    /// Nowhere: `_ga` and `_gid` are never set.
    #[default]
    None,
    /// Google Analytics 4.
    Ga4(Outbox, Arc<dyn Clock>),
}

impl fmt::Debug for Analytics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Ga4(..) => "Ga4(..)",
        })
    }
}

/// [`Analytics`] for this site.
#[derive(Clone)]
pub(crate) struct Reporter(Option<Arc<Ga4>>);

struct Ga4 {
    outbox: Outbox,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    origin: String,
    patterns: Arc<Patterns>,
}

impl Reporter {
    /// `patterns` are all addresses that the site knows.
    pub(crate) fn new(analytics: &Analytics, site: &Site, entropy: &Arc<dyn Entropy>, patterns: Arc<Patterns>) -> Self {
        let Analytics::Ga4(outbox, clock) = analytics else {
            return Self(None);
        };
        // Not what the request calls the host: that is the visitor's word.
        let origin = site.public_url.clone().unwrap_or_else(|| "http://localhost".to_owned());
        let (outbox, clock, entropy) = (outbox.clone(), clock.clone(), entropy.clone());
        Self(Some(Arc::new(Ga4 { outbox, clock, entropy, origin, patterns })))
    }

    /// Whether `_ga` and `_gid` may ever be set.
    pub(crate) fn is_configured(&self) -> bool {
        self.0.is_some()
    }

    /// Whether the page may measure for how long it is in view: only where that will be counted.
    pub(crate) fn measures_time(&self, jar: &Jar) -> bool {
        self.is_configured() && jar.agrees::<Ga>() && jar.agrees::<Gid>()
    }

    /// Counts for how long a page was in view, if the visitor agreed to that.
    pub(crate) fn engagement(&self, jar: &Jar, headers: &HeaderMap, visible: Duration) {
        let Some(ga4) = &self.0 else { return };
        let (Some(client), Some(session)) = (held::<Ga, ClientId>(jar), held::<Gid, SessionId>(jar)) else { return };
        if visible.is_zero() {
            return;
        }
        let page = ga4.referrer(headers).map(|address| Text::cut(&address));
        let event = Event::page_engagement(page, visible.min(LONGEST_ENGAGEMENT), ga4.clock.now());
        ga4.outbox.send(client, event.in_session(session));
    }
}

/// A page that is being asked for by somebody who agreed to `_ga`.
struct View {
    ga4: Arc<Ga4>,
    jar: Jar,
    ga: Granted<<Ga as Declared>::Category>,
    gid: Option<Granted<<Gid as Declared>::Category>>,
    pattern: MatchedPath,
    referrer: Option<String>,
}

/// Tells Google Analytics of each page that was shown. Asks before the page is made, so that who wants to be asked is
/// asked on this very page.
pub(crate) async fn observe(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let view = state.analytics.0.as_ref().and_then(|ga4| View::of(ga4, &request));
    let response = next.run(request).await;
    if let Some(view) = view.filter(|_| is_page(&response)) {
        view.tell();
    }
    response
}

impl View {
    fn of(ga4: &Arc<Ga4>, request: &Request) -> Option<Self> {
        let pattern = request.extensions().get::<MatchedPath>()?;
        if *request.method() != Method::GET || !is_for_eyes(request.headers()) || is_operators(pattern.as_str()) {
            return None;
        }
        let jar = request.extensions().get::<Jar>()?;
        let (ga, gid) = (jar.ask::<Ga>(), jar.ask::<Gid>());
        Some(Self {
            ga4: ga4.clone(),
            jar: jar.clone(),
            ga: ga.ok()?,
            gid: gid.ok(),
            pattern: pattern.clone(),
            referrer: ga4.referrer(request.headers()),
        })
    }

    fn tell(self) {
        let Self { ga4, jar, ga, gid, pattern, referrer } = self;
        let (clock, entropy) = (&*ga4.clock, &*ga4.entropy);
        let client = held::<Ga, ClientId>(&jar).or_else(|| {
            let drawn = ClientId::draw(clock, entropy);
            set::<Ga>(&jar, &drawn.cookie_value(), &ga).then_some(drawn)
        });
        let Some(client) = client else { return };
        let session = held::<Gid, SessionId>(&jar).or_else(|| {
            let drawn = SessionId::draw(clock, entropy);
            set::<Gid>(&jar, &drawn.cookie_value(), gid.as_ref()?).then_some(drawn)
        });
        let location = format!("{}{}", ga4.origin, pattern.as_str());
        let title = Text::cut(title(pattern.as_str()));
        let mut event =
            Event::page_view(Text::cut(&location), title, referrer.map(|address| Text::cut(&address)), clock.now());
        if let Some(session) = session {
            event = event.in_session(session).engaged(LEAST_ENGAGEMENT);
        }
        ga4.outbox.send(client, event);
    }
}

/// The id that the browser sent, if it is agreed to and one of ours.
fn held<K: Cookie, T: std::str::FromStr>(jar: &Jar) -> Option<T> {
    jar.get::<K>().and_then(|text| text.parse().ok())
}

fn set<K: Cookie>(jar: &Jar, text: &str, granted: &Granted<K::Category>) -> bool {
    // Digits and dots fit into any cookie; a decision that changed in between holds.
    K::value(text).is_ok_and(|value| jar.set(value, granted).is_ok())
}

/// Whether a person will see the answer: not a script's request, and not a page that is fetched in case it is wanted.
fn is_for_eyes(headers: &HeaderMap) -> bool {
    let has = |name: &str, part: &str| {
        headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains(part))
    };
    has("accept", "text/html") && !has("sec-purpose", "prefetch")
}

fn is_page(response: &Response) -> bool {
    let media = response.headers().get(header::CONTENT_TYPE);
    response.status() == StatusCode::OK && media.is_some_and(|media| media.as_bytes().starts_with(b"text/html"))
}

/// Who runs the site is not one of its visitors.
fn is_operators(pattern: &str) -> bool {
    matches!(pattern.split('/').nth(1), Some("operator" | "admin"))
}

/// A page's name in Google's tables, which is not the one on the page: that may have a file's name in it.
fn title(pattern: &str) -> &str {
    match pattern {
        "/" => "Master your mix",
        "/tracks" => "Your tracks",
        "/tracks/{id}" => "A track",
        "/help" => "What to expect",
        "/help/{topic}" => "Help",
        other => other,
    }
}

impl Ga4 {
    /// The page that led here, reduced to what may leave.
    fn referrer(&self, headers: &HeaderMap) -> Option<String> {
        let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
        let referrer: Uri = text(header::REFERER)?.parse().ok()?;
        let scheme = referrer.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"))?;
        let host = referrer.authority()?.as_str().rsplit('@').next()?;
        let is_own = text(header::HOST).is_some_and(|own| own.eq_ignore_ascii_case(host))
            || self.origin.split_once("://").is_some_and(|(_, own)| own.eq_ignore_ascii_case(host));
        if !is_own {
            return Some(format!("{scheme}://{host}/"));
        }
        let pattern = self.patterns.find(referrer.path()).unwrap_or_default();
        Some(format!("{}{pattern}", self.origin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_the_operator_are_nobodys_business() {
        assert!(is_operators("/admin") && is_operators("/admin/audit"));
        assert!(is_operators("/operator") && is_operators("/operator/sign-in") && !is_operators("/operators"));
    }
}
