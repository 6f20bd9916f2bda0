//! The way of an account whose password is checked at Supabase.

use axum::http::StatusCode;
use domain::{Account, Email, LinkToken, Password, PersonName};
use providers::identity::supabase::{
    Broken, Error, LinkKind, PROVIDER, Person, Reason, Scope, SignedIn, Supabase, Tokens,
};
use sha2::{Digest as _, Sha256};
use store::{Member, Moved, UsedLink};

use super::super::letters::{Letter, post as post_letter};
use super::super::over;
use super::super::prove::busy;
use super::{Gone, keeper, unavailable};
use crate::app::AppState;
use crate::page::Problem;
use crate::words;

/// What somebody is told where it cannot be reached.
pub(super) const UNREACHABLE: &str = "Signing in is not possible at the moment";

/// Has Supabase send a link for a new account.
pub(super) async fn invite(state: &AppState, supabase: &Supabase, email: &Email) -> Result<(), Problem> {
    if state.accounts.mails_to.begin(email).is_err() {
        tracing::info!("a mail was not asked for: its reader got several lately");
        return Ok(());
    }
    ask_in(state, supabase, email).await
}

/// The same, however many mails went there lately.
pub(super) async fn ask_in(state: &AppState, supabase: &Supabase, email: &Email) -> Result<(), Problem> {
    let to = format!("{}/account/confirm", state.site.origin());
    supabase.sign_up(email, &to).await.map_err(|error| trouble(&error))
}

/// Has Supabase send a link to set a password.
pub(super) async fn remind(state: &AppState, supabase: &Supabase, email: &Email) -> Result<(), Problem> {
    if state.accounts.mails_to.begin(email).is_err() {
        tracing::info!("a mail was not asked for: its reader got several lately");
        return Ok(());
    }
    let to = format!("{}/account/reset", state.site.origin());
    supabase.recover(email, &to).await.map_err(|error| trouble(&error))
}

/// The account of whoever knows the password. `account` is the one that has the address here: if it is known to be
/// another's at Supabase, the password is not its.
pub(super) async fn holder(
    state: &AppState,
    supabase: &Supabase,
    email: &Email,
    account: Option<&Account>,
    typed: &str,
) -> Result<Option<Account>, Problem> {
    let Some(password) = Password::typed_for_another(typed) else { return Ok(None) };
    let signed_in = match supabase.sign_in(email, &password).await {
        Ok(signed_in) => signed_in,
        Err(error) => {
            return match error.reason() {
                // A closed user is told apart before the password is looked at, so that anybody could ask.
                Some(Reason::Credentials | Reason::Banned | Reason::NoUser) => Ok(None),
                Some(Reason::Unconfirmed) => Err(unconfirmed()),
                _ => Err(trouble(&error)),
            };
        }
    };
    if let Some(account) = account {
        let known = state.store.identities.subject(PROVIDER, account.id).await?;
        if known.is_some_and(|known| known != signed_in.person.subject) {
            discard(supabase, signed_in.tokens);
            return Ok(None);
        }
    }
    recognise(state, supabase, signed_in).await.map(Some)
}

/// Whose account somebody has who signed in at Supabase; makes one for whoever has none. Their session waits for the
/// browser to be signed in.
pub(super) async fn recognise(state: &AppState, supabase: &Supabase, signed_in: SignedIn) -> Result<Account, Problem> {
    let SignedIn { person, tokens } = signed_in;
    let recognised = match state.store.identities.find(PROVIDER, &person.subject).await? {
        Some(account) => Ok(follow(state, account, &person).await?),
        None => make(state, supabase, &person, None).await,
    };
    match recognised {
        Ok(account) => {
            wait_for_browser(state, supabase, &account, &tokens).await?;
            Ok(account)
        }
        Err(problem) => {
            discard(supabase, tokens);
            Err(problem)
        }
    }
}

