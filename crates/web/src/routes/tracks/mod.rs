//! A visitor's tracks: upload, list, follow, hear, download, delete.

pub(crate) mod again;
pub(crate) mod delete;
pub(crate) mod download;
pub(crate) mod events;
pub(crate) mod form;
pub(crate) mod list;
pub(crate) mod original;
pub(crate) mod preview;
mod quota;
pub(crate) mod report;
pub(crate) mod report_page;
pub(crate) mod result;
pub(crate) mod show;
pub(crate) mod upload;

use domain::TrackId;

use crate::page::Problem;

/// The id in an address. One that cannot be an id is answered like one that does not exist.
fn track_id(text: &str) -> Result<TrackId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}
