//! A parameter tensor as it is stored: for a copy that keeps every bit.

use super::Trainer;
use crate::kernel::Kernel;
use crate::optim::Optimizer;

impl<N: Kernel, O: Optimizer<N>, const USES: u128> Trainer<'_, N, O, USES> {
    /// Digest of the image of the frozen parameters; 0 for none. See `docs/formats.md`.
    pub fn frozen_digest(&self) -> u64 {
        self.frozen_digest
    }

    /// The stored bytes of parameter tensor `index` of layer `layer`, all planes, and its track, which holds its
    /// scale. `None` if there is no such tensor or it is frozen.
    pub(crate) fn stored_mut(
        &mut self,
        layer: usize,
        index: usize,
    ) -> Option<(&mut [u8], Option<&mut N::Track>)> {
        let slot = self.plan.slots().get(layer)?;
        if index >= slot.tensors.count() || !slot.tensors.resident(index) {
            return None;
        }
        let place = slot.tensors.span::<N>(index);
        let from = slot.params as usize;
        let bytes = self.params.get_mut(from + place.start..from + place.end)?;
        Some((bytes, self.tracks.get_mut(usize::from(slot.tracks) + 2 + index)))
    }
}
