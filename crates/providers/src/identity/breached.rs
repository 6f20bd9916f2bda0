//! Passwords that were stolen somewhere, in a file of the operator's: the SHA-1 list of Pwned Passwords, a line `HASH:count`
//! for each, ordered by hash, as `haveibeenpwned-downloader` writes it.
//!
//! It is tens of gigabytes and is neither read into memory nor indexed: a password is looked up by halving, in some forty
//! reads. It is opened anew each time, so that another file can take its place while the service runs. SHA-1 is the list's;
//! nothing is kept with it.
//!
//! Not here: downloading it. No part of a hash leaves the machine.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use domain::Password;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

/// Hexadecimal digits of a hash.
const DIGITS: usize = 40;
/// A line is never longer, bytes: a hash, a colon, a count, and the end of a line.
const LONGEST_LINE: usize = 96;
/// Places of the file that are compared when it is opened: enough to tell another order from this one.
const PLACES: u64 = 64;

/// The list. It stays where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breached(PathBuf);

/// The list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BreachedError {
    /// The file system refused.
    #[error("cannot read `{}`", path.display())]
    File {
        /// The list.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is something else.
    #[error(
        "expected the SHA-1 list of Pwned Passwords in `{}`, lines of 40 hexadecimal digits, a colon and a count, ordered \
         by hash, as `haveibeenpwned-downloader` writes them; found {found} at byte {at}",
        path.display()
    )]
    NoList {
        /// The file.
        path: PathBuf,
        /// What it has instead.
        found: &'static str,
        /// Where.
        at: u64,
    },
}

/// The first line that begins at a place of the file or behind it.
struct Line {
    hash: [u8; DIGITS],
    /// Where it begins.
    start: u64,
    /// Where the next one does.
    end: u64,
}

impl Breached {
    /// Looks whether it is such a list, by its ends and some places between them.
    pub fn open(path: &Path) -> Result<Self, BreachedError> {
        let list = Self(path.to_owned());
        let (mut file, bytes) = list.file()?;
        let mut before: Option<Line> = None;
        for place in 0..=PLACES {
            let from = bytes.saturating_sub(1) / PLACES * place;
            let Some(line) = list.line(&mut file, from)? else { continue };
            if before.as_ref().is_some_and(|before| before.start < line.start && before.hash >= line.hash) {
                return Err(list.is_none("a hash that is not after the one before", line.start));
            }
            before = Some(line);
        }
        if before.is_none() { Err(list.is_none("nothing", 0)) } else { Ok(list) }
    }

