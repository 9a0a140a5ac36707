//! Promise: an adapter starts from what its frozen layer computes, is all that moves, and can be merged
//! into the layer's weights.

use kilograd::engine::Clip;
use kilograd::loss::{Loss, Target};
use kilograd::network::*;
use kilograd::number::View;
use kilograd::number::random::Pcg;
use kilograd::optim::Sgd;
use support::real::{AnyTrainer, set_parameters, with_trainer};

/// A base with what stands around it, and the input channels of the base.
fn bases() -> Vec<(&'static str, Shape, Entry, u16)> {
    vec![
        ("dense", Shape::vector(7), dense(5), 7),
        ("dense of series", Shape::series(3, 4), dense(5), 12),
        (
            "conv1d",
            Shape::series(4, 9),
            conv1d(5, 3).stride(2).padding(1),
            4,
        ),
        (
            "dilated",
            Shape::series(4, 9),
            conv1d(3, 3).padding(2).dilation(2),
            4,
        ),
        ("pointwise", Shape::series(6, 5), conv1d(4, 1), 6),
        ("conv2d", Shape::image(3, 5, 6), conv2d(4, [3, 2]).padding(1), 3),
        (
            "strided",
            Shape::image(3, 6, 5),
            conv2d(2, [3, 3]).stride(2).padding(1),
            3,
        ),
        (
            "transposed1d",
            Shape::series(4, 5),
            transposed1d(3, 3).stride(2).padding(1),
            4,
        ),
        (
            "transposed2d",
            Shape::image(3, 3, 2),
            transposed2d(2, [3, 2]).stride(2),
            3,
        ),
        ("rnn", Shape::series(4, 5), rnn(3), 4),
        ("gru", Shape::series(4, 5), gru(3), 4),
        ("lstm", Shape::series(4, 5), lstm(3), 4),
        ("attention", Shape::series(4, 3), attention(2), 4),
        ("causal attention", Shape::series(4, 5), attention(2).causal(), 4),
    ]
}

/// Those that have no matrix to factor.
fn depthwise() -> Vec<(&'static str, Shape, Entry, u16)> {
    let moved = depthwise2d([3, 2]).stride(2).padding(1).dilation(2);
    vec![
        ("depthwise1d", Shape::series(4, 9), depthwise1d(3).padding(1), 4),
        ("depthwise2d", Shape::image(3, 5, 6), depthwise2d([2, 3]), 3),
        ("moved depthwise2d", Shape::image(3, 6, 5), moved, 3),
    ]
}

/// Names of a layer's matrices.
fn matrices(layer: &Layer, input: Shape) -> Vec<&'static str> {
    let specs = layer.params(input);
    let all = (0..specs.len()).filter_map(|index| specs.get(index));
    all.filter(|param| param.role == Role::Weight)
        .map(|param| param.name)
        .collect()
}

const SGD: Sgd = Sgd {
    learning_rate: 0.05,
    weight_decay: 0.0,
};

fn values(dice: &mut Pcg, count: usize) -> Vec<f64> {
    (0..count).map(|_| f64::from(dice.uniform() - 0.5)).collect()
}

/// Parameters of a model of these entries, as they would be drawn.
fn start(dice: &mut Pcg, input: Shape, layers: &[Entry]) -> Vec<f32> {
    let mut shape = input;
    let mut flat = vec![];
    for entry in layers {
        let specs = entry.layer().params(shape);
        for param in (0..specs.len()).filter_map(|index| specs.get(index)) {
            let zero = param.start == Start::Zeros && !param.name.ends_with("bias");
            flat.extend((0..param.shape.len()).map(|_| if zero { 0.0 } else { dice.uniform() - 0.5 }));
        }
        shape = entry.layer().output(shape).unwrap();
    }
    flat
}

