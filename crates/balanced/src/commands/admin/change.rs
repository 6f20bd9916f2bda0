//! What is done with an account that is there.

use std::io::{self, BufRead, IsTerminal as _, Write};

use domain::{Account, Act, Actor, OsEntropy};
use serde_json::json;
use store::Changed;

use super::elsewhere::{self, There};
use super::{Done, Office, Refusal, megabytes};
use crate::cli::{DeleteArgs, Who};
use crate::settings::Settings;

/// What is said of something that was done, and of something that was so before.
const fn words(act: Act) -> [&'static str; 2] {
    match act {
        Act::Disable => ["is closed, and its browsers are signed out", "was closed already"],
        Act::Enable => ["is open again", "was open already"],
        Act::EndSessions => ["is signed out everywhere", "is signed out everywhere"],
        Act::RemoveFactors => ["is opened by its password alone again", "had no second step"],
        Act::MakeAdmin => ["may administer accounts, at /admin on the site", "was an administrator already"],
        Act::RemoveAdmin => ["may not administer accounts any more", "was no administrator"],
        Act::Delete => ["is deleted, with all that was its holder's", "was deleted already"],
    }
}

pub(super) async fn change(office: &Office, act: Act, who: &Who) -> Done {
    let account = office.account(who).await?;
    carry_out(office, act, &account, There::Nobody).await
}

/// `there` is what became of their holder where passwords are checked, before they are deleted here.
async fn carry_out(office: &Office, act: Act, account: &Account, there: There) -> Done {
    let [done, already] = words(act);
    let (said, changed) = match office.store.admins.change(Actor::CommandLine, act, account.id).await? {
        Changed::Done => (done, true),
        Changed::Already | Changed::NoAccount => (already, false),
        Changed::NotAllowed | Changed::LastAdmin | Changed::Oneself => {
            return Err(Refusal::Refused("that is not for the command line to do".to_owned()));
        }
    };
    match act {
        Act::Delete if changed => office.post(&web::farewell(account, &OsEntropy)?).await?,
        Act::RemoveFactors if changed => office.post(&web::factors_removed(account, &OsEntropy)?).await?,
        _ => {}
    }
    let (email, id) = (account.email.as_str(), account.id.to_string());
    let mut object = json!({ "id": id, "email": email, "act": act.as_str(), "changed": changed });
    if let Some(there) = there.as_str() {
        object["supabase"] = there.into();
    }
    office.say(&format!("{email} {said}.{}", there.words()), &object);
    Ok(())
}

pub(super) async fn delete(office: &Office, DeleteArgs { who, yes }: &DeleteArgs, settings: &Settings) -> Done {
    let account = office.account(who).await?;
    if !yes {
        let held = office.overview(&account).await?.held;
        let email = account.email.as_str();
        let question = format!(
            "Delete {email} with {} tracks ({}) and all else that is its holder's? It cannot be brought back.\n\
             Type the address to go on: ",
            held.tracks,
            megabytes(held.bytes)
        );
        if !io::stdin().is_terminal() {
            return Err(Refusal::Usage("nobody is there to be asked: --yes deletes without asking".to_owned()));
        }
        if !asked(&mut io::stdin().lock(), &mut io::stderr().lock(), &question, email)? {
            return Err(Refusal::Refused("that is another address, so nothing was deleted".to_owned()));
        }
    }
    let there = elsewhere::forget(office, settings, &account).await?;
    carry_out(office, Act::Delete, &account, there).await
}

/// Whether somebody types what is expected.
pub(super) fn asked(from: &mut impl BufRead, to: &mut impl Write, question: &str, expected: &str) -> io::Result<bool> {
    write!(to, "{question}")?;
    to.flush()?;
    let mut line = String::new();
    from.read_line(&mut line)?;
    Ok(line.trim().eq_ignore_ascii_case(expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_address_goes_on() {
        let mut said = Vec::new();
        let mut answers =
            |line: &str| asked(&mut line.as_bytes(), &mut said, "Sure? ", "mia@example.org").expect("read");
        assert!(answers("mia@example.org\n") && answers(" Mia@Example.org \r\n"));
        for other in ["", "\n", "y\n", "yes\n", "mia@example.or\n", "eve@example.org\n"] {
            assert!(!answers(other), "{other:?}");
        }
        assert!(said.starts_with(b"Sure? "));
    }
}
