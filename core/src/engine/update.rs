//! The update: from summed gradients to new parameters.

use super::Trainer;
use super::backward::operands;
use super::work::param_track;
use crate::kernel::{Grad, Kernel};
use crate::network::{Slot, mode};
use crate::number::{Scalar, View, cast_mut};
use crate::optim::{Moved, Optimizer, ParamMut, State};
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
            self.end_window();
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
                let moved = self.move_tensor(slot, tensor, 0..slot.tensors.elements(tensor), first, &step);
                self.settle(slot, tensor, moved);
            }
        }
        self.end_window();
        Update::Done(norm)
    }

    /// Moves the scales when they have held for enough samples.
    fn end_window(&mut self) {
        if self.window >= WINDOW {
            self.window = 0;
            self.turn(false);
        }
    }

    /// Moves the scales of all activations to what has been seen of them, and says whether one moved.
    pub(super) fn turn(&mut self, at_once: bool) -> bool {
        let mut moved = false;
        if N::CALIBRATES {
            for slot in self.plan.slots() {
                let own = usize::from(slot.tracks);
                let inner = param_track(slot, slot.tensors.count());
                for tracks in [own..own + 2, inner..inner + usize::from(slot.inner)] {
                    moved |= N::turn(self.tracks.get_mut(tracks).unwrap_or(&mut []), at_once);
                }
            }
        }
        moved
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
        let track = self.tracks.get(param_track(slot, tensor));
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
    ) -> Moved<N> {
        if self.trial {
            self.follow_gradient(slot, tensor, first, window.len());
            return Moved::<N>::default();
        }
        self.squares = self
            .squares
            .plus(self.square_sum(slot, tensor, first, window.len()));
        self.refused |= !self.squares.is_finite();
        if self.refused {
            return Moved::<N>::default();
        }
        self.move_tensor(slot, tensor, window, first, step)
    }

    /// Takes note of the size of `count` gradients of a tensor, from `first` on, before the first update.
    pub(super) fn follow_gradient(&mut self, slot: &Slot, tensor: usize, first: usize, count: usize) {
        let track = self.tracks.get_mut(param_track(slot, tensor));
        if let Some(data) = self.gradients.get(first..first + count) {
            N::follow_gradient(track, data);
        }
    }

    /// Brings the scales of a tensor that has moved into range again.
    pub(super) fn settle(&mut self, slot: &Slot, tensor: usize, moved: Moved<N>) {
        if !N::CALIBRATES || self.trial || !slot.tensors.trained(tensor) {
            return;
        }
        let whole = 0..slot.tensors.elements(tensor);
        if let Some((param, track, state)) = self.moving(slot, tensor, whole) {
            O::settle(param, track, state, moved);
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
        if self.trial || USES & mode::CLIP_VALUE != 0 && self.plan.clip_value != 0 {
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
        let weights = N::weights_mut(bytes, 0..elements);
        let track = self.tracks.get_mut(param_track(slot, 0));
        let Some(moved) = O::update_outer(step, weights, track, x, dy, state, &mut self.random) else {
            return false;
        };
        self.squares = squares;
        self.settle(slot, 0, moved);
        true
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
    ) -> Moved<N> {
        if USES & mode::CLIP_VALUE != 0 && self.plan.clip_value != 0 {
            let scale = N::gradient_scale(self.tracks.get(param_track(slot, tensor)));
            if let Some(data) = self.gradients.get_mut(first..first + window.len()) {
                N::clamp_gradient(data, scale, f32::from_bits(self.plan.clip_value));
            }
        }
        let mut random = self.random;
        let gradients = core::mem::take(&mut self.gradients);
        let mut moved = Moved::<N>::default();
        if let Some(data) = gradients.get_mut(first..first + window.len())
            && let Some((param, track, state)) = self.moving(slot, tensor, window)
        {
            moved = O::update(step, param, Grad { data, track }, state, &mut random);
        }
        self.gradients = gradients;
        self.random = random;
        moved
    }

    /// The elements `window` of a trained parameter tensor, its track, and its state.
    #[inline]
    #[expect(clippy::type_complexity, reason = "three pieces of what an update changes")]
    fn moving(
        &mut self,
        slot: &Slot,
        tensor: usize,
        window: Range<usize>,
    ) -> Option<(ParamMut<'_, N>, Option<&mut N::Track>, State<'_>)> {
        let tensors = &slot.tensors;
        if !tensors.trained(tensor) {
            return None;
        }
        let elements = tensors.elements(tensor);
        let width = O::SLOTS * N::STATE_BYTES;
        let place = tensors.span::<N>(tensor);
        let params = slot.params as usize;
        let state = slot.gradient as usize + tensors.gradients_before(tensor);
        let bytes = self.params.get_mut(params + place.start..params + place.end)?;
        let state = self.state.get_mut(state * width..(state + elements) * width)?;
        let param = if tensors.weight(tensor) {
            ParamMut::Weight(N::weights_mut(bytes, window.clone()))
        } else {
            ParamMut::Bias(cast_mut(bytes).get_mut(window.clone()).unwrap_or(&mut []))
        };
        let track = self.tracks.get_mut(param_track(slot, tensor));
        let state = State {
            bytes: state,
            elements,
            window,
        };
        Some((param, track, state))
    }
}
