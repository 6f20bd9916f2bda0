//! `balanced admin create`: an invitation, or an account with a password from standard input.

use std::io::{self, BufRead as _, Read as _};
use std::sync::Arc;

use domain::{Actor, Label, OsEntropy, Password, PersonName, Purpose};
use providers::identity::local::Passwords;
use providers::identity::supabase::Supabase;
use serde_json::json;

use super::{Done, Office, Refusal, elsewhere};
use crate::cli::CreateArgs;
use crate::settings::Settings;

/// Longest line that is read, bytes: a password is much shorter.
const MAX_LINE_BYTES: u64 = 4096;

pub(super) async fn create(office: &Office, args: &CreateArgs, settings: &Settings) -> Done {
    let supabase = elsewhere::project(settings)?;
    if supabase.is_some() && args.password_stdin {
        return Err(Refusal::Usage(
            "passwords are checked at Supabase here, so that none can be set from this side: without --password-stdin \
             Supabase mails a link by which they choose one"
                .to_owned(),
        ));
    }
    if office.store.accounts.find_by_email(&args.email).await?.is_some() {
        return Err(taken());
    }
    if args.password_stdin {
        with_password(office, args, settings).await
    } else {
        invite(office, args, supabase.as_ref()).await
    }
}

fn taken() -> Refusal {
    Refusal::Refused("that address has an account already".to_owned())
}

async fn invite(office: &Office, CreateArgs { email, .. }: &CreateArgs, supabase: Option<&Supabase>) -> Done {
    let action: Label = "invite".parse().expect("a plain word is a label");
    if let Some(supabase) = supabase {
        elsewhere::invite(office, supabase, email).await?;
        office.store.audits.record(Actor::CommandLine, &action, None).await?;
        office.say(
            &format!("{email} is invited: Supabase mails them a link, unless they have a user there already."),
            &json!({ "email": email.as_str(), "invited": true }),
        );
        return Ok(());
    }
    office.store.audits.record(Actor::CommandLine, &action, None).await?;
    let token = office.store.links.issue(Purpose::Confirm, email, None).await?;
    office.post(&web::invitation(&office.origin, email, &token, &OsEntropy)?).await?;
    office.say(
        &format!("{email} is invited: a mail with a link is on its way, which works once and within 24 hours."),
        &json!({ "email": email.as_str(), "invited": true }),
    );
    Ok(())
}

async fn with_password(office: &Office, CreateArgs { email, name, .. }: &CreateArgs, settings: &Settings) -> Done {
    let name = name.clone().unwrap_or_else(|| PersonName::of_address(email));
    let password = Password::choose(&line()?).map_err(|error| Refusal::Refused(error.to_string()))?;
    let passwords = Passwords::new(Arc::new(OsEntropy), settings.accounts.breached().map_err(Refusal::Usage)?)?;
    let about = [name.as_str(), email.as_str()];
    passwords.check(&password, &about).await?.map_err(|error| Refusal::Refused(error.to_string()))?;
    let hash = passwords.hash(&password).await?;
    let account = office.store.admins.create(Actor::CommandLine, email, &name, &hash).await?.ok_or_else(taken)?;
    office.say(
        &format!("{email} has an account. They should change the password that you know."),
        &json!({ "email": email.as_str(), "id": account.id.to_string(), "invited": false }),
    );
    Ok(())
}

/// The first line of standard input, without its end.
fn line() -> Result<String, Refusal> {
    let mut line = String::new();
    io::stdin().lock().take(MAX_LINE_BYTES).read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
