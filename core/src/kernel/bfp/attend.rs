//! Attention in block fixed point: scores become probabilities and back.

use super::limit::{Limiter, bits};
use super::sequence::UNIT;
use crate::math::fixed::{self, shift};
use crate::number::bfp::{Bfp14, MANTISSA, Master, Peak};
use crate::number::{View, ViewMut};

/// Bits of the mantissa of a factor.
const FACTOR: i32 = 15;

/// `1 / √width` as a mantissa of 15 bits, cut off below, and its exponent.
fn inverse_root(width: usize) -> (i32, i32) {
    let width = width.max(1) as u64;
    // 2^(2k) / width has 29 or 30 bits, so that its root has 15.
    let bits = 64 - width.leading_zeros() as i32;
    let k = (29 + bits).div_euclid(2);
    let root = fixed::root((1_u64 << (2 * k)) / width);
    (root as i32, -k)
}

/// Differences to the largest in Q12, exponentials in Q15, one reciprocal.
pub(super) fn attend<M: Master>(scores: ViewMut<'_, Bfp14<M>>, width: usize) {
    let (root, exponent) = inverse_root(width);
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
    // The sum, which is at least that of the largest, with 16 bits.
    let down = 16_u32.saturating_sub(sum.leading_zeros());
    let half = (1_u32 << down) >> 1;
    let reciprocal = (1_u32 << 31)
        .checked_div(sum.saturating_add(half) >> down)
        .unwrap_or(0);
    let half = 1_u32 << (UNIT as u32 + down);
    for s in scores.data {
        let share = u32::from(s.unsigned_abs()) * reciprocal;
        *s = (share.saturating_add(half) >> (16 + down)).min(i16::MAX as u32) as i16;
    }
}

pub(super) fn attend_gradient<M: Master>(
    p: ViewMut<'_, Bfp14<M>>,
    dp: View<'_, Bfp14<M>>,
    mean: View<'_, Bfp14<M>>,
    width: usize,
) -> Peak {
    let (root, exponent) = inverse_root(width);
    let to_dp = bits(dp.scale) - bits(mean.scale);
    // 14 of 30 bits are taken off the difference times the root, 15 are those of the probability.
    let by = bits(p.scale) - (bits(dp.scale) + exponent + FACTOR - 1 - UNIT);
    let mut limiter = Limiter::new();
    for ((p, dp), mean) in p.data.iter_mut().zip(dp.data).zip(mean.data) {
        let mean = shift((*mean).into(), to_dp).clamp(-MANTISSA, MANTISSA);
        let apart = shift((i32::from(*dp) - mean) * root, FACTOR - 1);
        *p = limiter.limit(shift(i32::from(*p) * apart, by));
    }
    limiter.peak()
}
