//! Each loss against its formula in double precision, and against central differences of itself.

extern crate std;

use super::{Loss, Target};
use crate::network::Shape;
use crate::number::random::Pcg;
use crate::number::{View, ViewMut};
use std::vec::Vec;

const WEIGHTS: &[f32] = &[0.5, 2.0, 1.25, 0.75, 3.0, 1.0];
const WIDTH: usize = 6;

fn draw(seed: u64, count: usize) -> Vec<f64> {
    let mut random = Pcg::new(seed);
    (0..count)
        .map(|_| f64::from(random.uniform()) * 4.0 - 2.0)
        .collect()
}

fn judge(
    loss: Loss,
    output: Shape,
    x: &[f64],
    y: &[f64],
    target: Target<'_, f64>,
) -> Option<(f64, Vec<f64>)> {
    let mut dy = std::vec![7.0; y.len()];
    let to = ViewMut {
        data: &mut dy,
        scale: (),
    };
    let (figure, ()) =
        loss.gradient::<f64, { u128::MAX }>(output, View::plain(x), View::plain(y), target, to)?;
    Some((figure, dy))
}

/// The loss is `expected(y)`, and its gradient that of central differences of `expected`.
fn holds(
    loss: Loss,
    output: Shape,
    x: &[f64],
    y: &[f64],
    target: Target<'_, f64>,
    expected: impl Fn(&[f64]) -> f64,
) {
    let (figure, dy) = judge(loss, output, x, y, target).expect("the target fits");
    assert!(
        (figure - expected(y)).abs() <= 1e-12,
        "{loss:?}: {figure} is not {}",
        expected(y)
    );
    assert!(loss.bit().count_ones() == 1);
    for (i, dy) in dy.iter().enumerate() {
        let nudged = |by: f64| {
            let mut y = y.to_vec();
            y[i] += by;
            expected(&y)
        };
        let slope = (nudged(1e-5) - nudged(-1e-5)) / 2e-5;
        assert!((dy - slope).abs() <= 1e-8, "{loss:?}, {i}: {dy} is not {slope}");
    }
    if cfg!(feature = "micromath") {
        // Single precision has two digits then.
        return;
    }
    let mut single = std::vec![0.0; y.len()];
    let to = ViewMut {
        data: &mut single,
        scale: (),
    };
    let narrow = |values: &[f64]| values.iter().map(|value| *value as f32).collect::<Vec<f32>>();
    let (y, x) = (narrow(y), narrow(x));
    let keep: [Vec<f32>; 3];
    let view = |values: View<'_, f64>| narrow(values.data);
    let target = match target {
        Target::Class(class) => Target::Class(class),
        Target::Itself => Target::Itself,
        Target::Tokens(tokens) => Target::Tokens(tokens),
        Target::Values(values) => {
            keep = [view(values), Vec::new(), Vec::new()];
            Target::Values(View::plain(&keep[0]))
        }
        Target::Pair { other, same } => {
            keep = [view(other), Vec::new(), Vec::new()];
            let other = View::plain(&keep[0][..]);
            Target::Pair { other, same }
        }
        Target::Triplet { positive, negative } => {
            keep = [view(positive), view(negative), Vec::new()];
            Target::Triplet {
                positive: View::plain(&keep[0]),
                negative: View::plain(&keep[1]),
            }
        }
        Target::Positive { anchor, negative } => {
            keep = [view(anchor), view(negative), Vec::new()];
            Target::Positive {
                anchor: View::plain(&keep[0]),
                negative: View::plain(&keep[1]),
            }
        }
        Target::Negative { anchor, positive } => {
            keep = [view(anchor), view(positive), Vec::new()];
            Target::Negative {
                anchor: View::plain(&keep[0]),
                positive: View::plain(&keep[1]),
            }
        }
        Target::Memory { embeddings, positive } => {
            keep = [view(embeddings), Vec::new(), Vec::new()];
            Target::Memory {
                embeddings: View::plain(&keep[0]),
                positive,
            }
        }
    };
    let (f, ()) = loss
        .gradient::<f32, { u128::MAX }>(output, View::plain(&x), View::plain(&y), target, to)
        .expect("the target fits in single precision too");
    assert!(
        (f64::from(f) - figure).abs() <= 2e-6 * figure.abs().max(1.0),
        "{loss:?}: {f} {figure}"
    );
    for (a, b) in single.iter().zip(&dy) {
        assert!((f64::from(*a) - b).abs() <= 4e-6, "{loss:?}: {a} {b}");
    }
}

fn log_softmax(z: &[f64], k: usize) -> f64 {
    z[k] - libm::log(z.iter().map(|z| libm::exp(*z)).sum::<f64>())
}

