//! A run file's trainer, in memory of its own.

use super::plan::{MAX_LAYERS, Network};
use crate::complaint::Failure;
use crate::run::RunFile;
use kilograd::engine::{NewError, Trainer};
use kilograd::network::PlanOf;
use kilograd::optim::Optimizer;

/// A trainer that can run every kind of layer.
pub type AnyTrainer<'a, O> = Trainer<'a, f32, O, { u128::MAX }>;

/// Builds the trainer of `run` for `plan`, initialised by the run's seed, and gives it to `then`. What the plan freezes
/// is as the seed draws it: without a checkpoint to take it from, a frozen layer is a random projection.
///
/// # Errors
/// Those of `then`.
pub fn with_trainer<O: Optimizer<f32>, R>(
    run: &RunFile,
    network: &Network,
    plan: &PlanOf<MAX_LAYERS>,
    optimizer: O,
    then: impl FnOnce(&mut AnyTrainer<'_, O>) -> Result<R, Failure>,
) -> Result<R, Failure> {
    // Words of eight bytes, since an arena begins at a multiple of them.
    let mut memory = vec![0u64; plan.bytes().div_ceil(8)];
    let memory: &mut [u8] = bytemuck::cast_slice_mut(&mut memory);
    let mut frozen = vec![0u64; plan.frozen.div_ceil(8)];
    let frozen: &mut [u8] = &mut bytemuck::cast_slice_mut(&mut frozen)[..plan.frozen];
    if !frozen.is_empty() {
        let whole = network.trained().plan::<f32, O>(run, true)?;
        with_whole(run, &whole, optimizer, |trainer| {
            if trainer.write_frozen(plan, frozen) {
                Ok(())
            } else {
                let fault = "the frozen layers do not fit the model: this is a fault of kilograd";
                Err(Failure::Run(fault.into()))
            }
        })?;
    }
    let trainer = Trainer::with_frozen(plan, memory, optimizer, frozen);
    let mut trainer = trainer.map_err(|error: NewError| Failure::Run(error.to_string()))?;
    trainer.init(run.fit.seed);
    then(&mut trainer)
}

/// [`with_trainer`] for a plan that freezes nothing.
fn with_whole<O: Optimizer<f32>, R>(
    run: &RunFile,
    plan: &PlanOf<MAX_LAYERS>,
    optimizer: O,
    then: impl FnOnce(&mut AnyTrainer<'_, O>) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let mut memory = vec![0u64; plan.bytes().div_ceil(8)];
    let memory: &mut [u8] = bytemuck::cast_slice_mut(&mut memory);
    let trainer = Trainer::new(plan, memory, optimizer);
    let mut trainer = trainer.map_err(|error: NewError| Failure::Run(error.to_string()))?;
    trainer.init(run.fit.seed);
    then(&mut trainer)
}
