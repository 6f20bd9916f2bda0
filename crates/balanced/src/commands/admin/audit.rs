//! `balanced admin audit`: what administrators did.

use anstream::println;
use domain::Email;
use serde_json::json;
use store::{AuditLine, Doer};

use super::{Done, Office, moment, rfc3339};
use crate::cli::AuditArgs;

pub(super) async fn audit(office: &Office, AuditArgs { paging }: &AuditArgs) -> Done {
    let lines = office.store.audits.page(paging.per_page, paging.skipped()).await?;
    let total = office.store.audits.count().await?;
    let pages = paging.pages(total);
    if office.json {
        let lines: Vec<_> = lines.iter().map(object).collect();
        println!("{}", json!({ "total": total, "page": paging.page, "pages": pages, "lines": lines }));
        return Ok(());
    }
    for line in &lines {
        let whom = match (&line.email, line.account) {
            (Some(email), _) => email.to_string(),
            (None, Some(id)) => id.to_string(),
            (None, None) => String::new(),
        };
        println!("{}  {:14}  {whom}  by {}", moment(line.at), line.action, who(&line.actor));
    }
    println!("{total} lines, page {} of {pages}.", paging.page);
    Ok(())
}

fn who(actor: &Doer) -> String {
    match actor {
        Doer::CommandLine => "the command line".to_owned(),
        Doer::Admin(_, Some(email)) => email.to_string(),
        Doer::Admin(id, None) => format!("somebody without an account ({id})"),
    }
}

fn object(line: &AuditLine) -> serde_json::Value {
    let (actor, email) = match &line.actor {
        Doer::CommandLine => ("command-line".to_owned(), None),
        Doer::Admin(id, email) => (id.to_string(), email.as_ref().map(|email| email.as_str().to_owned())),
    };
    json!({
        "at": rfc3339(line.at),
        "action": line.action.as_str(),
        "account": line.account.map(|account| account.to_string()),
        "email": line.email.as_ref().map(Email::as_str),
        "actor": actor,
        "actor_email": email,
    })
}
