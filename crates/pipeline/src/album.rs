//! An album: several tracks under one decision, so that the quiet song stays the quiet song.
//!
//! The album is measured as one programme, all tracks after each other. Every track is then raised or lowered by the same
//! amount, the one that brings the album as a whole to its target. Where a track cannot follow without being heard
//! limited, all of them stop where that one does. A track whose bass or treble is far from the others' is brought nearer.
//! Not here: how one track is mastered (that is `run`).

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use codec::{Limits, Lossy};
use dsp::loudness::{Layout, Rate, Series, energy_from_lufs, lufs_from_energy, measure};
use mastering::{Analysis, Audio, BesideOthers, Nearer, Request, Sound, TOLERANCE_LU};
use serde::{Deserialize, Serialize};

use crate::album_tone;
use crate::decode::{Mix, decode};
use crate::run::{analyse_audio, name_all};
use crate::watch::Watch;
use crate::whole_file::{Pending, folder_of};
use crate::{Control, Delivery, Error, Existing, Failure, Instructions, Job, Progress, Report, SCHEMA};

/// Tracks to master as one.
#[derive(Debug, Clone, PartialEq)]
pub struct AlbumJob {
    /// The mixes in their order, and the file that each becomes. All appear, or none.
    pub tracks: Vec<(PathBuf, Delivery)>,
    /// Loudness of the album as a whole, and the ceiling of every track.
    pub request: Request,
    /// Sample rate of all masters, Hz; `None`: each has its mix's.
    pub rate_hz: Option<u32>,
    /// Silence after every track, s; `None`: as much as its mix ends with.
    pub gap_s: Option<f64>,
    /// How much of what sets the tone of a track apart from the album's, beyond variety, is evened out, %, 0 to 100. The
    /// intensity of the sound says how much of that is done. Toward the tone of a reference it is of no effect.
    pub alike_percent: f64,
    /// Codecs through which the ceiling shall hold, though nothing is delivered in them.
    pub heard_through: Vec<Lossy>,
    /// What to do about outputs that are there already.
    pub existing: Existing,
    /// How large each mix may be.
    pub limits: Limits,
}

impl AlbumJob {
    /// What `alike_percent` may be.
    pub const ALIKE_PERCENT: RangeInclusive<f64> = 0.0..=100.0;
}

/// A finished album.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlbumReport {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The program's version.
    pub version: String,
    /// Loudness of all mixes as one programme, LUFS.
    pub before_lufs: f64,
    /// Loudness of all masters as one programme, decoded again and measured, LUFS.
    pub after_lufs: f64,
    /// Loudness that was asked for, LUFS.
    pub target_lufs: f64,
    /// True peak that no track exceeds, dBTP.
    pub ceiling_dbtp: f64,
    /// Whether the album has the loudness that was asked for, to 0.1 LU.
    pub target_reached: bool,
    /// By how much every track became louder, LU.
    pub gain_lu: f64,
    /// What was decided, one sentence each, in words for musicians.
    pub explanation: Vec<String>,
    /// The tracks in their order.
    pub tracks: Vec<Report>,
}

/// Why there is no album, and which track it is about. No file was left behind.
#[derive(Debug, thiserror::Error)]
#[error("{}", input.display())]
pub struct AlbumError {
    /// The mix.
    pub input: PathBuf,
    /// What is the matter with it.
    pub source: Error,
}

/// Hears which track is worked on and how far it is; says whether the album is still wanted.
pub type AlbumObserver<'a> = &'a mut dyn FnMut(usize, Progress) -> Control;

/// The loudness moves by limiting too; so often it is corrected.
const MOST_ROUNDS: usize = 3;

