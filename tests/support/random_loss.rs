//! A random loss with what it asks of each sample, and its figure straight from the formula.

use crate::random_model::RandomModel;
use kilograd::kernel::Member;
use kilograd::loss::{Loss, Target};
use kilograd::network::Shape;
use kilograd::number::View;
use kilograd::number::random::Pcg;

/// What a sample's output should be.
#[derive(Debug, Clone)]
pub enum Aim {
    Class(usize),
    Values(Vec<f64>),
    Itself,
    Tokens(Vec<u16>),
    Pair {
        other: Vec<f64>,
        same: bool,
    },
    /// The two other members in their order, and which one the output is.
    Triplet([Vec<f64>; 2], Member),
    Memory {
        embeddings: Vec<f64>,
        positive: usize,
    },
}

impl Aim {
    /// As the trainer takes it.
    pub fn target(&self) -> Target<'_, f64> {
        match self {
            Self::Class(class) => Target::Class(*class),
            Self::Values(values) => Target::Values(View::plain(values)),
            Self::Itself => Target::Itself,
            Self::Tokens(tokens) => Target::Tokens(tokens),
            Self::Pair { other, same } => Target::Pair {
                other: View::plain(other),
                same: *same,
            },
            Self::Triplet(others, member) => {
                let [first, second] = others.each_ref().map(|other| View::plain(other));
                match member {
                    Member::Anchor => Target::Triplet {
                        positive: first,
                        negative: second,
                    },
                    Member::Positive => Target::Positive {
                        anchor: first,
                        negative: second,
                    },
                    Member::Negative => Target::Negative {
                        anchor: first,
                        positive: second,
                    },
                }
            }
            Self::Memory { embeddings, positive } => Target::Memory {
                embeddings: View::plain(embeddings),
                positive: *positive,
            },
        }
    }
}

/// Weights of classes, as many as a model has outputs.
const WEIGHTS: [f32; 64] = {
    let mut weights = [0.5; 64];
    let mut i = 0;
    while i < 64 {
        weights[i] += (i * 7 % 5) as f32 / 4.0;
        i += 1;
    }
    weights
};

/// A loss that fits the model, each kind as likely as the others.
pub fn draw(random: &mut Pcg, model: &RandomModel) -> Loss {
    let setting = 0.25 + random.uniform();
    match random.below(10) {
        0 => Loss::CrossEntropy,
        1 => Loss::MeanSquaredError,
        2 => Loss::WeightedCrossEntropy {
            smoothing: random.uniform() / 2.0,
            weights: if random.below(4) == 0 {
                &[]
            } else {
                &WEIGHTS[..model.output.len()]
            },
        },
        3 => Loss::BinaryCrossEntropy,
        4 => Loss::MeanAbsoluteError,
        5 => Loss::Huber { delta: setting },
        // Far enough for some of the pairs to count.
        6 => Loss::Pair {
            margin: 4.0 * setting,
        },
        7 => Loss::Triplet {
            margin: 2.0 * setting,
        },
        8 => Loss::InfoNce { temperature: setting },
        9 if model.output.rank() == 2 => Loss::NextToken,
        _ => draw(random, model),
    }
}

/// What the loss asks of one sample.
pub fn aim(random: &mut Pcg, loss: Loss, model: &RandomModel) -> Aim {
    let length = model.output.len();
    let itself = length == model.input.len() && random.below(2) == 0;
    match loss {
        Loss::CrossEntropy | Loss::WeightedCrossEntropy { .. } => {
            Aim::Class(random.below(length as u32) as usize)
        }
        Loss::MeanSquaredError | Loss::MeanAbsoluteError | Loss::Huber { .. } if itself => Aim::Itself,
        Loss::MeanSquaredError | Loss::MeanAbsoluteError | Loss::Huber { .. } => {
            Aim::Values(numbers(random, length))
        }
        Loss::BinaryCrossEntropy if length == 1 && itself => Aim::Class(random.below(2) as usize),
        Loss::BinaryCrossEntropy => Aim::Values((0..length).map(|_| random.uniform().into()).collect()),
        Loss::Pair { .. } => Aim::Pair {
            other: numbers(random, length),
            same: random.below(2) == 0,
        },
        Loss::Triplet { .. } => {
            let members = [Member::Anchor, Member::Positive, Member::Negative];
            let others = [numbers(random, length), numbers(random, length)];
            Aim::Triplet(others, members[random.below(3) as usize])
        }
        Loss::InfoNce { .. } => {
            let count = 1 + random.below(5) as usize;
            Aim::Memory {
                embeddings: numbers(random, count * length),
                positive: random.below(count as u32) as usize,
            }
        }
        Loss::NextToken => {
            let (frames, vocabulary) = (model.output.dim(0), model.output.dim(1));
            let known = model.tokens > 0 && usize::from(model.tokens) <= vocabulary;
            if known && model.input.len() == frames && frames > 1 && random.below(2) == 0 {
                return Aim::Itself;
            }
            Aim::Tokens(
                (0..frames)
                    .map(|_| random.below(vocabulary as u32) as u16)
                    .collect(),
            )
        }
    }
}

