//! The project's text files, as checks see them.

use std::path::Path;

use anyhow::{Context as _, Result};

/// A text file.
#[derive(Debug)]
pub(super) struct File {
    /// Relative to the root, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

/// All text files that are the project's own (what git ignores is not).
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) files: Vec<File>,
}

impl Tree {
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut tree = Self::default();
        let walk =
            ignore::WalkBuilder::new(root).hidden(false).filter_entry(|entry| entry.file_name() != ".git").build();
        for entry in walk {
            let entry = entry.context("walking the tree")?;
            if !entry.file_type().is_some_and(|kind| kind.is_file()) {
                continue;
            }
            let bytes = std::fs::read(entry.path()).with_context(|| format!("reading {}", entry.path().display()))?;
            // Pictures and sounds are not text and not ours to judge.
            let Ok(text) = String::from_utf8(bytes) else {
                continue;
            };
            let path = entry.path().strip_prefix(root)?.to_string_lossy().replace('\\', "/");
            tree.files.push(File { path, text });
        }
        tree.files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(tree)
    }

    /// A tree for a test.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let file = |(path, text): &(&str, &str)| File { path: (*path).to_owned(), text: (*text).to_owned() };
        Self { files: files.iter().map(file).collect() }
    }

    pub(super) fn with_extension<'a>(&'a self, extensions: &'a [&str]) -> impl Iterator<Item = &'a File> {
        self.files.iter().filter(|file| file.extension().is_some_and(|found| extensions.contains(&found)))
    }

    /// Rust that ends up in the product: neither tests, benches nor the chores.
    pub(super) fn product_rust(&self) -> impl Iterator<Item = &File> {
        let beside = ["/tests/", "/benches/", "/examples/"];
        self.with_extension(&["rs"])
            .filter(move |file| file.path.starts_with("crates/") && !beside.iter().any(|part| file.path.contains(part)))
    }
}

impl File {
    fn extension(&self) -> Option<&str> {
        Path::new(&self.path).extension()?.to_str()
    }

    /// Its lines without comments and without the test module, each with its number from 1.
    ///
    /// Tests stand at the end of a file here, so everything from a `#[cfg(test)]` that opens a module is theirs. `//`
    /// inside a string ends the line too early, which may hide what follows it: a URL, in practice.
    pub(super) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines: Vec<&str> = self.text.lines().collect();
        let opens_tests = |pair: &[&str]| pair[0].trim() == "#[cfg(test)]" && pair[1].trim_start().starts_with("mod ");
        let end = lines.windows(2).position(|pair| opens_tests(pair) && pair[1].trim_end().ends_with('{'));
        let end = end.unwrap_or(lines.len());
        lines.into_iter().take(end).enumerate().map(|(index, line)| {
            let code = line.find("//").map_or(line, |comment| &line[..comment]);
            (index + 1, code)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_test_modules_are_not_code() {
        let text = "let a; // why\n/// docs\n#[cfg(test)]\nmod tests {\nlet b;\n}\n";
        let tree = Tree::of(&[("crates/x/src/lib.rs", text)]);
        let code: Vec<_> = tree.files[0].code().collect();
        assert_eq!(code, [(1, "let a; "), (2, "")]);
    }

    #[test]
    fn tests_and_benches_are_not_the_product() {
        let tree = Tree::of(&[
            ("crates/x/src/lib.rs", ""),
            ("crates/x/tests/a.rs", ""),
            ("crates/x/benches/b.rs", ""),
            ("xtask/src/main.rs", ""),
        ]);
        let paths: Vec<_> = tree.product_rust().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["crates/x/src/lib.rs"]);
    }
}
