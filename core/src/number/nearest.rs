//! A float as an integer, from its bits alone.

/// `value · 2^fraction` to the nearest integer, halves away from zero; saturating, and 0 for what is not a number.
///
/// No float instruction: a chip without a floating-point unit reads a model's settings and first weights by it.
pub(crate) const fn nearest(value: f32, fraction: i32) -> i64 {
    let bits = value.to_bits();
    let rest = bits & 0x7f_ffff;
    let (significand, exponent) = match (bits >> 23 & 0xff) as i32 {
        0 => (rest, 1),
        255 if rest != 0 => return 0,
        biased => (rest | 0x80_0000, biased),
    };
    let infinite = exponent == 255;
    // The last bit of the significand is worth 2^(exponent − 150).
    let up = exponent - 150 + fraction;
    let magnitude = match up {
        _ if infinite => i64::MAX,
        // 24 bits by 39 are all that fits.
        40.. if significand != 0 => i64::MAX,
        40.. => 0,
        0.. => (significand as i64) << up,
        -24.. => (significand as i64 + (1 << (-up - 1))) >> -up,
        _ => 0,
    };
    if bits >> 31 == 0 { magnitude } else { -magnitude }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn floats_are_rounded_by_their_bits() {
        let values = [
            0.0_f32, 1.0, -1.0, 0.1, -0.7, 3.25e-5, 127.5, 2e-9, -1e-12, 32_000.0, 0.5, -0.5, 1.5, 1e-40,
        ];
        for fraction in [-3, 0, 2, 16, 24, 32] {
            for value in values {
                let exact = libm::round(libm::ldexp(value.into(), fraction)) as i64;
                assert_eq!(nearest(value, fraction), exact, "{value} {fraction}");
            }
        }
        for (value, fraction, expected) in [
            (3.0e9, 2, 12_000_000_000),
            (1e30, 24, i64::MAX),
            (-1e30, 24, -i64::MAX),
            (f32::INFINITY, 0, i64::MAX),
            (f32::NEG_INFINITY, -200, -i64::MAX),
            (f32::NAN, 0, 0),
        ] {
            assert_eq!(nearest(value, fraction), expected, "{value}");
        }
    }
}
