//! GET and POST /admin/accounts/{id}/credits: what an account has paid for, and giving or taking some of it by hand. Where
//! nothing is sold, there is no such page.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::{Account, Actor, Adjustment, Position};
use store::Adjusted;

use super::super::client::{Client, Sent};
use super::super::factors::stale_with_factor;
use super::super::private;
use super::super::prove::sentence;
use super::{Admin, HOME, Unproved, account_id, shell};
use crate::app::AppState;
use crate::csrf::{self, Fields};
use crate::page::{Problem, Shell, page};
use crate::routes::payments::Entry;
use crate::visit::Visit;

/// Entries that are shown, the latest.
const SHOWN: u32 = 200;

#[derive(Template)]
#[template(path = "admin/credits.html")]
struct CreditsPage<'a> {
    shell: Shell,
    csrf: String,
    said: Option<&'static str>,
    id: String,
    email: &'a str,
    standing: Position,
    /// The same for the form, which counts only while it is so.
    seen: String,
    /// What was typed before, where that was wrong.
    takes: bool,
    credits: &'a str,
    reason: &'a str,
    message: Option<&'a str>,
    entries: Vec<Entry>,
}

/// Where somebody stands, as the form brings it back.
fn mark(position: Position) -> String {
    match position {
        Position::Has(count) => format!("has-{count}"),
        Position::Owes(count) => format!("owes-{count}"),
    }
}

fn seen(mark: &str) -> Option<Position> {
    let (kind, count) = mark.split_once('-')?;
    let count = count.parse().ok()?;
    match kind {
        "has" => Some(Position::Has(count)),
        "owes" => Some(Position::Owes(count)),
        _ => None,
    }
}

/// The account, where something is sold.
async fn asked(state: &AppState, id: &str) -> Result<Account, Problem> {
    if state.till.is_none() {
        return Err(Problem::not_found());
    }
    state.store.accounts.find(account_id(id)?).await?.ok_or_else(Problem::not_found)
}

async fn show(
    state: &AppState,
    visit: &Visit,
    account: &Account,
    fields: Option<&Fields>,
    (status, said, message): (StatusCode, Option<&'static str>, Option<&str>),
) -> Result<Response, Problem> {
    let position = state.store.credits.position(account.id).await?;
    let typed = |name| fields.and_then(|fields| fields.get(name));
    let view = CreditsPage {
        csrf: csrf::field(&visit.jar, state.entropy.as_ref())?,
        said,
        id: account.id.to_string(),
        email: account.email.as_str(),
        standing: position,
        seen: mark(position),
        takes: typed("way") == Some("take"),
        credits: typed("credits").unwrap_or("1"),
        reason: typed("reason").unwrap_or_default(),
        message,
        entries: state.store.credits.entries(account.id, SHOWN).await?.into_iter().map(Entry::of).collect(),
        shell: shell(state, visit),
    };
    Ok(private(page(status, &view)))
}

/// What the form asks for; otherwise what is wrong with it.
fn read(fields: &Fields) -> Result<(Adjustment, Position), String> {
    let typed = |name| fields.get(name).unwrap_or_default().trim();
    let count = typed("credits").parse::<u32>().map(i64::from).unwrap_or_default();
    let credits = match typed("way") {
        "give" => count,
        "take" => -count,
        _ => return Err("Say whether to give or to take.".to_owned()),
    };
    let reason = typed("reason").parse().map_err(|error| sentence(&error))?;
    let adjustment = Adjustment::new(credits, reason).map_err(|error| sentence(&error))?;
    Ok((adjustment, seen(typed("seen")).ok_or("The page was not whole. Try again.")?))
}

pub(crate) async fn get(
    State(state): State<AppState>,
    Path(id): Path<String>,
    visit: Visit,
    _: Admin,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let account = asked(&state, &id).await?;
    let said = match query.as_deref() {
        Some("done=given") => Some("The credits are given."),
        Some("done=taken") => Some("The credits are taken."),
        _ => None,
    };
    show(&state, &visit, &account, None, (StatusCode::OK, said, None)).await
}

pub(crate) async fn post(
    State(state): State<AppState>,
    Path(id): Path<String>,
    visit: Visit,
    client: Client,
    Admin(member): Admin,
    Sent { fields, .. }: Sent,
) -> Result<Response, Problem> {
    let account = asked(&state, &id).await?;
    if let Some(first) = stale_with_factor(&state, &member, &format!("{HOME}/accounts/{}/credits", account.id)).await? {
        return Ok(first);
    }
    let again = async |status, message: &str| {
        show(&state, &visit, &account, Some(&fields), (status, None, Some(message))).await
    };
    let (adjustment, seen) = match read(&fields) {
        Ok(read) => read,
        Err(message) => return again(StatusCode::UNPROCESSABLE_ENTITY, &message).await,
    };
    let own = &member.account;
    if let Err(unproved) = Unproved::unless_own_password(&state, &client, own, &fields, "changed").await? {
        return Ok(unproved.on(again(unproved.status, &unproved.message).await?));
    }
    let (credits, actor) = (adjustment.credits(), Actor::Admin(own.id));
    match state.store.credits.adjust(actor, account.id, &adjustment, Some(seen)).await? {
        Adjusted::Done(_) => {}
        Adjusted::TooFew(_) => {
            let message = "More would be taken than is there, so nothing was changed.";
            return again(StatusCode::UNPROCESSABLE_ENTITY, message).await;
        }
        Adjusted::Moved(_) => {
            let message = "The credits have changed since you opened the page, so nothing was done. Look whether it is still wanted.";
            return again(StatusCode::CONFLICT, message).await;
        }
        Adjusted::NoAccount | Adjusted::NotAllowed => return Err(Problem::not_found()),
    }
    tracing::info!(by = %own.id, credits, account = %account.id, "an administrator gave or took credits: {credits}");
    let done = if credits > 0 { "given" } else { "taken" };
    Ok(private(Redirect::to(&format!("/admin/accounts/{}/credits?done={done}", account.id)).into_response()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_brings_back_where_somebody_stood() {
        for position in [Position::Has(0), Position::Has(u64::MAX), Position::Owes(3)] {
            assert_eq!(seen(&mark(position)), Some(position));
        }
        for bad in ["", "has", "has-", "has--1", "owes-x", "-3", "has-99999999999999999999"] {
            assert_eq!(seen(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_form_says_which_way_how_many_and_why() {
        let of = |query: &str| read(&Fields::of_query(Some(query)));
        let credits = |query: &str| of(query).map(|(adjustment, _)| adjustment.credits());
        assert_eq!(credits("way=give&credits=3&reason=a+test&seen=has-0"), Ok(3));
        assert_eq!(credits("way=take&credits=3&reason=a+test&seen=has-3"), Ok(-3));
        for bad in [
            "",
            "way=give&credits=0&reason=a+test&seen=has-0",
            "way=give&credits=-3&reason=a+test&seen=has-0",
            "way=give&credits=99999999999&reason=a+test&seen=has-0",
            "way=give&credits=1.5&reason=a+test&seen=has-0",
            "way=give&credits=1&reason=+&seen=has-0",
            "way=give&credits=1&reason=a+test",
            "credits=1&reason=a+test&seen=has-0",
        ] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }
}