/// Masters an album.
pub fn run_album(job: &AlbumJob, observer: AlbumObserver<'_>) -> Result<AlbumReport, AlbumError> {
    let first = job.tracks.first().map(|(input, _)| input.clone()).unwrap_or_default();
    let about = |input: &Path| {
        let input = input.to_owned();
        move |source: Error| AlbumError { input, source }
    };
    let Some((_, delivery)) = job.tracks.first() else {
        return Err(about(&first)(Failure::NoOutput.into()));
    };
    let folder = folder_of(&delivery.path);
    let workplace = tempfile::Builder::new()
        .prefix(".balanced-album-")
        .tempdir_in(folder)
        .map_err(|source| about(&first)(Failure::Write { path: folder.to_owned(), source }.into()))?;
    let (before, beside) = listen_to_all(job, observer)?;
    let silent = || Error::Refused("the album is silent: it has no loudness".to_owned());
    let before_lufs = together(&before).ok_or_else(silent).map_err(about(&first))?;

    let goal_lufs = job.request.loudness.lufs();
    let mut gain_lu = goal_lufs - before_lufs;
    let mut held_by = None;
    let mut round = 0;
    let (tracks, after_lufs) = loop {
        round += 1;
        let mut tracks = Vec::with_capacity(job.tracks.len());
        let mut after = Vec::with_capacity(job.tracks.len());
        for (index, (input, delivery)) in job.tracks.iter().enumerate() {
            let path = workplace.path().join(format!("{index}"));
            let own_lufs = before[index].integrated_lufs + gain_lu;
            let track = track_job(
                job,
                input,
                Delivery { path: path.clone(), encoding: delivery.encoding },
                own_lufs,
                beside[index].nearer,
            );
            let mut observer =
                |progress: Progress| observer(index, Progress { fraction: 0.2 + progress.fraction * 0.75, ..progress });
            tracks.push(crate::run(&track, &mut observer).map_err(about(input))?);
            let mut quiet = |progress: Progress| observer(Progress { fraction: 1.0, ..progress });
            after.push(listen(&path, &job.limits, &mut quiet).map_err(about(input))?);
        }
        let after_lufs = together(&after).ok_or_else(silent).map_err(about(&first))?;
        let missing = |track: &Report| track.target_lufs - track.after.integrated_lufs;
        let worst = (0..tracks.len()).max_by(|a, b| missing(&tracks[*a]).total_cmp(&missing(&tracks[*b])));
        let shortfall = worst.map_or(0.0, |worst| missing(&tracks[worst]));
        let off = after_lufs - goal_lufs;
        if round == MOST_ROUNDS {
            break (tracks, after_lufs);
        }
        if shortfall > TOLERANCE_LU {
            gain_lu -= shortfall;
            held_by = worst;
        } else if held_by.is_none() && off.abs() > TOLERANCE_LU / 2.0 {
            gain_lu -= off;
        } else {
            break (tracks, after_lufs);
        }
    };
    let tracks = deliver(job, tracks, workplace.path()).map_err(|failure| about(&first)(failure.into()))?;
    let target_reached = (after_lufs - goal_lufs).abs() <= TOLERANCE_LU;
    Ok(AlbumReport {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        before_lufs,
        after_lufs,
        target_lufs: goal_lufs,
        ceiling_dbtp: job.request.ceiling_dbtp,
        target_reached,
        gain_lu,
        explanation: explanation(
            gain_lu,
            (before_lufs, after_lufs, goal_lufs),
            held_by.map(|at| &tracks[at]),
            target_reached,
        )
        .into_iter()
        .chain(album_tone::sentences(&tracks.iter().map(name).zip(beside).collect::<Vec<_>>()))
        .chain(gaps(&tracks, job.gap_s))
        .collect(),
        tracks,
    })
}

