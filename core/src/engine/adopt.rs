//! A trained model as a network that infers alone.

use super::Trainer;
use super::work::{all_tracks, param_track};
use crate::kernel::Kernel;
use crate::network::Slot;
use crate::number::{cast, cast_mut};
use crate::optim::Optimizer;
use core::ops::Range;

impl<N: Kernel, O: Optimizer<N>, const USES: u128> Trainer<'_, N, O, USES> {
    /// Takes the parameters of a trainer of the same layers as they are multiplied with, and all of its scales; says whether
    /// it did.
    ///
    /// In block fixed point a model whose scales stand still is an ordinary int16 network. So in a plan for inference in
    /// `Bfp14<High>`, which has no plane below the one that is multiplied with, this is what was trained in any width, in 2 bytes for
    /// each weight. Where both plans have the same layers in place the outputs are equal to the bit.
    ///
    /// Nothing is taken, and `false` comes back, if this number stores more of a weight than it multiplies with, if the layers or
    /// what lies in RAM differ. A frozen parameter stays where it lies.
    pub fn adopt<M, P, const OTHER: u128>(&mut self, trained: &Trainer<'_, M, P, OTHER>) -> bool
    where
        M: Kernel<Elem = N::Elem, Bias = N::Bias, Track = N::Track>,
        P: Optimizer<M>,
    {
        let (ours, theirs) = (self.plan.slots(), trained.plan.slots());
        let same = |(a, b): (&Slot, &Slot)| {
            let resident = (0..a.tensors.count()).all(|at| a.tensors.resident(at) == b.tensors.resident(at));
            a.layer == b.layer && a.input == b.input && a.inner == b.inner && resident
        };
        let fits = ours.len() == theirs.len() && ours.iter().zip(theirs).all(same);
        if !fits || N::WEIGHT_BYTES != size_of::<N::Elem>() {
            return false;
        }
        for (to, from) in ours.iter().zip(theirs) {
            for tensor in (0..to.tensors.count()).filter(|tensor| to.tensors.resident(*tensor)) {
                let track = trained.tracks.get(param_track(from, tensor));
                let source = trained.params.get(place::<M>(from, tensor)).unwrap_or(&[]);
                let target = self.params.get_mut(place::<N>(to, tensor)).unwrap_or(&mut []);
                if to.tensors.weight(tensor) {
                    copy(
                        cast_mut::<N::Elem>(target),
                        M::weights(source, from.tensors.elements(tensor), track).data,
                    );
                } else {
                    copy(cast_mut::<N::Bias>(target), cast::<M::Bias>(source));
                }
            }
            let source = trained.tracks.get(all_tracks(from)).unwrap_or(&[]);
            copy(self.tracks.get_mut(all_tracks(to)).unwrap_or(&mut []), source);
        }
        true
    }
}

/// Where a parameter tensor lies among the parameters.
fn place<N: Kernel>(slot: &Slot, tensor: usize) -> Range<usize> {
    let span = slot.tensors.span::<N>(tensor);
    let from = slot.params as usize;
    from + span.start..from + span.end
}

fn copy<T: Copy>(to: &mut [T], from: &[T]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}
