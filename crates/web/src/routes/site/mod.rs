//! Pages that belong to nobody in particular.

pub(crate) mod asset;
pub(crate) mod engagement;
pub(crate) mod health;
pub(crate) mod help;
