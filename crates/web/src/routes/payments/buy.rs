//! POST /purchases: begins a purchase and leads to the payment provider's page.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::{ProductKind, TrackId};
use providers::payments::{NewCheckout, StripeError};
use store::Purchase;

use super::{HOME, Order, out_of_order, private, till};
use crate::app::AppState;
use crate::page::Problem;
use crate::till::Till;

/// How long the payment page stays open.
const OPEN_FOR: Duration = Duration::from_hours(2);
/// How long it is handed out: whoever comes to it has half an hour at least.
const FRESH_FOR: Duration = Duration::from_mins(90);

pub(crate) async fn post(State(state): State<AppState>, order: Order) -> Result<Response, Problem> {
    let till = till(&state)?;
    let account = &order.member.account;
    let product = order.fields.get("product").and_then(|id| till.payments.products.find(id));
    let product = product.ok_or_else(|| {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "That is not for sale",
            "What can be bought has changed since the page was opened. Nothing was paid. Look at the prices again.",
        )
    })?;
    let track: Option<TrackId> = order.fields.get("track").and_then(|track| track.parse().ok());
    // Somebody else's is nobody's business here.
    let track = match track {
        Some(track) => state.store.tracks.find(order.member.owner, track).await?.map(|track| track.id),
        None => None,
    };
    if product.kind == ProductKind::Monthly && state.store.purchases.is_subscribed(account.id).await? {
        return Err(Problem {
            way_on: (HOME, "Your purchases"),
            ..Problem::new(
                StatusCode::CONFLICT,
                "You have a subscription already",
                "A second one would be paid beside it. Nothing was paid. Your purchases show it, and lead to where it can be \
                 changed or cancelled.",
            )
        });
    }
    let begun = state.store.purchases.begin(account.id, product, track, FRESH_FOR).await?;
    // A page that made room for this one is not to be paid beside it.
    for session in &begun.superseded {
        till.payments.stripe.close(session).await.map_err(|error| out_of_order(&error))?;
    }
    let url = match begun.purchase.url.clone() {
        Some(url) => url,
        None => open(&state, till, &order, &begun.purchase).await.map_err(|error| out_of_order(&error))?,
    };
    // What is kept was checked when it was made; the settings may have changed since.
    if !till.payments.stripe.is_page(&url) {
        return Err(out_of_order(&StripeError::Unreadable("page")));
    }
    Ok(private(Redirect::to(&url).into_response()))
}

/// Makes the provider's page for a purchase, once.
async fn open(
    state: &AppState,
    till: &Till,
    order: &Order,
    purchase: &Purchase,
) -> Result<String, crate::till::TillError> {
    let account = &order.member.account;
    let stripe = &till.payments.stripe;
    let known = state.store.purchases.customer(account.id).await?;
    let customer = stripe.customer(purchase.holder, known.as_ref(), &account.email).await?;
    if known.as_ref() != Some(&customer) {
        state.store.purchases.set_customer(purchase.holder, &customer).await?;
    }
    let new = NewCheckout {
        purchase: purchase.id,
        customer: &customer,
        name: &purchase.name,
        kind: purchase.kind,
        promise: purchase.promise,
        email: &account.email,
        back: &till.address(&format!("{HOME}/{}", purchase.id)),
        expires_at: purchase.created_at + OPEN_FOR,
    };
    let checkout = stripe.checkout(&new).await?;
    state.store.purchases.opened(purchase.id, &checkout.id, &checkout.url).await?;
    Ok(checkout.url)
}
