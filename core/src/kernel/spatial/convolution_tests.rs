//! Convolutions made of sweeps against their formulas, bit for bit, and their gradients too, whole and
//! some rows of the weights at a time.

extern crate std;

use super::*;
use crate::kernel::{Grad, Kernel, Spatial};
use crate::number::random::Pcg;
use crate::number::{View, ViewMut};
use std::vec;
use std::vec::Vec;

/// Numbers of mixed magnitude, so that another order of a sum shows in its bits.
fn filled(random: &mut Pcg, length: usize) -> Vec<f64> {
    let mut draw = || f64::from(random.uniform() - 0.5) * [1.0, 1e-3, 1e3][random.below(3) as usize];
    (0..length).map(|_| draw()).collect()
}

/// What the sweeps compute: `y`, `dx` and `dw`.
struct Computed {
    y: Vec<f64>,
    dx: Vec<f64>,
    dw: Vec<f64>,
}

/// Numbers to compute with.
struct Case {
    outputs: usize,
    x: Vec<f64>,
    w: Vec<f64>,
    b: Vec<f64>,
    dy: Vec<f64>,
}

impl Case {
    fn new(random: &mut Pcg, outputs: usize, x: usize, rows: usize, y: usize) -> Self {
        Self {
            outputs,
            x: filled(random, x),
            w: filled(random, rows * outputs),
            b: filled(random, outputs),
            dy: filled(random, y * outputs),
        }
    }

    /// Runs the sweeps; those of the weights for all rows at once and for some at a time.
    fn run(
        &self,
        sweeps: impl Fn(&mut dyn FnMut(&Runs)),
        weights: impl Fn(&Range<usize>, &mut dyn FnMut(Sweep)),
    ) -> Computed {
        let mut y = vec![f64::NAN; self.dy.len()];
        let (mut dx, mut dw) = (vec![0.0; self.x.len()], vec![0.0; self.w.len()]);
        let (x, w, dy) = (View::plain(&self.x), View::plain(&self.w), View::plain(&self.dy));
        sweeps(&mut |runs| {
            let (y, scale) = (&mut y[..], ());
            f64::affine_runs(w, &self.b, x, ViewMut { data: y, scale }, *runs);
            runs.each(|sweep| {
                let data = &mut dx[..];
                f64::affine_input(w, dy, ViewMut { data, scale }, sweep);
                let (data, track) = (&mut dw[..], None);
                f64::affine_weights(x, dy, Grad { data, track }, sweep, false);
            });
        });
        let rows = self.w.len() / self.outputs;
        for most in [1, 3, rows] {
            let mut part = vec![0.0; self.w.len()];
            for (at, part) in part.chunks_mut(most * self.outputs).enumerate() {
                let rows = at * most..(at * most + part.len() / self.outputs);
                weights(&rows, &mut |sweep| {
                    let (data, track) = (&mut part[..], None);
                    f64::affine_weights(x, dy, Grad { data, track }, sweep, false);
                });
            }
            assert_eq!(part, dw, "{most} rows at a time");
        }
        Computed { y, dx, dw }
    }
}

/// Every kind of edge. The second half has the dilation of 1 that a transposed convolution asks for.
const AXES: [Axis; 10] = [
    Axis::new(8, 3, 1, 2, 2),
    Axis::new(5, 2, 3, 2, 3),
    Axis::new(1, 2, 1, 3, 3),
    Axis::ONE,
    Axis::new(5, 3, 1, 1, 1),
    Axis::new(6, 3, 2, 1, 1),
    Axis::new(7, 2, 2, 0, 1),
    Axis::new(4, 4, 1, 3, 1),
    Axis::new(6, 1, 1, 0, 1),
    Axis::new(7, 1, 3, 0, 1),
];

fn windows(axes: &[Axis]) -> impl Iterator<Item = Window> {
    axes.iter().flat_map(move |rows| {
        axes.iter().flat_map(move |columns| {
            [1, 3, 23].into_iter().map(move |channels| Window {
                rows: *rows,
                columns: *columns,
                channels,
            })
        })
    })
}

