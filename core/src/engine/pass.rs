//! One sample through the model: output, loss, and the gradient of every parameter.

use super::Trainer;
use super::work::{pair, param_track, scale, span, tensor, tensor_mut};
use crate::kernel::Kernel;
use crate::loss::Target;
use crate::network::{Pass, Tensor, mode};
use crate::number::{Scalar, View, ViewMut};
use crate::optim::Optimizer;

/// How often the first sample is run to find scales, at most.
const TRIALS: usize = 12;

impl<N: Kernel, O: Optimizer<N>, const USES: u128> Trainer<'_, N, O, USES> {
    /// Runs the model on one sample and returns its output, which is there until the next call.
    ///
    /// `x` holds as many elements as the model's input; with another number the output is meaningless. In block fixed point a
    /// sample with a mantissa beyond ±8191 is not run, and the output is zero.
    pub fn infer<'x>(&mut self, x: impl Into<View<'x, N>>) -> Tensor<'_, N::Elem> {
        if self.checked(x.into(), Pass::Infer).is_none() {
            self.clear_output();
        }
        self.output()
    }

    /// Runs the sample forward, if its elements are in the range of the number.
    fn checked(&mut self, x: View<'_, N>, pass: Pass) -> Option<()> {
        N::fits(x).then(|| self.forward(x, pass))
    }

    fn clear_output(&mut self) {
        if let Some(last) = self.plan.slots().last() {
            N::clear(tensor_mut::<N>(self.work, span::<N>(last.y, self.plan.output)));
        }
    }

    /// The output of the sample that was last run forward.
    pub fn output(&self) -> Tensor<'_, N::Elem> {
        let shape = self.plan.output;
        match self.plan.slots().last() {
            Some(last) => {
                let data = tensor::<N>(self.work, span::<N>(last.y, shape));
                Tensor {
                    shape,
                    data,
                    scale: scale::<N>(self.tracks, last.track),
                }
            }
            None => Tensor {
                shape,
                data: &[],
                scale: Default::default(),
            },
        }
    }

    /// The loss of one sample, without learning from it. `None` if the target does not fit the loss, or the sample the number.
    pub fn evaluate<'x>(&mut self, x: impl Into<View<'x, N>>, target: Target<'_, N>) -> Option<N::Scalar> {
        let x = x.into();
        self.checked(x, Pass::Infer)?;
        self.loss(x, target).map(|(loss, _)| loss)
    }

    /// Runs one sample forward and backward, and sums its gradient for the next
    /// [`update`](Self::update). Returns its loss; `None` if the target does not fit the loss, or
    /// the sample the number (see [`infer`](Self::infer)), and nothing is summed then.
    ///
    /// In a plan whose update is fused (one sample per update, no clipping by norm) the parameters move
    /// here, and [`update`](Self::update) only counts the step.
    pub fn learn<'x>(&mut self, x: impl Into<View<'x, N>>, target: Target<'_, N>) -> Option<N::Scalar> {
        let x = x.into();
        if USES & mode::TRAIN == 0 {
            return self.evaluate(x, target);
        }
        if N::CALIBRATES && self.steps == 0 && self.summed == 0 {
            self.find_scales(x, target)?;
        }
        let loss = self.once(x, target, Pass::Learn)?;
        self.summed = self.summed.saturating_add(1);
        self.window = self.window.saturating_add(1);
        Some(loss)
    }

    /// Runs the sample forward until the scales of all tensors fit it, and nothing else changes. Numbers without scales
    /// need it not, and [`learn`](Self::learn) does it for the first sample: it is for a model that was trained in another
    /// number, and infers without learning first.
    pub fn calibrate<'x>(&mut self, x: impl Into<View<'x, N>>) {
        let x = x.into();
        for _ in 0..TRIALS {
            self.measure(x);
            if !self.rescale() {
                break;
            }
        }
    }

    /// Runs one sample forward and takes note of how large its tensors are, for [`rescale`](Self::rescale).
    ///
    /// [`calibrate`](Self::calibrate) fits the scales to one sample; this fits them to a set: measure every sample, rescale, and
    /// begin again for as long as a scale has moved, since what saturates hides how large it is.
    pub fn measure<'x>(&mut self, x: impl Into<View<'x, N>>) {
        if N::CALIBRATES {
            let _ = self.checked(x.into(), Pass::Trial);
        }
    }

    /// Fits the scales of all tensors to what was [measured](Self::measure) since, and says whether one moved.
    pub fn rescale(&mut self) -> bool {
        self.turn(true)
    }

    /// Runs the first sample, forward and backward, until all scales fit it; nothing moves. A scale that is far off hides
    /// what depends on it, so once is not enough for a deep model.
    fn find_scales(&mut self, x: View<'_, N>, target: Target<'_, N>) -> Option<()> {
        for _ in 0..TRIALS {
            for slot in self.plan.slots() {
                for tensor in 0..slot.tensors.count() {
                    N::follow_gradient(self.tracks.get_mut(param_track(slot, tensor)), &[]);
                }
            }
            self.trial = true;
            let done = self.once(x, target, Pass::Trial);
            if !self.is_fused() {
                for slot in self.plan.slots() {
                    for tensor in (0..slot.tensors.count()).filter(|tensor| slot.tensors.trained(*tensor)) {
                        let first = slot.gradient as usize + slot.tensors.gradients_before(tensor);
                        self.follow_gradient(slot, tensor, first, slot.tensors.elements(tensor));
                    }
                }
            }
            self.trial = false;
            done?;
            if !self.turn(true) {
                break;
            }
        }
        Some(())
    }

    /// Forward, loss, backward. The gradients are fresh for the first sample of a batch.
    fn once(&mut self, x: View<'_, N>, target: Target<'_, N>, pass: Pass) -> Option<N::Scalar> {
        self.checked(x, pass)?;
        let (loss, peak) = self.loss(x, target)?;
        let plan = self.plan;
        if let Some(last) = plan.slots().last() {
            N::follow(self.tracks.get_mut(usize::from(last.delta_track)), peak);
        }
        let fused = self.is_fused();
        if fused {
            self.squares = N::Scalar::default();
            self.refused = !loss.is_finite();
        }
        let step = fused.then(|| self.optimizer.step(self.steps.saturating_add(1)));
        for index in (0..plan.layers).rev() {
            self.backward(index, x, step.as_ref());
        }
        Some(loss)
    }

    /// The loss of the output, and its gradient where the backward pass expects it.
    fn loss(&mut self, x: View<'_, N>, target: Target<'_, N>) -> Option<(N::Scalar, N::Peak)> {
        let last = self.plan.slots().last()?;
        let (value, delta) = (
            scale::<N>(self.tracks, last.track),
            scale::<N>(self.tracks, last.delta_track),
        );
        let (y, dy) = pair::<N>(
            self.work,
            span::<N>(last.y, last.output),
            span::<N>(last.dy, last.output),
        );
        let (y, dy) = (
            View {
                data: y,
                scale: value,
            },
            ViewMut {
                data: dy,
                scale: delta,
            },
        );
        self.plan
            .loss
            .gradient::<N, USES>(self.plan.output, x, y, target, dy)
    }
}
