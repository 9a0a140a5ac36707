//! Functions of one variable, as free functions of a number.
//!
//! By default they are libm's, which are plain Rust and give the same bits on every machine.
//! With the feature `micromath` the exponentials of `f32` are micromath's approximations, called as
//! functions and never as methods, which `std` would shadow on a desktop. Those too are the same
//! everywhere. The square root stays exact, so that a chip's own may stand in for it.

pub(crate) mod fixed;
mod root;

use crate::number::Float;

/// The elementary functions of a float.
pub trait Functions: Float {
    /// e^x
    fn exp(x: Self) -> Self;
    /// Natural logarithm.
    fn ln(x: Self) -> Self;
    /// Hyperbolic tangent.
    fn tanh(x: Self) -> Self;
    /// Square root, correctly rounded.
    fn sqrt(x: Self) -> Self;
}

impl Functions for f64 {
    fn exp(x: f64) -> f64 {
        libm::exp(x)
    }

    fn ln(x: f64) -> f64 {
        libm::log(x)
    }

    fn tanh(x: f64) -> f64 {
        libm::tanh(x)
    }

    fn sqrt(x: f64) -> f64 {
        libm::sqrt(x)
    }
}

#[cfg(not(feature = "micromath"))]
impl Functions for f32 {
    fn exp(x: f32) -> f32 {
        libm::expf(x)
    }

    fn ln(x: f32) -> f32 {
        libm::logf(x)
    }

    fn tanh(x: f32) -> f32 {
        libm::tanhf(x)
    }

    fn sqrt(x: f32) -> f32 {
        root::sqrt(x)
    }
}

#[cfg(feature = "micromath")]
impl Functions for f32 {
    fn exp(x: f32) -> f32 {
        micromath::F32(x).exp().0
    }

    fn ln(x: f32) -> f32 {
        micromath::F32(x).ln().0
    }

    /// `tanh x = 1 − 2 / (e^2x + 1)`: micromath has no hyperbolic functions.
    fn tanh(x: f32) -> f32 {
        if x > 9.0 {
            1.0
        } else if x < -9.0 {
            -1.0
        } else {
            1.0 - 2.0 / (micromath::F32(2.0 * x).exp().0 + 1.0)
        }
    }

    fn sqrt(x: f32) -> f32 {
        root::sqrt(x)
    }
}

/// The cosine, from libm whatever the features: a schedule of learning rates is exact.
pub(crate) fn cosine(x: f64) -> f64 {
    libm::cos(x)
}

/// `1 − (1 − gap)^exponent` by repeated squaring, in a fixed order of operations.
///
/// The difference itself is carried along, since it would lose its digits if it were taken at the end:
/// in single precision `1 − 0.999²` is off by 10⁻⁵ of itself. With `a = 1 − p` and `b = 1 − q` it is
/// `1 − pq = a + b (1 − a)`.
pub fn one_minus_power<F: Float>(mut gap: F, mut exponent: u32) -> F {
    let mut result = F::ZERO;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = gap + result * (F::ONE - gap);
        }
        gap += gap * (F::ONE - gap);
        exponent >>= 1;
    }
    result
}

/// A function of one variable, applied to each element, whose slope follows from its own output.
///
/// So the backward pass needs `y` alone, and `y` may lie where `x` was.
pub trait Unary: Copy {
    /// The function's name in run files and messages.
    const NAME: &'static str;

    /// `y = f(x)`
    fn value<F: Functions>(x: F) -> F;

    /// `f′(x)`, from `y = f(x)`.
    fn slope<F: Functions>(y: F) -> F;

    /// `f` of a mantissa, for functions that need no scale. A number format names in its
    /// [`KINDS`](crate::kernel::Kernel::KINDS) those that it can run.
    fn integer(x: i32) -> i32 {
        x
    }

    /// `dy · f′` of mantissas, from `y = f(x)`.
    fn integer_slope(_y: i32, dy: i32) -> i32 {
        dy
    }
}

/// `max(x, 0)`, with slope 0 at 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relu;

/// `tanh x`, with slope `1 − y²`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tanh;

/// `σ(x) = 1 / (1 + e^−x)`, with slope `y (1 − y)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sigmoid;

impl Unary for Relu {
    const NAME: &'static str = "relu";

    #[inline]
    fn value<F: Functions>(x: F) -> F {
        // A NaN passes, so that it is noticed.
        if x <= F::ZERO { F::ZERO } else { x }
    }

    #[inline]
    fn slope<F: Functions>(y: F) -> F {
        if y > F::ZERO { F::ONE } else { F::ZERO }
    }

    #[inline]
    fn integer(x: i32) -> i32 {
        x.max(0)
    }

    #[inline]
    fn integer_slope(y: i32, dy: i32) -> i32 {
        if y > 0 { dy } else { 0 }
    }
}

impl Unary for Tanh {
    const NAME: &'static str = "tanh";

    #[inline]
    fn value<F: Functions>(x: F) -> F {
        F::tanh(x)
    }

    #[inline]
    fn slope<F: Functions>(y: F) -> F {
        F::ONE - y * y
    }
}

impl Unary for Sigmoid {
    const NAME: &'static str = "sigmoid";

    #[inline]
    fn value<F: Functions>(x: F) -> F {
        F::ONE / (F::ONE + F::exp(-x))
    }

    #[inline]
    fn slope<F: Functions>(y: F) -> F {
        y * (F::ONE - y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest relative error of `f` against `exact`, over `range` in steps of 0.01.
    fn error(f: fn(f32) -> f32, exact: fn(f64) -> f64, range: core::ops::Range<i32>) -> f64 {
        range
            .map(|i| i as f32 / 100.0)
            .map(|x| (f64::from(f(x)) - exact(x.into())).abs() / exact(x.into()).abs().max(1e-3))
            .fold(0.0, f64::max)
    }

    /// libm's functions are right to the last bits; micromath's to about two digits.
    #[test]
    fn functions_are_as_exact_as_they_say() {
        let bound = if cfg!(feature = "micromath") { 0.05 } else { 2e-7 };
        let errors = [
            error(<f32 as Functions>::exp, libm::exp, -2000..2000),
            error(<f32 as Functions>::ln, libm::log, 110..100_000),
            error(<f32 as Functions>::tanh, libm::tanh, -1000..1000),
        ];
        assert!(errors.iter().all(|error| *error <= bound), "{errors:?}");
    }
}
