//! A witness that nobody gave.

use std::marker::PhantomData;

use cookie_policy::{Cookie as _, Functional, Granted, Jar, Life, declare};

declare! {
    cookie ThemeMode = "theme-mode" in Functional { purposes: &["preferences"], life: Life::days(90) }
}

fn handler(jar: &Jar) {
    let granted: Granted<Functional> = Granted(PhantomData);
    jar.set(ThemeMode::value("dark").unwrap(), &granted).unwrap();
}

fn main() {}
