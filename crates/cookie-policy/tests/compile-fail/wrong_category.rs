//! A functional cookie on the strength of an essential witness.

use cookie_policy::{Cookie as _, Jar, Life, declare};

declare! {
    cookie ThemeMode = "theme-mode" in Functional { purposes: &["preferences"], life: Life::days(90) }
}

fn handler(jar: &Jar) {
    let granted = jar.essential().unwrap();
    jar.set(ThemeMode::value("dark").unwrap(), &granted).unwrap();
}

fn main() {}