/// Trains ten steps, and compares with the model in whose weights the adapter has been merged.
fn adapt(name: &str, input: Shape, below: Option<Entry>, base: Entry, adapted: Entry) {
    let dice = &mut Pcg::new(5);
    let above = [tanh(), dense(3).frozen()];
    let layers: Vec<Entry> = below.into_iter().chain([adapted]).chain(above).collect();
    let at = layers.len() - 3;
    let parameters = start(dice, input, &layers);
    let x: Vec<f64> = match base.layer() {
        Layer::Embedding(table) => {
            let token = |_| f64::from(dice.below(table.vocabulary.into()));
            (0..input.len()).map(token).collect()
        }
        _ => values(dice, input.len()),
    };
    // What is below keeps the shape.
    let names = matrices(base.layer(), input);
    let tensors = base.layer().params(input).len();
    let whole = |trainer: &AnyTrainer<'_, f64, Sgd>, layer: usize, name: &str| -> Vec<f32> {
        trainer.parameter(layer, name).unwrap().values().collect()
    };
    let model = Model::new(input, &layers);
    let once = (1, Clip::None);
    let (first, last, merged, plain, moved) =
        with_trainer::<f64, _, _>(&model, Loss::CrossEntropy, once, SGD, &parameters, |trainer| {
            let first = trainer.infer(View::plain(&x)).data.to_vec();
            let before: Vec<_> = (0..layers.len()).map(|layer| frozen(trainer, layer)).collect();
            let below = if at > 0 { parameter_zero(trainer) } else { vec![] };
            for _ in 0..10 {
                trainer.learn(View::plain(&x), Target::Class(1)).unwrap();
                trainer.update();
            }
            let after: Vec<_> = (0..layers.len()).map(|layer| frozen(trainer, layer)).collect();
            assert_eq!(before, after, "{name}: something frozen moved");
            // What learns below the adapter has had a gradient through it.
            assert!(
                below.is_empty() || below != parameter_zero(trainer),
                "{name}: nothing passed"
            );
            let mut merged = vec![];
            let mut plain = vec![];
            for name in &names {
                let frozen = whole(trainer, at, name);
                let mut weight = vec![0.0; frozen.len()];
                assert!(!trainer.merged_weight(at, name, &mut weight[1..]));
                assert!(!trainer.merged_weight(at, "bias", &mut weight));
                assert!(!trainer.merged_weight(at + 1, name, &mut []));
                assert!(trainer.merged_weight(at, name, &mut weight));
                merged.push(weight);
                plain.push(frozen);
            }
            let last = trainer.infer(View::plain(&x)).data.to_vec();
            let moved = if at > 0 { parameter_zero(trainer) } else { vec![] };
            (first, last, merged, plain, moved)
        });
    assert!(merged[0] != plain[0], "{name}: nothing was learned");
    // Of chosen input channels the matrix of the state stays as it is; factors stand beside both.
    let factors = matches!(
        adapted.layer().beside(input, names[0]),
        Some(Beside::Factors { .. })
    );
    for (merged, plain) in merged.iter().zip(&plain).skip(1) {
        assert!((merged != plain) == factors, "{name}: the second matrix");
    }
    // The same without the adapter.
    let simple: Vec<Entry> = layers
        .iter()
        .enumerate()
        .map(|(layer, entry)| if layer == at { base } else { *entry })
        .map(|entry| entry.trained())
        .collect();
    let mut without = vec![];
    let mut rest = parameters.as_slice();
    let mut shape = input;
    for (layer, entry) in layers.iter().enumerate() {
        let specs = entry.layer().params(shape);
        for index in 0..specs.len() {
            let (values, after) = rest.split_at(specs.get(index).unwrap().shape.len());
            if layer != at || index < tensors {
                without.extend(values);
            }
            rest = after;
        }
        shape = entry.layer().output(shape).unwrap();
    }
    let model = Model::new(input, &simple);
    with_trainer::<f64, _, _>(&model, Loss::CrossEntropy, once, SGD, &without, |trainer| {
        let y = trainer.infer(View::plain(&x)).data.to_vec();
        assert_eq!(
            y, first,
            "{name}: an adapter must start from what the layer computes"
        );
        for (name, weight) in names.iter().zip(&merged) {
            assert!(trainer.set_parameter(at, name, weight.iter().copied()));
        }
        assert!(moved.is_empty() || trainer.set_parameter(0, "weight", moved.iter().copied()));
        let y = trainer.infer(View::plain(&x)).data.to_vec();
        let far = y.iter().zip(&last).any(|(a, b)| (a - b).abs() > 1e-6);
        assert!(!far, "{name}: merged {y:?}, adapted {last:?}");
        set_parameters(trainer, &without);
    });
}