/// The input that tap `k` of output `o` sees: the definition.
fn sees(axis: &Axis, o: usize, k: usize) -> Option<usize> {
    let at = (o * axis.stride + k * axis.dilation) as isize - axis.padding as isize;
    (0..axis.input as isize).contains(&at).then_some(at as usize)
}

/// Each output pixel with the taps that lie inside and the pixels that they see, both in order.
fn pairs(window: &Window) -> impl Iterator<Item = (usize, usize, usize)> {
    let Window { rows, columns, .. } = *window;
    (0..rows.output * columns.output).flat_map(move |o| {
        (0..rows.kernel * columns.kernel).filter_map(move |tap| {
            let i = sees(&rows, o / columns.output, tap / columns.kernel)?;
            let j = sees(&columns, o % columns.output, tap % columns.kernel)?;
            Some((o, tap, i * columns.input + j))
        })
    })
}

/// `y = b + Σ x w` over the triples of output pixel, tap and input pixel; and its gradients.
fn expected(
    case: &Case,
    channels: usize,
    triples: impl Iterator<Item = (usize, usize, usize)> + Clone,
) -> Computed {
    let outputs = case.outputs;
    let mut y: Vec<f64> = case.b.iter().cycle().take(case.dy.len()).copied().collect();
    let (mut dx, mut dw) = (vec![0.0; case.x.len()], vec![0.0; case.w.len()]);
    for (o, tap, pixel) in triples {
        for c in 0..channels {
            let (row, x) = ((tap * channels + c) * outputs, pixel * channels + c);
            let mut sum = 0.0;
            for k in 0..outputs {
                y[o * outputs + k] += case.x[x] * case.w[row + k];
                sum += case.dy[o * outputs + k] * case.w[row + k];
                dw[row + k] += case.x[x] * case.dy[o * outputs + k];
            }
            dx[x] += sum;
        }
    }
    Computed { y, dx, dw }
}

fn compare(computed: Computed, expected: Computed, what: &dyn core::fmt::Debug) {
    assert_eq!(computed.y, expected.y, "y: {what:?}");
    // An input pixel in one sweep is reached by several positions at once: another order than here.
    for (dx, right) in computed.dx.iter().zip(expected.dx) {
        assert!((dx - right).abs() <= 1e-7, "dx {dx} and {right}: {what:?}");
    }
    assert_eq!(computed.dw, expected.dw, "dw: {what:?}");
}

#[test]
fn a_convolution_is_its_formula() {
    let mut random = Pcg::new(1);
    for window in windows(&AXES) {
        let Window {
            rows,
            columns,
            channels,
        } = window;
        for outputs in [1, 5, 17] {
            let case = Case::new(
                &mut random,
                outputs,
                rows.input * columns.input * channels,
                rows.kernel * columns.kernel * channels,
                rows.output * columns.output,
            );
            let computed = case.run(
                |f| window.convolution(outputs, f),
                |rows, f| window.convolution_weights(outputs, rows, f),
            );
            let triples: Vec<_> = pairs(&window).collect();
            compare(computed, expected(&case, channels, triples.into_iter()), &window);
        }
    }
}

#[test]
fn a_transposed_convolution_is_its_formula() {
    let mut random = Pcg::new(2);
    for window in windows(&AXES[3..]) {
        let Window {
            rows,
            columns,
            channels,
        } = window;
        for outputs in [1, 5, 17] {
            let case = Case::new(
                &mut random,
                outputs,
                rows.output * columns.output * channels,
                rows.kernel * columns.kernel * channels,
                rows.input * columns.input,
            );
            let computed = case.run(
                |f| window.transposed(outputs, f),
                |rows, f| window.transposed_weights(outputs, rows, f),
            );
            // What the convolution reads is made here, of what it makes; in the order in which that lies.
            let mut triples: Vec<_> = pairs(&window).map(|(o, tap, pixel)| (pixel, tap, o)).collect();
            triples.sort_by_key(|(made, _, from)| (*made, *from));
            compare(computed, expected(&case, channels, triples.into_iter()), &window);
        }
    }
}
