//! What is offered at the place of a download, and the answer to a download that is not paid for.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{Access, Product, ProductKind, TrackId};

use super::{leads_to_payment, private};
use crate::app::AppState;
use crate::consent::Back;
use crate::csrf;
use crate::page::{Here, Problem, Shell, page};
use crate::till::Till;
use crate::visit::Visit;

/// What can be bought, as a part of a page.
pub(crate) struct Offers {
    pub(crate) csrf: String,
    pub(crate) is_member: bool,
    /// Where somebody without an account comes back to, as a value in an address.
    pub(crate) next: String,
    /// The track that is to be paid for.
    pub(crate) track: Option<TrackId>,
    /// How many masters can be paid for without buying more.
    pub(crate) credits: u64,
    /// How many are owed.
    pub(crate) owed: u64,
    pub(crate) products: Vec<Offer>,
}

/// One product.
pub(crate) struct Offer {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) what: String,
    pub(crate) price: String,
    pub(crate) button: String,
}

impl Offer {
    fn of(product: &Product) -> Self {
        let masters =
            if product.credits == 1 { "one master".to_owned() } else { format!("{} masters", product.credits) };
        let (what, price) = match product.kind {
            ProductKind::Single | ProductKind::Pack => (format!("Pays for {masters}."), product.price.to_string()),
            ProductKind::Monthly => (
                format!("Pays for {masters} each month, until you cancel. What you do not use stays yours."),
                format!("{} a month", product.price),
            ),
        };
        let button = if product.kind == ProductKind::Monthly { "Subscribe" } else { "Buy" };
        Self {
            id: product.id.to_string(),
            name: product.name.clone(),
            what,
            button: format!("{button}: {}", product.name),
            price,
        }
    }
}

impl Offers {
    /// What is offered to whoever asked, in view of where they stand. To be made before the page's shell.
    pub(crate) fn new(
        state: &AppState,
        till: &Till,
        visit: &Visit,
        access: Access,
        track: Option<TrackId>,
        next: &Back,
    ) -> Result<Self, Problem> {
        // Whoever blocked all cookies gets no form that could not work.
        let csrf = if visit.jar.essential().is_ok() && visit.member.is_some() {
            csrf::field(&visit.jar, state.entropy.as_ref())?
        } else {
            String::new()
        };
        let (credits, owed) = match access {
            Access::Payable(credits) => (credits, 0),
            Access::Owing(owed) => (0, owed),
            Access::Open | Access::Unpaid => (0, 0),
        };
        Ok(Self {
            csrf,
            is_member: visit.member.is_some(),
            next: next.encoded(),
            track,
            credits,
            owed,
            products: till.payments.products.iter().map(Offer::of).collect(),
        })
    }
}

/// A count of masters, in words.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand over references")]
pub(crate) fn masters(count: &u64) -> String {
    if *count == 1 { "1 master".to_owned() } else { format!("{count} masters") }
}

#[derive(Template)]
#[template(path = "pay/required.html")]
struct RequiredPage {
    shell: Shell,
    name: String,
    pay: Offers,
}

/// Says what a download needs that is not paid for: 402.
pub(crate) fn required(
    state: &AppState,
    till: &Till,
    visit: &Visit,
    access: Access,
    (id, name): (TrackId, String),
) -> Result<Response, Problem> {
    let back = Back::of(&format!("/tracks/{id}"));
    let pay = Offers::new(state, till, visit, access, Some(id), &back)?;
    let view = RequiredPage { pay, name, shell: state.shell(visit, Here::Tracks) };
    Ok(private(leads_to_payment(till, page(StatusCode::PAYMENT_REQUIRED, &view))))
}
