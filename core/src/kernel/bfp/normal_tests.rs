//! Normalisation, softmax, dropout and functions with settings in integers, against the same in double precision.

extern crate std;

use super::*;
use crate::kernel::Kernel;
use crate::math::{Elu, Gelu, LeakyRelu, Relu6, Sigmoid, Silu, Tanh};
use crate::number::Element;
use crate::number::bfp::{Field, Track};
use std::vec;
use std::vec::Vec;

type Number = Bfp14;

fn view(data: &[i16], scale: i16) -> View<'_, Number> {
    View {
        data,
        scale: Exponent(scale),
    }
}

fn view_mut(data: &mut [i16], scale: i16) -> ViewMut<'_, Number> {
    ViewMut {
        data,
        scale: Exponent(scale),
    }
}

fn float(data: &mut [f64]) -> ViewMut<'_, f64> {
    ViewMut { data, scale: () }
}

fn real(mantissa: impl Into<i32>, scale: i32) -> f64 {
    libm::scalbn(mantissa.into().into(), scale)
}

fn reals(data: &[i16], scale: i32) -> Vec<f64> {
    data.iter().map(|x| real(*x, scale)).collect()
}

/// Mantissas within ±`most`, all moved by `offset`.
fn drawn(random: &mut Pcg, length: usize, most: i32, offset: i32) -> Vec<i16> {
    (0..length)
        .map(|_| (random.below(2 * most as u32 + 1) as i32 - most + offset).clamp(-8191, 8191) as i16)
        .collect()
}

fn biases(random: &mut Pcg, length: usize) -> (Vec<Saturating<i32>>, Vec<f64>) {
    let values: Vec<f64> = (0..length)
        .map(|_| f64::from(random.uniform()) * 3.0 - 1.5)
        .collect();
    let stored: Vec<_> = values
        .iter()
        .map(|value| Saturating::<i32>::from_f32(*value as f32, ()))
        .collect();
    let values = stored.iter().map(|bias| real(bias.0, -24)).collect();
    (stored, values)
}

/// The largest distance, as a share of the largest magnitude.
fn far(found: &[f64], exact: &[f64]) -> f64 {
    assert_eq!(found.len(), exact.len());
    let most = exact.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    let far = found.iter().zip(exact).map(|(a, b)| (a - b).abs());
    far.fold(0.0, f64::max) / most.max(f64::MIN_POSITIVE)
}

/// The largest distance of kept normalised values from those within ±8, in standard deviations.
fn kept_far(kept: &[i16], exact: &[f64]) -> f64 {
    const LAST: f64 = 8191.0 / 1024.0;
    let far = kept
        .iter()
        .zip(exact)
        .map(|(n, exact)| (real(*n, -10) - exact.clamp(-LAST, LAST)).abs());
    far.fold(0.0, f64::max)
}

/// The exponent at which values of that size fill their mantissas but for one bit.
fn fitting(values: &[f64]) -> i16 {
    let most = values.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    (libm::ilogb(most.max(1e-9)) - 11) as i16
}

const LAYOUTS: [Groups; 5] = [
    // Three positions of 8 channels.
    Groups {
        count: 3,
        runs: 1,
        width: 8,
        step: 8,
        gains: 0,
        centred: true,
    },
    Groups {
        count: 3,
        runs: 1,
        width: 8,
        step: 8,
        gains: 0,
        centred: false,
    },
    // 2 groups of 4 channels over 3 positions; 8 of one.
    Groups {
        count: 2,
        runs: 3,
        width: 4,
        step: 8,
        gains: 4,
        centred: true,
    },
    Groups {
        count: 8,
        runs: 3,
        width: 1,
        step: 8,
        gains: 1,
        centred: true,
    },
    // One group of all.
    Groups {
        count: 1,
        runs: 1,
        width: 24,
        step: 24,
        gains: 0,
        centred: true,
    },
];

