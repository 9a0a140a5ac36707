//! Embedding, position, recurrent layers and attention: outputs against plain formulas in double
//! precision, every gradient against central differences, and memory that holds garbage before.

extern crate std;

#[path = "sequence_case.rs"]
mod case;

use super::*;
use crate::network::tensors::Tensors;
use crate::network::{Gradients, Parameters};
use crate::number::random::Pcg;
use crate::number::{View, ViewMut};
use case::{ALL, Case, LEARN, NOBODY};
use std::vec;
use std::vec::Vec;

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

/// `b[o] + Σ_k x[k] w[k, o]`
fn affine(w: &[f64], b: &[f64], x: &[f64]) -> Vec<f64> {
    let sum = |o| (0..x.len()).map(|k| x[k] * w[k * b.len() + o]).sum::<f64>();
    (0..b.len()).map(|o| b[o] + sum(o)).collect()
}

/// `(a, s, h, c)`: the sums of input and state, and the state and the cell, to be moved on.
type Cell = fn(&[f64], &[f64], &mut [f64], &mut [f64]);

/// Recurrent layers frame by frame.
fn unrolled(case: &Case, hidden: usize, cell: Cell) -> Vec<f64> {
    let tensors = case.split();
    let (mut h, mut c, mut y) = (vec![0.0; hidden], vec![0.0; hidden], Vec::new());
    for x in case.x.chunks(case.input.channels()) {
        let a = affine(tensors[0], tensors[2], x);
        let s = affine(tensors[1], tensors[3], &h);
        cell(&a, &s, &mut h, &mut c);
        y.extend_from_slice(&h);
    }
    y
}

/// Frames, channels, hidden.
const SIZES: [(u16, u16, u16); 6] = [(1, 1, 1), (1, 3, 2), (2, 2, 5), (3, 1, 4), (7, 4, 3), (5, 6, 17)];

#[test]
fn rnn_is_its_formula_and_its_gradients() {
    for (frames, channels, hidden) in SIZES {
        let mut case = Case::new(Layer::Rnn(Rnn { hidden }), Shape::series(channels, frames), 1);
        case.check_output(&unrolled(&case, hidden.into(), |a, s, h, _| {
            for k in 0..h.len() {
                h[k] = libm::tanh(a[k] + s[k]);
            }
        }));
        case.check();
    }
}

#[test]
fn gru_is_its_formula_and_its_gradients() {
    for (frames, channels, hidden) in SIZES {
        let mut case = Case::new(Layer::Gru(Gru { hidden }), Shape::series(channels, frames), 2);
        case.check_output(&unrolled(&case, hidden.into(), |a, s, h, _| {
            let count = h.len();
            for k in 0..count {
                let r = sigmoid(a[k] + s[k]);
                let z = sigmoid(a[count + k] + s[count + k]);
                let n = libm::tanh(a[2 * count + k] + r * s[2 * count + k]);
                h[k] = (1.0 - z) * n + z * h[k];
            }
        }));
        case.check();
    }
}

#[test]
fn lstm_is_its_formula_and_its_gradients() {
    for (frames, channels, hidden) in SIZES {
        let mut case = Case::new(Layer::Lstm(Lstm { hidden }), Shape::series(channels, frames), 3);
        case.check_output(&unrolled(&case, hidden.into(), |a, s, h, c| {
            let count = h.len();
            for k in 0..count {
                let gate = |index: usize| a[index * count + k] + s[index * count + k];
                c[k] = sigmoid(gate(1)) * c[k] + sigmoid(gate(0)) * libm::tanh(gate(2));
                h[k] = sigmoid(gate(3)) * libm::tanh(c[k]);
            }
        }));
        case.check();
    }
}

/// Attention by its formula, one element after the other.
fn attended(case: &Case, heads: usize, causal: bool) -> Vec<f64> {
    let tensors = case.split();
    let channels = case.input.channels();
    let width = channels / heads;
    let lines: Vec<Vec<f64>> = case
        .x
        .chunks(channels)
        .map(|x| affine(tensors[0], tensors[1], x))
        .collect();
    let mut y = Vec::new();
    for i in 0..lines.len() {
        let mut mixed = vec![0.0; channels];
        for head in 0..heads {
            let seen = if causal { i + 1 } else { lines.len() };
            let weights: Vec<f64> = (0..seen)
                .map(|j| {
                    let at = |part: usize, c: usize| part * channels + head * width + c;
                    let product: f64 = (0..width).map(|c| lines[i][at(0, c)] * lines[j][at(1, c)]).sum();
                    libm::exp(product / libm::sqrt(width as f64))
                })
                .collect();
            let total: f64 = weights.iter().sum();
            for c in 0..width {
                let value = |j: usize| lines[j][2 * channels + head * width + c];
                mixed[head * width + c] = (0..seen).map(|j| weights[j] * value(j) / total).sum();
            }
        }
        y.extend(affine(tensors[2], tensors[3], &mixed));
    }
    y
}

#[test]
fn attention_is_its_formula_and_its_gradients() {
    for (frames, channels, heads) in [
        (1, 1, 1),
        (1, 4, 2),
        (2, 6, 3),
        (3, 4, 1),
        (4, 4, 4),
        (7, 6, 2),
        (9, 20, 1),
    ] {
        for causal in [false, true] {
            let layer = Layer::Attention(Attention { heads, causal });
            let mut case = Case::new(layer, Shape::series(channels, frames), 4);
            case.check_output(&attended(&case, heads.into(), causal));
            case.check();
        }
    }
}

