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
    as_mixed_lu: f64,
}

impl<'a> BandRange<'a> {
    pub(crate) fn of(frames: &'a BandFrames) -> Self {
        // The weighting is the same at all rates to a tenth of a decibel.
        let rate = Rate::new(48_000).expect("a rate that loudness is measured at");
        let weights = std::array::from_fn(|band| k_weight(rate, centre_hz(band)));
        let mut range = Self { frames, weights, as_mixed_lu: 0.0 };
        range.as_mixed_lu = range.lu(&[1.0; BANDS], &[1.0; BANDS]);
        range
    }

    /// How much wider it becomes, LU; below zero where it shrinks.
    pub(crate) fn change_lu(&self, moves: &Moves) -> f64 {
        let side_db = moves.side.unwrap_or([0.0; BANDS]);
        let middle = moves.all.map(power_from_db);
        let sides =
            std::array::from_fn(
                |band| {
                    if moves.one_channel { 0.0 } else { middle[band] * power_from_db(side_db[band]) }
                },
            );
        self.lu(&middle, &sides) - self.as_mixed_lu
    }

    /// The range with factors for the powers of the middle and of the sides.
    fn lu(&self, middle: &[f64; BANDS], sides: &[f64; BANDS]) -> f64 {
        let weighted = |powers: &[f32; BANDS], factor: &dyn Fn(usize) -> f64| -> f64 {
            (0..BANDS).map(|band| f64::from(powers[band]) * self.weights[band] * factor(band)).sum()
        };
        let of_frame = |frame: usize| {
            let whole = weighted(&self.frames.power[frame], &|band| middle[band]);
            // The whole is twice the middle and twice the sides.
            let moved = self.frames.side.get(frame);
            whole + moved.map_or(0.0, |side| 2.0 * weighted(side, &|band| sides[band] - middle[band]))
        };
        let energies: Vec<f64> = (0..self.frames.power.len()).map(of_frame).collect();
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
            let told_lu = BandRange::of(&analysis.frames).change_lu(&Moves { all, side, one_channel: false });
            assert!(changed_lu.abs() > 1.0 && (told_lu - changed_lu).abs() < 0.3, "{told_lu} for {changed_lu}");
        }
    }
}
