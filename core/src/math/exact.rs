//! libm's functions of `f32`: plain Rust, right to the last bits.

/// e^x
#[inline]
pub fn exp(x: f32) -> f32 {
    libm::expf(x)
}

/// `e^x − 1`
#[inline]
pub fn exp_m1(x: f32) -> f32 {
    libm::expm1f(x)
}

/// Natural logarithm.
#[inline]
pub fn ln(x: f32) -> f32 {
    libm::logf(x)
}

/// Hyperbolic tangent.
#[inline]
pub fn tanh(x: f32) -> f32 {
    libm::tanhf(x)
}

/// Error function.
#[inline]
pub fn erf(x: f32) -> f32 {
    libm::erff(x)
}
