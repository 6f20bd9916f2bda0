//! What an account needs of whoever checks passwords: this machine, or Supabase. Every difference between the two is
//! here; the use cases beside it know of none.
//!
//! At Supabase its own mails carry the links, and its own users have the passwords; accounts, tracks and sessions stay
//! here, and so does what is said. An account belongs to whom Supabase knows by an id: two who have an address in common
//! are strangers. [`keeper`] looks after sessions there, [`oauth`] leads to other services and back.

mod keeper;
pub(super) mod oauth;
mod supabase;

use std::time::Duration;

use axum::http::StatusCode;
use domain::{Account, Email, LinkToken, Password, PersonName, Purpose, SignInId};
use providers::identity::Identity;
use providers::identity::supabase::{LinkKind, MAX_PASSWORD_BYTES};
use store::{Member, Moved};
use tokio::task::JoinHandle;

use super::letters::{post_exists, post_invitation, post_link, post_link_to};
use super::prove::{busy, choose, sentence};
use super::{TOKEN, link, over};
use crate::app::AppState;
use crate::consent::Back;
use crate::csrf::Fields;
use crate::page::Problem;

pub(crate) use keeper::keep;

/// So long does everybody wait who asked for a mail that another service sends.
const SETTLED: Duration = Duration::from_millis(1500);

/// The link of a mail, whoever sent that.
pub(super) enum Link {
    Ours(LinkToken),
    Theirs(String),
}

impl Link {
    /// Longest secret of another service's link, bytes.
    const MAX_BYTES: usize = 128;

    /// The link that led here.
    pub(super) fn of(state: &AppState, fields: &Fields) -> Result<Self, Problem> {
        match &state.accounts.identity {
            Identity::Local => link(fields).map(Self::Ours),
            Identity::Supabase(_) => {
                let is_plain = |text: &&str| {
                    (16..=Self::MAX_BYTES).contains(&text.len())
                        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                };
                if fields.get("code").is_some() || fields.get("error_code").is_some() {
                    tracing::error!(
                        "a link of a mail of Supabase's led here by way of Supabase: set the project's mail templates as \
                         the README says"
                    );
                }
                fields.get(TOKEN).filter(is_plain).map(|text| Self::Theirs(text.to_owned())).ok_or_else(over)
            }
        }
    }

    /// Where its mail went, if that can be known without using it up.
    pub(super) async fn address(&self, state: &AppState, purpose: Purpose) -> Result<Option<Email>, Problem> {
        match self {
            Self::Ours(token) => Ok(Some(state.store.links.look(purpose, token).await?.ok_or_else(over)?.email)),
            Self::Theirs(_) => Ok(None),
        }
    }

    /// Its secret, for the form that it leads to.
    pub(super) fn reveal(&self) -> String {
        match self {
            Self::Ours(token) => token.reveal(),
            Self::Theirs(secret) => secret.clone(),
        }
    }
}

/// What became of an account's user elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gone {
    /// There is none, or there is none any more.
    Wholly,
    /// They stay at Supabase, since nobody may delete them from here.
    StaysThere,
}

/// Has a mail sent by which an account can be made; the link leads on to `next` where this site writes the mail.
pub(super) async fn invite(state: AppState, email: Email, next: Back) -> Result<(), Problem> {
    let found = state.store.accounts.find_by_email(&email).await?;
    match (&state.accounts.identity, found) {
        (_, Some(account)) => post_exists(&state, &account).await,
        (Identity::Local, None) => post_link_to(&state, Purpose::Confirm, &email, None, &next).await?,
        (Identity::Supabase(supabase), None) => supabase::invite(&state, supabase, &email).await?,
    }
    Ok(())
}

/// Has a mail sent by which whoever an administrator wants here makes their account; or says how long to wait, where
/// several went there lately.
pub(super) async fn ask_in(state: &AppState, email: &Email) -> Result<Result<(), Duration>, Problem> {
    if let Err(wait) = state.accounts.mails_to.begin(email) {
        return Ok(Err(wait));
    }
    match &state.accounts.identity {
        Identity::Local => post_invitation(state, email).await?,
        Identity::Supabase(supabase) => supabase::ask_in(state, supabase, email).await?,
    }
    Ok(Ok(()))
}

