//! `dsp` and `mastering` are pure: slices in, slices out, on any machine, the browser's included.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use regex::Regex;

use super::Finding;
use super::tree::Tree;

const PURE: [&str; 2] = ["dsp", "mastering"];
const WASM: &str = "wasm32-unknown-unknown";

/// Crates that do not build for, or do nothing on, a machine without an operating system.
const NEEDS_A_SYSTEM: [&str; 9] =
    ["getrandom", "rand", "tokio", "mio", "socket2", "rayon-core", "crossbeam-deque", "memmap2", "chrono"];

/// No module of the standard library that reaches outside, nor chance, by any name.
pub(super) fn sources(tree: &Tree) -> Result<Vec<Finding>> {
    let outside = "fs|net|thread|time|env|process|io|sync::mpsc";
    let direct = Regex::new(&format!(r"\bstd::(?:{outside})\b|\brand::|\bgetrandom\b"))?;
    let grouped = Regex::new(&format!(r"\bstd::\{{[^}}]*\b(?:{outside})\b"))?;
    let mut findings = Vec::new();
    for file in
        tree.product_rust().filter(|file| PURE.iter().any(|pure| file.path.starts_with(&format!("crates/{pure}/"))))
    {
        for (line, code) in file.code() {
            if direct.is_match(code) || grouped.is_match(code) {
                findings.push(Finding::new(&file.path, line, "reaches outside; take it as an argument"));
            }
        }
    }
    Ok(findings)
}

/// Builds the pure crates for a browser where the toolchain can, and says what was checked instead where it cannot.
pub(super) fn wasm(root: &Path) -> Result<(&'static str, Vec<Finding>)> {
    let present: Vec<_> = PURE.iter().filter(|name| root.join("crates").join(name).exists()).collect();
    let packages = present.iter().flat_map(|name| ["-p", name]);
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).current_dir(root).output().context("rustc")?;
    let sysroot = String::from_utf8(sysroot.stdout).context("rustc's sysroot")?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(WASM).exists() {
        let built = Command::new("cargo")
            .args(["check", "--quiet", "--no-default-features", "--target", WASM])
            .args(packages)
            .current_dir(root)
            .output()
            .context("cargo check")?;
        let errors = String::from_utf8_lossy(&built.stderr).into_owned();
        let findings = if built.status.success() { vec![] } else { vec![Finding::new("crates", None, errors)] };
        return Ok(("dsp and mastering build for wasm32-unknown-unknown", findings));
    }
    let listed = Command::new("cargo")
        .args(["tree", "--edges", "normal", "--prefix", "none", "--format", "{p}", "--no-default-features"])
        .args(["--target", WASM])
        .args(packages)
        .current_dir(root)
        .output()
        .context("cargo tree")?;
    ensure!(listed.status.success(), "cargo tree: {}", String::from_utf8_lossy(&listed.stderr));
    let findings = needs_a_system(&String::from_utf8_lossy(&listed.stdout));
    Ok((
        "dsp and mastering need no operating system (target wasm32-unknown-unknown is not installed: \
         their dependencies and `use`s were searched, nothing was built)",
        findings,
    ))
}

fn needs_a_system(listing: &str) -> Vec<Finding> {
    let names = listing.lines().filter_map(|line| line.split_whitespace().next());
    let bad = names.filter(|name| NEEDS_A_SYSTEM.contains(name));
    bad.map(|name| Finding::new("Cargo.lock", None, format!("dsp or mastering depends on `{name}`"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pure_crate_that_reaches_outside_is_found() {
        let found = |text: &'static str| sources(&Tree::of(&[("crates/dsp/src/a.rs", text)])).expect("checked").len();
        for bad in [
            "use std::fs::File;",
            "let now = std::time::Instant::now();",
            "use std::{collections::BTreeMap, thread};",
            "let x = rand::random();",
            "eprintln!(\"{}\", std::env::var(\"X\"));",
        ] {
            assert_eq!(found(bad), 1, "{bad}");
        }
        assert_eq!(found("use std::f64::consts::PI;\n// unlike std::time, samples are exact"), 0);
        let elsewhere = Tree::of(&[("crates/codec/src/a.rs", "use std::fs::File;")]);
        assert_eq!(sources(&elsewhere).expect("checked"), []);
    }

    #[test]
    fn a_dependency_that_needs_a_system_is_found() {
        let findings = needs_a_system("dsp v0.1.0 (/x)\nrayon-core v1.13.0\nrealfft v3.5.0\n");
        assert_eq!(findings.len(), 1);
        assert!(findings[0].to_string().contains("rayon-core"), "{}", findings[0]);
    }
}
