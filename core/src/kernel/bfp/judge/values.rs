//! Losses of values against values.

use super::{Figured, delta, differences, figure, fine, share};
use crate::kernel::bfp::limit::Limiter;
use crate::kernel::bfp::products::{Block, BlockMut};
use crate::math::fixed::{self, shift, shift_wide};
use crate::number::nearest;

/// The mean of a loss that is a function of the difference alone. `f` gives it at the square of the differences' scale, and
/// its slope at their own.
fn mean(
    y: Block<'_>,
    target: Block<'_>,
    dy: BlockMut<'_>,
    slopes: i64,
    f: impl Fn(i64) -> (i64, i64),
) -> Figured {
    let count = y.0.len();
    let share = share(count);
    let (errors, fine) = differences(y, target);
    let mut limiter = Limiter::new();
    let mut sum = 0_i64;
    for (dy_of, error) in dy.0.iter_mut().zip(errors) {
        let (loss, slope) = f(error);
        sum = sum.saturating_add(loss);
        // At most 2²³ · 2³¹.
        *dy_of = delta(&mut limiter, slope * (slopes * share), dy.1 + 30 - fine);
    }
    (figure(sum, 2 * fine, count), limiter.peak())
}

pub(super) fn squared(y: Block<'_>, target: Block<'_>, dy: BlockMut<'_>) -> Figured {
    mean(y, target, dy, 2, |error| (error * error, error))
}

/// `h(e)` as `e²/2`, or `(2 δ |e| − δ²)/2`.
pub(super) fn huber(y: Block<'_>, target: Block<'_>, bound: f32, dy: BlockMut<'_>) -> Figured {
    let bound = nearest(bound, -fine(y, target)).clamp(1, i32::MAX.into());
    mean(y, target, dy, 1, |error| {
        let slope = error.clamp(-bound, bound);
        ((slope * (2 * error - slope)) / 2, slope)
    })
}

pub(super) fn absolute(y: Block<'_>, target: Block<'_>, dy: BlockMut<'_>) -> Figured {
    let count = y.0.len();
    let share = share(count);
    let (errors, fine) = differences(y, target);
    let mut limiter = Limiter::new();
    let mut sum = 0_i64;
    for (dy_of, error) in dy.0.iter_mut().zip(errors) {
        sum = sum.saturating_add(error.abs());
        *dy_of = delta(&mut limiter, error.signum() * share, dy.1 + 30);
    }
    (figure(sum, fine, count), limiter.peak())
}

/// With `e = e^−|z|` in Q15: `p = e / (1 + e)` of what is negative, in Q24, and its rest of what is positive.
pub(super) fn binary_cross_entropy(z: Block<'_>, target: Block<'_>, dz: BlockMut<'_>) -> Figured {
    let count = z.0.len();
    let share = share(count);
    let mut limiter = Limiter::new();
    let mut sum = 0_i64;
    for ((dz_of, z_of), t) in dz.0.iter_mut().zip(z.0).zip(target.0) {
        let distance = shift(i32::from(*z_of), -12 - z.1).unsigned_abs();
        let e = fixed::exp_negative(distance);
        // At most 2¹⁵ · 2¹⁶.
        let small = (e * (1_u32 << 31).checked_div(32_768 + e).unwrap_or(0)) >> 7;
        let p = i64::from(if *z_of > 0 { (1 << 24) - small } else { small });
        let t = shift_wide(i64::from(*t), -24 - target.1).clamp(-(1 << 28), 1 << 28);
        // In Q16, and at most 2⁴⁰; Q24 for the target.
        let logit = shift_wide(i64::from(*z_of), -16 - z.1).clamp(-(1 << 40), 1 << 40);
        let crossed = if logit.abs() < 1 << 34 {
            (logit * t) >> 24
        } else {
            (logit >> 8) * (t >> 16)
        };
        sum = sum.saturating_add(logit.max(0) - crossed + i64::from(fixed::ln(32_768 + e)));
        *dz_of = delta(&mut limiter, (p - t) * share, dz.1 + 54);
    }
    (figure(sum.saturating_mul(1 << 16), -32, count), limiter.peak())
}