/// Sets a password by way of a link of a mail, which is used up at Supabase by it. What it gave is kept until its form
/// went through, since a password that is not taken is typed again.
pub(super) async fn by_link(
    state: &AppState,
    supabase: &Supabase,
    (kind, secret): (LinkKind, &str),
    password: &Password,
    name: Option<&PersonName>,
) -> Result<Result<Account, String>, Problem> {
    let id = words::hex(&Sha256::digest(secret));
    let (person, tokens) = used_link(state, supabase, (kind, secret), &id).await?;
    let known = state.store.identities.find(PROVIDER, &person.subject).await?;
    if known.is_none() {
        free_address(state, &person).await?;
    }
    match supabase.set_password(&tokens, None, password, name).await {
        Ok(()) => {}
        Err(error) => {
            return match refused_password(&error) {
                Some(wrong) => Ok(Err(wrong)),
                None => Err(trouble(&error)),
            };
        }
    }
    if !state.store.identities.forget_link(&id).await? {
        // The same form was sent twice at once, and the other one was quicker.
        return Err(over());
    }
    let account = match known {
        Some(account) => account,
        None => make(state, supabase, &person, name).await?,
    };
    if kind == LinkKind::Recovery {
        state.store.accounts.set_password(account.id, &nobodys(state).await?, None).await?;
        discard(supabase, tokens);
    } else {
        wait_for_browser(state, supabase, &account, &tokens).await?;
    }
    Ok(Ok(account))
}

/// Another password for whoever has just signed in anew with the old one, whose session is the browser's from then on:
/// Supabase ends all others.
pub(super) async fn change_password(
    state: &AppState,
    supabase: &Supabase,
    member: &Member,
    old: &str,
    new: &Password,
) -> Result<Result<(), String>, Problem> {
    let (_, tokens) = proved(state, supabase, &member.account).await?;
    let old = Password::typed_for_another(old);
    if let Err(error) = supabase.set_password(&tokens, old.as_ref(), new, None).await {
        return refused_password(&error).map(Err).ok_or_else(|| trouble(&error));
    }
    let account = member.account.id;
    state.store.accounts.set_password(account, &nobodys(state).await?, Some(member.sign_in)).await?;
    state.store.provider_sessions.attach(account, member.sign_in).await?;
    Ok(Ok(()))
}

/// Has Supabase send the links by which somebody moves to another address.
pub(super) async fn ask_for_email(
    state: &AppState,
    supabase: &Supabase,
    account: &Account,
    email: &Email,
) -> Result<(), Problem> {
    let (id, tokens) = proved(state, supabase, account).await?;
    let to = format!("{}/account/email/confirm", state.site.origin());
    let asked = supabase.ask_for_email(&tokens, email, &to).await;
    state.store.provider_sessions.give_up_waiting(id).await?;
    match asked {
        // That the address has a user already is for its reader alone to know.
        Err(error) if error.reason() != Some(&Reason::EmailTaken) => Err(trouble(&error)),
        _ => Ok(()),
    }
}

/// Moves an account to the address that Supabase has of its holder by now.
pub(super) async fn move_by_link(
    state: &AppState,
    supabase: &Supabase,
    secret: &str,
) -> Result<Option<Moved>, Problem> {
    let verified = supabase.verify(LinkKind::EmailChange, secret).await.map_err(|error| trouble(&error))?;
    let Some(SignedIn { person, tokens }) = verified else { return Ok(None) };
    discard(supabase, tokens);
    let account = state.store.identities.find(PROVIDER, &person.subject).await?.ok_or_else(over)?;
    let from = account.email.clone();
    let email = person.email.filter(|email| person.is_confirmed && *email != from).ok_or_else(over)?;
    if !state.store.identities.follow(account.id, &email).await? {
        return Err(taken());
    }
    Ok(Some(Moved { account: Account { email, ..account }, from }))
}