fn mean(y: &[f64], t: &[f64], f: impl Fn(f64, f64) -> f64) -> f64 {
    y.iter().zip(t).map(|(y, t)| f(*y, *t)).sum::<f64>() / y.len() as f64
}

const VECTOR: Shape = Shape::vector(WIDTH as u16);

#[test]
fn cross_entropies_follow_their_formulas() {
    for seed in 0..40 {
        let z = draw(seed, WIDTH);
        let class = seed as usize % WIDTH;
        let target = Target::Class(class);
        holds(Loss::CrossEntropy, VECTOR, &[], &z, target, |z| {
            -log_softmax(z, class)
        });
        for (smoothing, weights) in [(0.0, WEIGHTS), (0.1, &[]), (0.3, WEIGHTS), (1.0, WEIGHTS)] {
            let loss = Loss::WeightedCrossEntropy { smoothing, weights };
            holds(loss, VECTOR, &[], &z, target, |z| {
                let smoothing = f64::from(smoothing);
                let weight = |k: usize| weights.get(k).map_or(1.0, |w| f64::from(*w));
                let even: f64 = (0..WIDTH).map(|k| -weight(k) * log_softmax(z, k)).sum();
                (1.0 - smoothing) * weight(class) * -log_softmax(z, class) + smoothing / WIDTH as f64 * even
            });
        }
    }
}

#[test]
fn errors_of_values_follow_their_formulas() {
    for seed in 0..40 {
        let (y, t) = (draw(seed, WIDTH), draw(1000 + seed, WIDTH));
        for (x, target) in [(&t, Target::Itself), (&y, Target::Values(View::plain(&t)))] {
            let square = |y: f64, t: f64| (y - t) * (y - t);
            holds(Loss::MeanSquaredError, VECTOR, x, &y, target, |y| {
                mean(y, &t, square)
            });
            holds(Loss::MeanAbsoluteError, VECTOR, x, &y, target, |y| {
                mean(y, &t, |y, t| (y - t).abs())
            });
            holds(Loss::Huber { delta: 0.75 }, VECTOR, x, &y, target, |y| {
                mean(y, &t, |y, t| match (y - t).abs() {
                    e if e <= 0.75 => 0.5 * e * e,
                    e => 0.75 * (e - 0.375),
                })
            });
        }
    }
    let (y, t) = ([1.0, 2.0, 3.0], [1.0, 5.0, 0.0]);
    let target = Target::Values(View::plain(&t));
    let judged = judge(Loss::MeanAbsoluteError, Shape::vector(3), &[], &y, target);
    assert_eq!(judged, Some((2.0, std::vec![0.0, -1.0 / 3.0, 1.0 / 3.0])));
}

#[test]
fn binary_cross_entropy_follows_its_formula() {
    let sigma = |z: f64| 1.0 / (1.0 + libm::exp(-z));
    let entropy = |z: f64, t: f64| -t * libm::log(sigma(z)) - (1.0 - t) * libm::log(1.0 - sigma(z));
    for seed in 0..40 {
        let z = draw(seed, WIDTH);
        let t: Vec<f64> = draw(2000 + seed, WIDTH).iter().map(|t| (t + 2.0) / 4.0).collect();
        for (x, target) in [(&t, Target::Itself), (&z, Target::Values(View::plain(&t)))] {
            holds(Loss::BinaryCrossEntropy, VECTOR, x, &z, target, |z| {
                mean(z, &t, entropy)
            });
        }
        for class in [0, 1] {
            let target = Target::Class(class);
            holds(
                Loss::BinaryCrossEntropy,
                Shape::vector(1),
                &[],
                &z[..1],
                target,
                |z| entropy(z[0], class as f64),
            );
        }
    }
    // Where 1 + e^−|z| rounds most digits of e^−|z| away: ln(1 + x) is x (1 − x / 2) there.
    let far = |z: f64| {
        judge(
            Loss::BinaryCrossEntropy,
            Shape::vector(1),
            &[],
            &[z],
            Target::Class(1),
        )
    };
    for z in [15.0, 20.0, 30.0] {
        let (loss, x) = (far(z).unwrap().0, libm::exp(-z));
        let exact = x * (1.0 - x / 2.0);
        assert!((loss / exact - 1.0).abs() < 1e-12, "{z}: {loss} is not {exact}");
    }
    // Far out, where 1 + e^−|z| is 1: the digits of e^−|z| are the loss.
    let (loss, dz) = judge(
        Loss::BinaryCrossEntropy,
        Shape::vector(1),
        &[],
        &[50.0],
        Target::Class(1),
    )
    .unwrap();
    assert!(
        (loss / libm::exp(-50.0) - 1.0).abs() < 1e-14 && dz[0].abs() < 1e-20,
        "{loss} {dz:?}"
    );
    let (loss, dz) = judge(
        Loss::BinaryCrossEntropy,
        Shape::vector(1),
        &[],
        &[-800.0],
        Target::Class(1),
    )
    .unwrap();
    assert_eq!((loss, dz[0]), (800.0, -1.0));
}

