//! How hard to drive the limiter for the loudness that was asked for, and what that may cost.
//!
//! The gain of a limiter is slow against the loudness filter, so that hop energies times gain squared predict the
//! loudness of a master without rendering it. The prediction is then corrected by what a real rendering measures.
//! Not here: the words (that is `explain`).

use crate::analysis::Analysis;
use crate::drive::{EFFORTS, Effort, GAIN_ALONE, LEAST_GAINED, MOST_EXTRA_DB, highest};
use crate::excerpts::Excerpts;
use crate::hops::Hops;
use crate::matching;
use crate::plan::{Limiter, Plan, VERSION};
use crate::range::{LeastRange, Losses, predicted_lu};
use crate::render::{finish, settings, trim};
use crate::shape::Shape;
use crate::{Audio, Loudness, Master, Progress, Request, Stage, TOLERANCE_LU, explain};
use std::convert::Infallible;
use std::ops::RangeInclusive;

/// A chosen loudness may cost at most this much reduction at the 95th percentile of time, dB.
const MOST_REDUCTION_DB: f64 = 6.0;
/// So often a rendering is corrected for its loudness range, and excerpts before it.
const MOST_RANGE_ROUNDS: usize = 5;
/// What is done toward a reference may widen the loudness range by this, LU ...
const MOST_WIDER_LU: f64 = 1.4;
/// ... or narrow it by this, which leaves some of what a loudness may take, LU.
const MOST_NARROWER_LU: f64 = 1.2;
/// And by so much more before it is done again with less, LU.
const NEAR_RANGE_LU: f64 = 0.05;
/// A rendering that is above its target by at most this needs no other: it is trimmed exactly, LU.
const ABOVE_LU: f64 = 0.1;
/// And one that is below it by at most this is on it, LU.
const BELOW_LU: f64 = 0.02;
/// Aimed above the target, so that most first renderings need a trim only, LU.
const AIM_ABOVE_LU: f64 = 0.06;
const MOST_RENDERINGS: usize = 5;
/// Tips in a smaller share of time than this take less than a few hundredths of an LU with them.
const FEW_TIPS: f64 = 0.002;
/// What tips take with them, by the share of time that they stand out for: 0.6 to 16 on four mixes, LU.
const LOST_TO_TIPS_LU: f64 = 4.0;
/// By how much more they take with more drive: -0.03 to 0.12 on four mixes, LU a dB.
const LOST_TO_DRIVE: f64 = 0.045;
/// So often a drive is tried on excerpts before.
const MOST_TRIALS: usize = 3;
/// After a correction by no more, the whole is rendered, dB.
const NEAR_DB: f64 = 0.15;