/// Deletes the user at Supabase, if that is configured.
pub(super) async fn forget(state: &AppState, supabase: &Supabase, account: &Account) -> Result<Gone, Problem> {
    let Some(subject) = state.store.identities.subject(PROVIDER, account.id).await? else {
        return Ok(Gone::Wholly);
    };
    match supabase.delete(&subject).await {
        Ok(true) => Ok(Gone::Wholly),
        Ok(false) => Ok(Gone::StaysThere),
        Err(error) => Err(trouble(&error)),
    }
}

/// Ends a session at Supabase that nobody needs, in the background: it ends by itself at some time.
pub(super) fn discard(supabase: &Supabase, tokens: Tokens) {
    let supabase = supabase.clone();
    tokio::spawn(async move {
        if let Err(error) = supabase.sign_out(&tokens, Scope::Local).await {
            tracing::warn!(%error, "a session at Supabase could not be ended: {error}");
        }
    });
}

/// What somebody is told, and the log.
pub(super) fn trouble(error: &Error) -> Problem {
    match error {
        Error::Unreachable(_) => {
            tracing::warn!(%error, "nobody can sign in: {error}");
            unavailable(UNREACHABLE)
        }
        Error::Down(_) => {
            tracing::warn!(%error, "somebody could not sign in: {error}");
            unavailable("The sign-in service does not answer")
        }
        Error::Busy(pause) => {
            tracing::warn!(%error, "somebody could not sign in: {error}");
            let seconds = pause.as_secs();
            let text = format!("Nothing was changed. Wait {seconds} seconds, then go back and try again.");
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "Many people are signing in at the moment", text)
        }
        Error::Refused { reason: Reason::LinkOver, .. } => over(),
        Error::Refused { reason: Reason::Disabled, .. } | Error::Unconfirming => {
            tracing::error!(%error, "nobody new can sign in: {error}");
            Problem::new(
                StatusCode::FORBIDDEN,
                "Nobody new is taken at the moment",
                "Whoever runs the site has closed it to new accounts, or to this way of signing in. Nothing was changed.",
            )
        }
        Error::Untrusted(why) => {
            tracing::error!(%error, "{error}: {why}");
            Problem::internal(why)
        }
        Error::Refused { .. } => Problem::internal(error),
    }
}

/// Keeps a session for the browser that is about to be signed in.
async fn wait_for_browser(
    state: &AppState,
    supabase: &Supabase,
    account: &Account,
    tokens: &Tokens,
) -> Result<(), Problem> {
    let id = state.store.provider_sessions.draw();
    let sealed = supabase.seal(tokens, &id.to_string());
    state.store.provider_sessions.add(id, account.id, &sealed, keeper::due_at(supabase, tokens)).await?;
    Ok(())
}

/// The session of whoever has just proved who they are.
async fn proved(
    state: &AppState,
    supabase: &Supabase,
    account: &Account,
) -> Result<(domain::ProviderSessionId, Tokens), Problem> {
    let (id, sealed) = state.store.provider_sessions.waiting(account.id).await?.ok_or_else(over)?;
    Ok((id, opened(supabase.open(&sealed, &id.to_string()))?))
}

/// Who a link of a mail is, and the session that it gave: now, or when its form was sent before.
async fn used_link(
    state: &AppState,
    supabase: &Supabase,
    (kind, secret): (LinkKind, &str),
    id: &str,
) -> Result<(Person, Tokens), Problem> {
    let purpose = format!("{kind:?}");
    if let Some(used) = state.store.identities.used_link(id, &purpose).await? {
        let tokens = opened(supabase.open(&used.tokens, id))?;
        let person = supabase.person(&tokens).await.map_err(|error| trouble(&error))?;
        return if person.subject == used.subject { Ok((person, tokens)) } else { Err(over()) };
    }
    let verified = supabase.verify(kind, secret).await.map_err(|error| trouble(&error))?;
    let SignedIn { person, tokens } = verified.ok_or_else(over)?;
    let used = UsedLink { purpose, subject: person.subject.clone(), tokens: supabase.seal(&tokens, id) };
    state.store.identities.keep_link(id, &used).await?;
    Ok((person, tokens))
}