#[test]
fn groups_are_normalised_as_in_double_precision() {
    let random = &mut Pcg::new(1);
    let mut worst = [0.0_f64; 4];
    for groups in LAYOUTS {
        let gains = if groups.gains == 0 { groups.width } else { 8 };
        for from in [-26, -18, -13, -9, -3, 6] {
            for (most, offset) in [(8191, 0), (3000, 4000), (400, -7000), (2000, 0)] {
                // An offset hides the spread: fewer of its digits are there.
                let x = drawn(random, 24, most, if groups.centred { offset } else { 0 });
                let (gain, gain_f) = biases(random, gains);
                let (bias, bias_f) = biases(random, gains);
                let (mut y_f, mut kept_f, mut inverse_f) =
                    (reals(&x, from), vec![0.0; 24], vec![0.0; groups.count]);
                f64::normalise(
                    float(&mut y_f),
                    (),
                    (&gain_f, &bias_f),
                    groups,
                    (&mut kept_f, &mut inverse_f),
                    None,
                );
                let to = fitting(&y_f);
                let (mut y, mut kept, mut inverse) = (x.clone(), vec![0; 24], vec![0; groups.count]);
                let peak = Number::normalise(
                    view_mut(&mut y, to),
                    Exponent(from as i16),
                    (&gain, &bias),
                    groups,
                    (&mut kept, &mut inverse),
                    None,
                );
                assert_eq!(peak.saturated, 0);
                let highest = y.iter().map(|y| u32::from(y.unsigned_abs())).max();
                assert_eq!(Some(peak.largest), highest);
                let inverse_found: Vec<f64> = inverse
                    .iter()
                    .map(|inverse| {
                        let (mantissa, exponent) = groups::unpack(*inverse);
                        real(mantissa, exponent)
                    })
                    .collect();
                let ratio: Vec<f64> = inverse_found.iter().zip(&inverse_f).map(|(a, b)| a / b).collect();
                let gradient = drawn(random, 24, 8191, 0);
                let mut dx_f = reals(&gradient, -15);
                f64::normalise_gradient(float(&mut dx_f), (), &gain_f, groups, (&kept_f, &inverse_f));
                let mut dx = gradient;
                let to_dx = fitting(&dx_f);
                let peak = Number::normalise_gradient(
                    view_mut(&mut dx, to_dx),
                    Exponent(-15),
                    &gain,
                    groups,
                    (&kept, &inverse),
                );
                assert_eq!(peak.saturated, 0);
                let errors = [
                    far(&reals(&y, to.into()), &y_f),
                    kept_far(&kept, &kept_f),
                    far(&ratio, &vec![1.0; ratio.len()]),
                    far(&reals(&dx, to_dx.into()), &dx_f),
                ];
                for (worst, error) in worst.iter_mut().zip(errors) {
                    *worst = worst.max(error);
                }
            }
        }
    }
    std::println!("{worst:?}");
    // A unit is 2.4e-4 to 4.9e-4 of the largest element.
    let bounds = [8e-4, 1e-3, 8e-4, 3e-3];
    assert!(
        worst.iter().zip(bounds).all(|(worst, bound)| *worst <= bound),
        "{worst:?}"
    );
}

#[test]
fn running_statistics_follow_as_in_double_precision() {
    let random = &mut Pcg::new(2);
    let groups = LAYOUTS[3];
    for (from, momentum) in [(-12, 0.1_f32), (-10, 0.01), (-16, 1.0)] {
        for per_sample in [true, false] {
            let (mut mean, mut mean_f) = biases(random, 8);
            let (mut variance, mut variance_f) = biases(random, 8);
            for (variance, exact) in variance.iter_mut().zip(&mut variance_f) {
                (variance.0, *exact) = (variance.0.abs(), exact.abs());
            }
            for _ in 0..30 {
                let x = drawn(random, 24, 3000, 800);
                let (mut y, mut y_f) = (x.clone(), reals(&x, from));
                if per_sample {
                    let gain = vec![Saturating(1 << 24); 8];
                    Number::normalise(
                        view_mut(&mut y, -12),
                        Exponent(from as i16),
                        (&gain, &[]),
                        groups,
                        (&mut [], &mut []),
                        Some(Running {
                            mean: &mut mean,
                            variance: &mut variance,
                            momentum,
                        }),
                    );
                    let running = Running {
                        mean: &mut mean_f,
                        variance: &mut variance_f,
                        momentum,
                    };
                    f64::normalise(
                        float(&mut y_f),
                        (),
                        (&[1.0; 8], &[]),
                        groups,
                        (&mut [], &mut []),
                        Some(running),
                    );
                } else {
                    Number::follow_channels(view(&x, from as i16), (&mut mean, &mut variance), momentum);
                    f64::follow_channels(View::plain(&y_f), (&mut mean_f, &mut variance_f), momentum);
                }
            }
            let found =
                |biases: &[Saturating<i32>]| -> Vec<f64> { biases.iter().map(|b| real(b.0, -24)).collect() };
            let errors = [far(&found(&mean), &mean_f), far(&found(&variance), &variance_f)];
            assert!(
                errors.iter().all(|error| *error <= 5e-4),
                "{from} {momentum} {per_sample}: {errors:?}"
            );
        }
    }
}

