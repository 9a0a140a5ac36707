//! Means without a division for each element.

/// `1 / n` as a mantissa of 15 bits, which divides sums of `n` mantissas.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    mantissa: i32,
    /// Bits by which a sum is moved so that it fills 30.
    up: u32,
    /// Fraction bits of the quotient.
    fraction: i32,
}

impl Share {
    /// That of `count`.
    pub(super) const fn new(mut count: usize) -> Self {
        let mut fraction = 15;
        // Windows that reach so far outside. Of the count, 16 bits are enough.
        while count > 0x1_0000 {
            count = count.div_ceil(2);
            fraction += 1;
        }
        let count = if count == 0 { 1 } else { count as u32 };
        // 2^bits is the power of two from count on.
        let bits = 32 - (count - 1).leading_zeros();
        let mantissa = match ((1_u32 << (14 + bits)) + count / 2).checked_div(count) {
            Some(mantissa) => mantissa as i32,
            None => 0,
        };
        Self {
            mantissa,
            up: 17 - bits,
            fraction,
        }
    }

    /// Fraction bits of what [`of`](Self::of) gives: 15, and more for more than 65,536.
    pub(super) const fn fraction(self) -> i32 {
        self.fraction
    }

    /// `sum / n` for a sum of at most `n` mantissas and of at most 65,536; relative error below 2⁻¹⁴ and absolute below
    /// 2⁻¹⁴.
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
        for count in counts.chain([65_537, 131_072, 131_073, 1 << 20, 65_535 * 65_535]) {
            let share = Share::new(count);
            let terms = count.min(65_535) as i32;
            for part in [1, 2, 3, 7, 100, 4096, 8190, 8191] {
                for sum in [part, part * terms, -part, -part * terms] {
                    let exact = f64::from(sum) / count as f64;
                    let got = f64::from(share.of(sum)) * libm::exp2(f64::from(-share.fraction()));
                    let bound = exact.abs() / 16384.0 + 1.0 / 16384.0;
                    assert!((got - exact).abs() <= bound, "{sum} / {count}: {got}");
                }
            }
        }
    }
}
