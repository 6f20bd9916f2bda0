//! Everything that this crate is tested for from outside, in one program: linking is what tests cost, in time and on disk.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod admins;
mod common;
mod counting;
#[cfg(unix)]
mod crash;
mod credits;
mod factors;
mod identities;
mod keeping;
mod queue;
