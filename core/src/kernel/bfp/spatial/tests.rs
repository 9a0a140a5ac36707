//! Each primitive against its twin in f64, over windows with every kind of edge; over its own input the same bits as
//! beside it; accumulators at their extremes, with overflow checks.

extern crate std;

use super::*;
use crate::kernel::Axis;
use crate::number::bfp::{Exponent, Field, Low16, Track, get};
use crate::number::random::Pcg;
use std::vec;
use std::vec::Vec;

type Number = Bfp14<Low16>;

fn windows() -> Vec<Window> {
    let axes = [
        Axis::ONE,
        Axis::new(5, 3, 1, 1, 1),
        Axis::new(7, 3, 2, 1, 1),
        Axis::new(9, 3, 1, 2, 2),
        Axis::new(6, 2, 2, 0, 1),
        Axis::new(7, 7, 3, 3, 1),
    ];
    let mut all = vec![];
    for rows in axes {
        for columns in axes {
            for channels in [1, 4, 7] {
                all.push(Window {
                    rows,
                    columns,
                    channels,
                });
            }
        }
    }
    all
}

fn drawn(random: &mut Pcg, count: usize) -> Vec<i16> {
    (0..count).map(|_| random.below(16_383) as i16 - 8191).collect()
}

/// What mantissas at `2^exponent` stand for.
fn values(data: &[i16], exponent: i32) -> Vec<f64> {
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

fn view_mut(data: &mut [i16], exponent: i16) -> ViewMut<'_, Number> {
    ViewMut {
        data,
        scale: Exponent(exponent),
    }
}

fn exact(data: &[f64]) -> View<'_, f64> {
    View { data, scale: () }
}

fn exact_mut(data: &mut [f64]) -> ViewMut<'_, f64> {
    ViewMut { data, scale: () }
}

#[track_caller]
fn close(got: &[i16], exponent: i32, expected: &[f64], bound: f64, window: &Window) {
    assert_eq!(got.len(), expected.len());
    for (got, expected) in got.iter().zip(expected) {
        let error = f64::from(*got) - expected / libm::exp2(f64::from(exponent));
        assert!(error.abs() <= bound, "{got}, not {expected}, {error}: {window:?}");
    }
}

