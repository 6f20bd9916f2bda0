//! `balanced presets`.

use pipeline::presets::PRESETS;

use crate::cli::PresetsArgs;
use crate::outcome::Outcome;
use crate::table;

pub(crate) fn run(args: &PresetsArgs) -> Outcome {
    if args.json {
        println!("{}", serde_json::to_value(PRESETS).expect("presets have string keys only"));
    } else {
        table::presets(PRESETS);
    }
    Outcome::Done
}
