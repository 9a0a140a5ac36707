//! A layer with its parameters and its input, run by itself in memory that holds garbage before.

extern crate std;

use super::super::*;
use crate::kernel::Grad;
use crate::network::tensors::Tensors;
use crate::network::{Gradients, Parameters};
use crate::number::random::Pcg;
use crate::number::{View, ViewMut};
use std::vec;
use std::vec::Vec;

pub const ALL: u128 = u128::MAX;
pub const LEARN: Visit = Visit {
    trains: true,
    weighs: true,
    passes: true,
};
pub const NOBODY: Visit = Visit {
    trains: false,
    weighs: false,
    passes: false,
};

fn drawn(random: &mut Pcg, count: usize) -> Vec<f64> {
    (0..count)
        .map(|_| f64::from(random.uniform()) * 2.0 - 1.0)
        .collect()
}

/// Bytes that no result may depend on: NaN.
fn garbage(bytes: usize) -> Vec<u64> {
    vec![f64::NAN.to_bits(); bytes.div_ceil(8)]
}

fn bytes_of(words: &mut [u64], bytes: usize) -> &mut [u8] {
    &mut bytemuck::cast_slice_mut(words)[..bytes]
}

pub struct Case {
    pub layer: Layer,
    pub input: Shape,
    pub params: Vec<f64>,
    pub x: Vec<f64>,
}

impl Case {
    pub fn new(layer: Layer, input: Shape, seed: u64) -> Self {
        let mut random = Pcg::new(seed);
        let params = drawn(&mut random, layer.params(input).elements());
        let x = match layer {
            Layer::Embedding(Embedding { vocabulary, .. }) => (0..input.len())
                .map(|_| f64::from(random.below(vocabulary.into())))
                .collect(),
            _ => drawn(&mut random, input.len()),
        };
        Self {
            layer,
            input,
            params,
            x,
        }
    }

    fn output(&self) -> Shape {
        self.layer.output(self.input).unwrap()
    }

    fn tensors(&self, trained: u8) -> Tensors {
        Tensors::of(
            &self.layer.params(self.input),
            trained,
            u8::MAX,
            crate::network::Init::Glorot,
            false,
        )
    }

    fn in_place(&self) -> bool {
        matches!(
            self.layer.in_place(self.input),
            InPlace::Always | InPlace::Rescaled
        )
    }

    /// The output, and what the layer keeps.
    pub fn forward(&self, visit: Visit) -> (Vec<f64>, Vec<u64>) {
        let room = self.layer.room::<f64>(self.input, visit);
        let (mut kept, mut scratch) = (garbage(room.kept), garbage(room.forward));
        let (x, mut y) = if self.in_place() {
            (&[][..], self.x.clone())
        } else {
            (&self.x[..], vec![f64::NAN; self.output().len()])
        };
        let tensors = self.tensors(0);
        self.layer.forward::<f64, ALL>(Forward {
            input: self.input,
            p: Parameters {
                ram: bytemuck::cast_slice(&self.params),
                flash: &[],
                tracks: &[],
                tensors: &tensors,
            },
            statistics: &mut [],
            x: View::plain(x),
            e: View::plain(&[]),
            y: ViewMut {
                data: &mut y,
                scale: (),
            },
            kept: bytes_of(&mut kept, room.kept),
            scratch: bytes_of(&mut scratch, room.forward),
            inner: &mut [],
            pass: Pass::Learn,
            visit,
            random: &mut Pcg::new(0),
        });
        (y, kept)
    }

    /// The gradients of the parameters in `trained`, summed into `dp`, and of the input, into `dx`.
    pub fn backward(&self, dy: &[f64], trained: u8, dp: &mut [f64], fresh: bool, dx: Option<&mut [f64]>) {
        let visit = Visit {
            trains: trained != 0,
            weighs: self.tensors(trained).weighs(),
            passes: dx.is_some(),
        };
        let (y, mut kept) = self.forward(visit);
        let room = self.layer.room::<f64>(self.input, visit);
        let mut scratch = garbage(room.backward);
        let reads = self.layer.reads();
        let tensors = self.tensors(trained);
        let shown = |reads: For, data| View::plain(if reads.asked(visit) { data } else { &[] });
        let given = if self.in_place() && dx.is_some() { &[] } else { dy };
        self.layer.backward::<f64, ALL>(Backward {
            input: self.input,
            p: Parameters {
                ram: bytemuck::cast_slice(&self.params),
                flash: &[],
                tracks: &[],
                tensors: &tensors,
            },
            dp: Gradients {
                data: &mut *dp,
                tracks: &mut [],
                tensors: &tensors,
                fresh,
            },
            x: shown(reads.input, &self.x),
            y: shown(reads.output, &y),
            dy: View::plain(given),
            dx: dx.map(|data| ViewMut { data, scale: () }),
            de: None,
            de_peak: &mut Default::default(),
            kept: bytes_of(&mut kept, room.kept),
            inner: &mut [],
            scratch: bytes_of(&mut scratch, room.backward),
        });
        if !self.layer.rows() {
            return;
        }
        let params = self.layer.params(self.input);
        for tensor in (0..params.len()).filter(|tensor| tensors.trained(*tensor)) {
            let shape = params.get(tensor).unwrap().shape;
            let (rows, row) = match *shape.dims() {
                [rows, row] => (usize::from(rows), usize::from(row)),
                _ => (1, shape.len()),
            };
            // In two pieces, as where the update is fused.
            for rows in [0..rows / 2, rows / 2..rows] {
                let first = tensors.gradients_before(tensor);
                let data = &mut dp[first + rows.start * row..first + rows.end * row];
                self.layer.gradient::<f64, ALL>(Gradient {
                    input: self.input,
                    x: shown(reads.input, &self.x),
                    y: shown(reads.output, &y),
                    dy: View::plain(dy),
                    kept: bytes_of(&mut kept, room.kept),
                    inner: &[],
                    tensor,
                    rows,
                    dw: Grad { data, track: None },
                    fresh,
                });
            }
        }
    }

