//! The project's own chores, started as `cargo xtask <chore>`.
//!
//! A chore belongs here when it needs to know the project; what a plain tool can do stands in `./test`.

mod bench_peers;
mod tidy;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the workspace");
    let (chore, done) = match arguments.split_first() {
        Some((chore, [])) if chore == "tidy" => (chore, tidy::run(root)),
        Some((chore, rest)) if chore == "bench-peers" => (chore, bench_peers::run(root, rest)),
        _ => {
            eprintln!(
                "cargo xtask <chore>\n\n  tidy    check the invariants of ARCHITECTURE.md\n{}",
                bench_peers::USAGE
            );
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{chore} could not finish: {error:#}");
            ExitCode::FAILURE
        }
    }
}