/// Has a mail sent by which a password can be set, if the address has an account.
pub(super) async fn remind(state: AppState, email: Email) -> Result<(), Problem> {
    let account = state.store.accounts.find_by_email(&email).await?;
    if account.as_ref().is_some_and(|account| account.disabled_at.is_some()) {
        return Ok(());
    }
    match (&state.accounts.identity, account) {
        (Identity::Local, Some(account)) => post_link(&state, Purpose::Reset, &email, Some(&account)).await?,
        (Identity::Local, None) => {}
        (Identity::Supabase(supabase), _) => supabase::remind(&state, supabase, &email).await?,
    }
    Ok(())
}

/// Waits for a mail to be on its way, no matter whether there is one: everybody waits as long, and is told the same. That
/// another service cannot be reached at all is known without an address, and is said.
pub(super) async fn settled(state: &AppState, sending: JoinHandle<Result<(), Problem>>) -> Result<(), Problem> {
    if state.accounts.identity.supabase().is_none() {
        // It happens here, and nobody waits for it.
        return Ok(());
    }
    let until = tokio::time::Instant::now() + SETTLED;
    if let Ok(Ok(Err(problem))) = tokio::time::timeout_at(until, sending).await
        && problem.title == supabase::UNREACHABLE
    {
        return Err(problem);
    }
    tokio::time::sleep_until(until).await;
    Ok(())
}

/// Makes the account that a link is for, with the password that its reader chose; or says what is wrong with that.
pub(super) async fn confirm(
    state: &AppState,
    link: &Link,
    name: &PersonName,
    typed: &str,
) -> Result<Result<Account, String>, Problem> {
    match (&state.accounts.identity, link) {
        (Identity::Local, Link::Ours(token)) => {
            let email = state.store.links.look(Purpose::Confirm, token).await?.ok_or_else(over)?.email;
            let hash = match choose(state, typed, &[name.as_str(), email.as_str()]).await? {
                Ok(hash) => hash,
                Err(wrong) => return Ok(Err(wrong)),
            };
            Ok(Ok(state.store.accounts.confirm(token, name, &hash).await?.ok_or_else(over)?))
        }
        (Identity::Supabase(supabase), Link::Theirs(secret)) => {
            let password = match chosen(state, typed, &[name.as_str()]).await? {
                Ok(password) => password,
                Err(wrong) => return Ok(Err(wrong)),
            };
            supabase::by_link(state, supabase, (LinkKind::SignUp, secret), &password, Some(name)).await
        }
        _ => Err(over()),
    }
}

/// Sets the password that a link is for, and signs all browsers out; or says what is wrong with the password.
pub(super) async fn reset(state: &AppState, link: &Link, typed: &str) -> Result<Result<Account, String>, Problem> {
    match (&state.accounts.identity, link) {
        (Identity::Local, Link::Ours(token)) => {
            let email = state.store.links.look(Purpose::Reset, token).await?.ok_or_else(over)?.email;
            let hash = match choose(state, typed, &[email.as_str()]).await? {
                Ok(hash) => hash,
                Err(wrong) => return Ok(Err(wrong)),
            };
            Ok(Ok(state.store.accounts.reset_password(token, &hash).await?.ok_or_else(over)?))
        }
        (Identity::Supabase(supabase), Link::Theirs(secret)) => {
            let password = match chosen(state, typed, &[]).await? {
                Ok(password) => password,
                Err(wrong) => return Ok(Err(wrong)),
            };
            supabase::by_link(state, supabase, (LinkKind::Recovery, secret), &password, None).await
        }
        _ => Err(over()),
    }
}

/// Whose password this is: the account's that has the address, if it is theirs. Nobody's takes as long.
pub(super) async fn holder(
    state: &AppState,
    email: &Email,
    account: Option<&Account>,
    typed: &str,
) -> Result<Option<Account>, Problem> {
    match &state.accounts.identity {
        Identity::Local => {
            let hash = match account {
                Some(account) => state.store.accounts.password_hash(account.id).await?,
                None => None,
            };
            let is_right = state.accounts.passwords.is(&Password::typed(typed), hash.as_deref()).await.map_err(busy)?;
            Ok(account.filter(|_| is_right).cloned())
        }
        Identity::Supabase(supabase) => supabase::holder(state, supabase, email, account, typed).await,
    }
}