/// Decides a plan for the mix and renders it in the place of the samples that it takes.
///
/// `again` gives the same mix once more, where a first rendering misses its loudness: one in ten does, so that reading
/// it again is cheaper than a copy that is kept.
///
/// # Errors
/// What `again` says.
///
/// # Panics
/// When what `again` gives has another rate or another length.
pub fn master<E>(
    mix: Audio,
    analysis: &Analysis,
    request: &Request,
    mut again: impl FnMut() -> Result<Audio, E>,
    progress: Progress<'_>,
) -> Result<Master, E> {
    let size = (mix.rate_hz(), mix.channels().len(), mix.frames());
    let mut again = || {
        let mix = again()?;
        assert_eq!((mix.rate_hz(), mix.channels().len(), mix.frames()), size, "the same mix");
        Ok(mix)
    };
    let mut strength = request.sound.strength();
    let mut shape = Shape::decide(analysis, size.1, request, strength);
    let (mut shaped, mut saturation) = shape.apply(mix, analysis, request, progress);
    let mut model = Model::new(&shaped, request.ceiling_dbtp);
    let mix_range_lu = analysis.measurement.loudness_range_lu;
    let dynamics_asked = request.toward.as_ref().is_some_and(|toward| toward.dynamics);
    if let Some(toward) = request.toward.as_ref().filter(|_| !dynamics_asked) {
        for _ in 0..MOST_RANGE_ROUNDS {
            if strength == 0.0 {
                break;
            }
            let Some((changed_lu, may_change_lu)) = model.changes_range(mix_range_lu, request.loudness) else { break };
            strength = matching::strength_for_range(analysis, toward, (strength, changed_lu), &may_change_lu);
            drop(shaped);
            shape = Shape::decide(analysis, size.1, request, strength);
            (shaped, saturation) = shape.apply(again()?, analysis, request, progress);
            model = Model::new(&shaped, request.ceiling_dbtp);
        }
    }
    let mut again = |progress: Progress<'_>| Ok(shape.apply(again()?, analysis, request, progress).0);
    if matches!(request.loudness, Loudness::Like(_)) && !dynamics_asked {
        model.keep_range(mix_range_lu);
    }
    let as_mixed = shape.is_nothing() && saturation.is_none();
    let lufs = if as_mixed { analysis.measurement.integrated_lufs } else { model.coarse.unlimited_lufs() };
    progress(Stage::Solve, 0.5);

    let target_lufs = request.loudness.lufs();
    let mut plan = Plan {
        version: VERSION,
        dynamics: shape.dynamics.clone(),
        equaliser: shape.equaliser.clone(),
        stereo: shape.stereo.clone(),
        saturation,
        limiter: EFFORTS[0].limiter(target_lufs - lufs),
        trim_db: 0.0,
        ceiling_dbtp: request.ceiling_dbtp,
    };
    let (out, plan, lufs, gain) = if model.fine.peaks.stay_below(&settings(&plan.limiter, plan.ceiling_dbtp)) {
        progress(Stage::Solve, 1.0);
        if !as_mixed {
            // A plain gain is exact where the loudness is.
            plan.limiter.drive_db = target_lufs - shaped.integrated_lufs();
        }
        let (mut out, gain) = (shaped, model.fine.gain(&plan.limiter));
        finish(&mut out, &plan, &model.fine.peaks, &gain);
        (out, plan, target_lufs, gain)
    } else {
        let (out, plan, Rendering { lufs, gain, .. }) =
            limited(&model, shaped, plan, request.loudness, &mut again, progress)?;
        (out, plan, lufs, gain)
    };
    progress(Stage::Limit, 1.0);

    let cost = Cost::of(&gain);
    let reached = (lufs - target_lufs).abs() <= TOLERANCE_LU;
    let range_stands_in_the_way = model.least_range.is_some() && cost.often_db < MOST_REDUCTION_DB - 0.1;
    let not_reached = (!reached).then(|| explain::not_reached(request, lufs, range_stands_in_the_way));
    let mut explanation = explain::explanation(analysis, &plan, request, lufs, &cost);
    if strength < request.sound.strength() {
        explanation.push(explain::held_back_for_range(strength / request.sound.strength()));
    }
    Ok(Master { audio: out, plan, target_lufs, not_reached, explanation })
}

/// As [`master`], for whoever keeps the mix.
pub fn master_from(mix: &Audio, analysis: &Analysis, request: &Request, progress: Progress<'_>) -> Master {
    let again = || Ok::<_, Infallible>(mix.clone());
    let Ok(made) = master(mix.clone(), analysis, request, again, progress);
    made
}

