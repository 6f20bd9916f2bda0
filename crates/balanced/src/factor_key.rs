//! The key that seals those of authenticator apps: drawn at the first start, kept in the data folder beside the database,
//! never in it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use domain::{Entropy, SessionToken};
use providers::identity::seal::Seal;

use crate::operator_token;

/// Its name in the data folder.
const FILE: &str = "factor-key";

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The file is there and cannot be read, or is not there and cannot be written.
    #[error("the key for second factors in `{}` can be neither read nor written", path.display())]
    File { path: PathBuf, source: io::Error },
    /// Somebody wrote something else into it. A new one would lock everybody out who has set up an app.
    #[error(
        "expected 64 hexadecimal digits in `{}`, found something else: bring the file back from a backup; without it, accounts \
         with an authenticator app cannot be signed in to",
        path.display()
    )]
    NotAKey { path: PathBuf },
}

/// Reads the key that the data folder holds; draws one if it holds none. The folder has to exist.
pub(crate) fn find(data: &Path, entropy: &dyn Entropy) -> Result<Seal, Error> {
    let path = data.join(FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // 256 random bits, in the spelling of every secret here.
            let text = SessionToken::draw(entropy).reveal();
            operator_token::write(&path, &text).map_err(|source| Error::File { path: path.clone(), source })?;
            text
        }
        Err(source) => return Err(Error::File { path, source }),
    };
    match parse(text.trim()) {
        Some(key) => Ok(Seal::new(&key)),
        None => Err(Error::NotAKey { path }),
    }
}

fn parse(text: &str) -> Option<[u8; Seal::KEY_BYTES]> {
    let mut key = [0; Seal::KEY_BYTES];
    let pairs = text.as_bytes().chunks(2);
    if text.len() != 2 * key.len() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, pair) in key.iter_mut().zip(pairs) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{AccountId, OsEntropy, TotpKey};

    #[test]
    fn a_key_is_drawn_once_and_opens_what_it_sealed_after_the_next_start() {
        let folder = tempfile::tempdir().expect("a folder");
        let (account, key) = (AccountId::draw(&OsEntropy), TotpKey::draw(&OsEntropy));
        let sealed = find(folder.path(), &OsEntropy).expect("drawn").seal(account, &key, &OsEntropy);
        assert_eq!(find(folder.path(), &OsEntropy).expect("found").open(account, &sealed), Ok(key));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(folder.path().join(FILE)).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn what_is_no_key_is_not_replaced_by_one() {
        let folder = tempfile::tempdir().expect("a folder");
        for bad in ["", "hello", &"g".repeat(64), &"0".repeat(63), &"é".repeat(32)] {
            fs::write(folder.path().join(FILE), bad).expect("written");
            let error = find(folder.path(), &OsEntropy).expect_err("refused").to_string();
            assert!(error.contains("backup"), "{error}");
            assert_eq!(fs::read_to_string(folder.path().join(FILE)).expect("there"), bad);
        }
    }
}
