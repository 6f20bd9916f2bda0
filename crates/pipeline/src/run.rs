//! The way itself.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use codec::{Limits, Reader};
use dsp::parallel::both;
use mastering::observations::{Spectrum, observe, spectrum};
use mastering::{Analysis, Audio, Listener, Master, Reference, TOLERANCE_LU, held_courses};

use crate::at_once::at_once;
use crate::copies::{Copies, copy};
use crate::decode::{Mix, block_by_block, decode, decode_for, refused, unreadable};
use crate::deliver::{Checked, deliver};
use crate::hold::{Held, concerns, hold};
use crate::preview::{Side, hear, write_listening_copy, write_preview};
use crate::watch::Watch;
use crate::whole_file::Pending;
use crate::{
    AnalysisReport, Course, Courses, Delivered, Error, Existing, Failure, Holding, Input, Instructions, Job, Observer,
    Overview, Report, SCHEMA, SavedPlan, Spectra, Stage, Timings, Waveforms,
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
    let Mix { audio, source, tags } = decode_for(job, &mut watch)?;
    let rate_hz = audio.rate_hz();
    let before = analyse_audio(&audio, &mut watch)?;
    let ((observations, before_spectrum), before_overview) =
        both(|| observe(&audio, &before), || Overview::of(audio.channels()));
    let mut made = make(job, audio, &before, &job.instructions, &mut watch)?;
    watch.still_wanted()?;
    let mut ready: Vec<Option<Checked>> = Vec::new();
    let mut heard_through = Vec::new();
    if concerns(job) {
        let held = hold(job, &before, made, &tags, &mut watch)?;
        Held { made, ready, heard: heard_through } = held;
    }
    if rate_hz != source.rate_hz {
        made.explanation.insert(0, converted(source.rate_hz, rate_hz));
    }
    if source.channels == 1 {
        made.explanation.insert(0, MONO.to_owned());
    }
    let after_spectrum = if job.drawn { spectrum(&made.audio) } else { Spectrum::default() };
    let spectra = Spectra { before: before_spectrum, after: after_spectrum };

    let ceiling_dbtp = job.instructions.ceiling_dbtp();
    ready.resize_with(job.deliveries.len(), || None);
    let unmade = job.deliveries.iter().zip(&ready).filter(|(_, ready)| ready.is_none()).map(|(delivery, _)| delivery);
    let unmade = unmade.collect::<Vec<_>>();
    let delivering =
        || at_once(&unmade, &mut watch, |delivery, watch| deliver(&made.audio, delivery, ceiling_dbtp, &tags, watch));
    let (made_now, after_overview) = both(delivering, || Overview::of(made.audio.channels()));
    let waveforms = Waveforms { before: before_overview, after: after_overview };
    let mut made_now = made_now?.into_iter();
    let (mut finished, mut outputs) = (Vec::new(), Vec::new());
    let mut course = None;
    for (delivery, ready) in job.deliveries.iter().zip(ready) {
        let Some(Checked { pending, after, loudness, bytes }) = ready.or_else(|| made_now.next()) else { continue };
        finished.push(pending);
        course.get_or_insert_with(|| Course::of(&loudness));
        let path = delivery.path.to_string_lossy().into_owned();
        outputs.push(Delivered { path, encoding: delivery.encoding, rate_hz, bytes, after, note: None, plan: None });
    }
    let first = outputs.first().ok_or(Failure::NoOutput)?;
    let loudness_over_time = Courses { before: Course::of(&before.loudness), after: course.unwrap_or_default() };
    let (output, after) = (first.path.clone(), first.after);
    if let Some(path) = &job.preview {
        // Read once more rather than kept: three copies of the samples would be too many.
        let mix = decode_for(job, &mut watch)?.audio;
        let sides = (Side { audio: &mix, measured: before.measurement }, Side { audio: &made.audio, measured: after });
        let heard = match &job.listening_copy {
            Some(path) => Some((path, hear(path, sides.0, sides.1, &job.limits, &mut watch)?)),
            None => None,
        };
        finished.push(preview(path, sides.0, sides.1, &mut watch)?);
        drop(mix);
        if let Some((path, heard)) = heard {
            let (pending, file) = Pending::beside(path)?;
            write_listening_copy(path, file, &heard, &mut watch)?;
            finished.push(pending);
        }
    }
    let (target_lufs, not_reached) = (made.target_lufs, made.not_reached.take());
    let (plan, explanation) = (made.plan.clone(), std::mem::take(&mut made.explanation));
    let held_bands = held_courses(&before, plan.dynamics.as_ref()).into_iter().map(Holding::from).collect();
    let copies = copy(job, &before, made, &tags, &mut watch)?;
    let Copies { finished: copied, delivered, not_made } = copies;
    finished.extend(copied);
    outputs.extend(delivered);
    name_all(finished, job.existing)?;

    let target_reached = (after.integrated_lufs - target_lufs).abs() <= TOLERANCE_LU;
    let timings_ms = watch.stop();
    Ok(Report {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        realtime_factor: realtime_factor(&source, &timings_ms),
        source,
        output,
        outputs,
        not_made,
        heard_through,
        before: before.measurement,
        after,
        target_lufs,
        ceiling_dbtp,
        target_reached,
        reason: (!target_reached).then(|| not_reached.unwrap_or_else(|| missed(after.integrated_lufs, target_lufs))),
        explanation,
        observations,
        plan,
        waveforms,
        loudness_over_time,
        held_bands,
        spectra,
        timings_ms,
    })
}

