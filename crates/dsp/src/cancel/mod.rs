//! Takes the tips of transients by adding what masks itself: peak cancellation with pulses shaped like the mask.
//!
//! A clipper's residual has whatever spectrum the clipped wave happens to have. Here the residual is built from short
//! pulses whose spectrum is the masking threshold of the music around them. Among all residuals that bring the marked
//! peaks down to the threshold, the sum of such pulses has the least noise-to-mask ratio; how much of each pulse is
//! needed is a quadratic programme with one constraint a peak, solved peak by peak (C. Hildreth, "A quadratic
//! programming procedure", 1957). Pulses are band-limited, so that nothing folds back. What no pulse reaches keeps its
//! bits.
//!
//! Not here: which transients may be treated like this (that is `limiter`).

mod mask;
mod pulse;

use crate::fir::length_for;
use crate::true_peak::{CELL, CERTAIN, Interpolator, peaks_within};
use pulse::{Pulse, Shaper, Workbench};
use std::collections::VecDeque;
use std::ops::Range;

/// Points at which a peak may lie, to a sample.
const POINTS: usize = 4;
/// Times that each block is gone through: more gains hundredths of a decibel.
const PASSES: usize = 5;
/// A correction smaller than this share of the threshold is left to the next pass.
const NEGLIGIBLE: f32 = 3e-4;

/// Brings peaks of a channel down to a threshold, block by block.
#[derive(Debug)]
pub struct Canceller {
    shaper: Shaper,
    interpolator: Interpolator,
    block: usize,
}

/// A peak and how much of its pulse has been subtracted.
#[derive(Debug, Clone, Copy)]
struct Peak {
    point: usize,
    amount: f32,
}

/// A block whose passes are under way.
#[derive(Debug)]
struct Block {
    range: Range<usize>,
    pulse: Option<Pulse>,
    peaks: Vec<Peak>,
    /// What the quick estimate of each cell is at most.
    most: Vec<f32>,
}

impl Block {
    fn new(range: Range<usize>) -> Self {
        let most = vec![f32::INFINITY; range.end.div_ceil(CELL) - range.start / CELL];
        Self { range, pulse: None, peaks: Vec::new(), most }
    }

    /// Estimates anew those cells that may stand above a threshold.
    fn look(&mut self, samples: &[f32], threshold: f32) {
        let doubtful = |most: &f32| *most > threshold * CERTAIN;
        let mut cell = self.range.start / CELL;
        for alike in self.most.chunk_by_mut(|a, b| doubtful(a) == doubtful(b)) {
            let cells = cell..cell + alike.len();
            cell = cells.end;
            if doubtful(&alike[0]) {
                alike.copy_from_slice(&peaks_within(samples, &cells));
            }
        }
    }

    /// Takes note that the estimates of some cells, from `first` on, may have risen by so much.
    fn raise(&mut self, first: isize, by: &[f32]) {
        let ahead = (self.range.start / CELL) as isize - first;
        let (skipped, from) = (ahead.max(0) as usize, (-ahead).max(0) as usize);
        let risen = self.most.get_mut(from..).unwrap_or_default();
        risen.iter_mut().zip(by.get(skipped..).unwrap_or_default()).for_each(|(most, by)| *most += by);
    }
}

/// By how much the quick estimates of cells may have risen, from a first one on, which may lie before the start.
#[derive(Debug, Default)]
struct Risen {
    first: isize,
    by: Vec<f32>,
}

impl Canceller {
    /// For a sample rate in Hz.
    #[must_use]
    pub fn new(rate_hz: u32) -> Self {
        let frame = length_for(rate_hz) / 2;
        Self { shaper: Shaper::new(rate_hz, frame), interpolator: Interpolator::new(), block: frame / 2 }
    }

    /// How far from a peak samples may change.
    #[must_use]
    pub fn reach(&self) -> usize {
        self.shaper.reach()
    }

