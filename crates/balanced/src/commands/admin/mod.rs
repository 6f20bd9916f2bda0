//! `balanced admin`: accounts, from the machine that the data folder is on. Works beside a running service.
//!
//! Whoever may write to that folder may do everything with it, so nobody is asked for a password here; what is done is in
//! the audit log all the same. Not here: an account's music.

mod audit;
mod change;
mod create;
mod credits;
mod elsewhere;
mod list;
mod notice;

use std::error::Error;
use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

use domain::{Account, OsEntropy, SystemClock, Timestamp};
use serde_json::{Value, json};
use store::{NewMail, Overview, Store};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::cli::{AdminArgs, AdminCommand, Who};
use crate::outcome::{self, Outcome, one_line};
use crate::settings::Settings;

/// Why something was not done.
enum Refusal {
    /// What was asked makes no sense.
    Usage(String),
    /// It does, and it cannot be done with what was given.
    Refused(String),
    /// Something went wrong.
    Failed(Box<dyn Error>),
}

impl<E: Error + 'static> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Failed(Box::new(error))
    }
}

type Done = Result<(), Refusal>;

/// What every subcommand needs.
struct Office {
    store: Store,
    json: bool,
    /// What links in mails begin with.
    origin: String,
}

impl Office {
    /// The account that was named.
    async fn account(&self, who: &Who) -> Result<Account, Refusal> {
        let found = match who {
            Who::Email(email) => self.store.accounts.find_by_email(email).await?,
            Who::Id(id) => self.store.accounts.find(*id).await?,
        };
        found.ok_or_else(|| Refusal::Refused("there is no such account; `balanced admin list` shows all".to_owned()))
    }

    async fn overview(&self, account: &Account) -> Result<Overview, Refusal> {
        let gone = || Refusal::Refused("the account was deleted just now".to_owned());
        self.store.admins.find(account.id).await?.ok_or_else(gone)
    }

    async fn post(&self, mail: &NewMail) -> Done {
        Ok(self.store.mails.queue(mail).await?)
    }

    /// Says what was done, for people or for programs.
    fn say(&self, text: &dyn Display, object: &Value) {
        if self.json { println!("{object}") } else { println!("{}", one_line(&text.to_string())) }
    }
}

pub(crate) fn run(args: &AdminArgs, settings: &Settings) -> Outcome {
    let data = args.data.as_deref().unwrap_or(&settings.data);
    let done = tokio::runtime::Runtime::new()
        .map_err(Refusal::from)
        .and_then(|runtime| runtime.block_on(administer(args, settings, data)));
    match done {
        Ok(()) => Outcome::Done,
        Err(Refusal::Usage(problem)) => outcome::usage(&problem),
        Err(Refusal::Refused(problem)) => outcome::refused(&problem),
        Err(Refusal::Failed(error)) => outcome::failed(error.as_ref()),
    }
}

async fn administer(args: &AdminArgs, settings: &Settings, data: &Path) -> Done {
    if !data.join("balanced.sqlite").is_file() {
        let data = data.display();
        return Err(Refusal::Refused(format!(
            "there is no service's data in `{data}`: name its folder with --data, or start `balanced serve` once"
        )));
    }
    let store = Store::open_beside(data, Arc::new(SystemClock), Arc::new(OsEntropy)).await?;
    let origin = match &settings.serve.public_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("http://{}", settings.serve.listen),
    };
    let office = Office { store, json: args.json, origin };
    let done = match &args.command {
        AdminCommand::Create(args) => create::create(&office, args, settings).await,
        AdminCommand::List(args) => list::list(&office, args).await,
        AdminCommand::Show(args) => list::show(&office, &args.who).await,
        AdminCommand::Disable(args) => change::change(&office, domain::Act::Disable, &args.who).await,
        AdminCommand::Enable(args) => change::change(&office, domain::Act::Enable, &args.who).await,
        AdminCommand::EndSessions(args) => change::change(&office, domain::Act::EndSessions, &args.who).await,
        AdminCommand::RemoveFactors(args) => change::change(&office, domain::Act::RemoveFactors, &args.who).await,
        AdminCommand::MakeAdmin(args) => change::change(&office, domain::Act::MakeAdmin, &args.who).await,
        AdminCommand::RemoveAdmin(args) => change::change(&office, domain::Act::RemoveAdmin, &args.who).await,
        AdminCommand::Delete(args) => change::delete(&office, args, settings).await,
        AdminCommand::SendPolicyNotice(args) => notice::notice(&office, args).await,
        AdminCommand::Credits(args) => credits::credits(&office, args, settings).await,
        AdminCommand::Audit(args) => audit::audit(&office, args).await,
    };
    office.store.close().await;
    done
}

fn date(at: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.unix_ms()) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// A moment for programs.
fn rfc3339(at: Timestamp) -> String {
    date(at).format(&Rfc3339).unwrap_or_default()
}

/// A moment for people, UTC.
fn moment(at: Timestamp) -> String {
    let at = date(at);
    format!("{} {:02}:{:02}", at.date(), at.hour(), at.minute())
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// An account for programs.
fn object(seen: &Overview) -> Value {
    json!({
        "id": seen.account.id.to_string(),
        "email": seen.account.email.as_str(),
        "name": seen.account.name.as_str(),
        "created": rfc3339(seen.account.created_at),
        "disabled": seen.account.disabled_at.map(rfc3339),
        "admin": seen.admin_since.map(rfc3339),
        "last_sign_in": seen.last_sign_in.map(rfc3339),
        "sessions": seen.sessions,
        "tracks": seen.held.tracks,
        "bytes": seen.held.bytes,
    })
}
