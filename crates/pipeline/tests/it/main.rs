//! Everything that this crate is tested for from outside, in one program: linking is what tests cost, in time and on disk.

mod lossy_ceiling;
mod nasty_signals;
mod preview;
mod support;
mod threads;
mod way_of_a_track;
