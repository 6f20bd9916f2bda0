//! What moves of bands do to the loudness range of a mix, told before anything is rendered.
//!
//! Not here: how far bands are to move (that is `matching`), and what a limiter takes of the range (that is `range`).

use crate::analysis::power_from_db;
use crate::matching::Moves;
use dsp::loudness::{Rate, k_weight, range_from_windows};
use dsp::spectrum::{BANDS, BandFrames, centre_hz};

/// A short-term loudness is that of so much, s (EBU Tech 3341).
const SHORT_TERM_S: f64 = 3.0;

/// The loudness range of a mix by the powers of its bands.
pub(crate) struct BandRange<'a> {
    frames: &'a BandFrames,
    /// What a band counts in the loudness.
    weights: [f64; BANDS],
}

impl<'a> BandRange<'a> {
    pub(crate) fn of(frames: &'a BandFrames) -> Self {
        // The weighting is the same at all rates to a tenth of a decibel.
        let rate = Rate::new(48_000).expect("a rate that loudness is measured at");
        Self { frames, weights: std::array::from_fn(|band| k_weight(rate, centre_hz(band))) }
    }

    /// What it becomes, LU; what counts is the difference between moves.
    pub(crate) fn lu_with(&self, moves: &Moves) -> f64 {
        let side_db = moves.side.unwrap_or([0.0; BANDS]);
        let middle = moves.all.map(power_from_db);
        let of_whole: [f64; BANDS] = std::array::from_fn(|band| middle[band] * self.weights[band]);
        // The whole is twice the middle and twice the sides.
        let of_sides: [f64; BANDS] = std::array::from_fn(|band| {
            let side = if moves.one_channel { 0.0 } else { power_from_db(side_db[band]) };
            2.0 * of_whole[band] * (side - 1.0)
        });
        let sum = |powers: &[f32; BANDS], factors: &[f64; BANDS]| -> f64 {
            powers.iter().zip(factors).map(|(power, factor)| f64::from(*power) * factor).sum()
        };
        let mut energies: Vec<f64> = self.frames.power.iter().map(|power| sum(power, &of_whole)).collect();
        for (energy, side) in energies.iter_mut().zip(&self.frames.side) {
            *energy += sum(side, &of_sides);
        }
        let window = ((SHORT_TERM_S / self.frames.hop_s).round() as usize).max(1);
        range_from_windows(energies.windows(window).map(|window| window.iter().sum::<f64>() / window.len() as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyse;
    use crate::audio::tests::low_and_high_by_turns;
    use crate::plan::{Equaliser, Stereo};
    use crate::render::shape;

    #[test]
    fn bands_tell_what_the_range_becomes() {
        let mix = low_and_high_by_turns(44_100);
        let analysis = analyse(&mix, &mut |_, _| {}).expect("a mix");
        let mut gains = [0.0; BANDS];
        gains[..16].fill(6.0);
        for (all, side) in [(gains, None), (gains.map(|gain| -gain), None), ([0.0; BANDS], Some([6.0; BANDS]))] {
            let mut shaped = mix.clone();
            let side_equaliser = side.as_ref().map(Equaliser::from_gains);
            let stereo = Stereo { side_gain: 1.0, side_equaliser, balance_db: 0.0 };
            shape(&mut shaped, Some(&Equaliser::from_gains(&all)), Some(&stereo), &mut |_, _| {});
            let after = analyse(&shaped, &mut |_, _| {}).expect("not silent").measurement;
            let changed_lu = after.loudness_range_lu - analysis.measurement.loudness_range_lu;
            let told = BandRange::of(&analysis.frames);
            let lu_with = |all, side| told.lu_with(&Moves { all, side, one_channel: false });
            let told_lu = lu_with(all, side) - lu_with([0.0; BANDS], None);
            assert!(changed_lu.abs() > 1.0 && (told_lu - changed_lu).abs() < 0.3, "{told_lu} for {changed_lu}");
        }
    }
}