/// Shapes the mix once more.
type Again<'a, E> = &'a mut dyn FnMut(Progress<'_>) -> Result<Audio, E>;

/// Finds the drive for a loudness that a plain gain does not reach below the ceiling: the master, its plan and its
/// loudness, LUFS.
fn limited<E>(
    model: &Model,
    shaped: Audio,
    mut plan: Plan,
    loudness: Loudness,
    again: Again<'_, E>,
    progress: Progress<'_>,
) -> Result<(Audio, Plan, Rendering), E> {
    let target_lufs = loudness.lufs();
    let start = model.choose(loudness);
    progress(Stage::Solve, 1.0);
    let (mut out, mut rendering) = approach(model, shaped, &mut plan, start, target_lufs, again, progress)?;
    if matches!(loudness, Loudness::Exact(_))
        && target_lufs - rendering.lufs > TOLERANCE_LU
        && let Some(drive_db) = model.drive_for(GAIN_ALONE, target_lufs + AIM_ABOVE_LU, None)
    {
        drop(out);
        let shaped = again(progress)?;
        let choice = Choice { effort: GAIN_ALONE, drive_db, capped: false };
        (out, rendering) = approach(model, shaped, &mut plan, choice, target_lufs, again, progress)?;
    }
    if let Some(least) = model.least_range
        && !least.is_kept_by(rendering.range_lu)
    {
        (out, rendering) = keeping_range(model, (out, rendering), &mut plan, least, again, progress)?;
    }
    if rendering.lufs > target_lufs {
        plan.trim_db = target_lufs - rendering.lufs;
        trim(&mut out, plan.trim_db);
        rendering.lufs = target_lufs;
    }
    Ok((out, plan, rendering))
}

/// Renders again with less drive until the loudness range stays.
fn keeping_range<E>(
    model: &Model,
    (mut out, mut rendering): (Audio, Rendering),
    plan: &mut Plan,
    least: LeastRange,
    again: Again<'_, E>,
    progress: Progress<'_>,
) -> Result<(Audio, Rendering), E> {
    let mut losses = Losses::none_up_to(model.free_drive());
    for _ in 0..MOST_RANGE_ROUNDS {
        let lost_lu = predicted_lu(&model.coarse, &plan.limiter) - rendering.range_lu;
        losses.learn(plan.limiter.drive_db, lost_lu);
        let drive_db = least.most_drive(&model.coarse, |drive_db| EFFORTS[0].limiter(drive_db), &losses);
        plan.limiter = EFFORTS[0].limiter(drive_db);
        drop(out);
        out = again(progress)?;
        rendering = model.render_in_place(&mut out, plan);
        if least.is_kept_by(rendering.range_lu) && !least.leaves_room(rendering.range_lu) {
            break;
        }
    }
    Ok((out, rendering))
}

/// What came of a plan.
struct Rendering {
    /// Loudness, LUFS.
    lufs: f64,
    /// Loudness range, LU.
    range_lu: f64,
    /// The limiter's gain at each hop.
    gain: Vec<f32>,
}

/// Renders a shaped mix in place with a choice and corrects its drive until the loudness is there or no drive gives it.
fn approach<E>(
    model: &Model,
    mut out: Audio,
    plan: &mut Plan,
    choice: Choice,
    target_lufs: f64,
    again: Again<'_, E>,
    progress: Progress<'_>,
) -> Result<(Audio, Rendering), E> {
    let choice = model.with_losses(&out, choice);
    plan.limiter = choice.effort.limiter(choice.drive_db);
    let mut rendering = model.render_in_place(&mut out, plan);
    for round in 1..MOST_RENDERINGS {
        progress(Stage::Limit, round as f32 / MOST_RENDERINGS as f32);
        let missing = target_lufs - rendering.lufs;
        if (-ABOVE_LU..=BELOW_LU).contains(&missing) || (missing > 0.0 && choice.capped) {
            break;
        }
        // What the prediction was wrong by here, it will be wrong by nearby.
        let wanted = model.fine.lufs_with(&plan.limiter, &rendering.gain) + missing + AIM_ABOVE_LU;
        let Some(drive_db) = model.drive_for(choice.effort, wanted, Some(plan.limiter.drive_db)) else { break };
        let drive_db = if choice.capped { drive_db.min(choice.drive_db) } else { drive_db };
        if (drive_db - plan.limiter.drive_db).abs() < 1e-4 {
            break;
        }
        plan.limiter.drive_db = drive_db;
        drop(out);
        out = again(progress)?;
        rendering = model.render_in_place(&mut out, plan);
    }
    Ok((out, rendering))
}

/// What limiting does to the music.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cost {
    /// Reduction that is exceeded a twentieth of the time, dB.
    pub(crate) often_db: f64,
    /// The largest reduction, dB.
    pub(crate) most_db: f64,
}

impl Cost {
    fn of(gain: &[f32]) -> Self {
        // No gain moves much from one hop to the next.
        let mut some: Vec<f32> = gain.iter().step_by(4).copied().collect();
        let twentieth = some.len() / 20;
        let often = *some.select_nth_unstable_by(twentieth, f32::total_cmp).1;
        let least = gain.iter().fold(1.0f32, |a, b| a.min(*b));
        let reduction = |gain: f32| -dsp::db_from_amplitude(f64::from(gain));
        Self { often_db: reduction(often), most_db: reduction(least) }
    }
}

/// The track as far as loudness after limiting is concerned, hop by hop and, for the search, coarser.
struct Model {
    fine: Hops,
    coarse: Hops,
    /// A loudness range that a loudness may not cost.
    least_range: Option<LeastRange>,
}

/// Hops taken together in the search: 1.5 ms at 44.1 kHz.
const TOGETHER: usize = 8;

#[derive(Debug, Clone, Copy)]
struct Choice {
    effort: Effort,
    drive_db: f64,
    capped: bool,
}

impl Model {
    fn new(audio: &Audio, ceiling_dbtp: f64) -> Self {
        let fine = Hops::new(audio, ceiling_dbtp);
        Self { coarse: fine.coarser(TOGETHER), fine, least_range: None }
    }

