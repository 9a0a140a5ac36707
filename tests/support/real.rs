//! The two float formats as one: what a test needs to run the same model in either.

use kilograd::engine::{Arena, Clip, Parameter, Trainer, Training};
use kilograd::kernel::Kernel;
use kilograd::kernel::Loops;
use kilograd::loss::Loss;
use kilograd::network::{Entry, Model, PlanOf};
use kilograd::number::{Number, Scalar};
use kilograd::optim::Optimizer;

/// A float number: elements, parameters, gradients and losses are of one type.
pub trait Real:
    Kernel + Loops + Scalar + Number<Elem = Self, Bias = Self, Gradient = Self, Scalar = Self> + Into<f64>
{
}

impl<F> Real for F where
    F: Kernel + Loops + Scalar + Number<Elem = F, Bias = F, Gradient = F, Scalar = F> + Into<f64>
{
}

/// A trainer that can run every kind of layer.
pub type AnyTrainer<'a, N, O> = Trainer<'a, N, O, { u128::MAX }>;

/// The most layers of a model in these tests.
pub const LAYERS: usize = 24;

/// Plans `model`, builds its trainer in memory of exactly the planned size with the parameters `start`,
/// and gives it to `body`. The gradient is kept, so that it can be read.
pub fn with_trainer<N: Real, O: Optimizer<N>, R>(
    model: &Model<'_>,
    loss: Loss,
    (batch, clip): (u16, Clip),
    optimizer: O,
    start: &[f32],
    body: impl FnOnce(&mut AnyTrainer<'_, N, O>) -> R,
) -> R {
    let training = || {
        Training::<N, O>::new(loss)
            .batch(batch)
            .clip(clip)
            .keep_gradients()
    };
    let plan = planned(model, training());
    // The frozen ones come from a trainer of the same layers that may write them all.
    let thawed: Vec<Entry> = model.layers.iter().map(|entry| entry.trained()).collect();
    let whole = planned(&Model::new(model.input, &thawed), training());
    let mut memory = noise();
    let mut whole = Trainer::new(&whole, &mut memory[..], optimizer).expect("planned for this trainer");
    set_parameters(&mut whole, start);
    let mut image = noise();
    assert!(whole.write_frozen(&plan, &mut image[..plan.frozen]));
    let mut memory = noise();
    let mut trainer = Trainer::with_frozen(
        &plan,
        &mut memory[..plan.bytes()],
        optimizer,
        &image[..plan.frozen],
    )
    .expect("planned for this trainer");
    set_parameters(&mut trainer, start);
    body(&mut trainer)
}

fn planned<N: Real, O: Optimizer<N>>(model: &Model<'_>, training: Training<N, O>) -> PlanOf<LAYERS> {
    model
        .try_plan(&training)
        .unwrap_or_else(|error| panic!("{error}: {model:?}"))
}

/// Memory after a reset holds anything.
fn noise() -> Box<Arena<{ 1 << 18 }>> {
    let mut arena = Box::new(Arena::ZERO);
    arena.fill(0xA5);
    arena
}

/// Sets all parameters that are not frozen from one flat vector: for each layer its tensors in order.
pub fn set_parameters<N: Real, O: Optimizer<N>>(trainer: &mut AnyTrainer<'_, N, O>, flat: &[f32]) {
    let mut rest = flat;
    for (layer, name) in names(trainer) {
        let count = parameter(trainer, layer, name).len();
        let (values, after) = rest.split_at(count);
        rest = after;
        let frozen = trainer.parameter_mut(layer, name).is_none();
        assert!(frozen || trainer.set_parameter(layer, name, values.iter().copied()));
    }
    assert!(rest.is_empty(), "{} values are left over", rest.len());
}

/// All parameters as one flat vector.
pub fn parameters<N: Real, O: Optimizer<N>>(trainer: &AnyTrainer<'_, N, O>) -> Vec<f64> {
    let tensors = names(trainer)
        .into_iter()
        .flat_map(|(layer, name)| parameter(trainer, layer, name));
    tensors.copied().map(Into::into).collect()
}

/// The summed gradients of all parameters as one flat vector; `None` where a layer is frozen.
pub fn gradients<N: Real, O: Optimizer<N>>(trainer: &AnyTrainer<'_, N, O>) -> Vec<Option<f64>> {
    let mut flat = Vec::new();
    for (layer, name) in names(trainer) {
        match trainer.gradient(layer, name) {
            Some(tensor) => flat.extend(tensor.data.iter().map(|&value| Some(value.into()))),
            None => flat.extend(parameter(trainer, layer, name).iter().map(|_| None)),
        }
    }
    flat
}

/// Layer and name of each parameter tensor, in their order.
fn names<N: Real, O: Optimizer<N>>(trainer: &AnyTrainer<'_, N, O>) -> Vec<(usize, &'static str)> {
    let slots = trainer.plan().slots().iter().enumerate();
    slots
        .flat_map(|(layer, slot)| {
            let params = slot.specs();
            (0..params.len()).filter_map(move |index| Some((layer, params.get(index)?.name)))
        })
        .collect()
}

fn parameter<'a, N: Real, O: Optimizer<N>>(
    trainer: &'a AnyTrainer<'_, N, O>,
    layer: usize,
    name: &str,
) -> &'a [N] {
    match trainer.parameter(layer, name).expect("listed by the plan") {
        Parameter::Weight(tensor) | Parameter::Bias(tensor) => tensor.data,
        Parameter::Bytes(_) => unreachable!("no float has bytes"),
    }
}

/// `|a − b|`, infinite where one of them is no number: a NaN must never look small.
pub fn gap(a: f64, b: f64) -> f64 {
    let gap = (a - b).abs();
    if gap.is_nan() { f64::INFINITY } else { gap }
}
