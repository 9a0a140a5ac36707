//! Promise: the gradient of any model is the derivative of its loss.
//!
//! Random models from the whole layer set run in double precision; each gradient is compared with
//! central differences of a loss that is computed by itself from the output of the model's learning pass.

use kilograd::engine::{Clip, ParameterMut};
use kilograd::loss::{Loss, Target};
use kilograd::network::{Entry, Layer, Model, Plan, Role, Start};
use kilograd::number::View;
use kilograd::number::random::Pcg;
use kilograd::optim::Sgd;
use std::collections::BTreeMap;
use support::random_loss::{self, Aim};
use support::random_model::{KINDS, RandomModel, draw_any};
use support::real::{AnyTrainer, gap, gradients, parameters, with_trainer};

const MODELS: u64 = 3000;

/// Half of it is the second step, so that the difference quotient can be extrapolated and a kink noticed.
/// The other is tried where there seems to be a kink, since it may lie farther away or be a sharp bend.
const STEPS: [f64; 2] = [1.0 / 8192.0, 1.0 / 65536.0];

/// The most elements of a tensor that are compared.
const ELEMENTS: usize = 10;

type AnyF64<'a> = AnyTrainer<'a, f64, Sgd>;

/// One model, with its samples and what it should say to them.
struct Problem {
    seed: u64,
    model: RandomModel,
    loss: Loss,
    tensors: Vec<Tensor>,
    parameters: Vec<f32>,
    samples: Vec<Sample>,
}

struct Sample {
    x: Vec<f64>,
    aim: Aim,
}

/// A parameter tensor of the model.
struct Tensor {
    layer: usize,
    kind: &'static str,
    name: &'static str,
    role: Role,
    /// Where it stands among all parameters.
    from: usize,
    length: usize,
}

impl Problem {
    fn draw(seed: u64) -> Self {
        let random = &mut Pcg::new(seed);
        let depth = 1 + random.below(9) as usize;
        let model = draw_any(random, depth);
        let loss = random_loss::draw(random, &model);
        let plan = model.plan().expect("drawn to train");
        let plan: &Plan = &plan;
        let (mut parameters, mut tensors) = (Vec::new(), Vec::new());
        for (layer, slot) in plan.slots().iter().enumerate() {
            let specs = slot.specs();
            for param in (0..specs.len()).filter_map(|index| specs.get(index)) {
                let length = param.shape.len();
                tensors.push(Tensor {
                    layer,
                    kind: slot.layer.name(),
                    name: param.name,
                    role: param.role,
                    from: parameters.len(),
                    length,
                });
                let bound = (3.0_f32 / param.fan_in as f32).sqrt();
                parameters.extend((0..length).map(|_| {
                    let draw = 2.0 * random.uniform() - 1.0;
                    match (param.role, param.start) {
                        // A gain is no small number of either sign, a variance none below 0.
                        (Role::Bias, Start::Ones) => draw + draw.signum() * 0.5,
                        (Role::Statistic, Start::Ones) => 1.25 + draw,
                        _ => bound * draw,
                    }
                }));
            }
        }
        let samples = (0..1 + random.below(3)).map(|_| Sample {
            x: model.sample(random).into_iter().map(f64::from).collect(),
            aim: random_loss::aim(random, loss, &model),
        });
        let samples = samples.collect();
        Self {
            seed,
            model,
            loss,
            tensors,
            parameters,
            samples,
        }
    }

    fn figure(&self, sample: &Sample, y: &[f64]) -> f64 {
        random_loss::figure(self.loss, &sample.aim, &sample.x, y, self.model.output)
    }

    /// Sets all parameters that are not frozen, and takes the random state back to the start.
    fn restart(&self, trainer: &mut AnyF64<'_>, parameters: &[f64]) {
        trainer.init(self.seed);
        for tensor in &self.tensors {
            write(
                trainer,
                tensor,
                0,
                &parameters[tensor.from..tensor.from + tensor.length],
            );
        }
    }
}

/// Writes elements of a tensor, unless it is frozen.
fn write(trainer: &mut AnyF64<'_>, tensor: &Tensor, at: usize, values: &[f64]) {
    if let Some(ParameterMut::Weight(to) | ParameterMut::Bias(to)) =
        trainer.parameter_mut(tensor.layer, tensor.name)
    {
        to.data[at..at + values.len()].copy_from_slice(values);
    }
}

