//! The two float formats as one: what a test needs to run the same model in either.

use kilograd::engine::{Arena, Clip, Parameter, Trainer, Training};
use kilograd::kernel::Kernel;
use kilograd::kernel::Loops;
use kilograd::loss::Loss;
use kilograd::network::{Model, PlanOf};
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

/// Plans `model`, builds its trainer in memory of exactly the planned size, and gives it to `body`.
pub fn with_trainer<N: Real, O: Optimizer<N>, R>(
    model: &Model<'_>,
    loss: Loss,
    batch: u16,
    clip: Clip,
    optimizer: O,
    body: impl FnOnce(&mut AnyTrainer<'_, N, O>) -> R,
) -> R {
    let training = Training::<N, O>::new(loss).batch(batch).clip(clip);
    let plan: PlanOf<LAYERS> = model
        .try_plan(&training)
        .unwrap_or_else(|error| panic!("{error}: {model:?}"));
    // Noise, because memory after a reset holds anything.
    let mut arena = Box::new(Arena::<{ 1 << 18 }>::ZERO);
    arena.fill(0xA5);
    let mut trainer =
        Trainer::new(&plan, &mut arena[..plan.bytes()], optimizer).expect("planned for this trainer");
    body(&mut trainer)
}

/// Sets all parameters from one flat vector: for each layer its weight, then its bias.
pub fn set_parameters<N: Real, O: Optimizer<N>>(trainer: &mut AnyTrainer<'_, N, O>, flat: &[f32]) {
    let mut rest = flat;
    for (layer, name) in names(trainer) {
        let count = parameter(trainer, layer, name).len();
        let (values, after) = rest.split_at(count);
        assert!(trainer.set_parameter(layer, name, values.iter().copied()));
        rest = after;
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
    }
}

/// `|a − b|`, infinite where one of them is no number: a NaN must never look small.
pub fn gap(a: f64, b: f64) -> f64 {
    let gap = (a - b).abs();
    if gap.is_nan() { f64::INFINITY } else { gap }
}
