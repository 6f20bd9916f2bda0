//! One file for each thing that a visitor does.

pub(crate) mod account;
pub(crate) mod cookies;
pub(crate) mod operator;
pub(crate) mod payments;
pub(crate) mod settings;
pub(crate) mod site;
pub(crate) mod tracks;

/// What the upload needs of a browser, said where it does not have it.
pub(crate) const COOKIE_NEEDED: &str = "This browser keeps no cookies from this site, so a track could not be yours: \
    nobody would find it again. One cookie, session-id, is needed from the upload until you close the browser. Allow \
    it for this site, then try again.";
