//! Inverses, as a mantissa of 15 bits and an exponent.

/// `1/√value = mantissa · 2^exponent`, with a mantissa from 2¹⁴ to 2¹⁵, for a value above 0 (1 for 0). Relative error
/// at most 8e-5.
///
/// A parabola, and two steps of Newton: `y ← y (3 − m y²) / 2`. Products of 32 bits, no division.
pub(crate) fn inverse_root(value: u64) -> (i32, i32) {
    let value = value.max(1);
    // value = m · 2^even with m in [1, 4), in Q14.
    let even = (63 - value.leading_zeros() as i32) & !1;
    let m = if even > 14 {
        (((value >> (even - 15)) + 1) >> 1) as u32
    } else {
        (value << (14 - even)) as u32
    };
    let p = 14_328 - ((1_851 * m) >> 14);
    let mut y = 44_663 - ((p * m) >> 14);
    for _ in 0..2 {
        let t = (m * ((y * y + 0x4000) >> 15) + 0x2000) >> 14;
        y = (y * (3 * 32_768 - t) + 0x8000) >> 16;
    }
    (y.clamp(1 << 14, 1 << 15) as i32, -15 - even / 2)
}

/// `1/value = mantissa · 2^exponent`, with a mantissa from 2¹⁴ to 2¹⁵, for a value above 0 (1 for 0). Relative error
/// at most 5e-5. One division of 32 bits.
pub(crate) fn reciprocal(value: u32) -> (i32, i32) {
    let value = value.max(1);
    let top = 31 - value.leading_zeros();
    // In [2¹⁵, 2¹⁶].
    let m = if top > 15 {
        ((value >> (top - 16)) + 1) >> 1
    } else {
        value << (15 - top)
    };
    let mantissa = ((1 << 30) + m / 2) / m.max(1);
    (mantissa as i32, -15 - top as i32)
}