    /// Lowers peaks within ranges of cells of eight samples (ascending, apart) to about `threshold` (linear).
    pub fn cancel(&self, samples: &mut [f32], threshold: f32, ranges: &[Range<usize>]) {
        let mut under_way: VecDeque<Block> = VecDeque::new();
        let (mut bench, mut risen) = (self.shaper.workbench(), Risen::default());
        let mut advance = |samples: &mut [f32], under_way: &mut VecDeque<Block>| {
            self.advance(samples, threshold, under_way, &mut bench, &mut risen);
        };
        let mut next = 0;
        for range in ranges {
            let end = (range.end * CELL).min(samples.len());
            let mut start = next.max(range.start * CELL);
            while start < end {
                // One pass lags a block behind the one before it, so that it sees what both neighbours did.
                let until = (start / self.block + 1) * self.block;
                let block = start..until.min(end);
                start = block.end;
                under_way.push_back(Block::new(block));
                advance(samples, &mut under_way);
                if under_way.len() == PASSES {
                    under_way.pop_front();
                }
            }
            next = next.max(end);
        }
        while !under_way.is_empty() {
            advance(samples, &mut under_way);
            under_way.pop_front();
        }
    }

    /// One pass over each block that is under way.
    fn advance(
        &self,
        samples: &mut [f32],
        threshold: f32,
        under_way: &mut VecDeque<Block>,
        bench: &mut Workbench,
        risen: &mut Risen,
    ) {
        for at in (0..under_way.len()).rev() {
            let block = &mut under_way[at];
            self.find(samples, threshold, block);
            if !block.peaks.is_empty() {
                self.lower(samples, threshold, block, bench, risen);
                for block in under_way.iter_mut() {
                    block.raise(risen.first, &risen.by);
                }
            }
        }
    }

    /// Lowers the peaks of a block, one after the other.
    fn lower(&self, samples: &mut [f32], threshold: f32, block: &mut Block, bench: &mut Workbench, risen: &mut Risen) {
        let centre = block.range.start + block.range.len() / 2;
        let pulse = block.pulse.get_or_insert_with(|| self.shaper.pulse(samples, centre, bench));
        let (before, changes) = pulse.changes();
        let first = block.range.start / CELL;
        risen.first = first as isize - before as isize;
        risen.by.clear();
        risen.by.resize(block.most.len() + changes.len() - 1, 0.0);
        for peak in &mut block.peaks {
            let (at, point) = (peak.point / POINTS, peak.point % POINTS);
            let value = self.interpolator.point(samples, at, point);
            let sign = if peak.amount == 0.0 { value.signum() } else { peak.amount.signum() };
            let wanted = (peak.amount.abs() + value * sign - threshold).max(0.0) * sign;
            let change = wanted - peak.amount;
            if change.abs() > NEGLIGIBLE * threshold {
                peak.amount = wanted;
                pulse.subtract(samples, at, point, change);
                let cells = risen.by[at / CELL - first..].iter_mut().zip(changes);
                cells.for_each(|(risen, by)| *risen += change.abs() * by);
            }
        }
        block.peaks.retain(|peak| peak.amount != 0.0);
    }

    /// Adds to a block's peaks those that stand above the threshold and were not there yet.
    fn find(&self, samples: &[f32], threshold: f32, block: &mut Block) {
        block.look(samples, threshold);
        let known = block.peaks.len();
        for (cell, _) in (block.range.start / CELL..).zip(&block.most).filter(|(_, most)| **most > threshold) {
            let start = cell * CELL;
            let points = self.interpolator.cell(samples, start);
            // Row 0 is the sample before the cell; every second of eight lanes is a point.
            let height = |at: usize| points.as_flattened()[2 * (at + POINTS)].abs();
            for at in 0..CELL * POINTS {
                let middle = height(at);
                let before = points.as_flattened()[2 * (at + POINTS) - 2].abs();
                if middle > threshold && middle >= before && middle > height(at + 1) {
                    let point = start * POINTS + at;
                    if block.peaks[..known].iter().all(|peak| peak.point != point) {
                        block.peaks.push(Peak { point, amount: 0.0 });
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
