//! An adapter merged into the weights that it stands beside.

use super::Trainer;
use crate::kernel::Kernel;
use crate::network::Layer;
use crate::optim::Optimizer;

impl<N: Kernel, O: Optimizer<N>, const USES: u128> Trainer<'_, N, O, USES> {
    /// Writes the weight that layer `layer` would need without its adapter, in memory order: `W + D U` of a
    /// [low-rank](crate::network::LowRank) one, `W` with `V` added to the chosen
    /// [channels](crate::network::Channels). `false` if it has no adapter, or `weight` has another number
    /// of elements. The bias stays as it is.
    pub fn merged_weight(&self, layer: usize, weight: &mut [f32]) -> bool {
        let Some(slot) = self.plan().slots().get(layer) else {
            return false;
        };
        if slot.tensors.elements(0) != weight.len() {
            return false;
        }
        let Some(base) = self.parameter(layer, "weight") else {
            return false;
        };
        for (to, value) in weight.iter_mut().zip(base.values()) {
            *to = value;
        }
        match slot.layer {
            Layer::LowRank(adapter) => {
                let rank = usize::from(adapter.rank);
                let outputs = slot.tensors.elements(3) / rank.max(1);
                let (Some(down), Some(up)) = (self.parameter(layer, "down"), self.parameter(layer, "up"))
                else {
                    return false;
                };
                // The factors are read as often as needed, since nothing here may allocate.
                for (index, down) in down.values().enumerate() {
                    let (row, j) = (index / rank.max(1), index % rank.max(1));
                    let to = weight
                        .get_mut(row * outputs..(row + 1) * outputs)
                        .unwrap_or(&mut []);
                    for (w, up) in to.iter_mut().zip(up.values().skip(j * outputs)) {
                        *w += down * up;
                    }
                }
                true
            }
            Layer::Channels(adapter) => {
                let Some(moved) = self.parameter(layer, "channels") else {
                    return false;
                };
                let count = usize::from(adapter.count);
                let terms = adapter.base_terms(slot.input);
                let outputs = weight.len() / terms.max(1);
                let width = adapter.width(slot.input).max(1);
                for (index, v) in moved.values().enumerate() {
                    let (row, o) = (index / outputs.max(1), index % outputs.max(1));
                    let (tap, channel) = (row / count.max(1), row % count.max(1));
                    let row = tap * width + usize::from(adapter.from) + channel;
                    if let Some(w) = weight.get_mut(row * outputs + o) {
                        *w += v;
                    }
                }
                true
            }
            _ => false,
        }
    }
}
