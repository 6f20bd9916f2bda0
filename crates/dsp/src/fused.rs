//! Products and sums that are rounded once, where processors do that at once.
//!
//! Not here: the choice of processor, which is each kernel's own.

use realfft::num_traits::MulAdd;
use std::ops::{Add, Mul};

/// A sum and a product; fused only if asked, since without an instruction for it that is a slow call.
#[expect(clippy::inline_always, reason = "it must be compiled with the instructions that its caller was chosen for")]
#[inline(always)]
pub(crate) fn plus<T>(fused: bool, sum: T, factor: T, value: T) -> T
where
    T: MulAdd<Output = T> + Mul<Output = T> + Add<Output = T>,
{
    if fused { factor.mul_add(value, sum) } else { sum + factor * value }
}