    /// What `dx` holds before: for an in-place kind the gradient of the output, else what it adds to.
    fn start(&self, dy: &[f64], others: &[f64]) -> Vec<f64> {
        if self.in_place() {
            dy.to_vec()
        } else {
            others.to_vec()
        }
    }

    fn loss(&self, dy: &[f64]) -> f64 {
        self.forward(NOBODY).0.iter().zip(dy).map(|(y, dy)| y * dy).sum()
    }

    /// The slope of the loss along one number.
    fn slope(&mut self, number: fn(&mut Self) -> &mut Vec<f64>, index: usize, dy: &[f64]) -> f64 {
        const STEP: f64 = 1e-5;
        let start = number(self)[index];
        number(self)[index] = start + STEP;
        let above = self.loss(dy);
        number(self)[index] = start - STEP;
        let below = self.loss(dy);
        number(self)[index] = start;
        (above - below) / (2.0 * STEP)
    }

    /// Every gradient against central differences.
    pub fn check(&mut self) {
        let mut random = Pcg::new(99);
        let dy = drawn(&mut random, self.output().len());
        let count = self.params.len();
        let others = drawn(&mut random, self.input.len());
        let (mut dp, mut dx) = (vec![f64::NAN; count], self.start(&dy, &others));
        self.backward(&dy, u8::MAX, &mut dp, true, Some(&mut dx));
        for (k, got) in dp.iter().enumerate() {
            let expected = self.slope(|case| &mut case.params, k, &dy);
            close(*got, expected, &std::format!("{:?}, parameter {k}", self.layer));
        }
        let numbers = !matches!(self.layer, Layer::Embedding(_));
        for k in 0..self.x.len() {
            let slope = if numbers {
                self.slope(|case| &mut case.x, k, &dy)
            } else {
                0.0
            };
            let expected = slope + if self.in_place() { 0.0 } else { others[k] };
            close(dx[k], expected, &std::format!("{:?}, input {k}", self.layer));
        }
        // A second sample adds to the first.
        let mut twice = dp.clone();
        let mut again = self.start(&dy, &others);
        self.backward(&dy, u8::MAX, &mut twice, false, Some(&mut again));
        for (twice, once) in twice.iter().zip(&dp) {
            close(*twice, 2.0 * once, "second sample");
        }
        assert_eq!(again, dx);
        // Any part of it alone is the same, to the bit.
        let mut alone = self.start(&dy, &others);
        self.backward(&dy, 0, &mut [], true, Some(&mut alone));
        assert_eq!(alone, dx, "{:?}, input alone", self.layer);
        let mut from = 0;
        for (index, length) in self.lengths().into_iter().enumerate() {
            let mut part = vec![f64::NAN; length];
            self.backward(&dy, 1 << index, &mut part, true, None);
            assert_eq!(
                part,
                dp[from..from + length],
                "{:?}, tensor {index} alone",
                self.layer
            );
            from += length;
        }
    }

    fn lengths(&self) -> Vec<usize> {
        let params = self.layer.params(self.input);
        (0..params.len())
            .map(|index| params.get(index).unwrap().shape.len())
            .collect()
    }

    /// The parameter tensors.
    pub fn split(&self) -> Vec<&[f64]> {
        let mut rest = &self.params[..];
        let cut = |length| {
            let (tensor, behind) = rest.split_at(length);
            rest = behind;
            tensor
        };
        self.lengths().into_iter().map(cut).collect()
    }

    /// Every output against `expected`, with and without a backward pass to come, to the same bit.
    pub fn check_output(&self, expected: &[f64]) {
        let (y, _) = self.forward(LEARN);
        assert_eq!(y.len(), expected.len());
        for (k, (y, expected)) in y.iter().zip(expected).enumerate() {
            assert!(
                (y - expected).abs() <= 1e-12,
                "{:?}, output {k}: {y} and {expected}",
                self.layer
            );
        }
        assert_eq!(
            y,
            self.forward(NOBODY).0,
            "{:?} without a backward pass",
            self.layer
        );
    }
}

fn close(a: f64, b: f64, what: &str) {
    assert!((a - b).abs() <= 1e-8 * (1.0 + b.abs()), "{what}: {a} and {b}");
}
