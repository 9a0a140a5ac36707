//! An adapter merged into the weights that it stands beside.

use super::Trainer;
use crate::kernel::Kernel;
use crate::network::Beside;
use crate::optim::Optimizer;

impl<N: Kernel, O: Optimizer<N>, const USES: u128> Trainer<'_, N, O, USES> {
    /// Writes what the base's tensor `name` would be in layer `layer` without its adapter, in memory order: `W + D U` of a
    /// [low-rank](crate::network::LowRank) one, `W` with `V` added to the chosen
    /// [channels](crate::network::Channels). A matrix that has nothing beside it comes as it is. `false` if
    /// the layer has no adapter or no matrix of that name, or `weight` has another number of elements. The biases
    /// stay as they are.
    pub fn merged_weight(&self, layer: usize, name: &str, weight: &mut [f32]) -> bool {
        let Some(slot) = self.plan().slots().get(layer) else {
            return false;
        };
        let Some(beside) = slot.layer.beside(slot.input, name) else {
            return false;
        };
        let Some(base) = self.parameter(layer, name) else {
            return false;
        };
        let specs = slot.specs();
        let count = (0..specs.len()).find_map(|index| specs.get(index).filter(|param| param.name == name));
        if count.is_none_or(|param| param.shape.len() != weight.len()) {
            return false;
        }
        for (to, value) in weight.iter_mut().zip(base.values()) {
            *to = value;
        }
        match beside {
            Beside::Nothing => true,
            Beside::Factors { down, up, rank } => {
                let (Some(down), Some(up)) = (self.parameter(layer, down), self.parameter(layer, up)) else {
                    return false;
                };
                let rank = rank.max(1);
                let outputs = up.values().count() / rank;
                // The factors are read as often as needed, since nothing here may allocate.
                for (index, down) in down.values().enumerate() {
                    let (row, j) = (index / rank, index % rank);
                    let to = weight
                        .get_mut(row * outputs..(row + 1) * outputs)
                        .unwrap_or(&mut []);
                    for (w, up) in to.iter_mut().zip(up.values().skip(j * outputs)) {
                        *w += down * up;
                    }
                }
                true
            }
            Beside::Rows {
                width,
                from,
                count,
                outputs,
            } => {
                let Some(moved) = self.parameter(layer, "channels") else {
                    return false;
                };
                for (index, v) in moved.values().enumerate() {
                    let (row, o) = (index / outputs.max(1), index % outputs.max(1));
                    let (tap, channel) = (row / count.max(1), row % count.max(1));
                    let row = tap * width + from + channel;
                    if let Some(w) = weight.get_mut(row * outputs + o) {
                        *w += v;
                    }
                }
                true
            }
        }
    }
}
