//! Loudness after ITU-R BS.1770-5, EBU R 128, Tech 3341 (metering) and Tech 3342 (loudness range).
//!
//! [`measure`] takes a whole track, [`LoudnessMeter`] takes it block by block; both give one [`KEnergy`], and all
//! numbers come from that. [`k_energy_per_hop`] and [`integrated_with_gain`] serve whoever searches for a gain.
//!
//! Not here: true peak, and relative scales (LU against a target): subtract the target.

mod energy;
mod gating;
mod grid;
mod lanes;
mod meter;
mod weighting;

pub use energy::{KEnergy, Loudness, STEP_S, Series};
pub use gating::{
    ABSOLUTE_GATE_LUFS, integrated_from_blocks, integrated_with_gain, range_from_windows, range_with_gain,
};
pub use lanes::k_energy_per_hop;
pub use meter::LoudnessMeter;
pub use weighting::k_weight;

/// A sample rate at which loudness is defined well enough to be measured: 8 kHz to 384 kHz.
///
/// The standard's filter is given at 48 kHz. Its response at other rates stays within 0.05 dB of that from 32 kHz up,
/// 0.1 dB at 22.05 kHz and 0.5 dB at 8 kHz (worst near 2.5 kHz): the bilinear transform bends the shelf towards Nyquist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(u32);

/// A sample rate outside [`Rate`]'s range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the sample rate is {found_hz} Hz; loudness is measured from {} to {} Hz: resample first",
    Rate::LOWEST_HZ,
    Rate::HIGHEST_HZ
)]
pub struct UnsupportedRate {
    /// The rate that was asked for, Hz.
    pub found_hz: u32,
}

impl Rate {
    /// The lowest rate, Hz.
    pub const LOWEST_HZ: u32 = 8_000;
    /// The highest rate, Hz.
    pub const HIGHEST_HZ: u32 = 384_000;

    /// Takes a rate in Hz, from [`LOWEST_HZ`](Self::LOWEST_HZ) to [`HIGHEST_HZ`](Self::HIGHEST_HZ).
    pub const fn new(hz: u32) -> Result<Self, UnsupportedRate> {
        if hz >= Self::LOWEST_HZ && hz <= Self::HIGHEST_HZ {
            Ok(Self(hz))
        } else {
            Err(UnsupportedRate { found_hz: hz })
        }
    }

    /// The rate in Hz.
    pub const fn get(self) -> u32 {
        self.0
    }

    fn hz(self) -> f64 {
        f64::from(self.0)
    }
}

/// What the channels are, which decides what each weighs (BS.1770-5 annex 1, table 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layout {
    /// One channel, measured as one loudspeaker would play it; what FFmpeg's `ebur128` does by default.
    Mono,
    /// One channel that two loudspeakers will play: 3.01 LU louder than [`Mono`](Self::Mono).
    DualMono,
    /// Left, right.
    Stereo,
    /// Left, right, centre, left surround, right surround; the surrounds weigh 1.41 (+1.5 dB).
    Surround50,
}

impl Layout {
    /// Mono or stereo by the number of channels; `None` for any other number.
    pub const fn of_channels(channels: usize) -> Option<Self> {
        match channels {
            1 => Some(Self::Mono),
            2 => Some(Self::Stereo),
            _ => None,
        }
    }

    /// How many channels there are.
    pub const fn channels(self) -> usize {
        self.weights().len()
    }

    /// The weight of each channel's energy.
    pub const fn weights(self) -> &'static [f64] {
        match self {
            Self::Mono => &[1.0],
            Self::DualMono => &[2.0],
            Self::Stereo => &[1.0, 1.0],
            Self::Surround50 => &[1.0, 1.0, 1.0, 1.41, 1.41],
        }
    }

    /// The common length of the channels, which must be those of the layout.
    fn check(self, channels: &[&[f32]]) -> usize {
        assert_eq!(channels.len(), self.channels(), "one slice for each channel of {self:?}");
        let len = channels[0].len();
        assert!(channels.iter().all(|channel| channel.len() == len), "channels of one length");
        len
    }
}

/// Loudness of a whole track; `None` when it has none.
///
/// The same numbers as [`LoudnessMeter`] gives, several times faster. Samples are planar and finite, full scale 1.0.
/// A track has no loudness when it is shorter than 400 ms, when no 400 ms of it lie above -70 LUFS, when no sample
/// differs from the first of its channel (silence, or direct current: the step at its start is no sound), or when a
/// sample is not finite.
///
/// # Panics
/// When the number of slices is not that of the layout, or their lengths differ.
///
/// ```
/// use dsp::loudness::{Layout, Rate, measure};
///
/// let rate = Rate::new(48_000)?;
/// let tone: Vec<f32> = (0..48_000 * 5).map(|n| 0.1 * (n as f32 * 997.0 / 48_000.0 * std::f32::consts::TAU).sin()).collect();
/// let loudness = measure(rate, Layout::Stereo, &[&tone, &tone]).expect("audible");
/// assert!((loudness.integrated_lufs + 20.0).abs() < 0.05);
/// # Ok::<(), dsp::loudness::UnsupportedRate>(())
/// ```
#[must_use]
pub fn measure(rate: Rate, layout: Layout, channels: &[&[f32]]) -> Option<Loudness> {
    KEnergy::of(rate, layout, channels).loudness()
}

/// Loudness in LUFS of a K-weighted, channel-weighted mean square (BS.1770-5 annex 1, equation 2).
#[must_use]
pub fn lufs_from_energy(mean_square: f64) -> f64 {
    -0.691 + 10.0 * mean_square.log10()
}

/// The K-weighted, channel-weighted mean square of a loudness in LUFS.
#[must_use]
pub fn energy_from_lufs(lufs: f64) -> f64 {
    10f64.powf((lufs + 0.691) / 10.0)
}
