//! The visitor's own settings: how pages look, and what the upload form starts with.

pub(crate) mod keep;
pub(crate) mod leave;
pub(crate) mod show;
pub(crate) mod theme;
