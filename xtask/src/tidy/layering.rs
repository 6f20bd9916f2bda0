//! Who may know whom: the map of `ARCHITECTURE.md` as a table.

use anyhow::{Context as _, Result};

use super::Finding;
use super::tree::Tree;

/// Each crate, its floor, and the crates of ours that it may use.
const MAP: &[(&str, u8, &[&str])] = &[
    ("dsp", 1, &[]),
    ("codec", 1, &[]),
    ("domain", 1, &[]),
    ("cookie-policy", 1, &[]),
    ("mastering", 2, &["dsp"]),
    ("store", 2, &["domain"]),
    ("providers", 2, &["domain"]),
    ("pipeline", 3, &["codec", "mastering", "dsp"]),
    ("web", 3, &["mastering", "store", "providers", "cookie-policy", "domain"]),
    ("worker", 4, &["store", "pipeline", "domain"]),
    ("balanced", 5, &["worker", "web", "pipeline", "store", "domain", "providers", "cookie-policy"]),
];

/// Crates of others that only one crate of ours may use, because it exists to hide them.
const HIDDEN: &[(&str, &str)] = &[
    ("sqlx", "store"),
    ("apalis", "store"),
    ("apalis-sqlite", "store"),
    ("apalis-postgres", "store"),
    ("object_store", "store"),
    ("symphonia", "codec"),
    ("libflac-sys", "codec"),
    ("lofty", "codec"),
    ("mp3lame-encoder", "codec"),
    ("ogg", "codec"),
    ("opus", "codec"),
    ("rubato", "codec"),
    ("vorbis_rs", "codec"),
    ("argon2", "providers"),
    ("hyper-rustls", "providers"),
    ("lettre", "providers"),
    ("reqwest", "providers"),
];

/// Crates of others that would bring I/O, a clock, chance or HTTP to where none may be.
const KEPT_OUT: &[(&str, &[&str])] = &[
    ("dsp", &["rand", "getrandom", "time", "chrono", "tokio"]),
    ("mastering", &["rand", "getrandom", "time", "chrono", "tokio"]),
    ("domain", &["http", "axum", "hyper", "reqwest", "tokio"]),
];

/// The crate's name and the names of what it depends on in the product (what only tests use may come from anywhere).
fn manifests(tree: &Tree) -> Result<Vec<(&str, String, Vec<String>)>> {
    let of_crate = |path: &str| path.starts_with("crates/") && path.ends_with("/Cargo.toml");
    let mut found = Vec::new();
    for file in tree.files.iter().filter(|file| of_crate(&file.path) && file.path.matches('/').count() == 2) {
        let manifest: toml::Table = file.text.parse().with_context(|| format!("{} is no TOML", file.path))?;
        let name = manifest
            .get("package")
            .and_then(|package| package.get("name")?.as_str())
            .with_context(|| format!("{} names no package", file.path))?;
        let tables = ["dependencies", "build-dependencies"].into_iter().filter_map(|key| manifest.get(key)?.as_table());
        let per_target =
            manifest.get("target").and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::values);
        let per_target = per_target.filter_map(|target| target.get("dependencies")?.as_table());
        let uses = tables.chain(per_target).flat_map(toml::Table::keys).cloned().collect();
        found.push((file.path.as_str(), name.to_owned(), uses));
    }
    Ok(found)
}

/// Crates of ours use only what the map lets them use, and each has its place on the map.
pub(super) fn crates(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let architecture = tree.files.iter().find(|file| file.path == "ARCHITECTURE.md").map_or("", |file| &file.text);
    for (path, name, uses) in manifests(tree)? {
        let Some((_, floor, allowed)) = MAP.iter().find(|(known, ..)| *known == name) else {
            findings.push(Finding::new(path, None, format!("`{name}` has no floor in xtask/src/tidy/layering.rs")));
            continue;
        };
        if !architecture.contains(&format!("{name}/")) {
            findings.push(Finding::new(path, None, format!("`{name}` is not on the map in ARCHITECTURE.md")));
        }
        for used in uses.iter().filter(|used| MAP.iter().any(|(known, ..)| known == used)) {
            if !allowed.contains(&used.as_str()) {
                findings.push(Finding::new(path, None, format!("`{name}` (floor {floor}) may not use `{used}`")));
            }
        }
    }
    Ok(findings)
}

/// Crates of others are used only by the crate that hides them, and pure crates use none that is not pure.
pub(super) fn outsiders(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (path, name, uses) in manifests(tree)? {
        for used in &uses {
            let hidden = HIDDEN.iter().find(|(outsider, home)| outsider == used && *home != name);
            if let Some((_, home)) = hidden {
                findings.push(Finding::new(path, None, format!("`{used}` is hidden behind `{home}`; use that")));
            }
            if KEPT_OUT.iter().any(|(pure, outsiders)| *pure == name && outsiders.contains(&used.as_str())) {
                findings.push(Finding::new(path, None, format!("`{used}` may not come into `{name}`")));
            }
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWN: (&str, &str) = ("ARCHITECTURE.md", "dsp/ mastering/ store/ web/ domain/");

    fn tree(path: &'static str, manifest: &'static str) -> Tree {
        Tree::of(&[DRAWN, (path, manifest)])
    }

    #[test]
    fn the_table_itself_points_down_only() {
        let floor = |name: &str| MAP.iter().find(|(known, ..)| *known == name).map(|(_, floor, _)| *floor);
        for (name, own, allowed) in MAP {
            for used in *allowed {
                assert!(floor(used).is_some_and(|below| below < *own), "{name} -> {used}");
            }
        }
    }

    #[test]
    fn a_crate_that_looks_up_is_found() {
        let up = tree("crates/dsp/Cargo.toml", "[package]\nname='dsp'\n[dependencies]\nmastering.workspace = true");
        assert_eq!(crates(&up).expect("checked").len(), 1);
        let beside = tree("crates/web/Cargo.toml", "[package]\nname='web'\n[target.x.dependencies]\npipeline = '1'");
        assert_eq!(crates(&beside).expect("checked").len(), 1);
        let down = tree("crates/mastering/Cargo.toml", "[package]\nname='mastering'\n[dependencies]\ndsp = '1'");
        assert_eq!(crates(&down).expect("checked"), []);
    }

    #[test]
    fn a_crate_that_is_not_on_the_map_is_found() {
        let stranger = tree("crates/utils/Cargo.toml", "[package]\nname='utils'");
        assert_eq!(crates(&stranger).expect("checked").len(), 1);
        let undrawn = Tree::of(&[("crates/dsp/Cargo.toml", "[package]\nname='dsp'")]);
        assert_eq!(crates(&undrawn).expect("checked").len(), 1);
    }

    #[test]
    fn sql_and_chance_are_kept_where_they_belong() {
        let sql = tree("crates/web/Cargo.toml", "[package]\nname='web'\n[dependencies]\nsqlx = '0.9'");
        assert_eq!(outsiders(&sql).expect("checked").len(), 1);
        let chance = tree("crates/dsp/Cargo.toml", "[package]\nname='dsp'\n[dependencies]\nrand = '1'");
        assert_eq!(outsiders(&chance).expect("checked").len(), 1);
        let for_tests = tree("crates/dsp/Cargo.toml", "[package]\nname='dsp'\n[dev-dependencies]\nrand = '1'");
        assert_eq!(outsiders(&for_tests).expect("checked"), []);
    }
}