#[test]
fn channels_are_standardised_as_in_double_precision() {
    let random = &mut Pcg::new(3);
    let mut worst = [0.0_f64; 3];
    for from in [-20, -14, -11, -9] {
        for most in [8191, 500] {
            let x = drawn(random, 24, most, 0);
            let [
                (gain, gain_f),
                (bias, bias_f),
                (mean, mean_f),
                (mut variance, mut variance_f),
            ] = [(); 4].map(|()| biases(random, 8));
            let spread = real(most, from);
            for (variance, exact) in variance.iter_mut().zip(&mut variance_f) {
                *exact = (exact.abs() + 0.1) * spread * spread;
                *variance = Saturating::from_f32(*exact as f32, ());
                *exact = real(variance.0, -24);
            }
            let mean_f: Vec<f64> = mean_f.iter().map(|mean| mean * spread).collect();
            let mean: Vec<_> = mean
                .iter()
                .zip(&mean_f)
                .map(|(_, mean)| Saturating::from_f32(*mean as f32, ()))
                .collect();
            let (mut y_f, mut kept_f) = (reals(&x, from), vec![0.0; 24]);
            let exact = Channels {
                gain: &gain_f,
                shift: &bias_f,
                mean: &mean_f,
                variance: &variance_f,
            };
            f64::standardise(float(&mut y_f), (), exact, &mut kept_f);
            let (mut y, mut kept, to) = (x, vec![0; 24], fitting(&y_f));
            let channels = Channels {
                gain: &gain,
                shift: &bias,
                mean: &mean,
                variance: &variance,
            };
            Number::standardise(view_mut(&mut y, to), Exponent(from as i16), channels, &mut kept);
            let gradient = drawn(random, 24, 8191, 0);
            let mut dx_f = reals(&gradient, -15);
            f64::standardise_gradient(float(&mut dx_f), (), &gain_f, &variance_f);
            let (mut dx, to_dx) = (gradient, fitting(&dx_f));
            Number::standardise_gradient(view_mut(&mut dx, to_dx), Exponent(-15), &gain, &variance);
            let errors = [
                far(&reals(&y, to.into()), &y_f),
                kept_far(&kept, &kept_f),
                far(&reals(&dx, to_dx.into()), &dx_f),
            ];
            for (worst, error) in worst.iter_mut().zip(errors) {
                *worst = worst.max(error);
            }
        }
    }
    std::println!("{worst:?}");
    // Of a kept value of 8, half a unit and an inverse's 8e-5.
    let bounds = [8e-4, 1.2e-3, 5e-4];
    let mut all = worst.iter().zip(bounds);
    assert!(all.all(|(worst, bound)| *worst <= bound), "{worst:?}");
}

#[test]
fn gain_gradients_sum_all_positions() {
    let random = &mut Pcg::new(4);
    let (dy, kept) = (drawn(random, 40, 8191, 0), drawn(random, 40, 8191, 0));
    let mut track = Track::default();
    let (mut found, mut exact) = (vec![77; 8], vec![0.0; 8]);
    for sample in 0..2 {
        let dgain = Grad {
            data: &mut found,
            track: Some(&mut track),
        };
        Number::gain_gradient(view(&dy, -15), &kept, dgain, sample == 0);
        let (dy, kept) = (reals(&dy, -15), reals(&kept, -10));
        let dgain = Grad::<f64> {
            data: &mut exact,
            track: None,
        };
        f64::gain_gradient(View::plain(&dy), &kept, dgain, sample == 0);
    }
    // Five positions: eight times the smallest product.
    assert_eq!(track[Field::Gradient as usize], -25 + 3);
    let found: Vec<f64> = found.iter().map(|sum| real(*sum, -22)).collect();
    assert!(far(&found, &exact) <= 1e-6);
}

#[test]
fn softmax_is_that_of_double_precision() {
    let random = &mut Pcg::new(5);
    for width in [1, 2, 10, 100, 1000] {
        for from in [-14, -11, -8, 0] {
            let x = drawn(random, 2 * width, 8191, 0);
            let mut y_f = reals(&x, from);
            f64::softmax(float(&mut y_f), (), width);
            let (mut y, to) = (x, fitting(&y_f));
            Number::softmax(view_mut(&mut y, to), Exponent(from as i16), width);
            let error = far(&reals(&y, to.into()), &y_f);
            assert!(error <= 8e-4, "{width} at {from}: {error}");
            if width == 1 {
                continue;
            }
            let gradient = drawn(random, 2 * width, 8191, 0);
            let mut dx_f = reals(&gradient, -15);
            f64::softmax_gradient(View::plain(&y_f), float(&mut dx_f), (), width);
            let (mut dx, to_dx) = (gradient, fitting(&dx_f));
            Number::softmax_gradient(view(&y, to), view_mut(&mut dx, to_dx), Exponent(-15), width);
            // Of a softmax that is 0 and 1 there is no gradient but for rounding.
            let (found, most) = (
                reals(&dx, to_dx.into()),
                dx_f.iter().fold(0.0, |most: f64, d| most.max(d.abs())),
            );
            let error = far(&found, &dx_f) * most / most.max(1e-2 * y_f.iter().copied().fold(0.0, f64::max));
            assert!(error <= 6e-3, "gradient of {width} at {from}: {error}");
        }
    }
}

