//! The operator's token: as it was set, or drawn at the first start and kept in the data folder.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use domain::{Entropy, SessionToken};
use web::{OperatorToken, ShortToken};

/// Its name in the data folder.
const FILE: &str = "operator-token";

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The file is there and cannot be read, or is not there and cannot be written.
    #[error("the operator's token in `{}` can be neither read nor written", path.display())]
    File { path: PathBuf, source: io::Error },
    /// Somebody wrote something else into it.
    #[error("the operator's token in `{}` is not one: delete the file, and a new one is drawn", path.display())]
    Short { path: PathBuf, source: ShortToken },
}

/// A token, and how it came to be.
pub(crate) struct Found {
    pub(crate) token: OperatorToken,
    /// It was drawn just now: whoever was signed in with an earlier one is to be signed out.
    pub(crate) is_new: bool,
}

/// Where the token is kept.
pub(crate) fn path(data: &Path) -> PathBuf {
    data.join(FILE)
}

/// Reads the token that the data folder holds; draws one if it holds none. The folder has to exist.
pub(crate) fn find(data: &Path, entropy: &dyn Entropy) -> Result<Found, Error> {
    let path = path(data);
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::File { path, source }
    };
    let (text, is_new) = match fs::read_to_string(&path) {
        Ok(text) => (text, false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let text = SessionToken::draw(entropy).reveal();
            write(&path, &text).map_err(failed(&path))?;
            (text, true)
        }
        Err(error) => return Err(failed(&path)(error)),
    };
    let token = OperatorToken::new(&text).map_err(|source| Error::Short { path, source })?;
    Ok(Found { token, is_new })
}

/// A secret for this user alone, whatever the folder's rights are. Written beside and renamed, so that a crash leaves no
/// half.
pub(crate) fn write(path: &Path, token: &str) -> io::Result<()> {
    let beside = path.with_extension("new");
    // What an earlier crash may have left.
    let _ = fs::remove_file(&beside);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    writeln!(file, "{token}")?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::OsEntropy;

    #[test]
    fn a_token_is_drawn_once_and_found_again() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(find(folder.path(), &OsEntropy).expect("drawn").is_new);
        let text = fs::read_to_string(path(folder.path())).expect("written");
        assert_eq!(text.trim().len(), 64);
        assert!(!find(folder.path(), &OsEntropy).expect("found").is_new);
        assert_eq!(fs::read_to_string(path(folder.path())).expect("still there"), text);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(path(folder.path())).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn what_is_no_token_says_what_to_do() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(path(folder.path()), "hello").expect("written");
        let error = find(folder.path(), &OsEntropy).err().expect("refused").to_string();
        assert!(error.contains("delete the file"), "{error}");
    }
}
