//! `balanced analyse`.

use std::sync::atomic::Ordering;

use pipeline::Existing;

use crate::bar::{Bars, interruption};
use crate::cli::{AnalyseArgs, ReportFile};
use crate::commands::master::pretty_json;
use crate::outcome::{self, Outcome};
use crate::settings::Settings;
use crate::{plot, table};

pub(crate) fn run(args: &AnalyseArgs, settings: &Settings) -> Outcome {
    let single = [("--plot", args.plot.is_some()), ("--report", args.report.is_some())];
    if let Some((flag, _)) = single.iter().find(|(_, given)| *given && args.inputs.len() > 1) {
        return outcome::usage(&format!("{flag} names one file and there are {} inputs", args.inputs.len()));
    }
    let interrupted = interruption();
    let bars = Bars::new(args.inputs.len(), &interrupted);
    let mut worst = Outcome::Done;
    for input in &args.inputs {
        if interrupted.load(Ordering::Relaxed) {
            return Outcome::Failed;
        }
        let bar = bars.file(input);
        let analysed = pipeline::analyse(input, &settings.limits(), &mut |progress| bar.hear(progress));
        drop(bar);
        bars.advance();
        let done = analysed.and_then(|report| {
            let existing = if args.force { Existing::Replace } else { Existing::Keep };
            if let Some(file) = &args.report {
                let text = match file {
                    ReportFile::Html(_) => pipeline::analysis_page(&report),
                    ReportFile::Json(_) => pretty_json(&report),
                };
                pipeline::write_whole(file.path(), text.as_bytes(), existing)?;
            }
            if let Some(path) = &args.plot {
                pipeline::write_whole(path, plot::svg(&report).as_bytes(), existing)?;
            }
            Ok(report)
        });
        match done {
            Ok(report) if args.json => {
                let mut value = serde_json::to_value(&report).expect("reports have string keys only");
                if let Some(object) = value.as_object_mut() {
                    object.retain(|key, _| !["waveform", "loudness_over_time", "spectrum"].contains(&key.as_str()));
                }
                bars.print(|| println!("{value}"));
            }
            Ok(report) => bars.print(|| table::analysis(&report)),
            Err(error) => bars.print(|| worst = worst.max(outcome::tell(&input.to_string_lossy(), &error))),
        }
    }
    worst
}