/// The weight of the first layer, if it has one.
fn parameter_zero(trainer: &AnyTrainer<'_, f64, Sgd>) -> Vec<f32> {
    let weight = trainer.parameter(0, "weight");
    weight.into_iter().flat_map(|tensor| tensor.values()).collect()
}

/// Those parameters of a layer that lie in flash.
fn frozen(trainer: &AnyTrainer<'_, f64, Sgd>, layer: usize) -> Vec<f32> {
    let slot = &trainer.plan().slots()[layer];
    let specs = slot.specs();
    (0..specs.len())
        .filter(|index| !slot.tensors.resident(*index))
        .flat_map(|index| {
            trainer
                .parameter(layer, specs.get(index).unwrap().name)
                .unwrap()
                .values()
        })
        .collect()
}

#[test]
fn low_rank_adapters_learn_and_merge() {
    for (name, input, base, _) in bases() {
        for rank in [1, 3] {
            adapt(name, input, None, base, base.low_rank(rank));
            adapt(name, input, Some(tanh()), base, base.low_rank(rank));
            let same = Some(position());
            if input.rank() == 2 {
                adapt(name, input, same, base, base.low_rank(rank));
            }
        }
    }
}

#[test]
fn low_rank_tables_learn_and_merge() {
    for rank in [1, 3] {
        let table = embedding(6, 4);
        adapt("embedding", Shape::vector(5), None, table, table.low_rank(rank));
    }
}

#[test]
fn chosen_channels_learn_and_merge() {
    for (name, input, base, channels) in bases().into_iter().chain(depthwise()) {
        for (from, count) in [(0, channels), (1, 1), (channels - 2, 2)] {
            adapt(name, input, None, base, base.channels(from, count));
            if input.rank() == 2 {
                adapt(name, input, Some(position()), base, base.channels(from, count));
            }
        }
    }
}

/// One step moves the chosen channels as it would move them if the whole layer learned.
#[test]
fn chosen_channels_move_as_in_the_whole_layer() {
    for (name, input, base, channels) in bases().into_iter().chain(depthwise()) {
        let matrix = matrices(base.layer(), input)[0];
        let dice = &mut Pcg::new(6);
        let (from, count) = (channels - 2, 2);
        let x = values(dice, input.len());
        let once = (1, Clip::None);
        let whole = [base];
        let parameters = start(dice, input, &whole);
        let step = |trainer: &mut AnyTrainer<'_, f64, Sgd>| {
            trainer.learn(View::plain(&x), Target::Itself);
            trainer.learn(View::plain(&x), Target::Class(0)).unwrap();
            trainer.update();
            let mut weight = vec![0.0; trainer.plan().slots()[0].tensors.elements(0)];
            if !trainer.merged_weight(0, matrix, &mut weight) {
                let values = trainer.parameter(0, matrix).unwrap().values();
                weight = values.collect();
            }
            weight
        };
        let loss = Loss::CrossEntropy;
        let model = Model::new(input, &whole);
        let all = with_trainer::<f64, _, _>(&model, loss, once, SGD, &parameters, step);
        let sparse = [base.channels(from, count)];
        let model = Model::new(input, &sparse);
        // Sums that each input channel has weights in.
        let specs = base.layer().params(input);
        let outputs = match depthwise().iter().any(|(other, ..)| *other == name) {
            true => 1,
            false => specs.get(0).unwrap().shape.channels(),
        };
        let taps = all.len() / outputs / usize::from(channels);
        let mut with_zeros = parameters.clone();
        with_zeros.extend(vec![0.0; taps * usize::from(count) * outputs]);
        let some = with_trainer::<f64, _, _>(&model, loss, once, SGD, &with_zeros, step);
        let mut moved = 0;
        for (index, (all, some)) in all.iter().zip(&some).enumerate() {
            let channel = index / outputs % usize::from(channels);
            if (usize::from(from)..usize::from(from + count)).contains(&channel) {
                assert!((all - some).abs() < 1e-6, "{name}: {index}: {all} and {some}");
                moved += usize::from(*some != parameters[index]);
            } else {
                assert_eq!(*some, parameters[index], "{name}: {index} is not chosen");
            }
        }
        assert!(moved > 0, "{name}");
    }
}

