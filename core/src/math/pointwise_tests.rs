//! Each function against its formula in double precision, each slope against central differences.

use super::*;

/// What is compared: a function, its slope by its own rule, and the formula.
struct Case {
    name: &'static str,
    value: fn(f64) -> f64,
    slope: fn(f64) -> f64,
    single: fn(f32) -> f32,
    formula: fn(f64) -> f64,
}

macro_rules! unary {
    ($kind:ident, $formula:expr) => {
        Case {
            name: $kind::NAME,
            value: |x| $kind::value(x),
            slope: |x| $kind::slope($kind::value(x)),
            single: |x| $kind::value(x),
            formula: $formula,
        }
    };
}

macro_rules! shaped {
    ($kind:ident, $setting:literal, $formula:expr) => {
        Case {
            name: $kind::NAME,
            value: |x| $kind::value($setting, x),
            slope: |x| $kind::slope($setting, $kind::value($setting, x)),
            single: |x| $kind::value($setting, x),
            formula: $formula,
        }
    };
}

macro_rules! curve {
    ($kind:ident, $formula:expr) => {
        Case {
            name: $kind::NAME,
            value: |x| $kind::value(x),
            slope: |x| $kind::with_slope(x).1,
            single: |x| $kind::value(x),
            formula: $formula,
        }
    };
}

fn cases() -> [Case; 8] {
    [
        unary!(Relu, |x| x.max(0.0)),
        unary!(Relu6, |x| x.clamp(0.0, 6.0)),
        unary!(Tanh, |x| (libm::exp(2.0 * x) - 1.0) / (libm::exp(2.0 * x) + 1.0)),
        unary!(Sigmoid, |x| 1.0 / (1.0 + libm::exp(-x))),
        shaped!(LeakyRelu, 0.125, |x| if x > 0.0 { x } else { 0.125 * x }),
        shaped!(Elu, 1.5, |x| if x > 0.0 { x } else { 1.5 * (libm::exp(x) - 1.0) }),
        curve!(Gelu, |x| 0.5 * x * libm::erfc(-x / core::f64::consts::SQRT_2)),
        curve!(Silu, |x| x / (1.0 + libm::exp(-x))),
    ]
}

/// Points off the kinks at 0 and 6.
fn points() -> impl Iterator<Item = f64> {
    (-1000..1000).map(|i| f64::from(i) * 0.01 + 0.003)
}

#[test]
fn values_follow_their_formulas() {
    let bound = if cfg!(feature = "micromath") { 4e-3 } else { 1e-6 };
    for case in cases() {
        for x in points() {
            let exact = (case.formula)(x);
            let error = ((case.value)(x) - exact).abs() / exact.abs().max(1e-2);
            assert!(error < 1e-13, "{} of {x}: off by {error:e}", case.name);
            let error = (f64::from((case.single)(x as f32)) - exact).abs() / exact.abs().max(1.0);
            assert!(error < bound, "{} of {x} in f32: off by {error:e}", case.name);
        }
    }
}

#[test]
fn slopes_are_those_of_the_values() {
    let step = 1e-5;
    for case in cases() {
        for x in points() {
            let difference = ((case.formula)(x + step) - (case.formula)(x - step)) / (2.0 * step);
            let error = ((case.slope)(x) - difference).abs();
            assert!(error < 1e-9, "slope of {} at {x}: off by {error:e}", case.name);
        }
    }
}

/// Where a kink is, the slope is PyTorch's.
#[test]
fn slopes_at_the_kinks() {
    assert_eq!(
        [
            Relu::slope(0.0),
            Relu6::slope(0.0),
            Relu6::slope(6.0),
            LeakyRelu::slope(0.25, 0.0),
            Elu::slope(1.5, 0.0)
        ],
        [0.0, 0.0, 0.0, 0.25, 1.5]
    );
}

/// A forward pass that keeps slopes gives the same output as one that does not.
#[test]
fn values_do_not_depend_on_the_slope_being_asked_for() {
    for x in points().map(|x| x as f32) {
        assert_eq!(Gelu::value(x).to_bits(), Gelu::with_slope(x).0.to_bits());
        assert_eq!(Silu::value(x).to_bits(), Silu::with_slope(x).0.to_bits());
    }
}

/// What is not a number stays one, so that it is noticed.
#[test]
fn a_nan_passes() {
    for case in cases() {
        assert!((case.single)(f32::NAN).is_nan(), "{}", case.name);
        assert!((case.value)(f64::NAN).is_nan(), "{}", case.name);
    }
}

/// Large inputs saturate and do not overflow.
#[test]
fn the_ends_are_finite() {
    for x in [-1e30_f32, -200.0, -90.0, 90.0, 200.0, 1e30] {
        for case in cases() {
            let y = (case.single)(x);
            assert!(y.is_finite(), "{} of {x} is {y}", case.name);
        }
        let slopes = [Gelu::with_slope(x).1, Silu::with_slope(x).1];
        let exact = if x > 0.0 { 1.0 } else { 0.0 };
        assert!(
            slopes.iter().all(|slope| (slope - exact).abs() < 1e-6),
            "{slopes:?} at {x}"
        );
    }
}
