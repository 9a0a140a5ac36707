//! Functions of one variable, as free functions of a number.
//!
//! By default they are libm's, which are plain Rust and give the same bits on every machine: [`exact`].
//! With the feature `micromath` the exponentials of `f32` are micromath's approximations, called as
//! functions and never as methods, which `std` would shadow on a desktop: `approximate`. Those too are
//! the same everywhere. The square root stays exact, so that a chip's own may stand in for it.

#[cfg(feature = "micromath")]
pub mod approximate;
pub mod exact;
pub(crate) mod fixed;
mod pointwise;
mod root;

#[cfg(feature = "micromath")]
use approximate as chosen;
#[cfg(not(feature = "micromath"))]
use exact as chosen;
pub use pointwise::{Curve, Elu, Gelu, LeakyRelu, Relu, Relu6, Shaped, Sigmoid, Silu, Tanh, Unary};

use crate::number::Float;

/// The elementary functions of a float.
pub trait Functions: Float {
    /// `1/√2`
    const FRAC_1_SQRT_2: Self;
    /// `1/√(2π)`, the height of the normal density.
    const FRAC_1_SQRT_TAU: Self;

    /// e^x
    fn exp(x: Self) -> Self;
    /// `e^x − 1`, with its own digits near 0.
    fn exp_m1(x: Self) -> Self;
    /// Natural logarithm.
    fn ln(x: Self) -> Self;
    /// Hyperbolic tangent.
    fn tanh(x: Self) -> Self;
    /// Error function, `(2/√π) ∫₀ˣ e^−t² dt`.
    fn erf(x: Self) -> Self;
    /// Square root, correctly rounded.
    fn sqrt(x: Self) -> Self;
}

impl Functions for f64 {
    const FRAC_1_SQRT_2: f64 = core::f64::consts::FRAC_1_SQRT_2;
    const FRAC_1_SQRT_TAU: f64 = 0.398_942_280_401_432_7;

    fn exp(x: f64) -> f64 {
        libm::exp(x)
    }

    fn exp_m1(x: f64) -> f64 {
        libm::expm1(x)
    }

    fn ln(x: f64) -> f64 {
        libm::log(x)
    }

    fn tanh(x: f64) -> f64 {
        libm::tanh(x)
    }

    fn erf(x: f64) -> f64 {
        libm::erf(x)
    }

    fn sqrt(x: f64) -> f64 {
        libm::sqrt(x)
    }
}

impl Functions for f32 {
    const FRAC_1_SQRT_2: f32 = core::f32::consts::FRAC_1_SQRT_2;
    const FRAC_1_SQRT_TAU: f32 = 0.398_942_3;

    fn exp(x: f32) -> f32 {
        chosen::exp(x)
    }

    fn exp_m1(x: f32) -> f32 {
        chosen::exp_m1(x)
    }

    fn ln(x: f32) -> f32 {
        chosen::ln(x)
    }

    fn tanh(x: f32) -> f32 {
        chosen::tanh(x)
    }

    fn erf(x: f32) -> f32 {
        chosen::erf(x)
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

    /// libm's functions are right to the last bits; micromath's to two digits and a half.
    #[test]
    fn functions_are_as_exact_as_they_say() {
        let bound = if cfg!(feature = "micromath") { 4e-3 } else { 2e-7 };
        let errors = [
            error(<f32 as Functions>::exp, libm::exp, -2000..2000),
            error(<f32 as Functions>::exp_m1, libm::expm1, -2000..2000),
            error(<f32 as Functions>::ln, libm::log, 110..100_000),
            error(<f32 as Functions>::ln, libm::log, 1..90),
            error(<f32 as Functions>::tanh, libm::tanh, -1000..1000),
            error(<f32 as Functions>::erf, libm::erf, -600..600),
        ];
        assert!(errors.iter().all(|error| *error <= bound), "{errors:?}");
    }

    #[test]
    fn constants_are_the_nearest() {
        let tau = core::f64::consts::TAU;
        assert!((f64::FRAC_1_SQRT_TAU - 1.0 / libm::sqrt(tau)).abs() < 1e-16);
        assert_eq!(f32::FRAC_1_SQRT_TAU, f64::FRAC_1_SQRT_TAU as f32);
    }
}
