//! Layers whose learning differs from their inference, in a trainer: gradients against central differences
//! of what was learned, statistics against their definitions, what is frozen, what is folded.

extern crate std;

use super::super::normal_case::*;
use super::*;
use crate::loss::Target;
use crate::network::{
    BatchNormParameters, Forward, Init, Model, Parameters, Pass, PlanOf, Shape, Tensors, Visit, conv1d,
    dense, fold, relu, tanh,
};
use crate::number::random::Pcg;
use crate::number::{View, ViewMut};
use std::vec;
use std::vec::Vec;

/// Models of 6 outputs, each with the kind below, above and between layers that train.
fn models(kind: Entry) -> [Vec<Entry>; 3] {
    [
        vec![kind, conv1d(4, 3), tanh(), dense(6)],
        vec![
            conv1d(4, 3).padding(1),
            kind,
            relu(),
            conv1d(3, 2),
            tanh(),
            dense(6),
        ],
        vec![conv1d(4, 3), tanh(), kind, kind, add_over(), dense(6), kind],
    ]
}

fn add_over() -> Entry {
    crate::network::add(3)
}

fn kinds() -> Vec<Entry> {
    vec![
        relu6(),
        leaky_relu(0.25),
        elu(0.75),
        gelu(),
        silu(),
        softmax(),
        layer_norm(),
        rms_norm(),
        group_norm(1),
        dropout(0.4),
    ]
}

#[test]
fn gradients_are_those_of_what_was_learned() {
    let mut random = Pcg::new(1);
    for kind in kinds() {
        for layers in models(kind) {
            let start = drawn(&layers, &mut random);
            let (x, target) = (sample(&mut random, 18), sample(&mut random, 6));
            let (_, gradients) = learned(&layers, &start, &x, &target);
            check(&layers, &start, &gradients, |start| {
                learned(&layers, start, &x, &target).0
            });
        }
    }
}

#[test]
fn gradients_over_several_positions() {
    let mut random = Pcg::new(2);
    for kind in [batch_norm().per_sample(), instance_norm(), group_norm(2)] {
        let layers = [conv1d(4, 3), kind, relu(), kind, dense(6)];
        let start = drawn(&layers, &mut random);
        let (x, target) = (sample(&mut random, 18), sample(&mut random, 6));
        let (_, gradients) = learned(&layers, &start, &x, &target);
        check(&layers, &start, &gradients, |start| {
            learned(&layers, start, &x, &target).0
        });
    }
}

/// By running statistics, learning and inference are the same function of the parameters: that of the
/// statistics as the sample has moved them.
#[test]
fn gradients_by_running_statistics_are_those_of_an_inference() {
    let mut random = Pcg::new(3);
    for layers in models(batch_norm().momentum(0.25)) {
        let start = drawn(&layers, &mut random);
        let (x, target) = (sample(&mut random, 18), sample(&mut random, 6));
        let (_, gradients) = learned(&layers, &start, &x, &target);
        let loss = |tensors: &[Tensor]| {
            with(&layers, &start, |trainer| {
                // Only the trainer itself can move the statistics there in double precision.
                trainer.learn(View::plain(&x), Target::Values(View::plain(&target)));
                let trained = tensors.iter().filter(|(_, name, _)| !name.starts_with("running"));
                set(trainer, &trained.cloned().collect::<Vec<_>>());
                let y = trainer.infer(View::plain(&x));
                let squares = y.data.iter().zip(&target).map(|(y, t)| (y - t) * (y - t));
                squares.sum::<f64>() / 6.0
            })
        };
        check(&layers, &start, &gradients, loss);
    }
}

/// Mean, and variance divided by `less` than the number of positions, of each channel of the input.
fn own(x: &[f64], less: f64) -> [(f64, f64); 3] {
    core::array::from_fn(|c| {
        let values: Vec<f64> = x.iter().skip(c).step_by(3).copied().collect();
        let mean = values.iter().sum::<f64>() / 6.0;
        (
            mean,
            values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (6.0 - less),
        )
    })
}

