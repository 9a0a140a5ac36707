//! Losses of values against values, in floating point.

use crate::kernel::Loops;

/// The mean of a loss that is a function of `y` and `t` alone. `f` gives it, and its slope by `y`.
fn mean<F: Loops>(y: &[F], target: &[F], dy: &mut [F], f: impl Fn(F, F) -> (F, F)) -> F {
    let count = F::from_count(y.len().max(1) as u32);
    let share = F::ONE / count;
    let mut sum = F::ZERO;
    for ((dy, y), target) in dy.iter_mut().zip(y).zip(target) {
        let (loss, slope) = f(*y, *target);
        sum += loss;
        *dy = slope * share;
    }
    sum / count
}

/// The factor is `2 / n` in one, which is how the golden values of format 1 were rounded.
pub(super) fn squared<F: Loops>(y: &[F], target: &[F], dy: &mut [F]) -> F {
    let count = F::from_count(y.len().max(1) as u32);
    let share = (F::ONE + F::ONE) / count;
    let mut sum = F::ZERO;
    for ((dy, y), target) in dy.iter_mut().zip(y).zip(target) {
        let error = *y - *target;
        sum += error * error;
        *dy = error * share;
    }
    sum / count
}

pub(super) fn absolute<F: Loops>(y: &[F], target: &[F], dy: &mut [F]) -> F {
    mean(y, target, dy, |y, t| {
        let error = y - t;
        if error > F::ZERO {
            (error, F::ONE)
        } else if error < F::ZERO {
            (-error, -F::ONE)
        } else {
            // Zero, or not a number, which is to be noticed.
            (error, error)
        }
    })
}

pub(super) fn huber<F: Loops>(y: &[F], target: &[F], delta: F, dy: &mut [F]) -> F {
    let half = F::ONE / (F::ONE + F::ONE);
    mean(y, target, dy, |y, t| {
        let error = y - t;
        if error > delta {
            (delta * (error - half * delta), delta)
        } else if error < -delta {
            (delta * (-error - half * delta), -delta)
        } else {
            (half * error * error, error)
        }
    })
}

pub(super) fn binary_cross_entropy<F: Loops>(z: &[F], target: &[F], dz: &mut [F]) -> F {
    mean(z, target, dz, |z, t| {
        let positive = z > F::ZERO;
        // e^−|z|, which does not overflow; and the probability from it.
        let e = F::exp(if positive { -z } else { z });
        let (hinge, p) = match positive {
            true => (z, F::ONE / (F::ONE + e)),
            false => (F::ZERO, e / (F::ONE + e)),
        };
        (hinge - z * t + ln_1p(e), p - t)
    })
}

/// `ln(1 + x)` without losing the digits of a small `x`.
///
/// Source: Goldberg, What every computer scientist should know about floating-point arithmetic, 1991, theorem 4.
fn ln_1p<F: Loops>(x: F) -> F {
    let u = F::ONE + x;
    if u == F::ONE {
        x
    } else {
        F::ln(u) * x / (u - F::ONE)
    }
}
