//! Means without a division for each element.

/// `1 / n` as a mantissa of 15 bits, which divides sums of `n` mantissas.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    mantissa: i32,
    /// Bits by which a sum is moved so that it fills 30.
    up: u32,
}

/// Fraction bits of what [`Share::of`] gives.
pub(super) const SHARE_FRACTION: i32 = 15;

impl Share {
    /// That of `count`, from 1 to 65,536.
    pub(super) const fn new(count: usize) -> Self {
        let count = match count {
            0 => 1,
            1..=0x1_0000 => count as u32,
            _ => 0x1_0000,
        };
        // 2^bits is the power of two from count on.
        let bits = 32 - (count - 1).leading_zeros();
        let mantissa = match ((1_u32 << (14 + bits)) + count / 2).checked_div(count) {
            Some(mantissa) => mantissa as i32,
            None => 0,
        };
        Self {
            mantissa,
            up: 17 - bits,
        }
    }

    /// `sum / n` with 15 fraction bits, for `|sum| ≤ 8191 n`; relative error below 2⁻¹⁴ and absolute below 2⁻¹⁴.
    ///
    /// Up to `8191 · 2^bits · 2^(17 − bits) < 2³⁰`, whose halves of 16 bits have products below 2³¹.
    #[inline]
    pub(super) const fn of(self, sum: i32) -> i32 {
        let sum = sum << self.up;
        (sum >> 16) * self.mantissa + (((sum & 0xffff) * self.mantissa) >> 16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every count that is at an edge, and some between, with sums of every size.
    #[test]
    fn shares_are_quotients_at_the_extremes_too() {
        let counts = (1..300).chain((0..=16).flat_map(|bits| {
            let power = 1_usize << bits;
            [
                power - power / 2,
                power.saturating_sub(1).max(1),
                power,
                (power + 1).min(65_536),
            ]
        }));
        for count in counts {
            let share = Share::new(count);
            for part in [1, 2, 3, 7, 100, 4096, 8190, 8191] {
                for sum in [part, part * count as i32, -part, -part * count as i32] {
                    let exact = f64::from(sum) / count as f64;
                    let got = f64::from(share.of(sum)) / 32768.0;
                    let bound = exact.abs() / 16384.0 + 1.0 / 16384.0;
                    assert!((got - exact).abs() <= bound, "{sum} / {count}: {got}");
                }
            }
        }
    }
}
