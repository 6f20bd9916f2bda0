//! `balanced master`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use pipeline::{Delivery, Existing, Failure, Instructions, Job, Loudness, Report, Request, SavedPlan, presets};

use crate::bar::{Bar, interruption};
use crate::cli::MasterArgs;
use crate::outcome::{self, Outcome};
use crate::settings::Settings;
use crate::{output_name, table};

pub(crate) fn run(args: &MasterArgs, settings: &Settings) -> Outcome {
    let prepared = output_name::deliveries(args).and_then(|deliveries| Ok((deliveries, instructions(args)?)));
    let (deliveries, instructions) = match prepared {
        Ok(prepared) => prepared,
        Err(problem) => return outcome::usage(&problem),
    };
    if let Some(folder) = &args.out_dir
        && let Err(source) = fs::create_dir_all(folder)
    {
        let failure = Failure::Write { path: folder.clone(), source };
        return outcome::tell(&folder.to_string_lossy(), &failure.into());
    }
    let interrupted = interruption();
    let mut worst = Outcome::Done;
    for (input, delivery) in args.inputs.iter().zip(deliveries) {
        if interrupted.load(Ordering::Relaxed) {
            return Outcome::Failed;
        }
        let job = Job {
            input: input.clone(),
            instructions: instructions.clone(),
            deliveries: vec![delivery],
            preview: None,
            rate_hz: args.rate,
            heard_through: args.preset.map_or_else(Vec::new, pipeline::codecs_of),
            existing: if args.force { Existing::Replace } else { Existing::Keep },
            limits: settings.limits(),
        };
        let bar = Bar::new(input, &interrupted);
        let done = check_side_files(args, &job).and_then(|()| pipeline::run(&job, &mut |progress| bar.hear(progress)));
        drop(bar);
        let done = done.and_then(|report| {
            keep_side_files(args, &report, job.existing)?;
            Ok(report)
        });
        match done {
            Ok(report) if args.json => println!("{}", short_json(&report)),
            Ok(report) => table::master(&report),
            Err(error) => worst = worst.max(outcome::tell(&input.to_string_lossy(), &error)),
        }
    }
    worst
}

fn instructions(args: &MasterArgs) -> Result<Instructions, String> {
    if let Some(path) = &args.plan {
        let text = fs::read_to_string(path).map_err(|error| format!("--plan {}: {error}", path.display()))?;
        let plan: SavedPlan =
            serde_json::from_str(&text).map_err(|error| format!("--plan {} is not a plan: {error}", path.display()))?;
        plan.plan.check().map_err(|error| format!("--plan {}: {error}", path.display()))?;
        return Ok(Instructions::Render(plan));
    }
    let preset = args.preset.unwrap_or(presets::DEFAULT);
    Ok(Instructions::Decide(Request {
        loudness: args.loudness.map_or(Loudness::Chosen(preset.loudness_lufs), Loudness::Exact),
        ceiling_dbtp: args.ceiling.unwrap_or(preset.ceiling_dbtp),
        sound: (&args.sound).into(),
    }))
}

fn side_files(args: &MasterArgs) -> impl Iterator<Item = &Path> {
    args.save_plan.iter().chain(&args.report).map(PathBuf::as_path)
}

/// Finds out before the work that a plan or a report has no place to go.
fn check_side_files(args: &MasterArgs, job: &Job) -> Result<(), pipeline::Error> {
    let taken = |path: &Path| path == job.input || job.deliveries.iter().any(|Delivery { path: out, .. }| out == path);
    for path in side_files(args) {
        if taken(path) || args.save_plan == args.report {
            return Err(Failure::SameOutputTwice { path: path.to_owned() }.into());
        }
        if job.existing == Existing::Keep && path.exists() {
            return Err(Failure::Exists { path: path.to_owned() }.into());
        }
    }
    Ok(())
}

fn keep_side_files(args: &MasterArgs, report: &Report, existing: Existing) -> Result<(), pipeline::Error> {
    if let Some(path) = &args.save_plan {
        pipeline::write_whole(path, pretty_json(&report.saved_plan()).as_bytes(), existing)?;
    }
    if let Some(path) = &args.report {
        pipeline::write_whole(path, pretty_json(report).as_bytes(), existing)?;
    }
    Ok(())
}

fn pretty_json(value: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("reports and plans have string keys only");
    text.push('\n');
    text
}

/// The report without what only a drawing needs.
fn short_json(report: &Report) -> serde_json::Value {
    let mut value = serde_json::to_value(report).expect("reports have string keys only");
    if let Some(object) = value.as_object_mut() {
        object.retain(|key, _| key != "waveforms" && key != "loudness_over_time");
    }
    value
}