fn near(got: &[f64], expected: &[f64]) {
    assert_eq!(got.len(), expected.len());
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() < 1e-12, "{got} is not {expected}");
    }
}

/// Each learned sample moves them once: not an inference, not a frozen layer, not one that trains biases.
#[test]
fn statistics_move_with_each_learned_sample() {
    let mut random = Pcg::new(4);
    let kind = batch_norm().momentum(0.25);
    let (x, target) = (sample(&mut random, 18), sample(&mut random, 6));
    for (kind, moves) in [
        (kind, true),
        (kind.per_sample(), true),
        (kind.frozen(), false),
        (kind.per_sample().frozen(), false),
        (kind.bias_only(), false),
        (kind.per_sample().bias_only(), false),
    ] {
        let layers = [kind, dense(6)];
        let start = drawn(&layers, &mut random);
        let per_sample = matches!(kind.layer(), Layer::BatchNorm(layer) if layer.per_sample);
        with(&layers, &start, |trainer| {
            let before = [
                get(trainer, 0, "running_mean"),
                get(trainer, 0, "running_variance"),
            ];
            trainer.infer(View::plain(&x));
            assert_eq!(before[0], get(trainer, 0, "running_mean"));
            let bias = get(trainer, 0, "bias");
            trainer.learn(View::plain(&x), Target::Values(View::plain(&target)));
            trainer.update();
            let (mut mean, mut variance) = (before[0].clone(), before[1].clone());
            if moves {
                for c in 0..3 {
                    let (own_mean, own_variance) = own(&x, if per_sample { 1.0 } else { 0.0 })[c];
                    let delta = own_mean - mean[c];
                    let beyond = if per_sample { 0.0 } else { 0.25 * delta * delta };
                    variance[c] = 0.75 * (variance[c] + beyond) + 0.25 * own_variance;
                    mean[c] = 0.75 * mean[c] + 0.25 * own_mean;
                }
            }
            near(&get(trainer, 0, "running_mean"), &mean);
            near(&get(trainer, 0, "running_variance"), &variance);
            let frozen = trainer.parameter_mut(0, "bias").is_none();
            assert_eq!(frozen, get(trainer, 0, "bias") == bias);
        });
    }
}

/// Whatever it learns by, a batch norm infers by its running statistics; a frozen one learns by them too.
#[test]
fn inferences_are_by_running_statistics() {
    let mut random = Pcg::new(9);
    let x = sample(&mut random, 18);
    let start = drawn(&[batch_norm(), dense(6)], &mut random);
    let infer = |kind: Entry| {
        with(&[kind, dense(6)], &start, |trainer| {
            trainer.infer(View::plain(&x)).data.to_vec()
        })
    };
    let values = |index: usize| {
        start[index]
            .2
            .iter()
            .map(|value| f64::from(*value))
            .collect::<Vec<_>>()
    };
    let [weight, bias, mean, variance] = [0, 1, 2, 3].map(values);
    let normalised = x.iter().enumerate().map(|(i, x)| {
        let c = i % 3;
        (x - mean[c]) / (variance[c] + f64::from(1e-5_f32)).sqrt() * weight[c] + bias[c]
    });
    let normalised: Vec<f64> = normalised.collect();
    let (matrix, shift) = (values(4), values(5));
    let sum = |o: usize| {
        normalised
            .iter()
            .zip(matrix.iter().skip(o).step_by(6))
            .map(|(n, w)| n * w)
            .sum::<f64>()
    };
    let expected: Vec<f64> = (0..6).map(|o| shift[o] + sum(o)).collect();
    for kind in [
        batch_norm(),
        batch_norm().per_sample(),
        batch_norm().per_sample().frozen(),
    ] {
        near(&infer(kind), &expected);
    }
    let learned = with(
        &[batch_norm().per_sample().frozen(), dense(6)],
        &start,
        |trainer| {
            trainer.learn(View::plain(&x), Target::Values(View::plain(&expected)));
            trainer.output().data.to_vec()
        },
    );
    near(&learned, &expected);
}

