//! The update: from summed gradients to new parameters.

use super::Trainer;
use crate::kernel::{Grad, Kernel};
use crate::network::{Role, mode};
use crate::number::random::Pcg;
use crate::number::{Scalar, cast_mut};
use crate::optim::{Optimizer, ParamMut};

/// What an update did.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Update<S> {
    /// Parameters moved. The figure is the norm `‖g‖₂` of the averaged gradient, before clipping.
    Done(S),
    /// The gradient was not finite, so it was dropped and the parameters are as they were.
    Refused,
    /// There was no gradient.
    Nothing,
}

/// Samples that a scale holds for, at least.
const WINDOW: u16 = 32;

impl<N: Kernel, O: Optimizer<N>, const USES: u128> Trainer<'_, N, O, USES> {
    /// Averages the gradients summed since the last update, clips them as planned, and moves the
    /// parameters. A gradient that is not finite is dropped: NaN is never stored.
    pub fn update(&mut self) -> Update<N::Scalar> {
        let count = core::mem::take(&mut self.summed);
        if USES & mode::TRAIN == 0 || count == 0 {
            return Update::Nothing;
        }
        if USES & mode::BATCH != 0 && count > 1 {
            N::scale_gradient(self.gradients, None, count.into());
        }
        let norm = self.gradient_norm();
        if !norm.is_finite() {
            return Update::Refused;
        }
        if USES & mode::CLIP != 0
            && self.plan.clip != 0
            && let Some(factor) = N::clip_factor(norm, f32::from_bits(self.plan.clip))
        {
            N::scale_gradient(self.gradients, Some(factor), 1);
        }
        self.steps = self.steps.saturating_add(1);
        let step = self.optimizer.step(self.steps);
        self.each_tensor(|role, bytes, grad, state, random| {
            let param = match role {
                Role::Weight => ParamMut::Weight(N::weights_mut(bytes)),
                Role::Bias => ParamMut::Bias(cast_mut(bytes)),
            };
            O::update(&step, param, grad, state, random);
        });
        if self.window >= WINDOW {
            self.window = 0;
            N::turn(self.tracks, false);
        }
        Update::Done(norm)
    }

    /// `‖g‖₂` over all trained parameters.
    fn gradient_norm(&mut self) -> N::Scalar {
        let mut sum = N::Scalar::default();
        self.each_tensor(|_, _, grad, _, _| {
            let scale = N::gradient_scale(grad.track.as_deref());
            sum = sum.plus(N::square_sum(grad.data, scale));
        });
        N::root(sum)
    }

    /// Calls `f` with each trained parameter tensor, its gradient and its optimizer state.
    fn each_tensor(&mut self, mut f: impl FnMut(Role, &mut [u8], Grad<'_, N>, &mut [u8], &mut Pcg)) {
        let width = O::SLOTS * N::STATE_BYTES;
        for slot in self.plan.slots() {
            if !slot.trains {
                continue;
            }
            let specs = slot.specs();
            for index in 0..specs.len() {
                let Some(param) = specs.get(index) else { return };
                let count = param.shape.len();
                let from = slot.params as usize + specs.bytes_before::<N>(index);
                let first = slot.gradient as usize + specs.elements_before(index);
                let Some(bytes) = self.params.get_mut(from..from + param.stored_bytes::<N>()) else {
                    return;
                };
                let Some(data) = self.gradients.get_mut(first..first + count) else {
                    return;
                };
                let Some(state) = self.state.get_mut(first * width..(first + count) * width) else {
                    return;
                };
                let track = self.tracks.get_mut(usize::from(slot.track) + 2 + index);
                f(param.role, bytes, Grad { data, track }, state, &mut self.random);
            }
        }
    }
}
