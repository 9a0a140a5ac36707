//! The update: from summed gradients to new parameters.

use super::Trainer;
use super::backward::operands;
use crate::kernel::{Grad, Kernel};
use crate::network::{Slot, mode};
use crate::number::{Scalar, View, cast_mut};
use crate::optim::{Optimizer, ParamMut, State};
use core::ops::Range;

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
        if self.is_fused() {
            // The parameters have moved already.
            if core::mem::take(&mut self.refused) {
                return Update::Refused;
            }
            self.steps = self.steps.saturating_add(1);
            return Update::Done(N::root(self.squares));
        }
        if USES & mode::BATCH != 0 && count > 1 {
            N::scale_gradient(self.gradients, None, count.into());
        }
        let norm = self.whole_norm();
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
        for slot in self.plan.slots() {
            for tensor in 0..slot.tensors.count() {
                let first = slot.gradient as usize + slot.tensors.gradients_before(tensor);
                self.move_tensor(slot, tensor, 0..slot.tensors.elements(tensor), first, &step);
            }
        }
        if self.window >= WINDOW {
            self.window = 0;
            N::turn(self.tracks, false);
        }
        Update::Done(norm)
    }

    /// Whether the update is fused into the backward pass. Known at build time, unless the trainer takes
    /// any plan.
    pub(super) fn is_fused(&self) -> bool {
        USES & mode::FUSED != 0 && (USES & mode::KEPT == 0 || self.plan.uses & mode::FUSED != 0)
    }

    /// `‖g‖₂` over all trained parameters.
    fn whole_norm(&self) -> N::Scalar {
        let mut sum = N::Scalar::default();
        for slot in self.plan.slots() {
            sum = self.add_squares(slot, sum);
        }
        N::root(sum)
    }

    /// `sum + Σ g²` over a layer's trained parameters.
    fn add_squares(&self, slot: &Slot, mut sum: N::Scalar) -> N::Scalar {
        for tensor in 0..slot.tensors.count() {
            if slot.tensors.trained(tensor) {
                let first = slot.gradient as usize + slot.tensors.gradients_before(tensor);
                sum = sum.plus(self.square_sum(slot, tensor, first, slot.tensors.elements(tensor)));
            }
        }
        sum
    }

    /// `‖g‖₂` of the trained parameters of layer `layer`, for whoever watches how a model learns.
    ///
    /// Before an update it is that of the sum so far; after one that of the gradient as the optimizer got it: averaged and
    /// clipped (and, with Adam, with the weight decay in it). It is computed when it is asked for. `None` if
    /// the layer trains nothing, or if gradients are not kept
    /// ([`keep_gradients`](super::Training::keep_gradients)).
    pub fn gradient_norm(&self, layer: usize) -> Option<N::Scalar> {
        let slot = self.plan.slots().get(layer).filter(|slot| slot.trains)?;
        let is_kept = USES & mode::TRAIN != 0 && !self.is_fused();
        is_kept.then(|| N::root(self.add_squares(slot, N::Scalar::default())))
    }

    /// `Σ g²` of `count` gradients of a tensor, from `first` on.
    fn square_sum(&self, slot: &Slot, tensor: usize, first: usize, count: usize) -> N::Scalar {
        let track = self.tracks.get(usize::from(slot.track) + 2 + tensor);
        match self.gradients.get(first..first + count) {
            Some(data) => N::square_sum(data, N::gradient_scale(track)),
            None => N::Scalar::default(),
        }
    }

    /// Takes the gradient of the elements `window` of a tensor, which stands at `first`, to its update at
    /// once, unless it is not finite: then this step moves nothing more.
    pub(super) fn fused(
        &mut self,
        slot: &Slot,
        tensor: usize,
        window: Range<usize>,
        first: usize,
        step: &O::Step,
    ) {
        self.squares = self
            .squares
            .plus(self.square_sum(slot, tensor, first, window.len()));
        self.refused |= !self.squares.is_finite();
        if !self.refused {
            self.move_tensor(slot, tensor, window, first, step);
        }
    }

    /// Updates a layer's matrix by the product of its input and the gradient of its output, without
    /// writing the gradient down; `false` if the optimizer has no loop for that, or elements are clamped.
    ///
    /// The norm is that of the product, which may differ in its last bits from one that is summed over the
    /// gradient.
    pub(super) fn fused_outer(
        &mut self,
        slot: &Slot,
        below: Option<&Slot>,
        sample: View<'_, N>,
        step: &O::Step,
    ) -> bool {
        if USES & mode::CLIP_VALUE != 0 && self.plan.clip_value != 0 {
            return false;
        }
        let (x, dy) = operands::<N>(self.work, self.tracks, slot, below, sample);
        let squares = self.squares.plus(N::outer_square(x, dy));
        if self.refused || !squares.is_finite() {
            self.squares = squares;
            self.refused = true;
            return true;
        }
        let elements = slot.tensors.elements(0);
        let width = O::SLOTS * N::STATE_BYTES;
        let place = slot.tensors.span::<N>(0);
        let (params, state) = (slot.params as usize, slot.gradient as usize * width);
        let Some(bytes) = self.params.get_mut(params + place.start..params + place.end) else {
            return false;
        };
        let Some(state) = self.state.get_mut(state..state + elements * width) else {
            return false;
        };
        let done = O::update_outer(step, &mut N::weights_mut(bytes, 0..elements), x, dy, state);
        if done {
            self.squares = squares;
        }
        done
    }

    /// Updates the elements `window` of a parameter tensor, if it is trained, by their gradient, which
    /// stands at `first`.
    fn move_tensor(
        &mut self,
        slot: &Slot,
        tensor: usize,
        window: Range<usize>,
        first: usize,
        step: &O::Step,
    ) {
        let tensors = &slot.tensors;
        if !tensors.trained(tensor) {
            return;
        }
        let elements = tensors.elements(tensor);
        let width = O::SLOTS * N::STATE_BYTES;
        let place = tensors.span::<N>(tensor);
        let params = slot.params as usize;
        let state = slot.gradient as usize + tensors.gradients_before(tensor);
        let Some(bytes) = self.params.get_mut(params + place.start..params + place.end) else {
            return;
        };
        let Some(data) = self.gradients.get_mut(first..first + window.len()) else {
            return;
        };
        let track = self.tracks.get_mut(usize::from(slot.track) + 2 + tensor);
        if USES & mode::CLIP_VALUE != 0 && self.plan.clip_value != 0 {
            let scale = N::gradient_scale(track.as_deref());
            N::clamp_gradient(data, scale, f32::from_bits(self.plan.clip_value));
        }
        let Some(state) = self.state.get_mut(state * width..(state + elements) * width) else {
            return;
        };
        let param = if tensors.weight(tensor) {
            ParamMut::Weight(N::weights_mut(bytes, window.clone()))
        } else {
            ParamMut::Bias(cast_mut(bytes).get_mut(window.clone()).unwrap_or(&mut []))
        };
        let gradient = Grad { data, track };
        let state = State {
            bytes: state,
            elements,
            window,
        };
        O::update(step, param, gradient, state, &mut self.random);
    }
}
