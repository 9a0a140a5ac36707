//! A figure in fixed point: a loss, a norm.

use super::to_f32;
use crate::number::Scalar;

/// A figure in fixed point with 32 fraction bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Q32(pub i64);

impl Scalar for Q32 {
    fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    fn over(self, count: u32) -> Self {
        Self(self.0.checked_div(i64::from(count)).unwrap_or(self.0))
    }

    fn is_finite(self) -> bool {
        true
    }

    fn to_f32(self) -> f32 {
        to_f32(self.0, -32)
    }

    fn to_bits(self) -> u64 {
        self.0 as u64
    }

    fn from_bits(bits: u64) -> Self {
        Self(bits as i64)
    }
}
