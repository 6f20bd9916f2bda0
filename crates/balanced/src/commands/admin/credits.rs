//! `balanced admin credits`: how many masters an account has paid for, why, and giving or taking some by hand.
//!
//! Not here: which tracks they were spent on, and refunds, which are made at the payment provider.

use anstream::println;
use domain::{Account, Actor, Adjustment, EntryKind, Position};
use serde_json::{Value, json};
use store::{Adjusted, CreditEntry};

use super::{Done, Office, Refusal, moment, rfc3339};
use crate::cli::CreditsArgs;
use crate::outcome::one_line;
use crate::settings::Settings;

/// Entries that are shown, the latest.
const SHOWN: u32 = 1000;

pub(super) async fn credits(office: &Office, args: &CreditsArgs, settings: &Settings) -> Done {
    let sells = settings.payments.payments().map_err(|error| Refusal::Usage(error.to_string()))?.is_some();
    let account = office.account(&args.who).await?;
    match (args.credits(), &args.reason) {
        (Some(credits), Some(reason)) if sells => {
            let adjustment = Adjustment::new(credits, reason.clone()).map_err(|error| Refusal::Usage(error.to_string()))?;
            adjust(office, &account, &adjustment).await
        }
        (Some(_), Some(_)) => Err(Refusal::Refused(
            "nothing is sold here, so credits would pay for nothing: the settings that were read name no products under \
             `payments.products` (`--config` names the service's file)"
                .to_owned(),
        )),
        _ => show(office, &account, sells).await,
    }
}

async fn adjust(office: &Office, account: &Account, adjustment: &Adjustment) -> Done {
    let email = account.email.as_str();
    match office.store.credits.adjust(Actor::CommandLine, account.id, adjustment, None).await? {
        Adjusted::Done(position) => {
            let mut object = standing(account, position);
            object["changed"] = adjustment.credits().into();
            office.say(&format!("{email} {position} now."), &object);
            Ok(())
        }
        Adjusted::TooFew(position) | Adjusted::Moved(position) => {
            Err(Refusal::Refused(format!("{email} {position}, so nothing was taken")))
        }
        Adjusted::NoAccount | Adjusted::NotAllowed => {
            Err(Refusal::Refused("the account was deleted just now".to_owned()))
        }
    }
}

async fn show(office: &Office, account: &Account, sells: bool) -> Done {
    let position = office.store.credits.position(account.id).await?;
    let entries = office.store.credits.entries(account.id, SHOWN).await?;
    if office.json {
        let mut object = standing(account, position);
        object["entries"] = entries.iter().map(object_of).collect();
        println!("{object}");
        return Ok(());
    }
    for entry in &entries {
        println!("{}  {:>+6}  {}", moment(entry.at), entry.credits, one_line(&why(entry)));
    }
    println!("{} {position}.", account.email);
    if !sells {
        println!("Nothing is sold here, as far as the settings say: every download is free.");
    }
    Ok(())
}

fn why(entry: &CreditEntry) -> String {
    let what = match entry.kind {
        EntryKind::Payment => "paid",
        EntryKind::Period => "a month was paid",
        EntryKind::Refund => "refund",
        EntryKind::Dispute => "dispute",
        EntryKind::Hold => "held, or free again",
        EntryKind::Spent => "spent on a track",
        EntryKind::Manual => "by hand",
    };
    match (&entry.charge, &entry.by_hand) {
        (Some(charge), _) => format!("{what} ({charge})"),
        (None, Some((author, reason))) => format!("{what} ({author}): {reason}"),
        (None, None) => what.to_owned(),
    }
}

/// Where somebody stands, for programs.
fn standing(account: &Account, position: Position) -> Value {
    let (credits, owed) = match position {
        Position::Has(credits) => (credits, 0),
        Position::Owes(owed) => (0, owed),
    };
    json!({ "id": account.id.to_string(), "email": account.email.as_str(), "credits": credits, "owed": owed })
}

fn object_of(entry: &CreditEntry) -> Value {
    let (author, reason) = entry.by_hand.as_ref().map(|(author, reason)| (author.as_str(), reason)).unzip();
    json!({
        "at": rfc3339(entry.at),
        "kind": entry.kind.as_str(),
        "credits": entry.credits,
        "payment": entry.charge.as_ref().map(domain::RemoteId::as_str),
        "author": author,
        "reason": reason,
    })
}