/// Sets another password for whoever has just proved the old one, and signs out all other browsers; or says what is wrong
/// with the new one.
pub(super) async fn change_password(
    state: &AppState,
    member: &Member,
    old: &str,
    new: &str,
) -> Result<Result<(), String>, Problem> {
    let account = &member.account;
    let about = [account.name.as_str(), account.email.as_str()];
    match &state.accounts.identity {
        Identity::Local => match choose(state, new, &about).await? {
            Ok(hash) => {
                state.store.accounts.set_password(account.id, &hash, Some(member.sign_in)).await?;
                Ok(Ok(()))
            }
            Err(wrong) => Ok(Err(wrong)),
        },
        Identity::Supabase(supabase) => match chosen(state, new, &about).await? {
            Ok(password) => supabase::change_password(state, supabase, member, old, &password).await,
            Err(wrong) => Ok(Err(wrong)),
        },
    }
}

/// Has a link sent to the address that somebody wants who has just proved their password.
pub(super) async fn ask_for_email(state: &AppState, account: &Account, email: &Email) -> Result<(), Problem> {
    // Whether the address has an account is for its reader alone to know.
    let other = state.store.accounts.find_by_email(email).await?;
    match (&state.accounts.identity, other) {
        (_, Some(other)) => post_exists(state, &other).await,
        (Identity::Local, None) => post_link(state, Purpose::ChangeEmail, email, Some(account)).await?,
        (Identity::Supabase(supabase), None) => supabase::ask_for_email(state, supabase, account, email).await?,
    }
    Ok(())
}

/// Moves an account to the address that a link was sent to. `None` where one more link has to be opened.
pub(super) async fn move_by_link(state: &AppState, link: &Link) -> Result<Option<Moved>, Problem> {
    match (&state.accounts.identity, link) {
        (Identity::Local, Link::Ours(token)) => {
            Ok(Some(state.store.accounts.change_email(token).await?.ok_or_else(over)?))
        }
        (Identity::Supabase(supabase), Link::Theirs(secret)) => supabase::move_by_link(state, supabase, secret).await,
        _ => Err(over()),
    }
}

/// Deletes who an account's holder is elsewhere, before the account goes.
pub(super) async fn forget(state: &AppState, account: &Account) -> Result<Gone, Problem> {
    match &state.accounts.identity {
        Identity::Local => Ok(Gone::Wholly),
        Identity::Supabase(supabase) => supabase::forget(state, supabase, account).await,
    }
}

/// A browser was signed in: what its holder got elsewhere is its own from now on.
pub(super) async fn entered(state: &AppState, account: &Account, sign_in: SignInId) -> Result<(), Problem> {
    if state.accounts.identity.supabase().is_some() {
        state.store.provider_sessions.attach(account.id, sign_in).await?;
    }
    Ok(())
}

/// All browsers are about to be signed out.
pub(super) async fn leaving_everywhere(state: &AppState, sign_in: SignInId) -> Result<(), Problem> {
    if state.accounts.identity.supabase().is_some() {
        state.store.provider_sessions.end_everywhere(sign_in).await?;
    }
    Ok(())
}

/// A new password that Supabase can take; otherwise what is wrong with it.
async fn chosen(state: &AppState, typed: &str, about: &[&str]) -> Result<Result<Password, String>, Problem> {
    let password = match Password::choose(typed) {
        Ok(password) => password,
        Err(error) => return Ok(Err(sentence(&error))),
    };
    if password.reveal().len() > MAX_PASSWORD_BYTES {
        return Ok(Err(format!(
            "A password has at most {MAX_PASSWORD_BYTES} letters, and fewer if they have accents."
        )));
    }
    let checked = state.accounts.passwords.check(&password, about).await.map_err(busy)?;
    Ok(checked.map(|()| password).map_err(|error| sentence(&error)))
}

/// Said where the service that checks passwords is not there.
fn unavailable(title: &'static str) -> Problem {
    Problem {
        way_on: ("/account/sign-in", "Try again"),
        ..Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            title,
            "The service that checks passwords for this site does not answer. Nothing was changed. Whoever is signed in \
             stays so and can go on working. Try again in some minutes.",
        )
    }
}
