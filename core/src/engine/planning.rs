//! What a plan depends on, and the typed way to ask for one.

use crate::kernel::Kernel;
use crate::loss::Loss;
use crate::network::needs::Needs;
use crate::network::{Layout, Model, PlanError, PlanOf};
use crate::optim::Optimizer;
use core::marker::PhantomData;

/// What is done to a gradient that is too large.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Clip {
    /// Nothing.
    None,
    /// Scale it so that its norm is at most this: `g ← g · min(1, c / ‖g‖₂)`.
    /// Source: Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks, 2013.
    Norm(f32),
    /// Clamp each of its elements: `g ← max(−c, min(g, c))`. It needs no norm, so the update may still
    /// be fused into the backward pass. PyTorch's `clip_grad_value_`.
    Value(f32),
}

/// Everything that memory depends on beside the model: number, optimizer, loss, batch and clipping.
#[derive(Debug)]
pub struct Training<N, O> {
    loss: Loss,
    batch: u16,
    clip: Clip,
    train: bool,
    gradients: bool,
    frozen_bytes: bool,
    types: PhantomData<(N, O)>,
}

impl<N: Kernel, O: Optimizer<N>> Training<N, O> {
    /// Training on one sample per update, without clipping.
    pub const fn new(loss: Loss) -> Self {
        Self {
            loss,
            batch: 1,
            clip: Clip::None,
            train: true,
            gradients: false,
            frozen_bytes: false,
            types: PhantomData,
        }
    }

    /// Averages the gradients of `samples` samples for each update.
    pub const fn batch(mut self, samples: u16) -> Self {
        self.batch = samples;
        self
    }

    /// Clips the gradient before each update.
    pub const fn clip(mut self, clip: Clip) -> Self {
        self.clip = clip;
        self
    }

    /// Keeps the whole gradient from [`learn`](super::Trainer::learn) to
    /// [`update`](super::Trainer::update), where it can be read. Without this, at one sample per update
    /// and no clipping by norm, the update is fused into the backward pass: the bits of the parameters are
    /// the same, and the gradient takes a few rows of memory only.
    pub const fn keep_gradients(mut self) -> Self {
        self.gradients = true;
        self
    }

    /// Keeps frozen weights in flash as one signed byte each, and one more byte for each output channel `o` (the last
    /// dimension of a tensor): `w[k][o] = byte[k][o] · gain[o] · 2^e`, with the exponent `e` of the tensor. That halves
    /// their flash, and rounds each weight to `1/254` of the largest of its channel at worst. A layer's frozen tensors
    /// are unpacked into the work region for each of its steps, so the arena must have room for those of the largest
    /// layer. Block fixed point only.
    /// Source of a scale for each channel: Jacob et al., Quantization and training of neural networks for efficient
    /// integer-arithmetic-only inference, 2018; Krishnamoorthi, Quantizing deep convolutional networks for efficient
    /// inference: a whitepaper, 2018.
    pub const fn frozen_bytes(mut self) -> Self {
        self.frozen_bytes = true;
        self
    }

    /// No training at all: no gradient, no optimizer state, no backward pass.
    pub const fn inference(mut self) -> Self {
        self.train = false;
        self
    }

    const fn needs(&self) -> Needs {
        Needs {
            train: self.train,
            state_slots: if self.train { O::SLOTS } else { 0 },
            optimizer: O::CODE,
            loss: self.loss,
            batch: self.batch,
            clip: match self.clip {
                Clip::None | Clip::Value(_) => 0,
                Clip::Norm(bound) => bound.to_bits(),
            },
            clip_value: match self.clip {
                Clip::None | Clip::Norm(_) => 0,
                Clip::Value(bound) => bound.to_bits(),
            },
            fuse: N::FUSES && !self.gradients,
            outer: O::OUTER,
            frozen_bytes: self.frozen_bytes,
            terms: N::MOST_TERMS,
            kinds: N::KINDS,
        }
    }
}

impl Model<'_> {
    /// Plans the model at build time; a model that does not fit together stops the build with its
    /// layer's number and what would be right.
    ///
    /// # Panics
    /// At build time, if the model cannot be planned. At run time use [`try_plan`](Self::try_plan).
    pub const fn plan<N: Kernel, O: Optimizer<N>, const L: usize>(
        &self,
        training: Training<N, O>,
    ) -> PlanOf<L> {
        match self.try_plan(&training) {
            Ok(plan) => plan,
            Err(error) => error.fail_build(),
        }
    }

    /// Plans a model that is only known at run time, in a plan with room for `L` layers.
    ///
    /// # Errors
    /// [`PlanError`] with the layer at fault and what would be right.
    pub const fn try_plan<N: Kernel, O: Optimizer<N>, const L: usize>(
        &self,
        training: &Training<N, O>,
    ) -> Result<PlanOf<L>, PlanError> {
        match self.try_layout(training) {
            Ok((plan, _)) => Ok(plan),
            Err(error) => Err(error),
        }
    }

    /// [`try_plan`](Self::try_plan), and beside the plan what lies where in its work region and when, for people.
    ///
    /// # Errors
    /// As [`try_plan`](Self::try_plan).
    pub const fn try_layout<N: Kernel, O: Optimizer<N>, const L: usize>(
        &self,
        training: &Training<N, O>,
    ) -> Result<(PlanOf<L>, Layout<L>), PlanError> {
        if training.batch == 0 {
            return Err(PlanError {
                layer: None,
                kind: "batch",
                fault: "must be at least 1 sample",
            });
        }
        if let Clip::Norm(bound) | Clip::Value(bound) = training.clip
            && !(bound > 0.0 && bound.is_finite())
        {
            return Err(PlanError {
                layer: None,
                kind: "clip",
                fault: "must be a bound above 0",
            });
        }
        if training.batch > N::MOST_SAMPLES {
            return Err(PlanError {
                layer: None,
                kind: "batch",
                fault: "is larger than this number format can sum: 32 samples in bfp14",
            });
        }
        Layout::plan::<N>(self, training.needs())
    }
}
