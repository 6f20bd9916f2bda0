//! Payments by way of Stripe: a page of Stripe's takes the money, the server asks Stripe what became of it.
//!
//! A visitor is sent to Stripe Checkout and comes back; no script, no frame and no cookie of Stripe's is on this site. A
//! word of Stripe's ([`Notice`], signed) says only that something happened: what it is worth is asked for anew
//! ([`Stripe::facts_of`]), in a version of the API that is fixed here. So it does not matter in which order words come, how
//! often, or in which version of the API they were written; and those that are lost are listed later
//! ([`Stripe::notices_since`]).
//!
//! Sources: the API reference and "Receive Stripe events in your webhook endpoint" at docs.stripe.com.
//!
//! Not here: what a payment is worth (`domain`), what is kept of it (the store), and the pages.

mod client;
mod config;
mod facts;
mod notice;
mod stripe;

pub use client::StripeError;
pub use config::{ConfigError, Payments, ProductSettings};
pub use notice::{About, Forged, Notice};
pub use stripe::{Checkout, NewCheckout, Stripe};