/// The same elements as in `f32`, from the same draws.
#[test]
fn dropout_drops_what_float_drops() {
    for rate in [0.0, 1e-9, 0.1, 0.25, 0.5, 0.9] {
        let x = drawn(&mut Pcg::new(6), 500, 800, 0);
        let (mut y, mut y_f) = (x.clone(), x.iter().map(|x| f32::from(*x)).collect::<Vec<_>>());
        let [mut random, mut same] = [Pcg::new(7); 2];
        Number::dropout(view_mut(&mut y, -10), rate, &mut random);
        f32::dropout(
            ViewMut {
                data: &mut y_f,
                scale: (),
            },
            rate,
            &mut same,
        );
        assert_eq!(random, same);
        for ((x, y), exact) in x.iter().zip(&y).zip(&y_f) {
            assert!(
                (f32::from(*y) - exact).abs() <= 0.5 + exact.abs() * 5e-5,
                "{x} at {rate}: {y} {exact}"
            );
            assert!(*exact != 0.0 || *y == 0);
        }
    }
}

#[test]
fn slopes_are_kept_and_multiplied_with() {
    let x = drawn(&mut Pcg::new(8), 300, 8191, 0);
    let (mut y, mut slopes) = (x.clone(), vec![0; 300]);
    Number::curve::<Gelu>(view_mut(&mut y, -11), Exponent(-11), &mut slopes);
    let (mut y_f, mut slopes_f) = (reals(&x, -11), vec![0.0; 300]);
    f64::curve::<Gelu>(float(&mut y_f), (), &mut slopes_f);
    assert!(far(&reals(&y, -11), &y_f) <= 1.5e-4);
    assert!(far(&reals(&slopes, -12), &slopes_f) <= 5e-4);
    let gradient = drawn(&mut Pcg::new(9), 300, 8191, 0);
    let (mut dx, mut dx_f) = (gradient.clone(), reals(&gradient, -15));
    Number::multiply(view_mut(&mut dx, -14), Exponent(-15), &slopes);
    f64::multiply(float(&mut dx_f), (), &slopes_f);
    assert!(far(&reals(&dx, -14), &dx_f) <= 6e-4);
}

#[test]
fn functions_with_settings_are_those_of_double_precision() {
    fn check<S: Shaped>(setting: f32) {
        let (x, gradient) = (
            drawn(&mut Pcg::new(11), 300, 8191, 0),
            drawn(&mut Pcg::new(12), 300, 8191, 0),
        );
        for scale in [-16, -13, -11] {
            let (mut y, mut y_f) = (x.clone(), reals(&x, scale));
            Number::shaped::<S>(setting, view_mut(&mut y, scale as i16));
            f64::shaped::<S>(setting, float(&mut y_f));
            assert!(far(&reals(&y, scale), &y_f) <= 1.5e-4);
            let (mut dx, mut dx_f) = (gradient.clone(), reals(&gradient, -15));
            Number::shaped_gradient::<S>(setting, view(&y, scale as i16), view_mut(&mut dx, -15));
            f64::shaped_gradient::<S>(setting, View::plain(&y_f), float(&mut dx_f));
            assert!(far(&reals(&dx, -15), &dx_f) <= 3e-4);
        }
    }
    check::<LeakyRelu>(0.1);
    check::<Elu>(0.7);
}

