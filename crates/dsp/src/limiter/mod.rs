//! The lookahead true-peak limiter.
//!
//! Three steps. *Motion*: a slow gain, from peaks per hop, takes the whole excess of everything that lasts and leaves
//! transients standing out by at most the tip allowance. *Cancellation*: those tips are taken by pulses that the music
//! masks. *Guarantee*: the panel of true-peak meters reads every place that could exceed the ceiling and a fine gain
//! mends what is left, until no meter reads above it. Both channels move together in all gains, so that the stereo image
//! stands still.
//!
//! What lasts is decided by the programme: peaks that come again within a period of the lowest notes are a level, and a
//! level has to hold for some time to count. A steady tone is all level, whatever its frequency; a drum is mostly tip.
//!
//! Not here: how much to drive into it (that is the loudness solver in `mastering`).

use crate::cancel::Canceller;
use crate::extremes::{higher, lower};
use crate::gain_curve::{GainMotion, GainTimes, slide};
use crate::parallel::{both, each, map};
use crate::true_peak::{CELL, CERTAIN, Panel, estimate_within};
use multiversion::multiversion;
use std::ops::Range;

/// All that decides what the limiter does; amplitudes are linear.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Gain before the limiter.
    pub drive: f32,
    /// No meter of the panel reads above this afterwards.
    pub ceiling: f32,
    /// By what ratio transients may stand out from the gain, to be cancelled; 1 for not at all.
    pub tip_ratio: f32,
    /// How the gain moves.
    pub times: GainTimes,
}

/// Samples between two values of the gain: eight up to 48 kHz, and in proportion above.
#[must_use]
pub fn hop_length(rate_hz: u32) -> usize {
    CELL * (f64::from(rate_hz) / 48_000.0).round().max(1.0) as usize
}

/// Peaks no further apart than this are one level: a period of a tone at 28 Hz has two, ms.
const PERIOD_MS: f64 = 18.0;
/// A level that holds for less than this is a transient, ms.
const LASTING_MS: f64 = 120.0;
/// Hops whose peaks are estimated at a time, so that what is known on the way stays in the cache.
const ESTIMATED_HOPS: usize = 4096;
/// What the cancellation aims at below the ceiling, so that the guarantee finds little to do.
const CANCEL_TO: f32 = 0.998;

/// What the limiter needs to know of a signal: its peaks, hop by hop, the channels taken together.
#[derive(Debug, Clone)]
pub struct Peaks {
    /// Samples in a hop.
    pub hop: usize,
    /// Hops in a second.
    pub hop_rate_hz: f64,
    peak: Vec<f32>,
    bound: Vec<f32>,
    lasting: Vec<f32>,
}

impl Peaks {
    /// Measures equally long channels.
    #[must_use]
    pub fn new(rate_hz: u32, channels: &[Vec<f32>]) -> Self {
        let hop = hop_length(rate_hz);
        let hop_rate_hz = f64::from(rate_hz) / hop as f64;
        let hops = channels[0].len().div_ceil(hop);
        let (mut peak, mut bound) = (vec![0.0f32; hops], vec![0.0f32; hops]);
        let estimate = |first: usize, peak: &mut [f32], bound: &mut [f32]| {
            let parts = peak.chunks_mut(ESTIMATED_HOPS).zip(bound.chunks_mut(ESTIMATED_HOPS));
            for ((peak, bound), first) in parts.zip((first..).step_by(ESTIMATED_HOPS)) {
                let cells = first * (hop / CELL)..(first + peak.len()) * (hop / CELL);
                // New memory that is read before it is written is handed out twice, which other threads wait for.
                peak.fill(0.0);
                bound.fill(0.0);
                for channel in channels {
                    let estimates = estimate_within(channel, &cells);
                    raise(peak, &estimates.peak, hop / CELL);
                    raise(bound, &estimates.bound, hop / CELL);
                }
            }
        };
        let half = hops / 2;
        let ((peak_before, peak_after), (bound_before, bound_after)) =
            (peak.split_at_mut(half), bound.split_at_mut(half));
        both(|| estimate(0, peak_before, bound_before), || estimate(half, peak_after, bound_after));
        let reach = |width_ms: f64| (width_ms / 2000.0 * hop_rate_hz).round() as usize;
        // Morphological closing and opening: gaps between peaks are filled, then what is too short is taken away.
        let (mut turn, mut lasting) = (vec![0.0; hops], vec![0.0; hops]);
        slide(&peak, reach(PERIOD_MS), higher, &mut turn);
        slide(&turn, reach(PERIOD_MS), lower, &mut lasting);
        slide(&lasting, reach(LASTING_MS), lower, &mut turn);
        slide(&turn, reach(LASTING_MS), higher, &mut lasting);
        Self { hop, hop_rate_hz, peak, bound, lasting }
    }

