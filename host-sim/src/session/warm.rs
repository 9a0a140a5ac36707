//! Fine-tuning: a run that begins with the weights of another.

use super::AnyTrainer;
use crate::complaint::{Complaint, Failure};
use crate::exchange::{explain, fill};
use crate::image::Image;
use crate::run::RunFile;
use kilograd::checkpoint::Taken;
use kilograd::kernel::Kernel;
use kilograd::network::Plan;
use kilograd::optim::Optimizer;
use std::fmt;
use std::path::Path;

/// What a run began with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warm {
    /// The file.
    pub name: String,
    /// Steps behind the weights.
    pub step: u64,
    /// What was taken.
    pub taken: Taken,
    /// Layers with parameters that were taken.
    pub layers: Vec<String>,
    /// Those that were initialised.
    pub fresh: Vec<String>,
}

impl fmt::Display for Warm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Taken {
            parameters,
            frozen,
            unused,
            ..
        } = self.taken;
        let layers = self.layers.join(", ");
        write!(
            f,
            "{} (step {}): {parameters} parameters taken, layers {layers}",
            self.name, self.step
        )?;
        if frozen > 0 {
            write!(f, "; {frozen} tensors of them are frozen")?;
        }
        if !self.fresh.is_empty() {
            write!(f, "; initialised: {}", self.fresh.join(", "))?;
        }
        if unused > 0 {
            write!(f, "; {unused} layers of the checkpoint not used")?;
        }
        Ok(())
    }
}

/// A file with weights to begin with.
#[derive(Debug)]
pub struct Source {
    name: String,
    image: Image,
    layers: Option<usize>,
}

impl Source {
    /// The newest checkpoint in the file at `path`, of which the first `layers` layers are wanted, or as many as match.
    ///
    /// # Errors
    /// A complaint when the file has none.
    pub fn read(path: &Path, layers: Option<usize>) -> Result<Self, Complaint> {
        let name = path.display().to_string();
        let image = Image::read(path, 0)?;
        image.newest(&name)?;
        Ok(Self { name, image, layers })
    }

    /// Takes the weights.
    ///
    /// # Errors
    /// A complaint when a wanted layer does not match, or none does, with what was found and what is expected.
    pub fn fill<N: Kernel, O: Optimizer<N>>(
        &self,
        run: &RunFile,
        trainer: &mut AnyTrainer<'_, N, O>,
    ) -> Result<Warm, Failure> {
        let found = self.image.newest(&self.name)?;
        let told = |error| explain(&self.name, run, &error);
        let weights = found.weights().map_err(told)?;
        let plan = trainer.plan();
        if let Some(wanted) = self.layers.filter(|wanted| *wanted > plan.layers) {
            let message = format!(
                "--layers {wanted} is more than the model's {} layers",
                plan.layers
            );
            return Err(Complaint::new(message, "count from the first layer of the run file").into());
        }
        let matching = weights.matching(&mut found.view(), plan).map_err(told)?;
        let count = self.layers.unwrap_or(matching);
        let with = with_parameters(plan);
        let first = with.first().map_or(plan.layers, |(index, _)| index + 1);
        if count < first {
            // Not one: say why, as if it had been asked for.
            weights.compare(&mut found.view(), plan, first).map_err(told)?;
            let message = format!("--layers {count} takes no layer that has parameters");
            return Err(Complaint::new(message, format!("take {first} or more")).into());
        }
        let taken = fill(&found, &weights, trainer, count).map_err(told)?;
        let (layers, fresh): (Vec<_>, Vec<_>) = with.into_iter().partition(|(index, _)| *index < count);
        let names = |list: Vec<(usize, String)>| list.into_iter().map(|(_, name)| name).collect();
        Ok(Warm {
            name: self.name.clone(),
            step: found.frame.mark.step,
            taken,
            layers: names(layers),
            fresh: names(fresh),
        })
    }
}

/// Layers with parameters: index, and how people call them.
fn with_parameters(plan: &Plan) -> Vec<(usize, String)> {
    plan.slots()
        .iter()
        .enumerate()
        .filter(|(_, slot)| slot.tensors.count() > 0)
        .map(|(index, slot)| (index, format!("{index} ({})", slot.layer.name())))
        .collect()
}
