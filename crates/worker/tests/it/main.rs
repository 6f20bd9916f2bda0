//! Everything that this crate is tested for from outside, in one program: linking is what tests cost, in time and on disk.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod mastering;
mod pool;
