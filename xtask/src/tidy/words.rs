//! Words that may stand in one place only, or nowhere.

use std::path::Path;

use anyhow::Result;
use regex::Regex;

use super::Finding;
use super::tree::{File, Tree};

/// Lines of code in `files` that match, each a finding.
fn matches<'a>(files: impl Iterator<Item = &'a File>, pattern: &str, what: &str) -> Result<Vec<Finding>> {
    let pattern = Regex::new(pattern)?;
    Ok(files
        .flat_map(|file| file.code().map(move |(line, code)| (file, line, code)))
        .filter(|(_, _, code)| pattern.is_match(code))
        .map(|(file, line, _)| Finding::new(&file.path, line, what))
        .collect())
}

pub(super) fn set_cookie(tree: &Tree) -> Result<Vec<Finding>> {
    let files = tree.product_rust().filter(|file| !file.path.starts_with("crates/cookie-policy/"));
    matches(files, r"(?i)\bset[-_]cookie\b|\bCookieJar\b", "a cookie is set through `cookie-policy` alone")
}

pub(super) fn sql(tree: &Tree) -> Result<Vec<Finding>> {
    let outside = |file: &&File| !file.path.starts_with("crates/store/");
    let statement = r#""\s*(SELECT\s|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|CREATE\s+TABLE\s|PRAGMA\s)"#;
    let mut findings = matches(tree.product_rust().filter(outside), statement, "SQL is written in `store` alone")?;
    findings.extend(matches(tree.product_rust().filter(outside), r"\bsqlx::", "SQL is written in `store` alone")?);
    let beside_queue = tree.product_rust().filter(|file| !file.path.starts_with("crates/store/src/queue"));
    findings.extend(matches(beside_queue, r"\bapalis", "the queue's crate is named in `store::queue` alone")?);
    Ok(findings)
}

pub(super) fn browser_storage(tree: &Tree) -> Result<Vec<Finding>> {
    let sources = tree.with_extension(&["ts", "js", "mjs", "html"]).filter(|file| {
        let ours = file.path.starts_with("ui/") || file.path.starts_with("crates/");
        let built = ["/dist/", "/bundle/", "/assets/", ".test.ts"].iter().any(|part| file.path.contains(part));
        ours && !built
    });
    let what = "a second module that touches what the browser stores";
    let all = matches(sources, r"document\s*\.\s*cookie|\blocalStorage\b|\bsessionStorage\b|\bindexedDB\b", what)?;
    let first = all.first().map(|finding| finding.path.clone());
    Ok(all.into_iter().filter(|finding| Some(&finding.path) != first.as_ref()).collect())
}

pub(super) fn machines(tree: &Tree) -> Result<Vec<Finding>> {
    // Written in parts, or this file would be the first finding.
    let homes = [concat!("/wo", r"rk/(main|wt|shared)\b"), concat!("/ho", r"me/\w+/"), concat!("/Us", r"ers/\w+/")];
    let home = Regex::new(&homes.join("|"))?;
    let npm = Regex::new(r#""resolved":\s*"(?:https://registry\.npmjs\.org/)?"#)?;
    let resolved = Regex::new(r#""resolved":\s*"https?://"#)?;
    let mut findings = Vec::new();
    for file in &tree.files {
        let is_lock = Path::new(&file.path).file_name().is_some_and(|name| name == "package-lock.json");
        for (index, line) in file.text.lines().enumerate() {
            if home.is_match(line) {
                findings.push(Finding::new(&file.path, index + 1, "names a folder of one machine"));
            }
            let public = npm.find(line).is_some_and(|found| found.as_str().ends_with(".org/"));
            if is_lock && resolved.is_match(line) && !public {
                findings.push(Finding::new(&file.path, index + 1, "comes from a registry that not everyone reaches"));
            }
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(check: fn(&Tree) -> Result<Vec<Finding>>, files: &[(&str, &str)]) -> Vec<(String, Option<usize>)> {
        let findings = check(&Tree::of(files)).expect("checked");
        findings.into_iter().map(|finding| (finding.path, finding.line)).collect()
    }

    #[test]
    fn a_cookie_set_by_hand_is_found() {
        let bad = "fn f() {\n    headers.insert(header::SET_COOKIE, value);\n}";
        let found = lines(set_cookie, &[("crates/web/src/a.rs", bad), ("crates/cookie-policy/src/a.rs", bad)]);
        assert_eq!(found, [("crates/web/src/a.rs".to_owned(), Some(2))]);
        let jar = lines(set_cookie, &[("crates/web/src/a.rs", "use axum_extra::extract::CookieJar;")]);
        assert_eq!(jar.len(), 1);
        let read_in_test = "#[cfg(test)]\nmod tests {\n    assert!(response.headers().get(SET_COOKIE).is_none());\n}";
        let fine = [("crates/web/src/a.rs", read_in_test), ("crates/web/tests/b.rs", bad)];
        assert_eq!(lines(set_cookie, &fine), []);
    }

    #[test]
    fn sql_outside_the_store_is_found() {
        let bad = "query(\"SELECT id FROM job\")";
        assert_eq!(lines(sql, &[("crates/web/src/a.rs", bad), ("crates/store/src/job.rs", bad)]).len(), 1);
        assert_eq!(lines(sql, &[("crates/worker/src/a.rs", "use sqlx::Row;")]).len(), 1);
        assert_eq!(lines(sql, &[("crates/store/src/job.rs", "use apalis::prelude::*;")]).len(), 1);
        let fine =
            [("crates/store/src/queue.rs", "use apalis::prelude::*;"), ("crates/web/src/a.rs", "\"Select a file\"")];
        assert_eq!(lines(sql, &fine), []);
    }

    #[test]
    fn a_second_module_that_touches_what_the_browser_stores_is_found() {
        let one = ("ui/src/consent.ts", "document.cookie;\nlocalStorage.clear()");
        assert_eq!(lines(browser_storage, &[one]), []);
        let found = lines(browser_storage, &[one, ("ui/src/player.ts", "let a;\nsessionStorage.getItem('x')")]);
        assert_eq!(found, [("ui/src/player.ts".to_owned(), Some(2))]);
    }

    #[test]
    fn paths_and_registries_of_one_machine_are_found() {
        let home = concat!("cd /ho", "me/someone/src");
        assert_eq!(lines(machines, &[("run", home)]), [("run".to_owned(), Some(1))]);
        let private = r#""resolved": "http://10.0.0.1:8081/npm/a.tgz""#;
        assert_eq!(lines(machines, &[("e2e/package-lock.json", private)]).len(), 1);
        let public = r#""resolved": "https://registry.npmjs.org/a/-/a-1.0.0.tgz""#;
        assert_eq!(lines(machines, &[("e2e/package-lock.json", public)]), []);
    }
}
