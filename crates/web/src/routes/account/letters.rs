//! What our mails say. One thing each, in few words; a link where there is one, and what to do if it was not you.

use askama::Template;
use domain::{Account, Device, Email, Entropy, LinkToken, Money, PersonName, Purpose};
use store::NewMail;

use super::TOKEN;
use super::sign_in::{NEXT, TRACKS};
use crate::app::AppState;
use crate::consent::Back;
use crate::words;

#[derive(Template)]
#[template(path = "mail/letter.txt")]
struct Plain<'a>(&'a Letter);

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Html<'a>(&'a Letter);

/// A mail, before it is written down twice.
pub(super) struct Letter {
    kind: &'static str,
    to: Email,
    subject: &'static str,
    /// Whom it greets; strangers are not called by a name.
    name: Option<PersonName>,
    lines: Vec<String>,
    /// What the button says, and where it leads.
    link: Option<(&'static str, String)>,
    /// What stands below: how long the link works, and what to do if it was somebody else.
    close: &'static str,
}

impl Letter {
    fn to_holder(kind: &'static str, account: &Account, subject: &'static str) -> Self {
        Self {
            kind,
            to: account.email.clone(),
            subject,
            name: Some(account.name.clone()),
            lines: Vec::new(),
            link: None,
            close: "If this was not you, reset your password at once: sign in, choose \u{201c}I forgot my password\u{201d}, \
                    and all other browsers are signed out.",
        }
    }

    /// To an address that somebody wants an account for.
    pub(super) fn confirm(state: &AppState, to: &Email, token: &LinkToken, next: &Back) -> Self {
        let mut link = address(state, "/account/confirm", token);
        if next.as_str() != TRACKS {
            link = format!("{link}&{NEXT}={}", next.encoded());
        }
        Self {
            kind: "confirm",
            to: to.clone(),
            subject: "Your account at Balanced Mastering",
            name: None,
            lines: vec!["One more step: open the link, choose a password, and the account is yours.".to_owned()],
            link: Some(("Make my account", link)),
            close: "The link works once, within 24 hours. If you did not ask for an account, leave it alone, and there \
                    will be none.",
        }
    }

    /// To an address that has an account already, when somebody wants another one for it.
    pub(super) fn exists(state: &AppState, account: &Account) -> Self {
        Self {
            lines: vec![
                "Somebody, most likely you, asked for an account with this address. You have one already.".to_owned(),
            ],
            link: Some(("Sign in", format!("{}{}", state.site.origin(), super::SIGN_IN))),
            close: "If you do not know your password, the page helps. If you did not ask, there is nothing to do.",
            ..Self::to_holder("exists", account, "You have an account already")
        }
    }

    pub(super) fn reset(state: &AppState, account: &Account, token: &LinkToken) -> Self {
        Self {
            lines: vec!["Open the link and choose a new password. All browsers are signed out by it.".to_owned()],
            link: Some(("Choose a new password", address(state, "/account/reset", token))),
            close: "The link works once, within an hour. If you did not ask for it, leave it alone: nothing changes.",
            ..Self::to_holder("reset", account, "Choose a new password")
        }
    }

    pub(super) fn password_changed(account: &Account) -> Self {
        Self {
            lines: vec!["Your password has been changed, and your other browsers are signed out.".to_owned()],
            ..Self::to_holder("password", account, "Your password was changed")
        }
    }

    /// To the address that an account wants to move to.
    pub(super) fn change_email(state: &AppState, account: &Account, to: &Email, token: &LinkToken) -> Self {
        Self {
            to: to.clone(),
            lines: vec!["Open the link, and this is your account\u{2019}s address from then on.".to_owned()],
            link: Some(("Use this address", address(state, "/account/email/confirm", token))),
            close: "The link works once, within 24 hours. If you did not ask for it, leave it alone: nothing changes.",
            ..Self::to_holder("address", account, "Your new address")
        }
    }

    /// To the address that an account had.
    pub(super) fn moved(account: &Account, from: &Email) -> Self {
        Self {
            to: from.clone(),
            lines: vec![
                "Your account has another address now, and mails go there. This is the last one that goes here."
                    .to_owned(),
            ],
            close: "If this was not you, write to whoever runs the site; the address is at the foot of each page.",
            ..Self::to_holder("moved", account, "Your account\u{2019}s address was changed")
        }
    }

