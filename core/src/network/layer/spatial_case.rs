//! A layer over a series or an image, run by itself, and held to its formula and to central differences.

extern crate std;

use super::*;
use crate::kernel::Grad;
use crate::network::Tensors;
use crate::network::{Entry, Shape};
use crate::network::{Gradients, Parameters};
use crate::number::random::Pcg;
use crate::number::{View, ViewMut};
use bytemuck::{cast_slice, cast_slice_mut};
use core::ops::Range;
use std::vec::Vec;
use std::{format, vec};

pub(super) const ALL: u128 = u128::MAX;

/// Numbers around zero.
pub(super) fn drawn(random: &mut Pcg, length: usize) -> Vec<f64> {
    (0..length).map(|_| f64::from(random.uniform() - 0.5)).collect()
}

/// One layer, with memory.
pub(super) struct Bench {
    pub(super) layer: Layer,
    pub(super) input: Shape,
    pub(super) output: Shape,
    pub(super) tensors: Tensors,
    pub(super) visit: Visit,
    pub(super) p: Vec<f64>,
}

impl Bench {
    pub(super) fn new(entry: Entry, input: Shape, random: &mut Pcg) -> Self {
        assert_eq!(entry.fault, None);
        let layer = entry.layer;
        let params = layer.params(input);
        Self {
            layer,
            input,
            output: layer.output(input).unwrap(),
            tensors: Tensors::of(&params, u8::MAX, u8::MAX, entry.init, false),
            visit: Visit {
                trains: !params.is_empty(),
                weighs: !params.is_empty(),
                passes: true,
            },
            p: drawn(random, params.elements()),
        }
    }

    pub(super) fn parameters<'a>(&'a self, p: &'a [f64]) -> Parameters<'a, f64> {
        Parameters {
            ram: cast_slice(p),
            flash: &[],
            tracks: &[],
            tensors: &self.tensors,
        }
    }

    /// Runs forward from `x`, or from what lies in `y` where `x` is empty.
    pub(super) fn run(&self, p: &[f64], x: &[f64], y: &mut [f64], visit: Visit) -> Vec<u8> {
        let room = self.layer.room::<f64>(self.input, visit);
        let mut scratch = vec![f64::NAN; room.forward.div_ceil(8)];
        let mut kept = vec![0xa5; room.kept];
        self.layer.forward::<f64, ALL>(Forward {
            input: self.input,
            p: self.parameters(p),
            statistics: &mut [],
            x: View::plain(x),
            e: View::plain(&[]),
            y: ViewMut { data: y, scale: () },
            kept: &mut kept,
            scratch: cast_slice_mut(&mut scratch),
            inner: &mut [],
            pass: Pass::Learn,
            visit,
            random: &mut Pcg::new(1),
        });
        kept
    }

    pub(super) fn forward(&self, p: &[f64], x: &[f64]) -> (Vec<f64>, Vec<u8>) {
        let elementwise = matches!(
            self.layer.in_place(self.input),
            InPlace::Always | InPlace::Rescaled
        );
        let (mut y, x) = if elementwise {
            (x.to_vec(), &[][..])
        } else {
            (vec![f64::NAN; self.output.len()], x)
        };
        let kept = self.run(p, x, &mut y, self.visit);
        (y, kept)
    }

    /// The gradients of input and parameters; the former is added to `dx`.
    pub(super) fn backward(&self, x: &[f64], dy: &[f64], dx: &mut [f64], kept: &mut [u8]) -> Vec<f64> {
        let (mut dp, reads) = (vec![f64::NAN; self.p.len()], self.layer.reads());
        assert_eq!(reads.output, For::Nothing);
        let x = if reads.input.asked(self.visit) { x } else { &[] };
        let elementwise = matches!(
            self.layer.in_place(self.input),
            InPlace::Always | InPlace::Rescaled
        );
        self.layer.backward::<f64, ALL>(Backward {
            input: self.input,
            p: self.parameters(&self.p),
            dp: Gradients {
                data: &mut dp,
                tracks: &mut [],
                tensors: &self.tensors,
                fresh: true,
            },
            x: View::plain(x),
            y: View::plain(&[]),
            dy: View::plain(if elementwise { &[] } else { dy }),
            dx: Some(ViewMut { data: dx, scale: () }),
            de: None,
            de_peak: &mut Default::default(),
            kept,
            inner: &mut [],
            scratch: &mut [],
        });
        if self.layer.rows() {
            let (dw, db) = dp.split_at_mut(self.tensors.elements(0));
            let outputs = self.tensors.elements(1);
            let rows = dw.len() / outputs;
            self.gradient(0, 0..rows, dw, x, dy);
            self.gradient(1, 0..0, db, x, dy);
            for most in [1, 4] {
                let mut part = vec![f64::NAN; dw.len()];
                for (at, part) in part.chunks_mut(most * outputs).enumerate() {
                    let rows = at * most..at * most + part.len() / outputs;
                    self.gradient(0, rows, part, x, dy);
                }
                assert_eq!(part, dw, "{most} rows at a time: {:?}", self.layer);
            }
        }
        dp
    }