fn numbers(random: &mut Pcg, count: usize) -> Vec<f64> {
    (0..count)
        .map(|_| f64::from(3.0 * random.uniform() - 1.5))
        .collect()
}

/// The loss of the output `y` for the sample `x`.
///
/// # Panics
/// If the aim is not one of the loss.
pub fn figure(loss: Loss, aim: &Aim, x: &[f64], y: &[f64], output: Shape) -> f64 {
    let errors = |h: &dyn Fn(f64) -> f64| {
        let values = match aim {
            Aim::Values(values) => values,
            _ => x,
        };
        mean(y.iter().zip(values).map(|(y, t)| h(y - t)))
    };
    match (loss, aim) {
        (Loss::CrossEntropy, Aim::Class(class)) => surprise(y, *class),
        (Loss::WeightedCrossEntropy { smoothing, weights }, Aim::Class(class)) => {
            let smoothing = f64::from(smoothing);
            let share = |k: usize| {
                let weight = weights.get(k).copied().map_or(1.0, f64::from);
                let hit = if k == *class { 1.0 - smoothing } else { 0.0 };
                weight * (hit + smoothing / y.len() as f64)
            };
            (0..y.len()).map(|k| share(k) * surprise(y, k)).sum()
        }
        (Loss::BinaryCrossEntropy, Aim::Class(class)) => binary(y[0], *class as f64),
        (Loss::BinaryCrossEntropy, Aim::Values(values)) => {
            mean(y.iter().zip(values).map(|(z, t)| binary(*z, *t)))
        }
        (Loss::MeanSquaredError, Aim::Values(_) | Aim::Itself) => errors(&|e| e * e),
        (Loss::MeanAbsoluteError, Aim::Values(_) | Aim::Itself) => errors(&f64::abs),
        (Loss::Huber { delta }, Aim::Values(_) | Aim::Itself) => {
            let delta = f64::from(delta);
            errors(&|e| {
                if e.abs() <= delta {
                    e * e / 2.0
                } else {
                    delta * (e.abs() - delta / 2.0)
                }
            })
        }
        (Loss::Pair { margin }, Aim::Pair { other, same }) => {
            let far = distance(y, other, 0.0);
            let miss = if *same {
                far
            } else {
                (f64::from(margin) - far).max(0.0)
            };
            miss * miss / 2.0
        }
        (Loss::Triplet { margin }, Aim::Triplet([first, second], member)) => {
            let [a, p, n] = match member {
                Member::Anchor => [y, first, second],
                Member::Positive => [first, y, second],
                Member::Negative => [first, second, y],
            };
            (distance(a, p, 1e-6) - distance(a, n, 1e-6) + f64::from(margin)).max(0.0)
        }
        (Loss::InfoNce { temperature }, Aim::Memory { embeddings, positive }) => {
            let likeness = |e: &[f64]| {
                let product: f64 = y.iter().zip(e).map(|(y, e)| y * e).sum();
                product / length(y).max(1e-12) / length(e).max(1e-12) / f64::from(temperature)
            };
            let all: Vec<f64> = embeddings.chunks(y.len()).map(likeness).collect();
            surprise(&all, *positive)
        }
        (Loss::NextToken, Aim::Tokens(tokens)) => {
            let frames = y.chunks(output.dim(1)).zip(tokens);
            mean(frames.map(|(z, token)| surprise(z, (*token).into())))
        }
        (Loss::NextToken, Aim::Itself) => {
            let frames = y.chunks(output.dim(1)).zip(&x[1..]);
            mean(frames.map(|(z, token)| surprise(z, *token as usize)))
        }
        _ => panic!("{loss:?} has no {aim:?}"),
    }
}

fn mean(terms: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = terms.len() as f64;
    terms.sum::<f64>() / count
}

/// `−ln softmax(z)[class]`
fn surprise(z: &[f64], class: usize) -> f64 {
    z.iter().map(|other| (other - z[class]).exp()).sum::<f64>().ln()
}

/// `−t ln σ(z) − (1 − t) ln σ(−z)`
fn binary(z: f64, t: f64) -> f64 {
    let lost = |z: f64| (-z).exp().ln_1p();
    t * lost(z) + (1.0 - t) * lost(-z)
}

fn length(v: &[f64]) -> f64 {
    v.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// `‖u − v + shift‖₂`
fn distance(u: &[f64], v: &[f64], shift: f64) -> f64 {
    let apart: Vec<f64> = u.iter().zip(v).map(|(u, v)| u - v + shift).collect();
    length(&apart)
}
