//! Normalisation of channels of mantissas by running statistics.

use super::groups::NORMALISED;
use super::limit::{Limiter, bits};
use super::moments::{FINE, Moments, distance, gain_scale};
use super::normal::kept as limited;
use super::rescale::Rescale;
use super::set_gradient_scale;
use crate::kernel::{Channels, Grad};
use crate::math::fixed::{inverse_root, part, shift, shift_wide};
use crate::number::View;
use crate::number::bfp::{BIAS_FRACTION, Bfp14, Master, Peak};
use core::num::Saturating;

type Bias = Saturating<i32>;

/// See [`Normal::follow_channels`](crate::kernel::Normal::follow_channels). The square of a distance from the mean is
/// limited to 128, as a variance is.
pub(super) fn follow(x: &[i16], scale: i32, mean: &mut [Bias], variance: &mut [Bias], momentum: (i32, i32)) {
    let count = mean.len().max(1);
    let positions = x.len() / count;
    for (c, (mean, variance)) in mean.iter_mut().zip(variance).enumerate() {
        let own = x.get(c..).unwrap_or(&[]).iter().step_by(count);
        let own = Moments::of(own, positions, true);
        let delta = own.mean_bias(scale).saturating_sub(mean.0);
        // In Q12, at most the root of a variance of 128.
        let distance = shift(delta, 12).clamp(-46_340, 46_340);
        let wide = variance.0.saturating_add(part(distance * distance, momentum));
        let spread = own.variance_bias(scale, false);
        *variance = Saturating(wide.saturating_add(part(spread.saturating_sub(wide), momentum)));
        *mean += part(delta, momentum);
    }
}

/// `1 / √(σ² + ε)`, from a variance in Q7.24.
fn inverse(variance: Bias) -> (i32, i32) {
    // ε = 10⁻⁵ in Q32.
    const EPSILON: u64 = 42_950;
    let (mantissa, exponent) = inverse_root(((variance.0.max(0) as u64) << 8) + EPSILON);
    (mantissa, exponent + 16)
}

/// See [`Normal::standardise`](crate::kernel::Normal::standardise). Distances from the mean have 16 bits, and their
/// products with a mantissa of 15 bits 31.
pub(super) fn standardise(
    y: &mut [i16],
    (from, to): (i32, i32),
    channels: Channels<'_, Bias>,
    kept: &mut [i16],
) -> Peak {
    let mut limiter = Limiter::new();
    let Channels {
        gain,
        shift: bias,
        mean,
        variance,
    } = channels;
    let count = mean.len().max(1);
    let (gain_down, gain_exponent) = gain_scale(gain);
    for (c, (((gain, bias), mean), variance)) in gain.iter().zip(bias).zip(mean).zip(variance).enumerate() {
        let (scale, exponent) = inverse(*variance);
        let mean = shift(mean.0, from - FINE + i32::from(BIAS_FRACTION)).clamp(-(1 << 30), 1 << 30);
        let farthest = mean.unsigned_abs() + (1 << (13 + FINE));
        let down = (32 - farthest.leading_zeros() as i32 - 15).max(0);
        let exponent = exponent + from - FINE + down;
        let factor = shift(scale * shift(gain.0, gain_down), 15);
        let out = Rescale::by(to - (exponent + gain_exponent + 15));
        let normalised = Rescale::by(-NORMALISED - exponent);
        let bias = shift(bias.0, to + i32::from(BIAS_FRACTION));
        let mut kept = kept.iter_mut().skip(c).step_by(count);
        for y in y.iter_mut().skip(c).step_by(count) {
            let distance = distance(*y, mean, down);
            if let Some(kept) = kept.next() {
                *kept = limited(normalised.of(distance * scale));
            }
            *y = limiter.limit(out.of(distance * factor).saturating_add(bias));
        }
    }
    limiter.peak()
}

/// See [`Normal::standardise_gradient`](crate::kernel::Normal::standardise_gradient).
pub(super) fn standardise_gradient(
    dx: &mut [i16],
    (from, to): (i32, i32),
    gain: &[Bias],
    variance: &[Bias],
) -> Peak {
    let mut limiter = Limiter::new();
    let count = variance.len().max(1);
    let (gain_down, gain_exponent) = gain_scale(gain);
    for (c, (gain, variance)) in gain.iter().zip(variance).enumerate() {
        let (scale, exponent) = inverse(*variance);
        let factor = shift(scale * shift(gain.0, gain_down), 15);
        let out = Rescale::by(to - (from + exponent + gain_exponent + 15));
        for dx in dx.iter_mut().skip(c).step_by(count) {
            *dx = limiter.limit(out.of(i32::from(*dx) * factor));
        }
    }
    limiter.peak()
}

/// See [`Normal::gain_gradient`](crate::kernel::Normal::gain_gradient). A sum over `T` positions is taken without its
/// `⌈log₂ T⌉` lowest bits, so that those of 32 samples fit: `32 (8191² + 1) < 2³¹`.
pub(super) fn gain_gradient<M: Master>(
    dy: View<'_, Bfp14<M>>,
    kept: &[i16],
    dgain: Grad<'_, Bfp14<M>>,
    fresh: bool,
) {
    let count = dgain.data.len().max(1);
    let positions = dy.data.len() / count;
    let down = positions.max(1).next_power_of_two().trailing_zeros() as i32;
    set_gradient_scale(dgain.track, bits(dy.scale) - NORMALISED + down);
    for (c, sum) in dgain.data.iter_mut().enumerate() {
        let products = dy.data.iter().zip(kept).skip(c).step_by(count);
        let own: i64 = products
            .map(|(dy, n)| i64::from(i32::from(*dy) * i32::from(*n)))
            .sum();
        let before = if fresh { 0 } else { *sum };
        *sum = before.saturating_add(shift_wide(own, down) as i32);
    }
}
