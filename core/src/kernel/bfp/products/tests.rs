//! Each product against its formula in f64, the groups against one another, and every accumulator at its extreme:
//! these run with overflow checks.

extern crate std;

use super::*;
use crate::kernel::{Axis, Window};
use crate::number::random::Pcg;
use std::vec;
use std::vec::Vec;

const MOST: i16 = 8191;

fn drawn(random: &mut Pcg, count: usize, most: u32) -> Vec<i16> {
    (0..count)
        .map(|_| random.below(2 * most + 1) as i16 - most as i16)
        .collect()
}

fn windows() -> Vec<Window> {
    let axes = [
        Axis::ONE,
        Axis::new(5, 3, 1, 1, 1),
        Axis::new(7, 3, 2, 1, 1),
        Axis::new(9, 3, 1, 2, 2),
        Axis::new(40, 1, 1, 0, 1),
    ];
    let mut all = vec![];
    for rows in axes {
        for columns in axes {
            for channels in [1, 3, 35] {
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

fn pixels(window: &Window) -> (usize, usize) {
    (
        window.rows.input * window.columns.input,
        window.rows.output * window.columns.output,
    )
}

/// Every output pixel with its taps inside and the pixels that they see.
fn seen(window: &Window) -> Vec<(usize, usize, usize)> {
    let mut all = vec![];
    for r in 0..window.rows.output {
        for c in 0..window.columns.output {
            for i in window.rows.taps(r) {
                for j in window.columns.taps(c) {
                    let at = window.rows.at(r, i) * window.columns.input + window.columns.at(c, j);
                    all.push((r * window.columns.output + c, i * window.columns.kernel + j, at));
                }
            }
        }
    }
    all
}

/// Of values of some hundred mantissas each, whose rounding shows.
#[test]
fn convolutions_are_their_formulas() {
    let mut random = Pcg::new(3);
    for (n, window) in windows().into_iter().enumerate() {
        let channels = window.channels;
        let outputs = [1, 4, 7][n % 3];
        let (inside, outside) = pixels(&window);
        let x = drawn(&mut random, inside * channels, 8191);
        let w = drawn(&mut random, window.taps() * channels * outputs, 8191);
        let dy = drawn(&mut random, outside * outputs, 8191);
        let b: Vec<_> = (0..outputs)
            .map(|o| Saturating(o as i32 * 99_999 - 200_000))
            .collect();
        let mut y = vec![0.0; dy.len()];
        for y in y.chunks_mut(outputs) {
            for (y, b) in y.iter_mut().zip(&b) {
                *y = f64::from(b.0) / 16_777_216.0;
            }
        }
        let (mut dx, mut dw) = (vec![0.0; x.len()], vec![0.0; w.len()]);
        let mut reached = vec![0; inside];
        for (p, tap, at) in seen(&window) {
            reached[at] += 1;
            for c in 0..channels {
                for o in 0..outputs {
                    let k = (tap * channels + c) * outputs + o;
                    let (x, w, dy) = (
                        f64::from(x[at * channels + c]) / 8192.0,
                        f64::from(w[k]) / 8192.0,
                        f64::from(dy[p * outputs + o]) / 8192.0,
                    );
                    y[p * outputs + o] += x * w;
                    dx[at * channels + c] += w * dy;
                    dw[k] += x * dy;
                }
            }
        }
        // ±64 at 7 fraction bits: nothing saturates.
        let mut got = vec![77; dy.len()];
        let mut alike = got.clone();
        window.convolution(outputs, |runs| {
            let peak = affine((&w, -13), &b, (&x, -13), (&mut got, -7), runs);
            assert_eq!(peak.saturated, 0);
            // One position at a time: the same bits.
            for p in 0..runs.sweep.positions {
                let mut one = *runs;
                one.sweep.positions = 1;
                one.sweep.start += p * one.sweep.step;
                one.sweep.target += p;
                affine((&w, -13), &b, (&x, -13), (&mut alike, -7), &one);
            }
        });
        assert_eq!(got, alike, "{window:?}");
        close(&got, -7, &y, 0.51, &window);

        let mut got = vec![0; x.len()];
        window.convolution(outputs, |runs| {
            runs.each(|sweep| {
                affine_input((&w, -13), (&dy, -13), (&mut got, -7), sweep);
            });
        });
        // Each tap that reaches a pixel rounds once.
        close(
            &got,
            -7,
            &dx,
            0.51 * f64::from(reached.iter().copied().max().unwrap()),
            &window,
        );

        let mut got = vec![0; w.len()];
        let kg = weight_bits(outside);
        let rows = 0..window.taps() * channels;
        window.convolution_weights(outputs, &rows, |sweep| {
            affine_weights(&x, &dy, &mut got, sweep, kg, false);
        });
        let unit = libm::exp2(f64::from(kg - 26));
        for (got, dw) in got.iter().zip(&dw) {
            let error = (f64::from(*got) - dw / unit).abs();
            assert!(error <= 0.5 * outside as f64 + 1.0, "{error} {window:?}");
        }
        // Some rows at a time give the same bits.
        let mut parts = vec![0; w.len()];
        let middle = rows.end / 2;
        for part in [0..middle, middle..rows.end] {
            let to = &mut parts[part.start * outputs..part.end * outputs];
            window.convolution_weights(outputs, &part, |sweep| {
                affine_weights(&x, &dy, to, sweep, kg, false)
            });
        }
        assert_eq!(parts, got, "{window:?}");
    }
}

fn close(got: &[i16], exponent: i32, exact: &[f64], bound: f64, window: &Window) {
    for (got, exact) in got.iter().zip(exact) {
        let error = f64::from(*got) - exact / libm::exp2(f64::from(exponent));
        assert!(error.abs() <= bound, "{got} and {exact}, {error}: {window:?}");
    }
}

/// A sum of which nothing is the first: `y += W x`.
#[test]
fn without_a_bias_it_is_added() {
    let sweep = Sweep {
        positions: 1,
        start: 0,
        step: 0,
        length: 2,
        first: 0,
        target: 0,
        outputs: 5,
    };
    let w = [4096; 10];
    let mut y = [100, 200, -300, 0, 8000];
    let peak = affine(
        (&w, -13),
        &[],
        (&[4096, 2048], -13),
        (&mut y, -10),
        &Runs::one(sweep),
    );
    assert_eq!(y, [484, 584, 84, 384, MOST]);
    assert_eq!((peak.largest, peak.saturated), (8384, 1));
}

fn row(length: usize, outputs: usize) -> Sweep {
    Sweep {
        positions: 1,
        start: 0,
        step: 0,
        length,
        first: 0,
        target: 0,
        outputs,
    }
}

#[test]
fn the_longest_sums_of_the_largest_mantissas_fit() {
    let count = MOST_TERMS as usize;
    for sign in [1, -1] {
        let x = vec![MOST; count];
        let w = vec![sign * MOST; count];
        let exact = f64::from(sign) * count as f64 * 8191.0 * 8191.0;
        // One run, and runs of 3 whose groups go on from one to the next.
        for (length, runs) in [(count, 1), (3, count / 3), (31, count / 31)] {
            let mut sums = Sums::<1>::new();
            for _ in 0..runs {
                let rows = &w[..length];
                sums.add(
                    &x[..length],
                    Columns {
                        rows,
                        width: 1,
                        from: 0,
                    },
                );
            }
            let [sum] = sums.end();
            let part = (length * runs) as f64 / count as f64;
            assert!(
                (f64::from(sum) * 256.0 - exact * part).abs() <= 128.0 * 257.0,
                "{length}"
            );
        }
        assert!((f64::from(dot(&x, &w)) * 256.0 - exact).abs() <= 128.0 * 257.0);
        // With the largest bias on top it stays at the end of the range.
        let mut y = [0];
        let bias = Saturating(i32::MAX * i32::from(sign));
        let peak = affine(
            (&w, -13),
            &[bias],
            (&x, -13),
            (&mut y, 0),
            &Runs::one(row(count, 1)),
        );
        assert_eq!((y, peak.saturated), ([sign * MOST], 1));
        let mut dx = [sign * MOST];
        affine_input((&w, -13), (&x, -13), (&mut dx, 0), row(1, count));
        assert_eq!(dx, [sign * MOST]);
    }
}

/// 32 samples, all mantissas at their ends and of one sign, for position counts around every power of two; the positions in
/// one sweep, in rows, and one at a time.
#[test]
fn weight_gradients_of_32_samples_fit() {
    let counts = (0..=15)
        .flat_map(|bits| [(1_usize << bits) - 1, 1 << bits, (1 << bits) + 1])
        .filter(|count| (1..=65_535).contains(count))
        .chain([65_535]);
    for positions in counts {
        let kg = weight_bits(positions);
        let x = vec![MOST; positions];
        for sign in [1, -1] {
            let dy = vec![sign * MOST; positions];
            let exact = f64::from(sign) * 32.0 * positions as f64 * 8191.0 * 8191.0;
            for wide in [1, 7, 33, positions] {
                // A sum of equal samples is 32 times the first, and the last is as near the end as it gets.
                let mut dw = [0];
                for from in (0..positions).step_by(wide) {
                    let sweep = Sweep {
                        positions: wide.min(positions - from),
                        start: from,
                        step: 1,
                        length: 1,
                        first: 0,
                        target: from,
                        outputs: 1,
                    };
                    affine_weights(&x, &dy, &mut dw, sweep, kg, false);
                }
                let whole = i64::from(dw[0]) * 32;
                assert!(
                    whole.abs() < i64::from(i32::MAX),
                    "{positions} by {wide}: {whole}"
                );
                let error = (whole as f64 * libm::exp2(f64::from(kg)) - exact).abs();
                let flushes =
                    32.0 * (positions as f64 / wide.min(32) as f64 + positions as f64 / wide as f64 + 1.0);
                assert!(
                    error <= 0.5 * flushes * libm::exp2(f64::from(kg)),
                    "{positions} by {wide}: {error}"
                );
            }
        }
    }
}

#[test]
fn bias_gradients_of_32_samples_fit() {
    for positions in [1, 8191, 8192, 8193, 16_384, 32_767, 32_768, 65_535] {
        for sign in [1, -1] {
            let dy = vec![sign * MOST; positions];
            let mut db = [77];
            for sample in 0..32 {
                affine_bias(&dy, &mut db, bias_bits(positions), sample == 0);
            }
            assert!(db[0].abs() < i32::MAX);
            let unit = libm::exp2(f64::from(bias_bits(positions)));
            let exact = f64::from(sign) * 32.0 * 8191.0 * positions as f64;
            assert!(
                (f64::from(db[0]) * unit - exact).abs() <= 16.0 * unit,
                "{positions}"
            );
        }
    }
}

#[test]
fn the_square_of_an_outer_product_fits() {
    for (count, most) in [(1, 1), (1, MOST), (65_535, MOST), (1000, 30), (0, 0)] {
        for exponents in [(-13, -13), (-20, -3), (-30, -30), (0, -40)] {
            let (x, dy) = (vec![most; count], vec![-most; count / 2 + 1]);
            let square = f64::from(most) * f64::from(most);
            let exact = square * square * (count * dy.len()) as f64;
            let exact = exact * libm::exp2(f64::from(2 * (exponents.0 + exponents.1) + 32));
            let got = outer_square((&x, exponents.0), (&dy, exponents.1)) as f64;
            let exact = exact.min(i64::MAX as f64);
            assert!(
                (got - exact).abs() <= 1.0 + 1e-8 * exact,
                "{count} {most} {exponents:?}: {got} {exact}"
            );
        }
    }
}
