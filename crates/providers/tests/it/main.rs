//! Everything that this crate is tested for from outside, in one program: linking is what tests cost, in time and on disk.

mod localstripe;
mod project;
mod relay;
mod supabase;