/// What data could bring at worst: the tests run with overflow checks.
#[test]
fn nothing_overflows() {
    let random = &mut Pcg::new(10);
    let extremes: [i16; 5] = [-8191, 8191, 0, 1, -1];
    let ends = [i32::MIN, i32::MAX, 0, 1, -1, 1 << 24];
    let patterns: [fn(usize, u32) -> usize; 4] = [
        |i, _| usize::from(i % 2 == 0),
        |i, _| usize::from(i == 3),
        |_, draw| draw as usize % 5,
        |_, _| 1,
    ];
    for exponent in [-60_i16, -31, -13, 0, 15, 30] {
        for (at, pattern) in patterns.into_iter().enumerate() {
            let to = [-60, -13, 0, 30][at];
            for groups in LAYOUTS.into_iter().chain([Groups {
                count: 1,
                runs: 4096,
                width: 4,
                step: 8,
                gains: 0,
                centred: at % 2 == 0,
            }]) {
                let length = (groups.runs * groups.step).max(groups.count * groups.width);
                let mut some = || -> Vec<i16> {
                    (0..length)
                        .map(|i| extremes[pattern(i, random.next_u32())])
                        .collect()
                };
                let (x, dy, n) = (some(), some(), some());
                let [gain, bias, mean, variance] = [1, 5, 7, 11].map(|by| {
                    (0..8)
                        .map(|i| Saturating(ends[(i * by + at) % 6]))
                        .collect::<Vec<_>>()
                });
                let (from, inverse) = (Exponent(exponent), vec![-1_i16; groups.count]);
                let (mut y, mut kept, mut packed) = (x.clone(), vec![0; length], vec![0; groups.count]);
                let (mut means, mut variances) = (mean.clone(), variance.clone());
                let running = Running {
                    mean: &mut means,
                    variance: &mut variances,
                    momentum: 1.0,
                };
                let parameters = (&gain[..], &bias[..]);
                Number::normalise(
                    view_mut(&mut y, to),
                    from,
                    parameters,
                    groups,
                    (&mut kept, &mut packed),
                    Some(running),
                );
                for (kept, inverse) in [(&kept, &packed), (&n, &inverse)] {
                    Number::normalise_gradient(
                        view_mut(&mut dy.clone(), to),
                        from,
                        &gain,
                        groups,
                        (kept, inverse),
                    );
                }
                let channels = Channels {
                    gain: &gain,
                    shift: &bias,
                    mean: &mean,
                    variance: &variance,
                };
                Number::follow_channels(view(&x, exponent), (&mut means, &mut variances), 1.0);
                Number::standardise(view_mut(&mut x.clone(), to), from, channels, &mut kept);
                Number::standardise_gradient(view_mut(&mut dy.clone(), to), from, &gain, &variance);
                let mut sums = vec![0; 8];
                for sample in 0..32 {
                    let dgain = Grad {
                        data: &mut sums,
                        track: None,
                    };
                    Number::gain_gradient(view(&dy, exponent), &n, dgain, sample == 0);
                }
                Number::softmax(view_mut(&mut x.clone(), to), from, 8);
                Number::softmax_gradient(view(&n, exponent), view_mut(&mut dy.clone(), to), from, 8);
                Number::multiply(view_mut(&mut dy.clone(), to), from, &n);
                Number::curve::<Gelu>(view_mut(&mut x.clone(), to), from, &mut kept);
                Number::curve::<Silu>(view_mut(&mut x.clone(), to), from, &mut kept);
                for setting in [1e-30, 0.3, 1.0, 1e30] {
                    Number::shaped::<Elu>(setting, view_mut(&mut x.clone(), exponent));
                    Number::shaped::<LeakyRelu>(setting, view_mut(&mut x.clone(), exponent));
                    Number::shaped_gradient::<Elu>(
                        setting,
                        view(&n, exponent),
                        view_mut(&mut dy.clone(), to),
                    );
                    Number::shaped_gradient::<LeakyRelu>(
                        setting,
                        view(&n, exponent),
                        view_mut(&mut dy.clone(), to),
                    );
                }
                Number::unary::<Tanh>(view_mut(&mut x.clone(), to), from);
                Number::unary::<Sigmoid>(view_mut(&mut x.clone(), to), from);
                Number::unary::<Relu6>(view_mut(&mut x.clone(), to), from);
                Number::unary_gradient::<Tanh>(view(&n, exponent), view_mut(&mut dy.clone(), to), from);
                Number::unary_gradient::<Sigmoid>(view(&n, exponent), view_mut(&mut dy.clone(), to), from);
            }
        }
    }
    // 32 samples of many positions, all as large as can be.
    let (many, mut sums) = (vec![8191_i16; 8 * 4096], vec![0; 8]);
    let mut track = Track::default();
    for sample in 0..32 {
        let dgain = Grad {
            data: &mut sums,
            track: Some(&mut track),
        };
        Number::gain_gradient(view(&many, -13), &many, dgain, sample == 0);
    }
    assert_eq!(sums, vec![32 * 8191 * 8191; 8]);
    assert_eq!(track[Field::Gradient as usize], -13 - 10 + 12);
}
