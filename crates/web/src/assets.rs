//! The bundle of scripts, styles and the typeface, as `ui/` builds it, inside the binary.
//!
//! All of it lives under one folder named by a hash of all contents: a page and what it loads always belong together,
//! and browsers may keep each file for ever.

use std::sync::LazyLock;

use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

use crate::words;

#[derive(RustEmbed)]
#[folder = "assets"]
struct Bundle;

/// The hash that names the folder, 16 hexadecimal digits.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut names: Vec<_> = Bundle::iter().collect();
    names.sort();
    let mut hash = Sha256::new();
    for name in names {
        hash.update(name.as_bytes());
        hash.update([0]);
        if let Some(file) = Bundle::get(&name) {
            hash.update(&file.data);
        }
    }
    words::hex(&hash.finalize()[..8])
});

/// One file of the bundle.
pub(crate) struct Asset {
    pub(crate) bytes: std::borrow::Cow<'static, [u8]>,
    pub(crate) media_type: &'static str,
    /// Whether the address names this version: then it never changes.
    pub(crate) is_immutable: bool,
}

/// The address of a file of the bundle.
pub(crate) fn url(name: &str) -> String {
    debug_assert!(Bundle::get(name).is_some(), "the bundle has no `{name}`");
    format!("/assets/{}/{name}", *VERSION)
}

/// The file that was asked for. A page that was loaded before an update gets today's file, not kept by the browser.
pub(crate) fn find(version: &str, name: &str) -> Option<Asset> {
    let file = Bundle::get(name)?;
    let media_type = match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        _ => "text/plain; charset=utf-8",
    };
    Some(Asset { bytes: file.data, media_type, is_immutable: version == *VERSION })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_links_to_is_there_and_may_be_kept_for_ever() {
        for name in ["app.js", "style.css", "mark.svg", "geist-latin-wght-normal.woff2"] {
            let url = url(name);
            let version = url.split('/').nth(2).expect("a version");
            assert!(find(version, name).is_some_and(|asset| asset.is_immutable), "{url}");
        }
    }

    #[test]
    fn an_older_page_gets_the_file_of_today_without_a_promise() {
        assert!(find("0000000000000000", "app.js").is_some_and(|asset| !asset.is_immutable));
        assert!(find("0000000000000000", "../Cargo.toml").is_none());
    }

    #[test]
    fn styles_and_scripts_name_no_other_origin() {
        for name in ["app.js", "style.css"] {
            let bytes = Bundle::get(name).expect("bundled").data;
            let text = String::from_utf8(bytes.into_owned()).expect("text");
            assert!(!text.contains("https://") && !text.contains("url(//"), "{name}");
        }
    }
}
