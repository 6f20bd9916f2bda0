//! Everything that this crate is tested for from outside, in one program: linking is what tests cost, in time and on disk.

mod admin;
mod album;
mod bad_input;
mod independent_meter;
mod many;
mod master;
mod other_commands;
mod support;
