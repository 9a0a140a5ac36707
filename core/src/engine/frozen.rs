//! The image of the frozen parameters, which lies in flash.
//!
//! For each layer, in order, its frozen tensors, as they would lie in RAM; then the track of each of these
//! tensors, for a number that has tracks.

use super::Trainer;
use super::work::param_track;
use crate::kernel::Kernel;
use crate::network::{Plan, mode};
use crate::number::{Number, cast, cast_mut};
use crate::optim::Optimizer;
use crate::persist::Fingerprint;

impl<N: Kernel, O: Optimizer<N>, const USES: u128> Trainer<'_, N, O, USES> {
    /// Takes note of the image: its digest, so that no checkpoint is resumed over other frozen
    /// parameters, and its tracks.
    pub(super) fn take_frozen(&mut self) {
        if USES & mode::FROZEN == 0 || self.frozen.is_empty() {
            return;
        }
        let mut digest = Fingerprint::new();
        for word in self.frozen.chunks(8) {
            let mut bytes = [0; 8];
            for (to, from) in bytes.iter_mut().zip(word) {
                *to = *from;
            }
            digest = digest.number(u64::from_le_bytes(bytes));
        }
        self.frozen_digest = digest.value();
        if N::TRACK_BYTES == 0 {
            return;
        }
        let mut tracks = cast::<N::Track>(self.frozen.get(tracks_at::<N>(self.plan)..).unwrap_or(&[])).iter();
        for slot in self.plan.slots() {
            for tensor in 0..slot.tensors.count() {
                let place = param_track(slot, tensor);
                if !slot.tensors.resident(tensor)
                    && let Some(track) = tracks.next()
                    && let Some(to) = self.tracks.get_mut(place)
                {
                    *to = *track;
                }
            }
        }
    }

    /// Writes the image of the parameters that `plan` freezes, from this trainer's parameters; `false` if
    /// the plans are not of the same layers, or `image` is not [`Plan::frozen`] bytes long.
    ///
    /// So a model is trained whole on a desktop, and the firmware gets the image, and a plan that
    /// freezes part of it.
    pub fn write_frozen(&self, plan: &Plan, image: &mut [u8]) -> bool {
        if image.len() != plan.frozen || plan.layers != self.plan.layers || plan.number != self.plan.number {
            return false;
        }
        image.fill(0);
        let (image, tracks) = image.split_at_mut(tracks_at::<N>(plan));
        let mut tracks = cast_mut::<N::Track>(tracks).iter_mut();
        for (to, from) in plan.slots().iter().zip(self.plan.slots()) {
            if to.layer != from.layer || to.input != from.input {
                return false;
            }
            for tensor in (0..to.tensors.count()).filter(|tensor| !to.tensors.resident(*tensor)) {
                let (source, base) = if from.tensors.resident(tensor) {
                    (&*self.params, from.params as usize)
                } else {
                    (self.frozen, from.frozen as usize)
                };
                let place = from.tensors.span::<N>(tensor);
                let target = to.tensors.span::<N>(tensor);
                let first = to.frozen as usize;
                let (Some(target), Some(source)) = (
                    image.get_mut(first + target.start..first + target.end),
                    source.get(base + place.start..base + place.end),
                ) else {
                    return false;
                };
                target.copy_from_slice(source);
                if N::TRACK_BYTES > 0
                    && let (Some(to), Some(track)) =
                        (tracks.next(), self.tracks.get(param_track(from, tensor)))
                {
                    *to = *track;
                }
            }
        }
        true
    }
}

/// Where the tracks begin in the image of `plan`.
fn tracks_at<N: Number>(plan: &Plan) -> usize {
    let frozen = |slot: &crate::network::Slot| {
        (0..slot.tensors.count())
            .filter(|tensor| !slot.tensors.resident(*tensor))
            .count()
    };
    let tensors: usize = plan.slots().iter().map(frozen).sum();
    plan.frozen.saturating_sub(tensors * N::TRACK_BYTES)
}
