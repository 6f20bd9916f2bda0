//! From one sample rate to another, for the ear without a trace.
//!
//! A linear-phase filter in the frequency domain (rubato's `Fft`, f64, Blackman-Harris squared) of at least 4096 taps of
//! the slower side: flat to 20 kHz at 44.1 kHz, aliases below -140 dB (`tests/it/resample.rs` measures both for every pair
//! of usual rates). Not here: samples that are not finite; what a filter does to a clipped peak, which is to raise it:
//! whoever needs a ceiling limits after the conversion.

use std::ops::ControlFlow;

use audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Indexing, Resampler, WindowFunction};

use crate::error::DecodeError;

/// Frames in and taps of the filter: with fewer, the filter gets so wide that it takes the top octave down.
const CHUNK_FRAMES: u64 = 4096;

/// Frames that `frames` become.
pub fn resampled_frames(frames: u64, from_hz: u32, to_hz: u32) -> u64 {
    let (from, to) = (u128::from(from_hz.max(1)), u128::from(to_hz));
    u64::try_from((u128::from(frames) * to + from / 2) / from).unwrap_or(u64::MAX)
}

/// Frames to convert at a time, which is the length of the filter too. They count on the input's clock, and going down
/// the output's is the slower one. An even number of the smallest blocks that both rates have in common puts the middle
/// of the filter on a sample of either side; else the output would be late by a part of one.
fn chunk_frames(from_hz: u32, to_hz: u32) -> usize {
    let (mut a, mut common) = (from_hz, to_hz);
    while a > 0 {
        (a, common) = (common % a, a);
    }
    let block = u64::from(from_hz / common.max(1)).max(1);
    let wanted = (CHUNK_FRAMES * u64::from(from_hz)).div_ceil(u64::from(from_hz.min(to_hz)).max(1));
    (wanted.div_ceil(2 * block) * 2 * block) as usize
}

/// Brings one channel from one rate to another, both 1 Hz or more; it starts and ends where it did. `progress` hears the
/// fraction that is done and may stop the work.
pub fn resample(
    samples: &[f32],
    from_hz: u32,
    to_hz: u32,
    progress: &mut dyn FnMut(f32) -> ControlFlow<()>,
) -> Result<Vec<f32>, DecodeError> {
    if from_hz == to_hz || samples.is_empty() {
        return Ok(samples.to_vec());
    }
    let refused =
        |problem: String| DecodeError::Unsupported { found: format!("{from_hz} Hz as {to_hz} Hz ({problem})") };
    let chunk = chunk_frames(from_hz, to_hz);
    let mut resampler = Fft::<f64>::new_custom(
        from_hz as usize,
        to_hz as usize,
        chunk,
        1,
        1,
        WindowFunction::BlackmanHarris2,
        FixedSync::Input,
    )
    .map_err(|error| refused(error.to_string()))?;

    let frames = resampled_frames(samples.len() as u64, from_hz, to_hz) as usize;
    let mut out = Vec::with_capacity(frames);
    let mut late = resampler.output_delay();
    let (mut taken, mut input, mut output) = (0, Vec::<f64>::new(), Vec::<f64>::new());
    while out.len() < frames {
        let (wanted, room) = (resampler.input_frames_next(), resampler.output_frames_next());
        let there = wanted.min(samples.len() - taken);
        input.clear();
        input.extend(samples[taken..taken + there].iter().map(|x| f64::from(*x)));
        input.resize(wanted, 0.0);
        output.resize(room, 0.0);
        let from = SequentialSlice::new(&input, 1, wanted).map_err(|error| refused(error.to_string()))?;
        let mut to = SequentialSlice::new_mut(&mut output, 1, room).map_err(|error| refused(error.to_string()))?;
        let (_, made) = resampler
            .process_into_buffer(&from, &mut to, None::<&Indexing>)
            .map_err(|error| refused(error.to_string()))?;
        let skipped = late.min(made);
        late -= skipped;
        let kept = (made - skipped).min(frames - out.len());
        out.extend(output[skipped..skipped + kept].iter().map(|x| *x as f32));
        taken += there;
        if progress(out.len() as f32 / frames as f32).is_break() {
            return Err(DecodeError::Stopped);
        }
    }
    Ok(out)
}
