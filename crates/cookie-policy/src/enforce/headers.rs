//! `Vary`, `Cache-Control` and `Clear-Site-Data` of a response that depends on the visitor.

use http::{HeaderMap, HeaderName, HeaderValue, header};

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// The request headers that a visitor's standing is made of.
const VARY_ON: [&str; 3] = ["Cookie", "DNT", "Sec-GPC"];

/// Names `Cookie`, `DNT` and `Sec-GPC` in `Vary`, beside what is there.
pub(super) fn vary(headers: &mut HeaderMap) {
    let named = |name: &str| {
        let listed = headers.get_all(header::VARY).iter().filter_map(|value| value.to_str().ok());
        listed.flat_map(|value| value.split(',')).any(|one| one.trim() == "*" || one.trim().eq_ignore_ascii_case(name))
    };
    let missing: Vec<&str> = VARY_ON.into_iter().filter(|name| !named(name)).collect();
    if missing.len() == VARY_ON.len() {
        headers.append(header::VARY, HeaderValue::from_static("Cookie, DNT, Sec-GPC"));
    } else if !missing.is_empty() {
        let value = HeaderValue::from_str(&missing.join(", ")).expect("header names are header text");
        headers.append(header::VARY, value);
    }
}

/// Keeps a response that is one visitor's out of shared caches, and one that changes cookies out of every cache.
///
/// What the handler asked for stays, save `public` and `s-maxage`, which would contradict; `no-store` needs nothing else.
pub(super) fn cache_control(headers: &mut HeaderMap, sets_cookie: bool) {
    if sets_cookie {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
        return;
    }
    let present = headers.get_all(header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let directives: Vec<&str> = present.flat_map(|value| value.split(',')).map(str::trim).collect();
    let is = |one: &str, name: &str| one.split('=').next().is_some_and(|key| key.trim().eq_ignore_ascii_case(name));
    if directives.iter().any(|one| is(one, "no-store")) {
        return;
    }
    let contradicts = |one: &str| one.is_empty() || ["public", "s-maxage", "private"].iter().any(|name| is(one, name));
    let mut kept = vec!["private"];
    kept.extend(directives.iter().copied().filter(|one| !contradicts(one)));
    if kept.len() == 1 {
        kept.push("no-cache");
    }
    let value = HeaderValue::from_str(&kept.join(", ")).unwrap_or(HeaderValue::from_static("private, no-store"));
    headers.insert(header::CACHE_CONTROL, value);
}

/// Tells the browser to clear web storage and, with `cookies`, all cookies as well.
///
/// Browsers act on it after they stored the response's own cookies (Clear Site Data, section 3.3), so `"cookies"` would
/// take a new consent cookie with it. It is sent only where that one has to go, too.
pub(super) fn clear_site_data(headers: &mut HeaderMap, cookies: bool) {
    let value = if cookies { r#""cookies", "storage""# } else { r#""storage""# };
    headers.append(CLEAR_SITE_DATA, HeaderValue::from_static(value));
}
