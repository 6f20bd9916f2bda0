//! Everything that this crate is tested for from outside, in one program: linking is what tests cost, in time and on disk.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod against_ffmpeg;
mod bad_input;
mod common;
mod hostile_bytes;
mod lossy;
mod resample;
mod round_trip;
mod tags;