    pub(super) fn new_device(account: &Account, device: Device, failed_before: u32) -> Self {
        let mut lines = vec![format!("Somebody, most likely you, has just signed in to your account with {device}.")];
        if failed_before > 0 {
            let times = if failed_before == 1 { "once".to_owned() } else { format!("{failed_before} times") };
            lines.push(format!("Before that, somebody tried {times} and did not get in."));
        }
        Self { lines, ..Self::to_holder("device", account, "A new sign-in to your account") }
    }

    /// That a payment came. The receipt is the payment provider's.
    fn bought(account: &Account, name: &str, amount: Money, credits: u32, page: String) -> Self {
        let what = if credits == 1 { "one master".to_owned() } else { format!("{credits} masters") };
        Self {
            lines: vec![
                format!("Thank you. {amount} came for \u{201c}{name}\u{201d}: it pays for {what}."),
                "A receipt comes from Stripe, who took the payment; all of them are on the page below.".to_owned(),
            ],
            link: Some(("Your purchases", page)),
            close: "If this was not you, answer to whoever runs the site; the address is at the foot of each page.",
            ..Self::to_holder("purchase", account, "Your purchase at Balanced Mastering")
        }
    }

    /// That a payment which was on its way will not come.
    fn failed(account: &Account, name: &str, amount: Money, page: String) -> Self {
        Self {
            lines: vec![
                format!("{amount} for \u{201c}{name}\u{201d} did not come: your bank did not pay. Nothing was bought."),
                "You can buy it again, with another way to pay where you like.".to_owned(),
            ],
            link: Some(("Your purchase", page)),
            close: "If this was not you, answer to whoever runs the site; the address is at the foot of each page.",
            ..Self::to_holder("purchase-failed", account, "Your payment did not come")
        }
    }

    pub(super) fn deleted(account: &Account) -> Self {
        Self {
            lines: vec![
                "Your account is deleted, with your tracks and all else that was yours. This mail is the last trace of it."
                    .to_owned(),
            ],
            close: "If this was not you, write to whoever runs the site. What is deleted cannot be brought back.",
            ..Self::to_holder("deleted", account, "Your account is deleted")
        }
    }

    /// Tells the holder of something that was done with their account.
    pub(super) fn about(
        kind: &'static str,
        account: &Account,
        subject: &'static str,
        lines: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self { lines: lines.into_iter().map(Into::into).collect(), ..Self::to_holder(kind, account, subject) }
    }

    /// After an administrator took the second step away.
    pub(super) fn factors_removed(account: &Account) -> Self {
        let lines = [
            "An administrator of this site took your authenticator app, your passkeys and your recovery codes off your account. \
             Until you set something up again, your password alone opens it.",
            "If you did not ask for that, write to whoever runs this site.",
        ];
        Self::about("factors-removed", account, "Your second step was taken away", lines)
    }

    /// To an address that an administrator wants an account for.
    fn invitation(origin: &str, to: &Email, token: &LinkToken) -> Self {
        Self {
            kind: "invitation",
            to: to.clone(),
            subject: "An account for you at Balanced Mastering",
            name: None,
            lines: vec![
                "Whoever runs this site has an account for you. Open the link, choose a password that nobody else knows, and \
                 it is yours."
                    .to_owned(),
            ],
            link: Some(("Make my account", format!("{origin}/account/confirm?{TOKEN}={}", token.reveal()))),
            close: "The link works once, within 24 hours. If you do not want an account, leave it alone, and there will be \
                    none.",
        }
    }

