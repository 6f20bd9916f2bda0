//! What is said to somebody for whom as much is kept as may be.

use axum::http::StatusCode;
use domain::Quota;
use store::Held;

use crate::page::Problem;
use crate::words;

/// What there is, what may be, and what to do.
pub(super) fn message(held: Held, quota: Quota, is_member: bool) -> String {
    let whose = if is_member { "for an account" } else { "in one browser" };
    let full = if held.tracks >= quota.tracks {
        format!("You have {} tracks, and no more are kept {whose}.", held.tracks)
    } else {
        let (size, most) = (words::size(held.bytes), words::limit(quota.bytes));
        format!("Your tracks take {size} with their masters; {most} are kept {whose}, and this would be more.")
    };
    let way = if is_member { "" } else { ", or make an account: it keeps more" };
    format!(
        "{full} Download what you need and delete some of your tracks{way}. Then try again; nothing was kept of this."
    )
}

/// The same as a page.
pub(super) fn problem(held: Held, quota: Quota, is_member: bool) -> Problem {
    Problem {
        way_on: ("/tracks", "Your tracks"),
        ..Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "There is no more room", message(held, quota, is_member))
    }
}
