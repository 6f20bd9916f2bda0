//! A file longer than 500 lines is asked why.

use anyhow::Result;

use super::Finding;
use super::tree::Tree;

const LONGEST: usize = 500;

/// Files that are longer, each with its reason.
const EXCUSED: &[(&str, &str)] = &[];

#[expect(clippy::unnecessary_wraps, reason = "all checks have one signature")]
pub(super) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    Ok(against(tree, EXCUSED))
}

fn against(tree: &Tree, excused: &[(&str, &str)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.with_extension(&["rs", "ts"]) {
        let lines = file.text.lines().count();
        let is_excused = excused.iter().any(|(path, _)| *path == file.path);
        if lines > LONGEST && !is_excused {
            let what = format!("{lines} lines; split it, or give the reason in xtask/src/tidy/size.rs");
            findings.push(Finding::new(&file.path, None, what));
        }
        if lines <= LONGEST && is_excused {
            findings.push(Finding::new(
                &file.path,
                None,
                "is short now; take its excuse out of xtask/src/tidy/size.rs",
            ));
        }
    }
    for (path, _) in excused {
        if !tree.files.iter().any(|file| file.path == *path) {
            findings.push(Finding::new(path, None, "is excused in xtask/src/tidy/size.rs and does not exist"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_needs_an_excuse_and_an_excuse_needs_a_long_file() {
        let long = "//\n".repeat(LONGEST + 1);
        let tree = Tree::of(&[("a.rs", &long), ("b.ts", &long), ("c.rs", "//\n"), ("long.md", &long)]);
        let paths = |excused| against(&tree, excused).into_iter().map(|finding| finding.path).collect::<Vec<_>>();
        assert_eq!(paths(&[]), ["a.rs", "b.ts"]);
        assert_eq!(paths(&[("a.rs", "a table"), ("b.ts", "a table")]), Vec::<String>::new());
        let stale = paths(&[("a.rs", ""), ("b.ts", ""), ("c.rs", "no longer"), ("gone.rs", "")]);
        assert_eq!(stale, ["c.rs", "gone.rs"]);
    }
}
