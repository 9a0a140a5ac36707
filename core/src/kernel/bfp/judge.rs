//! Losses in 16-bit block fixed point.

use super::limit::{Limiter, bits};
use super::next_token::next_token;
use crate::kernel::Judge;
use crate::math::fixed::{self, shift, shift_wide};
use crate::number::bfp::{Bfp14, Master, Peak, Q32};
use crate::number::{View, ViewMut};

/// Those of [`JUDGE`](super::kinds::JUDGE); the mask refuses the others by name.
impl<M: Master> Judge for Bfp14<M> {
    fn softmax_cross_entropy(z: View<'_, Self>, class: usize, dz: ViewMut<'_, Self>) -> (Q32, Peak) {
        softmax_cross_entropy(z, class, dz)
    }

    fn mean_squared_error(y: View<'_, Self>, target: View<'_, Self>, dy: ViewMut<'_, Self>) -> (Q32, Peak) {
        mean_squared_error(y, target, dy)
    }

    fn next_token(
        z: View<'_, Self>,
        vocabulary: usize,
        frames: usize,
        token: impl Fn(usize) -> Option<usize>,
        dz: ViewMut<'_, Self>,
    ) -> (Q32, Peak) {
        next_token(z, vocabulary, frames, token, dz)
    }
}

/// Exponentials in Q15 from differences in Q12, one reciprocal, probabilities in Q24.
fn softmax_cross_entropy<M: Master>(
    z: View<'_, Bfp14<M>>,
    class: usize,
    dz: ViewMut<'_, Bfp14<M>>,
) -> (Q32, Peak) {
    let highest = z.data.iter().copied().max().unwrap_or(0);
    let by = -12 - bits(z.scale);
    let below = |z: i16| shift(i32::from(highest) - i32::from(z), by).unsigned_abs();
    let sum: u32 = z
        .data
        .iter()
        .map(|z| fixed::exp_negative(below(*z)))
        .fold(0, u32::saturating_add);
    let reciprocal = (1_u32 << 31).checked_div(sum).unwrap_or(0);
    let to_delta = bits(dz.scale) + 24;
    let mut limiter = Limiter::new();
    for (o, (dz, z)) in dz.data.iter_mut().zip(z.data).enumerate() {
        let probability = (fixed::exp_negative(below(*z)).saturating_mul(reciprocal) >> 7) as i32;
        let target = if o == class { 1 << 24 } else { 0 };
        *dz = limiter.limit(shift(probability - target, to_delta));
    }
    let distance = z.data.get(class).map_or(0, |z| below(*z));
    let loss = (i64::from(fixed::ln(sum)) << 16) + (i64::from(distance) << 20);
    (Q32(loss.max(0)), limiter.peak())
}

/// The difference at the finer of the two exponents, squares in 64 bits.
fn mean_squared_error<M: Master>(
    y: View<'_, Bfp14<M>>,
    target: View<'_, Bfp14<M>>,
    dy: ViewMut<'_, Bfp14<M>>,
) -> (Q32, Peak) {
    let count = y.data.len().max(1) as i64;
    let fine = bits(y.scale).min(bits(target.scale));
    let (up_y, up_t) = (fine - bits(y.scale), fine - bits(target.scale));
    let to_delta = bits(dy.scale) - fine + 16;
    let mut limiter = Limiter::new();
    let mut sum = 0_i64;
    for ((dy, y), t) in dy.data.iter_mut().zip(y.data).zip(target.data) {
        let error = i64::from(shift((*y).into(), up_y).saturating_sub(shift((*t).into(), up_t)));
        sum = sum.saturating_add(error.saturating_mul(error));
        let share = (error << 17).checked_div(count).unwrap_or(0);
        let delta = shift_wide(share, to_delta);
        *dy = limiter.limit(delta.clamp(i32::MIN.into(), i32::MAX.into()) as i32);
    }
    (
        Q32(shift_wide(sum, -(2 * fine + 32)).checked_div(count).unwrap_or(0)),
        limiter.peak(),
    )
}
