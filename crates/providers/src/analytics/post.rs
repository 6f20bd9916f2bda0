//! One request to Google, with an end to it.

use std::error::Error;
use std::time::Duration;

use http::{HeaderValue, Request, StatusCode, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::timeout;

use super::config::Ga4;

/// A connection that nobody used for so long is closed.
const IDLE: Duration = Duration::from_secs(30);

/// Why a request did not arrive, as far as can be told. Never with the address, which has the secret in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Undelivered {
    /// No connection; nothing was sent.
    #[error("no connection: {0}")]
    Unreachable(String),
    /// Google, or what stands before it, asks to come back later.
    #[error("the answer was {0}")]
    Busy(StatusCode),
    /// Refused for good. Redirections are not followed: the secret would go with them.
    #[error("the answer was {0}, which trying again will not change; are measurement id, secret and base URL right?")]
    Refused(StatusCode),
    /// Sent, but not answered: it may have been counted.
    #[error("no answer: {0}")]
    Unanswered(String),
}

impl Undelivered {
    /// Whether the events were certainly not counted and may be another time.
    pub(super) fn is_worth_another_try(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Busy(_))
    }
}

#[derive(Debug, Clone)]
pub(super) struct Post {
    client: Client<HttpsConnector<HttpConnector>, String>,
    config: Ga4,
    answer_within: Duration,
}

impl Post {
    pub(super) fn new(config: Ga4, connect_within: Duration, answer_within: Duration) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(connect_within));
        tcp.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .expect("ring has cipher suites for TLS 1.2 and 1.3")
            // Plain http only where the configuration let it pass: on this machine.
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(connector);
        Self { client, config, answer_within }
    }

    pub(super) async fn send(&self, body: String) -> Result<(), Undelivered> {
        let mut request = Request::new(body);
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.config.endpoint().clone();
        request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let status = match timeout(self.answer_within, self.client.request(request)).await {
            Err(_) => return Err(Undelivered::Unanswered(format!("within {:?}", self.answer_within))),
            Ok(Err(error)) if error.is_connect() => return Err(Undelivered::Unreachable(self.causes(&error))),
            Ok(Err(error)) => return Err(Undelivered::Unanswered(self.causes(&error))),
            // The body, if there is one, says nothing.
            Ok(Ok(response)) => response.status(),
        };
        match status {
            _ if status.is_success() => Ok(()),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Err(Undelivered::Busy(status)),
            _ if status.is_server_error() => Err(Undelivered::Busy(status)),
            _ => Err(Undelivered::Refused(status)),
        }
    }

    fn causes(&self, error: &(dyn Error + 'static)) -> String {
        self.config.redact(&domain::causes(error))
    }
}
