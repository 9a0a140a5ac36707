//! Normalisation, dropout, softmax and functions with settings in block fixed point.
//!
//! Slopes are kept with 12 fraction bits, within ±2; normalised values with 10, within ±8; the inverse standard
//! deviation of a group as in [`groups::pack`]. Running statistics are biases, Q7.24: a mean within ±128 and a variance
//! below 128, which saturate; what has a larger spread should be scaled down before it is normalised by them.
//!
//! Nothing for an element multiplies more than 32 bits or divides. Sums over a group are of 64 bits: an addition
//! of products of 32 bits to it is three instructions, and no proof is needed that so many fit.

use super::limit::{Limiter, bits};
use super::rescale::Rescale;
use super::{groups, running};
use crate::kernel::{Channels, Grad, Groups, Normal, Running};
use crate::math::fixed::{self, shift, shift_wide};
use crate::math::{Curve, Shaped};
use crate::number::bfp::{Bfp14, Exponent, MANTISSA, Master, Peak};
use crate::number::random::Pcg;
use crate::number::{View, ViewMut};
use core::num::Saturating;

/// Fraction bits of kept slopes.
const SLOPE: i32 = fixed::scaled::SLOPE;

/// To a mantissa that no peak takes note of.
pub(super) fn kept(value: i32) -> i16 {
    value.clamp(-MANTISSA, MANTISSA) as i16
}

impl<M: Master> Normal for Bfp14<M> {
    fn shaped<S: Shaped>(setting: f32, y: ViewMut<'_, Self>) -> Peak {
        let (setting, scale) = (fixed::setting(setting), bits(y.scale));
        let mut limiter = Limiter::new();
        for y in y.data {
            *y = limiter.limit(S::integer(setting, (*y).into(), scale));
        }
        limiter.peak()
    }

    fn shaped_gradient<S: Shaped>(setting: f32, y: View<'_, Self>, dy: ViewMut<'_, Self>) -> Peak {
        let (setting, scale) = (fixed::setting(setting), bits(y.scale));
        let mut limiter = Limiter::new();
        for (dy, y) in dy.data.iter_mut().zip(y.data) {
            *dy = limiter.limit(S::integer_slope(setting, (*y).into(), scale, (*dy).into()));
        }
        limiter.peak()
    }

    fn curve<C: Curve>(y: ViewMut<'_, Self>, from: Exponent, slopes: &mut [i16]) -> Peak {
        let (from, to) = (bits(from), bits(y.scale));
        let mut limiter = Limiter::new();
        let mut slopes = slopes.iter_mut();
        for y in y.data {
            let (value, slope) = C::integer((*y).into(), from, to);
            *y = limiter.limit(value);
            if let Some(to) = slopes.next() {
                *to = kept(slope);
            }
        }
        limiter.peak()
    }

    fn multiply(y: ViewMut<'_, Self>, from: Exponent, by: &[i16]) -> Peak {
        let out = Rescale::by(SLOPE + bits(y.scale) - bits(from));
        let mut limiter = Limiter::new();
        for (y, by) in y.data.iter_mut().zip(by) {
            *y = limiter.limit(out.of(i32::from(*y) * i32::from(*by)));
        }
        limiter.peak()
    }

    /// Drops the elements that `f32` drops: the share is compared as an integer, with the same 24 bits of each draw.
    fn dropout(y: ViewMut<'_, Self>, rate: f32, random: &mut Pcg) -> Peak {
        let dropped = fixed::share(rate);
        let (mantissa, exponent) = fixed::reciprocal((1_u32 << 24).saturating_sub(dropped));
        let out = Rescale::by(-(exponent + 24));
        let mut limiter = Limiter::new();
        for y in y.data {
            let value = if random.next_u32() >> 8 < dropped {
                0
            } else {
                out.of(i32::from(*y) * mantissa)
            };
            *y = limiter.limit(value);
        }
        limiter.peak()
    }

