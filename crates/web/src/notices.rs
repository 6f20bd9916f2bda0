//! Notices to all accounts that the cookie policy has changed: what they say, and writing them, one after the other.
//!
//! What changed is computed from the published versions ([`crate::consent::documents`]), as the policy page's change log
//! is. Not here: who gets one, and that nobody gets two (`store::Notices`); sending them ([`crate::mails`]).

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use domain::{Account, Email, Entropy, PersonName, causes};
use store::{NewMail, Store};
use tokio::sync::watch;

use crate::consent::documents::{self, Entry};
use crate::language::Language;
use crate::routes::account::letters::NotWritten;
use crate::words;

/// How often it is looked for a notice that was begun.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// So many of them may wait to be sent: links that somebody needs now are not to stand behind all the others, and a
/// mail server that is away is not to be buried.
const MOST_UNSENT: u64 = 100;

/// Why it comes, and that it is not to be unsubscribed from.
pub(crate) const WHY: &str = "You have an account here, so you are told when what is stored in your browser, or why, \
    changes. This is such a notice and no advertisement. It comes once for each version, and there is no unsubscribing \
    from it while you have the account: we owe it to you. If you do not agree with the change, choose otherwise in the \
    cookie settings, or delete your account on its page.";

/// The notice of one version of the policy.
#[derive(Debug, Clone)]
pub struct PolicyNotice {
    version: u16,
    entry: Entry,
}

#[derive(Template)]
#[template(path = "mail/notice.txt")]
struct Plain<'a> {
    notice: &'a PolicyNotice,
    name: &'a PersonName,
    address: &'a str,
}

#[derive(Template)]
#[template(path = "mail/notice.html")]
struct Html<'a> {
    notice: &'a PolicyNotice,
    name: &'a PersonName,
    address: &'a str,
}

impl PolicyNotice {
    /// Of the newest version.
    #[expect(clippy::missing_panics_doc, reason = "there is a first version, as a test of the documents shows")]
    pub fn newest() -> Self {
        Self::of(documents::newest().version).expect("the newest version is one of them")
    }

    /// Of a version; `None` if this program knows of none.
    pub fn of(version: u16) -> Option<Self> {
        let entry = documents::log(Language::English).into_iter().find(|entry| entry.version == version)?;
        Some(Self { version, entry })
    }

    /// Which version it is.
    pub fn version(&self) -> u16 {
        self.version
    }

    /// Version and day, in words.
    pub fn heading(&self) -> &str {
        &self.entry.heading
    }

    fn subject(&self) -> String {
        format!("Our cookie policy has changed (version {})", self.version)
    }

    /// The mail to somebody. `origin` is what addresses of the site begin with.
    pub fn letter(
        &self,
        origin: &str,
        to: &Email,
        name: &PersonName,
        entropy: &dyn Entropy,
    ) -> Result<NewMail, NotWritten> {
        let mut number = [0; 8];
        entropy.fill(&mut number);
        let address = format!("{origin}/cookies#version-{}", self.version);
        let address = address.as_str();
        Ok(NewMail {
            key: words::hex(&number),
            to: to.clone(),
            subject: self.subject(),
            text: Plain { notice: self, name, address }.render()?,
            html: Html { notice: self, name, address }.render()?,
        })
    }
}

