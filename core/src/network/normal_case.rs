//! A model in a trainer, whose gradients are held to differences of what was learned.

extern crate std;

use super::Entry;
use crate::engine::{Arena, Parameter, Trainer, Training};
use crate::loss::{Loss, Target};
use crate::network::{Model, PlanOf, Shape};
use crate::number::View;
use crate::number::random::Pcg;
use crate::optim::Sgd;
use std::boxed::Box;
use std::vec::Vec;
use std::{format, vec};

pub(super) type Any<'a> = Trainer<'a, f64, Sgd, { u128::MAX }>;

pub(super) const INPUT: Shape = Shape::series(3, 6);

pub(super) fn plan(layers: &[Entry], training: Training<f64, Sgd>) -> PlanOf<16> {
    Model::new(INPUT, layers)
        .try_plan(&training)
        .unwrap_or_else(|error| panic!("{error}: {layers:?}"))
}

pub(super) fn training() -> Training<f64, Sgd> {
    Training::new(Loss::MeanSquaredError).keep_gradients()
}

/// A trainer in memory that held something else. Frozen tensors come from one that trains them all.
pub(super) fn with<R>(layers: &[Entry], start: &[Tensor], body: impl FnOnce(&mut Any<'_>) -> R) -> R {
    let thawed: Vec<Entry> = layers.iter().map(|entry| entry.trained()).collect();
    let whole = plan(&thawed, training());
    let mut memory = memory();
    let mut whole = Any::new(&whole, &mut memory[..], Sgd::default()).expect("planned for it");
    set(&mut whole, start);
    let plan = plan(layers, training());
    let mut image = self::memory();
    assert!(whole.write_frozen(&plan, &mut image[..plan.frozen]));
    let mut memory = self::memory();
    let memory = &mut memory[..plan.bytes()];
    let image = &image[..plan.frozen];
    let mut trainer = Any::with_frozen(&plan, memory, Sgd::default(), image).expect("planned for it");
    set(&mut trainer, start);
    body(&mut trainer)
}

pub(super) fn memory() -> Box<Arena<16384>> {
    let mut memory = Box::new(Arena::ZERO);
    memory.fill(0x5A);
    memory
}

/// A parameter tensor: its layer, its name, its values.
pub(super) type Tensor = (usize, &'static str, Vec<f32>);

pub(super) fn set(trainer: &mut Any<'_>, tensors: &[Tensor]) {
    for (layer, name, values) in tensors {
        let frozen = trainer.parameter_mut(*layer, name).is_none();
        assert!(frozen || trainer.set_parameter(*layer, name, values.iter().copied()));
    }
}

pub(super) fn get(trainer: &Any<'_>, layer: usize, name: &str) -> Vec<f64> {
    match trainer.parameter(layer, name).expect("there is such a tensor") {
        Parameter::Weight(tensor) | Parameter::Bias(tensor) => tensor.data.to_vec(),
        Parameter::Bytes(_) => unreachable!("no float has bytes"),
    }
}

/// Parameters that are not those at the start: a gain of 1 and a shift of 0 hide faults. They are multiples
/// of 2⁻¹⁰, and a variance is above 0.
pub(super) fn drawn(layers: &[Entry], random: &mut Pcg) -> Vec<Tensor> {
    let mut tensors = vec![];
    let mut shape = INPUT;
    for (layer, entry) in layers.iter().enumerate() {
        let specs = entry.layer().params(shape);
        for param in (0..specs.len()).filter_map(|index| specs.get(index)) {
            let low = if param.name == "running_variance" {
                512
            } else {
                -512
            };
            let values = (0..param.shape.len()).map(|_| (random.below(1024) as f32 + low as f32) / 1024.0);
            tensors.push((layer, param.name, values.collect()));
        }
        shape = entry.layer().output(shape).expect("fits");
    }
    tensors
}

pub(super) fn sample(random: &mut Pcg, length: usize) -> Vec<f64> {
    (0..length)
        .map(|_| f64::from(random.uniform()) * 3.0 - 1.0)
        .collect()
}

/// What a sample of a fresh trainer costs, and its gradients.
pub(super) fn learned(
    layers: &[Entry],
    start: &[Tensor],
    x: &[f64],
    target: &[f64],
) -> (f64, Vec<Option<Vec<f64>>>) {
    with(layers, start, |trainer| {
        let loss = trainer
            .learn(View::plain(x), Target::Values(View::plain(target)))
            .expect("fits");
        let gradients = start.iter().map(|(layer, name, _)| {
            let gradient = trainer.gradient(*layer, name)?;
            Some(gradient.data.to_vec())
        });
        (loss, gradients.collect())
    })
}

pub(super) const STEP: f32 = 1.0 / 8192.0;

/// Compares all gradients with differences of `loss`.
pub(super) fn check(
    layers: &[Entry],
    start: &[Tensor],
    gradients: &[Option<Vec<f64>>],
    loss: impl Fn(&[Tensor]) -> f64,
) {
    let mut checked = 0;
    for (tensor, gradient) in gradients.iter().enumerate() {
        let Some(gradient) = gradient else { continue };
        for (i, gradient) in gradient.iter().enumerate() {
            let moved = |by: f32| {
                let mut tensors = start.to_vec();
                tensors[tensor].2[i] += by;
                loss(&tensors)
            };
            let quotient = |step: f32| (moved(step) - moved(-step)) / (2.0 * f64::from(step));
            // Extrapolated, and told apart from a kink, where halving the step changes more than curvature does.
            let (coarse, fine) = (quotient(2.0 * STEP), quotient(STEP));
            if (coarse - fine).abs() > 1e-5 {
                continue;
            }
            let exact = fine + (fine - coarse) / 3.0;
            let what = format!("{:?} of {:?}[{i}]", layers[start[tensor].0], start[tensor].1);
            assert!(
                (gradient - exact).abs() < 1e-8,
                "{what}: {gradient} is not {exact}"
            );
            checked += 1;
        }
    }
    assert!(checked > 40, "only {checked} were checked");
}