/// Makes an account for somebody whose address is confirmed, and nobody else's here.
async fn make(
    state: &AppState,
    supabase: &Supabase,
    person: &Person,
    name: Option<&PersonName>,
) -> Result<Account, Problem> {
    let email = confirmed(person)?;
    if supabase.takes_unconfirmed().await.map_err(|error| trouble(&error))? {
        // The project's public key is enough to make users there, with any address.
        return Err(trouble(&Error::Unconfirming));
    }
    let name = name.cloned().or_else(|| person.name.clone()).unwrap_or_else(|| PersonName::of_address(email));
    let hash = nobodys(state).await?;
    let account = state.store.identities.add((PROVIDER, &person.subject), email, &name, &hash).await?;
    let account = account.ok_or_else(taken)?;
    tracing::info!(account = %account.id, "an account was made: {}", account.id);
    Ok(account)
}

/// The address of somebody may have been changed at Supabase.
async fn follow(state: &AppState, account: Account, person: &Person) -> Result<Account, Problem> {
    let Some(email) = person.email.as_ref().filter(|email| person.is_confirmed && **email != account.email) else {
        return Ok(account);
    };
    if !state.store.identities.follow(account.id, email).await? {
        tracing::warn!(account = %account.id, "an address was changed at Supabase to one that is another account's");
        return Ok(account);
    }
    let from = account.email.clone();
    let account = Account { email: email.clone(), ..account };
    post_letter(state, &Letter::moved(&account, &from)).await;
    Ok(account)
}

/// Refuses an address that is another account's before anything is changed.
async fn free_address(state: &AppState, person: &Person) -> Result<(), Problem> {
    match state.store.accounts.find_by_email(confirmed(person)?).await? {
        Some(_) => Err(taken()),
        None => Ok(()),
    }
}

fn confirmed(person: &Person) -> Result<&Email, Problem> {
    person.email.as_ref().filter(|_| person.is_confirmed).ok_or_else(unconfirmed)
}

/// The hash of a password that nobody knows: the account's own is at Supabase.
async fn nobodys(state: &AppState) -> Result<String, Problem> {
    let secret = LinkToken::draw(state.entropy.as_ref()).reveal();
    let password = Password::choose(&secret).map_err(|error| Problem::internal(&error))?;
    state.accounts.passwords.hash(&password).await.map_err(busy)
}

/// What is wrong with a password, if that is why it was refused.
fn refused_password(error: &Error) -> Option<String> {
    match error.reason()? {
        Reason::WeakPassword => Some(
            "That password is not taken: it is one that others use, or it lacks a small letter, a capital one, a digit or \
             a sign. Choose another one."
                .to_owned(),
        ),
        Reason::SamePassword => Some("That password is the one that is set already. Choose another one.".to_owned()),
        _ => None,
    }
}

pub(super) fn opened<T>(opened: Result<T, Broken>) -> Result<T, Problem> {
    opened.map_err(|error| Problem::internal(&error))
}

fn unconfirmed() -> Problem {
    Problem {
        way_on: (super::super::SIGN_IN, "Sign in"),
        ..Problem::new(
            StatusCode::FORBIDDEN,
            "Your address is not confirmed yet",
            "Only an address that is known to be yours can have an account. Look for the mail with the link in it, open it, \
             then sign in. If you came by way of another service, confirm your address there first.",
        )
    }
}

fn taken() -> Problem {
    Problem {
        way_on: (super::super::SIGN_IN, "Sign in otherwise"),
        ..Problem::new(
            StatusCode::CONFLICT,
            "This address has another account here",
            "An account with the same address was made in another way, and only its holder may use it. Sign in the way you \
             did then, or write to whoever runs the site; the address is at the foot of the page.",
        )
    }
}