/// Listens to all mixes before anything is decided: their loudness, and where each stands beside the others.
fn listen_to_all(job: &AlbumJob, observer: AlbumObserver<'_>) -> Result<(Vec<Heard>, Vec<BesideOthers>), AlbumError> {
    let mut before = Vec::with_capacity(job.tracks.len());
    let mut analyses = Vec::with_capacity(job.tracks.len());
    for (index, (input, delivery)) in job.tracks.iter().enumerate() {
        let about = |source: Error| AlbumError { input: input.clone(), source };
        if job.existing == Existing::Keep && delivery.path.exists() {
            return Err(about(Failure::Exists { path: delivery.path.clone() }.into()));
        }
        let mut observer =
            |progress: Progress| observer(index, Progress { fraction: progress.fraction * 0.2, ..progress });
        let (track, analysis) = listen_closely(input, &job.limits, &mut observer).map_err(about)?;
        before.push(track);
        analyses.push(analysis);
    }
    // The tone of a reference is the same for all of them already.
    let beside = if job.request.toward.as_ref().is_some_and(|toward| toward.tone) {
        vec![BesideOthers::default(); before.len()]
    } else {
        let range = AlbumJob::ALIKE_PERCENT;
        let alike = job.alike_percent.clamp(*range.start(), *range.end()) / 100.0;
        mastering::beside_others(&analyses, &job.request.sound, alike)
    };
    Ok((before, beside))
}

/// One track by itself, with the loudness and the tone that the album leaves it.
fn track_job(album: &AlbumJob, input: &Path, delivery: Delivery, lufs: f64, nearer: Nearer) -> Job {
    let loudness = album.request.loudness.with_lufs(lufs);
    let sound = Sound { nearer, ..album.request.sound };
    Job {
        input: input.to_owned(),
        instructions: Instructions::Decide(Request { loudness, sound, ..album.request.clone() }),
        deliveries: vec![delivery],
        copies: Vec::new(),
        preview: None,
        listening_copy: None,
        rate_hz: album.rate_hz,
        silence_at_end_s: album.gap_s,
        heard_through: album.heard_through.clone(),
        drawn: true,
        existing: Existing::Replace,
        limits: album.limits,
    }
}

/// Gives all files their names, and the reports the names of the files.
fn deliver(job: &AlbumJob, mut tracks: Vec<Report>, workplace: &Path) -> Result<Vec<Report>, Failure> {
    let places = job.tracks.iter().enumerate();
    let finished: Result<Vec<_>, _> = places
        .map(|(index, (_, delivery))| Pending::adopt(workplace.join(format!("{index}")), &delivery.path))
        .collect();
    name_all(finished?, job.existing)?;
    for (report, (_, delivery)) in tracks.iter_mut().zip(&job.tracks) {
        report.output = delivery.path.to_string_lossy().into_owned();
        for output in &mut report.outputs {
            output.path.clone_from(&report.output);
        }
    }
    Ok(tracks)
}

/// What the album needs to know of a track.
struct Heard {
    integrated_lufs: f64,
    /// Mean squares of all 400 ms blocks.
    blocks: Vec<f64>,
}

impl Heard {
    fn of(integrated_lufs: f64, series: &Series) -> Self {
        // The first three windows are partly silence.
        let whole = series.momentary_lufs.iter().skip(3);
        Self { integrated_lufs, blocks: whole.map(|lufs| energy_from_lufs(f64::from(*lufs))).collect() }
    }
}

/// A mix, and all that is known of it.
fn listen_closely(
    path: &Path,
    limits: &Limits,
    observer: &mut dyn FnMut(Progress) -> Control,
) -> Result<(Heard, Analysis), Error> {
    let mut watch = Watch::start(observer);
    let Mix { audio, .. } = decode(path, limits, &mut watch)?;
    let analysis = analyse_audio(&audio, &mut watch)?;
    Ok((Heard::of(analysis.measurement.integrated_lufs, &analysis.loudness), analysis))
}

fn listen(path: &Path, limits: &Limits, observer: &mut dyn FnMut(Progress) -> Control) -> Result<Heard, Error> {
    let mut watch = Watch::start(observer);
    let Mix { audio, .. } = decode(path, limits, &mut watch)?;
    watch.still_wanted()?;
    heard(&audio)
        .ok_or_else(|| Error::Refused("the track is silent: it has no loudness (nothing above -70 LUFS)".to_owned()))
}

