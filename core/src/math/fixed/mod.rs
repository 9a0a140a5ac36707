//! Elementary functions in integers.
//!
//! A value is an integer and a power of two: Qn has n fraction bits. Functions of one variable take and give Q15;
//! what a layer needs of them, from the mantissas of one scale to those of another, stands in [`scaled`]. Nothing here
//! divides but [`reciprocal`], once, and nothing that runs for each element multiplies more than 32 bits.

mod functions;
mod roots;
pub(crate) mod scaled;
mod settings;
mod tables;

#[cfg(test)]
#[path = "functions_tests.rs"]
mod functions_tests;

pub(crate) use functions::{fall, gelu_slope, normal, sigmoid, tanh};
pub(crate) use roots::{inverse_root, reciprocal};
pub(crate) use settings::{part, setting, share};

/// `value / 2^shift`, rounded to nearest, halves up; a negative shift multiplies, saturating.
#[inline]
pub(crate) fn shift(value: i32, shift: i32) -> i32 {
    match shift {
        0 => value,
        1..=31 => value.saturating_add(1 << (shift - 1)) >> shift,
        32.. => 0,
        -30..=-1 => value.saturating_mul(1 << -shift),
        _ => value.saturating_mul(i32::MAX),
    }
}

/// [`shift`] in 64 bits.
#[inline]
pub(crate) fn shift_wide(value: i64, shift: i32) -> i64 {
    match shift {
        0 => value,
        1..=62 => value.saturating_add(1 << (shift - 1)) >> shift,
        63.. => 0,
        -61..=-1 => value.saturating_mul(1 << -shift),
        _ => value.saturating_mul(i64::MAX),
    }
}

/// `e^−d` in Q15, for `d ≥ 0` in Q12.
///
/// `e^−d = 2^−(n + f)`, `2^−f ≈ 1 + f (−22655 + f (7552 − 1282 f))` in Q15: a cubic fitted on `[0, 1]`,
/// relative error at most 1.7e-4.
pub(crate) fn exp_negative(d: u32) -> u32 {
    // log2 e = 23637 / 2^14; Q12 · Q14 is Q26, kept as Q16. From 16 on the result is 0.
    let bits = (d.min(16 << 12) * 23637) >> 10;
    let whole = bits >> 16;
    if whole > 16 {
        return 0;
    }
    let f = ((bits & 0xffff) >> 1) as i32;
    let p = 7552 - ((1282 * f) >> 15);
    let p = -22655 + ((p * f) >> 15);
    let p = 32768 + ((p * f) >> 15);
    (p as u32) >> whole
}

/// `ln x` in Q16, for `x ≥ 1` in Q15, by repeated squaring of the fraction: one bit of the logarithm
/// each time. Absolute error at most 2^−15. Source: Knuth, TAOCP 1, 1.2.2, exercise 25.
pub(crate) fn ln(x: u32) -> i32 {
    let top = 31 - x.max(1).leading_zeros() as i32;
    let mut fraction = (x.max(1) << (31 - top)) as u64;
    let mut log2 = (top - 15) << 16;
    let mut bit = 1 << 15;
    while bit > 0 {
        fraction = (fraction * fraction) >> 31;
        if fraction >= 1 << 32 {
            fraction >>= 1;
            log2 |= bit;
        }
        bit >>= 1;
    }
    // ln 2 = 45426 / 2^16.
    ((i64::from(log2) * 45426) >> 16) as i32
}

/// The integer square root, rounded down.
pub(crate) const fn root(value: u64) -> u64 {
    value.isqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_within_its_error() {
        for d in 0..40_960 {
            let exact = libm::exp(-f64::from(d) / 4096.0);
            let error = f64::from(exp_negative(d)) / 32768.0 - exact;
            assert!(
                error.abs() <= 1.7e-4 * exact + 1.0 / 32768.0 + 1e-9,
                "{d}: {error}"
            );
        }
    }

    #[test]
    fn logarithm_within_its_error() {
        for x in (32_768..4_000_000).step_by(97) {
            let error = f64::from(ln(x)) / 65536.0 - libm::log(f64::from(x) / 32768.0);
            assert!(error.abs() <= 1.0 / 32768.0 + 1e-5, "{x}: {error}");
        }
    }

    #[test]
    fn shifts_round_to_nearest_and_saturate() {
        assert_eq!(
            [shift(5, 1), shift(-5, 1), shift(6, 2), shift(3, -2)],
            [3, -2, 2, 12]
        );
        assert_eq!(
            [shift(1 << 30, -5), shift(-(1 << 30), -40), shift(7, 40)],
            [i32::MAX, i32::MIN, 0]
        );
    }
}
