//! Who somebody is: [`local`] checks passwords on this machine, [`passkeys`] what devices sign, and [`totp`] codes of
//! authenticator apps, whose keys [`seal`] keeps from whoever reads the database alone.

pub mod local;
pub mod passkeys;
pub mod seal;
pub mod totp;
