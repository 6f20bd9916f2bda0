//! Services of others, which an operator may switch on; without it nothing leaves the host.
//!
//! [`analytics`] relays page views to Google Analytics 4. Not here: consent (nothing is handed to a provider before
//! somebody agreed), cookies, and the pages of the site.

pub mod analytics;
