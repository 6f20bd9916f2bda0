//! The project's own chores, started as `cargo xtask <chore>`.

fn main() {}