    /// The same with `together` hops taken as one: a quick stand-in while a drive is being looked for.
    #[must_use]
    pub fn coarser(&self, together: usize) -> Self {
        let pooled = |values: &[f32]| {
            let mut few = vec![0.0; values.len().div_ceil(together)];
            raise(&mut few, values, together);
            few
        };
        Self {
            hop: self.hop * together,
            hop_rate_hz: self.hop_rate_hz / together as f64,
            peak: pooled(&self.peak),
            bound: pooled(&self.bound),
            lasting: pooled(&self.lasting),
        }
    }

    /// The highest peak, linear.
    #[must_use]
    pub fn highest(&self) -> f32 {
        self.peak.iter().fold(0.0, |a, b| a.max(*b))
    }

    /// Whether no meter can read above the ceiling after the drive alone: then limiting changes nothing.
    #[must_use]
    pub fn stay_below(&self, settings: &Settings) -> bool {
        self.bound.iter().all(|bound| bound * settings.drive <= settings.ceiling * CERTAIN)
    }

    /// The share of hops whose tips stand out above the ceiling after drive and gain, to be cancelled; 0 to 1.
    #[must_use]
    pub fn share_of_tips(&self, gain: &[f32], settings: &Settings) -> f64 {
        let hops = gain.windows(2).zip(&self.peak);
        let tips = hops.filter(|(ends, peak)| *peak * settings.drive * ends[0].max(ends[1]) > settings.ceiling);
        tips.count() as f64 / self.peak.len() as f64
    }

    /// The ranges of cells that a meter could read above the ceiling once they have had the drive and the gain.
    ///
    /// A reading follows the gain where it is taken, but for the slope of the gain around it.
    fn beyond(&self, gain: &[f32], settings: &Settings, panel: &Panel) -> Vec<Range<usize>> {
        let reach = NEIGHBOURS.div_ceil(self.hop / CELL);
        let mut loudest = vec![0.0; self.peak.len()];
        let (steepest, ()) = both(|| steepest(gain, reach), || slide(&self.peak, reach, higher, &mut loudest));
        let by_slope = panel.change_by_distance() / self.hop as f32;
        let around = steepest.iter().zip(&loudest).map(|(steepest, loudest)| by_slope * steepest * loudest);
        let level = settings.ceiling * CERTAIN / settings.drive;
        let hops = gain.windows(2).zip(&self.bound).zip(around).enumerate();
        let beyond = hops.filter(|(_, ((ends, bound), around))| *bound * higher(ends[0], ends[1]) + around > level);
        ranges(beyond.map(|(hop, _)| hop), self.hop / CELL)
    }

    /// The gain at each hop's start and at the end of the last, without the drive.
    #[must_use]
    pub fn gain(&self, settings: &Settings) -> Vec<f32> {
        let threshold = settings.ceiling / settings.drive;
        let required = self.peak.iter().zip(&self.lasting).map(|(peak, lasting)| {
            if *peak <= threshold {
                return 1.0;
            }
            let tip = (peak / lasting.max(threshold)).clamp(1.0, settings.tip_ratio.max(1.0));
            (threshold / peak * tip).min(1.0)
        });
        GainMotion::new(settings.times, self.hop_rate_hz).follow(required)
    }
}

/// Raises each value to the highest of the next `each` of `by`.
fn raise(values: &mut [f32], by: &[f32], each: usize) {
    for (value, few) in values.iter_mut().zip(by.chunks(each)) {
        *value = few.iter().fold(*value, |a, b| a.max(*b));
    }
}

/// Multiplies each channel with the drive and with the gain, in a straight line between the hops.
pub fn apply_gain(channels: &mut [Vec<f32>], hop: usize, gain: &[f32], drive: f32) {
    each(channels, |channel| ramp(channel, hop, gain, drive));
}

fn ramp(samples: &mut [f32], hop: usize, gain: &[f32], drive: f32) {
    if hop == CELL {
        return ramp_cells(samples, gain, drive);
    }
    for (samples, ends) in samples.chunks_mut(hop).zip(gain.windows(2)) {
        ramp_hop(samples, hop, ends, drive);
    }
}

