//! GET /purchases/{id}: where buyers come back to from the payment page, whether or not they paid.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::{CheckoutState, PurchaseId, TrackId, causes};

use super::{HOME, private, sign_in_first, till};
use crate::app::AppState;
use crate::consent::Back;
use crate::page::{Here, Problem, Shell, page};
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "pay/purchase.html")]
struct PurchasePage {
    shell: Shell,
    id: PurchaseId,
    name: String,
    price: String,
    state: CheckoutState,
    track: Option<TrackId>,
    /// Where it can still be paid.
    url: Option<String>,
    /// Whether the provider could not be asked.
    is_unknown: bool,
}

pub(crate) async fn get(
    State(state): State<AppState>,
    Path(id): Path<String>,
    visit: Visit,
) -> Result<Response, Problem> {
    let till = till(&state)?;
    let Some(member) = &visit.member else {
        return Ok(private(sign_in_first(&Back::of(&visit.path))));
    };
    let id: PurchaseId = id.parse().map_err(|_| Problem::not_found())?;
    let of_account = async || state.store.purchases.of_account(member.account.id, id).await;
    let mut purchase = of_account().await?.ok_or_else(Problem::not_found)?;
    let mut is_unknown = false;
    if !state.store.purchases.is_paid(id).await? {
        // Word of it may be on its way, or lost: the provider is asked once.
        if let Err(error) = till.look(&purchase).await {
            let cause = causes(&error);
            tracing::warn!(cause, "Stripe was asked in vain how a purchase stands: {cause}");
            is_unknown = true;
        }
        purchase = of_account().await?.ok_or_else(Problem::not_found)?;
    }
    if state.store.purchases.is_paid(id).await? {
        let on = purchase.track.map_or(format!("{HOME}?done=paid"), |track| format!("/tracks/{track}"));
        return Ok(private(Redirect::to(&on).into_response()));
    }
    let view = PurchasePage {
        id,
        name: purchase.name,
        price: purchase.promise.price.to_string(),
        state: purchase.state,
        track: purchase.track,
        url: purchase.url.filter(|url| till.payments.stripe.is_page(url)),
        is_unknown,
        shell: state.shell(&visit, Here::Account),
    };
    Ok(private(page(StatusCode::OK, &view)))
}
