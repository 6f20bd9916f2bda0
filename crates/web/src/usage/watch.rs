//! The layer that sees every request: how long pages take, what fails on this side, and which features are used.
//!
//! Times are taken of pages that were asked for (GET), until the answer's head is there. An upload's time would measure
//! the visitor's line.

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use cookie_policy::Jar;
use domain::{Route, Scrubbed};
use store::ServerError;
use tokio::time::Instant;

use super::{Feature, Usage, experiment};

/// What went wrong, as an extension of a response: for the operator's list of failures, never for the visitor.
#[derive(Debug, Clone)]
pub(crate) struct Cause(pub(crate) String);

const OPERATOR: &str = "/operator";
/// Pages that belong to the operator and to administrators, and what is asked for by machines: no visitor is counted here.
const NOT_FOR_VISITORS: [&str; 5] = [OPERATOR, "/admin", "/healthz", "/assets", "/.well-known"];

/// Measures, and counts the visitor where they agreed.
pub(crate) async fn watch(State(usage): State<Usage>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let pattern = matched.as_ref().map(MatchedPath::as_str);
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let is_played = is_played(request.headers());
    let counted = request.extensions().get::<Jar>().map(|jar| usage.counted(jar));
    if let Some(counted) = &counted {
        if is_page_view(&method, pattern, request.headers()) {
            // Before the page is made, so that a visitor who wants to be asked is asked on this very page.
            counted.id();
        }
        request.extensions_mut().insert(counted.clone());
    }

    let response = next.run(request).await;

    // Who looks at the figures does not change them.
    let is_operators = pattern.is_some_and(|pattern| pattern.starts_with(OPERATOR));
    if method == Method::GET && !is_operators {
        usage.answered(pattern, started.elapsed());
    }
    if response.status().is_server_error() {
        usage.failed(failure(&usage, uri.path(), &response));
    }
    if let (Some(counted), Some(pattern)) = (counted, pattern)
        && let Some(feature) = Feature::of(&method, pattern, uri.path(), is_played, response.status())
    {
        counted.used(feature);
        if feature == Feature::Upload {
            experiment::LEAD.reached(&counted);
        }
    }
    response
}

fn is_page_view(method: &Method, pattern: Option<&str>, headers: &HeaderMap) -> bool {
    let wants_page = || {
        let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
        accept.is_some_and(|accept| accept.contains("text/html"))
    };
    method == Method::GET
        && pattern.is_some_and(|pattern| !NOT_FOR_VISITORS.iter().any(|prefix| pattern.starts_with(prefix)))
        && wants_page()
}

/// Whether a player asks, and not somebody who downloads.
fn is_played(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-dest").is_some_and(|dest| matches!(dest.as_bytes(), b"audio" | b"video"))
}

fn failure(usage: &Usage, path: &str, response: &Response) -> ServerError {
    let status = response.status();
    let said = response.extensions().get::<Cause>().map(|Cause(text)| text.as_str());
    let message = Scrubbed::of(said.or(status.canonical_reason()).unwrap_or_default());
    let route: Route = usage.route(path);
    ServerError { route, status: status.as_u16(), message }
}