/// The same where hops are as short as they get: their length is known, so that they fill a register.
#[multiversion(targets("x86_64+avx+avx2", "aarch64+neon"))]
fn ramp_cells(samples: &mut [f32], gain: &[f32], drive: f32) {
    let (cells, rest) = samples.as_chunks_mut::<CELL>();
    let last = gain.get(cells.len()..cells.len() + 2);
    for (cell, ends) in cells.iter_mut().zip(gain.windows(2)) {
        ramp_hop(cell, CELL, ends, drive);
    }
    if let Some(ends) = last {
        ramp_hop(rest, CELL, ends, drive);
    }
}

#[expect(clippy::inline_always, reason = "it must be compiled with the instructions that its caller was chosen for")]
#[inline(always)]
fn ramp_hop(samples: &mut [f32], hop: usize, ends: &[f32], drive: f32) {
    let (from, slope) = (drive * ends[0], drive * (ends[1] - ends[0]) * (1.0 / hop as f32));
    for (n, sample) in samples.iter_mut().enumerate() {
        *sample *= from + slope * n as f32;
    }
}

/// What the guarantee had to do.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Guarantee {
    /// Times that the panel read the signal.
    pub rounds: usize,
    /// The lowest product of the fine gains, linear.
    pub lowest_gain: f32,
}

/// Limits in place the channels that `peaks` were measured on: motion by `gain` (from [`Peaks::gain`]), cancellation,
/// guarantee.
pub fn limit(channels: &mut [Vec<f32>], rate_hz: u32, peaks: &Peaks, gain: &[f32], settings: &Settings) -> Guarantee {
    apply_gain(channels, peaks.hop, gain, settings.drive);
    let panel = Panel::new(rate_hz);
    let mut suspects = peaks.beyond(gain, settings, &panel);
    if settings.tip_ratio > 1.0 {
        let canceller = Canceller::new(rate_hz);
        suspects = widened(suspects, canceller.reach().div_ceil(CELL), channels[0].len().div_ceil(CELL));
        each(channels, |channel| canceller.cancel(channel, settings.ceiling * CANCEL_TO, &suspects));
    }
    guarantee(channels, &panel, rate_hz, settings.ceiling, suspects)
}

/// How the fine gain moves. It takes tenths of a decibel at most, so it may be quick.
const FINE_TIMES: GainTimes =
    GainTimes { lookahead_ms: 1.5, fast_release_ms: 15.0, slow_release_ms: 15.0, slow_charge_ms: 1.0 };
const MOST_ROUNDS: usize = 12;

/// Lowers whatever any meter of the panel reads above `ceiling` (linear) within some ranges of cells, and nothing else.
fn guarantee(
    channels: &mut [Vec<f32>],
    panel: &Panel,
    rate_hz: u32,
    ceiling: f32,
    mut changed: Vec<Range<usize>>,
) -> Guarantee {
    let motion = GainMotion::new(FINE_TIMES, f64::from(rate_hz) / CELL as f64);
    let frames = channels[0].len();
    let cells = frames.div_ceil(CELL);
    let mut done = Guarantee { rounds: 0, lowest_gain: 1.0 };
    let mut total = vec![1.0f32; cells + 1];
    while done.rounds < MOST_ROUNDS {
        done.rounds += 1;
        let required = requirements(channels, panel, ceiling, &changed, done.rounds);
        if required.is_empty() {
            break;
        }
        let gains = mends(&motion, &required, cells);
        each(channels, |channel| {
            for (span, gain) in &gains {
                ramp(&mut channel[span.start * CELL..(span.end * CELL).min(frames)], CELL, gain, 1.0);
            }
        });
        changed = doubtful(&gains, &required, panel);
        for (span, gain) in &gains {
            for (product, factor) in total[span.start..].iter_mut().zip(gain) {
                *product *= factor;
                done.lowest_gain = done.lowest_gain.min(*product);
            }
        }
    }
    if done.rounds == MOST_ROUNDS {
        // Has not been seen to happen; the promise holds all the same.
        let highest = channels.iter().map(|channel| crate::true_peak::true_peak(rate_hz, channel)).fold(0.0, f32::max);
        if highest > ceiling {
            let trim = ceiling / highest;
            channels.iter_mut().flatten().for_each(|sample| *sample *= trim);
            done.lowest_gain *= trim;
        }
    }
    done
}

