//! Mails as files, for whoever runs the service for themselves, and for tests.

use std::io;
use std::path::{Path, PathBuf};

use domain::Timestamp;
use tokio::io::AsyncWriteExt as _;

use super::SendError;
use super::message::{Mail, Sender, message};

/// A folder of mails, one `.eml` file each, that mail programs open. Only this user can look into it.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
    sender: Sender,
}

impl Folder {
    /// The folder is made with the first mail.
    pub fn new(path: PathBuf, sender: Sender) -> Self {
        Self { path, sender }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) async fn send(&self, mail: &Mail<'_>, at: Timestamp) -> Result<(), SendError> {
        let bytes = message(mail, &self.sender, at)?.formatted();
        // Names sort by time.
        let name = format!("{}-{}.eml", at.unix_ms(), mail.key);
        self.write(&name, &bytes).await.map_err(|source| SendError::Folder { path: self.path.clone(), source })
    }

    /// Written beside and renamed, so that nobody reads half a mail.
    async fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut folder = tokio::fs::DirBuilder::new();
        folder.recursive(true);
        #[cfg(unix)]
        folder.mode(0o700);
        folder.create(&self.path).await?;
        let beside = self.path.join(format!("{name}.new"));
        let mut file = tokio::fs::File::create(&beside).await?;
        file.write_all(bytes).await?;
        file.sync_all().await?;
        tokio::fs::rename(&beside, self.path.join(name)).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::tests::mail;
    use super::*;

    #[tokio::test]
    async fn a_mail_is_one_file_however_often_it_is_sent() {
        let data = tempfile::tempdir().expect("a folder");
        let folder = Folder::new(data.path().join("mail"), Sender::default());
        let to = "mia@example.org".parse().expect("an address");
        for _ in 0..2 {
            folder.send(&mail(&to, "Hello"), Timestamp::from_unix_ms(1000)).await.expect("written");
        }
        let files: Vec<_> =
            std::fs::read_dir(folder.path()).expect("there").map(|file| file.expect("a file").path()).collect();
        assert_eq!(files, [folder.path().join("1000-confirm-0123.eml")]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(folder.path()).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
        }
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_says_so_and_is_tried_again() {
        let data = tempfile::tempdir().expect("a folder");
        std::fs::write(data.path().join("mail"), "in the way").expect("written");
        let folder = Folder::new(data.path().join("mail"), Sender::default());
        let to = "mia@example.org".parse().expect("an address");
        let error = folder.send(&mail(&to, "Hello"), Timestamp::from_unix_ms(0)).await.expect_err("refused");
        assert!(!error.is_for_good() && error.to_string().contains("mail"), "{error}");
    }
}