    fn written(&self, entropy: &dyn Entropy) -> Result<NewMail, askama::Error> {
        let mut number = [0; 8];
        entropy.fill(&mut number);
        Ok(NewMail {
            key: format!("{}-{}", self.kind, words::hex(&number)),
            to: self.to.clone(),
            subject: self.subject.to_owned(),
            text: Plain(self).render()?,
            html: Html(self).render()?,
        })
    }
}

/// A mail that could not be written down.
#[derive(Debug, thiserror::Error)]
#[error("a mail could not be written")]
pub struct NotWritten(#[from] askama::Error);

/// The mail with which an administrator invites somebody: its reader alone ever knows the password.
pub fn invitation(origin: &str, to: &Email, token: &LinkToken, entropy: &dyn Entropy) -> Result<NewMail, NotWritten> {
    Ok(Letter::invitation(origin, to, token).written(entropy)?)
}

/// The last mail to somebody whose account was deleted.
pub fn farewell(account: &Account, entropy: &dyn Entropy) -> Result<NewMail, NotWritten> {
    Ok(Letter::deleted(account).written(entropy)?)
}

/// The mail that tells somebody that an administrator took their second step away.
pub fn factors_removed(account: &Account, entropy: &dyn Entropy) -> Result<NewMail, NotWritten> {
    Ok(Letter::factors_removed(account).written(entropy)?)
}

/// The mail that confirms a purchase, to be queued with it.
pub(crate) fn bought(
    entropy: &dyn Entropy,
    account: &Account,
    name: &str,
    amount: Money,
    credits: u32,
    page: String,
) -> Option<NewMail> {
    let written = Letter::bought(account, name, amount, credits, page).written(entropy);
    written.inspect_err(|error| tracing::error!(%error, "a mail could not be written: {error}")).ok()
}

/// The mail that says that a payment will not come, likewise.
pub(crate) fn failed(
    entropy: &dyn Entropy,
    account: &Account,
    name: &str,
    amount: Money,
    page: String,
) -> Option<NewMail> {
    let written = Letter::failed(account, name, amount, page).written(entropy);
    written.inspect_err(|error| tracing::error!(%error, "a mail could not be written: {error}")).ok()
}

fn address(state: &AppState, path: &str, token: &LinkToken) -> String {
    format!("{}{path}?{TOKEN}={}", state.site.origin(), token.reveal())
}

/// Queues a mail. Where that fails, the log says so; what it tells of has been done all the same.
pub(super) async fn post(state: &AppState, letter: &Letter) {
    match letter.written(state.entropy.as_ref()) {
        Ok(mail) => {
            if let Err(error) = state.store.mails.queue(&mail).await {
                tracing::error!(%error, kind = letter.kind, "a mail could not be queued: {error}");
            }
        }
        Err(error) => tracing::error!(%error, kind = letter.kind, "a mail could not be written: {error}"),
    }
}

/// Makes a link and queues the mail that it is in, unless its reader got several lately.
pub(super) async fn post_link(
    state: &AppState,
    purpose: Purpose,
    to: &Email,
    account: Option<&Account>,
) -> store::Result<()> {
    post_link_to(state, purpose, to, account, &Back::of(TRACKS)).await
}

/// The same; a link that makes an account leads on to `next`.
pub(super) async fn post_link_to(
    state: &AppState,
    purpose: Purpose,
    to: &Email,
    account: Option<&Account>,
    next: &Back,
) -> store::Result<()> {
    if state.accounts.mails_to.begin(to).is_err() {
        tracing::info!("a mail was not sent: its reader got several lately");
        return Ok(());
    }
    let token = state.store.links.issue(purpose, to, account.map(|account| account.id)).await?;
    let letter = match (purpose, account) {
        (Purpose::Confirm, _) | (_, None) => Letter::confirm(state, to, &token, next),
        (Purpose::Reset, Some(account)) => Letter::reset(state, account, &token),
        (Purpose::ChangeEmail, Some(account)) => Letter::change_email(state, account, to, &token),
    };
    post(state, &letter).await;
    Ok(())
}

/// Makes the link by which whoever an administrator wants here gets an account, and queues its mail.
pub(super) async fn post_invitation(state: &AppState, to: &Email) -> store::Result<()> {
    let token = state.store.links.issue(Purpose::Confirm, to, None).await?;
    post(state, &Letter::invitation(state.site.origin(), to, &token)).await;
    Ok(())
}

/// Tells the holder that their address has an account, unless they were told lately.
pub(super) async fn post_exists(state: &AppState, account: &Account) {
    if state.accounts.mails_to.begin(&account.email).is_ok() {
        post(state, &Letter::exists(state, account)).await;
    }
}
