//! GET /.well-known/cookie-policy.json, its schema, /.well-known/gpc.json, /cookies/versions/{version}: for programs.
//!
//! The same for everybody, so every cache may keep them for a while.

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cookie_policy::SCHEMA;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::consent::documents;
use crate::page::Problem;
use crate::words;

/// How long a cache may go without asking: an hour, so that a new version is known the same day everywhere.
pub(super) const CACHING: &str = "public, max-age=3600";

pub(crate) async fn policy(headers: HeaderMap) -> Result<Response, Problem> {
    version_file(&headers, documents::newest().version)
}

pub(crate) async fn version(headers: HeaderMap, Path(version): Path<String>) -> Result<Response, Problem> {
    let number = version.strip_suffix(".json").and_then(|number| number.parse().ok());
    version_file(&headers, number.ok_or_else(Problem::not_found)?)
}

fn version_file(headers: &HeaderMap, version: u16) -> Result<Response, Problem> {
    let file = documents::file(version).ok_or_else(Problem::not_found)?;
    Ok(document(headers, "application/json", file.to_owned()))
}

pub(crate) async fn schema(headers: HeaderMap) -> Response {
    document(&headers, "application/schema+json", SCHEMA.to_owned())
}

/// The Global Privacy Control's support resource: this site honours the signal.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Gpc {
    gpc: bool,
    last_update: &'static str,
}

pub(crate) async fn gpc(headers: HeaderMap) -> Result<Response, Problem> {
    let gpc = Gpc { gpc: true, last_update: &documents::newest().date };
    let json = serde_json::to_string(&gpc).map_err(|error| Problem::internal(&error))?;
    Ok(document(&headers, "application/json", json))
}

/// A text with its entity tag; 304 for who has it already.
pub(super) fn document(headers: &HeaderMap, media_type: &'static str, text: String) -> Response {
    let tag = format!("\"{}\"", words::hex(&Sha256::digest(&text)[..16]));
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let fresh = [(header::ETAG, tag.as_str()), (header::CACHE_CONTROL, CACHING)];
    if known
        .flat_map(|value| value.split(','))
        .any(|one| matches!(one.trim().trim_start_matches("W/"), known if known == tag || known == "*"))
    {
        return (StatusCode::NOT_MODIFIED, fresh).into_response();
    }
    (fresh, [(header::CONTENT_TYPE, media_type)], text).into_response()
}
