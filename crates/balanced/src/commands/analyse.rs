//! `balanced analyse`.

use std::sync::atomic::Ordering;

use pipeline::Existing;

use crate::bar::{Bar, interruption};
use crate::cli::AnalyseArgs;
use crate::outcome::{self, Outcome};
use crate::settings::Settings;
use crate::{plot, table};

pub(crate) fn run(args: &AnalyseArgs, settings: &Settings) -> Outcome {
    if args.plot.is_some() && args.inputs.len() > 1 {
        return outcome::usage(&format!("--plot names one file and there are {} inputs", args.inputs.len()));
    }
    let interrupted = interruption();
    let mut worst = Outcome::Done;
    for input in &args.inputs {
        if interrupted.load(Ordering::Relaxed) {
            return Outcome::Failed;
        }
        let bar = Bar::new(input, &interrupted);
        let analysed = pipeline::analyse(input, &settings.limits(), &mut |progress| bar.hear(progress));
        drop(bar);
        let done = analysed.and_then(|report| {
            if let Some(path) = &args.plot {
                let existing = if args.force { Existing::Replace } else { Existing::Keep };
                pipeline::write_whole(path, plot::svg(&report).as_bytes(), existing)?;
            }
            Ok(report)
        });
        match done {
            Ok(report) if args.json => {
                let mut value = serde_json::to_value(&report).expect("reports have string keys only");
                if let Some(object) = value.as_object_mut() {
                    object.retain(|key, _| key != "waveform" && key != "loudness_over_time");
                }
                println!("{value}");
            }
            Ok(report) => table::analysis(&report),
            Err(error) => worst = worst.max(outcome::tell(&input.to_string_lossy(), &error)),
        }
    }
    worst
}