/// The gain that moves so that each of some cells, in order, gets what it requires: by spans of cells, outside of which
/// nothing changes.
fn mends(motion: &GainMotion, required: &[(usize, f32)], cells: usize) -> Vec<(Range<usize>, Vec<f32>)> {
    // With those cells whose readings the slope of the gain may raise, although it is still 1 there.
    let (before, after) = (motion.lookahead_hops() * 2 + NEIGHBOURS, motion.settled_hops());
    let spans = joined(required.iter().map(|(cell, _)| cell.saturating_sub(before)..(cell + after).min(cells)));
    let mut left = required;
    spans
        .into_iter()
        .map(|span| {
            let (within, others) = left.split_at(left.partition_point(|(cell, _)| *cell < span.end));
            left = others;
            let mut wanted = vec![1.0; span.len()];
            for (cell, gain) in within {
                wanted[cell - span.start] = *gain;
            }
            let gain = motion.follow(wanted.into_iter());
            (span, gain)
        })
        .collect()
}

/// The cells that some gains, from what was required, may have left above the ceiling, or raised above it.
///
/// A reading follows the gain where it is taken, but for the slope of the gain around it. Where nothing was above before,
/// and the slope does less than the gain takes, as in the tails that are most of a gain, nothing is above now.
fn doubtful(gains: &[(Range<usize>, Vec<f32>)], required: &[(usize, f32)], panel: &Panel) -> Vec<Range<usize>> {
    let loudest = 1.0 / required.iter().fold(1.0f32, |least, (_, gain)| least.min(*gain));
    let by_slope = panel.change_by_distance() * loudest / CELL as f32;
    let mut cells: Vec<usize> = required.iter().map(|(cell, _)| *cell).collect();
    for (span, gain) in gains {
        let ends = gain.windows(2).zip(steepest(gain, NEIGHBOURS)).enumerate();
        let doubtful = ends.filter(|(_, (ends, steepest))| steepest * by_slope > 1.0 - higher(ends[0], ends[1]));
        cells.extend(doubtful.map(|(cell, _)| span.start + cell));
    }
    cells.sort_unstable();
    joined(cells.into_iter().map(|cell| cell..cell + 1))
}

/// The steepest that a gain gets from one hop's end to the next, within so many hops to each side of each.
fn steepest(gain: &[f32], reach: usize) -> Vec<f32> {
    let slopes: Vec<f32> = gain.windows(2).map(|ends| (ends[1] - ends[0]).abs()).collect();
    let mut steepest = vec![0.0; slopes.len()];
    slide(&slopes, reach, higher, &mut steepest);
    steepest
}

/// The cells within `ranges` that a meter reads above the ceiling in any channel, in order, and the gain that each needs.
fn requirements(
    channels: &[Vec<f32>],
    panel: &Panel,
    ceiling: f32,
    ranges: &[Range<usize>],
    round: usize,
) -> Vec<(usize, f32)> {
    // Later rounds aim a hair lower, so that rounding does not ask for yet another.
    let aim = ceiling * (1.0 - 2e-5 * round as f32);
    let mut above: Vec<_> = map(channels, |channel| cells_above(channel, panel, ceiling, ranges)).concat();
    above.sort_unstable_by(|(cell, peak), (other, than)| cell.cmp(other).then(than.total_cmp(peak)));
    above.dedup_by_key(|(cell, _)| *cell);
    above.into_iter().map(|(cell, peak)| (cell, aim / peak)).collect()
}

/// The cells of a channel that a meter reads above the ceiling, and what it reads.
fn cells_above(channel: &[f32], panel: &Panel, ceiling: f32, ranges: &[Range<usize>]) -> Vec<(usize, f32)> {
    let mut above = Vec::new();
    for range in ranges {
        let bounds = estimate_within(channel, range).bound;
        for (cell, _) in (range.start..).zip(bounds).filter(|(_, bound)| *bound > ceiling) {
            let peak = panel.cell_peak(channel, cell * CELL, ceiling);
            if peak > ceiling {
                above.push((cell, peak));
            }
        }
    }
    above
}

/// So many cells to each side are within reach of the meters.
const NEIGHBOURS: usize = 9;

/// Ranges of cells that cover some steps of `each` cells, in order, and the neighbours whose interpolation sees them.
fn ranges(steps: impl Iterator<Item = usize>, each: usize) -> Vec<Range<usize>> {
    joined(steps.map(|step| (step * each).saturating_sub(NEIGHBOURS)..(step + 1) * each + NEIGHBOURS))
}

/// Ranges with their surroundings, within `end`; those that touch become one.
fn widened(ranges: Vec<Range<usize>>, by: usize, end: usize) -> Vec<Range<usize>> {
    joined(ranges.into_iter().map(|range| range.start.saturating_sub(by)..(range.end + by).min(end)))
}

/// Ranges in order of their starts and of their ends; those that touch become one.
fn joined(ranges: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if last.end >= range.start => last.end = range.end,
            _ => joined.push(range),
        }
    }
    joined
}

#[cfg(test)]
mod tests;
