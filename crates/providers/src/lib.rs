//! Identity, mail, and services of others that an operator may switch on; without that nothing leaves the host.
//!
//! [`identity`] checks passwords, here or at Supabase. [`mail`] puts mails into a folder, or hands them to the operator's
//! mail server. [`analytics`] relays page views to Google Analytics 4. [`payments`] lets Stripe take money. Not here: what
//! is kept of accounts (the store does), consent
//! (nothing is handed to a provider before somebody agreed), cookies, and the pages of the site.

pub mod analytics;
mod https;
pub mod identity;
pub mod mail;
pub mod payments;
