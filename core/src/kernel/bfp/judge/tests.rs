//! Each loss and its gradient against its twin in f64, from values that both have; nothing overflows at the extremes, for
//! these run with overflow checks.

extern crate std;

use super::*;
use crate::number::bfp::Exponent;
use crate::number::random::Pcg;
use std::vec;
use std::vec::Vec;

type Number = Bfp14;

fn drawn(random: &mut Pcg, count: usize, most: u32) -> Vec<i16> {
    (0..count)
        .map(|_| random.below(2 * most + 1) as i16 - most as i16)
        .collect()
}

fn values(data: &[i16], exponent: i16) -> Vec<f64> {
    data.iter()
        .map(|x| f64::from(*x) * libm::exp2(f64::from(exponent)))
        .collect()
}

fn view(data: &[i16], exponent: i16) -> View<'_, Number> {
    View {
        data,
        scale: Exponent(exponent),
    }
}

fn exact(data: &[f64]) -> View<'_, f64> {
    View { data, scale: () }
}

/// Runs both and compares: figures within `loss` of one another, gradients within `slope` of the largest and a mantissa.
#[track_caller]
fn alike(
    count: usize,
    (loss, slope): (f64, f64),
    fixed: impl Fn(ViewMut<'_, Number>) -> (Q32, Peak),
    float: impl Fn(ViewMut<'_, f64>) -> (f64, ()),
) {
    let mut fdy = vec![f64::NAN; count];
    let (expected, ()) = float(ViewMut {
        data: &mut fdy,
        scale: (),
    });
    let largest = fdy.iter().fold(0.0, |largest: f64, dy| largest.max(dy.abs()));
    // The exponent that training would find.
    let mut exponent = -40;
    while largest >= 8191.0 * libm::exp2(f64::from(exponent)) {
        exponent += 1;
    }
    let mut dy = vec![0x55; count];
    let (got, peak) = fixed(ViewMut {
        data: &mut dy,
        scale: Exponent(exponent),
    });
    let got = got.0 as f64 / 4_294_967_296.0;
    assert!(
        (got - expected).abs() <= loss * (1.0 + expected),
        "{got}, not {expected}"
    );
    assert!(peak.saturated == 0, "{exponent}: {peak:?}");
    for (k, (dy, fdy)) in values(&dy, exponent).iter().zip(&fdy).enumerate() {
        let bound = slope * largest + libm::exp2(f64::from(exponent)) + 1e-9;
        assert!((dy - fdy).abs() <= bound, "{k}: {dy}, not {fdy}, of {largest}");
    }
}

/// Figures from 2⁻¹⁵ of an exponential or logarithm.
const CURVES: (f64, f64) = (2e-4, 1e-3);
/// Of sums alone.
const SUMS: (f64, f64) = (1e-6, 1e-4);

#[test]
fn classes() {
    let mut random = Pcg::new(1);
    for exponent in [-14, -12, -10] {
        for count in [1, 2, 10, 300] {
            for class in [0, count - 1, count / 2] {
                let z = drawn(&mut random, count, 8191);
                let fz = values(&z, exponent);
                // A probability that is nearly that of a certain answer leaves few digits of its error.
                let bounds = (2e-4, if exponent == -10 { 0.02 } else { 2e-3 });
                alike(
                    count,
                    if count == 1 { (1e-3, 1.0) } else { bounds },
                    |dz| Number::softmax_cross_entropy(view(&z, exponent), class, dz),
                    |dz| f64::softmax_cross_entropy(exact(&fz), class, dz),
                );
                let weights: Vec<f32> = (0..count).map(|k| 0.25 + (k % 7) as f32 / 2.0).collect();
                for (smoothing, weights) in
                    [(0.0, &weights[..]), (0.1, &[]), (0.3, &weights), (1.0, &weights)]
                {
                    alike(
                        count,
                        if count == 1 { (2e-3, 1.0) } else { bounds },
                        |dz| {
                            Number::weighted_cross_entropy(view(&z, exponent), class, smoothing, weights, dz)
                        },
                        |dz| f64::weighted_cross_entropy(exact(&fz), class, smoothing, weights, dz),
                    );
                }
            }
        }
    }
}

#[test]
fn tokens() {
    let mut random = Pcg::new(2);
    for (frames, vocabulary) in [(1, 4), (7, 30), (64, 5)] {
        let z = drawn(&mut random, frames * vocabulary, 8191);
        let fz = values(&z, -12);
        let token = |t: usize| Some((t * 7 + 1) % vocabulary);
        for told in [frames, frames.div_ceil(2)] {
            alike(
                z.len(),
                (2e-4, 2e-3),
                |dz| Number::next_token(view(&z, -12), vocabulary, told, token, dz),
                |dz| f64::next_token(exact(&fz), vocabulary, told, token, dz),
            );
        }
    }
}

#[test]
fn values_of_one_and_of_many() {
    let mut random = Pcg::new(3);
    for (count, at, to) in [
        (1, -10, -10),
        (5, -13, -10),
        (640, -8, -13),
        (4000, -11, -11),
        (3, -28, -10),
    ] {
        let (y, t) = (drawn(&mut random, count, 8191), drawn(&mut random, count, 8191));
        let (fy, ft) = (values(&y, at), values(&t, to));
        alike(
            count,
            SUMS,
            |dy| Number::mean_squared_error(view(&y, at), view(&t, to), dy),
            |dy| f64::mean_squared_error(exact(&fy), exact(&ft), dy),
        );
        alike(
            count,
            SUMS,
            |dy| Number::mean_absolute_error(view(&y, at), view(&t, to), dy),
            |dy| f64::mean_absolute_error(exact(&fy), exact(&ft), dy),
        );
        for delta in [0.1, 1.0, 1e9] {
            alike(
                count,
                (3e-5, 2e-4),
                |dy| Number::huber(view(&y, at), view(&t, to), delta, dy),
                |dy| f64::huber(exact(&fy), exact(&ft), delta, dy),
            );
        }
    }
    // Where they are equal there is no slope.
    let mut dy = [77; 2];
    let same = view(&[5, -5], -3);
    let to = ViewMut {
        data: &mut dy,
        scale: Exponent(-13),
    };
    assert_eq!(Number::mean_absolute_error(same, same, to).0, Q32(0));
    assert_eq!(dy, [0, 0]);
}

#[test]
fn answers_of_yes_and_no() {
    let mut random = Pcg::new(4);
    for exponent in [-15, -12, -10] {
        for count in [1, 10, 128] {
            let z = drawn(&mut random, count, 8191);
            let t: Vec<i16> = (0..count).map(|_| random.below(4097) as i16).collect();
            let (fz, ft) = (values(&z, exponent), values(&t, -12));
            alike(
                count,
                CURVES,
                |dz| Number::binary_cross_entropy(view(&z, exponent), view(&t, -12), dz),
                |dz| f64::binary_cross_entropy(exact(&fz), exact(&ft), dz),
            );
        }
    }
}

#[test]
fn pairs_and_triplets() {
    let mut random = Pcg::new(5);
    for (count, most, exponent) in [(2, 8191, -13), (16, 8191, -12), (64, 30, -13), (200, 1000, -10)] {
        let [a, p, n] = core::array::from_fn(|_| drawn(&mut random, count, most));
        let [fa, fp, fn_] = [&a, &p, &n].map(|v| values(v, exponent));
        let distance = libm::sqrt(fa.iter().zip(&fp).map(|(a, p)| (a - p) * (a - p)).sum::<f64>());
        for margin in [0.01, 1.0, distance as f32 * 1.5] {
            for same in [true, false] {
                alike(
                    count,
                    (1e-5, 1e-3),
                    |dy| Number::pair(view(&a, exponent), view(&p, exponent), same, margin, dy),
                    |dy| f64::pair(exact(&fa), exact(&fp), same, margin, dy),
                );
            }
            for member in [Member::Anchor, Member::Positive, Member::Negative] {
                alike(
                    count,
                    (1e-4, 2e-3),
                    |dy| {
                        let members = [&a, &p, &n].map(|v| view(v, exponent));
                        Number::triplet(members, member, margin, dy)
                    },
                    |dy| f64::triplet([&fa, &fp, &fn_].map(|v| exact(v)), member, margin, dy),
                );
            }
        }
    }
    // At no distance there is no way apart.
    let mut dy = [77; 2];
    let to = ViewMut {
        data: &mut dy,
        scale: Exponent(-13),
    };
    let (loss, _) = Number::pair(view(&[3, 4], -3), view(&[6, 8], -4), false, 1.0, to);
    assert_eq!((loss.0, dy), (1 << 31, [0, 0]));
}

#[test]
fn one_of_many() {
    let mut random = Pcg::new(6);
    for (count, rows, most, exponent) in [
        (2, 2, 8191, -13),
        (16, 10, 8191, -10),
        (33, 5, 100, -13),
        (64, 20, 4000, -20),
    ] {
        for temperature in [0.07, 0.5, 2.0] {
            let (y, memory) = (
                drawn(&mut random, count, most),
                drawn(&mut random, count * rows, 8191),
            );
            let (fy, fm) = (values(&y, exponent), values(&memory, -12));
            for positive in [0, rows - 1] {
                alike(
                    count,
                    (1e-3, 5e-3),
                    |dy| Number::info_nce(view(&y, exponent), view(&memory, -12), positive, temperature, dy),
                    |dy| f64::info_nce(exact(&fy), exact(&fm), positive, temperature, dy),
                );
            }
        }
    }
}

/// Nothing overflows, whatever the settings, and figures stay figures.
#[test]
fn extremes_of_every_loss() {
    let ends = [8191, -8191, 0, 1];
    let settings = [0.0, 1e-38, 0.07, 1.0, 1e30, f32::INFINITY, f32::NAN];
    for count in [1, 4, 50] {
        let a: Vec<i16> = (0..count).map(|k| ends[k % 4]).collect();
        let b: Vec<i16> = (0..count).map(|k| ends[(k + 1) % 4]).collect();
        for exponent in [-60, -30, -13, 0, 30] {
            let (u, v) = (view(&a, exponent), view(&b, -exponent / 2));
            for to in [-60, -13, 30] {
                let mut dy = vec![0; count];
                let mut run = |f: &dyn Fn(ViewMut<'_, Number>) -> (Q32, Peak)| {
                    let (figure, _) = f(ViewMut {
                        data: &mut dy,
                        scale: Exponent(to),
                    });
                    assert!(figure.0 >= 0, "{figure:?}");
                };
                run(&|dy| Number::softmax_cross_entropy(u, count - 1, dy));
                run(&|dy| Number::next_token(u, 1, count, |_| Some(0), dy));
                run(&|dy| Number::binary_cross_entropy(u, view(&a, -13), dy));
                run(&|dy| Number::mean_squared_error(u, v, dy));
                run(&|dy| Number::mean_absolute_error(u, v, dy));
                for setting in settings {
                    run(&|dy| Number::weighted_cross_entropy(u, 0, setting, &[setting, 1.0, setting], dy));
                    run(&|dy| Number::huber(u, v, setting, dy));
                    run(&|dy| Number::pair(u, v, false, setting, dy));
                    run(&|dy| Number::pair(u, v, true, setting, dy));
                    run(&|dy| Number::triplet([u, v, u], Member::Anchor, setting, dy));
                    run(&|dy| Number::info_nce(u, v, 0, setting, dy));
                }
            }
        }
    }
}

/// As many elements as a tensor can have, all as far apart as they can be.
#[test]
fn the_longest_sums_fit() {
    let (a, b) = (vec![8191; 65_535], vec![-8191; 65_535]);
    let mut dy = vec![0; 65_535];
    let (u, v) = (view(&a, -13), view(&b, -13));
    let mut run = |f: &dyn Fn(ViewMut<'_, Number>) -> (Q32, Peak), expected: f64| {
        let (figure, _) = f(ViewMut {
            data: &mut dy,
            scale: Exponent(-30),
        });
        let figure = figure.0 as f64 / 4_294_967_296.0;
        assert!(
            (figure - expected).abs() <= 1e-3 * expected,
            "{figure}, not {expected}"
        );
    };
    run(&|dy| Number::mean_squared_error(u, v, dy), 4.0);
    run(&|dy| Number::mean_absolute_error(u, v, dy), 2.0);
    run(&|dy| Number::huber(u, v, 1.0, dy), 1.5);
    run(&|dy| Number::pair(u, v, true, 1.0, dy), 131_070.0);
    run(&|dy| Number::softmax_cross_entropy(u, 7, dy), 11.090_34);
    run(&|dy| Number::binary_cross_entropy(u, u, dy), 0.313_3);
}