    /// By how much the loudness range of a mix, LU, is changed before the limiter and how much that may be, where it is too
    /// much: beyond what a limiter will take of it.
    fn changes_range(&self, mix_lu: f64, loudness: Loudness) -> Option<(f64, RangeInclusive<f64>)> {
        let shaped_lu = self.coarse.unlimited_range_lu();
        let changed_lu = shaped_lu - mix_lu;
        let taken_lu = if changed_lu > MOST_WIDER_LU {
            let choice = self.choose(loudness);
            shaped_lu - predicted_lu(&self.coarse, &choice.effort.limiter(choice.drive_db))
        } else {
            0.0
        };
        let may_change_lu = -MOST_NARROWER_LU..=MOST_WIDER_LU + taken_lu.max(0.0);
        let near_lu = may_change_lu.start() - NEAR_RANGE_LU..=may_change_lu.end() + NEAR_RANGE_LU;
        (!near_lu.contains(&changed_lu)).then_some((changed_lu, may_change_lu))
    }

    /// Holds what is chosen to most of the range that the mix has, LU.
    fn keep_range(&mut self, mix_lu: f64) {
        self.least_range = Some(LeastRange::new(mix_lu, self.coarse.unlimited_range_lu()));
    }

    /// The drive for a loudness: searched coarsely, then corrected by how far the fine prediction is from the coarse one.
    fn drive_for(&self, effort: Effort, target_lufs: f64, near_db: Option<f64>) -> Option<f64> {
        let near_db = self.coarse.drive_for(effort, target_lufs, near_db)?;
        let near = effort.limiter(near_db);
        let difference = self.fine.lufs(&near) - self.coarse.lufs(&near);
        self.coarse.drive_for(effort, target_lufs - difference, Some(near_db))
    }

    /// A choice whose drive is corrected by what limiting takes beyond its gain, as far as excerpts tell.
    fn with_losses(&self, shaped: &Audio, mut choice: Choice) -> Choice {
        let limiting = settings(&choice.effort.limiter(choice.drive_db), self.fine.ceiling_dbtp);
        let tips = self.coarse.peaks.share_of_tips(&self.coarse.peaks.gain(&limiting), &limiting);
        if tips < FEW_TIPS || (choice.capped && self.least_range.is_none()) {
            return choice;
        }
        let Some(mut excerpts) = Excerpts::new(shaped, self.fine.ceiling_dbtp) else { return choice };
        let (drive_db, lost_lu) = if choice.capped {
            (choice.drive_db, excerpts.lost_lu(&choice.effort.limiter(choice.drive_db)))
        } else {
            self.drive_with_losses(&mut excerpts, choice, LOST_TO_TIPS_LU * tips)
        };
        choice.drive_db = drive_db;
        if let Some(least) = self.least_range {
            choice = self.keeping_range(&mut excerpts, choice, least, lost_lu);
        }
        choice
    }

    /// The drive that gives its loudness in spite of what excerpts lose, where so much is expected, and what they lose with
    /// it, dB and LU.
    fn drive_with_losses(&self, excerpts: &mut Excerpts<'_>, choice: Choice, expected_lu: f64) -> (f64, f64) {
        let limiter = |drive_db: f64| choice.effort.limiter(drive_db);
        let (mut drive_db, mut allowed_lu, mut lost_to_drive) = (choice.drive_db, 0.0, LOST_TO_DRIVE);
        if let Some(more_db) = self.drive_for_missing(choice.effort, drive_db, expected_lu, lost_to_drive) {
            drive_db += more_db;
            allowed_lu = expected_lu + lost_to_drive * more_db;
        }
        let mut last: Option<(f64, f64)> = None;
        for _ in 0..MOST_TRIALS {
            let lost_lu = excerpts.lost_lu(&limiter(drive_db));
            if let Some((last_db, last_lu)) = last {
                lost_to_drive = (lost_lu - last_lu) / (drive_db - last_db);
            }
            let missing_lu = lost_lu - allowed_lu;
            let Some(more_db) = self.drive_for_missing(choice.effort, drive_db, missing_lu, lost_to_drive) else {
                return (drive_db, lost_lu);
            };
            last = Some((drive_db, lost_lu));
            drive_db += more_db;
            allowed_lu = lost_lu + lost_to_drive * more_db;
            if more_db.abs() < NEAR_DB {
                break;
            }
        }
        (drive_db, allowed_lu)
    }

    /// How much more drive gives so much more loudness, where each dB of it loses as much as it is said to, dB; `None` where
    /// more drive gives next to nothing, or nothing is missing.
    fn drive_for_missing(&self, effort: Effort, drive_db: f64, missing_lu: f64, lost_to_drive: f64) -> Option<f64> {
        let lufs = |drive_db: f64| self.coarse.lufs(&effort.limiter(drive_db));
        let gained = (lufs(drive_db + missing_lu) - lufs(drive_db)) / missing_lu;
        (gained >= LEAST_GAINED).then(|| missing_lu / (gained - lost_to_drive.min(gained / 2.0)))
    }

