//! Each primitive against its formula, one tap after the other, bit for bit, over windows with every kind
//! of edge; over its own input the same bits as beside it; each gradient against central differences.

extern crate std;

use super::*;
use crate::kernel::Sweep;
use crate::number::random::Pcg;
use std::vec::Vec;
use std::{format, vec};

/// Numbers of mixed magnitude, so that another order of a sum shows in its bits.
fn filled(random: &mut Pcg, length: usize) -> Vec<f64> {
    let mut draw = || f64::from(random.uniform() - 0.5) * [1.0, 1e-3, 1e3][random.below(3) as usize];
    (0..length).map(|_| draw()).collect()
}

/// Numbers around zero.
fn small(random: &mut Pcg, length: usize) -> Vec<f64> {
    (0..length).map(|_| f64::from(random.uniform() - 0.5)).collect()
}

fn view(data: &[f64]) -> View<'_, f64> {
    View::plain(data)
}

fn view_mut(data: &mut [f64]) -> ViewMut<'_, f64> {
    ViewMut { data, scale: () }
}

fn grad(data: &mut [f64]) -> Grad<'_, f64> {
    Grad { data, track: None }
}

/// Images and series with every kind of edge, that hold at least one window.
fn windows() -> impl Iterator<Item = Window> {
    let axes = [
        Axis::ONE,
        Axis::new(5, 3, 1, 1, 1),
        Axis::new(6, 3, 2, 1, 1),
        Axis::new(7, 2, 2, 0, 1),
        Axis::new(4, 4, 1, 3, 1),
        Axis::new(8, 3, 1, 2, 2),
        Axis::new(5, 2, 3, 2, 3),
        Axis::new(6, 1, 1, 0, 1),
        Axis::new(2, 3, 1, 1, 1),
    ];
    axes.into_iter().flat_map(move |rows| {
        axes.into_iter().flat_map(move |columns| {
            [1, 3, 22].into_iter().map(move |channels| Window {
                rows,
                columns,
                channels,
            })
        })
    })
}

fn input_pixels(window: &Window) -> usize {
    window.rows.input * window.columns.input
}

fn output_pixels(window: &Window) -> usize {
    window.rows.output * window.columns.output
}

/// The pixel that tap `tap` of output pixel `o` sees: the definition.
fn sees(window: &Window, o: usize, tap: usize) -> Option<usize> {
    let along = |axis: &Axis, o: usize, k: usize| {
        let at = (o * axis.stride + k * axis.dilation) as isize - axis.padding as isize;
        (0..axis.input as isize).contains(&at).then_some(at as usize)
    };
    let (r, column) = (o / window.columns.output, o % window.columns.output);
    let (i, j) = (tap / window.columns.kernel, tap % window.columns.kernel);
    Some(along(&window.rows, r, i)? * window.columns.input + along(&window.columns, column, j)?)
}

/// Every output element with its channel, and the taps that lie inside with the elements that they see.
fn elements(window: &Window) -> impl Iterator<Item = (usize, usize, Vec<(usize, usize)>)> {
    let channels = window.channels;
    (0..output_pixels(window) * channels).map(move |at| {
        let (o, c) = (at / channels, at % channels);
        let inside = (0..window.taps())
            .filter_map(|tap| sees(window, o, tap).map(|pixel| (tap, pixel * channels + c)))
            .collect();
        (at, c, inside)
    })
}

