//! `balanced master --album`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pipeline::{AlbumJob, AlbumReport, Control, Delivery, Error, Existing, Failure, Instructions};

use super::master::{pretty_json, short_json};
use crate::bar::Bars;
use crate::cli::{MasterArgs, ReportFile};
use crate::outcome::{self, Outcome};
use crate::settings::Settings;
use crate::table;

/// Masters all inputs as one album, in the order in which they were given.
pub(crate) fn run(
    args: &MasterArgs,
    settings: &Settings,
    instructions: Instructions,
    deliveries: Vec<Delivery>,
    interrupted: &Arc<AtomicBool>,
) -> Outcome {
    let Instructions::Decide(request) = instructions else {
        return outcome::usage(&"--album decides for all tracks together; a plan is for one");
    };
    let existing = if args.force { Existing::Replace } else { Existing::Keep };
    if let Some(path) = args.report.as_ref().map(ReportFile::path)
        && (existing == Existing::Keep && path.exists())
    {
        return outcome::tell("--report", &Failure::Exists { path: path.to_owned() }.into());
    }
    let tracks = args.inputs.iter().cloned().zip(deliveries).collect();
    let job = AlbumJob {
        tracks,
        request,
        rate_hz: args.rate,
        gap_s: args.gap,
        alike_percent: args.alike,
        heard_through: args.preset.map_or_else(Vec::new, pipeline::codecs_of),
        existing,
        limits: settings.limits(),
    };
    let bars = Bars::new(1, interrupted);
    let mut at = None;
    let done = pipeline::run_album(&job, &mut |index, progress| {
        if at.as_ref().is_none_or(|(now, _)| *now != index) {
            at = Some((index, bars.file(&args.inputs[index])));
        }
        match &at {
            Some((_, bar)) => bar.hear(progress),
            None if interrupted.load(Ordering::Relaxed) => Control::Cancel,
            None => Control::Continue,
        }
    });
    drop(at);
    drop(bars);
    let kept = match done {
        Ok(report) => keep_report(args.report.as_ref(), &report, existing).map(|()| report),
        Err(error) => return outcome::tell(&error.input.to_string_lossy(), &error.source),
    };
    match kept {
        Ok(report) if args.json => println!("{}", short(&report)),
        Ok(report) => table::album(&report),
        Err(error) => return outcome::tell("--report", &error),
    }
    Outcome::Done
}

fn keep_report(file: Option<&ReportFile>, report: &AlbumReport, existing: Existing) -> Result<(), Error> {
    let Some(file) = file else { return Ok(()) };
    let text = match file {
        ReportFile::Html(_) => pipeline::album_page(report),
        ReportFile::Json(_) => pretty_json(report),
    };
    let path: &Path = file.path();
    Ok(pipeline::write_whole(path, text.as_bytes(), existing)?)
}

/// The report without what only drawings need.
fn short(report: &AlbumReport) -> serde_json::Value {
    let mut value = serde_json::to_value(report).expect("reports have string keys only");
    value["tracks"] = report.tracks.iter().map(short_json).collect();
    value
}
