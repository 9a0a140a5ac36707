//! Functions of one variable in Q15, by tables.

use super::tables::{FALL, GELU_SLOPE, NORMAL, TANH};

/// The parabola through the three values from the one at or below `x` on, which counts `2^bits` for each step of the
/// table. Beyond it, the last value.
///
/// With step `h` the error is at most `h³ max|f‴| / 15.6`, and 1.5 units for rounding: the table's own (at most 1.25
/// times half a unit) and the sum's. Source: Abramowitz and Stegun, Handbook of mathematical functions, 25.2.11.
#[inline]
fn interpolate<const N: usize>(table: &[u16; N], x: u32, bits: u32) -> i32 {
    let Some([a, b, c]) = table
        .get((x >> bits) as usize..)
        .and_then(<[u16]>::first_chunk::<3>)
    else {
        return table.last().map_or(0, |last| i32::from(*last));
    };
    let [a, b, c] = [*a, *b, *c].map(i32::from);
    let t = (x & ((1 << bits) - 1)) as i32;
    let bend = (((t * (t - (1 << bits))) >> bits) * (a - 2 * b + c)) >> 1;
    a + (((b - a) * t + bend + (1 << (bits - 1))) >> bits)
}

/// `tanh x`; absolute error at most 7e-5.
#[inline]
pub(crate) fn tanh(x: i32) -> i32 {
    let y = interpolate(&TANH, x.unsigned_abs(), 11);
    if x < 0 { -y } else { y }
}

/// `σ(x) = 1 / (1 + e^−x) = ½ (1 + tanh(x/2))`; absolute error at most 5e-5.
#[inline]
pub(crate) fn sigmoid(x: i32) -> i32 {
    let y = interpolate(&TANH, x.unsigned_abs(), 12);
    (32_769 + if x < 0 { -y } else { y }) >> 1
}

/// The normal distribution, `Φ(x) = ½ (1 + erf(x/√2))`; absolute error at most 9e-5.
#[inline]
pub(crate) fn normal(x: i32) -> i32 {
    let y = interpolate(&NORMAL, x.unsigned_abs(), 12);
    if x < 0 { 32_768 - y } else { y }
}

/// The slope of `x Φ(x)`, `Φ(x) + x e^(−x²/2)/√(2π)`, in Q14; absolute error at most 2.5e-4.
#[inline]
pub(crate) fn gelu_slope(x: i32) -> i32 {
    let y = interpolate(&GELU_SLOPE, x.unsigned_abs(), 12);
    if x < 0 { 16_384 - y } else { y }
}

/// `(1 − e^−d) / d`, for `0 ≤ d ≤ 8`; absolute error at most 8e-5.
#[inline]
pub(crate) fn fall(d: u32) -> i32 {
    interpolate(&FALL, d, 12)
}