    /// Whether a password is in it.
    pub fn has(&self, password: &Password) -> Result<bool, BreachedError> {
        let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, password.reveal().as_bytes());
        let mut wanted = [0; DIGITS];
        for (pair, byte) in wanted.chunks_exact_mut(2).zip(digest.as_ref()) {
            pair.copy_from_slice(&[
                b"0123456789ABCDEF"[usize::from(byte >> 4)],
                b"0123456789ABCDEF"[usize::from(byte & 15)],
            ]);
        }
        let (mut file, bytes) = self.file()?;
        // Lines that begin before `low` are smaller, and those at `high` or behind it are larger.
        let (mut low, mut high) = (0, bytes);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.line(&mut file, middle)? {
                Some(line) if line.hash == wanted => return Ok(true),
                Some(line) if line.start < high && line.hash < wanted => low = line.end,
                _ => high = middle,
            }
        }
        Ok(false)
    }

    fn file(&self) -> Result<(File, u64), BreachedError> {
        let open = || {
            let file = File::open(&self.0)?;
            let bytes = file.metadata()?.len();
            Ok((file, bytes))
        };
        open().map_err(|source| self.unread(source))
    }

    fn unread(&self, source: io::Error) -> BreachedError {
        BreachedError::File { path: self.0.clone(), source }
    }

    fn is_none(&self, found: &'static str, at: u64) -> BreachedError {
        BreachedError::NoList { path: self.0.clone(), found, at }
    }

    /// The first line that begins at `from` or behind it; none where the file ends first.
    fn line(&self, file: &mut File, from: u64) -> Result<Option<Line>, BreachedError> {
        // A line begins where the byte before ends one.
        let begin = from.saturating_sub(1);
        let mut bytes = Vec::with_capacity(2 * LONGEST_LINE);
        file.seek(SeekFrom::Start(begin))
            .and_then(|_| file.take(2 * LONGEST_LINE as u64).read_to_end(&mut bytes))
            .map_err(|source| self.unread(source))?;
        let is_whole = bytes.len() < 2 * LONGEST_LINE;
        let skipped = match (from, bytes.iter().position(|byte| *byte == b'\n')) {
            (0, _) => 0,
            (_, Some(end)) => end + 1,
            (_, None) if is_whole => return Ok(None),
            (_, None) => return Err(self.is_none("a line that is too long", begin)),
        };
        let start = begin + skipped as u64;
        let text = &bytes[skipped..];
        if text.is_empty() {
            return Ok(None);
        }
        let length = match text.iter().position(|byte| *byte == b'\n') {
            Some(end) => end + 1,
            None if is_whole => text.len(),
            None => return Err(self.is_none("a line that is too long", start)),
        };
        let (digits, rest) =
            text[..length].split_at_checked(DIGITS).ok_or_else(|| self.is_none("a short line", start))?;
        let is_hash = digits.iter().all(u8::is_ascii_hexdigit);
        if !is_hash || !matches!(rest.first(), None | Some(b':' | b'\r' | b'\n')) {
            return Err(self.is_none("something else", start));
        }
        let mut hash: [u8; DIGITS] = digits.try_into().expect("it was split there");
        hash.make_ascii_uppercase();
        Ok(Some(Line { hash, start, end: start + length as u64 }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(text: &str) -> (tempfile::NamedTempFile, Result<Breached, BreachedError>) {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        let opened = Breached::open(file.path());
        (file, opened)
    }

    /// As long as one has to be.
    fn long(text: &str) -> String {
        format!("{text} and some letters")
    }

    fn password(text: &str) -> Password {
        Password::choose(&long(text)).expect("long enough")
    }

    /// A password's hash as the list has it.
    fn hash(text: &str) -> String {
        sha1(&long(text))
    }

    fn sha1(text: &str) -> String {
        let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
        digest.as_ref().iter().fold(String::new(), |text, byte| text + &format!("{byte:02X}"))
    }

    #[test]
    fn a_hash_is_the_lists_own() {
        // Of "password", as the list has it.
        assert_eq!(sha1("password"), "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8");
    }

    #[test]
    fn what_is_in_the_list_is_found_and_nothing_else() {
        let stolen: Vec<String> = (0..500).map(|number| format!("stolen {number}")).collect();
        let mut lines: Vec<_> = stolen.iter().map(|text| format!("{}:{}", hash(text), text.len() * 97)).collect();
        lines.sort();
        for (end, is_lower) in [("\n", false), ("\r\n", false), ("\n", true)] {
            let text = lines.join(end) + end;
            let text = if is_lower { text.to_lowercase() } else { text };
            for text in [text.clone(), text.trim_end().to_owned()] {
                let (_file, opened) = list(&text);
                let opened = opened.expect("a list");
                for stolen in &stolen {
                    assert!(opened.has(&password(stolen)).expect("read"), "{stolen}");
                }
                for own in ["", "violet anvil teaspoon", "stolen 500", "Stolen 1"] {
                    assert!(!opened.has(&password(own)).expect("read"), "{own}");
                }
            }
        }
    }

    #[test]
    fn another_file_is_refused_by_what_it_has_instead() {
        let [a, b] = [hash("a"), hash("b")].map(|hash| format!("{hash}:1\n"));
        let (larger, smaller) = if a > b { (a, b) } else { (b, a) };
        let by_count = larger.clone() + &smaller;
        let ntlm = "0123456789ABCDEF0123456789ABCDEF:3\n";
        for (text, found) in [
            ("", "nothing"),
            ("password\n", "a short line"),
            (ntlm, "a short line"),
            ("violet anvil teaspoon, and forty letters more:1\n", "something else"),
            (&"x".repeat(4000), "too long"),
            (&by_count, "not after the one before"),
        ] {
            let (_file, opened) = list(text);
            let told = opened.expect_err("refused").to_string();
            assert!(told.contains(found) && told.contains("haveibeenpwned-downloader"), "{found}: {told}");
        }
        let missing = Breached::open(Path::new("/nowhere/pwned.txt")).expect_err("refused");
        assert!(missing.to_string().contains("/nowhere/pwned.txt"), "{missing}");
    }

    #[test]
    fn another_list_can_take_its_place() {
        let (file, opened) = list(&format!("{}:1\n", hash("old")));
        let opened = opened.expect("a list");
        std::fs::write(file.path(), format!("{}:1\n", hash("new"))).expect("written");
        assert!(!opened.has(&password("old")).expect("read") && opened.has(&password("new")).expect("read"));
        std::fs::remove_file(file.path()).expect("removed");
        assert!(opened.has(&password("new")).is_err(), "a list that is gone lets nothing through");
    }

    proptest! {
        #[test]
        fn every_line_of_every_list_is_found(numbers in prop::collection::btree_set(any::<u32>(), 1..40), own in any::<u32>()) {
            let mut lines: Vec<_> = numbers.iter().map(|number| format!("{}:{number}", hash(&number.to_string()))).collect();
            lines.sort();
            let (_file, opened) = list(&(lines.join("\n") + "\n"));
            let opened = opened.expect("a list");
            for number in &numbers {
                prop_assert!(opened.has(&password(&number.to_string())).expect("read"));
            }
            prop_assert_eq!(opened.has(&password(&own.to_string())).expect("read"), numbers.contains(&own));
        }
    }
}