    pub(super) fn gradient(&self, tensor: usize, rows: Range<usize>, dw: &mut [f64], x: &[f64], dy: &[f64]) {
        self.layer.gradient::<f64, ALL>(Gradient {
            y: View::plain(&[]),
            kept: &mut [],
            input: self.input,
            x: View::plain(x),
            dy: View::plain(dy),
            inner: &[],
            tensor,
            rows,
            dw: Grad {
                data: dw,
                track: None,
            },
            fresh: true,
        });
    }

    /// Where no backward pass comes the input lies in the output's buffer; the bits are the same.
    pub(super) fn in_place(&self, x: &[f64], expected: &[f64]) {
        let visit = Visit {
            trains: false,
            weighs: false,
            passes: false,
        };
        let mut beside = vec![f64::NAN; self.output.len()];
        match self.layer.in_place(self.input) {
            InPlace::Always | InPlace::Rescaled => return,
            InPlace::Unvisited => {
                let mut y = x.to_vec();
                y.resize(x.len().max(expected.len()), f64::NAN);
                self.run(&self.p, &[], &mut y, visit);
                assert_eq!(&y[..expected.len()], expected, "in place: {:?}", self.layer);
            }
            InPlace::Never => {}
        }
        // It may run beside its input all the same, if that is still needed.
        self.run(&self.p, x, &mut beside, visit);
        assert_eq!(beside, expected, "unvisited: {:?}", self.layer);
    }
}

/// Everything that holds for any of these layers.
pub(super) fn check(entry: Entry, input: Shape, formula: impl Fn(&Bench, &[f64]) -> Vec<f64>) {
    let mut random = Pcg::new(7);
    let bench = Bench::new(entry, input, &mut random);
    let x = drawn(&mut random, input.len());
    let (y, mut kept) = bench.forward(&bench.p, &x);
    let name = format!("{:?} on {input:?}", bench.layer);
    let expected = formula(&bench, &x);
    assert_eq!(y.len(), bench.output.len(), "{name}");
    assert_eq!(y, expected, "{name}");
    bench.in_place(&x, &expected);

    let dy = drawn(&mut random, y.len());
    let elementwise = matches!(bench.layer.in_place(input), InPlace::Always | InPlace::Rescaled);
    let before = if elementwise {
        dy.clone()
    } else {
        drawn(&mut random, x.len())
    };
    let mut dx = before.clone();
    let dp = bench.backward(&x, &dy, &mut dx, &mut kept);
    if !elementwise {
        for (dx, before) in dx.iter_mut().zip(before) {
            *dx -= before;
        }
    }
    let loss = |p: &[f64], x: &[f64]| {
        let (y, _) = bench.forward(p, x);
        y.iter().zip(&dy).map(|(y, dy)| y * dy).sum::<f64>()
    };
    differences(&format!("{name}: dx"), &x, &dx, |x| loss(&bench.p, x));
    differences(&format!("{name}: dp"), &bench.p, &dp, |p| loss(p, &x));
}

pub(super) fn differences(name: &str, at: &[f64], gradient: &[f64], loss: impl Fn(&[f64]) -> f64) {
    const STEP: f64 = 1e-5;
    // At most some forty elements of each.
    for i in (0..at.len()).step_by(1 + at.len() / 40) {
        let mut moved = at.to_vec();
        moved[i] = at[i] + STEP;
        let up = loss(&moved);
        moved[i] = at[i] - STEP;
        let slope = (up - loss(&moved)) / (2.0 * STEP);
        let error = (slope - gradient[i]).abs();
        assert!(
            error <= 1e-8 * (1.0 + slope.abs()),
            "{name}, element {i}: {slope} and {}",
            gradient[i]
        );
    }
}
