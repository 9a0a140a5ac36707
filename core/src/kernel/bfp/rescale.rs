//! From one power of two to another.

/// Bits by which sums are moved, known once per call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rescale {
    right: u32,
    left: u32,
}

impl Rescale {
    /// Divides by `2^by`; multiplies where `by` is negative.
    pub(super) const fn by(by: i32) -> Self {
        Self {
            right: if by > 32 {
                32
            } else if by > 0 {
                by as u32
            } else {
                0
            },
            left: if by < -14 {
                14
            } else if by < 0 {
                (-by) as u32
            } else {
                0
            },
        }
    }

    /// The value at its new scale, rounded to nearest, halves up (but for `i32::MAX`, which is beyond all). What is multiplied ends at `±2^30`, and what then is far
    /// beyond a mantissa stays so.
    #[inline]
    pub(super) const fn of(self, value: i32) -> i32 {
        if self.right > 1 {
            // Without the sum of value and half, which may not fit.
            ((value >> (self.right - 1)) + 1) >> 1
        } else if self.right == 1 {
            value.saturating_add(1) >> 1
        } else if self.left > 0 {
            let most = 1 << 16;
            let value = if value > most {
                most
            } else if value < -most {
                -most
            } else {
                value
            };
            value << self.left
        } else {
            value
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_move_as_powers_of_two_do() {
        for by in -40..=40_i32 {
            for value in [
                0,
                1,
                -1,
                2,
                3,
                -3,
                127,
                128,
                -128,
                -129,
                8191,
                -8191,
                123_456_789,
                i32::MAX - 1,
                i32::MIN,
            ] {
                let exact = libm::floor(f64::from(value) * libm::exp2(f64::from(-by)) + 0.5);
                let got = f64::from(Rescale::by(by).of(value));
                let beyond = 16384.0;
                if by >= 0 || exact.abs() < beyond {
                    assert_eq!(got, exact, "{value} by {by}");
                } else {
                    assert!(
                        got.abs() >= beyond && got.signum() == exact.signum(),
                        "{value} by {by}: {got}"
                    );
                }
            }
        }
    }
}
