//! POST /account/name: what the site calls somebody.

use axum::extract::State;
use axum::response::Response;
use domain::PersonName;

use super::client::{Sent, SignedIn};
use super::prove::sentence;
use super::show::{Done, done, show};
use crate::app::AppState;
use crate::page::Problem;
use crate::visit::Visit;

pub(crate) async fn post(
    State(state): State<AppState>,
    visit: Visit,
    SignedIn(member): SignedIn,
    Sent { fields, .. }: Sent,
) -> Result<Response, Problem> {
    match fields.get("name").unwrap_or_default().parse::<PersonName>() {
        Ok(name) => {
            state.store.accounts.rename(member.account.id, &name).await?;
            Ok(done(Done::Name))
        }
        Err(error) => show(&state, &visit, &member, None, Some(&sentence(&error))).await,
    }
}
