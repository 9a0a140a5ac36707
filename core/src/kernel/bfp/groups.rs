//! Normalisation of groups of mantissas by their own mean and variance.

use super::limit::Limiter;
use super::moments::{FINE, Moments, distance, gain_scale};
use super::normal::kept as limited;
use super::rescale::Rescale;
use crate::kernel::{Groups, Running};
use crate::math::fixed::{part, setting, shift, shift_wide};
use crate::number::bfp::{BIAS_FRACTION, Peak};
use core::iter::repeat;
use core::num::Saturating;

type Bias = Saturating<i32>;

/// Fraction bits of a normalised value that is kept: within ±8, which a value can leave only in a group of more than 64.
pub(super) const NORMALISED: i32 = 10;

/// What is added to the exponent of an inverse standard deviation to store it.
const BIASED: i32 = 61;

/// An inverse standard deviation in 16 bits: 6 of exponent, 10 of mantissa below a leading 1. Relative error at most
/// 2⁻¹¹ (5e-4). `mantissa` has 15 bits, from 2¹⁴ to 2¹⁵.
pub(super) fn pack(mantissa: i32, exponent: i32) -> i16 {
    let (mut mantissa, mut exponent) = ((mantissa + 8) >> 4, exponent + 4);
    if mantissa > 2047 {
        (mantissa, exponent) = (1024, exponent + 1);
    }
    (((exponent + BIASED).clamp(0, 63) << 10) | (mantissa & 1023)) as i16
}

/// What [`pack`] stored, as a mantissa of 11 bits and an exponent.
pub(super) fn unpack(packed: i16) -> (i32, i32) {
    let packed = i32::from(packed as u16);
    ((packed & 1023) | 1024, (packed >> 10) - BIASED)
}

/// `old ← (1 − m) old + m new`
fn follow(old: &mut Bias, new: i32, momentum: (i32, i32)) {
    *old += part(new.saturating_sub(old.0), momentum);
}

/// See [`Normal::normalise`](crate::kernel::Normal::normalise); the input lies in `y` at `2^from`, the output goes
/// there at `2^to`.
///
/// `d (r · gain)`, with a distance `d` of 14 bits and the product of two mantissas of 15 bits, itself taken with 15: a
/// product of at most 2²⁸.
pub(super) fn normalise(
    y: &mut [i16],
    (from, to): (i32, i32),
    (gain, bias): (&[Bias], &[Bias]),
    groups: Groups,
    (kept, inverse): (&mut [i16], &mut [i16]),
    mut running: Option<Running<'_, Bias>>,
) -> Peak {
    let Groups {
        count,
        runs,
        width,
        step,
        ..
    } = groups;
    let mut limiter = Limiter::new();
    if step == 0 {
        return limiter.peak();
    }
    let (gain_down, gain_exponent) = gain_scale(gain);
    let momentum = running
        .as_ref()
        .map_or((0, 0), |running| setting(running.momentum));
    for group in 0..count {
        let first = group * width;
        let Some(y) = y.get_mut(first..) else { break };
        let values = y.chunks(step).take(runs).flat_map(|run| run.iter().take(width));
        let moments = Moments::of(values, runs * width, groups.centred);
        let (mean, down) = (moments.mean, moments.down);
        let unit = from - FINE + down;
        let (scale, exponent) = moments.inverse(unit);
        if let Some(inverse) = inverse.get_mut(group) {
            *inverse = pack(scale, exponent - unit);
        }
        if let Some(Running { mean, variance, .. }) = &mut running
            && let (Some(mean), Some(variance)) = (mean.get_mut(group), variance.get_mut(group))
        {
            follow(mean, moments.mean_bias(from), momentum);
            follow(variance, moments.variance_bias(from, true), momentum);
        }
        let out = Rescale::by(to - (exponent + gain_exponent + 15));
        let normalised = Rescale::by(-NORMALISED - exponent);
        let (gain, bias) = (groups.gains(group, gain), groups.gains(group, bias));
        let mut kept = kept.get_mut(first..).unwrap_or(&mut []).chunks_mut(step);
        for run in y.chunks_mut(step).take(runs) {
            for (kept, x) in kept.next().unwrap_or(&mut []).iter_mut().zip(&*run).take(width) {
                let n = normalised.of(distance(*x, mean, down) * scale);
                *kept = limited(n);
            }
            let bias = bias.iter().map(|bias| bias.0).chain(repeat(0));
            for ((x, gain), bias) in run.iter_mut().zip(gain).zip(bias) {
                let factor = shift(scale * shift(gain.0, gain_down), 15);
                let product = out.of(distance(*x, mean, down) * factor);
                let bias = shift(bias, to + i32::from(BIAS_FRACTION));
                *x = limiter.limit(product.saturating_add(bias));
            }
        }
    }
    limiter.peak()
}

/// See [`Normal::normalise_gradient`](crate::kernel::Normal::normalise_gradient).
///
/// `gain · dy` with 16 bits; its products with normalised values have 29. What is left when mean and slope are taken off
/// has at most 20 bits, its product with an inverse of 11 bits at most 31.
pub(super) fn normalise_gradient(
    dx: &mut [i16],
    (from, to): (i32, i32),
    gain: &[Bias],
    groups: Groups,
    (kept, inverse): (&[i16], &[i16]),
) -> Peak {
    let Groups {
        count,
        runs,
        width,
        step,
        ..
    } = groups;
    let mut limiter = Limiter::new();
    if step == 0 {
        return limiter.peak();
    }
    let size = (runs * width).max(1) as i64;
    let (gain_down, gain_exponent) = gain_scale(gain);
    let times = |dy: &i16, gain: &Bias| shift(i32::from(*dy) * shift(gain.0, gain_down), 13);
    for (group, inverse) in inverse.iter().enumerate().take(count) {
        let first = group * width;
        let (Some(dx), Some(kept)) = (dx.get_mut(first..), kept.get(first..)) else {
            break;
        };
        let gain = groups.gains(group, gain);
        let (mut sum, mut product) = (0_i64, 0_i64);
        for (run, kept) in dx.chunks(step).zip(kept.chunks(step)).take(runs) {
            for ((dy, n), gain) in run.iter().zip(kept).zip(gain) {
                let d = times(dy, gain);
                sum += i64::from(d);
                product += i64::from(d * i32::from(*n));
            }
        }
        let mean = if groups.centred {
            sum.checked_div(size).unwrap_or(0) as i32
        } else {
            0
        };
        let slope = shift_wide(product.checked_div(size).unwrap_or(0), NORMALISED);
        let slope = slope.clamp(-(1 << 17), 1 << 17) as i32;
        let (scale, exponent) = unpack(*inverse);
        let out = Rescale::by(to - (from + gain_exponent + 13 + exponent));
        for (run, kept) in dx.chunks_mut(step).zip(kept.chunks(step)).take(runs) {
            for ((dx, n), gain) in run.iter_mut().zip(kept).zip(gain) {
                let rest = times(dx, gain) - mean - shift(i32::from(*n) * slope, NORMALISED);
                let rest = rest.clamp(1 - (1 << 20), (1 << 20) - 1);
                *dx = limiter.limit(out.of(rest * scale));
            }
        }
    }
    limiter.peak()
}
