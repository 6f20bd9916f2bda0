//! The cookies of this site: each one a type, all of them one list. What is not listed cannot leave the server.

use cookie_policy::{CookieConsent, Registry, declare, registry};

declare! {
    /// Knows the visitor's tracks again. Set by the first upload, never by looking at a page.
    pub cookie SessionIdCookie = "session-id" in Essential {
        purposes: &["session"],
    }
}

/// Everything that the site may store in a browser.
pub static SITE: Registry = registry! {
    version: 1,
    date: "2025-11-15",
    items: [SessionIdCookie, CookieConsent],
};
