//! A model's settings, which are `f32`, as integers: from their bits alone.

use super::shift;

/// `value = mantissa · 2^exponent` for a value above 0, with a mantissa from 2¹⁴ to 2¹⁵, to the nearest; `(0, 0)` for
/// what is not such a number.
pub(crate) fn setting(value: f32) -> (i32, i32) {
    let bits = value.to_bits();
    let biased = (bits >> 23) as i32;
    if !(1..255).contains(&biased) {
        return (0, 0);
    }
    let fraction = (bits & 0x7f_ffff) | 0x80_0000;
    (((fraction + 256) >> 9) as i32, biased - 127 - 14)
}

/// The multiples of 2⁻²⁴ that are at least 0 and below `value`: how many there are, for a value from 0 to 1.
pub(crate) fn share(value: f32) -> u32 {
    let bits = value.to_bits();
    let biased = bits >> 23;
    match biased {
        0 => u32::from(bits != 0),
        1..127 => {
            let fraction = (bits & 0x7f_ffff) | 0x80_0000;
            let down = (126 - biased).min(31);
            (fraction + ((1 << down) - 1)) >> down
        }
        127..255 => 1 << 24,
        _ => 0,
    }
}

/// `value · mantissa · 2^exponent`, for a mantissa of at most 2¹⁵: products of 32 bits.
pub(crate) fn part(value: i32, (mantissa, exponent): (i32, i32)) -> i32 {
    let low = ((value & 0xffff) * (mantissa >> 1)) >> 15;
    shift((value >> 16) * mantissa + low, -16 - exponent)
}
