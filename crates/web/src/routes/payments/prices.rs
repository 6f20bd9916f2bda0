//! GET /prices: what it costs, for everybody.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{Access, Position};

use super::{Offers, PRICES, leads_to_payment, till};
use crate::app::AppState;
use crate::consent::{Back, Need};
use crate::language::Language;
use crate::page::{Here, Problem, Shell, page};
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "pay/prices.html")]
struct PricesPage {
    shell: Shell,
    pay: Offers,
    /// What stands in the way of paying, where the visitor blocked all cookies.
    blocked: Option<String>,
    language: Language,
}

pub(crate) async fn get(State(state): State<AppState>, visit: Visit) -> Result<Response, Problem> {
    let till = till(&state)?;
    let access = match &visit.member {
        Some(member) => Access::of(state.store.credits.position(member.account.id).await?, false),
        None => Access::of(Position::Has(0), false),
    };
    let pay = Offers::new(&state, till, &visit, access, None, &Back::of(PRICES))?;
    let view = PricesPage {
        pay,
        blocked: visit.jar.essential().is_err().then(|| Need::Payment.message(visit.language)),
        language: visit.language,
        shell: state.shell(&visit, Here::Elsewhere),
    };
    Ok(leads_to_payment(till, page(StatusCode::OK, &view)))
}