fn heard(audio: &Audio) -> Option<Heard> {
    let channels: Vec<&[f32]> = audio.channels().iter().map(Vec::as_slice).collect();
    let loudness = measure(Rate::new(audio.rate_hz()).ok()?, Layout::of_channels(channels.len())?, &channels)?;
    Some(Heard::of(loudness.integrated_lufs, &loudness.series))
}

/// Integrated loudness of all tracks as one programme, LUFS: the gates of BS.1770-5 over the blocks of all of them.
fn together(tracks: &[Heard]) -> Option<f64> {
    let blocks = || tracks.iter().flat_map(|track| &track.blocks).copied();
    let mean_above = |gate: f64| {
        let (count, sum) =
            blocks().filter(|block| *block > gate).fold((0u64, 0.0), |(n, sum), block| (n + 1, sum + block));
        (count > 0).then(|| sum / count as f64)
    };
    let absolute = energy_from_lufs(-70.0);
    let relative = (mean_above(absolute)? * 0.1).max(absolute);
    Some(lufs_from_energy(mean_above(relative)?))
}

/// Of a track, as the musician knows it.
fn name(track: &Report) -> &str {
    Path::new(&track.source.input).file_name().and_then(|name| name.to_str()).unwrap_or(&track.source.input)
}

fn gaps(tracks: &[Report], gap_s: Option<f64>) -> Option<String> {
    gap_s.filter(|_| tracks.len() > 1).map(|gap_s| format!("Every track ends with {gap_s} s of silence, as asked."))
}

fn explanation(
    gain_lu: f64,
    (before_lufs, after_lufs, goal_lufs): (f64, f64, f64),
    held_by: Option<&Report>,
    target_reached: bool,
) -> Vec<String> {
    let level = |lufs: f64| format!("{lufs:.1}").replace('-', "\u{2212}");
    let direction = if gain_lu < 0.0 { "quieter" } else { "louder" };
    let mut sentences = vec![format!(
        "All tracks were made {:.1} LU {direction}, each as much as the others: what was quieter than the rest still is. As \
         one programme the album went from {} to {} LUFS.",
        gain_lu.abs(),
        level(before_lufs),
        level(after_lufs)
    )];
    if let Some(track) = held_by {
        sentences.push(format!(
            "{} gets no louder before limiting would cost it more than it may, so the whole album stops there, short of {} LUFS.",
            name(track),
            level(goal_lufs)
        ));
    } else if !target_reached {
        sentences.push(format!("{} LUFS was not met: peaks of the louder tracks stand in the way.", level(goal_lufs)));
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(seconds: usize, amplitude: f32) -> Heard {
        let channel: Vec<f32> = (0..48_000 * seconds).map(|n| amplitude * (n as f32 * 0.13).sin()).collect();
        heard(&Audio::new(48_000, vec![channel; 2]).expect("audio")).expect("audible")
    }

    #[test]
    fn an_album_of_one_has_the_loudness_of_its_track() {
        let track = tone(10, 0.1);
        let alone = track.integrated_lufs;
        assert!((together(&[track]).expect("audible") - alone).abs() < 0.01);
    }

    #[test]
    fn a_longer_track_counts_for_more_and_near_silence_for_nothing() {
        let (loud, quiet) = (tone(30, 0.2), tone(10, 0.1));
        let (loud_lufs, quiet_lufs) = (loud.integrated_lufs, quiet.integrated_lufs);
        let album = together(&[loud, quiet]).expect("audible");
        let expected = 10.0 * ((3.0 * 10f64.powf(loud_lufs / 10.0) + 10f64.powf(quiet_lufs / 10.0)) / 4.0).log10();
        assert!((album - expected).abs() < 0.05, "{album} {expected}");
        let album = together(&[tone(30, 0.2), tone(30, 0.002)]).expect("audible");
        assert!((album - loud_lufs).abs() < 0.05, "{album} {loud_lufs}");
    }
}
