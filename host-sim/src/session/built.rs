//! A run file's trainer, in memory of its own.

use super::plan::{MAX_LAYERS, Network};
use crate::complaint::Failure;
use crate::run::RunFile;
use kilograd::engine::{NewError, Trainer};
use kilograd::kernel::Kernel;
use kilograd::network::PlanOf;
use kilograd::optim::Optimizer;

/// A trainer that can run every kind of layer.
pub type AnyTrainer<'a, N, O> = Trainer<'a, N, O, { u128::MAX }>;

/// What a frozen layer is taken from: given a trainer of the same layers that freezes none, initialised by the seed.
pub type Base<'b, N, O> = &'b mut dyn FnMut(&mut AnyTrainer<'_, N, O>) -> Result<(), Failure>;

/// Builds the trainer of `run` for `plan`, initialised by the run's seed, and gives it to `then`.
///
/// What the plan freezes is as `base` leaves it. Without a checkpoint to take it from, a frozen layer is a random
/// projection.
///
/// # Errors
/// Those of `base` and `then`.
pub fn with_trainer<N: Kernel, O: Optimizer<N>, R>(
    run: &RunFile,
    network: &Network,
    plan: &PlanOf<MAX_LAYERS>,
    optimizer: O,
    base: Base<'_, N, O>,
    then: impl FnOnce(&mut AnyTrainer<'_, N, O>) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let mut frozen = words(plan.frozen);
    let frozen: &mut [u8] = &mut bytemuck::cast_slice_mut(&mut frozen)[..plan.frozen];
    if !frozen.is_empty() {
        let whole = network.trained().plan::<N, O>(run, true)?;
        with_image(run, &whole, optimizer, &[], |trainer| {
            base(trainer)?;
            if trainer.write_frozen(plan, frozen) {
                return Ok(());
            }
            let fault = "the frozen layers do not fit the model: this is a fault of kilograd";
            Err(Failure::Run(fault.into()))
        })?;
    }
    with_image(run, plan, optimizer, frozen, then)
}

/// A trainer over an image of its frozen parameters.
fn with_image<N: Kernel, O: Optimizer<N>, R>(
    run: &RunFile,
    plan: &PlanOf<MAX_LAYERS>,
    optimizer: O,
    frozen: &[u8],
    then: impl FnOnce(&mut AnyTrainer<'_, N, O>) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let mut memory = words(plan.bytes());
    let memory = bytemuck::cast_slice_mut(&mut memory);
    let trainer = Trainer::with_frozen(plan, memory, optimizer, frozen);
    let mut trainer = trainer.map_err(|error: NewError| Failure::Run(error.to_string()))?;
    trainer.init(run.fit.seed);
    then(&mut trainer)
}

/// Memory in words of eight bytes, since an arena begins at a multiple of them.
fn words(bytes: usize) -> Vec<u64> {
    vec![0; bytes.div_ceil(8)]
}
