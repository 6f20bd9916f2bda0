//! `balanced master`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use pipeline::{
    Control, Delivery, Existing, Failure, Instructions, Job, Loudness, Reference, Report, Request, SavedPlan, Toward,
    presets,
};

use crate::bar::{Bar, Bars, interruption};
use crate::cli::{MasterArgs, Part, ReportFile};
use crate::outcome::{self, Outcome};
use crate::settings::Settings;
use crate::{batch, output_name, table};

/// One file and where its master goes.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) input: PathBuf,
    pub(crate) delivery: Delivery,
}

pub(crate) fn run(args: &MasterArgs, settings: &Settings) -> Outcome {
    let instructions = match instructions(args, settings) {
        Ok(instructions) => instructions,
        Err(told) => return told,
    };
    if let Some(folder) = &args.watch {
        return super::watch::run(args, folder, settings, &instructions);
    }
    let deliveries = match output_name::deliveries(args) {
        Ok(deliveries) => deliveries,
        Err(problem) => return outcome::usage(&problem),
    };
    if let Some(folder) = &args.out_dir
        && let Err(source) = fs::create_dir_all(folder)
    {
        let failure = Failure::Write { path: folder.clone(), source };
        return outcome::tell(&folder.to_string_lossy(), &failure.into());
    }
    let interrupted = interruption();
    if args.album {
        return super::album::run(args, settings, instructions, deliveries, &interrupted);
    }
    let tasks: Vec<Task> =
        args.inputs.iter().cloned().zip(deliveries).map(|(input, delivery)| Task { input, delivery }).collect();
    master_all(args, settings, &instructions, &tasks, &interrupted)
}

/// Masters all of them, several at once. What fails is told at the end, and the rest is done.
pub(crate) fn master_all(
    args: &MasterArgs,
    settings: &Settings,
    instructions: &Instructions,
    tasks: &[Task],
    interrupted: &Arc<AtomicBool>,
) -> Outcome {
    let inputs: Vec<&Path> = tasks.iter().map(|task| task.input.as_path()).collect();
    let jobs = args.jobs.unwrap_or_else(|| batch::jobs(&inputs));
    let bars = Bars::new(tasks.len(), interrupted);
    let alone = tasks.len() == 1;
    let mut rows = Vec::new();
    let mut failures = Vec::new();
    let work = |index: usize| {
        if bars.interrupted() {
            return Err(pipeline::Error::Cancelled);
        }
        let done = one(args, settings, instructions, &tasks[index], &bars.file(&tasks[index].input));
        bars.advance();
        done
    };
    batch::in_parallel(tasks.len(), jobs, work, |index, done| match done {
        Ok(report) if args.json => bars.print(|| println!("{}", short_json(&report))),
        Ok(report) if alone => bars.print(|| table::master(&report)),
        Ok(report) => rows.push(table::Row::of(&report)),
        Err(error) => failures.push((index, error)),
    });
    drop(bars);
    if !rows.is_empty() {
        table::summary(&rows, tasks.len());
    }
    tell_all(tasks, &failures)
}

fn one(
    args: &MasterArgs,
    settings: &Settings,
    instructions: &Instructions,
    task: &Task,
    bar: &Bar,
) -> Result<Report, pipeline::Error> {
    let job = Job {
        input: task.input.clone(),
        instructions: instructions.clone(),
        deliveries: vec![task.delivery.clone()],
        copies: Vec::new(),
        preview: None,
        listening_copy: None,
        rate_hz: args.rate,
        silence_at_end_s: None,
        heard_through: args.preset.map_or_else(Vec::new, pipeline::codecs_of),
        drawn: args.report.is_some(),
        existing: if args.force { Existing::Replace } else { Existing::Keep },
        limits: settings.limits(),
    };
    check_side_files(args, &job)?;
    let report = pipeline::run(&job, &mut |progress| bar.hear(progress))?;
    keep_side_files(args, &report, job.existing)?;
    Ok(report)
}

