//! Administering accounts on the site, for accounts that are administrators. To everybody else there is nothing here.
//!
//! Who is one is asked of the store with every request, and once more in the transaction that changes something. Each
//! change asks for the administrator's own password, and for the second step where that was long ago. A password alone
//! does not open these pages, unless the operator wants it so: an administrator without a second step is told how to set
//! one up. Not here: anybody's music, and making the first administrator, which only the command line does.

mod act;
mod audit;
mod credits;
mod list;
mod new;
mod notice;
mod show;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use domain::{Account, AccountId};
use store::Member;

use super::client::Client;
use super::form::retry_after;
use super::prove::{Proof, prove};
use crate::app::AppState;
use crate::csrf::Fields;
use crate::page::{Here, Problem, Shell};
use crate::visit::Visit;
use crate::visitor::member;

/// The list of accounts.
const HOME: &str = "/admin";
/// Lines on a page.
const PER_PAGE: u32 = 50;

/// All addresses of this part of the site.
pub(crate) fn routes() -> [(&'static str, MethodRouter<AppState>); 7] {
    [
        (HOME, get(list::get)),
        (new::ADDRESS, get(new::get).post(new::post)),
        ("/admin/accounts/{id}", get(show::get)),
        ("/admin/accounts/{id}/credits", get(credits::get).post(credits::post)),
        ("/admin/accounts/{id}/{act}", get(act::get).post(act::post)),
        (notice::ADDRESS, get(notice::get).post(notice::post)),
        ("/admin/audit", get(audit::get)),
    ]
}

/// An administrator who is signed in. As an extractor it answers 404 to everybody else, as if there were nothing.
struct Admin(Member);

impl FromRequestParts<AppState> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let member = member(parts, state).await?.ok_or_else(Problem::not_found)?;
        if !state.store.admins.is(member.account.id).await? {
            return Err(Problem::not_found());
        }
        if state.site.admin_second_step && !state.store.factors.of(member.account.id).await?.any() {
            return Err(second_step_first());
        }
        Ok(Self(member))
    }
}

/// Said to an administrator whom a password alone would let in.
fn second_step_first() -> Problem {
    Problem {
        way_on: ("/account#factors", "Set up the second step"),
        ..Problem::new(
            StatusCode::FORBIDDEN,
            "This needs your second step",
            "You administer accounts here, and whoever guessed your password could close and delete them all. So this part \
             of the site opens once your account asks for more than the password. On your account\u{2019}s page, under \
             \u{201c}Second step\u{201d}, set up an authenticator app or a passkey: it takes a minute. Then come back.",
        )
    }
}

/// What surrounds these pages. Who looks after the site is not one of its visitors.
fn shell(state: &AppState, visit: &Visit) -> Shell {
    Shell { counts: false, measures_time: false, ..state.shell(visit, Here::Account) }
}

/// What an administrator is told who did not give their own password.
struct Unproved {
    status: StatusCode,
    message: String,
    wait_seconds: Option<u64>,
}

impl Unproved {
    /// Whether the form's password is the administrator's own; `undone` says what was not done otherwise.
    async fn unless_own_password(
        state: &AppState,
        client: &Client,
        own: &Account,
        fields: &Fields,
        undone: &str,
    ) -> Result<Result<(), Self>, Problem> {
        let typed = fields.get("password").unwrap_or_default();
        Ok(match prove(state, client, &own.email, Some(own), typed).await? {
            Proof::Right(..) => Ok(()),
            Proof::Wrong => Err(Self {
                status: StatusCode::UNAUTHORIZED,
                message: format!("That is not your password, so nothing was {undone}."),
                wait_seconds: None,
            }),
            Proof::Wait(wait) => {
                let seconds = wait.as_secs() + 1;
                Err(Self {
                    status: StatusCode::TOO_MANY_REQUESTS,
                    message: format!(
                        "Too many attempts came one after the other. Wait {seconds} seconds, then try again."
                    ),
                    wait_seconds: Some(seconds),
                })
            }
        })
    }

    /// The page that says so, with when to come back.
    fn on(&self, page: Response) -> Response {
        match self.wait_seconds {
            Some(seconds) => retry_after(page, seconds),
            None => page,
        }
    }
}

fn account_id(text: &str) -> Result<AccountId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// One page of many.
struct Paging {
    page: u64,
    pages: u64,
}

impl Paging {
    /// The page that was asked for; the first one where that makes no sense.
    fn asked(fields: &Fields) -> u64 {
        fields
            .get("page")
            .and_then(|page| page.parse().ok())
            .filter(|page| (1..=u64::from(u32::MAX)).contains(page))
            .unwrap_or(1)
    }

    fn skipped(page: u64) -> u64 {
        (page - 1) * u64::from(PER_PAGE)
    }

    fn of(page: u64, total: u64) -> Self {
        Self { page, pages: total.div_ceil(u64::from(PER_PAGE)).max(1) }
    }

    fn before(&self) -> Option<u64> {
        (self.page > 1).then(|| self.page.min(self.pages + 1) - 1)
    }

    fn after(&self) -> Option<u64> {
        (self.page < self.pages).then_some(self.page + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_makes_no_sense_is_the_first_one() {
        let asked = |query| Paging::asked(&Fields::of_query(Some(query)));
        assert_eq!(
            ["page=3", "page=0", "page=-1", "page=x", "", "page=99999999999999999999"].map(asked),
            [3, 1, 1, 1, 1, 1]
        );
        let last = Paging::of(2, 51);
        assert_eq!((last.pages, last.before(), last.after()), (2, Some(1), None));
        let beyond = Paging::of(9, 51);
        assert_eq!((beyond.before(), beyond.after()), (Some(2), None), "back to where there is something");
        assert_eq!(Paging::of(1, 0).pages, 1);
    }
}
