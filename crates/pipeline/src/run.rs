//! The way itself.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use codec::{DecodeError, Decoded, Limits, Tags};
use mastering::{Analysis, Audio, Master, TOLERANCE_LU};

use crate::deliver::{Checked, Place, deliver};
use crate::preview::{Side, write_preview};
use crate::watch::Watch;
use crate::whole_file::Pending;
use crate::{
    AnalysisReport, Course, Courses, Delivered, Error, Existing, Failure, Input, Instructions, Job, Observer, Overview,
    Report, SCHEMA, SavedPlan, Stage, Timings, Waveforms,
};

const MONO: &str = "Your mix is mono, so the master is mono too: one channel in, one channel out.";
const RENDERED: &str = "This master follows the plan that you gave; nothing was decided anew.";

/// Masters a track. When this returns an error, no output was left behind, whole or in part.
///
/// The outputs are named one after another at the very end; should one of them fail to get its name, those before it
/// are taken back.
pub fn run(job: &Job, observer: Observer<'_>) -> Result<Report, Error> {
    let mut watch = Watch::start(observer);
    check_outputs(job)?;
    let (audio, source, tags) = decode(&job.input, &job.limits, &mut watch)?;
    let before = analyse_audio(&audio, &mut watch)?;
    let (before_overview, before_course) = (Overview::of(audio.channels()), Course::of(&audio));
    let mut made = make(audio, &before, &job.instructions, &mut watch)?;
    watch.still_wanted()?;
    if source.channels == 1 {
        made.explanation.insert(0, MONO.to_owned());
    }
    let waveforms = Waveforms { before: before_overview, after: Overview::of(made.audio.channels()) };
    let loudness_over_time = Courses { before: before_course, after: Course::of(&made.audio) };

    let count = job.deliveries.len();
    let mut finished = Vec::with_capacity(count + 1);
    let mut outputs = Vec::with_capacity(count);
    for (index, delivery) in job.deliveries.iter().enumerate() {
        let place = Place { index, count };
        let Checked { pending, after, bytes } =
            deliver(&made.audio, delivery, made.plan.ceiling_dbtp, &tags, place, &mut watch)?;
        finished.push(pending);
        let path = delivery.path.to_string_lossy().into_owned();
        outputs.push(Delivered { path, encoding: delivery.encoding, bytes, after });
    }
    let first = outputs.first().ok_or(Failure::NoOutput)?;
    let (output, after) = (first.path.clone(), first.after);
    if let Some(path) = &job.preview {
        // Read once more rather than kept: three copies of the samples would be too many.
        let (mix, _, _) = decode(&job.input, &job.limits, &mut watch)?;
        let mix = Side { audio: &mix, measured: before.measurement };
        finished.push(preview(path, mix, Side { audio: &made.audio, measured: after }, &mut watch)?);
    }
    name_all(finished, job.existing)?;

    let target_reached = (after.integrated_lufs - made.target_lufs).abs() <= TOLERANCE_LU;
    let timings_ms = watch.stop();
    Ok(Report {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        realtime_factor: realtime_factor(&source, &timings_ms),
        source,
        output,
        outputs,
        before: before.measurement,
        after,
        target_lufs: made.target_lufs,
        ceiling_dbtp: made.plan.ceiling_dbtp,
        target_reached,
        reason: (!target_reached)
            .then(|| made.not_reached.unwrap_or_else(|| missed(after.integrated_lufs, made.target_lufs))),
        explanation: made.explanation,
        plan: made.plan,
        waveforms,
        loudness_over_time,
        timings_ms,
    })
}

/// Listens to a track and says what it is like.
pub fn analyse(input: &Path, limits: &Limits, observer: Observer<'_>) -> Result<AnalysisReport, Error> {
    let mut watch = Watch::start(observer);
    let (audio, source, _) = decode(input, limits, &mut watch)?;
    let before = analyse_audio(&audio, &mut watch)?.measurement;
    let (waveform, loudness_over_time) = (Overview::of(audio.channels()), Course::of(&audio));
    let timings_ms = watch.stop();
    Ok(AnalysisReport {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        realtime_factor: realtime_factor(&source, &timings_ms),
        source,
        before,
        waveform,
        loudness_over_time,
        timings_ms,
    })
}

