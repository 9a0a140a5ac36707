//! A trainer's tensors under PyTorch's names, both ways.

use super::safetensors::{Tensor, Tensors};
use super::torch::torch;
use crate::complaint::{Complaint, nearest};
use crate::run::RunFile;
use crate::session::AnyTrainer;
use kilograd::kernel::Kernel;
use kilograd::network::{Param, Slot};
use kilograd::optim::Optimizer;
use std::collections::BTreeSet;

/// The tensors of layer `slot`.
fn params(slot: &Slot) -> impl Iterator<Item = (usize, Param)> {
    let specs = slot.specs();
    (0..specs.len()).filter_map(move |index| Some((index, specs.get(index)?)))
}

/// Every parameter of a model. An adapter is merged into the weight that it stands beside.
pub fn export<O: Optimizer<f32>>(trainer: &AnyTrainer<'_, f32, O>) -> Tensors {
    let mut all = Tensors::default();
    all.notes.insert("format".into(), "pt".into());
    for (layer, slot) in trainer.plan().slots().iter().enumerate() {
        for (_, param) in params(slot) {
            let Some(torch) = torch(&slot.layer, &param) else {
                continue;
            };
            let mut ours = vec![0.0; param.shape.len()];
            let merged = trainer.merged_weight(layer, param.name, &mut ours);
            if !merged && let Some(values) = trainer.parameter(layer, param.name) {
                ours = values.values().collect();
            }
            let tensor = Tensor {
                shape: torch.shape(&param),
                values: torch.export(&param, &ours),
            };
            all.tensors.insert(format!("{layer}.{}", torch.name), tensor);
        }
    }
    all
}

/// What an import took.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Imported {
    /// Names of the tensors that were taken.
    pub taken: Vec<String>,
    /// Names that the file has not; the model keeps what its seed drew.
    pub missing: Vec<String>,
    /// Parameters taken.
    pub parameters: usize,
}

/// Sets a model's parameters from a file's tensors. All of them must be there, unless `partial`; the file may have no
/// others, but for the count of batches that PyTorch keeps in a batch norm.
///
/// # Errors
/// A [`Complaint`] that names the tensor, with what was found and what is expected.
pub fn import<N: Kernel, O: Optimizer<N>>(
    name: &str,
    found: &Tensors,
    run: &RunFile,
    trainer: &mut AnyTrainer<'_, N, O>,
    partial: bool,
) -> Result<Imported, Complaint> {
    let mut done = Imported::default();
    let mut known = BTreeSet::new();
    let mut ready = vec![];
    let plan = trainer.plan();
    for (layer, slot) in plan.slots().iter().enumerate() {
        let line = run.model.layers.get(layer).map_or(0..0, |line| line.span.clone());
        for (index, param) in params(slot) {
            let Some(torch) = torch(&slot.layer, &param) else {
                continue;
            };
            let key = format!("{layer}.{}", torch.name);
            known.insert(key.clone());
            let Some(tensor) = found.tensors.get(&key) else {
                done.missing.push(key);
                continue;
            };
            let expected = torch.shape(&param);
            if tensor.shape != expected {
                let message = format!(
                    "{name}: tensor \"{key}\" has the shape {:?}, layer {layer} ({}) needs {expected:?}",
                    tensor.shape,
                    slot.layer.name()
                );
                let help = "make the layer as in PyTorch, or take the weights of another model";
                return Err(run.complain(line, message, help));
            }
            if let Some(at) = tensor.values.iter().position(|value| !value.is_finite()) {
                let message = format!(
                    "{name}: tensor \"{key}\" has the value {} at place {at}",
                    tensor.values[at]
                );
                return Err(Complaint::new(
                    message,
                    "take weights from before training diverged",
                ));
            }
            if !slot.tensors.resident(index) {
                let message = format!("layer {layer} ({}) is frozen", slot.layer.name());
                let help = format!(
                    "a frozen tensor lies in the firmware and not in a checkpoint: import into a run without it, or leave \"{key}\" out of the file and give --partial"
                );
                return Err(run.complain(line, message, help));
            }
            ready.push((layer, param, torch.import(&param, &tensor.values)));
            done.taken.push(key);
        }
    }
    let names: Vec<&str> = known.iter().map(String::as_str).collect();
    let foreign = |key: &&String| !known.contains(*key) && !key.ends_with(".num_batches_tracked");
    if let Some(key) = found.tensors.keys().find(foreign) {
        let help = match nearest(key, &names) {
            Some(near) => format!("did you mean \"{near}\"? the model has {}", names.join(", ")),
            None => format!("remove it, or add its layer; the model has {}", names.join(", ")),
        };
        let message = format!("{name}: tensor \"{key}\" has no place in {}", run.name());
        return Err(Complaint::new(message, help));
    }
    if !partial && !done.missing.is_empty() {
        let message = format!("{name}: there is no tensor \"{}\"", done.missing.join("\", \""));
        let has: Vec<&str> = found.tensors.keys().map(String::as_str).collect();
        let help = format!(
            "the file has {}; with --partial what is missing stays as the seed draws it",
            if has.is_empty() {
                "none".into()
            } else {
                has.join(", ")
            }
        );
        return Err(Complaint::new(message, help));
    }
    for (layer, param, values) in ready {
        done.parameters += values.len();
        trainer.set_parameter(layer, param.name, values.into_iter());
    }
    Ok(done)
}
