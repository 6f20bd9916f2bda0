//! What the command line does where passwords are checked at Supabase: it has mails sent from there, and deletes there
//! who is deleted here.

use std::sync::Arc;

use domain::{Account, Email, OsEntropy, SystemClock};
use providers::identity::supabase::{Error, PROVIDER, Patience, Supabase};

use super::{Done, Office, Refusal};
use crate::settings::Settings;

/// The project, where the settings name one.
pub(super) fn project(settings: &Settings) -> Result<Option<Supabase>, Refusal> {
    let config = settings.identity.supabase().map_err(Refusal::Usage)?;
    let secret = settings.serve.secret_key.as_deref().map(str::as_bytes);
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(OsEntropy));
    Ok(config.map(|config| Supabase::new(config, Patience::default(), secret, clock, entropy)))
}

/// Has a mail sent by which an account can be made.
pub(super) async fn invite(office: &Office, supabase: &Supabase, email: &Email) -> Done {
    let to = format!("{}/account/confirm", office.origin);
    supabase.sign_up(email, &to).await.map_err(|error| in_vain("nobody was invited", error))
}

/// What became of who somebody is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum There {
    /// There never was anybody.
    Nobody,
    Deleted,
    /// No key is set that may delete.
    StaysForKey,
    /// The settings name no project.
    StaysForProject,
}

impl There {
    /// What is said of it after all else.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Nobody => "",
            Self::Deleted => " Their user at Supabase is deleted, too.",
            Self::StaysForKey => {
                " Their user stays at Supabase, since identity.supabase_service_key is not set: delete it there."
            }
            Self::StaysForProject => {
                " Their user stays at Supabase, since the settings that were read name no project (`--config` names the \
                 service's file): delete it there."
            }
        }
    }

    /// The same for programs.
    pub(super) const fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Nobody => None,
            Self::Deleted => Some("deleted"),
            Self::StaysForKey | Self::StaysForProject => Some("stays"),
        }
    }
}

/// Deletes who an account's holder is there, before the account goes: once it is gone, nobody knows who that was.
pub(super) async fn forget(office: &Office, settings: &Settings, account: &Account) -> Result<There, Refusal> {
    let supabase = project(settings)?;
    let Some(subject) = office.store.identities.subject(PROVIDER, account.id).await? else { return Ok(There::Nobody) };
    let Some(supabase) = supabase else { return Ok(There::StaysForProject) };
    match supabase.delete(&subject).await {
        Ok(true) => Ok(There::Deleted),
        Ok(false) => Ok(There::StaysForKey),
        Err(error) => Err(in_vain("nothing was deleted", error)),
    }
}

fn in_vain(what: &'static str, source: Error) -> Refusal {
    InVain { what, source }.into()
}

/// Supabase was asked, and it came to nothing.
#[derive(Debug, thiserror::Error)]
#[error("Supabase did not do its part, so {what}; try again later")]
struct InVain {
    what: &'static str,
    source: Error,
}
