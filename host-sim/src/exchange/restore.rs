//! A checkpoint as the trainer that it is of.

use super::{explain, fill};
use crate::complaint::{Complaint, Failure};
use crate::image::{Found, Saved};
use crate::run::RunFile;
use crate::session::{AnyTrainer, Network, Source, with_trainer};
use kilograd::checkpoint::Weights;
use kilograd::kernel::Kernel;
use kilograd::optim::Optimizer;
use kilograd::persist::{Persist, Restore};

/// A checkpoint, the model that it is of, and what its frozen layers are taken from (the seed, if it is not given).
pub struct Checkpoint<'a> {
    /// The file's name.
    pub name: &'a str,
    /// The frame.
    pub found: Found<'a>,
    /// The run file of its model.
    pub run: &'a RunFile,
    /// Its model.
    pub network: &'a Network,
    /// Weights for what is frozen.
    pub base: Option<&'a Source>,
}

impl Checkpoint<'_> {
    /// Builds the trainer with all of the checkpoint's weights (and its whole state, if it is of this model, optimizer
    /// and number), and gives it to `then`.
    ///
    /// # Errors
    /// A complaint when it is of another model, or over other frozen layers.
    pub fn restore<N: Kernel, O: Optimizer<N>, R>(
        &self,
        optimizer: O,
        then: impl FnOnce(&mut AnyTrainer<'_, N, O>, &Weights, &Saved) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let Self {
            name,
            found,
            run,
            network,
            base,
        } = *self;
        let told = |error| explain(name, run, &error);
        let weights = found.weights().map_err(told)?;
        let saved = found.saved()?;
        let plan = network.plan::<N, O>(run, true)?;
        let mut from_base = |whole: &mut AnyTrainer<'_, N, O>| match base {
            Some(base) => base.fill(run, whole).map(drop),
            None => Ok(()),
        };
        with_trainer(run, network, &plan, optimizer, &mut from_base, |trainer| {
            fill(&found, &weights, trainer, plan.layers).map_err(told)?;
            if weights.frozen_digest() != trainer.frozen_digest() {
                let message = format!("{name}: the checkpoint is of other frozen layers than these");
                let help = "give with --base the checkpoint that their weights were taken from (`train --from`), or \
                            the seed that drew them in [fit]";
                return Err(Complaint::new(message, help).into());
            }
            let same = weights.plan() == plan.fingerprint && weights.number() == N::CODE;
            let size = trainer.size();
            if same
                && weights.trainer_bytes() as usize == size
                && let Some(bytes) = saved.payload.get(..size)
            {
                // Optimizer state, counters and random state too.
                trainer.write(0, bytes).map_err(|_| {
                    Complaint::new(
                        format!("{name}: the state does not decode"),
                        "dump the device again",
                    )
                })?;
            }
            then(trainer, &weights, &saved)
        })
    }
}
