//! POST /purchases/portal: to the provider's page where a subscription is cancelled and bills are found.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::{HOME, Order, out_of_order, private, till};
use crate::app::AppState;
use crate::page::Problem;

pub(crate) async fn post(State(state): State<AppState>, order: Order) -> Result<Response, Problem> {
    let till = till(&state)?;
    // Who never bought anything has no such page.
    let customer = state.store.purchases.customer(order.member.account.id).await?.ok_or_else(Problem::not_found)?;
    let url =
        till.payments.stripe.portal(&customer, &till.address(HOME)).await.map_err(|error| out_of_order(&error))?;
    Ok(private(Redirect::to(&url).into_response()))
}