    /// Exponentials in Q14, of differences in Q12; one reciprocal.
    fn softmax(y: ViewMut<'_, Self>, from: Exponent, width: usize) -> Peak {
        let (to, below) = (bits(y.scale), -12 - bits(from));
        let mut limiter = Limiter::new();
        for y in y.data.chunks_exact_mut(width.max(1)) {
            let highest = i32::from(y.iter().copied().max().unwrap_or(0));
            let mut sum = 0_u32;
            for y in &mut *y {
                let distance = shift(highest - i32::from(*y), below).unsigned_abs();
                let power = (fixed::exp_negative(distance) + 1) >> 1;
                sum = sum.saturating_add(power);
                *y = power as i16;
            }
            let (mantissa, exponent) = fixed::reciprocal(sum);
            let out = Rescale::by(to - exponent);
            for y in y {
                *y = limiter.limit(out.of(i32::from(*y) * mantissa));
            }
        }
        limiter.peak()
    }

    fn softmax_gradient(y: View<'_, Self>, dy: ViewMut<'_, Self>, from: Exponent, width: usize) -> Peak {
        let (scale, width) = (bits(y.scale), width.max(1));
        // Two more bits than those of `dy`.
        let out = Rescale::by(bits(dy.scale) - (scale + bits(from) - 2));
        let mut limiter = Limiter::new();
        for (dy, y) in dy.data.chunks_exact_mut(width).zip(y.data.chunks_exact(width)) {
            let products = dy.iter().zip(y).map(|(dy, y)| i32::from(*dy) * i32::from(*y));
            let sum: i64 = products.map(i64::from).sum();
            // A mean of `dy`, so no larger, but for the rounding of `y`.
            let mean = shift_wide(sum, -2 - scale).clamp(-(1 << 16), 1 << 16) as i32;
            for (dy, y) in dy.iter_mut().zip(y) {
                let distance = (i32::from(*dy) << 2) - mean;
                *dy = limiter.limit(out.of(i32::from(*y) * distance));
            }
        }
        limiter.peak()
    }

    fn normalise(
        y: ViewMut<'_, Self>,
        from: Exponent,
        parameters: (&[Saturating<i32>], &[Saturating<i32>]),
        groups: Groups,
        kept: (&mut [i16], &mut [i16]),
        statistics: Option<Running<'_, Saturating<i32>>>,
    ) -> Peak {
        groups::normalise(
            y.data,
            (bits(from), bits(y.scale)),
            parameters,
            groups,
            kept,
            statistics,
        )
    }

    fn normalise_gradient(
        dy: ViewMut<'_, Self>,
        from: Exponent,
        gain: &[Saturating<i32>],
        groups: Groups,
        kept: (&[i16], &[i16]),
    ) -> Peak {
        groups::normalise_gradient(dy.data, (bits(from), bits(dy.scale)), gain, groups, kept)
    }

    fn gain_gradient(dy: View<'_, Self>, kept: &[i16], dgain: Grad<'_, Self>, fresh: bool) {
        running::gain_gradient(dy, kept, dgain, fresh);
    }

    fn follow_channels(
        x: View<'_, Self>,
        (mean, variance): (&mut [Saturating<i32>], &mut [Saturating<i32>]),
        momentum: f32,
    ) {
        running::follow(x.data, bits(x.scale), mean, variance, fixed::setting(momentum));
    }

    fn standardise(
        y: ViewMut<'_, Self>,
        from: Exponent,
        channels: Channels<'_, Saturating<i32>>,
        kept: &mut [i16],
    ) -> Peak {
        running::standardise(y.data, (bits(from), bits(y.scale)), channels, kept)
    }

    fn standardise_gradient(
        dy: ViewMut<'_, Self>,
        from: Exponent,
        gain: &[Saturating<i32>],
        variance: &[Saturating<i32>],
    ) -> Peak {
        running::standardise_gradient(dy.data, (bits(from), bits(dy.scale)), gain, variance)
    }
}

#[cfg(test)]
#[path = "normal_tests.rs"]
mod tests;
