//! Who somebody is: [`local`] checks passwords on this machine, [`totp`] codes of authenticator apps, whose keys [`seal`]
//! keeps from whoever reads the database alone.

pub mod local;
pub mod seal;
pub mod totp;
