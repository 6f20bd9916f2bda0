//! What this site may store in a browser: each item a type, all of them one list. What is not listed cannot leave the
//! server.
//!
//! Version 1 is the founding policy of 2025-11-15 with its nine cookies; version 2 added `cookie-consent`, without which
//! a refusal cannot be remembered, and named the two storage items that keep what the founding policy promised of forms
//! and navigation. The words for all this are in `consent`; here are the facts.

use cookie_policy::{CookieConsent, Life, Party, Registry, declare, registry};

/// Whom `_ga` and `_gid` are for, where the operator has configured it.
const GOOGLE_ANALYTICS: &str = "Google Analytics";

declare! {
    /// Keeps somebody signed in: until the browser closes, or for seven days where they ask for it.
    pub cookie AuthToken = "auth-token" in Essential {
        purposes: &["login-state"],
        life: Life::session_or_days(7),
    }
    /// Knows the visitor's tracks again. Set by the first upload, never by looking at a page.
    pub cookie SessionIdCookie = "session-id" in Essential {
        purposes: &["session-management"],
    }
    /// Shows that a form which changes something was filled in on this site.
    pub cookie CsrfToken = "csrf-token" in Essential {
        purposes: &["security-tokens"],
    }
    /// The visitor's settings: what the upload form starts with, and how pages are shown.
    pub cookie UserPreferences = "user-preferences" in Functional {
        purposes: &["preferences", "accessibility"],
        life: Life::days(30),
    }
    /// Light, dark, or as the system says.
    pub cookie ThemeMode = "theme-mode" in Functional {
        purposes: &["preferences", "accessibility"],
        life: Life::days(90),
    }
    /// Ids of the latest uploads, so that the upload page can lead back to them. No names, no sound.
    pub cookie UploadHistory = "upload-history" in Functional {
        purposes: &["navigation"],
        life: Life::days(7),
    }
    /// What was filled in on an upload form that was not sent. Never the audio.
    pub local_storage UploadDraft = "upload-draft" in Functional {
        purposes: &["form-data"],
        life: Life::days(7),
        since: 2,
    }
    /// Which help pages and tracks were opened already. Never sent anywhere.
    pub local_storage VisitedPages = "visited-pages" in Functional {
        purposes: &["navigation"],
        life: Life::days(30),
        since: 2,
    }
    /// A visitor's number for Google Analytics.
    pub cookie Ga = "_ga" in Analytics {
        purposes: &["performance", "feature-usage"],
        life: Life::days(2 * 365),
        party: Party::Processor(GOOGLE_ANALYTICS),
    }
    /// A visit's number for Google Analytics.
    pub cookie Gid = "_gid" in Analytics {
        purposes: &["performance", "feature-usage"],
        life: Life::hours(24),
        party: Party::Processor(GOOGLE_ANALYTICS),
    }
    /// A random number under which this site counts features, times and faults, and compares two versions of a page.
    pub cookie UsageStats = "usage-stats" in Analytics {
        purposes: &["feature-usage", "performance", "error-tracking", "ab-testing"],
        life: Life::days(30),
    }
}

/// Everything that the site may store in a browser.
pub static SITE: Registry = registry! {
    version: 2,
    date: "2026-11-24",
    items: [
        AuthToken,
        SessionIdCookie,
        CsrfToken,
        CookieConsent,
        UserPreferences,
        ThemeMode,
        UploadHistory,
        UploadDraft,
        VisitedPages,
        Ga,
        Gid,
        UsageStats,
    ],
};
