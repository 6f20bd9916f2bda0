//! Equal stretches of time laid over samples, where a stretch need not be a whole number of samples.

use super::Rate;
use std::num::NonZeroUsize;

/// Stretch `k` starts at sample `floor(k * samples / per)`.
///
/// At 11,025 Hz 10 ms are 110.25 samples: stretches then hold 110, 110, 110 and 111. Nothing drifts, a boundary is
/// never more than one sample early, and whoever takes a mean divides by the samples that are really there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grid {
    samples: u64,
    per: u64,
}

impl Grid {
    pub(super) fn ten_ms(rate: Rate) -> Self {
        Self { samples: u64::from(rate.get()), per: 100 }
    }

    pub(super) fn hundred_ms(rate: Rate) -> Self {
        Self { samples: u64::from(rate.get()), per: 10 }
    }

    pub(super) fn hop(hop: NonZeroUsize) -> Self {
        Self { samples: hop.get() as u64, per: 1 }
    }

    /// First sample of stretch `k`.
    pub(super) fn start(self, k: usize) -> u64 {
        k as u64 * self.samples / self.per
    }

    /// Samples in `count` stretches from `k` on.
    pub(super) fn span(self, k: usize, count: usize) -> u64 {
        self.start(k + count) - self.start(k)
    }

    /// How many whole stretches `len` samples hold.
    pub(super) fn whole(self, len: u64) -> usize {
        (((len + 1) * self.per).div_ceil(self.samples) - 1) as usize
    }

    /// Stretches after which the pattern of lengths repeats.
    pub(super) fn period(self) -> usize {
        let (mut a, mut b) = (self.samples, self.per);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        (self.per / a) as usize
    }

    /// Stretches that fit in about `samples` samples, at least one.
    pub(super) fn fitting(self, samples: u64) -> usize {
        (samples * self.per / self.samples).max(1) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_ms_at_11025_hz_hold_110_or_111_samples_and_never_drift() {
        let grid = Grid::ten_ms(Rate::new(11_025).expect("supported"));
        let lengths: Vec<u64> = (0..8).map(|k| grid.span(k, 1)).collect();
        assert_eq!(lengths, [110, 110, 110, 111, 110, 110, 110, 111]);
        assert_eq!(grid.start(360_000), 11_025 * 3600);
        assert_eq!(grid.period(), 4);
    }

    #[test]
    fn whole_stretches_are_those_whose_last_sample_is_there() {
        for hz in [8_000, 11_025, 22_050, 44_100, 44_056, 384_000] {
            let grid = Grid::ten_ms(Rate::new(hz).expect("supported"));
            for k in 1..500 {
                assert_eq!(grid.whole(grid.start(k)), k);
                assert_eq!(grid.whole(grid.start(k) - 1), k - 1);
            }
        }
        assert_eq!(Grid::hop(NonZeroUsize::MIN).whole(7), 7);
    }
}
