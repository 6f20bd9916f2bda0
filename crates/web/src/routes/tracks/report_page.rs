//! GET /tracks/{id}/report: everything that was measured and done, as a page to read and print.
//!
//! The worker made the page, and it stands alone: one style sheet inside, no script, nothing to load. The site's own
//! policy lets no style in that is not a file of the site, so this response has a policy of its own, with the hash of the
//! very style sheet that is in the page; everything else stays shut, and more of it than on other pages.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::OutputKind;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncReadExt as _;

use super::track_id;
use crate::app::{AppState, ContentPolicy};
use crate::blob::{self, Disposition};
use crate::page::Problem;
use crate::visitor::Visitor;

/// The style sheet is at the top of the page, within so many bytes.
const HEAD_BYTES: u64 = 64 * 1024;

pub(crate) async fn get(
    State(state): State<AppState>,
    Path(id): Path<String>,
    Visitor { owner }: Visitor,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let output =
        state.store.jobs.output(owner, track_id(&id)?, OutputKind::ReportPage).await?.ok_or_else(Problem::not_found)?;
    let blobs = &state.store.blobs;
    let mut reader = blobs.read(output.blob.id, Some(0..HEAD_BYTES)).await?.ok_or_else(Problem::not_found)?;
    let mut head = Vec::new();
    reader.read_to_end(&mut head).await.map_err(|error| Problem::internal(&error))?;
    let mut response =
        blob::serve(blobs, &output.blob, "text/html; charset=utf-8", &Disposition::Inline, &headers).await?;
    response.extensions_mut().insert(ContentPolicy(policy(&head)));
    Ok(response)
}

/// Lets in the page's own style sheet, found by what is in it, and nothing else.
fn policy(head: &[u8]) -> HeaderValue {
    let head = String::from_utf8_lossy(head);
    let style = head.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>"));
    let style = style.map_or("'none'".to_owned(), |(style, _)| {
        format!("'sha256-{}'", STANDARD.encode(Sha256::digest(style.as_bytes())))
    });
    let policy =
        format!("default-src 'none'; style-src {style}; form-action 'none'; base-uri 'none'; frame-ancestors 'none'");
    HeaderValue::from_str(&policy).expect("base64 is header text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_may_be_styled_by_what_is_in_it_and_do_nothing() {
        // `printf 'p{}' | openssl dgst -sha256 -binary | base64`
        let told = policy(b"<!doctype html><title>&lt;style&gt;x</title><style>p{}</style><style>q{}</style>");
        let told = told.to_str().expect("text");
        assert!(told.contains("style-src 'sha256-gG2yISYereRMiG2lMXrbiUgi0Ubw9p7QCeWcroOvy9Y=';"), "{told}");
        assert!(told.starts_with("default-src 'none';") && !told.contains("script-src") && !told.contains("unsafe"));
        assert!(policy(b"no page at all").to_str().expect("text").contains("style-src 'none';"));
    }
}