/// Finds out before any work what would be found out after all of it.
fn check_outputs(job: &Job) -> Result<(), Failure> {
    let mut seen = HashSet::new();
    let input = fs::canonicalize(&job.input).ok();
    for path in job.deliveries.iter().map(|delivery| &delivery.path).chain(&job.preview) {
        let real = fs::canonicalize(path).ok();
        if real.is_some() && real == input {
            return Err(Failure::OutputIsInput { path: path.clone() });
        }
        if !seen.insert(path) {
            return Err(Failure::SameOutputTwice { path: path.clone() });
        }
        match (fs::symlink_metadata(path), job.existing) {
            (Ok(found), Existing::Replace) if !found.is_file() => {
                return Err(Failure::NotAFile { path: path.clone() });
            }
            (Ok(_), Existing::Keep) => return Err(Failure::Exists { path: path.clone() }),
            _ => {}
        }
    }
    Ok(())
}

fn decode(path: &Path, limits: &Limits, watch: &mut Watch<'_>) -> Result<(Audio, Input, Tags), Error> {
    let decoded = codec::decode_file(path, limits, &mut |fraction| watch.tell(Stage::Decode, fraction));
    let Decoded { rate_hz, channels, format, tags } = decoded.map_err(|error| match error {
        DecodeError::Io(source) => Failure::Read { path: path.to_owned(), source }.into(),
        DecodeError::Stopped => Error::Cancelled,
        refusal => Error::Refused(refusal.to_string()),
    })?;
    let audio = Audio::new(rate_hz, channels).map_err(refused)?;
    let source = Input {
        input: path.to_string_lossy().into_owned(),
        format: format.to_string(),
        duration_s: audio.duration_s(),
        rate_hz,
        channels: audio.channels().len(),
    };
    Ok((audio, source, tags))
}

fn analyse_audio(audio: &Audio, watch: &mut Watch<'_>) -> Result<Analysis, Error> {
    let analysis = mastering::analyse(audio, &mut |stage, within| watch.engine(stage, within)).map_err(refused)?;
    watch.still_wanted()?;
    Ok(analysis)
}

fn refused(refusal: impl std::error::Error) -> Error {
    Error::Refused(refusal.to_string())
}

fn make(
    audio: Audio,
    analysis: &Analysis,
    instructions: &Instructions,
    watch: &mut Watch<'_>,
) -> Result<Master, Failure> {
    let mut progress = |stage, within| watch.engine(stage, within);
    match instructions {
        Instructions::Decide(request) => Ok(mastering::master(audio, analysis, request, &mut progress)),
        Instructions::Render(SavedPlan { target_lufs, plan }) => Ok(Master {
            audio: mastering::render(audio, plan, &mut progress)?,
            plan: plan.clone(),
            target_lufs: *target_lufs,
            not_reached: None,
            explanation: vec![RENDERED.to_owned()],
        }),
    }
}

fn preview(path: &Path, mix: Side<'_>, master: Side<'_>, watch: &mut Watch<'_>) -> Result<Pending, Error> {
    let (pending, file) = Pending::beside(path)?;
    write_preview(path, file, mix, master, watch)?;
    Ok(pending)
}

fn name_all(finished: Vec<Pending>, existing: Existing) -> Result<(), Failure> {
    let mut named: Vec<PathBuf> = Vec::with_capacity(finished.len());
    for pending in finished {
        let target = pending.target().to_owned();
        if let Err(failure) = pending.appear(existing) {
            for path in named {
                // The failure that is reported is the first one; this is tidying up after it.
                let _ = fs::remove_file(path);
            }
            return Err(failure);
        }
        named.push(target);
    }
    Ok(())
}

fn missed(reached_lufs: f64, target_lufs: f64) -> String {
    format!("the master came out at {reached_lufs:.1} LUFS, and {target_lufs:.1} LUFS was asked for")
}

fn realtime_factor(source: &Input, timings: &Timings) -> f64 {
    // A track so short that the clock did not move took no less than a tenth of a millisecond.
    let seconds = timings.total_ms().max(0.1) / 1000.0;
    (source.duration_s / seconds * 10.0).round() / 10.0
}