    /// A choice with no more drive than leaves a loudness range, by what excerpts lose with the choice and with less.
    fn keeping_range(
        &self,
        excerpts: &mut Excerpts<'_>,
        choice: Choice,
        least: LeastRange,
        mut lost_lu: f64,
    ) -> Choice {
        let limiter = |drive_db: f64| choice.effort.limiter(drive_db);
        let (mut drive_db, mut losses) = (choice.drive_db, Losses::none_up_to(self.free_drive()));
        for _ in 0..MOST_RANGE_ROUNDS {
            let left_lu = predicted_lu(&self.coarse, &limiter(drive_db)) - lost_lu;
            if least.is_promised_by(left_lu) && (drive_db == choice.drive_db || !least.leaves_room(left_lu)) {
                break;
            }
            losses.learn(drive_db, lost_lu);
            drive_db = least.most_drive(&self.coarse, limiter, &losses);
            lost_lu = excerpts.lost_lu(&limiter(drive_db));
        }
        Choice { capped: choice.capped || drive_db < choice.drive_db, drive_db, effort: choice.effort }
    }

    /// Drive and effort for a loudness: the gentlest effort that gets there, or the most that may be paid.
    fn choose(&self, loudness: Loudness) -> Choice {
        let target_lufs = loudness.lufs() + AIM_ABOVE_LU;
        match loudness {
            Loudness::Chosen(_) | Loudness::Like(_) => {
                let effort = EFFORTS[0];
                match self.drive_for(effort, target_lufs, None) {
                    Some(drive_db) if self.affordable(&effort.limiter(drive_db)) => {
                        Choice { effort, drive_db, capped: false }
                    }
                    _ => Choice { effort, drive_db: self.most_drive(effort), capped: true },
                }
            }
            Loudness::Exact(_) => {
                let choice = self.cheapest(target_lufs);
                let near_db = Some(choice.drive_db);
                let refined = self.drive_for(choice.effort, target_lufs, near_db).filter(|_| !choice.capped);
                Choice { drive_db: refined.unwrap_or(choice.drive_db), ..choice }
            }
        }
    }

    /// The first effort that costs no more than a chosen loudness may, else the one that costs least.
    fn cheapest(&self, target_lufs: f64) -> Choice {
        let mut best: Option<(f64, Choice)> = None;
        let mut near_db = None;
        for effort in EFFORTS {
            let Some(drive_db) = self.coarse.drive_for(effort, target_lufs, near_db) else { continue };
            near_db = Some(drive_db);
            let often_db = Cost::of(&self.coarse.gain(&effort.limiter(drive_db))).often_db;
            let choice = Choice { effort, drive_db, capped: false };
            if often_db <= MOST_REDUCTION_DB {
                return choice;
            }
            if best.as_ref().is_none_or(|(least, _)| often_db < *least) {
                best = Some((often_db, choice));
            }
        }
        best.map_or_else(
            || Choice {
                effort: EFFORTS[EFFORTS.len() - 1],
                drive_db: target_lufs - self.coarse.unlimited_lufs() + MOST_EXTRA_DB,
                capped: true,
            },
            |(_, choice)| choice,
        )
    }

    fn affordable(&self, limiter: &Limiter) -> bool {
        let gain = self.coarse.gain(limiter);
        self.least_range.is_none_or(|least| least.is_promised_by(self.coarse.range_lu_with(limiter, &gain)))
            && Cost::of(&gain).often_db <= MOST_REDUCTION_DB
    }

    /// The drive up to which nothing is limited, dB.
    fn free_drive(&self) -> f64 {
        self.coarse.ceiling_dbtp - dsp::db_from_amplitude(f64::from(self.coarse.peaks.highest()))
    }

    /// The drive at which reduction costs as much as it may.
    fn most_drive(&self, effort: Effort) -> f64 {
        let free = self.free_drive();
        highest(free, free + MOST_EXTRA_DB, |drive_db| self.affordable(&effort.limiter(drive_db)))
    }

    /// Renders what comes after the equaliser and measures it.
    fn render_in_place(&self, out: &mut Audio, plan: &Plan) -> Rendering {
        let gain = self.fine.gain(&plan.limiter);
        finish(out, plan, &self.fine.peaks, &gain);
        let measured = out.loudness().map(|loudness| (loudness.integrated_lufs, loudness.loudness_range_lu));
        let (lufs, range_lu) = measured.unwrap_or((f64::NEG_INFINITY, 0.0));
        Rendering { lufs, range_lu, gain }
    }
}
