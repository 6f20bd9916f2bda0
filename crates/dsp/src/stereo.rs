//! How two channels relate: correlation, balance, width, and what a mono fold-down costs.
//!
//! Everything is read from six sums over the samples ([`StereoSums`]), for a whole track or block by block. Not here:
//! the same by frequency band (take the sums from band-passed signals), and any change to the signal.

use multiversion::multiversion;

const LANES: usize = 8;

/// Sums over the samples of two channels. Sums of parts add up to the sums of the whole.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StereoSums {
    frames: u64,
    left: f64,
    right: f64,
    left_square: f64,
    right_square: f64,
    product: f64,
}

impl StereoSums {
    /// The sums of two channels, full scale 1.0.
    ///
    /// # Panics
    /// When the channels differ in length.
    #[must_use]
    pub fn of(left: &[f32], right: &[f32]) -> Self {
        assert_eq!(left.len(), right.len(), "channels of one length");
        let [left_sum, right_sum, left_square, right_square, product] = five_sums(left, right);
        Self { frames: left.len() as u64, left: left_sum, right: right_sum, left_square, right_square, product }
    }

    /// Samples of each channel.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Correlation as a phase meter shows it, -1 (one channel is the other inverted) to 1 (they differ in level at
    /// most): sum(LR) / sqrt(sum(L^2) sum(R^2)). `None` when a channel is silent: then there is nothing to compare.
    pub fn correlation(&self) -> Option<f64> {
        let scale = self.left_square.sqrt() * self.right_square.sqrt();
        (scale > 0.0).then(|| (self.product / scale).clamp(-1.0, 1.0))
    }

    /// Level of the right channel over the left, dB RMS; infinite when one of them is silent, `None` when both are.
    pub fn balance_db(&self) -> Option<f64> {
        (self.left_square + self.right_square > 0.0).then(|| 10.0 * (self.right_square / self.left_square).log10())
    }

    /// Level of the side (L - R) over the mid (L + R), dB RMS: minus infinity for mono. `None` for silence.
    pub fn side_over_mid_db(&self) -> Option<f64> {
        let both = self.left_square + self.right_square;
        (both > 0.0).then(|| 10.0 * (self.side_energy() / self.mid_energy()).log10())
    }

    /// What a fold-down to mono, (L + R) / 2 on both loudspeakers, loses in level, dB: 0 for mono, 3.01 for channels
    /// that have nothing in common, infinite for channels that cancel. `None` for silence.
    pub fn mono_loss_db(&self) -> Option<f64> {
        let both = self.left_square + self.right_square;
        (both > 0.0).then(|| -10.0 * (self.mid_energy() / (2.0 * both)).log10())
    }

    /// RMS level of both channels together, dBFS where a full-scale square wave reads 0; minus infinity for silence.
    pub fn rms_dbfs(&self) -> f64 {
        let samples = (2 * self.frames).max(1) as f64;
        10.0 * ((self.left_square + self.right_square) / samples).log10()
    }

    /// Mean of the left and of the right channel: the direct current in them, full scale 1.0.
    pub fn offsets(&self) -> [f64; 2] {
        let frames = self.frames.max(1) as f64;
        [self.left / frames, self.right / frames]
    }

    /// Energy of L + R; rounding may not make it negative.
    fn mid_energy(&self) -> f64 {
        (self.left_square + self.right_square + 2.0 * self.product).max(0.0)
    }

    /// Energy of L - R.
    fn side_energy(&self) -> f64 {
        (self.left_square + self.right_square - 2.0 * self.product).max(0.0)
    }
}

/// Both channels, their squares and their product, each summed in lanes, so that the sums stay in vector registers.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx+avx2", "aarch64+neon"))]
fn five_sums(left: &[f32], right: &[f32]) -> [f64; 5] {
    let mut sums = [[0.0f64; LANES]; 5];
    let (left_chunks, left_rest) = left.as_chunks::<LANES>();
    let (right_chunks, right_rest) = right.as_chunks::<LANES>();
    for (l, r) in left_chunks.iter().zip(right_chunks) {
        for lane in 0..LANES {
            add(&mut sums, lane, l[lane], r[lane]);
        }
    }
    for (lane, (l, r)) in left_rest.iter().zip(right_rest).enumerate() {
        add(&mut sums, lane, *l, *r);
    }
    sums.map(|lanes| lanes.iter().sum())
}

#[expect(clippy::inline_always, reason = "it must be compiled with the instructions that its caller was chosen for")]
#[inline(always)]
fn add(sums: &mut [[f64; LANES]; 5], lane: usize, left: f32, right: f32) {
    let (l, r) = (f64::from(left), f64::from(right));
    for (sum, term) in sums.iter_mut().zip([l, r, l * l, r * r, l * r]) {
        sum[lane] += term;
    }
}