#[test]
fn embedding_is_its_rows_and_their_gradients() {
    for (tokens, vocabulary, width) in [(1, 1, 1), (5, 3, 2), (9, 40, 6)] {
        let layer = Layer::Embedding(Embedding { vocabulary, width });
        let mut case = Case::new(layer, Shape::vector(tokens), 5);
        let width = usize::from(width);
        let rows = case
            .x
            .iter()
            .flat_map(|token| &case.params[*token as usize * width..][..width]);
        let expected: Vec<f64> = rows.copied().collect();
        case.check_output(&expected);
        case.check();
        // No number of a token: no number in its output, and none in the gradient, so that the sample is refused.
        case.x[0] = f64::from(vocabulary);
        let y = case.forward(LEARN).0;
        assert!(y[..width].iter().all(|y| y.is_nan()));
        assert!(y[width..].iter().all(|y| y.is_finite()));
        let mut dp = vec![f64::NAN; case.params.len()];
        case.backward(&vec![1.0; y.len()], 1, &mut dp, true, None);
        assert!(dp.iter().all(|dp| dp.is_nan()));
    }
}

#[test]
fn position_is_a_sum_and_its_gradients() {
    for (frames, channels) in [(1, 1), (4, 3)] {
        let mut case = Case::new(Layer::Position(Position), Shape::series(channels, frames), 6);
        let sums: Vec<f64> = case.x.iter().zip(&case.params).map(|(x, w)| x + w).collect();
        case.check_output(&sums);
        case.check();
    }
}

/// Bytes by the formulas in the documents, in single precision.
#[test]
fn rooms_are_what_the_mathematics_needs() {
    let series = Shape::series(6, 10);
    let room = |layer: Layer, visit| {
        let Room {
            kept,
            forward,
            backward,
        } = layer.room::<f32>(series, visit);
        [kept / 4, forward / 4, backward / 4]
    };
    let [rnn, gru, lstm] = [
        Layer::Rnn(Rnn { hidden: 8 }),
        Layer::Gru(Gru { hidden: 8 }),
        Layer::Lstm(Lstm { hidden: 8 }),
    ];
    assert_eq!(room(rnn, LEARN), [0, 0, 2 * 8]);
    assert_eq!(room(rnn, NOBODY), [0, 0, 0]);
    assert_eq!(room(gru, LEARN), [4 * 10 * 8, 3 * 8, 8]);
    assert_eq!(room(gru, NOBODY), [0, 6 * 8, 0]);
    assert_eq!(room(lstm, LEARN), [5 * 10 * 8, 0, 2 * 8]);
    assert_eq!(room(lstm, NOBODY), [0, 5 * 8, 0]);
    for (causal, pairs) in [(false, 100), (true, 55)] {
        let layer = Layer::Attention(Attention { heads: 2, causal });
        let row = 3 * 6 + 10;
        assert_eq!(room(layer, LEARN), [4 * 60 + 2 * pairs, row, 3 + 2 * 10]);
        assert_eq!(room(layer, NOBODY), [0, 2 * 60 + row, 0]);
    }
}

/// Memory that is too short gives a wrong result and never a panic.
#[test]
fn short_memory_does_not_panic() {
    let layers = [
        Layer::Rnn(Rnn { hidden: 3 }),
        Layer::Gru(Gru { hidden: 3 }),
        Layer::Lstm(Lstm { hidden: 3 }),
        Layer::Attention(Attention {
            heads: 2,
            causal: true,
        }),
        Layer::Embedding(Embedding {
            vocabulary: 3,
            width: 2,
        }),
        Layer::Position(Position),
    ];
    for layer in layers {
        let input = Shape::series(4, 5);
        for length in 0..40 {
            let tensors = Tensors::of(
                &layer.params(input),
                u8::MAX,
                u8::MAX,
                crate::network::Init::Glorot,
                false,
            );
            let mut bytes = vec![0_u64; 5 * length];
            let mut parts = bytes.chunks_mut(length.max(1));
            let mut part = || -> &mut [f64] { bytemuck::cast_slice_mut(parts.next().unwrap_or(&mut [])) };
            let (kept, scratch, y, dp, dx) = (part(), part(), part(), part(), part());
            let numbers = vec![0.5; length];
            let p = Parameters {
                ram: bytemuck::cast_slice(&numbers),
                flash: &[],
                tracks: &[],
                tensors: &tensors,
            };
            layer.forward::<f64, ALL>(Forward {
                input,
                p,
                statistics: &mut [],
                x: View::plain(&numbers),
                e: View::plain(&[]),
                y: ViewMut { data: y, scale: () },
                kept: bytemuck::cast_slice_mut(kept),
                scratch: bytemuck::cast_slice_mut(scratch),
                inner: &mut [],
                pass: Pass::Learn,
                visit: if length % 2 == 0 { LEARN } else { NOBODY },
                random: &mut Pcg::new(0),
            });
            layer.backward::<f64, ALL>(Backward {
                input,
                p,
                dp: Gradients {
                    data: dp,
                    tracks: &mut [],
                    tensors: &tensors,
                    fresh: true,
                },
                x: View::plain(&numbers),
                y: View::plain(&numbers),
                dy: View::plain(&numbers),
                dx: Some(ViewMut { data: dx, scale: () }),
                de: None,
                de_peak: &mut Default::default(),
                kept: bytemuck::cast_slice_mut(kept),
                inner: &mut [],
                scratch: bytemuck::cast_slice_mut(scratch),
            });
        }
    }
}