/// A second forward pass for the same sample gives the same output, and moves neither statistics nor the
/// random state.
#[test]
fn a_second_pass_changes_nothing() {
    let mut random = Pcg::new(10);
    for entry in [
        batch_norm(),
        batch_norm().per_sample(),
        dropout(0.5),
        gelu(),
        layer_norm(),
    ] {
        let layer = entry.layer();
        let specs = layer.params(INPUT);
        let tensors = Tensors::of(&specs, u8::MAX, u8::MAX, Init::Auto, false);
        let x = sample(&mut random, 18);
        let mut ram: Vec<f64> = (0..specs.elements()).map(|i| 0.5 + i as f64 / 8.0).collect();
        let statistics = if specs.len() == 4 { 6 } else { 0 };
        let visit = Visit {
            trains: true,
            weighs: true,
            passes: true,
        };
        let mut kept = vec![0_u64; layer.room::<f64>(INPUT, visit).kept / 8];
        let mut run = |pass: Pass, random: &mut Pcg| {
            let mut y = x.clone();
            let at = ram.len() - statistics;
            let (ram, statistics) = ram.split_at_mut(at);
            layer.forward::<f64, { u128::MAX }>(Forward {
                input: INPUT,
                p: Parameters {
                    ram: bytemuck::must_cast_slice(ram),
                    flash: &[],
                    tracks: &[],
                    tensors: &tensors,
                },
                statistics,
                x: View::plain(&[]),
                e: View::plain(&[]),
                y: ViewMut {
                    data: &mut y,
                    scale: (),
                },
                kept: bytemuck::must_cast_slice_mut(&mut kept),
                scratch: &mut [],
                inner: &mut [],
                pass,
                visit,
                random,
            });
            (y, statistics.to_vec(), kept.clone())
        };
        let learned = run(Pass::Learn, &mut random);
        let before = random.state();
        let again = run(Pass::Again, &mut random);
        assert_eq!(learned, again, "{}", layer.name());
        assert_eq!(before, random.state());
        let inferred = run(Pass::Infer, &mut random);
        assert_eq!((inferred.1, random.state()), (learned.1, before));
    }
}

/// A layer that trains nothing, or biases alone, keeps nothing to learn by; the others keep what they say.
#[test]
fn what_is_kept() {
    let kept = |layers: &[Entry], layer: usize| plan(layers, training()).slots[layer].kept.bytes as usize / 8;
    let (below, above) = (conv1d(4, 3).padding(1), dense(6));
    let over = |kind: Entry| kept(&[below, kind, above], 1);
    let elements = 6 * 4;
    assert_eq!(over(batch_norm()), elements);
    assert_eq!(over(batch_norm().per_sample()), elements + 4);
    assert_eq!(over(batch_norm().frozen()), 0);
    assert_eq!(over(batch_norm().per_sample().bias_only()), 0);
    assert_eq!(over(layer_norm()), elements + 6);
    assert_eq!(over(rms_norm().frozen()), elements + 6);
    assert_eq!(over(group_norm(2)), elements + 2);
    assert_eq!(over(gelu()), elements);
    assert_eq!(over(dropout(0.5)), 2);
    assert_eq!(over(leaky_relu(0.1)) + over(softmax()) + over(relu6()), 0);
    // Nothing below trains.
    assert_eq!(kept(&[layer_norm(), above], 0), 18);
    assert_eq!(kept(&[layer_norm().frozen(), above], 0), 0);
    assert_eq!(kept(&[below.frozen(), gelu(), above], 1), 0);
}

