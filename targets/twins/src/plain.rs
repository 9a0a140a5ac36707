//! The same numbers as `f32`, as a type of its own: its loops are the plain ones on every chip.
//!
//! A trait's provided method cannot be called for a type that has its own. So the plain loops are reached
//! through a number that provides nothing but its arithmetic.

use bytemuck::{Pod, Zeroable};
use core::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};
use kilograd::kernel::Loops;
use kilograd::math::Functions;
use kilograd::number::{Element, Float};

/// An `f32` without loops of its own, and with libm's square root.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd)]
#[repr(transparent)]
pub struct Plain(pub f32);

// SAFETY: a transparent `f32`, which is both.
unsafe impl Zeroable for Plain {}
// SAFETY: as above.
unsafe impl Pod for Plain {}

impl Element for Plain {
    type Scale = ();

    fn to_f32(self, (): ()) -> f32 {
        self.0
    }

    fn from_f32(value: f32, (): ()) -> Self {
        Self(value)
    }

    fn fitting(_: f32) {}
}

impl Float for Plain {
    const NAME: &'static str = "plain";
    const CODE: u8 = u8::MAX;
    const ZERO: Self = Self(0.0);
    const ONE: Self = Self(1.0);

    fn from_count(count: u32) -> Self {
        Self(count as f32)
    }

    fn is_finite(self) -> bool {
        self.0.is_finite()
    }
}

impl Functions for Plain {
    const FRAC_1_SQRT_2: Self = Self(<f32 as Functions>::FRAC_1_SQRT_2);
    const FRAC_1_SQRT_TAU: Self = Self(<f32 as Functions>::FRAC_1_SQRT_TAU);

    fn exp(x: Self) -> Self {
        Self(libm::expf(x.0))
    }

    fn exp_m1(x: Self) -> Self {
        Self(libm::expm1f(x.0))
    }

    fn erf(x: Self) -> Self {
        Self(libm::erff(x.0))
    }

    fn ln(x: Self) -> Self {
        Self(libm::logf(x.0))
    }

    fn tanh(x: Self) -> Self {
        Self(libm::tanhf(x.0))
    }

    fn sqrt(x: Self) -> Self {
        Self(libm::sqrtf(x.0))
    }
}

impl Loops for Plain {}

macro_rules! operator {
    ($trait:ident, $method:ident) => {
        impl $trait for Plain {
            type Output = Self;

            fn $method(self, other: Self) -> Self {
                Self($trait::$method(self.0, other.0))
            }
        }
    };
}

macro_rules! assignment {
    ($trait:ident, $method:ident) => {
        impl $trait for Plain {
            fn $method(&mut self, other: Self) {
                $trait::$method(&mut self.0, other.0);
            }
        }
    };
}

operator!(Add, add);
operator!(Sub, sub);
operator!(Mul, mul);
operator!(Div, div);
assignment!(AddAssign, add_assign);
assignment!(SubAssign, sub_assign);
assignment!(MulAssign, mul_assign);

impl Neg for Plain {
    type Output = Self;

    fn neg(self) -> Self {
        Self(-self.0)
    }
}