#[test]
fn next_tokens_follow_their_formula() {
    let (length, vocabulary) = (5, 4);
    let output = Shape::series(vocabulary as u16, length as u16);
    for seed in 0..20 {
        let z = draw(seed, length * vocabulary);
        let tokens: [u16; 5] = core::array::from_fn(|t| ((seed as usize * 7 + t * 3) % vocabulary) as u16);
        let x = tokens.map(f64::from);
        let entropy = |z: &[f64], told: &[u16]| {
            let frames = z.chunks(vocabulary).zip(told);
            frames
                .map(|(z, token)| -log_softmax(z, (*token).into()))
                .sum::<f64>()
                / told.len() as f64
        };
        holds(Loss::NextToken, output, &[], &z, Target::Tokens(&tokens), |z| {
            entropy(z, &tokens)
        });
        holds(Loss::NextToken, output, &x, &z, Target::Itself, |z| {
            entropy(z, &tokens[1..])
        });
    }
}

fn distance(u: &[f64], v: &[f64], shift: f64) -> f64 {
    libm::sqrt(
        u.iter()
            .zip(v)
            .map(|(u, v)| (u - v + shift) * (u - v + shift))
            .sum(),
    )
}

fn pair_loss(u: &[f64], v: &[f64], same: bool, margin: f64) -> f64 {
    let d = distance(u, v, 0.0);
    let gap = if same { d } else { (margin - d).max(0.0) };
    0.5 * gap * gap
}

fn triplet_loss(a: &[f64], p: &[f64], n: &[f64], margin: f64) -> f64 {
    let shift = f64::from(1e-6_f32);
    (distance(a, p, shift) - distance(a, n, shift) + margin).max(0.0)
}

#[test]
fn contrasts_follow_their_formulas() {
    let (mut apart, mut idle) = (0, 0);
    for seed in 0..40 {
        let [a, p, n] = [0, 100, 200].map(|k| draw(k + seed, WIDTH));
        let [va, vp, vn] = [&a, &p, &n].map(|v| View::plain(&v[..]));
        for same in [true, false] {
            let target = Target::Pair { other: vp, same };
            let loss = Loss::Pair { margin: 4.0 };
            holds(loss, VECTOR, &[], &a, target, |y| pair_loss(y, &p, same, 4.0));
            apart += usize::from(!same && distance(&a, &p, 0.0) > 4.0);
        }
        let loss = Loss::Triplet { margin: 0.5 };
        idle += usize::from(triplet_loss(&a, &p, &n, 0.5) == 0.0);
        let anchor = Target::Triplet {
            positive: vp,
            negative: vn,
        };
        holds(loss, VECTOR, &[], &a, anchor, |y| triplet_loss(y, &p, &n, 0.5));
        let positive = Target::Positive {
            anchor: va,
            negative: vn,
        };
        holds(loss, VECTOR, &[], &p, positive, |y| triplet_loss(&a, y, &n, 0.5));
        let negative = Target::Negative {
            anchor: va,
            positive: vp,
        };
        holds(loss, VECTOR, &[], &n, negative, |y| triplet_loss(&a, &p, y, 0.5));
        let memory = draw(300 + seed, 5 * WIDTH);
        let positive = seed as usize % 5;
        let target = Target::Memory {
            embeddings: View::plain(&memory),
            positive,
        };
        let loss = Loss::InfoNce { temperature: 0.25 };
        holds(loss, VECTOR, &[], &a, target, |y| {
            let cosine = |e: &[f64]| {
                let dot: f64 = y.iter().zip(e).map(|(y, e)| y * e).sum();
                dot / libm::sqrt(y.iter().map(|y| y * y).sum()) / libm::sqrt(e.iter().map(|e| e * e).sum())
            };
            let scores: Vec<f64> = memory.chunks(WIDTH).map(|e| cosine(e) / 0.25).collect();
            -log_softmax(&scores, positive)
        });
    }
    assert!(
        apart > 3 && idle > 3,
        "{apart} pairs are far apart, {idle} triplets are well"
    );
}

#[path = "joint_tests.rs"]
mod joint;
#[path = "target_tests.rs"]
mod targets;

/// Block fixed point has every loss.
#[test]
fn block_fixed_point_has_every_loss() {
    use crate::kernel::{Kernel, LOSSES};
    use crate::number::Bfp14;
    assert_eq!(<Bfp14 as Kernel>::KINDS >> LOSSES, (1 << 10) - 1);
}
