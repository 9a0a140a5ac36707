//! The root of a mean square, followed without a square root.

use super::Factor;
use crate::math::fixed;

/// Follows `s = √v` for `v ← β v + (1 − β) h²`:
/// `s ← s + min((1 − β)/2 · (h²/s − s), h √(1 − β))`, rounded stochastically.
///
/// The first term is the change of the root to first order, and to second where it is large; the other what the exact root changes by when `s` is far below
/// `h`, where the first is far too large.
#[derive(Debug, Clone, Copy)]
pub(super) struct Root {
    /// `(1 − β)/2` as `rate · 2^−by`, with 14 bits.
    rate: u32,
    by: u32,
    /// `√(1 − β)` of 2¹⁵.
    most: u32,
}

impl Root {
    /// For a decay whose rest `1 − β` is `gap`, with 32 fraction bits.
    pub(super) fn new(gap: u64) -> Self {
        let rate = Factor::from_fraction(gap);
        Self {
            rate: (rate.mantissa >> 1) as u32,
            // One bit for the half of the rate, less one for that of the mantissa.
            by: (-rate.exponent).clamp(15, 46) as u32,
            most: (fixed::root(gap << 32) >> 17) as u32,
        }
    }

    /// The next root of `s` and the magnitude `h`, both at most 65,535.
    #[inline]
    pub(super) fn of(&self, s: u16, h: u32, random: u32) -> u16 {
        let s = u32::from(s);
        let quotient = (h * h)
            .checked_div(s)
            .unwrap_or(if h == 0 { 0 } else { u32::MAX });
        let most = ((h * self.most) >> 15) + 1;
        let next = if quotient >= s {
            let gap = quotient - s;
            let up = if gap <= 0xffff {
                self.share(gap, random)
            } else {
                ((gap >> 16) * self.rate) >> (self.by.max(16) - 16).min(31)
            };
            let up = up.min(0xffff);
            // A step that is large beside the root goes too far by `up²/2s`, to first order.
            let up = if 8 * up > s && s > 0 {
                s * up / (s + up / 2)
            } else {
                up
            };
            s + up.min(most)
        } else {
            s - self.share(s - quotient, random).min(s)
        };
        next.min(0xffff) as u16
    }

    /// `(1 − β)/2 · gap`
    #[inline]
    fn share(&self, gap: u32, random: u32) -> u32 {
        let product = gap * self.rate;
        // Random bits for all that is cut off, as far as there are some.
        let (product, by) = if self.by > 30 {
            (product >> (self.by - 30).min(31), 30)
        } else {
            (product, self.by)
        };
        (product + (random & ((1 << by) - 1))) >> by
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::random::Pcg;

    /// The root follows that of the exact mean square, from far below and from far above.
    #[test]
    fn the_root_follows_the_mean_square() {
        let mut random = Pcg::new(5);
        for (beta, start, size) in [
            (0.999, 0_u16, 20_000.0),
            (0.999, 60_000, 2_000.0),
            (0.99, 0, 300.0),
            (0.9, 0, 5_000.0),
            (0.9999, 30_000, 30_000.0),
        ] {
            let root = Root::new(((1.0 - beta) * 4_294_967_296.0) as u64);
            let (mut s, mut v) = (start, f64::from(start) * f64::from(start));
            let (mut worst, mut late) = (0.0_f64, 0.0_f64);
            for step in 0..20_000 {
                let h = (f64::from(random.uniform()) * size) as u32;
                v = beta * v + (1.0 - beta) * f64::from(h) * f64::from(h);
                s = root.of(s, h, random.next_u32());
                let error = (f64::from(s) / libm::sqrt(v) - 1.0).abs();
                worst = worst.max(error);
                if step > 10_000 {
                    late = late.max(error);
                }
            }
            assert!(
                late < 0.06 && worst < 1.1,
                "{beta} {start} {size}: {late} {worst}"
            );
        }
    }

    /// No product overflows: the extremes run under overflow checks.
    #[test]
    fn extremes_fit() {
        for gap in [
            1_u64,
            4_295,
            4_294_967,
            42_949_672,
            429_496_729,
            1 << 31,
            (1 << 32) - 1,
        ] {
            let root = Root::new(gap);
            for s in [0, 1, 2, 255, 32_767, 65_535] {
                for h in [0, 1, 255, 32_767, 65_535] {
                    for random in [0, u32::MAX] {
                        root.of(s, h, random);
                    }
                }
            }
        }
    }
}
