//! Who somebody is: [`local`] checks passwords on this machine.

pub mod local;
