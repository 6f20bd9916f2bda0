//! `upload-history`: the ids of a browser's latest uploads, so that the upload page leads back to them.
//!
//! An id opens nothing by itself: only tracks of the visitor's own session are shown.

use cookie_policy::{Cookie as _, Jar};
use domain::TrackId;

use crate::registry::UploadHistory;

/// How many are remembered.
const MOST: usize = 8;
/// Between two ids; neither a digit nor a character that a cookie cannot hold.
const BETWEEN: char = '.';

/// The latest uploads, the newest first; none where the visitor did not agree to the cookie.
pub(crate) fn of(jar: &Jar) -> Vec<TrackId> {
    read(&jar.get::<UploadHistory>().unwrap_or_default())
}

fn read(text: &str) -> Vec<TrackId> {
    text.split(BETWEEN).take(MOST).filter_map(|id| id.parse().ok()).collect()
}

fn write(ids: &[TrackId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(&BETWEEN.to_string())
}

/// Remembers an upload, if the visitor agrees; if they want to be asked, they are.
pub(crate) fn add(jar: &Jar, id: TrackId) {
    let Ok(granted) = jar.ask::<UploadHistory>() else {
        return;
    };
    let mut ids = of(jar);
    ids.retain(|known| *known != id);
    ids.insert(0, id);
    ids.truncate(MOST);
    // Ids and dots fit into any cookie.
    if let Ok(value) = UploadHistory::value(write(&ids)) {
        let _ = jar.set(value, &granted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_id_is_passed_over() {
        let id = "0123456789abcdef0123456789abcdef";
        assert_eq!(read(&format!("x.{id}..../../etc")), [id.parse().expect("an id")]);
        assert_eq!(write(&read(&format!("{id}.{id}"))), format!("{id}.{id}"));
        assert!(read("").is_empty());
    }

    #[test]
    fn only_so_many_are_read() {
        let long = vec!["0123456789abcdef0123456789abcdef"; 100].join(".");
        assert_eq!(read(&long).len(), MOST);
    }
}
