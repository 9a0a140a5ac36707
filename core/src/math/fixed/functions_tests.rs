//! Every function against libm in double precision, over all of its range.

extern crate std;

use super::scaled::*;
use super::tables::{FALL, GELU_SLOPE, NORMAL, TANH};
use super::*;

fn q15(x: i32) -> f64 {
    f64::from(x) / 32_768.0
}

fn distribution(x: f64) -> f64 {
    0.5 * libm::erfc(-x / core::f64::consts::SQRT_2)
}

fn density(x: f64) -> f64 {
    libm::exp(-x * x / 2.0) / libm::sqrt(core::f64::consts::TAU)
}

fn falling(d: f64) -> f64 {
    if d == 0.0 { 1.0 } else { -libm::expm1(-d) / d }
}

#[test]
fn table_entries_are_the_nearest() {
    let near = |entries: &[u16], step: f64, unit: f64, f: &dyn Fn(f64) -> f64| {
        for (k, entry) in entries.iter().enumerate() {
            let exact = f(k as f64 * step) * unit;
            assert!(
                (f64::from(*entry) - exact).abs() <= 0.5,
                "{k}: {entry} is not {exact}"
            );
        }
    };
    near(&TANH, 1.0 / 16.0, 32_768.0, &libm::tanh);
    near(&NORMAL, 0.125, 32_768.0, &distribution);
    near(&GELU_SLOPE, 0.125, 16_384.0, &|x| {
        distribution(x) + x * density(x)
    });
    near(&FALL, 0.125, 32_768.0, &falling);
}

/// The largest error of `f`, in Q15 to `unit`, at each input in Q15 within ±10, and far beyond.
fn worst(f: fn(i32) -> i32, unit: f64, exact: impl Fn(f64) -> f64) -> f64 {
    let far = [i32::MIN, i32::MAX, -(1 << 24), 1 << 24];
    (-(10 << 15)..10 << 15)
        .chain(far)
        .map(|x| (f64::from(f(x)) / unit - exact(q15(x))).abs())
        .fold(0.0, f64::max)
}

#[test]
fn functions_within_their_errors() {
    let errors = [
        (worst(tanh, 32_768.0, libm::tanh), 7e-5),
        (worst(sigmoid, 32_768.0, |x| 1.0 / (1.0 + libm::exp(-x))), 5e-5),
        (worst(normal, 32_768.0, distribution), 9e-5),
        (
            worst(gelu_slope, 16_384.0, |x| distribution(x) + x * density(x)),
            2.5e-4,
        ),
        (
            worst(
                |x| fall(x.unsigned_abs().min(8 << 15)),
                32_768.0,
                |x| falling(x.abs().min(8.0)),
            ),
            8e-5,
        ),
    ];
    std::println!("{errors:?}");
    assert!(errors.iter().all(|(error, bound)| error <= bound), "{errors:?}");
}

#[test]
fn inverse_roots_within_their_error() {
    let mut worst: f64 = 0.0;
    let mut check = |value: u64| {
        let (mantissa, exponent) = inverse_root(value);
        assert!((1 << 14..=1 << 15).contains(&mantissa), "{value}: {mantissa}");
        let found = libm::scalbn(mantissa.into(), exponent);
        worst = worst.max((found * libm::sqrt(value as f64) - 1.0).abs());
    };
    (1..1 << 18).for_each(&mut check);
    for top in 18..63 {
        for low in 0..400 {
            check((1 << top) + (low << (top - 10)));
            check((2 << top) - 1 - low);
        }
    }
    check(u64::MAX);
    std::println!("{worst}");
    assert!(worst <= 8e-5, "{worst}");
    assert_eq!(inverse_root(0), inverse_root(1));
}

#[test]
fn reciprocals_within_their_error() {
    let mut worst: f64 = 0.0;
    let mut check = |value: u32| {
        let (mantissa, exponent) = reciprocal(value);
        assert!((1 << 14..=1 << 15).contains(&mantissa), "{value}: {mantissa}");
        let found = libm::scalbn(mantissa.into(), exponent);
        worst = worst.max((found * f64::from(value) - 1.0).abs());
    };
    (1..1 << 18).for_each(&mut check);
    (0..1 << 16).for_each(|high| check(high << 16 | 0x7fff));
    check(u32::MAX);
    std::println!("{worst}");
    assert!(worst <= 5e-5, "{worst}");
    assert_eq!(reciprocal(0), reciprocal(1));
}

