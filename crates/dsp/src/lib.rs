//! Signals, and nothing but signals: slices in, slices out.
//!
//! Not here: files, clocks, randomness without a seed, and any notion of what sounds good (that is `mastering`).

pub mod band_gain;
pub mod cancel;
pub mod dither;
pub mod extremes;
pub mod fir;
mod fused;
pub mod gain_curve;
pub mod limiter;
pub mod loudness;
pub mod parallel;
pub mod saturation;
pub mod spectrum;
pub mod stereo;
pub mod stereo_spectrum;
#[cfg(test)]
mod test_signals;
pub mod true_peak;
mod window;

/// Decibels of an amplitude ratio; silence is minus infinity.
#[must_use]
pub fn db_from_amplitude(amplitude: f64) -> f64 {
    20.0 * amplitude.log10()
}

/// Amplitude ratio of a level in decibels.
#[must_use]
pub fn amplitude_from_db(db: f64) -> f64 {
    10f64.powf(db / 20.0)
}
