//! Limiting sums to mantissas.

use crate::number::bfp::{Exponent, MANTISSA, Peak};

/// Limits to the mantissa, and takes note of the largest magnitude and of how many did not fit.
#[derive(Clone, Copy)]
pub(super) struct Limiter {
    peak: Peak,
}

impl Limiter {
    pub(super) const fn new() -> Self {
        Self {
            peak: Peak {
                largest: 0,
                saturated: 0,
            },
        }
    }

    #[inline]
    pub(super) fn limit(&mut self, value: i32) -> i16 {
        let magnitude = value.unsigned_abs();
        self.peak.largest = self.peak.largest.max(magnitude);
        if magnitude > MANTISSA as u32 {
            return self.saturate(value);
        }
        value as i16
    }

    /// Rare, so it stays out of the loops.
    #[cold]
    #[inline(never)]
    fn saturate(&mut self, value: i32) -> i16 {
        self.peak.saturated += 1;
        value.clamp(-MANTISSA, MANTISSA) as i16
    }

    /// What was seen.
    pub(super) const fn peak(&self) -> Peak {
        self.peak
    }
}

/// The larger magnitude of two, and the elements that did not fit in either.
pub(super) fn higher(a: Peak, b: Peak) -> Peak {
    Peak {
        largest: a.largest.max(b.largest),
        saturated: a.saturated.saturating_add(b.saturated),
    }
}

/// An exponent, for arithmetic.
pub(super) fn bits(exponent: Exponent) -> i32 {
    exponent.0.into()
}