/// The input lies in what is to hold the output; the result is the same.
fn in_place(x: &[f64], window: &Window, expected: &[f64], f: impl Fn(ViewMut<'_, f64>, &mut [f64])) {
    if !window.shrinks() {
        return;
    }
    let mut y = x.to_vec();
    let mut saved = vec![f64::NAN; window.overwritten() * window.input_row()];
    f(view_mut(&mut y), &mut saved);
    assert_eq!(&y[..expected.len()], expected, "in place: {window:?}");
}

#[test]
fn depthwise_is_its_formula() {
    let mut random = Pcg::new(1);
    for window in windows() {
        let c = window.channels;
        let (x, w) = (
            filled(&mut random, input_pixels(&window) * c),
            filled(&mut random, window.taps() * c),
        );
        let (b, dy) = (
            filled(&mut random, c),
            filled(&mut random, output_pixels(&window) * c),
        );
        let mut expected = vec![0.0; dy.len()];
        let start_dx = filled(&mut random, x.len());
        let (mut expected_dx, mut expected_dw) = (start_dx.clone(), vec![0.0; w.len()]);
        for (at, channel, inside) in elements(&window) {
            expected[at] = b[channel];
            for (tap, pixel) in inside {
                expected[at] += x[pixel] * w[tap * c + channel];
                expected_dx[pixel] += w[tap * c + channel] * dy[at];
                expected_dw[tap * c + channel] += x[pixel] * dy[at];
            }
        }
        let mut y = vec![f64::NAN; dy.len()];
        f64::depthwise(view(&w), &b, view(&x), view_mut(&mut y), &mut [], &window);
        assert_eq!(y, expected, "{window:?}");
        in_place(&x, &window, &expected, |y, saved| {
            f64::depthwise(view(&w), &b, view(&[]), y, saved, &window);
        });

        let mut dx = start_dx;
        f64::depthwise_input(view(&w), view(&dy), view_mut(&mut dx), &window);
        assert_eq!(dx, expected_dx, "{window:?}");

        let mut dw = vec![f64::NAN; w.len()];
        f64::depthwise_weights(view(&x), view(&dy), grad(&mut dw), &window, true);
        assert_eq!(dw, expected_dw, "{window:?}");
        // Once more on top: what is not fresh is added to.
        f64::depthwise_weights(view(&x), view(&dy), grad(&mut dw), &window, false);
        for (dw, once) in dw.iter().zip(&expected_dw) {
            assert!(
                (dw - 2.0 * once).abs() <= 1e-9 * (1.0 + once.abs()) * 1e3,
                "{window:?}"
            );
        }
    }
}

#[test]
fn a_maximum_is_the_first_of_the_largest() {
    let mut random = Pcg::new(2);
    for window in windows() {
        // PyTorch's condition, under which each window sees at least one input.
        if [window.rows, window.columns]
            .iter()
            .any(|axis| 2 * axis.padding > axis.kernel)
        {
            continue;
        }
        // Few values, so that there are equals.
        let x: Vec<f64> = (0..input_pixels(&window) * window.channels)
            .map(|_| f64::from(random.below(5)) - 9.0)
            .collect();
        let length = output_pixels(&window) * window.channels;
        let dy = filled(&mut random, length);
        let start = filled(&mut random, x.len());
        let (mut expected, mut expected_taps, mut expected_dx) =
            (vec![0.0; length], vec![0; length], start.clone());
        for (at, _, inside) in elements(&window) {
            let largest = inside.iter().map(|(_, pixel)| x[*pixel]).fold(f64::MIN, f64::max);
            let (tap, pixel) = *inside.iter().find(|(_, pixel)| x[*pixel] == largest).unwrap();
            (expected[at], expected_taps[at]) = (largest, tap as u8);
            expected_dx[pixel] += dy[at];
        }
        let (mut y, mut taps, mut dx) = (vec![f64::NAN; length], vec![255; length], start);
        f64::max_pool(view(&x), view_mut(&mut y), &mut taps, &mut [], &window);
        assert_eq!(y, expected, "{window:?}");
        assert_eq!(taps, expected_taps, "{window:?}");
        in_place(&x, &window, &expected, |y, saved| {
            f64::max_pool(view(&[]), y, &mut [], saved, &window);
        });
        f64::max_pool_gradient(view(&dy), &taps, view_mut(&mut dx), &window);
        assert_eq!(dx, expected_dx, "{window:?}");
    }
}

#[test]
fn a_mean_counts_what_lies_outside() {
    let mut random = Pcg::new(3);
    for window in windows() {
        let x = filled(&mut random, input_pixels(&window) * window.channels);
        let dy = filled(&mut random, output_pixels(&window) * window.channels);
        let start = filled(&mut random, x.len());
        let count = window.taps() as f64;
        let (mut expected, mut expected_dx) = (vec![0.0; dy.len()], start.clone());
        for (at, _, inside) in elements(&window) {
            let mut sum = 0.0;
            for (_, pixel) in inside {
                sum += x[pixel];
                expected_dx[pixel] += dy[at] * (1.0 / count);
            }
            expected[at] = sum / count;
        }
        let (mut y, mut dx) = (vec![f64::NAN; dy.len()], start);
        f64::average_pool(view(&x), view_mut(&mut y), &mut [], &window);
        assert_eq!(y, expected, "{window:?}");
        in_place(&x, &window, &expected, |y, saved| {
            f64::average_pool(view(&[]), y, saved, &window);
        });
        f64::average_pool_gradient(view(&dy), view_mut(&mut dx), &window);
        assert_eq!(dx, expected_dx, "{window:?}");
    }
}

#[test]
fn a_global_maximum_is_found_anywhere() {
    let mut random = Pcg::new(4);
    for positions in [1, 2, 7, 256, 257, 700] {
        for channels in [1, 3, 5] {
            let x: Vec<f64> = (0..positions * channels)
                .map(|_| f64::from(random.below(900)) - 1000.0)
                .collect();
            let dy = filled(&mut random, channels);
            let start = filled(&mut random, x.len());
            let (mut expected, mut expected_dx) = (vec![f64::MIN; channels], start.clone());
            for c in 0..channels {
                let mut place = 0;
                for t in 0..positions {
                    if x[t * channels + c] > expected[c] {
                        (expected[c], place) = (x[t * channels + c], t);
                    }
                }
                expected_dx[place * channels + c] += dy[c];
            }
            let bytes = if positions > 256 { 2 } else { 1 };
            let (mut y, mut dx) = (vec![f64::NAN; channels], start);
            let mut places = vec![0; bytes * channels];
            f64::global_max(view(&x), view_mut(&mut y), &mut places);
            assert_eq!(y, expected, "{positions} positions");
            f64::global_max_gradient(view(&dy), &places, view_mut(&mut dx));
            assert_eq!(dx, expected_dx, "{positions} positions");
        }
    }
}

#[test]
fn a_maximum_shows_what_is_not_a_number() {
    let window = Window {
        rows: Axis::new(4, 4, 1, 0, 1),
        columns: Axis::ONE,
        channels: 1,
    };
    for at in 0..4 {
        let mut x = [1.0, 3.0, -1.0, 2.0];
        x[at] = f64::NAN;
        let (mut y, mut taps, mut place) = ([0.0], [9], [9]);
        f64::max_pool(view(&x), view_mut(&mut y), &mut taps, &mut [], &window);
        assert!(y[0].is_nan());
        f64::global_max(view(&x), view_mut(&mut y), &mut place);
        assert!(y[0].is_nan());
        assert_eq!((taps[0], place[0]), (at as u8, at as u8));
    }
}

#[test]
fn sums_go_from_run_to_run() {
    let mut random = Pcg::new(5);
    for case in 0..3000 {
        let mut below = |n: u32| random.below(n) as usize;
        let sweep = Sweep {
            positions: below(4),
            start: 60 + below(5),
            step: below(5),
            length: below(9),
            first: 60 + below(3),
            target: below(3),
            outputs: 1 + below(20),
        };
        let length = sweep.length as isize;
        let mut runs = Runs {
            sweep,
            count: [below(4), below(4)],
            step: [below(21) as isize - 10, below(9) as isize - 4],
            rows: [below(21) as isize - 10, below(9) as isize - 4],
        };
        if case % 2 == 0 {
            // Weights in one run, which are gathered.
            runs.rows = [length * runs.count[1] as isize, length];
        }
        let x = filled(&mut random, 250);
        let w = filled(&mut random, 250 * sweep.outputs);
        let b = filled(&mut random, sweep.outputs);
        let start = filled(&mut random, 8 * sweep.outputs);
        let (mut y, mut gathered, mut expected) = (start.clone(), start.clone(), start);
        for p in 0..sweep.positions {
            for o in 0..sweep.outputs {
                let y = &mut expected[(sweep.target + p) * sweep.outputs + o];
                *y = b[o];
                for i in 0..runs.count[0] as isize {
                    for j in 0..runs.count[1] as isize {
                        let at = sweep.start as isize + i * runs.step[0] + j * runs.step[1];
                        let row = sweep.first as isize + i * runs.rows[0] + j * runs.rows[1];
                        for k in 0..sweep.length {
                            *y += x[at as usize + p * sweep.step + k]
                                * w[(row as usize + k) * sweep.outputs + o];
                        }
                    }
                }
            }
        }
        f64::affine_runs(view(&w), &b, view(&x), view_mut(&mut y), runs);
        assert_eq!(y, expected, "{runs:?}");
        f64::affine_window(view(&w), &b, view(&x), view_mut(&mut gathered), runs);
        assert_eq!(gathered, expected, "gathered: {runs:?}");
    }
}

/// `Σ dy · y` by central differences in each element of `at`, against `gradient`.
fn differences(name: &str, at: &[f64], gradient: &[f64], loss: impl Fn(&[f64]) -> f64) {
    const STEP: f64 = 1e-4;
    for i in 0..at.len() {
        let mut moved = at.to_vec();
        moved[i] = at[i] + STEP;
        let up = loss(&moved);
        moved[i] = at[i] - STEP;
        let slope = (up - loss(&moved)) / (2.0 * STEP);
        assert!(
            (slope - gradient[i]).abs() <= 1e-8 * (1.0 + slope.abs()),
            "{name}, element {i}: {slope} and {}",
            gradient[i]
        );
    }
}

#[test]
fn gradients_are_central_differences() {
    let mut random = Pcg::new(6);
    for window in windows().filter(|window| window.channels == 3).step_by(3) {
        let c = window.channels;
        let name = format!("{window:?}");
        let x = small(&mut random, input_pixels(&window) * c);
        let (w, b) = (small(&mut random, window.taps() * c), small(&mut random, c));
        let dy = small(&mut random, output_pixels(&window) * c);
        let loss = |f: &dyn Fn(ViewMut<'_, f64>)| {
            let mut y = vec![0.0; dy.len()];
            f(view_mut(&mut y));
            y.iter().zip(&dy).map(|(y, dy)| y * dy).sum::<f64>()
        };
        let mut dx = vec![0.0; x.len()];
        f64::depthwise_input(view(&w), view(&dy), view_mut(&mut dx), &window);
        differences(&name, &x, &dx, |x| {
            loss(&|y| f64::depthwise(view(&w), &b, view(x), y, &mut [], &window))
        });
        let mut dw = vec![0.0; w.len()];
        f64::depthwise_weights(view(&x), view(&dy), grad(&mut dw), &window, true);
        differences(&name, &w, &dw, |w| {
            loss(&|y| f64::depthwise(view(w), &b, view(&x), y, &mut [], &window))
        });
        let mut dx = vec![0.0; x.len()];
        f64::average_pool_gradient(view(&dy), view_mut(&mut dx), &window);
        differences(&name, &x, &dx, |x| {
            loss(&|y| f64::average_pool(view(x), y, &mut [], &window))
        });
        let mut taps = vec![0; dy.len()];
        f64::max_pool(
            view(&x),
            view_mut(&mut vec![0.0; dy.len()]),
            &mut taps,
            &mut [],
            &window,
        );
        if [window.rows, window.columns]
            .iter()
            .all(|axis| 2 * axis.padding <= axis.kernel)
        {
            let mut dx = vec![0.0; x.len()];
            f64::max_pool_gradient(view(&dy), &taps, view_mut(&mut dx), &window);
            differences(&name, &x, &dx, |x| {
                loss(&|y| f64::max_pool(view(x), y, &mut [], &mut [], &window))
            });
        }
    }
}
