//! One request to Stripe, tried again where that is safe and worth while.

use std::time::Duration;

use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use super::config::Access;
use crate::https;

/// The version of the API that is spoken, whatever the account's own default is: answers keep their shape.
pub(super) const VERSION: &str = "2024-11-20.acacia";
/// Longest answer, bytes: a hundred events with their objects are a fraction of it.
const MAX_ANSWER: usize = 8 << 20;
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// How long one try may take: Stripe's pages of a payment take a second or two at times.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
const TRIES: u32 = 3;
/// The pause before the second try; the next one is four times as long.
const PAUSE: Duration = Duration::from_millis(250);

/// Why Stripe did not do what it was asked for. Never with a secret in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StripeError {
    /// No connection, or no answer in time.
    #[error("Stripe cannot be reached: {0}")]
    Unreachable(String),
    /// Stripe asks to come back later.
    #[error("Stripe is busy, it answered {0}")]
    Busy(StatusCode),
    /// There is no such thing at Stripe.
    #[error("Stripe knows nothing of that name")]
    Unknown,
    /// Refused for good.
    #[error("Stripe refused with {status}: {message}")]
    Refused {
        /// The status.
        status: StatusCode,
        /// What Stripe says.
        message: String,
    },
    /// Not what Stripe's reference describes.
    #[error("Stripe's answer has no {0} that can be read")]
    Unreadable(&'static str),
}

#[derive(Debug, Clone)]
pub(super) struct Client {
    client: https::Client,
    pub(super) access: Access,
}

impl Client {
    pub(super) fn new(access: Access) -> Self {
        Self { client: https::client(CONNECT_WITHIN), access }
    }

    /// Asks for something. `query` is form-encoded, as Stripe wants it.
    pub(super) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, StripeError> {
        let mut address = path.to_owned();
        if !query.is_empty() {
            address = format!("{path}?{}", encoded(query));
        }
        self.call(&Method::GET, &address, String::new(), None).await
    }

    /// Asks for something to be done, once: `key` makes a second request of the same name give the first one's answer.
    pub(super) async fn post(&self, path: &str, form: &[(&str, &str)], key: &str) -> Result<Value, StripeError> {
        self.call(&Method::POST, path, encoded(form), Some(key)).await
    }

    /// Removes something; what is not there is removed.
    pub(super) async fn delete(&self, path: &str) -> Result<(), StripeError> {
        match self.call(&Method::DELETE, path, String::new(), None).await {
            Ok(_) | Err(StripeError::Unknown) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn call(&self, method: &Method, path: &str, body: String, key: Option<&str>) -> Result<Value, StripeError> {
        let mut pause = PAUSE;
        let mut tries = 1;
        loop {
            let problem = match self.once(method, path, body.clone(), key).await {
                Err(problem @ (StripeError::Unreachable(_) | StripeError::Busy(_))) => problem,
                done => return done,
            };
            if tries == TRIES {
                return Err(problem);
            }
            tries += 1;
            sleep(pause).await;
            pause *= 4;
        }
    }

    async fn once(&self, method: &Method, path: &str, body: String, key: Option<&str>) -> Result<Value, StripeError> {
        let lost = |cause: String| StripeError::Unreachable(self.access.redact(&cause));
        let header = |text: &str| HeaderValue::from_str(text).map_err(|_| StripeError::Unreadable("header"));
        let mut authorization = header(&format!("Bearer {}", self.access.secret_key))?;
        authorization.set_sensitive(true);
        let mut request = Request::new(body);
        *request.method_mut() = method.clone();
        *request.uri_mut() =
            format!("{}/v1/{path}", self.access.base).parse().map_err(|_| StripeError::Unreadable("address"))?;
        let headers = request.headers_mut();
        headers.insert(header::AUTHORIZATION, authorization);
        headers.insert("stripe-version", HeaderValue::from_static(VERSION));
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if *method == Method::POST {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        }
        if let Some(key) = key {
            headers.insert("idempotency-key", header(key)?);
        }
        let answered = async {
            let response = self.client.request(request).await.map_err(|error| lost(domain::causes(&error)))?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, MAX_ANSWER).collect().await.map_err(|error| lost(error.to_string()))?;
            Ok((parts.status, body.to_bytes()))
        };
        let (status, body) = timeout(ANSWER_WITHIN, answered)
            .await
            .map_err(|_| lost(format!("no answer within {ANSWER_WITHIN:?}")))??;
        let read: Option<Value> = serde_json::from_slice(&body).ok();
        match status {
            _ if status.is_success() => read.ok_or(StripeError::Unreadable("JSON")),
            // A name in a form is unknown with another status than one in an address.
            _ if status == StatusCode::NOT_FOUND || is_missing(read.as_ref()) => Err(StripeError::Unknown),
            StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS => Err(StripeError::Busy(status)),
            _ if status.is_server_error() => Err(StripeError::Busy(status)),
            _ => {
                let said = read.as_ref().and_then(|answer| answer["error"]["message"].as_str()).unwrap_or("no reason");
                let message: String = said.chars().filter(|c| !c.is_control()).take(300).collect();
                Err(StripeError::Refused { status, message: self.access.redact(&message) })
            }
        }
    }
}

fn is_missing(answer: Option<&Value>) -> bool {
    answer.is_some_and(|answer| answer["error"]["code"] == "resource_missing")
}

fn encoded(form: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}
