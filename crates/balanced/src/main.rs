//! The command `balanced`: parses what was asked, has it done, and says what came of it.
//!
//! Not here: how a track is mastered (`pipeline`). A subcommand is one module of `commands`.

mod bar;
mod batch;
mod cli;
mod commands;
mod factor_key;
mod memory;
mod operator_token;
mod outcome;
mod output_name;
mod plot;
mod settings;
mod table;

use std::panic;
use std::process::ExitCode;

use clap::Parser as _;

use cli::{Cli, Command};
use outcome::Outcome;

#[global_allocator]
static ALLOCATOR: memory::LargeBlocks = memory::LargeBlocks;

fn main() -> ExitCode {
    apologise_for_panics();
    let cli = Cli::parse();
    // A panic is a fault of ours; it ends in one line and the exit code that says so, not in a dump.
    let outcome = panic::catch_unwind(|| run(&cli)).unwrap_or(Outcome::Failed);
    ExitCode::from(outcome.exit_code())
}

fn run(cli: &Cli) -> Outcome {
    let settings = match settings::load(cli.config.as_deref()) {
        Ok(settings) => settings,
        Err(problem) => return outcome::usage(&problem),
    };
    if matches!(cli.command, Command::Master(_) | Command::Analyse(_)) {
        memory::keep_what_is_freed();
        pipeline::take_part();
    }
    match &cli.command {
        Command::Master(args) => commands::master::run(args, &settings),
        Command::Analyse(args) => commands::analyse::run(args, &settings),
        Command::Presets(args) => commands::presets::run(args),
        Command::Doctor(args) => commands::doctor::run(args, &settings),
        Command::Serve(args) => commands::serve::run(args, &settings),
        Command::Admin(args) => commands::admin::run(args, &settings),
    }
}

fn apologise_for_panics() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, |at| format!(" ({}:{})", at.file(), at.line()));
        let version = env!("CARGO_PKG_VERSION");
        eprintln!("error: balanced {version} made a mistake{place}, sorry. Nothing was overwritten; please report it.");
    }));
}