/// How a notice is written.
pub(crate) struct Writing {
    pub(crate) store: Store,
    /// What addresses of the site begin with.
    pub(crate) origin: String,
    /// Time from one mail to the next.
    pub(crate) pause: Duration,
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl Writing {
    /// Writes what was begun, here or on the command line, until the service stops; the next one goes on.
    pub(crate) async fn keep_on(self, mut closing: watch::Receiver<bool>) {
        loop {
            let pause = match self.step().await {
                Ok(true) => self.pause,
                Ok(false) => LOOK_EVERY,
                Err(error) => {
                    tracing::error!(error = causes(error.as_ref()), "a notice could not be written");
                    LOOK_EVERY
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = closing.wait_for(|closing| *closing) => return,
            }
        }
    }

    /// Writes one mail. `false` if there is none to be written now.
    async fn step(&self) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
        let notices = &self.store.notices;
        let Some(version) = notices.under_way().await? else { return Ok(false) };
        let Some(notice) = PolicyNotice::of(version) else {
            return Err(format!("the notice of version {version} was begun, which this program does not know").into());
        };
        if notices.unsent(version).await? >= MOST_UNSENT {
            return Ok(false);
        }
        let Some(account) = notices.next(version).await? else {
            tracing::info!(version, "the notice of version {version} is written to all accounts");
            return Ok(true);
        };
        let Account { email, name, .. } = &account;
        let letter = notice.letter(&self.origin, email, name, self.entropy.as_ref())?;
        notices.write(version, &account, &letter).await?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use domain::{Act, Actor, OsEntropy, SystemClock};
    use store::{Mails, Noticed};

    use super::*;

    fn newest(name: &str) -> NewMail {
        let (to, name) = ("mia@example.org".parse().expect("an address"), name.parse().expect("a name"));
        PolicyNotice::newest().letter("https://balanced.example", &to, &name, &OsEntropy).expect("written")
    }

    #[test]
    fn a_notice_says_what_changed_and_why_it_comes() {
        let mail = newest("Mia");
        let entry = &documents::log(Language::English)[0];
        for part in [&mail.text, &mail.html] {
            assert!(part.contains("Hello Mia,") && part.contains(&entry.heading), "{part}");
            assert!(part.contains("no unsubscribing") && part.contains("no advertisement"), "{part}");
            assert!(part.contains("https://balanced.example/cookies#version-2"), "{part}");
            for change in &entry.changes {
                assert!(part.contains(&change.name) && part.contains(&change.what), "{change:?} is in {part}");
            }
        }
        assert!(!entry.changes.is_empty() && mail.subject.contains("version 2"));
        assert!(PolicyNotice::of(999).is_none());
    }

    #[test]
    fn a_name_is_text_in_a_notice_and_not_markup() {
        let script = "<script>alert(1)</script>";
        let mail = newest(script);
        assert!(mail.text.contains(script) && !mail.html.contains("<script>"));
        assert!(!mail.subject.chars().any(char::is_control));
    }

    /// A store with some accounts and one who is closed out.
    async fn store(folder: &tempfile::TempDir, accounts: usize) -> Store {
        let store = Store::open(folder.path(), Arc::new(SystemClock), Arc::new(OsEntropy)).await.expect("a store");
        for number in 0..=accounts {
            let email = format!("user{number}@example.org").parse().expect("an address");
            let name = "Mia".parse().expect("a name");
            let account = store.accounts.add(&email, &name, "$argon2id$").await.expect("the database").expect("free");
            if number == accounts {
                store.admins.change(Actor::CommandLine, Act::Disable, account.id).await.expect("the database");
            }
        }
        store
    }

    fn writing(store: &Store) -> Writing {
        let origin = "https://balanced.example".to_owned();
        Writing { store: store.clone(), origin, pause: Duration::from_millis(1), entropy: Arc::new(OsEntropy) }
    }

    /// The addresses of the mails that wait.
    async fn sent(mails: &Mails) -> Vec<String> {
        let mut to = Vec::new();
        while let Some(mail) = mails.claim().await.expect("the database") {
            to.push(mail.mail.to.to_string());
            mails.sent(&mail).await.expect("the database");
        }
        to.sort();
        to
    }

    #[tokio::test]
    async fn each_account_gets_one_and_where_a_crash_cuts_it_off_it_goes_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = store(&folder, 5).await;
        assert!(!writing(&store).step().await.expect("the database"), "nobody wanted one");
        assert_eq!(store.notices.readers().await.expect("the database"), 5);
        assert_eq!(store.notices.begin(Actor::CommandLine, 2).await.expect("the database"), Noticed::Begun);
        assert_eq!(store.notices.begin(Actor::CommandLine, 2).await.expect("the database"), Noticed::Already);
        for _ in 0..2 {
            assert!(writing(&store).step().await.expect("the database"));
        }
        let half = store.notices.progress(2).await.expect("the database").expect("begun");
        assert_eq!((half.written, half.unsent, half.left, half.finished_at), (2, 2, 3, None));
        // The process dies with its handles, and the next one opens the folder.
        store.close().await;
        let store = Store::open(folder.path(), Arc::new(SystemClock), Arc::new(OsEntropy)).await.expect("a store");
        // Who comes now knows the new policy.
        let late = "late@example.org".parse().expect("an address");
        tokio::time::sleep(Duration::from_millis(5)).await;
        store.accounts.add(&late, &"L".parse().expect("a name"), "$argon2id$").await.expect("the database");
        let (close, closing) = watch::channel(false);
        let running = tokio::spawn(writing(&store).keep_on(closing));
        for _ in 0..500 {
            if store.notices.progress(2).await.expect("the database").is_some_and(|done| done.finished_at.is_some()) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        close.send(true).expect("heard");
        running.await.expect("it ends with the service");
        let done = store.notices.progress(2).await.expect("the database").expect("begun");
        assert!(done.finished_at.is_some());
        assert_eq!((done.written, done.left), (5, 0));
        let expected: Vec<_> = (0..5).map(|number| format!("user{number}@example.org")).collect();
        assert_eq!(sent(&store.mails).await, expected, "each once, and neither the closed one nor the late one");
        assert!(!writing(&store).step().await.expect("the database"), "and never again");
        assert_eq!(store.notices.progress(2).await.expect("the database").expect("begun").unsent, 0);
    }

    #[tokio::test]
    async fn a_mail_server_that_is_away_is_not_buried() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = store(&folder, 3).await;
        for number in 0..MOST_UNSENT {
            let key = format!("policy-2-{number}");
            store.mails.queue(&NewMail { key, ..newest("Mia") }).await.expect("queued");
        }
        store.notices.begin(Actor::CommandLine, 2).await.expect("the database");
        assert!(!writing(&store).step().await.expect("the database"));
        assert_eq!(store.notices.progress(2).await.expect("the database").expect("begun").written, 0);
    }

    #[tokio::test]
    async fn whoever_is_closed_out_or_gone_in_between_gets_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = store(&folder, 2).await;
        store.notices.begin(Actor::CommandLine, 2).await.expect("the database");
        let next = store.notices.next(2).await.expect("the database").expect("somebody");
        store.admins.change(Actor::CommandLine, Act::Disable, next.id).await.expect("the database");
        let letter = newest("Mia");
        assert!(!store.notices.write(2, &next, &letter).await.expect("the database"));
        let next = store.notices.next(2).await.expect("the database").expect("the other one");
        store.accounts.delete(next.id).await.expect("the database");
        assert!(!store.notices.write(2, &next, &letter).await.expect("the database"));
        assert!(sent(&store.mails).await.is_empty());
    }
}
