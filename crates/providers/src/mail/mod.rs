//! Mails: put into a folder, or handed to the operator's mail server.
//!
//! Both write the same message, text and HTML side by side. Not here: what a mail says, when it is tried again (the
//! store's queue says so), and bounces, which go to the address that mails come from.

mod folder;
mod message;
mod smtp;

use std::path::Path;

use domain::Timestamp;

pub use folder::Folder;
pub use message::{ConfigError, Mail, MessageError, Sender};
pub use smtp::Smtp;

/// The way that mails take.
#[derive(Debug, Clone)]
pub enum Mailer {
    /// Files, for whoever runs the service for themselves.
    Folder(Folder),
    /// A mail server.
    Smtp(Smtp),
}

/// A mail was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// It cannot be written as a message.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The folder does not take it.
    #[error("the mail cannot be written to `{}`", path.display())]
    Folder {
        /// The folder.
        path: std::path::PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The mail server does not take it, or cannot be reached.
    #[error("the mail server did not take the mail")]
    Smtp(#[source] lettre::transport::smtp::Error),
    /// The mail server says nothing.
    #[error("the mail server did not answer within {}\u{a0}seconds", smtp::WITHIN.as_secs())]
    Late,
}

impl SendError {
    /// Whether trying again is of no use.
    pub fn is_for_good(&self) -> bool {
        match self {
            Self::Message(_) => true,
            Self::Smtp(error) => error.is_permanent(),
            Self::Folder { .. } | Self::Late => false,
        }
    }
}

impl Mailer {
    /// Checks the settings. Without a server, mails go to the folder `mail` in the data folder.
    ///
    /// `smtp` is `smtps://user:password@host`, or `smtp://…?tls=required`; `from` is the address that mails come from.
    pub fn check(data: &Path, smtp: Option<&str>, from: Option<&str>) -> Result<Self, ConfigError> {
        let sender = from.map(Sender::parse).transpose()?;
        match (smtp, sender) {
            (Some(url), Some(sender)) => Ok(Self::Smtp(Smtp::check(url, sender)?)),
            (Some(_), None) => Err(ConfigError::NoSender),
            (None, sender) => Ok(Self::Folder(Folder::new(data.join("mail"), sender.unwrap_or_default()))),
        }
    }

    /// Sends a mail, once; a second call with the same key sends the same message, which mail programs show once.
    pub async fn send(&self, mail: &Mail<'_>, at: Timestamp) -> Result<(), SendError> {
        match self {
            Self::Folder(folder) => folder.send(mail, at).await,
            Self::Smtp(smtp) => smtp.send(mail, at).await,
        }
    }
}
