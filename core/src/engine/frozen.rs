//! The image of the frozen parameters, which lies in flash.
//!
//! For each layer, in order, its frozen tensors: of weights the plane that is multiplied with, or a byte each and the gain
//! of each channel, if the plan says so; then the track of each of these tensors, for a number that has tracks.

use super::Trainer;
use super::work::{param_track, unpack_weights};
use crate::kernel::Kernel;
use crate::network::{Plan, Slot, mode};
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

    /// The bytes of parameter tensor `tensor` of a layer, wherever they lie.
    pub(super) fn stored(&self, slot: &Slot, tensor: usize) -> Option<Stored<'_>> {
        let tensors = &slot.tensors;
        let frozen = !tensors.resident(tensor);
        let bytes = USES & mode::BYTES != 0 && self.plan.uses & mode::BYTES != 0 && frozen;
        let place = if bytes {
            tensors.packed_span::<N>(tensor)
        } else {
            tensors.span::<N>(tensor)
        };
        let (region, from) = if frozen {
            (self.frozen, slot.frozen as usize)
        } else {
            (&*self.params, slot.params as usize)
        };
        Some(Stored {
            bytes: region.get(from + place.start..from + place.end)?,
            packed: bytes && tensors.weight(tensor),
        })
    }

    /// Writes the image of the parameters that `plan` freezes, from this trainer's parameters; `false` if
    /// the plans are not of the same layers, or `image` is not [`Plan::frozen`] bytes long.
    ///
    /// Where the plan keeps frozen weights as bytes, they are rounded here: see
    /// [`Training::frozen_bytes`](super::Training::frozen_bytes).
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
                let packed = (plan.uses & mode::BYTES != 0).then(|| to.tensors.packed_span::<N>(tensor));
                let place = packed.clone().unwrap_or_else(|| to.tensors.span::<N>(tensor));
                let first = to.frozen as usize;
                let Some(target) = image.get_mut(first + place.start..first + place.end) else {
                    return false;
                };
                let Some(Stored { bytes, packed: whole }) = self.stored(from, tensor) else {
                    return false;
                };
                match (packed.is_some() && to.tensors.weight(tensor), whole) {
                    (true, false) => {
                        let weights = N::weights(bytes, to.tensors.elements(tensor), None).data;
                        N::pack(weights, to.tensors.channels(tensor), target);
                    }
                    (false, true) => {
                        unpack_weights::<N>(bytes, from.tensors.channels(tensor), cast_mut(target));
                    }
                    // What is in RAM may have planes behind the one that is multiplied with.
                    _ => match bytes.get(..target.len()) {
                        Some(bytes) => target.copy_from_slice(bytes),
                        None => return false,
                    },
                }
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

/// A parameter tensor as it is stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stored<'a> {
    pub(super) bytes: &'a [u8],
    /// They are a byte per weight, and behind them a gain per channel.
    pub(super) packed: bool,
}

/// Where the tracks begin in the image of `plan`.
fn tracks_at<N: Number>(plan: &Plan) -> usize {
    let frozen = |slot: &Slot| {
        (0..slot.tensors.count())
            .filter(|tensor| !slot.tensors.resident(*tensor))
            .count()
    };
    let tensors: usize = plan.slots().iter().map(frozen).sum();
    plan.frozen.saturating_sub(tensors * N::TRACK_BYTES)
}