/// The model with running statistics that stand still while it learns: they do not depend on a parameter,
/// as far as a gradient is concerned.
struct Still<'a, 'b> {
    problem: &'a Problem,
    trainer: &'a mut AnyF64<'b>,
    parameters: Vec<f64>,
    /// What each sample was normalised with.
    statistics: Vec<Vec<(&'a Tensor, Vec<f64>)>>,
    /// Some layer draws.
    random: bool,
}

impl Still<'_, '_> {
    /// The summed loss of all samples in the learning pass, with one parameter moved by `step`.
    fn total(&mut self, tensor: &Tensor, at: usize, step: f64) -> f64 {
        let place = tensor.from + at;
        let value = self.parameters[place];
        if self.random {
            self.parameters[place] = value + step;
            self.problem.restart(self.trainer, &self.parameters);
            self.parameters[place] = value;
        } else {
            write(self.trainer, tensor, at, &[value + step]);
        }
        let mut total = 0.0;
        for (sample, statistics) in self.problem.samples.iter().zip(&self.statistics) {
            for (tensor, values) in statistics {
                write(self.trainer, tensor, 0, values);
            }
            total += self.problem.figure(sample, &output(self.trainer, sample));
        }
        if !self.random {
            write(self.trainer, tensor, at, &[value]);
        }
        total
    }