#[test]
fn settings_are_read_from_their_bits() {
    for value in [1.0_f32, 0.01, 0.1, 0.999_999, 1e-20, 3e7, 2.0 / 3.0] {
        let (mantissa, exponent) = setting(value);
        assert!((1 << 14..=1 << 15).contains(&mantissa));
        let error = libm::scalbn(mantissa.into(), exponent) / f64::from(value) - 1.0;
        assert!(error.abs() <= 1.0 / 32_768.0, "{value}: {error}");
    }
    for value in [0.0, -1.0, f32::NAN, f32::INFINITY, f32::MIN_POSITIVE / 2.0] {
        assert_eq!(setting(value), (0, 0));
    }
    for value in [
        0.0_f32,
        1e-30,
        5.9e-8,
        6e-8,
        0.1,
        0.25,
        0.3,
        0.5,
        0.75,
        0.999_999_9,
        1.0,
    ] {
        let count = (f64::from(value) * 16_777_216.0).ceil();
        assert_eq!(f64::from(share(value)), count, "{value}");
    }
    for value in [1, -1, 77, 123_456_789, -123_456_789, i32::MAX, i32::MIN] {
        for factor in [1.0_f32, 0.1, 0.01, 0.7] {
            let found = f64::from(part(value, setting(factor)));
            let exact = f64::from(value) * f64::from(factor);
            assert!(
                (found - exact).abs() <= 5.0 + exact.abs() / 16_384.0,
                "{value} {factor}: {found}"
            );
        }
    }
}

/// The largest error of `f` over all mantissas of some scales, as a share of the largest result. Results are taken with
/// 15 bits, so rounding them is 3e-5 of that.
fn swept(f: impl Fn(i32, i32, i32) -> i32, exact: impl Fn(f64) -> f64) -> f64 {
    let mut worst: f64 = 0.0;
    for from in [-22, -16, -13, -11, -9, -5, 2] {
        let value = |x: i32| exact(libm::scalbn(x.into(), from));
        let most = (-8191..=8191).map(|x| value(x).abs()).fold(0.0, f64::max);
        let to = libm::ilogb(most) - 14;
        for x in -8191..=8191 {
            let far = libm::scalbn(f(x, from, to).into(), to) - value(x);
            worst = worst.max(far.abs() / most);
        }
    }
    worst
}

#[test]
fn scaled_functions_keep_the_digits_of_a_mantissa() {
    let logistic = |x: f64| 1.0 / (1.0 + libm::exp(-x));
    let alpha = setting(0.7);
    let elu = |x: f64| {
        if x > 0.0 {
            x
        } else {
            f64::from(0.7_f32) * libm::expm1(x)
        }
    };
    let errors = [
        swept(tanh_of, libm::tanh),
        swept(sigmoid_of, logistic),
        swept(|x, from, to| gelu_of(x, from, to).0, |x| x * distribution(x)),
        swept(|x, from, to| silu_of(x, from, to).0, |x| x * logistic(x)),
    ];
    std::println!("{errors:?}");
    // A unit of the largest mantissa is 1.2e-4.
    assert!(errors.iter().all(|error| *error <= 1.2e-4), "{errors:?}");
    for scale in [-22, -16, -13, -11, -9, -5] {
        for x in -8191..=8191 {
            let exact = libm::scalbn(elu(libm::scalbn(x.into(), scale)), -scale);
            let found = f64::from(elu_of(alpha, x, scale));
            assert!(
                (found - exact).abs() <= 0.5 + 3e-4 * exact.abs(),
                "{x} at {scale}: {found} {exact}"
            );
        }
    }
}

#[test]
fn slopes_follow_the_derivatives() {
    let logistic = |x: f64| 1.0 / (1.0 + libm::exp(-x));
    for scale in [-14, -13, -9] {
        for y in -8191..=8191 {
            let value = libm::scalbn(y.into(), scale);
            if value.abs() <= 1.0 {
                let exact = 8000.0 * (1.0 - value * value);
                let found = f64::from(tanh_slope(y, scale, 8000, 0));
                assert!((found - exact).abs() <= 1.0, "{y} at {scale}: {found} {exact}");
            }
            if (0.0..=1.0).contains(&value) {
                let exact = 16_000.0 * value * (1.0 - value);
                let found = f64::from(sigmoid_slope(y, scale, 8000, -1));
                assert!((found - exact).abs() <= 1.5, "{y} at {scale}: {found} {exact}");
            }
            if (-0.7..=0.0).contains(&value) {
                let exact = 8000.0 * (value + f64::from(0.7_f32));
                let found = f64::from(elu_slope(setting(0.7), y, scale, 8000));
                assert!((found - exact).abs() <= 1.0, "{y} at {scale}: {found} {exact}");
            }
        }
    }
    for from in [-16, -13, -10, -6, 0, 10] {
        for x in -8191..=8191 {
            let value = libm::scalbn(x.into(), from);
            let gelu = distribution(value) + value * density(value);
            let found = f64::from(gelu_of(x, from, from).1) / 4096.0;
            assert!((found - gelu).abs() <= 4e-4, "gelu {value}: {found} {gelu}");
            let gate = logistic(value);
            let silu = gate * (1.0 + value * (1.0 - gate));
            let found = f64::from(silu_of(x, from, from).1) / 4096.0;
            assert!((found - silu).abs() <= 8e-4, "silu {value}: {found} {silu}");
        }
    }
    assert_eq!(leaky_of(setting(0.25), -100), -25);
    assert_eq!(leaky_of(setting(0.25), 100), 100);
}
