//! The fast way over a whole channel: four stretches of its time in lockstep.
//!
//! A recursive filter cannot be vectorised along time, but it forgets: after 0.2 s from rest the state equals that of
//! a filter which ran from the start to one part in 10^20. So the channel is cut into four segments, each with a run-up
//! into it, and they fill the lanes of a vector register. How finely energy is summed is the caller's grid: 10 ms for a
//! meter, a handful of samples for a loudness solver.

use super::grid::Grid;
use super::weighting::{KWeighting, Lanes, SETTLING_S};
use super::{Layout, Rate};
use crate::parallel::map;
use multiversion::multiversion;
use multiversion::target::target_cfg_f;
use std::num::NonZeroUsize;

/// One AVX register of doubles. Eight lanes are slower: coefficients and states then no longer fit the sixteen
/// registers, and go through memory at every sample.
const LANES: usize = 4;

/// Samples a lane that are worked on at once.
const BATCH_SAMPLES: u64 = 1024;

/// Energy of a K-weighted signal per hop of `hop` samples: the sum over channels of channel weight times the sum of
/// squares (not the mean), full scale 1.0. The last hop may be partial and holds what there is.
///
/// A gain `g` that is slow against the filter commutes with it, so that `g` squared times this is the energy of the
/// gained signal: the loudness after a gain curve costs one multiplication per hop ([`integrated_with_gain`]).
///
/// Samples are planar, one slice a channel; 8 samples a hop at 44.1 kHz cost about as much as the meter itself.
///
/// # Panics
/// When the number of slices is not that of the layout, or their lengths differ.
///
/// [`integrated_with_gain`]: super::integrated_with_gain
#[must_use]
pub fn k_energy_per_hop(rate: Rate, layout: Layout, channels: &[&[f32]], hop: NonZeroUsize) -> Vec<f32> {
    let len = layout.check(channels);
    let segments = Segments::new(rate, Grid::hop(hop));
    let weighted: Vec<_> = channels.iter().zip(layout.weights()).collect();
    let mut energies = map(&weighted, |(samples, weight)| {
        let mut energy = vec![0.0; len.div_ceil(hop.get())];
        segments.for_each_whole(samples, |at, sum| energy[at] = (*weight * sum) as f32);
        if let Some((at, sum)) = segments.partial(samples) {
            energy[at] = (*weight * sum) as f32;
        }
        energy
    });
    let mut whole = energies.pop().unwrap_or_default();
    for energy in energies {
        whole.iter_mut().zip(energy).for_each(|(sum, energy)| *sum += energy);
    }
    whole
}

/// One way to cut channels up.
pub(super) struct Segments {
    weighting: KWeighting,
    grid: Grid,
    run_up: u64,
}

impl Segments {
    pub(super) fn new(rate: Rate, grid: Grid) -> Self {
        Self { weighting: KWeighting::new(rate), grid, run_up: (SETTLING_S * rate.hz()).ceil() as u64 }
    }

    /// The K-weighted energy (sum of squares) of each whole stretch of the grid, in no particular order.
    pub(super) fn for_each_whole(&self, samples: &[f32], mut put: impl FnMut(usize, f64)) {
        let whole = self.grid.whole(samples.len() as u64);
        if whole == 0 {
            return;
        }
        // Lanes share one pattern of stretch lengths, so each segment is a whole number of patterns.
        let segment = whole.div_ceil(LANES).next_multiple_of(self.grid.period());
        let starts: [i64; LANES] = std::array::from_fn(|lane| self.grid.start(lane * segment) as i64);
        let mut lanes = Lanes::SILENT;
        let mut scratch = [const { Vec::new() }; LANES];

        let mut left = self.run_up;
        while left > 0 {
            let len = left.min(BATCH_SAMPLES);
            let input = windows(samples, starts.map(|start| start - left as i64), len as usize, &mut scratch);
            run(&self.weighting, &mut lanes, &input, &[len as usize], &mut [[0.0; LANES]]);
            left -= len;
        }

        let batch = self.grid.fitting(BATCH_SAMPLES).min(segment);
        let mut ends = Vec::with_capacity(batch);
        let mut sums = vec![[0.0; LANES]; batch];
        for first in (0..segment).step_by(batch) {
            let count = batch.min(segment - first);
            let offset = self.grid.start(first);
            ends.clear();
            ends.extend((1..=count).map(|k| (self.grid.start(first + k) - offset) as usize));
            let len = ends[count - 1];
            let input = windows(samples, starts.map(|start| start + offset as i64), len, &mut scratch);
            run(&self.weighting, &mut lanes, &input, &ends, &mut sums);
            lanes.flush_denormals();
            for lane in 0..LANES {
                let at = lane * segment + first;
                for (at, sum) in (at..whole).zip(&sums[..count]) {
                    put(at, sum[lane]);
                }
            }
        }
    }

    /// Index and energy of the stretch that the end of the channel cuts short, if it does.
    fn partial(&self, samples: &[f32]) -> Option<(usize, f64)> {
        let whole = self.grid.whole(samples.len() as u64);
        let start = self.grid.start(whole);
        let rest = &samples[start as usize..];
        let run_up = &samples[start.saturating_sub(self.run_up) as usize..start as usize];
        let mut lane = Lanes::<1>::SILENT;
        lane.add_energy(&self.weighting, [run_up], &mut [0.0], false);
        let mut energy = [0.0];
        lane.add_energy(&self.weighting, [rest], &mut energy, false);
        (!rest.is_empty()).then_some((whole, energy[0]))
    }
}

/// `len` samples from each start on, silence where there are none.
fn windows<'a>(
    samples: &'a [f32],
    starts: [i64; LANES],
    len: usize,
    scratch: &'a mut [Vec<f32>; LANES],
) -> [&'a [f32]; LANES] {
    let mut starts = starts.into_iter();
    scratch.each_mut().map(|padded| {
        let start = starts.next().unwrap_or(0);
        if let Ok(start) = usize::try_from(start)
            && let Some(window) = samples.get(start..start.saturating_add(len))
        {
            return window;
        }
        padded.clear();
        padded.resize(len, 0.0);
        let before = (start.saturating_neg().max(0) as usize).min(len);
        let from = (start.max(0) as usize).min(samples.len());
        for (to, from) in padded[before..].iter_mut().zip(&samples[from..]) {
            *to = *from;
        }
        padded
    })
}

/// Filters one batch; `sums[k]` is the energy of the stretch that ends before sample `ends[k]`.
#[multiversion(targets("x86_64+avx2+fma", "aarch64+neon"))]
fn run(
    weighting: &KWeighting,
    lanes: &mut Lanes<LANES>,
    input: &[&[f32]; LANES],
    ends: &[usize],
    sums: &mut [[f64; LANES]],
) {
    let fused = target_cfg_f!(target_feature = "fma");
    let mut start = 0;
    for (&end, sum) in ends.iter().zip(sums) {
        let mut stretch = *input;
        for lane in &mut stretch {
            *lane = &lane[start..end];
        }
        *sum = [0.0; LANES];
        lanes.add_energy(weighting, stretch, sum, fused);
        start = end;
    }
}