    /// The derivative of the loss by one parameter, as the differences have it. `None` at a kink.
    fn derivative(
        &mut self,
        (tensor, at): (&Tensor, usize),
        middle: f64,
        gradient: f64,
        floor: f64,
    ) -> Option<f64> {
        STEPS.into_iter().find_map(|step| {
            let (low, high) = (self.total(tensor, at, -step), self.total(tensor, at, step));
            let (low_half, high_half) = (
                self.total(tensor, at, -step / 2.0),
                self.total(tensor, at, step / 2.0),
            );
            let slope = (high - low) / (2.0 * step);
            let slope_half = (high_half - low_half) / step;
            // Richardson: the error of second order cancels.
            let difference = (4.0 * slope_half - slope) / 3.0;
            let scale = gradient.abs().max(difference.abs()).max(floor);
            // A kink inside the step shows in the curvature, which then depends on the step.
            let curvature = (high - 2.0 * middle + low) / (step * step);
            let curvature_half = (high_half - 2.0 * middle + low_half) / (step * step / 4.0);
            (gap(curvature, curvature_half) <= 1e-6 * scale / step).then_some(difference)
        })
    }
}

/// The output of the learning pass. No loss knows such a class, so nothing is learnt.
fn output(trainer: &mut AnyF64<'_>, sample: &Sample) -> Vec<f64> {
    let loss = trainer.learn(View::plain(&sample.x), Target::Class(usize::MAX));
    assert!(loss.is_none(), "learnt from a target that does not fit");
    trainer.output().data.to_vec()
}

/// The same layers, with batch normalisation whose running statistics stand still.
fn stilled(layers: &[Entry]) -> Vec<Entry> {
    let still = |entry: &Entry| match entry.layer() {
        Layer::BatchNorm(_) => entry.momentum(1e-37),
        _ => *entry,
    };
    layers.iter().map(still).collect()
}

/// What checking one model found.
#[derive(Default)]
struct Found {
    /// Largest `|gradient − difference| / scale`, and where.
    worst: f64,
    place: String,
    checked: usize,
    /// Parameters so near to a kink of a relu that the loss has no derivative there.
    skipped: usize,
    frozen: usize,
    /// For each tensor of a kind, and each kind that a gradient passes through, how many gradients were
    /// checked that are not small.
    covered: BTreeMap<String, usize>,
}

impl Found {
    fn cover(&mut self, what: String, count: usize) {
        *self.covered.entry(what).or_default() += count;
    }
}

fn check(problem: &Problem) -> Found {
    let model = problem.model.model();
    let batch = (problem.samples.len() as u16, Clip::None);
    let start = &problem.parameters;
    with_trainer(&model, problem.loss, batch, Sgd::default(), start, |trainer| {
        let parameters: Vec<f64> = start.iter().copied().map(f64::from).collect();
        problem.restart(trainer, &parameters);
        let mut middle = 0.0;
        let (mut outputs, mut statistics) = (Vec::new(), Vec::new());
        for sample in &problem.samples {
            let loss = trainer
                .learn(View::plain(&sample.x), sample.aim.target())
                .expect("the target fits the loss");
            outputs.push(trainer.output().data.to_vec());
            let figure = problem.figure(sample, trainer.output().data);
            assert!(
                gap(loss, figure) <= 1e-12 * figure.abs().max(1.0),
                "loss {loss} is {figure}: {:?} {:?}",
                problem.model,
                problem.loss
            );
            middle += figure;
            let moving = problem
                .tensors
                .iter()
                .filter(|tensor| tensor.role == Role::Statistic);
            let moved = moving.filter_map(|tensor| {
                let (ParameterMut::Weight(values) | ParameterMut::Bias(values)) =
                    trainer.parameter_mut(tensor.layer, tensor.name)?;
                Some((tensor, values.data.to_vec()))
            });
            statistics.push(moved.collect());
        }
        let gradients = gradients(trainer);
        assert_eq!(gradients.len(), start.len());
        let still = stilled(&problem.model.layers);
        let model = Model::new(model.input, &still);
        with_trainer(&model, problem.loss, batch, Sgd::default(), start, |trainer| {
            let random = still
                .iter()
                .any(|entry| matches!(entry.layer(), Layer::Dropout(_)));
            problem.restart(trainer, &parameters);
            let still = Still {
                problem,
                trainer,
                parameters,
                statistics,
                random,
            };
            compare(still, &gradients, (middle, &outputs))
        })
    })
}

fn compare(
    mut still: Still<'_, '_>,
    gradients: &[Option<f64>],
    (middle, outputs): (f64, &[Vec<f64>]),
) -> Found {
    let problem = still.problem;
    let mut found = Found::default();
    // The same function as the one that was learnt, but for the statistics.
    let again = still.total(&problem.tensors[0], 0, 0.0);
    assert_eq!(
        (
            again,
            output(still.trainer, problem.samples.last().unwrap()).len()
        ),
        (middle, outputs[0].len()),
        "the loss of the same pass: {:?}",
        problem.model
    );
    let largest = gradients
        .iter()
        .flatten()
        .fold(0.0_f64, |largest, g| largest.max(g.abs()));
    let floor = (1e-3 * largest).max(1e-4);
    let mut dice = Pcg::new(problem.seed);
    // Layers below which something was checked.
    let mut passed = vec![0; problem.model.layers.len()];
    for tensor in &problem.tensors {
        let gradients = &gradients[tensor.from..tensor.from + tensor.length];
        let mut left = tensor.length.min(ELEMENTS);
        for (at, gradient) in gradients.iter().enumerate() {
            // So many at random, each as likely as the others.
            if dice.below((tensor.length - at) as u32) as usize >= left {
                continue;
            }
            left -= 1;
            let Some(gradient) = *gradient else {
                found.frozen += 1;
                continue;
            };
            let Some(difference) = still.derivative((tensor, at), middle, gradient, floor) else {
                found.skipped += 1;
                continue;
            };
            found.checked += 1;
            let scale = gradient.abs().max(difference.abs()).max(floor);
            let error = gap(gradient, difference) / scale;
            if error > found.worst {
                found.worst = error;
                found.place = format!(
                    "layer {} {} {}[{at}]: {gradient:e}, by differences {difference:e}",
                    tensor.layer, tensor.kind, tensor.name
                );
            }
            if difference.abs() >= floor {
                found.cover(format!("{}.{}", tensor.kind, tensor.name), 1);
                passed
                    .iter_mut()
                    .skip(tensor.layer + 1)
                    .for_each(|count| *count += 1);
            }
        }
    }
    for (entry, passed) in problem.model.layers.iter().zip(passed) {
        found.cover(entry.layer().name().into(), passed);
    }
    let loss = format!("{:?}", problem.loss);
    let name = loss.split_whitespace().next().unwrap_or_default();
    found.cover(name.into(), found.checked);
    found
}

#[test]
fn gradients_of_random_models_are_derivatives() {
    let mut all = Found::default();
    let mut layers = 0;
    for seed in 0..MODELS {
        let problem = Problem::draw(seed);
        let found = check(&problem);
        assert!(
            found.worst <= 1e-5,
            "model {seed}: a gradient is off by {:.2e} of its size, at {}: {:?} {:?}",
            found.worst,
            found.place,
            problem.model,
            problem.loss,
        );
        if found.worst > all.worst {
            (all.worst, all.place) = (found.worst, format!("model {seed}, {}", found.place));
        }
        all.checked += found.checked;
        all.skipped += found.skipped;
        all.frozen += found.frozen;
        for (what, count) in found.covered {
            all.cover(what, count);
        }
        layers += problem.model.layers.len();
    }
    println!(
        "{MODELS} models of {layers} layers: {} gradients, worst relative error {:.1e} ({}); {} at a kink, {} frozen",
        all.checked, all.worst, all.place, all.skipped, all.frozen
    );
    println!("{:?}", all.covered);
    assert!(
        all.checked >= 20_000,
        "only {} gradients were checked",
        all.checked
    );
    assert!(
        all.skipped * 50 <= all.checked,
        "{} of {} lie at a kink",
        all.skipped,
        all.checked
    );
    assert!(all.frozen > 0, "no frozen layer was drawn");
    // A gradient passes through every kind but the first that may only stand first.
    for kind in KINDS.iter().filter(|kind| **kind != "embedding") {
        let count = all.covered.get(*kind).copied().unwrap_or_default();
        assert!(count >= 100, "only {count} gradients passed through {kind}");
    }
    let losses = all
        .covered
        .keys()
        .filter(|what| what.starts_with(char::is_uppercase));
    assert_eq!(losses.count(), 10);
    for (what, count) in &all.covered {
        assert!(
            *what == "embedding" || *count >= 40,
            "only {count} gradients of {what}"
        );
    }
}

/// An update moves what has a gradient, and nothing that is frozen.
#[test]
fn frozen_parameters_stay() {
    let (mut moved, mut stayed) = (0, 0);
    for seed in 0..MODELS / 10 {
        let problem = Problem::draw(seed);
        with_trainer::<f64, _, _>(
            &problem.model.model(),
            problem.loss,
            (1, Clip::None),
            Sgd::default(),
            &problem.parameters,
            |trainer| {
                let sample = &problem.samples[0];
                let loss = trainer.learn(View::plain(&sample.x), sample.aim.target());
                assert!(loss.is_some_and(f64::is_finite));
                let gradients = gradients(trainer);
                // Statistics have moved by now.
                let before = parameters(trainer);
                trainer.update();
                let after = parameters(trainer);
                for ((before, after), gradient) in before.into_iter().zip(after).zip(gradients) {
                    let expected = before - f64::from(0.01_f32) * gradient.unwrap_or(0.0);
                    assert_eq!(after, expected, "model {seed}, gradient {gradient:?}");
                    moved += usize::from(gradient.is_some_and(|g| g != 0.0));
                    stayed += usize::from(gradient.is_none());
                }
            },
        );
    }
    assert!(moved > 1000 && stayed > 100, "{moved} moved and {stayed} stayed");
}

/// What is drawn covers what there is: each kind and its options, both reaches of a join, frozen layers.
#[test]
fn random_models_cover_every_layer() {
    let text: String = (0..MODELS)
        .map(|seed| format!("{:?}", Problem::draw(seed).model))
        .collect();
    let names: Vec<String> = (0..MODELS)
        .flat_map(|seed| Problem::draw(seed).model.layers)
        .map(|entry| format!("{}", entry.layer().name()))
        .collect();
    for kind in KINDS {
        assert!(
            names.iter().filter(|name| *name == kind).count() >= 50,
            "hardly any {kind}"
        );
    }
    let words = [
        "part: Nothing",
        "part: Biases",
        "back: 2",
        "back: 3",
        "back: 4",
        "stride: 2",
        "stride: 3",
        "padding: 1",
        "padding: 2",
        "dilation: 2",
        "causal: true",
        "per_sample: true",
        "groups: None",
        "heads: 2",
    ];
    for word in words {
        assert!(text.matches(word).count() >= 10, "hardly any model has {word}");
    }
}
