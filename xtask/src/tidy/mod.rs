//! Checks the invariants of `ARCHITECTURE.md` that no compiler and no linter checks.
//!
//! A check takes the tree of files and gives findings; each has a test that shows it failing on a bad sample.

mod layering;
mod purity;
mod size;
mod tree;
mod words;

use std::fmt;
use std::path::Path;

use anyhow::Result;

use tree::Tree;

/// One broken invariant.
#[derive(Debug, PartialEq)]
struct Finding {
    path: String,
    line: Option<usize>,
    what: String,
}

impl Finding {
    fn new(path: &str, line: impl Into<Option<usize>>, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: line.into(), what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.path, self.what),
            None => write!(f, "{}: {}", self.path, self.what),
        }
    }
}

type Check = fn(&Tree) -> Result<Vec<Finding>>;

const CHECKS: &[(&str, Check)] = &[
    ("crates depend on lower floors alone", layering::crates),
    ("outside crates stay behind the crate that hides them", layering::outsiders),
    ("files are short, or say why not", size::check),
    ("only cookie-policy writes Set-Cookie", words::set_cookie),
    ("only store writes SQL and names the queue's crate", words::sql),
    ("only one browser module touches what the browser stores", words::browser_storage),
    ("dsp and mastering do no I/O, read no clock, draw no random number", purity::sources),
    ("nothing names the machine that it was written on", words::machines),
];

/// Prints what was checked and what was found; `false` if an invariant is broken.
pub(crate) fn run(root: &Path) -> Result<bool> {
    let tree = Tree::read(root)?;
    let mut clean = true;
    let mut tell = |name: &str, findings: &[Finding]| {
        println!("{} {name}", if findings.is_empty() { "ok    " } else { "BROKEN" });
        for finding in findings {
            clean = false;
            println!("       {finding}");
        }
    };
    for (name, check) in CHECKS {
        tell(name, &check(&tree)?);
    }
    let (name, findings) = purity::wasm(root)?;
    tell(name, &findings);
    Ok(clean)
}