/// Listens to a track that others shall sound like, without taking it into memory.
pub fn reference(input: &Path, limits: &Limits, observer: Observer<'_>) -> Result<Reference, Error> {
    let mut watch = Watch::start(observer);
    let failed = |error| unreadable(input, error);
    let mut reader = Reader::open(input, limits).map_err(failed)?;
    let mut listener = Listener::new(reader.rate_hz(), reader.channels()).map_err(refused)?;
    block_by_block(&mut reader, failed, |block| listener.push(block), |within| watch.go_on(Stage::Decode, within))?;
    listener.finish().map_err(refused)
}

/// Listens to a track and says what it is like.
pub fn analyse(input: &Path, limits: &Limits, observer: Observer<'_>) -> Result<AnalysisReport, Error> {
    let mut watch = Watch::start(observer);
    let Mix { audio, source, .. } = decode(input, limits, &mut watch)?;
    let analysis = analyse_audio(&audio, &mut watch)?;
    let (observations, spectrum) = observe(&audio, &analysis);
    let (waveform, loudness_over_time) = (Overview::of(audio.channels()), Course::of(&analysis.loudness));
    let timings_ms = watch.stop();
    Ok(AnalysisReport {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        realtime_factor: realtime_factor(&source, &timings_ms),
        source,
        before: analysis.measurement,
        observations,
        waveform,
        loudness_over_time,
        spectrum,
        timings_ms,
    })
}

/// Finds out before any work what would be found out after all of it.
fn check_outputs(job: &Job) -> Result<(), Failure> {
    for delivery in &job.deliveries {
        if let Some(lossy) = delivery.encoding.lossy() {
            let missing = |source| Failure::Encode { path: delivery.path.clone(), source };
            codec::can_encode(lossy.codec()).map_err(missing)?;
        }
    }
    let mut seen = HashSet::new();
    let input = fs::canonicalize(&job.input).ok();
    for path in job
        .deliveries
        .iter()
        .chain(&job.copies)
        .map(|delivery| &delivery.path)
        .chain(&job.preview)
        .chain(&job.listening_copy)
    {
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

pub(crate) fn analyse_audio(audio: &Audio, watch: &mut Watch<'_>) -> Result<Analysis, Error> {
    let analysis = mastering::analyse(audio, &mut |stage, within| watch.engine(stage, within)).map_err(refused)?;
    watch.still_wanted()?;
    Ok(analysis)
}

/// Decides and renders, or renders what was decided. A decision may want to read the mix of the job again.
pub(crate) fn make(
    job: &Job,
    audio: Audio,
    analysis: &Analysis,
    instructions: &Instructions,
    watch: &mut Watch<'_>,
) -> Result<Master, Error> {
    match instructions {
        Instructions::Decide(request) => {
            let shape = |audio: &Audio| (audio.rate_hz(), audio.channels().len(), audio.frames());
            let first = shape(&audio);
            // Whoever renders tells how far that is and reads again, one after the other.
            let watch = RefCell::new(watch);
            let again = || match decode_for(job, &mut watch.borrow_mut())?.audio {
                audio if shape(&audio) == first => Ok(audio),
                _ => Err(Failure::Changed { path: job.input.clone() }.into()),
            };
            mastering::master(audio, analysis, request, again, &mut |stage, within| {
                watch.borrow_mut().engine(stage, within);
            })
        }
        Instructions::Render(SavedPlan { target_lufs, plan, .. }) => Ok(Master {
            audio: mastering::render(audio, plan, &mut |stage, within| watch.engine(stage, within))
                .map_err(Failure::from)?,
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

pub(crate) fn name_all(finished: Vec<Pending>, existing: Existing) -> Result<(), Failure> {
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

fn converted(from_hz: u32, to_hz: u32) -> String {
    let khz = |hz: u32| f64::from(hz) / 1000.0;
    format!("Converted from {} to {} kHz before anything else was done.", khz(from_hz), khz(to_hz))
}

fn missed(reached_lufs: f64, target_lufs: f64) -> String {
    format!("the master came out at {reached_lufs:.1} LUFS, and {target_lufs:.1} LUFS was asked for")
}

fn realtime_factor(source: &Input, timings: &Timings) -> f64 {
    // A track so short that the clock did not move took no less than a tenth of a millisecond.
    let seconds = timings.total_ms().max(0.1) / 1000.0;
    (source.duration_s / seconds * 10.0).round() / 10.0
}
