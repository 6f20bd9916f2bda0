//! Two items of one name.

use cookie_policy::{CookieConsent, Life, Registry, declare, registry};

declare! {
    cookie ThemeMode = "theme-mode" in Functional { purposes: &["preferences"], life: Life::days(90) }
    local_storage ThemeToo = "theme-mode" in Functional { purposes: &["preferences"], life: Life::days(90) }
}

static SITE: Registry = registry! { version: 1, date: "2026-01-31", items: [CookieConsent, ThemeMode, ThemeToo] };

fn main() {}
