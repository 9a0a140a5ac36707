//! A single figure computed in a number format: a loss, a norm, their sums and means.

use core::fmt::Debug;

/// A figure that is not a tensor: a loss, a gradient norm.
///
/// Fixed-point formats use an integer here, so that a training loop on a chip without a
/// floating-point unit sums and compares losses without one float instruction.
pub trait Scalar: Copy + Default + PartialOrd + Debug {
    /// Sum, saturating where the format has an end.
    fn plus(self, other: Self) -> Self;

    /// `self / count`; `self` where `count` is 0.
    fn over(self, count: u32) -> Self;

    /// Whether the figure is a number at all (fixed point always is).
    fn is_finite(self) -> bool;

    /// The figure as `f32`.
    fn to_f32(self) -> f32;

    /// All of its bits, for checkpoints; the same for every NaN.
    fn to_bits(self) -> u64;

    /// The inverse of [`to_bits`](Self::to_bits).
    fn from_bits(bits: u64) -> Self;
}

macro_rules! float_scalar {
    ($type:ty, $bits:ty) => {
        impl Scalar for $type {
            fn plus(self, other: Self) -> Self {
                self + other
            }

            fn over(self, count: u32) -> Self {
                if count == 0 {
                    self
                } else {
                    self / count as $type
                }
            }

            fn is_finite(self) -> bool {
                self.is_finite()
            }

            fn to_f32(self) -> f32 {
                self as f32
            }

            fn to_bits(self) -> u64 {
                // One NaN stands for all: their payloads differ between machines.
                let canonical = if self.is_nan() { <$type>::NAN } else { self };
                u64::from(<$type>::to_bits(canonical))
            }

            fn from_bits(bits: u64) -> Self {
                <$type>::from_bits(bits as $bits)
            }
        }
    };
}

float_scalar!(f32, u32);
float_scalar!(f64, u64);
