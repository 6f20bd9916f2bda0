//! Sends the mails that wait, one after the other, in the background.
//!
//! Not here: what they say (`routes::account::letters`) and how they are sent (`providers::mail`).

use std::time::Duration;

use domain::causes;
use providers::mail::{Mail, Mailer};
use store::{Store, WaitingMail};
use tokio::sync::watch;

/// How often mails are looked for that wait for another try, or that another process queued.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Sends until the service stops. `tells_links` is for the operator's own machine: the log then shows each mail's link.
pub(crate) async fn keep_sending(store: Store, mailer: Mailer, tells_links: bool, mut closing: watch::Receiver<bool>) {
    loop {
        match store.mails.claim().await {
            Ok(Some(waiting)) => {
                if let Err(error) = send(&store, &mailer, &waiting, tells_links).await {
                    tracing::error!(error = causes(&error), "a mail's fate could not be written down");
                }
                continue;
            }
            Ok(None) => {}
            Err(error) => tracing::error!(error = causes(&error), "mails that wait could not be read"),
        }
        tokio::select! {
            () = store.mails.queued() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = closing.wait_for(|closing| *closing) => return,
        }
    }
}

async fn send(store: &Store, mailer: &Mailer, waiting: &WaitingMail, tells_links: bool) -> store::Result<()> {
    let mail = &waiting.mail;
    let written = Mail { key: &mail.key, to: &mail.to, subject: &mail.subject, text: &mail.text, html: &mail.html };
    match mailer.send(&written, waiting.created_at).await {
        Ok(()) => {
            store.mails.sent(waiting).await?;
            let link = mail.text.lines().find(|line| line.starts_with("http")).filter(|_| tells_links);
            if let (Mailer::Folder(folder), Some(link)) = (mailer, link) {
                let (subject, folder) = (&mail.subject, folder.path().display());
                tracing::info!("a mail, \u{201c}{subject}\u{201d}, is in {folder}: {link}");
            } else {
                tracing::info!(key = mail.key, "a mail was sent: {}", mail.key);
            }
        }
        Err(error) => {
            let (key, cause) = (&mail.key, causes(&error));
            if let Some(pause) = store.mails.failed(waiting, error.is_for_good()).await? {
                tracing::warn!(key, "a mail was not sent, and is tried again in {pause:?}: {cause}");
            } else {
                tracing::error!(key, "a mail could not be sent and was given up: {cause}");
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domain::{OsEntropy, SystemClock};
    use store::NewMail;

    use super::*;

    #[tokio::test]
    async fn what_is_queued_gets_sent_and_leaves_the_database() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path(), Arc::new(SystemClock), Arc::new(OsEntropy)).await.expect("a store");
        let mailer = Mailer::check(folder.path(), None, None).expect("a folder");
        let (close, closing) = watch::channel(false);
        let sending = tokio::spawn(keep_sending(store.clone(), mailer, false, closing));
        let new = NewMail {
            key: "hello-1".to_owned(),
            to: "mia@example.org".parse().expect("an address"),
            subject: "Hello".to_owned(),
            text: "Hello".to_owned(),
            html: "<p>Hello</p>".to_owned(),
        };
        store.mails.queue(&new).await.expect("queued");
        let sent = async {
            while std::fs::read_dir(folder.path().join("mail")).map_or(0, Iterator::count) == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), sent).await.expect("sent");
        close.send(true).expect("heard");
        sending.await.expect("it ends with the service");
        assert!(store.mails.claim().await.expect("the database").is_none());
    }
}
