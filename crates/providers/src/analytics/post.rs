//! One request to Google, with an end to it.

use std::error::Error;
use std::time::Duration;

use http::{HeaderValue, Request, StatusCode, header};
use tokio::time::timeout;

use super::config::Ga4;
use crate::https::{Https, client};

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
    client: Https,
    config: Ga4,
    answer_within: Duration,
}

impl Post {
    pub(super) fn new(config: Ga4, connect_within: Duration, answer_within: Duration) -> Self {
        Self { client: client(connect_within), config, answer_within }
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
