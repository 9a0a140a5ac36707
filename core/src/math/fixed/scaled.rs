//! Functions that layers apply to each element, from mantissas at `2^from` to mantissas at `2^to`.
//!
//! Mantissas are within ±8191; a product of one with Q15 has 28 bits. Results are not limited to mantissas.

use super::{exp_negative, fall, gelu_slope, normal, shift, sigmoid, tanh};

/// Fraction bits of the slopes that functions without a slope by output leave: slopes within ±2.
pub(crate) const SLOPE: i32 = 12;

/// `tanh x`. Below ½ it is `x · tanh(x)/x`, so that small values keep their digits: relative error there at most 4e-5.
///
/// `tanh(x)/x ≈ 1 − s (10920 − s (4323 − 1456 s))` in Q15 with `s = x²`: minimax on `[0, ¼]`, error 5e-7.
#[inline]
pub(crate) fn tanh_of(x: i32, from: i32, to: i32) -> i32 {
    let d = shift(x, -15 - from);
    if d.unsigned_abs() >= 1 << 14 {
        return shift(tanh(d), 15 + to);
    }
    let s = (d * d) >> 15;
    let p = 4_323 - ((1_456 * s) >> 15);
    let p = 10_920 - ((p * s) >> 15);
    let h = 32_768 - ((p * s) >> 15);
    shift(x * h, 15 + to - from)
}

/// `dy (1 − y²) / 2^by`, for `y` at `2^scale`.
#[inline]
pub(crate) fn tanh_slope(y: i32, scale: i32, dy: i32, by: i32) -> i32 {
    let y = shift(y, -15 - scale).clamp(-32_768, 32_768);
    shift(dy * (32_768 - ((y * y) >> 15)), 15 + by)
}

/// `σ(x)`
#[inline]
pub(crate) fn sigmoid_of(x: i32, from: i32, to: i32) -> i32 {
    shift(sigmoid(shift(x, -15 - from)), 15 + to)
}

/// `dy y (1 − y) / 2^by`, for `y` at `2^scale`.
#[inline]
pub(crate) fn sigmoid_slope(y: i32, scale: i32, dy: i32, by: i32) -> i32 {
    let y = shift(y, -15 - scale).clamp(0, 32_768);
    shift(dy * ((y * (32_768 - y)) >> 15), 15 + by)
}

/// `x Φ(x)`, and its slope in Q12.
#[inline]
pub(crate) fn gelu_of(x: i32, from: i32, to: i32) -> (i32, i32) {
    let d = shift(x, -15 - from);
    let value = shift(x * normal(d), 15 + to - from);
    (value, shift(gelu_slope(d), 14 - SLOPE))
}

/// `x σ(x)`, and its slope in Q12: `σ (1 + x (1 − σ))`.
#[inline]
pub(crate) fn silu_of(x: i32, from: i32, to: i32) -> (i32, i32) {
    let d = shift(x, -15 - from);
    let gate = sigmoid(d);
    // In Q11 within ±16: beyond, gate or its complement is 0.
    let near = shift(d, 4).clamp(-32_768, 32_768);
    let bent = (near * (32_768 - gate)) >> 14;
    let slope = (gate * (4_096 + bent)) >> 15;
    (shift(x * gate, 15 + to - from), slope)
}

/// `a · x`, for `a = mantissa · 2^exponent`.
#[inline]
pub(crate) fn times((mantissa, exponent): (i32, i32), x: i32) -> i32 {
    shift(x * mantissa, -exponent)
}

/// `x` above 0, `a · x` below.
#[inline]
pub(crate) fn leaky_of(a: (i32, i32), x: i32) -> i32 {
    if x > 0 { x } else { times(a, x) }
}

/// `x` above 0, `a (e^x − 1)` below, for `x` at `2^scale` and `a = mantissa · 2^exponent`: `x · a · (1 − e^−d)/d` with
/// `d = −x`, so that small values keep their digits.
#[inline]
pub(crate) fn elu_of((mantissa, exponent): (i32, i32), x: i32, scale: i32) -> i32 {
    if x > 0 {
        return x;
    }
    let d = shift(-x, -15 - scale).unsigned_abs();
    if d < 8 << 15 {
        shift(x * shift(fall(d) * mantissa, 15), -exponent)
    } else {
        let low = 32_768 - exp_negative(d >> 3) as i32;
        shift(-shift(low * mantissa, 15), scale - exponent)
    }
}

/// `dy (y + a)` for `y` at `2^scale` of at least `−a`.
#[inline]
pub(crate) fn elu_slope((mantissa, exponent): (i32, i32), y: i32, scale: i32, dy: i32) -> i32 {
    let slope = mantissa.saturating_add(shift(y, exponent - scale));
    shift(dy * slope.clamp(0, 32_768), -exponent)
}
