//! The project's own chores, started as `cargo xtask <chore>`.
//!
//! A chore belongs here when it needs to know the project; what a plain tool can do stands in `./test`.

mod tidy;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask <chore>

  tidy    check the invariants of ARCHITECTURE.md";

fn main() -> ExitCode {
    let chore = std::env::args().nth(1);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the workspace");
    if chore.as_deref() != Some("tidy") {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    }
    match tidy::run(root) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("tidy could not finish: {error:#}");
            ExitCode::FAILURE
        }
    }
}
