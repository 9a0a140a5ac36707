//! Mean and variance of mantissas, and what follows from them.

use crate::math::fixed::{inverse_root, shift, shift_wide};
use crate::number::bfp::BIAS_FRACTION;
use core::num::Saturating;

/// Bits of a mean below those of a value.
pub(super) const FINE: i32 = 8;

/// What is known of some mantissas.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Moments {
    /// Their mean, with [`FINE`] more bits.
    pub(super) mean: i32,
    /// Bits taken off a distance from the mean, which has [`FINE`] more than a mantissa: what is left is at most 2¹³.
    pub(super) down: i32,
    /// The sum of squared distances: of 2⁴ terms, it has 30 bits.
    squares: u64,
    size: u32,
}

impl Moments {
    /// Of `values`, `size` of them; what is not centred has the mean 0.
    pub(super) fn of<'a>(values: impl Iterator<Item = &'a i16> + Clone, size: usize, centred: bool) -> Self {
        let (mut sum, mut low, mut high) = (0_i64, 0_i32, 0_i32);
        for (at, x) in values.clone().enumerate() {
            let x = i32::from(*x);
            sum += i64::from(x);
            (low, high) = if at == 0 {
                (x, x)
            } else {
                (low.min(x), high.max(x))
            };
        }
        let mut mean = 0;
        if centred {
            mean = (sum << FINE).checked_div(size as i64).unwrap_or(0) as i32;
        }
        let farthest = ((high << FINE) - mean).abs().max((mean - (low << FINE)).abs());
        let down = (32 - farthest.leading_zeros() as i32 - 13).max(0);
        let squares = values
            .map(|x| {
                let distance = distance(*x, mean, down);
                (distance * distance) as u64
            })
            .sum();
        Self {
            mean,
            down,
            squares,
            size: size as u32,
        }
    }

    /// The variance with [`FINE`] more bits than a squared distance, of `free` values: `size`, or one less.
    fn variance(&self, free: u32) -> u64 {
        (self.squares << FINE)
            .checked_div(free.max(1).into())
            .unwrap_or(0)
    }

    /// `1 / √(v + ε)` for distances at `2^unit`, as a mantissa of 15 bits and an exponent, by which a distance is
    /// multiplied.
    pub(super) fn inverse(&self, unit: i32) -> (i32, i32) {
        // ε = 10⁻⁵ in Q48.
        const EPSILON: i64 = 2_814_749_767;
        // Below 2⁻³⁰ the variance counts nothing beside ε, and ε as a square would not fit.
        let under = (-30 - unit).max(0);
        let variance = self
            .variance(self.size)
            .checked_shr(2 * under as u32)
            .unwrap_or(0);
        let epsilon = shift_wide(EPSILON, 48 - FINE + 2 * (unit + under));
        let (mantissa, exponent) = inverse_root(variance.saturating_add(epsilon as u64));
        (mantissa, exponent + FINE / 2 - under)
    }

    /// The mean of mantissas at `2^scale`, as a bias.
    pub(super) fn mean_bias(&self, scale: i32) -> i32 {
        shift(self.mean, FINE - scale - i32::from(BIAS_FRACTION))
    }

    /// The variance of mantissas at `2^scale` as a bias, saturating; `unbiased` with one value less.
    pub(super) fn variance_bias(&self, scale: i32, unbiased: bool) -> i32 {
        let free = if unbiased {
            self.size.saturating_sub(1)
        } else {
            self.size
        };
        let unit = scale - FINE + self.down;
        let variance = shift_wide(
            self.variance(free) as i64,
            FINE - 2 * unit - i32::from(BIAS_FRACTION),
        );
        variance.min(i32::MAX.into()) as i32
    }
}

/// A mantissa's distance from a mean, with `down` of its bits taken off.
#[inline]
pub(super) fn distance(x: i16, mean: i32, down: i32) -> i32 {
    shift((i32::from(x) << FINE).saturating_sub(mean), down)
}

/// Gains as mantissas of 15 bits: the bits to take off, so that the largest has 15 (fewer are added where it is
/// small), and the exponent that they are left with.
pub(super) fn gain_scale(gain: &[Saturating<i32>]) -> (i32, i32) {
    let largest = gain.iter().map(|gain| gain.0.unsigned_abs()).max().unwrap_or(0);
    let down = 32 - largest.leading_zeros() as i32 - 15;
    (down, down - i32::from(BIAS_FRACTION))
}
