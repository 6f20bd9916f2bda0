//! One module a subcommand.

pub(crate) mod admin;
pub(crate) mod album;
pub(crate) mod analyse;
pub(crate) mod doctor;
pub(crate) mod master;
pub(crate) mod presets;
pub(crate) mod serve;
pub(crate) mod watch;