/// Failures, one a line; those that were only not begun any more are one line.
fn tell_all(tasks: &[Task], failures: &[(usize, pipeline::Error)]) -> Outcome {
    let mut worst = Outcome::Done;
    let stopped = failures.iter().filter(|(_, error)| matches!(error, pipeline::Error::Cancelled)).count();
    for (index, error) in failures {
        if tasks.len() == 1 || !matches!(error, pipeline::Error::Cancelled) {
            worst = worst.max(outcome::tell(&tasks[*index].input.to_string_lossy(), error));
        }
    }
    if tasks.len() > 1 && stopped > 0 {
        worst = worst.max(outcome::complain(&format!("stopped: {stopped} of {} files were not mastered", tasks.len())));
    }
    worst
}

/// What to do with the mixes, or the end of it, told.
fn instructions(args: &MasterArgs, settings: &Settings) -> Result<Instructions, Outcome> {
    if let Some(path) = &args.plan {
        return saved_plan(path).map(Instructions::Render).map_err(|problem| outcome::usage(&problem));
    }
    let reference = reference(args, settings)?;
    let preset = args.preset.unwrap_or(presets::DEFAULT);
    let loudness = match (args.loudness, args.preset, &reference) {
        (Some(lufs), ..) => Loudness::Exact(lufs),
        (None, None, Some(reference)) if args.reference.wants(Part::Loudness) => reference.loudness(),
        _ => Loudness::Chosen(preset.loudness_lufs),
    };
    let toward = reference.map(|reference| Toward {
        reference: Arc::new(reference),
        tone: args.reference.wants(Part::Tone),
        width: args.reference.wants(Part::Width),
        dynamics: args.reference.wants(Part::Dynamics),
    });
    Ok(Instructions::Decide(Request {
        loudness,
        ceiling_dbtp: args.ceiling.unwrap_or(preset.ceiling_dbtp),
        sound: (&args.sound).into(),
        toward,
    }))
}

fn saved_plan(path: &Path) -> Result<SavedPlan, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("--plan {}: {error}", path.display()))?;
    let plan: SavedPlan =
        serde_json::from_str(&text).map_err(|error| format!("--plan {} is not a plan: {error}", path.display()))?;
    plan.plan.check().map_err(|error| format!("--plan {}: {error}", path.display()))?;
    Ok(plan)
}

fn reference(args: &MasterArgs, settings: &Settings) -> Result<Option<Reference>, Outcome> {
    let Some(path) = &args.reference.reference else { return Ok(None) };
    pipeline::reference(path, &settings.limits(), &mut |_| Control::Continue)
        .map(Some)
        .map_err(|error| outcome::tell(&format!("--reference {}", path.display()), &error))
}

fn side_files(args: &MasterArgs) -> impl Iterator<Item = &Path> {
    args.save_plan.iter().map(PathBuf::as_path).chain(args.report.iter().map(ReportFile::path))
}

/// Finds out before the work that a plan or a report has no place to go.
fn check_side_files(args: &MasterArgs, job: &Job) -> Result<(), pipeline::Error> {
    let taken = |path: &Path| path == job.input || job.deliveries.iter().any(|Delivery { path: out, .. }| out == path);
    for path in side_files(args) {
        if taken(path) || args.save_plan.as_deref() == args.report.as_ref().map(ReportFile::path) {
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
    if let Some(file) = &args.report {
        let text = match file {
            ReportFile::Html(_) => pipeline::report_page(report),
            ReportFile::Json(_) => pretty_json(report),
        };
        pipeline::write_whole(file.path(), text.as_bytes(), existing)?;
    }
    Ok(())
}

pub(crate) fn pretty_json(value: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("reports and plans have string keys only");
    text.push('\n');
    text
}

/// The report without what only a drawing needs.
pub(crate) fn short_json(report: &Report) -> serde_json::Value {
    let mut value = serde_json::to_value(report).expect("reports have string keys only");
    if let Some(object) = value.as_object_mut() {
        object.retain(|key, _| !["waveforms", "loudness_over_time", "held_bands", "spectra"].contains(&key.as_str()));
    }
    value
}