/// What has no matrix has no rank, and what has no input channels has none to choose; the planner says so by name.
#[test]
fn what_cannot_be_adapted_is_refused() {
    let fault = |input: Shape, layers: &[Entry]| {
        let training = kilograd::engine::Training::<f32, Sgd>::new(Loss::MeanSquaredError);
        let plan: Result<PlanOf<4>, PlanError> = Model::new(input, layers).try_plan(&training);
        plan.unwrap_err().to_string()
    };
    let image = Shape::image(3, 4, 4);
    let series = Shape::series(3, 4);
    for (entry, shape) in [
        (depthwise2d([3, 3]), image),
        (batch_norm(), series),
        (position(), series),
        (relu(), series),
        (input(), series),
        // An adapter of an adapter.
        (dense(2).low_rank(1), series),
    ] {
        let said = fault(shape, &[entry.low_rank(2), dense(2)]);
        assert!(said.contains("has no matrix to adapt"), "{said}");
        assert!(
            said.starts_with(&format!("layer 0: {} ", entry.layer().name())),
            "{said}"
        );
    }
    for entry in [batch_norm(), position(), embedding(4, 2), max_pool(2)] {
        let said = fault(series, &[entry.channels(0, 1), dense(2)]);
        assert!(said.contains("has no input channels"), "{said}");
    }
    for entry in [
        rnn(2),
        gru(2),
        lstm(2),
        attention(1),
        transposed1d(2, 2),
        depthwise1d(2),
    ] {
        let said = fault(series, &[entry.channels(2, 2), dense(2)]);
        assert!(said.contains("none beyond the input's"), "{said}");
    }
    for entry in [rnn(2), gru(2), lstm(2), attention(1), transposed1d(2, 2)] {
        let said = fault(series, &[entry.low_rank(0), dense(2)]);
        assert!(said.contains("needs a rank of at least 1"), "{said}");
    }
}

/// Thawed, the base of an adapter lies in RAM, and still has no gradient: nothing would fill it.
#[test]
fn a_thawed_base_does_not_learn() {
    let training = kilograd::engine::Training::<f64, Sgd>::new(Loss::MeanSquaredError).keep_gradients();
    for entry in [dense(2).low_rank(1), gru(2).low_rank(1), gru(2).channels(0, 1)] {
        let plan = |entry: Entry| -> Result<PlanOf<1>, PlanError> {
            Model::new(Shape::series(3, 4), &[entry]).try_plan(&training)
        };
        let (frozen, thawed) = (plan(entry).unwrap(), plan(entry.trained()).unwrap());
        assert!(frozen.frozen > 0 && thawed.frozen == 0);
        assert_eq!(thawed.trained, frozen.trained);
        assert_eq!(thawed.regions.gradients, frozen.regions.gradients);
        // Of the biases alone nothing is left to learn.
        let biases = plan(entry.bias_only()).unwrap_err().to_string();
        assert!(biases.contains("has nothing to train"), "{biases}");
    }
}
