//! A track as far as loudness after limiting is concerned: its peaks and loudness energies, hop by hop.
//!
//! Not here: which limiter is wanted (that is `solve`).

use crate::Audio;
use crate::analysis::ABSOLUTE_GATE_DB;
use crate::plan::Limiter;
use crate::render::settings;
use dsp::limiter::{Peaks, hop_length};
use dsp::loudness::{Rate, integrated_with_gain, k_energy_per_hop, range_with_gain};
use dsp::parallel::both;
use std::num::NonZeroUsize;

/// Peaks and loudness energies of a track at one resolution.
pub(crate) struct Hops {
    rate: Rate,
    pub(crate) peaks: Peaks,
    energies: Vec<f32>,
    pub(crate) ceiling_dbtp: f64,
}

impl Hops {
    /// At the limiter's own resolution.
    pub(crate) fn new(audio: &Audio, ceiling_dbtp: f64) -> Self {
        let rate = audio.loudness_rate();
        let (peaks, energies) = both(|| Peaks::new(audio.rate_hz(), audio.channels()), || energies(audio));
        Self { rate, peaks, energies, ceiling_dbtp }
    }

    /// The same with `together` hops taken as one.
    pub(crate) fn coarser(&self, together: usize) -> Self {
        Self {
            rate: self.rate,
            peaks: self.peaks.coarser(together),
            energies: self.energies.chunks(together).map(|few| few.iter().sum()).collect(),
            ceiling_dbtp: self.ceiling_dbtp,
        }
    }

    pub(crate) fn gain(&self, limiter: &Limiter) -> Vec<f32> {
        self.peaks.gain(&settings(limiter, self.ceiling_dbtp))
    }

    fn hop(&self) -> NonZeroUsize {
        NonZeroUsize::new(self.peaks.hop).expect("a hop has samples")
    }

    fn integrated(&self, energies: &[f32], gain: &[f32], drive: f32) -> Option<f64> {
        integrated_with_gain(self.rate, self.hop(), energies, gain, drive)
    }

    /// Predicted loudness, LUFS; minus infinity for what is below every gate.
    pub(crate) fn lufs(&self, limiter: &Limiter) -> f64 {
        self.lufs_with(limiter, &self.gain(limiter))
    }

    /// The same where the gain of the limiter is known.
    pub(crate) fn lufs_with(&self, limiter: &Limiter, gain: &[f32]) -> f64 {
        self.integrated(&self.energies, gain, drive(limiter)).unwrap_or(f64::NEG_INFINITY)
    }

    /// Predicted loudness range with a gain of the limiter, LU.
    pub(crate) fn range_lu_with(&self, limiter: &Limiter, gain: &[f32]) -> f64 {
        range_with_gain(self.rate, self.hop(), &self.energies, gain, drive(limiter))
    }

    /// Loudness range before the limiter, LU.
    pub(crate) fn unlimited_range_lu(&self) -> f64 {
        range_with_gain(self.rate, self.hop(), &self.energies, &unity(&self.energies), 1.0)
    }

    /// Loudness before the limiter, LUFS.
    pub(crate) fn unlimited_lufs(&self) -> f64 {
        self.integrated(&self.energies, &unity(&self.energies), 1.0).unwrap_or(ABSOLUTE_GATE_DB)
    }

    /// Loudness of other samples in the place of these, LUFS; minus infinity for what is below every gate.
    pub(crate) fn lufs_of(&self, audio: &Audio) -> f64 {
        let energies = energies(audio);
        self.integrated(&energies, &unity(&energies), 1.0).unwrap_or(f64::NEG_INFINITY)
    }
}

fn drive(limiter: &Limiter) -> f32 {
    dsp::amplitude_from_db(limiter.drive_db) as f32
}

/// The gain of a limiter that does nothing to some hops.
fn unity(hops: &[f32]) -> Vec<f32> {
    vec![1.0; hops.len() + 1]
}

fn energies(audio: &Audio) -> Vec<f32> {
    let hop = NonZeroUsize::new(hop_length(audio.rate_hz())).expect("a hop has samples");
    k_energy_per_hop(audio.loudness_rate(), audio.layout(), &audio.slices(), hop)
}
