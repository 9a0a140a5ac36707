//! Attention in block fixed point: scores become probabilities and back.

use super::limit::{Limiter, bits};
use super::sequence::UNIT;
use crate::math::fixed::{self, shift};
use crate::number::bfp::{Bfp14, MANTISSA, Master, Peak};
use crate::number::{View, ViewMut};

/// Bits that are taken off a difference times a root, which has 30 of them.
const APART: i32 = 14;

/// Differences to the largest in Q12, exponentials in Q15, one reciprocal.
pub(super) fn attend<M: Master>(scores: ViewMut<'_, Bfp14<M>>, width: usize) {
    let (root, exponent) = fixed::inverse_root(width as u64);
    let by = -12 - bits(scores.scale) - exponent;
    let highest = i32::from(scores.data.iter().copied().max().unwrap_or(0));
    let mut sum = 0_u32;
    for s in scores.data.iter_mut() {
        // At most 2 · 8191 times 2¹⁵.
        let below = shift((highest - i32::from(*s)) * root, by).unsigned_abs();
        let share = fixed::exp_negative(below).min(i16::MAX as u32);
        sum = sum.saturating_add(share);
        *s = share as i16;
    }
    let (reciprocal, exponent) = fixed::reciprocal(sum);
    for s in scores.data {
        let share = shift(i32::from(*s) * reciprocal, -UNIT - exponent);
        *s = share.min(i16::MAX.into()) as i16;
    }
}

pub(super) fn attend_gradient<M: Master>(
    p: ViewMut<'_, Bfp14<M>>,
    dp: View<'_, Bfp14<M>>,
    mean: View<'_, Bfp14<M>>,
    width: usize,
) -> Peak {
    let (root, exponent) = fixed::inverse_root(width as u64);
    let to_dp = bits(dp.scale) - bits(mean.scale);
    let by = bits(p.scale) - (bits(dp.scale) + exponent + APART - UNIT);
    let mut limiter = Limiter::new();
    for ((p, dp), mean) in p.data.iter_mut().zip(dp.data).zip(mean.data) {
        let mean = shift((*mean).into(), to_dp).clamp(-MANTISSA, MANTISSA);
        let apart = shift((i32::from(*dp) - mean) * root, APART);
        *p = limiter.limit(shift(i32::from(*p) * apart, by));
    }
    limiter.peak()
}