/// Each sample is dropped anew, an inference not at all, and the same start gives the same masks.
#[test]
fn dropout_draws_for_each_sample() {
    let layers = [conv1d(4, 3), dropout(0.5), dense(6)];
    let start = drawn(&layers, &mut Pcg::new(5));
    let (x, target) = (sample(&mut Pcg::new(6), 18), sample(&mut Pcg::new(7), 6));
    let run = || {
        with(&layers, &start, |trainer| {
            let mut learn = || trainer.learn(View::plain(&x), Target::Values(View::plain(&target)));
            let losses = [learn(), learn(), learn()];
            let y = trainer.infer(View::plain(&x)).data.to_vec();
            (losses, y)
        })
    };
    let (losses, y) = run();
    assert_eq!((losses, &y), (run().0, &run().1));
    assert!(losses[0] != losses[1] && losses[1] != losses[2], "{losses:?}");
    let bare = [layers[0], layers[2]];
    // Without the layer in between, the last one moves down.
    let moved: Vec<Tensor> = start
        .iter()
        .map(|(layer, name, v)| (*layer / 2, *name, v.clone()))
        .collect();
    assert_eq!(
        y,
        with(&bare, &moved, |trainer| trainer
            .infer(View::plain(&x))
            .data
            .to_vec())
    );
}

/// A folded model computes what the model did, to rounding.
#[test]
fn a_folded_batch_norm_changes_nothing() {
    let mut random = Pcg::new(8);
    for first in [conv1d(5, 3).padding(1), dense(7)] {
        let layers = [first, batch_norm(), tanh(), dense(6)];
        let mut start = drawn(&layers, &mut random);
        let x = sample(&mut random, 18);
        let infer = |layers: &[Entry], start: &[Tensor]| {
            with(layers, start, |trainer| {
                trainer.infer(View::plain(&x)).data.to_vec()
            })
        };
        let y = infer(&layers, &start);
        let norm: Vec<Vec<f32>> = start.drain(2..6).map(|(_, _, values)| values).collect();
        let (weight, rest) = start.split_at_mut(1);
        let parameters = BatchNormParameters {
            weight: &norm[0],
            bias: &norm[1],
            mean: &norm[2],
            variance: &norm[3],
        };
        assert!(fold(&mut weight[0].2, &mut rest[0].2, parameters));
        for tensor in &mut start[2..] {
            tensor.0 = 2;
        }
        let folded = infer(&[first, tanh(), layers[3]], &start);
        for (folded, y) in folded.iter().zip(&y) {
            assert!((folded - y).abs() < 1e-6, "{folded} is not {y}");
        }
        assert!(
            !fold(&mut weight_of(3), &mut [0.0; 2], parameters),
            "lengths that do not fit"
        );
    }
}

fn weight_of(length: usize) -> Vec<f32> {
    vec![0.0; length]
}

/// Settings that cannot be are refused, in words.
#[test]
fn faults_are_named() {
    let fault = |entry: Entry, input: Shape| {
        let layers = [entry, dense(2)];
        let plan: Result<PlanOf<2>, _> = Model::new(input, &layers).try_plan(&training());
        plan.map(|_| ()).map_err(|error| error.fault)
    };
    for (entry, input, part) in [
        (leaky_relu(0.0), INPUT, "slope above 0"),
        (leaky_relu(f32::NAN), INPUT, "slope above 0"),
        (elu(-1.0), INPUT, "alpha above 0"),
        (dropout(1.0), INPUT, "below 1"),
        (dropout(-0.1), INPUT, "at least 0"),
        (batch_norm().momentum(0.0), INPUT, "momentum"),
        (batch_norm().per_sample(), Shape::vector(8), "two positions"),
        (layer_norm(), Shape::series(1, 9), "2 channels"),
        (rms_norm(), Shape::vector(1), "2 channels"),
        (group_norm(2), INPUT, "divides"),
        (group_norm(0), INPUT, "divides"),
        (instance_norm(), Shape::vector(4), "2 values"),
        (relu6().per_sample(), INPUT, "batch norm"),
        (dense(2).momentum(0.5), INPUT, "batch norm"),
    ] {
        let found = fault(entry, input).expect_err("must not fit");
        assert!(found.contains(part), "{found} does not say {part}");
    }
    for entry in [
        leaky_relu(1e-3),
        elu(2.0),
        dropout(0.0),
        batch_norm(),
        group_norm(3),
    ] {
        assert_eq!(fault(entry, INPUT), Ok(()));
    }
}
