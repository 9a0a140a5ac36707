//! Limiting sums to mantissas.

use crate::number::bfp::{Exponent, MANTISSA};

/// Follows the largest magnitude, and limits to the mantissa.
pub(super) struct Limiter {
    pub(super) peak: u32,
}

impl Limiter {
    pub(super) const fn new() -> Self {
        Self { peak: 0 }
    }

    pub(super) fn limit(&mut self, value: i32) -> i16 {
        self.peak = self.peak.max(value.unsigned_abs());
        value.clamp(-MANTISSA, MANTISSA) as i16
    }
}

/// An exponent, for arithmetic.
pub(super) fn bits(exponent: Exponent) -> i32 {
    exponent.0.into()
}
