//! GET /assets/{version}/{name}: scripts, styles, the typeface.

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::assets;
use crate::page::Problem;

pub(crate) async fn get(Path((version, name)): Path<(String, String)>) -> Result<Response, Problem> {
    let asset = assets::find(&version, &name).ok_or_else(Problem::not_found)?;
    let caching = if asset.is_immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    Ok(([(header::CONTENT_TYPE, asset.media_type), (header::CACHE_CONTROL, caching)], asset.bytes.into_owned())
        .into_response())
}
