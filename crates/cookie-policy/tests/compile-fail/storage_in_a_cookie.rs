//! A web-storage item as a cookie.

use cookie_policy::{Cookie as _, Life, declare};

declare! {
    local_storage Draft = "upload-draft" in Functional { purposes: &["form-data"], life: Life::days(7) }
}

fn main() {
    let _ = Draft::value("x");
}
