//! `balanced admin list` and `show`.

use anstream::println;
use serde_json::json;
use store::Overview;

use super::{Done, Office, megabytes, moment, object};
use crate::cli::{ListArgs, Who};
use crate::outcome::one_line;

pub(super) async fn list(office: &Office, ListArgs { search, paging }: &ListArgs) -> Done {
    let page = office.store.admins.search(search, paging.per_page, paging.skipped()).await?;
    let pages = paging.pages(page.total);
    if office.json {
        let accounts: Vec<_> = page.accounts.iter().map(object).collect();
        println!("{}", json!({ "total": page.total, "page": paging.page, "pages": pages, "accounts": accounts }));
        return Ok(());
    }
    let width = page.accounts.iter().map(|seen| seen.account.email.as_str().len()).max().unwrap_or(0);
    for seen in &page.accounts {
        let (email, tracks) = (seen.account.email.as_str(), seen.held.tracks);
        let since = moment(seen.account.created_at);
        let marks = marks(seen);
        println!("{email:width$}  since {since}  {tracks:>4} tracks  {:>10}{marks}", megabytes(seen.held.bytes));
    }
    let accounts = if page.total == 1 { "1 account".to_owned() } else { format!("{} accounts", page.total) };
    println!("{accounts}, page {} of {pages}.", paging.page);
    Ok(())
}

fn marks(seen: &Overview) -> String {
    let admin = seen.admin_since.map_or("", |_| "  administrator");
    let closed = seen.account.disabled_at.map_or("", |_| "  closed");
    format!("{admin}{closed}")
}

pub(super) async fn show(office: &Office, who: &Who) -> Done {
    let account = office.account(who).await?;
    let seen = office.overview(&account).await?;
    if office.json {
        println!("{}", object(&seen));
        return Ok(());
    }
    let or = |at: Option<domain::Timestamp>, none: &str| at.map_or(none.to_owned(), moment);
    for (what, value) in [
        ("address", account.email.to_string()),
        ("name", one_line(account.name.as_str())),
        ("id", account.id.to_string()),
        ("since", moment(account.created_at)),
        ("closed", or(account.disabled_at, "no")),
        ("administrator", or(seen.admin_since, "no")),
        ("last sign-in", or(seen.last_sign_in, "none in the last 30 days")),
        ("signed in", format!("{} browsers", seen.sessions)),
        ("keeps", format!("{} tracks, {}", seen.held.tracks, megabytes(seen.held.bytes))),
    ] {
        println!("{what:14}  {value}");
    }
    Ok(())
}
