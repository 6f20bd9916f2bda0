//! One request to the project, with an end to it, and an answer that is not too long.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, Request, header};
use http_body_util::{BodyExt as _, Limited};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;

use super::config::Config;
use super::refusal::Error;
use crate::https::{self, Client};

/// Longest answer, bytes: a user with all that is known of them takes some thousand.
const MAX_BYTES: usize = 256 * 1024;
/// The version of the answers, which decides how reasons are written.
const VERSION: &str = "2024-01-01";

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// A connection.
    pub connect: Duration,
    /// A request, connection and answer included.
    pub answer: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        // It hashes passwords and hands mails to a mail server before it answers.
        Self { connect: Duration::from_secs(3), answer: Duration::from_secs(10) }
    }
}

/// In whose name something is asked.
pub(super) enum As<'a> {
    /// Anybody's.
    Anybody,
    /// That of the user whose access token this is.
    User(&'a str),
    /// The operator's.
    Operator(&'a str),
}

#[derive(Debug)]
pub(super) struct Http {
    client: Client,
    patience: Patience,
}

impl Http {
    pub(super) fn new(patience: Patience) -> Self {
        Self { client: https::client(patience.connect), patience }
    }

    /// Asks, and reads what comes as JSON.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        config: &Config,
        (method, path): (Method, &str),
        who: As<'_>,
        body: Option<Value>,
    ) -> Result<T, Error> {
        let bytes = self.send(config, (method, path), who, body).await?;
        // What an answer holds is not for the log: serde's errors may repeat it.
        serde_json::from_slice(&bytes).map_err(|_| Error::Down("the answer is not what it should be".to_owned()))
    }

    /// Asks, and gives what comes as it is.
    pub(super) async fn send(
        &self,
        config: &Config,
        (method, path): (Method, &str),
        who: As<'_>,
        body: Option<Value>,
    ) -> Result<Vec<u8>, Error> {
        let request = request(config, method, path, &who, body)?;
        let asked = async {
            let response = self.client.request(request).await.map_err(|error| {
                if error.is_connect() { Error::Unreachable(causes(config, &error)) } else { down(config, &error) }
            })?;
            let (status, pause) = (response.status(), pause(response.headers().get(header::RETRY_AFTER)));
            let body = Limited::new(response.into_body(), MAX_BYTES).collect().await;
            let bytes = body.map_err(|error| down(config, error.as_ref()))?.to_bytes();
            Ok::<_, Error>((status, pause, bytes))
        };
        let late = |_| Error::Down(format!("no answer within {:?}", self.patience.answer));
        let (status, pause, bytes) = timeout(self.patience.answer, asked).await.map_err(late)??;
        if status.is_success() { Ok(bytes.to_vec()) } else { Err(Error::of(status, pause, &bytes)) }
    }
}

fn request(
    config: &Config,
    method: Method,
    path: &str,
    who: &As<'_>,
    body: Option<Value>,
) -> Result<Request<String>, Error> {
    let (key, bearer) = match who {
        As::Anybody => (config.anon_key.as_str(), None),
        As::User(token) => (config.anon_key.as_str(), Some(*token)),
        As::Operator(key) => (*key, Some(*key)),
    };
    let secret = |text: &str| {
        let mut value = HeaderValue::from_str(text).map_err(|_| Error::Down("a token is no header".to_owned()))?;
        value.set_sensitive(true);
        Ok::<_, Error>(value)
    };
    let mut request = Request::builder()
        .method(method)
        .uri(format!("{}{path}", config.base))
        .header(HeaderName::from_static("apikey"), secret(key)?)
        .header(HeaderName::from_static("x-supabase-api-version"), VERSION)
        .header(header::ACCEPT, "application/json")
        .header(header::USER_AGENT, "balanced-mastering");
    if let Some(bearer) = bearer {
        request = request.header(header::AUTHORIZATION, secret(&format!("Bearer {bearer}"))?);
    }
    let body = body.map(|body| body.to_string());
    if body.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    request.body(body.unwrap_or_default()).map_err(|_| Error::Down("the address cannot be asked for".to_owned()))
}

fn down(config: &Config, error: &(dyn std::error::Error + 'static)) -> Error {
    Error::Down(causes(config, error))
}

fn causes(config: &Config, error: &(dyn std::error::Error + 'static)) -> String {
    config.redact(&domain::causes(error))
}

fn pause(header: Option<&HeaderValue>) -> Option<Duration> {
    Some(Duration::from_secs(header?.to_str().ok()?.parse().ok()?))
}
