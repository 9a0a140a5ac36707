//! What goes wrong in a layer without stopping it: values that did not fit, updates that were lost.

use super::Trainer;
use super::work::all_tracks;
use crate::kernel::Kernel;
use crate::optim::Optimizer;

/// An account of one layer, since it was last set back. All zero in floats, which keep none.
///
/// A format that is too coarse for what is learned does not diverge: it saturates or stands still, silently. So both are
/// counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Health {
    /// Values that did not fit and were limited: of the layer's output, of that's gradient, and of what the layer keeps to
    /// itself, over all samples that were learned from. An output that lies in the layer below, at its scale, counts there.
    pub saturated: u32,
    /// Updates of a parameter that moved nothing, although there was something to move it by.
    pub stalled: u32,
    /// Values of the layer's output and of that's gradient, for each sample.
    pub elements: u32,
    /// Parameters that each update moves.
    pub parameters: u32,
}

impl Health {
    /// Of a thousand values, how many were limited, when `samples` were learned from.
    pub fn saturated_share(&self, samples: u32) -> u16 {
        share(self.saturated, self.elements, samples)
    }

    /// Of a thousand updates of a parameter, how many moved nothing, when `updates` were made.
    pub fn stalled_share(&self, updates: u32) -> u16 {
        share(self.stalled, self.parameters, updates)
    }
}

/// `1000 · count / (each · times)`, at most 1000.
fn share(count: u32, each: u32, times: u32) -> u16 {
    let all = u64::from(each) * u64::from(times);
    let share = (u64::from(count) * 1000).checked_div(all).unwrap_or(0);
    share.min(1000) as u16
}

impl<N: Kernel, O: Optimizer<N>, const USES: u128> Trainer<'_, N, O, USES> {
    /// What went wrong in layer `layer` since [`forget_health`](Self::forget_health); `None` if there is no such layer.
    pub fn health(&self, layer: usize) -> Option<Health> {
        let slot = self.plan.slots().get(layer)?;
        let own = self.tracks.get(all_tracks(slot)).unwrap_or(&[]);
        let params = 2..2 + slot.tensors.count();
        let gradient = slot.passes || slot.trains;
        let mut health = Health {
            elements: (slot.output.len() as u32).saturating_mul(1 + u32::from(gradient)),
            parameters: slot.tensors.gradients() as u32,
            ..Health::default()
        };
        for (index, track) in own.iter().enumerate() {
            let count = if params.contains(&index) {
                &mut health.stalled
            } else {
                &mut health.saturated
            };
            *count = count.saturating_add(N::counted(track));
        }
        Some(health)
    }

    /// Begins the account of layer `layer` anew.
    pub fn forget_health(&mut self, layer: usize) {
        if let Some(slot) = self.plan.slots().get(layer) {
            let own = self.tracks.get_mut(all_tracks(slot)).unwrap_or(&mut []);
            own.iter_mut().for_each(N::forget);
        }
    }
}
