//! The highest and the lowest samples, found in lanes.
//!
//! `f32::max` has to care for what is not a number, so that compilers look at one sample after the other.
//! Not here: what lies between samples (that is `true_peak`).

use multiversion::multiversion;

/// The lower of two numbers.
pub(crate) fn lower(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

/// The higher of two numbers.
pub(crate) fn higher(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// The highest sample without its sign, linear; infinite or not a number where one of them is.
#[multiversion(targets("x86_64+avx+avx2", "aarch64+neon"))]
#[must_use]
pub fn sample_peak(samples: &[f32]) -> f32 {
    let mut highest = 0;
    for sample in samples {
        highest = highest.max(magnitude(*sample));
    }
    f32::from_bits(highest)
}

/// The bits of a value without its sign: they are in the order of the values.
#[expect(clippy::inline_always, reason = "it must be compiled with the instructions that its caller was chosen for")]
#[inline(always)]
pub(crate) fn magnitude(value: f32) -> u32 {
    value.abs().to_bits()
}

/// The lowest and the highest of finite samples; infinite both, and the wrong way round, where there are none.
#[multiversion(targets("x86_64+avx+avx2", "aarch64+neon"))]
#[must_use]
pub fn lowest_and_highest(samples: &[f32]) -> (f32, f32) {
    let (mut lowest, mut highest) = (in_order(f32::INFINITY), in_order(f32::NEG_INFINITY));
    for sample in samples {
        lowest = lowest.min(in_order(*sample));
        highest = highest.max(in_order(*sample));
    }
    (from_order(lowest), from_order(highest))
}

/// Integers in the order of the values: those below zero have all bits but the sign turned round.
#[expect(clippy::inline_always, reason = "it must be compiled with the instructions that its caller was chosen for")]
#[inline(always)]
fn in_order(value: f32) -> i32 {
    let bits = value.to_bits().cast_signed();
    bits ^ (bits >> 31 & i32::MAX)
}

fn from_order(place: i32) -> f32 {
    f32::from_bits((place ^ (place >> 31 & i32::MAX)).cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_extremes_are_those_of_one_sample_after_the_other(samples in prop::collection::vec(-4.0f32..4.0, 0..100)) {
            let (lowest, highest) = lowest_and_highest(&samples);
            prop_assert_eq!(lowest, samples.iter().copied().fold(f32::INFINITY, f32::min));
            prop_assert_eq!(highest, samples.iter().copied().fold(f32::NEG_INFINITY, f32::max));
            prop_assert_eq!(sample_peak(&samples), samples.iter().fold(0.0, |a: f32, b| a.max(b.abs())));
        }
    }

    #[test]
    fn what_is_not_finite_is_seen_wherever_it_is() {
        for at in 0..40 {
            for odd in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let mut samples = [0.5f32; 40];
                samples[at] = odd;
                assert!(!sample_peak(&samples).is_finite(), "{odd} at {at}");
            }
        }
    }
}
