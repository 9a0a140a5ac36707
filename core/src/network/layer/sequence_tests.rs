//! Embedding, position, recurrent layers and attention: outputs against plain formulas in double
//! precision, every gradient against central differences, and memory that holds garbage before.

extern crate std;

use super::*;
use crate::network::tensors::Tensors;
use std::vec;
use std::vec::Vec;

const ALL: u128 = u128::MAX;
const LEARN: Visit = Visit {
    trains: true,
    passes: true,
};
const NOBODY: Visit = Visit {
    trains: false,
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

struct Case {
    layer: Layer,
    input: Shape,
    params: Vec<f64>,
    x: Vec<f64>,
}

impl Case {
    fn new(layer: Layer, input: Shape, seed: u64) -> Self {
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
        Tensors::of(&self.layer.params(self.input), trained, u8::MAX)
    }

    fn in_place(&self) -> bool {
        self.layer.in_place(self.input) == InPlace::Always
    }

    /// The output, and what the layer keeps.
    fn forward(&self, visit: Visit) -> (Vec<f64>, Vec<u64>) {
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
            pass: Pass::Learn,
            visit,
            random: &mut Pcg::new(0),
        });
        (y, kept)
    }

    /// The gradients of the parameters in `trained`, summed into `dp`, and of the input, into `dx`.
    fn backward(&self, dy: &[f64], trained: u8, dp: &mut [f64], fresh: bool, dx: Option<&mut [f64]>) {
        let visit = Visit {
            trains: trained != 0,
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
                data: dp,
                tracks: &mut [],
                tensors: &tensors,
                fresh,
            },
            x: shown(reads.input, &self.x),
            y: shown(reads.output, &y),
            dy: View::plain(given),
            dx: dx.map(|data| ViewMut { data, scale: () }),
            de: None,
            kept: bytes_of(&mut kept, room.kept),
            scratch: bytes_of(&mut scratch, room.backward),
        });
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
    fn check(&mut self) {
        let mut random = Pcg::new(99);
        let dy = drawn(&mut random, self.output().len());
        let count = self.params.len();
        let others = drawn(&mut random, self.input.len());
        let (mut dp, mut dx) = (vec![f64::NAN; count], self.start(&dy, &others));
        self.backward(&dy, u8::MAX, &mut dp, true, Some(&mut dx));
        for k in 0..count {
            let expected = self.slope(|case| &mut case.params, k, &dy);
            close(dp[k], expected, &std::format!("{:?}, parameter {k}", self.layer));
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
    fn split(&self) -> Vec<&[f64]> {
        let mut rest = &self.params[..];
        let cut = |length| {
            let (tensor, behind) = rest.split_at(length);
            rest = behind;
            tensor
        };
        self.lengths().into_iter().map(cut).collect()
    }

    /// Every output against `expected`, with and without a backward pass to come, to the same bit.
    fn check_output(&self, expected: &[f64]) {
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

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

/// `b[o] + Σ_k x[k] w[k, o]`
fn affine(w: &[f64], b: &[f64], x: &[f64]) -> Vec<f64> {
    let sum = |o| (0..x.len()).map(|k| x[k] * w[k * b.len() + o]).sum::<f64>();
    (0..b.len()).map(|o| b[o] + sum(o)).collect()
}

/// Recurrent layers frame by frame: `cell(a, s, h, c)` gives the next state and cell.
fn unrolled(case: &Case, hidden: usize, cell: fn(&[f64], &[f64], &mut [f64], &mut [f64])) -> Vec<f64> {
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
        // No number of a token: no number in the output, and no gradient.
        case.x[0] = f64::from(vocabulary);
        let y = case.forward(LEARN).0;
        assert!(y[..width].iter().all(|y| y.is_nan()));
        assert!(y[width..].iter().all(|y| y.is_finite()));
        let mut dp = vec![f64::NAN; case.params.len()];
        case.backward(&vec![1.0; y.len()], 1, &mut dp, true, None);
        assert_eq!(dp.iter().sum::<f64>(), (y.len() - width) as f64);
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
            let tensors = Tensors::of(&layer.params(input), u8::MAX, u8::MAX);
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
                kept: bytemuck::cast_slice_mut(kept),
                scratch: bytemuck::cast_slice_mut(scratch),
            });
        }
    }
}