impl std::ops::AddAssign for StereoSums {
    fn add_assign(&mut self, other: Self) {
        self.frames += other.frames;
        self.left += other.left;
        self.right += other.right;
        self.left_square += other.left_square;
        self.right_square += other.right_square;
        self.product += other.product;
    }
}

impl std::iter::Sum for StereoSums {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), |mut whole, part| {
            whole += part;
            whole
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Whole periods, so that sine and cosine have nothing in common.
    fn tone(phase: f64) -> Vec<f32> {
        (0..4_800).map(|n| (0.5 * (n as f64 * std::f64::consts::TAU / 48.0 + phase).sin()) as f32).collect()
    }

    fn close(found: Option<f64>, expected: f64) {
        let found = found.expect("not silent");
        assert!((found - expected).abs() < 1e-4, "{found} is not {expected}");
    }

    #[test]
    fn mono_correlates_fully_and_loses_nothing() {
        let sums = StereoSums::of(&tone(0.0), &tone(0.0));
        close(sums.correlation(), 1.0);
        close(sums.mono_loss_db(), 0.0);
        close(sums.balance_db(), 0.0);
        assert_eq!(sums.side_over_mid_db(), Some(f64::NEG_INFINITY));
        assert!((sums.rms_dbfs() + 9.0309).abs() < 1e-3);
    }

    #[test]
    fn an_inverted_channel_anticorrelates_and_vanishes_in_mono() {
        let inverted: Vec<f32> = tone(0.0).iter().map(|x| -x).collect();
        let sums = StereoSums::of(&tone(0.0), &inverted);
        close(sums.correlation(), -1.0);
        assert_eq!(sums.mono_loss_db(), Some(f64::INFINITY));
        assert_eq!(sums.side_over_mid_db(), Some(f64::INFINITY));
    }

    #[test]
    fn a_quarter_turn_has_nothing_in_common_and_loses_3_db() {
        let sums = StereoSums::of(&tone(0.0), &tone(std::f64::consts::FRAC_PI_2));
        close(sums.correlation(), 0.0);
        close(sums.mono_loss_db(), 3.0103);
        close(sums.side_over_mid_db(), 0.0);
    }

    #[test]
    fn balance_is_positive_when_the_right_channel_is_louder() {
        let quiet: Vec<f32> = tone(0.0).iter().map(|x| x * 0.5).collect();
        let sums = StereoSums::of(&quiet, &tone(0.0));
        close(sums.balance_db(), 6.0206);
        close(sums.correlation(), 1.0);
    }

    #[test]
    fn silence_has_no_relations_and_one_silent_side_no_correlation() {
        let silent = vec![0.0; 4_800];
        let sums = StereoSums::of(&silent, &silent);
        assert_eq!((sums.correlation(), sums.balance_db(), sums.mono_loss_db()), (None, None, None));
        assert_eq!(sums.rms_dbfs().to_bits(), f64::NEG_INFINITY.to_bits());
        let sums = StereoSums::of(&tone(0.0), &silent);
        assert_eq!((sums.correlation(), sums.balance_db()), (None, Some(f64::NEG_INFINITY)));
        assert!(StereoSums::of(&[], &[]).rms_dbfs().is_infinite());
    }

    #[test]
    fn direct_current_is_the_mean_of_each_channel() {
        let shifted: Vec<f32> = tone(0.0).iter().map(|x| x + 0.25).collect();
        let [left, right] = StereoSums::of(&shifted, &tone(0.0)).offsets();
        assert!((left - 0.25).abs() < 1e-6 && right.abs() < 1e-6, "{left} {right}");
    }

    proptest! {
        #[test]
        fn sums_of_blocks_add_up_to_the_sums_of_the_whole(
            samples in prop::collection::vec((-1.0f32..1.0, -1.0f32..1.0), 0..300),
            block in 1usize..40,
        ) {
            let (left, right): (Vec<f32>, Vec<f32>) = samples.into_iter().unzip();
            let whole = StereoSums::of(&left, &right);
            let parts: StereoSums = left.chunks(block).zip(right.chunks(block)).map(|(l, r)| StereoSums::of(l, r)).sum();
            prop_assert_eq!(whole.frames(), parts.frames());
            let plain: f64 = left.iter().zip(&right).map(|(l, r)| f64::from(*l) * f64::from(*r)).sum();
            prop_assert!((whole.product - plain).abs() < 1e-9);
            prop_assert!((parts.product - plain).abs() < 1e-9);
            if let Some(correlation) = whole.correlation() {
                prop_assert!((-1.0..=1.0).contains(&correlation));
            }
        }
    }
}
