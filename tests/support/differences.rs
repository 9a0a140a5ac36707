//! The gradient of a model against central differences of its loss in the learning pass.

use crate::problem::{AnyF64, Problem, Sample, Tensor, write};
use crate::real::{gap, gradients, with_trainer};
use kilograd::engine::{Clip, ParameterMut};
use kilograd::loss::Target;
use kilograd::network::{Entry, Layer, Model, Role};
use kilograd::number::View;
use kilograd::number::random::Pcg;
use kilograd::optim::Sgd;
use std::collections::BTreeMap;

/// Half of it is the second step, so that the difference quotient can be extrapolated and a kink noticed.
/// The other is tried where there seems to be a kink, since it may lie farther away or be a sharp bend.
const STEPS: [f64; 2] = [1.0 / 8192.0, 1.0 / 65536.0];

/// The most elements of a tensor that are compared.
const ELEMENTS: usize = 10;

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
pub struct Found {
    /// Largest `|gradient − difference| / scale`, and where.
    pub worst: f64,
    pub place: String,
    pub checked: usize,
    /// Parameters so near to a kink of a relu that the loss has no derivative there.
    pub skipped: usize,
    pub frozen: usize,
    /// For each tensor of a kind, and each kind that a gradient passes through, how many gradients were
    /// checked that are not small.
    pub covered: BTreeMap<String, usize>,
}

impl Found {
    pub fn cover(&mut self, what: String, count: usize) {
        *self.covered.entry(what).or_default() += count;
    }
}

/// Compares the gradients of one model with differences.
///
/// # Panics
/// If the loss that the trainer reports is not that of its output.
pub fn check(problem: &Problem) -> Found {
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