/// The input lies in what is to hold the output; the bits are the same.
#[track_caller]
fn in_place(x: &[i16], window: &Window, expected: &[i16], f: impl Fn(ViewMut<'_, Number>, &mut [i16])) {
    if !window.shrinks() {
        return;
    }
    let mut y = x.to_vec();
    let mut saved = vec![-1; window.overwritten() * window.input_row()];
    f(view_mut(&mut y, -9), &mut saved);
    assert_eq!(&y[..expected.len()], expected, "in place: {window:?}");
}

fn sizes(window: &Window) -> (usize, usize) {
    (
        window.rows.input * window.input_row(),
        window.rows.output * window.output_row(),
    )
}

#[test]
fn depthwise_is_its_formula() {
    let mut random = Pcg::new(1);
    for window in windows() {
        let (inputs, outputs) = sizes(&window);
        let (x, w) = (
            drawn(&mut random, inputs),
            drawn(&mut random, window.taps() * window.channels),
        );
        let dy = drawn(&mut random, outputs);
        let b: Vec<_> = (0..window.channels)
            .map(|c| Saturating(c as i32 * 9_999_999 - 20_000_000))
            .collect();
        let mut y = vec![77; outputs];
        // Up to 49 products below 1, and biases of up to 3: at 2⁻⁷ they fit.
        let peak = Number::depthwise(
            view(&w, -13),
            &b,
            view(&x, -13),
            view_mut(&mut y, -7),
            &mut [],
            &window,
        );
        assert_eq!(peak.saturated, 0);
        let (fx, fw, fdy) = (values(&x, -13), values(&w, -13), values(&dy, -13));
        let fb: Vec<f64> = b.iter().map(|b| f64::from(b.0) / 16_777_216.0).collect();
        let mut fy = vec![0.0; outputs];
        f64::depthwise(exact(&fw), &fb, exact(&fx), exact_mut(&mut fy), &mut [], &window);
        close(&y, -7, &fy, 0.51, &window);
        let mut alike = vec![0; outputs];
        Number::depthwise(
            view(&w, -13),
            &b,
            view(&x, -13),
            view_mut(&mut alike, -9),
            &mut [],
            &window,
        );
        in_place(&x, &window, &alike, |y, saved| {
            Number::depthwise(view(&w, -13), &b, view(&[], -13), y, saved, &window);
        });

        let before = drawn(&mut random, inputs)
            .iter()
            .map(|x| x / 2)
            .collect::<Vec<_>>();
        let (mut dx, mut fdx) = (before.clone(), values(&before, -7));
        Number::depthwise_input(view(&w, -13), view(&dy, -13), view_mut(&mut dx, -7), &window);
        f64::depthwise_input(exact(&fw), exact(&fdy), exact_mut(&mut fdx), &window);
        close(&dx, -7, &fdx, 0.51, &window);

        let mut track = Track::default();
        let (mut dw, mut fdw) = (vec![99; w.len()], vec![0.0; w.len()]);
        for fresh in [true, false] {
            let dw = Grad {
                data: &mut dw,
                track: Some(&mut track),
            };
            Number::depthwise_weights(view(&x, -13), view(&dy, -12), dw, &window, fresh);
            let dw = Grad {
                data: &mut fdw,
                track: None,
            };
            f64::depthwise_weights(exact(&fx), exact(&fdy), dw, &window, fresh);
        }
        // dy stands at twice its value here.
        let unit = libm::exp2(f64::from(get(Some(&track), Field::Gradient)));
        for (dw, fdw) in dw.iter().zip(&fdw) {
            let error = f64::from(*dw) - 2.0 * fdw / unit;
            assert!(error.abs() <= 1.0 + outputs as f64 / 16.0, "{error}: {window:?}");
        }
    }
}

#[test]
fn depthwise_gradients_of_32_samples_fit() {
    for (rows, columns, kernel) in [
        (1, 65_535, 1),
        (255, 257, 1),
        (181, 181, 3),
        (1, 32_768, 2),
        (64, 64, 3),
    ] {
        let window = Window {
            rows: Axis::new(rows, kernel.min(rows), 1, 0, 1),
            columns: Axis::new(columns, kernel, 1, 0, 1),
            channels: 1,
        };
        let (inputs, outputs) = sizes(&window);
        for sign in [1, -1] {
            let (x, dy) = (vec![8191; inputs], vec![sign * 8191; outputs]);
            let mut dw = vec![0; window.taps()];
            let mut track = Track::default();
            // One sample, of which 32 are the same.
            let grad = Grad {
                data: &mut dw,
                track: Some(&mut track),
            };
            Number::depthwise_weights(view(&x, 0), view(&dy, 0), grad, &window, true);
            let unit = libm::exp2(f64::from(get(Some(&track), Field::Gradient)));
            for dw in dw {
                assert!(i64::from(dw).abs() * 32 < i64::from(i32::MAX));
                let exact = f64::from(sign) * 8191.0 * 8191.0 * outputs as f64;
                assert!((f64::from(dw) * unit - exact).abs() <= 1e-4 * exact.abs());
            }
        }
    }
}

#[test]
fn largest_and_where_it_was() {
    let mut random = Pcg::new(2);
    for window in windows() {
        let (inputs, outputs) = sizes(&window);
        // Few values, so that many are equal.
        let x: Vec<_> = (0..inputs).map(|_| random.below(7) as i16 - 8).collect();
        let (mut y, mut taps) = (vec![77; outputs], vec![99; outputs]);
        Number::max_pool(view(&x, -10), view_mut(&mut y, -12), &mut taps, &mut [], &window);
        let (mut fy, mut ftaps) = (vec![0.0; outputs], vec![77; outputs]);
        f64::max_pool(
            exact(&values(&x, -10)),
            exact_mut(&mut fy),
            &mut ftaps,
            &mut [],
            &window,
        );
        close(&y, -12, &fy, 0.0, &window);
        assert_eq!(taps, ftaps, "{window:?}");
        let mut alike = vec![0; outputs];
        Number::max_pool(view(&x, -10), view_mut(&mut alike, -9), &mut [], &mut [], &window);
        in_place(&x, &window, &alike, |y, saved| {
            Number::max_pool(view(&[], -10), y, &mut [], saved, &window);
        });

        let dy = drawn(&mut random, outputs);
        let (mut dx, mut fdx) = (vec![5; inputs], vec![5.0 / 512.0; inputs]);
        Number::max_pool_gradient(view(&dy, -13), &taps, view_mut(&mut dx, -9), &window);
        f64::max_pool_gradient(exact(&values(&dy, -13)), &taps, exact_mut(&mut fdx), &window);
        close(&dx, -9, &fdx, 0.5 * window.taps() as f64, &window);
    }
}

#[test]
fn means_of_windows() {
    let mut random = Pcg::new(3);
    for window in windows() {
        let (inputs, outputs) = sizes(&window);
        let (x, dy) = (drawn(&mut random, inputs), drawn(&mut random, outputs));
        let mut y = vec![77; outputs];
        Number::average_pool(view(&x, -10), view_mut(&mut y, -9), &mut [], &window);
        let mut fy = vec![0.0; outputs];
        f64::average_pool(exact(&values(&x, -10)), exact_mut(&mut fy), &mut [], &window);
        close(&y, -9, &fy, 0.8, &window);
        in_place(&x, &window, &y, |y, saved| {
            Number::average_pool(view(&[], -10), y, saved, &window);
        });

        let (mut dx, mut fdx) = (vec![5; inputs], vec![5.0 / 512.0; inputs]);
        Number::average_pool_gradient(view(&dy, -10), view_mut(&mut dx, -9), &window);
        f64::average_pool_gradient(exact(&values(&dy, -10)), exact_mut(&mut fdx), &window);
        close(&dx, -9, &fdx, 0.8, &window);
    }
}

/// The largest window of the largest values.
#[test]
fn the_largest_mean_of_a_window_fits() {
    for (input, padding) in [(65_535, 0), (65_535, 32_767)] {
        let window = Window {
            rows: Axis::new(input, 65_535, 1, padding, 1),
            columns: Axis::ONE,
            channels: 1,
        };
        let x = vec![-8191; input];
        let mut y = vec![0; window.rows.output];
        Number::average_pool(
            view(&x, 0),
            view_mut(&mut y, 0),
            &mut [],
            &Window {
                rows: Axis {
                    output: 1,
                    ..window.rows
                },
                ..window
            },
        );
        let inside = window.rows.taps(0).len() as f64 / 65_535.0;
        assert!((f64::from(y[0]) + 8191.0 * inside).abs() <= 1.0);
    }
}

#[test]
fn largest_over_all_positions() {
    let mut random = Pcg::new(4);
    for (channels, positions) in [(1, 1), (3, 5), (5, 300)] {
        let mut x: Vec<_> = (0..channels * positions)
            .map(|_| random.below(50) as i16 - 60)
            .collect();
        // One at the end, beyond what one byte can name.
        x[channels * positions - 1] = 100;
        let (mut y, mut places) = (vec![77; channels], vec![99; 2 * channels]);
        Number::global_max(view(&x, -10), view_mut(&mut y, -12), &mut places);
        let (mut fy, mut fplaces) = (vec![0.0; channels], vec![77; 2 * channels]);
        f64::global_max(exact(&values(&x, -10)), exact_mut(&mut fy), &mut fplaces);
        assert_eq!(values(&y, -12), fy);
        assert_eq!(places, fplaces);
        let dy = drawn(&mut random, channels);
        let (mut dx, mut fdx) = (vec![5; x.len()], vec![5.0 / 512.0; x.len()]);
        Number::global_max_gradient(view(&dy, -10), &places, view_mut(&mut dx, -9));
        f64::global_max_gradient(exact(&values(&dy, -10)), &places, exact_mut(&mut fdx));
        for (dx, fdx) in dx.iter().zip(fdx) {
            assert!((f64::from(*dx) - fdx * 512.0).abs() <= 0.5);
        }
    }
}
