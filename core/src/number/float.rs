//! Floating point: the arithmetic that the kernels need, written once for `f32` and `f64`.

use super::Element;
use core::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

/// An IEEE 754 binary float.
///
/// `f32` is what a device trains in; `f64` is the same code at higher precision, for checking
/// gradients against central differences.
pub trait Float:
    Element<Scale = ()>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
{
    /// The format's name in run files, reports and fingerprints.
    const NAME: &'static str;
    /// The format's number in a checkpoint's fingerprint.
    const CODE: u8;
    /// 0
    const ZERO: Self;
    /// 1
    const ONE: Self;

    /// The nearest value to a count.
    fn from_count(count: u32) -> Self;

    /// Neither infinite nor NaN.
    fn is_finite(self) -> bool;
}

macro_rules! float {
    ($type:ty, $name:literal, $code:literal) => {
        impl Float for $type {
            const NAME: &'static str = $name;
            const CODE: u8 = $code;
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;

            fn from_count(count: u32) -> Self {
                count as $type
            }

            fn is_finite(self) -> bool {
                self.is_finite()
            }
        }
    };
}

float!(f32, "f32", 1);
float!(f64, "f64", 2);
